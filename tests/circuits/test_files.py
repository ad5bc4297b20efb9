"""Circuits from files: what is read, what becomes a parameter, what is refused, and that nothing runs."""

from __future__ import annotations

import io
import os
import random
import signal
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import Operator, SparsePauliOp

from qtrain.circuits import files
from qtrain.circuits.files import read_circuit
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
HEAD3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


@pytest.fixture(autouse=True)
def threads_of_this_test(monkeypatch):
    """Libraries that other tests used keep idle threads."""
    count = threading.active_count
    before = count()
    monkeypatch.setattr(files.threading, "active_count", lambda: count() - before + 1)


def write(name, data):
    path = Path(name)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def packed(circuits):
    file = io.BytesIO()
    qpy.dump(circuits, file)
    return file.getvalue()


@pytest.mark.parametrize("as_text", [True, False])
def test_qpy_round_trip(as_text):
    circuit = efficient_su2(3, reps=1)
    path = write("a.qpy", packed(circuit))
    assert read_circuit(str(path) if as_text else path) == circuit


def test_qasm3_keeps_parameters():
    circuit = QuantumCircuit(2)
    circuit.rx(0.3, 0)
    path = write("a.qasm", HEAD3 + "input float[64] w;\nqubit[2] q;\nrx(2*w) q[0];\ncx q[0], q[1];\n")
    read = read_circuit(path)
    assert [p.name for p in read.parameters] == ["w"] and dict(read.count_ops()) == {"rx": 1, "cx": 1}
    assert read_circuit(write("b.qasm", qasm3.dumps(circuit)), free_angles=False) == circuit


def test_qasm3_keeps_the_order_of_vectors():
    """``_θ_10_``, as Qiskit writes θ[10], would sort before ``_θ_2_``."""
    circuit = efficient_su2(3, reps=2)
    back = read_circuit(write("a.qasm", qasm3.dumps(circuit)))
    assert [p.name for p in back.parameters] == [p.name for p in circuit.parameters]
    values = np.linspace(0, 2, circuit.num_parameters)
    assert back.assign_parameters(values) == circuit.assign_parameters(values)
    mixed = "input float[64] w; input float[64] _w_1_; input float[64] _v_x_; qubit q; rx(w + _w_1_ + _v_x_) q;"
    assert {p.name for p in read_circuit(write("b.qasm", HEAD3 + mixed)).parameters} == {"w", "_w_1_", "_v_x_"}


def test_qasm3_gates_get_their_arguments_in_the_order_of_the_file():
    gates = """gate one(theta, phi, a) q { rx(theta) q; rz(phi - 2 * theta) q; ry(a) q; }
        gate two(theta, phi) q, theta_ { one(phi, theta, -phi) q; cp(theta) q, theta_; rx(-phi / 2) q; }"""
    read = read_circuit(write("a.qasm", HEAD3 + gates + "qubit[2] r; two(0.3, 0.5) r[0], r[1]; one(1, 2, 3) r[1];"),
                        free_angles=False)  # fmt: skip
    expected = QuantumCircuit(2)
    for q, (theta, phi, a) in ((0, (0.5, 0.3, -0.5)), (1, (1, 2, 3))):
        expected.rx(theta, q)
        expected.rz(phi - 2 * theta, q)
        expected.ry(a, q)
        if q == 0:
            expected.cp(0.3, 0, 1)
            expected.rx(-0.25, 0)
    assert Operator(read).equiv(Operator(expected))


def test_a_circuit_is_returned_as_it_is():
    circuit = efficient_su2(2, reps=1)
    assert read_circuit(circuit) is circuit and read_circuit(circuit, free_angles=True) is circuit
    bound = circuit.assign_parameters(np.linspace(0.1, 1, circuit.num_parameters))
    assert read_circuit(bound) is bound
    assert read_circuit(bound, free_angles=True).num_parameters == circuit.num_parameters


# --------------------------------------------------------------------------- free angles


def test_angles_become_parameters_and_it_is_said():
    path = write("a.qasm", HEAD + """
        gate own(t) a, b { rx(t) a; cx a, b; rz(-t/2) b; }
        qreg q[2]; creg c[2];
        h q[0]; t q[1]; rx(0.3) q[0]; rz(pi/2) q[1]; own(0.2) q[0], q[1];
        u3(0.1, pi, -pi/2) q[0]; cu1(pi) q[0], q[1]; cu1(pi/2) q[1], q[0]; measure q -> c;""")  # fmt: skip
    with pytest.warns(UserWarning, match=r"a.qasm has no free parameters: its 5 .* became a\[0\] to a\[4\]"):
        circuit = read_circuit(path)
    assert [p.name for p in circuit.parameters] == [f"a[{k}]" for k in range(5)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = read_circuit(path, free_angles=False)
        assert read_circuit(path, free_angles=True).num_parameters == 5
    assert kept.num_parameters == 0
    same = circuit.assign_parameters([0.3, 0.2, -0.1, 0.1, np.pi / 2]).remove_final_measurements(inplace=False)
    assert Operator(same).equiv(Operator(kept.remove_final_measurements(inplace=False)))
    assert lower(circuit).num_weights == 5


def test_cliffords_have_no_angle_to_free():
    path = write("a.qasm", HEAD + "qreg q[2]; h q[0]; rx(pi) q[0]; cx q[0], q[1]; crz(3*pi) q[0], q[1];")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_circuit(path).num_parameters == 0


def test_the_time_of_an_evolution_is_an_angle():
    circuit = QuantumCircuit(2)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"]), 0.3), [0, 1])
    free = read_circuit(write("a.qpy", packed(circuit)), free_angles=True)
    assert free.num_parameters == 1 and lower(free).coefficient.tolist() == [2, 2]


def test_lowering_reads_files_too():
    assert lower(write("a.qpy", packed(efficient_su2(2, reps=1)))).num_weights == 8


# --------------------------------------------------------------------------- bad files

SOUND = packed(efficient_su2(3, reps=1))


@pytest.mark.parametrize("name, data, message", [
    ("a.qasm", "", "empty"), ("a.qasm", "// nothing\n", "empty"),
    ("a.qasm", b"\xff\xfe\x00", "not UTF-8"), ("a.qasm", "OPENQASM 9.0; qubit q;", "Got version 9"),
    ("a.qasm", HEAD + "qreg q[2]; rx(0.3 q[0];", "sound OpenQASM 2 file"), ("a.qasm", "hello", "sound OpenQASM 2 file"),
    ("a.qasm", HEAD + "qreg q[2]; rx(0.3) q[", "sound OpenQASM 2 file"),
    ("a.qasm", HEAD + "qreg q[2]; rx(1/0) q[0];", "cannot divide by zero"),
    ("a.qasm", HEAD + 'include "/etc/passwd"; qreg q[1];', "unable to find"),
    ("a.qasm", HEAD + "qreg q[99999999];", "at most 100000 bits. Got 99999999"),
    ("a.qasm", HEAD + "qreg q[99999999999999999999999999];", "at most 100000 bits"),
    ("a.qasm", HEAD, "at least 1 qubit"),
    ("a.qasm", HEAD3 + "qubit[2] q; rx(0.4 q[0];", "sound OpenQASM 3 file"),
    ("a.qasm", HEAD3 + "qubit[99999999] q;", "at most 100000 bits"),
    ("a.qasm", HEAD3 + "qubit q; rx(" + "(" * 5000 + "1" + ")" * 5000 + ") q;", "sound OpenQASM 3 file"),
    ("a.qpy", b"", "does not start like one"), ("a.qpy", b"\x00" * 400, "does not start like one"),
    ("a.qpy", SOUND[:8], "cut off"), ("a.qpy", SOUND[:40], "cut off"), ("a.qpy", SOUND[:-9], "could not be read"),
    ("a.qpy", packed([efficient_su2(2), efficient_su2(2)]), "holds 2 circuits"), ("a.qpy", packed([]), "holds 0"),
    ("a.qpy", b"QISKIT\x0c" + SOUND[7:18] + b"e" + SOUND[19:], "symengine"),
    ("a.qpy", SOUND[:6] + b"\xc8" + SOUND[7:], "could not be read|cut off"),
    ("a.txt", "x", "a .qasm or .qpy file"),
])  # fmt: skip
def test_damaged_files(name, data, message):
    path = write(name, data)
    with pytest.raises(QTrainError, match=message) as caught:
        read_circuit(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_missing_files_folders_and_other_things(tmp_path):
    (tmp_path / "folder.qasm").mkdir()
    for source in ("nowhere.qasm", "folder.qasm", "a\0b.qasm", "x" * 5000 + ".qpy"):
        with pytest.raises(QTrainError, match="circuit should be a"):
            read_circuit(source)
    with pytest.raises(QTrainError, match="a QuantumCircuit or a path. Got int"):
        read_circuit(3)


def test_a_small_file_cannot_define_a_large_circuit():
    gates = "".join(f"gate g{k + 1} a {{ g{k} a; g{k} a; }}\n" for k in range(40))
    path = write("a.qasm", HEAD + "gate g0 a { rx(0.1) a; }\n" + gates + "qreg q[1]; g40 q[0];")
    with pytest.raises(QTrainError, match="stands for 1099511627779 gates, and 20000 is the most"):
        read_circuit(path)


def test_damaged_qpy_is_read_or_refused():
    """Flipped bytes and cuts, also deep inside custom definitions: never another exception, never a crash."""
    inner = QuantumCircuit(2, name="own")
    inner.rx(0.3, 0)
    inner.cx(0, 1)
    circuit = QuantumCircuit(3, 1)
    circuit.append(inner.to_gate(), [0, 2])
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"]), 0.3), [0, 1])
    circuit.measure(0, 0)
    data, outcomes = packed(circuit), {"read": 0, "refused": 0}
    for seed in range(150):
        rng, damaged = random.Random(seed), bytearray(data)
        for _ in range(rng.choice([1, 2])):
            damaged[rng.randrange(len(damaged))] = rng.choice([0, 0x7F, 0xFF, rng.randrange(256)])
        damaged = damaged[: rng.randrange(len(damaged))] if rng.random() < 0.2 else damaged
        try:
            read_circuit(write("a.qpy", bytes(damaged)), free_angles=False)
            outcomes["read"] += 1
        except QTrainError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 10


def exhausting():
    """Stands for a reader that allocates what a damaged size says."""
    return np.ones(2**40, dtype=np.uint8)


def crashing():
    """Stands for a reader that dies."""
    os.kill(os.getpid(), signal.SIGKILL)


def failing():
    raise ValueError("this\nand \x1b[1mthat")


def test_rehearsal_survives_what_the_reader_does_not():
    assert files._rehearsed(lambda: None) == ""
    assert files._rehearsed(failing) == "ValueError: this and that"
    assert "exhausts memory" in files._rehearsed(crashing)
    assert "Memory" in files._rehearsed(exhausting)


def test_no_fork_beside_other_threads():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert files._rehearsed(failing) == ""
        assert read_circuit(write("a.qpy", SOUND)).num_qubits == 3
    finally:
        stop.set()
        thread.join()


def test_metadata_is_data(monkeypatch):
    """A file's strings are never evaluated: names and metadata that look like code stay text."""
    circuit = efficient_su2(1, reps=1)
    circuit.name, circuit.metadata = "__import__('os').abort()", {"a": "__import__('os').abort()"}
    read = read_circuit(write("a.qpy", packed(circuit)))
    assert (read.name, read.metadata) == (circuit.name, circuit.metadata)


def test_qasm2_names_of_older_files_are_known():
    path = write("a.qasm", HEAD + "qreg q[2]; rzz(0.3) q[0], q[1]; sx q[0]; u(0.1, 0.2, 0.3) q[0]; p(0.4) q[1];")
    assert read_circuit(path, free_angles=True).num_parameters == 5
    assert qasm2.loads(HEAD).num_qubits == 0

"""OpenQASM 2 as tools write it: vendors' gate files, symbols in angles, capital names, files beside the program."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from qtrain.circuits.files import read_circuit
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError


def read(tmp_path, text, **options):
    path = tmp_path / "circuit.qasm"
    path.write_text(text)
    return read_circuit(path, **options)


def test_native_gates_of_quantinuum(tmp_path):
    text = (
        'OPENQASM 2.0;\ninclude "hqslib1.inc";\n\nqreg q[3];\ncreg c[3];\nrz(0.1*pi) q[0];\nU1q(0.3*pi,0.2*pi) q[1];\n'
        "RZZ(0.3*pi) q[0],q[1];\nZZ q[1],q[2];\nRxxyyzz(0.1*pi,0.2*pi,0.3*pi) q[0],q[1];\nRz(0.4) q[2];\nh q[2];\n"
        "Rxxyyzz_zphase(0.1,0.2,0.3,0.4,0.5) q[1],q[2];\n"
    )
    found = read(tmp_path, text, free_angles=False)
    wanted = QuantumCircuit(3)
    wanted.rz(0.1 * np.pi, 0)
    wanted.r(0.3 * np.pi, 0.2 * np.pi, 1)
    wanted.rzz(0.3 * np.pi, 0, 1)
    wanted.rzz(np.pi / 2, 1, 2)
    for gate, turn in (("rxx", 0.1), ("ryy", 0.2), ("rzz", 0.3)):
        getattr(wanted, gate)(turn * np.pi, 0, 1)
    wanted.rz(0.4, 2)
    wanted.h(2)
    for gate, angle in (("rxx", 0.1), ("ryy", 0.2), ("rzz", 0.3)):
        getattr(wanted, gate)(angle, 1, 2)
    wanted.rz(0.4, 1)
    wanted.rz(0.5, 2)
    assert Operator(found).equiv(Operator(wanted))
    with pytest.warns(UserWarning, match="no free parameters"):  # ZZ is a Clifford
        assert read(tmp_path, text).num_parameters == 13


def test_symbols_in_angles_are_parameters(tmp_path):
    text = (
        'OPENQASM 2.0;\ninclude "qelib1.inc";\n\ngate foo(u) a,b { rx(u) a; cx a,b; }\nqreg q[2];\ncreg c[2];\n'
        "rx((a)*pi) q[0]; cx q[0],q[1]; // rz(comment) q[0];\nrz((2*a + t)*pi) q[1];\nfoo(sin(0.3)) q[0],q[1];\n"
        "rzz(b_1^2/4) q[0],q[1];\ncu1(1e-3) q[0],q[1];\nmeasure q -> c;\n"
    )
    circuit = read(tmp_path, text)
    assert [p.name for p in circuit.parameters] == ["a", "b_1", "t"]
    wanted = QuantumCircuit(2)
    a, b, t = 0.2, 0.7, -0.4
    wanted.rx(a * np.pi, 0)
    wanted.cx(0, 1)
    wanted.rz((2 * a + t) * np.pi, 1)
    wanted.rx(np.sin(0.3), 0)
    wanted.cx(0, 1)
    wanted.rzz(b * b / 4, 0, 1)
    wanted.cp(1e-3, 0, 1)
    bound = circuit.assign_parameters([a, b, t]).remove_final_measurements(inplace=False)
    assert Operator(bound).equiv(Operator(wanted))


def test_an_include_beside_the_file_is_read_once(tmp_path):
    (tmp_path / "mine.inc").write_text('OPENQASM 2.0; include "mine.inc"; gate mine(x) a { rx(x/2) a; }')
    text = 'OPENQASM 2.0; include "qelib1.inc"; include "mine.inc"; qreg q[1]; mine(0.6) q[0];'
    wanted = QuantumCircuit(1)
    wanted.rx(0.3, 0)
    assert Operator(read(tmp_path, text, free_angles=False)).equiv(Operator(wanted))


def test_nothing_but_plain_files_beside_it_is_opened(tmp_path):
    (tmp_path / "above.inc").write_text("gate mine(x) a { rx(x/2) a; }")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.inc").symlink_to(tmp_path / "above.inc")
    for name in ("../above.inc", str(tmp_path / "above.inc")):
        with pytest.raises(QTrainError, match="unable to find"):
            read(inner, f'OPENQASM 2.0; include "{name}"; qreg q[1]; x q[0];')
    with pytest.raises(QTrainError, match="which is not beside it.*'mine' is not defined"):
        read(inner, 'OPENQASM 2.0; include "link.inc"; qreg q[1]; mine(0.6) q[0];')


def test_an_include_that_is_missing_and_not_needed(tmp_path):
    text = 'OPENQASM 2.0; include "vendor.inc"; qreg q[1]; ry(0.3) q[0];'
    assert read(tmp_path, text, free_angles=False).data[0].name == "ry"


def test_opaque_gates_are_named_where_they_are_used(tmp_path):
    head = 'OPENQASM 2.0; include "qelib1.inc"; opaque foo(x) a; qreg q[1]; ry(0.3) q[0];'
    assert len(lower(read(tmp_path, head, free_angles=False))) == 1
    with pytest.raises(QTrainError, match=r"\(foo\), which has no definition"):
        lower(read(tmp_path, head + "foo(0.3) q[0];", free_angles=False))


def test_names_with_capitals(tmp_path):
    text = 'OPENQASM 2.0; include "qelib1.inc"; gate Mine(x) A { rx(x) A; U(x, 0, 0) A; } qreg Q[1]; Mine(0.3) Q[0];'
    wanted = QuantumCircuit(1)
    wanted.rx(0.3, 0)
    wanted.u(0.3, 0, 0, 0)
    assert Operator(read(tmp_path, text, free_angles=False)).equiv(Operator(wanted))

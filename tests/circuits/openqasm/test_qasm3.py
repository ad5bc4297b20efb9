"""OpenQASM 3 with parameters, user gates, modifiers, broadcasting, phases, and gates that files take for granted."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import CRZGate, RXGate
from qiskit.quantum_info import Operator

from qtrain.circuits.files import read_circuit
from qtrain.circuits.openqasm import qasm3
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import states

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


def same(text, wanted, *values):
    circuit = qasm3.parse(text)
    assert Operator(circuit.assign_parameters(values)).equiv(Operator(wanted.assign_parameters(values)))
    program = lower(circuit, functions=True)
    rows = np.tile(np.array(values, float), (2**wanted.num_qubits, 1))
    unitary = states(program, rows, start=np.eye(2**wanted.num_qubits, dtype=complex)).T
    assert Operator(unitary).equiv(Operator(wanted.assign_parameters(values)))
    return circuit


def test_user_gates_and_modifiers():
    circuit = same(
        HEAD + "gate g(theta, alpha) a, b { rx(theta) a; crz(alpha/2) a, b; } input float t; qubit[3] q;"
        "g(t, 0.3) q[0], q[1]; ctrl @ g(0.1, t) q[2], q[0], q[1]; inv @ g(t, 0.2) q[1], q[2]; pow(2) @ rx(t) q[0];"
        "negctrl @ x q[0], q[1];", _modified(), 0.7,
    )  # fmt: skip
    assert circuit.parameters[0].name == "t"  # as the gate t is


def _modified():
    from qiskit.circuit import Parameter

    t = Parameter("t")
    circuit = QuantumCircuit(3)
    circuit.rx(t, 0)
    circuit.crz(0.15, 0, 1)
    circuit.append(RXGate(0.1).control(1), [2, 0])
    circuit.append(CRZGate(t / 2).control(1), [2, 0, 1])
    circuit.crz(-0.1, 1, 2)
    circuit.rx(-t, 1)
    circuit.rx(2 * t, 0)
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.x(0)
    return circuit


def test_global_phases_are_dropped_and_controlled_ones_are_gates():
    circuit = qasm3.parse(HEAD + "input float b; qubit[2] q; gphase(b); ctrl @ gphase(b) q[0]; gphase(pi/4);")
    wanted = QuantumCircuit(2)
    wanted.p(0.4, 0)
    assert Operator(circuit.assign_parameters([0.4])).equiv(Operator(wanted))
    only = qasm3.parse(HEAD + "input float b; input float c; qubit[1] q; gphase(b); rx(c) q[0];")
    program = lower(only)
    assert program.weights == ("b", "c") and program.parameter[program.rotations].tolist() == [1]


def test_broadcasting_and_aliases():
    circuit = qasm3.parse(HEAD + "qubit[2] a; qubit[2] b; h a; cx a, b; let c = a[1:1]; input float w; rx(w) c;")
    assert [item.name for item in circuit.data] == ["h", "h", "cx", "cx", "rx"]


def test_gates_without_an_include():
    circuit = qasm3.parse("OPENQASM 3.0; qubit[2] q; h q[0]; cnot q[0], q[1]; prx(0.15, 0.3) q[1]; xx(0.2) q[0], q[1];")
    wanted = QuantumCircuit(2)
    wanted.h(0)
    wanted.cx(0, 1)
    wanted.r(0.15, 0.3, 1)
    wanted.rxx(0.2, 0, 1)
    assert Operator(circuit).equiv(Operator(wanted))


def test_own_gates_are_kept_before_those_taken_for_granted():
    circuit = qasm3.parse(HEAD + "gate sxdg a { x a; } qubit[1] q; sxdg q[0];")
    assert Operator(circuit) == Operator([[0, 1], [1, 0]])


def test_what_says_how_to_run_it_is_passed_over():
    text = 'OPENQASM 3.0;\n#pragma braket result expectation z(q[0])\ndefcalgrammar "openpulse";\nqubit[1] q;\nh q[0];\n'
    assert qasm3.parse(text).data[0].name == "h"


@pytest.mark.parametrize(("code", "message"), [
    ("bit c; c = measure q[0]; if (c == true) { x q[1]; }", "gate 1 .if_else., which is classical control flow"),
    ("bit c; while (c) { x q[1]; }", "gate 0 .while_loop., which is classical control flow"),
    ("bit c; c = measure q[0]; h q[0];", "acts on qubit 0 after its measurement at gate 0"),
    ("h q[0]; reset q[0];", "is a reset in mid-circuit"),
])  # fmt: skip
def test_what_is_no_unitary_is_one_sentence(tmp_path, code, message):
    path = tmp_path / "a.qasm"
    path.write_text(HEAD + "qubit[2] q; " + code)
    with pytest.raises(QTrainError, match=message):
        lower(read_circuit(path))


def test_measured_at_the_end_of_a_qubit_and_reset_at_its_start():
    code = "qubit[2] q; bit c; reset q; input float w; rx(w) q[0]; c = measure q[0]; ry(w) q[1]; barrier q;"
    assert len(lower(qasm3.parse(HEAD + code))) == 2

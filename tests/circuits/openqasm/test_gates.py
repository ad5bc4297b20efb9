"""Definitions of gates that files take for granted, against Qiskit's matrices or exponentials."""

import numpy as np
import pytest
import qiskit.circuit.library as library
from qiskit.quantum_info import Operator, SparsePauliOp
from scipy.linalg import expm

from qtrain.circuits.openqasm import qasm3
from qtrain.circuits.openqasm.gates import DEFINITIONS

GATES = {
    "sxdg": library.SXdgGate(), "r": library.RGate(0.3, 0.4), "cs": library.CSGate(), "csdg": library.CSdgGate(),
    "csx": library.CSXGate(), "ccz": library.CCZGate(), "cu1": library.CU1Gate(0.3), "u": library.UGate(0.1, 0.2, 0.3),
    "cu3": library.CU3Gate(0.1, 0.2, 0.3), "rzz": library.RZZGate(0.3), "rxx": library.RXXGate(0.3),
    "ryy": library.RYYGate(0.3), "rzx": library.RZXGate(0.3), "ecr": library.ECRGate(), "dcx": library.DCXGate(),
    "iswap": library.iSwapGate(), "c3x": library.C3XGate(), "c4x": library.C4XGate(), "c3sqrtx": library.C3SXGate(),
    "Rz": library.RZGate(0.3), "U1q": library.RGate(0.3, 0.4), "RZZ": library.RZZGate(0.3),
    "ZZ": library.RZZGate(np.pi / 2), "i": library.IGate(), "si": library.SdgGate(), "ti": library.TdgGate(),
    "v": library.SXGate(), "vi": library.SXdgGate(), "phaseshift": library.PhaseGate(0.3),
    "prx": library.RGate(0.3, 0.4), "gpi2": library.RGate(np.pi / 2, 0.4), "cnot": library.CXGate(),
    "ccnot": library.CCXGate(), "cv": library.CSXGate(), "cphaseshift": library.CPhaseGate(0.3),
    "xx": library.RXXGate(0.3), "yy": library.RYYGate(0.3), "zz": library.RZZGate(0.3),
}  # fmt: skip


def matrix(name, params, qubits):
    angles = "(" + ", ".join(str(float(p)) for p in params) + ")" if params else ""
    places = ", ".join(f"q[{k}]" for k in range(qubits))
    return Operator(qasm3.parse(f"OPENQASM 3.0; qubit[{qubits}] q; {name}{angles} {places};")).data


@pytest.mark.parametrize("name", GATES)
def test_definitions_are_the_gates_phase_included(name):
    gate = GATES[name]
    params = [0.4] if name == "gpi2" else [] if name == "ZZ" else gate.params
    np.testing.assert_allclose(matrix(name, params, gate.num_qubits), Operator(gate).data, atol=1e-12)


def test_gates_that_qiskit_lacks():
    phases = {"cphaseshift00": 0, "cphaseshift10": 1, "cphaseshift01": 2}  # the first qubit is the lowest bit
    for name, place in phases.items():
        wanted = np.eye(4, dtype=complex)
        wanted[place, place] = np.exp(0.3j)
        np.testing.assert_allclose(matrix(name, [0.3], 2), wanted, atol=1e-12)
    plus = SparsePauliOp(["XX", "YY"]).to_matrix()
    np.testing.assert_allclose(matrix("xy", [0.3], 2), expm(0.25j * 0.3 * plus), atol=1e-12)
    np.testing.assert_allclose(
        matrix("gpi", [0.3], 1), [[0, np.exp(-0.3j)], [np.exp(0.3j), 0]], atol=1e-12
    )
    one = SparsePauliOp(["X", "Y"], [np.cos(0.2), np.sin(0.2)]).to_matrix()
    two = SparsePauliOp(["X", "Y"], [np.cos(0.5), np.sin(0.5)]).to_matrix()
    np.testing.assert_allclose(
        matrix("ms", [0.2, 0.5, 0.7], 2), expm(-0.35j * np.kron(two, one)), atol=1e-12
    )
    assert set(GATES) | set(phases) | {"xy", "gpi", "ms", "u0"} == set(DEFINITIONS)

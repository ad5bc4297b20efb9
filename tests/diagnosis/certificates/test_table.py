"""Each certificate's evaluator on circuits of its kind, at a thousand random points: as good as it says, in values and
gradients."""

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import lower
from qtrain.diagnosis.simulability import simulability
from qtrain.light_cones.light_cone import effective_program
from qtrain.simulators.statevector import values_and_gradients

POINTS = 1000


def ising(n, layers, field):
    """A transverse-field Ising ansatz with shared angles."""
    t, circuit = ParameterVector("t", 2 * layers), QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(layers):
        for q in range(n - 1):
            circuit.rzz(t[2 * layer], q, q + 1)
        circuit.rx(t[2 * layer + 1], range(n))
    return circuit, SparsePauliOp.from_sparse_list(
        [("ZZ", [q, q + 1], 1.0) for q in range(n - 1)] + [("X", [q], field) for q in range(n)], n
    )


def clifford_and_t(n):
    """Few rotations, shared and scaled, between many Cliffords."""
    t, circuit = ParameterVector("t", 3), QuantumCircuit(n)
    for q in range(n):
        circuit.h(q)
    for layer in range(3):
        for q in range(n - 1):
            circuit.cx(q, q + 1)
        circuit.ry(2 * t[layer] + 0.1, layer)
        circuit.t(layer + 1)
        circuit.sx(range(n))
    circuit.rx(-0.5 * t[0], n - 1)
    return circuit, SparsePauliOp(["Z" * n, "I" * (n - 2) + "XY"], [1.0, 0.7])


def diluted(n, reps):
    """Wide, of independent angles."""
    circuit = real_amplitudes(n, reps=reps, entanglement="pairwise")
    return circuit, SparsePauliOp("I" * (n // 2) + "Z" + "I" * (n - 1 - n // 2))


CASES = {
    "g-sim": [ising(8, 3, 0.5), (efficient_su2(3, reps=1), SparsePauliOp(["ZZI", "IXX"], [1.0, 0.5]))],
    "light cone": [ising(6, 2, 0.0), clifford_and_t(8), diluted(30, 3)],
    "near-Clifford": [clifford_and_t(5), clifford_and_t(9), (real_amplitudes(4, reps=1), SparsePauliOp("ZIIZ"))],
    "tensor network": [ising(9, 2, 0.3), clifford_and_t(6), diluted(30, 3)],
    "matrix-product state": [ising(9, 2, 0.3), diluted(16, 2)],
    "symmetry sector": [ising(6, 2, 0.5)],
    "free fermion": [ising(4, 2, 0.5), ising(5, 1, 0.0)],
    "low-weight Pauli propagation": [diluted(10, 2), (efficient_su2(6, reps=2), SparsePauliOp("ZIIIII"))],
    "low Fourier degree": [diluted(10, 2), (efficient_su2(6, reps=2), SparsePauliOp("IIZIII"))],
}


@pytest.mark.parametrize(("name", "case"), [(name, k) for name, cases in CASES.items() for k in range(len(cases))])
def test_a_thousand_points(name, case):
    circuit, observable = CASES[name][case]
    program = lower(circuit)
    exact_at = effective_program(program, observable)
    points = np.random.default_rng(case).uniform(0, 2 * math.pi, (POINTS, program.num_weights))
    exact, slopes = values_and_gradients(*exact_at, points)
    result = simulability(circuit, observable, tolerance=0.4)
    surrogate = result.surrogates[name]
    row = next(row for row in result.certificates if row.check == name)
    found, gradients = surrogate.values_and_gradients(points)
    if row.error == 0:
        assert found == pytest.approx(exact, abs=1e-9)
        assert gradients == pytest.approx(slopes, abs=1e-9)
    else:
        squares = (found - exact) ** 2
        spread = squares.std() / math.sqrt(POINTS)
        assert row.error_lower**2 - 4 * spread <= squares.mean() <= row.error_upper**2 + 4 * spread
    value, gradient = surrogate.value_and_gradient(points[0])
    assert surrogate.value(points[0]) == pytest.approx(value, abs=1e-10) == found[0]
    assert gradient == pytest.approx(gradients[0], abs=1e-10)
    step = 1e-5
    for k in np.random.default_rng(0).permutation(program.num_weights)[:8]:
        ahead, behind = (surrogate.value(points[0] + sign * step * np.eye(program.num_weights)[k]) for sign in (1, -1))
        assert gradient[k] == pytest.approx((ahead - behind) / (2 * step), abs=1e-7)


def test_some_certificates_are_of_truncated_methods():
    """So that the test above is not of exact methods alone."""
    for name in ("low-weight Pauli propagation", "low Fourier degree"):
        rows = [
            next(row for row in simulability(*case, tolerance=0.4).certificates if row.check == name)
            for case in CASES[name]
        ]
        assert any(row.error > 0 for row in rows), rows


def test_every_classical_certificate_that_applies_has_its_surrogate():
    for name in CASES:
        for circuit, observable in CASES[name]:
            result = simulability(circuit, observable)
            classical = {row.check for row in result.certificates if row.applies and row.kind == "classical"}
            assert classical == set(result.surrogates)
            assert result.surrogate is not None

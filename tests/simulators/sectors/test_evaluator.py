"""Costs, gradients and states of sectors against the statevector of all qubits."""

import numpy as np
import pytest
from conserving_circuits import any_observable, conserving_circuit, excitation
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit

from qtrain.circuits.program import lower
from qtrain.simulators.sectors.evaluator import SectorSurrogate
from qtrain.simulators.sectors.find import sector
from qtrain.simulators.statevector import states, values_and_gradients


def agree(circuit, observable, seed, points=3):
    """The sector, its evaluator compared at random points with the whole."""
    program = lower(circuit)
    found = sector(program, observable)
    surrogate = found.surrogate(2**30)
    weights = np.random.default_rng(seed).uniform(-7, 7, (points, program.num_weights))
    value, gradient = surrogate.values_and_gradients(weights)
    expected, slopes = values_and_gradients(program, observable, weights)
    scale = 1 + np.abs(observable.coeffs).sum()
    assert np.abs(value - expected).max() < 1e-10 * scale
    assert np.abs(gradient - slopes).max(initial=0.0) < 1e-10 * scale
    if isinstance(surrogate, SectorSurrogate):
        assert len(surrogate.basis) <= found.dimension
        assert np.allclose(np.linalg.norm(surrogate.states(weights), axis=1), 1)
    return found, surrogate


def dense_rank(circuit, seed, points=60):
    """Dimension of what the states at random angles span."""
    program = lower(circuit)
    angles = np.random.default_rng(seed).uniform(0, 6, (points, program.num_weights))
    return np.linalg.matrix_rank(np.asarray(states(program, angles)), tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(3, 8), st.integers(1, 11))
def test_conserving_circuits(seed, n, points):
    circuit, dimension = conserving_circuit(seed, n=n, gates=12)
    found, _ = agree(circuit, any_observable(seed, n), seed, points)
    assert 2**found.log2 <= dimension + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(3, 6), st.integers(1, 2))
def test_circuits_that_nearly_conserve(seed, n, breaking):
    circuit, _ = conserving_circuit(seed, n=n, breaking=breaking)
    found, _ = agree(circuit, any_observable(seed, n), seed)
    assert dense_rank(circuit, seed) <= 2**found.log2 + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 5))
def test_any_circuit(seed, n):
    """Most have parities alone, or nothing."""
    circuit = random_circuit(seed, n=n, rotations=4, gates=8)
    found, _ = agree(circuit, any_observable(seed, n), seed)
    assert dense_rank(circuit, seed) <= 2**found.log2 + 1e-9


def test_excitations_keep_amplitudes_real_and_two_species_apart():
    n = 8  # spin up on even qubits, two electrons each
    circuit = QuantumCircuit(n)
    circuit.x([0, 1, 2, 3])
    singles = [([a], [i]) for i in range(4) for a in range(4, 8) if (a - i) % 2 == 0]
    mixed = [([a, b], [i, j]) for a in (4, 6) for b in (5, 7) for i in (0, 2) for j in (1, 3)]
    for k, (created, destroyed) in enumerate([*singles, ([6, 4], [2, 0]), ([7, 5], [3, 1]), *mixed]):
        circuit.append(
            PauliEvolutionGate(excitation(n, created, destroyed), Parameter(f"t{k:02d}")), range(n)
        )
    found, surrogate = agree(circuit, any_observable(3, n, terms=30), 3, points=9)
    assert found.detail == "2 particles on 4 qubits and 2 particles on 4 qubits"
    assert found.dimension == len(surrogate.basis) == 36
    assert surrogate._halves == 1


def test_a_gradient_is_the_slope_of_the_value():
    program = lower(conserving_circuit(12, n=7, gates=20)[0])
    surrogate = sector(program, any_observable(12, 7)).surrogate(2**30)
    point = np.random.default_rng(1).normal(size=program.num_weights)
    _, gradient = surrogate.value_and_gradient(point)
    for k, slope in enumerate(gradient):
        moved = np.eye(len(point))[k] * 1e-5
        difference = surrogate.value(point + moved) - surrogate.value(point - moved)
        assert difference / 2e-5 == pytest.approx(slope, abs=1e-6)


def test_more_than_64_qubits():
    """One particle on 70 sites against its 70 x 70 matrices of hopping."""
    n, rng = 70, np.random.default_rng(0)
    circuit = QuantumCircuit(n)
    circuit.x(69)
    angle = Parameter("a")
    pairs = [[int(v) for v in rng.permutation(n)[:2]] for _ in range(200)]
    for a, b in pairs:
        circuit.rxx(angle, a, b)
        circuit.ryy(angle, a, b)
    field = 1 + np.arange(n) / 10
    observable = SparsePauliOp.from_sparse_list(
        [("Z", [q], field[q]) for q in range(n)] + [("XX", [3, 68], 2.0)], n
    )
    found = sector(lower(circuit), observable)
    assert found.dimension == n
    psi = np.eye(n)[69].astype(complex)
    hop = np.array([[np.cos(0.3), -1j * np.sin(0.3)], [-1j * np.sin(0.3), np.cos(0.3)]])
    for pair in pairs:
        psi[pair] = hop @ psi[pair]
    expected = field.sum() - 2 * field @ np.abs(psi) ** 2 + 2 * 2 * (psi[3].conj() * psi[68]).real
    assert found.surrogate(2**30).value([0.3]) == pytest.approx(expected, abs=1e-12)

"""Pauli paths under every Pauli channel against density matrices on a grid of angles."""

import numpy as np
import pytest
import reference_noise
import reference_paths
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Kraus, SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.problem import path_tape, pose
from qtrain.gradients.variance import gradient_variance


def truth(circuit, observable, behind):
    """(E f, E f^2, E g, E g^2) over uniform angles."""
    kraus = reference_paths.behind_gates(
        lambda name, qubits: [(Kraus(error.to_quantumchannel()).data, where) for error, where in behind(name, qubits)]
    )
    return reference_paths.moments(circuit, observable, behind=kraus)


@pytest.mark.parametrize("name", reference_noise.UNITAL)
@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**6))
def test_exact_sums_under_every_pauli_channel(name, seed):
    noise, behind = reference_noise.NOISES[name]
    circuit = random_circuit(seed, rotations=3, first_cliffords=False)
    observable = SparsePauliOp(random_observable(seed, terms=1).paulis[0])
    if name == "two-qubit pauli" and not circuit.num_nonlocal_gates():
        return
    mean, square, first, second = truth(circuit, observable, behind)
    stats = gradient_variance(circuit, observable, noise=noise)
    assert stats.method == "exact" and stats.exact.all()
    assert stats.second_moment == pytest.approx(second, abs=1e-12)
    assert stats.mean == pytest.approx(first, abs=1e-9) and stats.cost_mean == pytest.approx(mean, abs=1e-9)
    assert stats.cost_variance == pytest.approx(square - mean**2, abs=1e-9)


@pytest.mark.parametrize("name", reference_noise.UNITAL)
def test_sampled_pairs_of_terms_that_interfere(name):
    noise, behind = reference_noise.NOISES[name]
    circuit = random_circuit(13, rotations=3, gates=6, first_cliffords=False)
    observable = random_observable(13, terms=4)
    _, square, _, second = truth(circuit, observable, behind)
    assert second.max() > 1e-3
    stats = gradient_variance(circuit, observable, noise=noise, method="paths", samples=100_000, seed=3)
    assert np.all(np.abs(stats.second_moment - second) <= 5 * stats.standard_error + 1e-4 * second.max())
    assert abs(stats.cost_second_moment - square) <= 5 * stats.cost_standard_error + 1e-4 * second.max()


@pytest.mark.parametrize("name", sorted(set(reference_noise.NOISES) - set(reference_noise.UNITAL)))
def test_what_pairs_cannot_follow_is_refused_by_its_gate(name):
    problem = pose(random_circuit(0), "ZZZ", noise=reference_noise.NOISES[name][0])
    assert "the noise behind gate 0" in path_tape(problem).refusal

"""Expressivity: closed forms, dense twins, and a bound that is one."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import Statevector, random_statevector
from random_circuits import random_circuit

from qtrain.circuits.program import lower
from qtrain.diagnosis.expressivity import (
    clifford_rank,
    effective_dimension,
    expressibility,
    expressivity,
    fisher,
    meyer_wallach,
)
from qtrain.errors import QTrainError


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_fisher_matches_finite_differences(seed):
    circuit = random_circuit(seed, n=3, rotations=4)
    program = lower(circuit)
    point = np.random.default_rng(seed).uniform(0, 6, 4)

    def state(angles):
        return Statevector(circuit.assign_parameters(dict(zip(circuit.parameters, angles, strict=True)))).data

    psi, step = state(point), 1e-5
    slopes = np.array([(state(point + step * e) - state(point - step * e)) / (2 * step) for e in np.eye(4)])
    overlap = slopes.conj() @ psi
    expected = 4 * np.real(slopes.conj() @ slopes.T - np.outer(overlap, overlap.conj()))
    assert fisher(program, point) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_clifford_point_is_a_lower_bound_and_its_own_fisher_rank(seed):
    program = lower(random_circuit(seed, n=3, rotations=6))
    generic = expressivity(program, parts=["qfim"], seed=seed).qfim_rank
    at_point = []

    class Recorded:
        def integers(self, low, high):
            at_point.append(int(np.random.default_rng([seed, len(at_point)]).integers(low, high)))
            return at_point[-1]

    found = clifford_rank(program, Recorded())
    assert found <= generic
    matrix = fisher(program, np.pi / 2 * np.array(at_point))
    assert found == np.linalg.matrix_rank(matrix, tol=1e-8)


def test_shared_parameters_at_the_clifford_point():
    theta = Parameter("a")
    circuit = QuantumCircuit(3)
    for q in range(3):
        circuit.ry(theta, q)
    circuit.rx(Parameter("b"), 0)
    assert clifford_rank(lower(circuit), np.random.default_rng(0)) <= 2


def test_known_ranks():
    assert (
        expressivity(real_amplitudes(2, reps=3), parts=["qfim"]).qfim_rank == 3
    )  # real states of two qubits
    assert expressivity(efficient_su2(2, reps=4), parts=["qfim"]).qfim_rank == 6  # 2 * 4 - 2
    idle = QuantumCircuit(2)
    idle.rz(Parameter("a"), 0)
    assert expressivity(idle, parts=["qfim"]).qfim_rank == 0


def test_short_circuits_of_more_qubits_get_the_generic_rank():
    result = expressivity(real_amplitudes(12, reps=1, entanglement="linear"), parts=["qfim"])
    assert result.qfim_rank_exact
    assert result.qfim_rank == 24  # every parameter moves the state in a direction of its own
    deep = expressivity(efficient_su2(12, reps=12, entanglement="linear"), parts=["qfim"])
    assert not deep.qfim_rank_exact


def test_large_circuits_get_a_bound():
    result = expressivity(efficient_su2(300, reps=3, entanglement="linear"), parts=["qfim"])
    assert not result.qfim_rank_exact
    assert 300 <= result.qfim_rank <= 4 * 600


@pytest.mark.parametrize("n", [1, 2, 3])
def test_idle_expressibility(n):
    idle = np.zeros((50, 2**n))
    idle[:, 0] = 1
    assert expressibility(idle, idle) == pytest.approx(((2**n - 1) * math.log(75),) * 3)


def test_haar_states_are_fully_expressive_and_entangled():
    n, d = 3, 8
    vectors = np.array([random_statevector(d, seed=s).data for s in range(4000)])
    value, low, high = expressibility(vectors[:2000], vectors[2000:])
    assert low == 0 <= value < 0.01  # counts alone would say 0.014
    assert value < high < 0.03
    assert meyer_wallach(vectors) == pytest.approx((d - 2) / (d + 1), abs=0.01)
    product = np.zeros((3, d))
    product[:, 5] = 1
    assert meyer_wallach(product) == pytest.approx(0.0)
    assert n == 3


def log_haar(d, bins=75):
    """Logarithms of the Haar shares of the bins, by their integral (1 - F)^(d - 1)."""
    edges = np.arange(bins + 1) / bins
    return np.log((1 - edges[:-1]) ** (d - 1) - (1 - edges[1:]) ** (d - 1))


@pytest.mark.parametrize(("d", "power"), [(2, 1), (4, 1), (8, 1), (4, 2), (8, 3)])
def test_expressibility_is_unbiased_and_its_interval_covers(d, power):
    """Fidelities 1 - U^(power / (d - 1)): Haar for power 1. The plug-in estimate is 0.05 to 0.08 too large."""
    edges = np.arange(76) / 75
    share = np.diff(1 - (1 - edges) ** ((d - 1) / power))
    truth = float(share @ (np.log(share) - log_haar(d)))
    rng = np.random.default_rng(d + power)
    found = []
    for _ in range(300):
        fidelity = 1 - rng.uniform(size=500) ** (power / (d - 1))
        a, b = np.zeros((500, d)), np.zeros((500, d))
        a[:, 0], b[:, 0] = 1, np.sqrt(fidelity)
        found.append(expressibility(a, b))
    value, low, high = np.array(found).T
    assert abs(value.mean() - truth) < 0.015
    assert 0.92 < np.mean((low <= truth) & (truth <= high)) <= 1
    assert np.mean(high - low) < 0.2 + truth


def test_old_reports_have_no_interval():
    found = expressivity(real_amplitudes(2, reps=1), samples=300)
    assert found.expressibility_low <= found.expressibility <= found.expressibility_high
    old = {k: v for k, v in found.to_record().items() if not k.startswith("expressibility_") and k != "digest"}
    again = type(found).from_json(json.dumps(old))
    assert again.expressibility == found.expressibility and math.isnan(again.expressibility_low)


def test_effective_dimension_bounds():
    assert effective_dimension(np.zeros((3, 4, 4))) == 0.0
    full = effective_dimension(np.array([np.eye(4)] * 3))
    one = effective_dimension(np.array([np.diag([1.0, 0, 0, 0])] * 3))
    assert 0 < one < full
    result = expressivity(efficient_su2(3, reps=2), samples=300)
    assert 0 < result.effective_dimension <= 1.2
    assert 0 < result.entangling_capability < 1


def test_wrong_input():
    with pytest.raises(QTrainError, match="at least one parameter"):
        expressivity(QuantumCircuit(1))
    with pytest.raises(QTrainError, match="parts should be"):
        expressivity(real_amplitudes(2), parts=["colour"])

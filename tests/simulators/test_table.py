"""The simulator that takes the least time: whatever it is, its values and gradients are those of a statevector."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2, excitation_preserving, qaoa_ansatz, real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.problem import pose
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.table import SIMULATORS, quickest


@st.composite
def costs(draw):
    n = draw(st.integers(3, 7))
    field = draw(st.floats(-1, 1))
    terms = [("ZZ", [q, q + 1], 1.0) for q in range(n - 1)] + [("X", [q], field) for q in range(n)] + [("", [], 0.5)]
    ising = SparsePauliOp.from_sparse_list(terms, n)
    reps = draw(st.integers(1, 2))
    entanglement = draw(st.sampled_from(["linear", "circular", "pairwise"]))
    circuit = draw(st.sampled_from([
        real_amplitudes(n, reps=reps, entanglement=entanglement), efficient_su2(n, reps=1, entanglement=entanglement),
        excitation_preserving(n, reps=1, entanglement="linear"), qaoa_ansatz(ising[: n - 1], reps=reps),
    ]))  # fmt: skip
    return pose(circuit, ising)


@settings(max_examples=40, deadline=None)
@given(problem=costs(), points=st.sampled_from([1, 10**4, 10**9]), seed=st.integers(0, 2**31))
def test_the_quickest_is_exact(problem, points, seed):
    name, plan = quickest(problem, points)
    weights = np.random.default_rng(seed).uniform(-4, 4, (3, len(problem.program.weights)))
    slow = StatevectorSurrogate(problem.program, problem.observable, 2**30).values_and_gradients(weights)
    for found, expected in zip(plan.build().values_and_gradients(weights), slow, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-8, err_msg=name)


def test_few_points_are_not_worth_a_plan():
    """Only the statevector's row is asked for one point; for many, others are, and the choice is always the same."""
    terms = [("Z", [q], 1.0) for q in range(12)]
    problem = pose(efficient_su2(12, reps=1, entanglement="pairwise"), SparsePauliOp.from_sparse_list(terms, 12))
    assert quickest(problem, 1)[0] == "statevector"
    many = [quickest(problem, 10**6)[0] for _ in range(3)]
    assert many[0] != "statevector" and len(set(many)) == 1 and many[0] in SIMULATORS


def test_what_no_statevector_holds_has_its_cones():
    circuit = efficient_su2(60, reps=1, entanglement="pairwise")
    problem = pose(circuit, SparsePauliOp.from_sparse_list([("ZZ", [q, q + 1], 1.0) for q in range(59)], 60))
    name, plan = quickest(problem, 100)
    weights = np.random.default_rng(0).normal(size=(1, len(problem.program.weights)))
    value, slope = plan.build().values_and_gradients(weights)
    step = np.zeros_like(weights)
    step[0, 100] = 1e-5
    up, down = (plan.build().costs(weights + sign * step)[0] for sign in (1, -1))
    assert name != "statevector" and abs(slope[0, 100] - (up - down) / 2e-5) < 1e-7 and abs(value[0]) <= 59

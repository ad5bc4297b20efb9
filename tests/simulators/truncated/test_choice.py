"""What is chosen where, and how a truncation is checked at the very angles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture.hva import hva
from qtrain.budget import Budget
from qtrain.circuits.problem import Problem, pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.truncated import choice
from qtrain.simulators.truncated.choice import TRUNCATIONS, Chosen, choose
from qtrain.simulators.truncated.followed import EVERY, Drifted, Followed
from qtrain.studies.tasks.spin_models import spin_model


def _xxz(n, reps, **budget):
    observable = spin_model(n, [(q, q + 1) for q in range(n - 1)], x=1.0, y=1.0, z=0.5)
    program = lower(hva(observable, reps=reps, sharing="independent", initial="neel").circuit(n))
    return Problem(program, observable, budget=Budget(seconds=1e6, max_planning=20_000, **budget))


def test_few_qubits_are_exact():
    found = choose(_xxz(8, 4), 100)
    assert found.exact
    assert found.larger() is None


def test_many_qubits_take_a_truncation_and_a_larger_one():
    problem = _xxz(60, 6)
    found = choose(problem, 100)
    assert (found.name, found.exact) == ("matrix product", False)
    point = np.random.default_rng(0).normal(0, 0.3, (1, problem.program.num_weights))
    values, errors, clause = found.check(point)
    assert clause == "matrix product of bond 16, checked by matrix product of bond 32"
    assert errors[0] == abs(values[0] - found.evaluator.costs(point)[0])


@pytest.mark.parametrize("name", list(TRUNCATIONS))
def test_errors_hold_against_the_statevector(name):
    """The reported error is at least a tenth of the real one, and a truncation that grows comes close."""
    problem = _xxz(8, 2)
    row = TRUNCATIONS[name]
    point = np.random.default_rng(5).normal(0, 0.5, (1, problem.program.num_weights))
    exact = StatevectorSurrogate(problem.program, problem.observable, 2**30).values_and_gradients(point)
    size = row.sizes[0] if name == "low weight" else 4
    found = Chosen(name, name, row.build(problem, size), False, problem, size)
    values, errors, _ = found.check(point)
    own = found.evaluator.costs(point)
    assert abs(own - exact[0])[0] <= 10 * errors[0] + 1e-9
    last = row.build(problem, 8 if name == "low weight" else 64)
    value, slope = last.values_and_gradients(point)
    np.testing.assert_allclose(value, exact[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(slope, exact[1], rtol=0, atol=1e-5)


def test_nothing_that_fits_is_one_sentence():
    with pytest.raises(QTrainError, match=r"some evaluator takes. Got 60 qubits.*bond of 16 takes"):
        choose(_xxz(60, 12, memory_bytes=2**16), 1)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.integers(13, 32))
def test_no_truncation_leaves_out_terms_of_the_observable_itself(seed, weight):
    """Sizes below a term's weight would all give 0 for it, and agree."""
    n, rng = 32, np.random.default_rng(seed)
    angles, circuit = ParameterVector("t", 2 * n), QuantumCircuit(n)
    for layer in range(2):
        order = rng.permutation(n)
        for k, q in enumerate(order):
            circuit.ry(angles[layer * n + k], int(q))
        for a, b in order.reshape(-1, 2):
            circuit.cx(int(a), int(b))
    words = np.full((100, n), "I")  # 100 terms: too many across a cut for a matrix product
    for row in words:
        row[rng.choice(n, weight, replace=False)] = rng.choice(list("XYZ"), weight)
    problem = Problem(lower(circuit), SparsePauliOp(["".join(row) for row in words]), budget=Budget(memory_bytes=10**6, max_planning=100))
    try:
        found = choose(problem, 1)
    except QTrainError as refused:
        assert "low weight: " in str(refused)
        return
    assert found.exact or found.name == "matrix product" or found.size >= weight


def test_drift_is_found_and_a_larger_truncation_goes_on():
    problem = _xxz(12, 4)
    row = TRUNCATIONS["matrix product"]
    start = np.random.default_rng(0).normal(0, 0.8, (1, problem.program.num_weights))
    small = Chosen("matrix product", "small", row.build(problem, 2), False, problem, 2)
    followed = Followed(small, start)
    with pytest.raises(Drifted):
        for step in range(EVERY):
            followed.values_and_gradients(start, step, np.array([0]))
    assert followed.enlarge()
    assert followed.chosen.size == 16
    assert not followed.wrong(start)


def test_functions_of_parameters_are_mapped():
    t = ParameterVector("t", 2)
    circuit = QuantumCircuit(3)
    circuit.ry(t[0] * t[1], 0)
    circuit.cx(0, 1)
    circuit.ryy(t[1] ** 2, 1, 2)
    observable = spin_model(3, [(0, 1), (1, 2)], z=1.0, field_x=0.3)
    problem = pose(circuit, observable)
    point = np.array([[0.4, -0.7]])
    exact = choose(problem).evaluator.values_and_gradients(point)
    found = choice._truncated("matrix product", TRUNCATIONS["matrix product"], problem, 16)
    value, slope = found.evaluator.values_and_gradients(point)
    np.testing.assert_allclose(value, exact[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(slope, exact[1], rtol=0, atol=1e-6)

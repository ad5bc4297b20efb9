"""Sampled moments: exact numbers within their own errors, additivity, initialisations."""

from __future__ import annotations

import dataclasses

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import XXPlusYYGate, efficient_su2, real_amplitudes, zz_feature_map
from shared_angles import qaoa

import qtrain
from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.identity_blocks import _palindromes
from qtrain.gradients.sampled_angles import angles_passes, run_angles, sample_moments, simulator
from qtrain.simulators.statevector import states, values_and_gradients


def second_moments(moments):
    """E g^2 (num_weights + the cost's variance) and their standard errors."""
    n = moments.count
    second = moments.gradient[1] / n
    return second, np.sqrt(np.maximum(moments.gradient[3] / n - second**2, 0) / n)


@pytest.mark.parametrize(
    ("circuit", "observable", "exact"),
    [
        (real_amplitudes(2, reps=1), "IZ", np.array([3, 1, 3, 0]) / 8),
        (real_amplitudes(3, reps=1), "IIZ", np.array([5, 1, 1, 5, 0, 0]) / 16),
    ],
)
def test_exact_variances_of_small_circuits(circuit, observable, exact):
    moments = sample_moments(lower(circuit), observable, samples=20_000, seed=5)
    second, error = second_moments(moments)
    assert np.all(np.abs(second - exact) <= 4 * error + 1e-25)
    cost = moments.cost / moments.count
    assert cost[1] - cost[0] ** 2 == pytest.approx(exact[0], abs=0.02)


def test_dead_parameters_have_zero_gradients():
    second, _ = second_moments(sample_moments(lower(efficient_su2(4, reps=2)), "ZIII", samples=200, seed=0))
    assert np.count_nonzero(second < 1e-28) == 15


def test_a_shared_parameter_is_not_two():
    circuit, p = QuantumCircuit(1), Parameter("p")
    circuit.ry(p, 0)
    circuit.ry(p, 0)
    moments = sample_moments(lower(circuit), "Z", samples=20_000, seed=2)
    assert moments.cost[1] / moments.count == pytest.approx(1 / 2, abs=0.01)  # f = cos 2p
    assert moments.gradient[1, 0] / moments.count == pytest.approx(2, abs=0.04)


def test_powers_are_of_the_same_draws():
    program = lower(real_amplitudes(3, reps=1))
    moments = sample_moments(program, "ZII + 0.5*IXX", samples=100, seed=7, initialization="gaussian:0.3")
    weights = draw_weights(program, 100, np.random.default_rng(7), initialization="gaussian:0.3")
    f, g = values_and_gradients(program, "ZII + 0.5*IXX", weights)
    for k, power in enumerate((1, 2, 3, 4, 6)):
        np.testing.assert_allclose(moments.gradient[k], (g**power).sum(0), atol=1e-12)
        assert moments.cost[k] == pytest.approx((f**power).sum())


def test_sums_add_and_threads_do_not_matter():
    program = lower(real_amplitudes(3, reps=1))
    a, b = (sample_moments(program, "ZZI", samples=50, seed=s) for s in (1, 2))
    both = a + b
    assert both.count == 100
    assert np.array_equal(both.gradient, a.gradient + b.gradient)
    assert np.array_equal(both.cost, a.cost + b.cost)
    again = sample_moments(program, "ZZI", samples=50, seed=1, num_threads=2)
    assert np.array_equal(a.gradient, again.gradient)
    with pytest.raises(QTrainError, match="other should hold sums over as many parameters"):
        _ = a + sample_moments(lower(real_amplitudes(2, reps=1)), "ZZ", samples=2)


def test_controlled_rotations_get_their_full_period():
    circuit = QuantumCircuit(2)
    circuit.h(1)
    circuit.cry(Parameter("p"), 1, 0)
    program = lower(circuit)
    weights = draw_weights(program, 4000, np.random.default_rng(0))
    assert weights.max() > 3.9 * np.pi
    moments = sample_moments(program, "XI", samples=20_000, seed=0)
    assert moments.cost[0] / moments.count == pytest.approx(0, abs=0.02)  # <X> = cos(p / 2)
    assert moments.cost[1] / moments.count == pytest.approx(1 / 2, abs=0.02)


@pytest.mark.parametrize(("text", "spread"), [("small:0.2", 0.2 / np.sqrt(3)), ("gaussian:0.2", 0.2)])
def test_narrow_initialisations(text, spread):
    weights = draw_weights(
        lower(real_amplitudes(3, reps=1)), 20_000, np.random.default_rng(1), initialization=text
    )
    assert weights.std() == pytest.approx(spread, rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=0.01)


def mirrored(n: int, gates: list[tuple[int, int, int]]) -> QuantumCircuit:
    p, q = ParameterVector("p", len(gates)), ParameterVector("q", len(gates))
    halves = []
    for vector in (p, q):
        half = QuantumCircuit(n)
        for k, (kind, a, b) in enumerate(gates):
            if kind < 3:
                [half.rx, half.ry, half.rz][kind](2 * vector[k] + 0.1 if kind == 1 else vector[k], a)
            elif kind == 3 and a != b:
                half.append(XXPlusYYGate(vector[k]), [a, b])
            elif kind == 4 and a != b:
                half.cx(a, b)
                half.h(a)
            else:
                half.t(a)
        halves.append(half)
    return halves[0].compose(halves[1].inverse())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=8))
def test_identity_blocks_are_the_identity(gates):
    first, second = mirrored(3, gates), mirrored(3, gates[::-1])
    names = dict(zip(second.parameters, ParameterVector("r", second.num_parameters)))
    program = lower(first.compose(second.assign_parameters(names)))
    weights = draw_weights(program, 3, np.random.default_rng(0), initialization="identity-block")
    np.testing.assert_allclose(np.abs(states(program, weights)[:, 0]), 1, atol=1e-12)
    assert weights.size == 0 or weights.std(axis=0).max() > 0.1


@given(st.lists(st.sampled_from("ab"), max_size=10))
def test_palindromes_equal_brute_force(letters):
    keys = [c.encode() for c in letters]

    def fills(begin: int) -> bool:
        return begin == len(keys) or any(
            keys[begin:end] == keys[begin:end][::-1] and fills(end)
            for end in range(begin + 2, len(keys) + 1, 2)
        )

    partner = _palindromes(keys, keys)
    assert (-1 not in partner) == fills(0)
    for k, other in enumerate(partner):
        assert other < 0 or (partner[other] == k and keys[k] == keys[other])


def test_identity_blocks_refused_by_name():
    with pytest.raises(QTrainError, match="identity-block.*gate 0 has no mirror image"):
        draw_weights(
            lower(real_amplitudes(2, reps=1)), 2, np.random.default_rng(0), initialization="identity-block"
        )


def test_data_are_averaged_over():
    circuit = zz_feature_map(2, reps=1).compose(real_amplitudes(2, reps=1))
    program = lower(circuit, inputs="x")
    points = np.random.default_rng(0).normal(size=(3, 2))
    mixed = sample_moments(program, "ZZ", samples=6000, seed=0, data=points)
    alone = [sample_moments(program.bind_inputs(x), "ZZ", samples=6000, seed=1) for x in points]
    want = sum(second_moments(m)[0] for m in alone) / 3
    np.testing.assert_allclose(second_moments(mixed)[0], want, atol=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples should be"),
        ({"samples": 2.5}, "samples should be"),
        ({"samples": 2, "seed": -1}, "seed should be"),
        ({"samples": 2, "initialization": "warm"}, "initialization should be"),
        ({"samples": 2, "data": np.zeros((1, 1))}, "data should be None"),
    ],
)
def test_wrong_input_is_named(options, message):
    with pytest.raises(QTrainError, match=message):
        sample_moments(lower(real_amplitudes(2, reps=1)), "ZZ", **options)


@pytest.mark.parametrize("layers", [1, 2])
def test_cones_see_the_angles_that_the_statevector_sees(layers):
    """The same seed draws the same angles: the sums are equal, not only close."""
    graph = nx.random_regular_graph(3, 14, seed=2)
    weights = np.random.default_rng(3).uniform(0.5, 1.5, graph.number_of_edges())
    circuit, observable = qaoa(graph, layers, weights)
    options = {"samples": 100, "seed": 5}
    cones = qtrain.gradient_variance(circuit, observable, method="angles", **options)
    whole = qtrain.gradient_variance(circuit, observable, method="statevector", **options)
    np.testing.assert_allclose(cones.variance, whole.variance, rtol=1e-9)
    np.testing.assert_allclose(cones.upper, whole.upper, rtol=1e-9)
    assert cones.cost_variance == pytest.approx(whole.cost_variance, rel=1e-9)
    other = qtrain.gradient_variance(circuit, observable, method="angles", samples=100, seed=6)
    both = cones + other
    assert both.num_samples == 200
    np.testing.assert_allclose(both.second_moment, (cones.second_moment + other.second_moment) / 2, rtol=1e-12)


def test_three_layers_on_a_hundred_qubits_have_an_interval():
    """Cones of 30 qubits, by a simulator that no statevector has to be held for."""
    graph = nx.random_regular_graph(3, 100, seed=3)
    circuit, observable = qaoa(graph, 3, np.random.default_rng(0).uniform(0.5, 1.5, graph.number_of_edges()))
    problem = pose(circuit, observable[:4], samples=16)
    name, plan = simulator(problem)
    assert plan.operations < 1e8, name
    stats = run_angles(problem)
    assert stats.num_samples == 16 and np.isfinite(stats.upper).all() and (stats.lower <= stats.variance).all()


def test_not_one_angle_vector_beyond_the_seconds():
    circuit, observable = qaoa(nx.random_regular_graph(3, 30, seed=2), 1, np.linspace(0.5, 1.5, 45))
    problem = pose(circuit, observable, budget=Budget(seconds=5))
    assert angles_passes(problem) is None
    name, plan = simulator(problem)
    problem.parts[simulator.__wrapped__] = (name, dataclasses.replace(plan, operations=1e15))
    assert run_angles(problem) is None
    late = pose(circuit, observable, budget=Budget(seconds=1e-3))
    late.parts[simulator.__wrapped__] = (name, plan)
    assert 2 <= run_angles(late).num_samples <= 64  # few, where the seconds were gone before


@pytest.mark.parametrize("operations", [1.0, 3e6, 1e7])
def test_operations_end_what_seconds_would_not(operations):
    circuit, observable = qaoa(nx.random_regular_graph(3, 10, seed=3), 2)
    budget = Budget(seconds=1e6, relative_error=1e-9, max_operations=operations)
    found, again = (qtrain.gradient_variance(circuit, observable, budget=budget) for _ in range(2))
    assert found.method in ("angles", "statevector")
    assert found.variance.tolist() == again.variance.tolist()
    assert found.num_samples == again.num_samples
    assert 2 <= found.num_samples <= max(operations / 2**10, 2)  # each touches every amplitude
    assert "stopped by the budget" in found.reason
    assert qtrain.gradient_variance(circuit, observable, budget=Budget(seconds=1e6)).method == "quadrature"

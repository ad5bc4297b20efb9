"""Circuits whose angles are functions of their parameters: gradients by the chain rule against differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import pauli_feature_map, real_amplitudes, zz_feature_map
from qiskit.quantum_info import SparsePauliOp, Statevector
from random_expressions import EXPRESSIONS, PARAMETERS

import qtrain
from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.draws import draw_weights
from qtrain.simulators.statevector import values_and_gradients
from qtrain.simulators.table import plans

OBSERVABLE = SparsePauliOp(["XZ", "ZI", "YY"], [1.0, 0.5, -0.3])


def value_of(circuit, row):
    state = Statevector(circuit.assign_parameters(dict(zip(circuit.parameters, row))))
    return state.expectation_value(OBSERVABLE).real


def differences(circuit, row, step=1e-5):
    shifts = step * np.eye(len(row))
    return np.array([(value_of(circuit, row + s) - value_of(circuit, row - s)) / (2 * step) for s in shifts])


def built(angles):
    circuit = QuantumCircuit(2)
    for k, angle in enumerate(angles):
        (circuit.ry, circuit.rx)[k % 2](angle, k % 2)
        circuit.crx(angle * 0.5, 1 - k % 2, k % 2)
        circuit.cx(0, 1)
    return circuit


@settings(max_examples=60, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_gradients_of_random_expressions(angles, seed):
    circuit = built(angles)
    program = lower(circuit, functions=True)
    row = np.random.default_rng(seed).uniform(0.1, 1.5, circuit.num_parameters)
    f, g = values_and_gradients(program, OBSERVABLE, row[None])
    assert abs(f[0] - value_of(circuit, row)) < 1e-10
    np.testing.assert_allclose(g[0], differences(circuit, row), rtol=1e-5, atol=1e-6)
    for plan in plans(pose(circuit, OBSERVABLE)).values():
        found, slopes = plan.build().value_and_gradient(row)
        assert abs(found - f[0]) < 1e-9
        np.testing.assert_allclose(slopes, g[0], rtol=1e-8, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_weights_and_data_in_one_expression(angles, seed):
    circuit = built(angles)
    data = [p for p in PARAMETERS[:2] if p in circuit.parameters]
    if len(data) == circuit.num_parameters or not data:
        return
    program = lower(circuit, inputs=data, functions=True)
    rng = np.random.default_rng(seed)
    weights, points = rng.uniform(0.1, 1.5, (2, len(program.parameters))), rng.uniform(0.1, 1.5, (2, len(data)))
    f, g = values_and_gradients(program, OBSERVABLE, weights, points)
    for k in range(2):
        bound = circuit.assign_parameters(dict(zip(data, points[k])))
        assert abs(f[k] - value_of(bound, weights[k])) < 1e-10
        np.testing.assert_allclose(g[k], differences(bound, weights[k]), rtol=1e-5, atol=1e-6)
        once = values_and_gradients(program.bind_inputs(points[k]), OBSERVABLE, weights[k : k + 1])
        np.testing.assert_allclose(once[1][0], g[k], atol=1e-12)


def test_weights_that_are_affine_stay_themselves():
    a, b, c = (Parameter(name) for name in "abc")
    circuit = QuantumCircuit(1)
    circuit.rx(2 * a, 0)
    circuit.rz(b * c, 0)
    circuit.rx(a + b, 0)
    circuit.rz(c * b, 0)
    program = lower(circuit, functions=True)
    assert program.parameters == ("a", "b", "c")
    assert program.parameter[program.rotations].tolist() == [0, 3, 0, 1, 3 if len(program.weights) == 4 else 4]
    assert program.angle_map.aperiodic().tolist() == [False, True, True]


def test_lower_refuses_unless_asked():
    a = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(a**2, 0)
    with pytest.raises(QTrainError, match="affine in each trainable parameter"):
        lower(circuit)


def test_draws_follow_the_periods():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rx(a / 2, 0)
    circuit.rz(b**2, 0)
    drawn = draw_weights(lower(circuit, functions=True), 4000, np.random.default_rng(0))
    assert 2 * np.pi < drawn[:, 0].max() < 4 * np.pi and drawn[:, 1].max() < 2 * np.pi and drawn.min() >= 0


def test_intervals_hold_the_second_moments_of_dense_quadrature():
    g, w, v = (Parameter(name) for name in "gwv")
    circuit = QuantumCircuit(2)
    circuit.ry(0.2 * g * w, 0)
    circuit.cx(0, 1)
    circuit.rx(v.sin() + 0.3 * v, 1)
    stats = qtrain.gradient_variance(circuit, OBSERVABLE, samples=20_000)
    axis = 2 * np.pi * (np.polynomial.legendre.leggauss(40)[0] + 1) / 2
    weight = np.polynomial.legendre.leggauss(40)[1] / 2
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    share = np.einsum("i,j,k->ijk", weight, weight, weight).ravel()
    slopes = values_and_gradients(lower(circuit, functions=True), OBSERVABLE, grid)[1]
    second, mean = share @ slopes**2, share @ slopes
    assert np.all(np.abs(stats.second_moment - second) < 5 * (stats.upper - stats.lower) / 3.92)
    np.testing.assert_allclose(stats.mean, mean, atol=0.1)
    np.testing.assert_allclose(stats.variance, second - mean**2, rtol=0.15)
    assert "uniform on [0, 2 pi)" in stats.reason and stats.initialization == "uniform on [0, 2 pi)"


@pytest.mark.parametrize("make", [zz_feature_map, lambda n: pauli_feature_map(n, paulis=["Z", "XX", "YZ"])])
def test_feature_maps_as_ansätze_get_a_value_for_each_parameter(make):
    report = qtrain.diagnose(make(3), "ZII", budget=qtrain.Budget(seconds=2))
    assert len(report.verdicts) == 3 == report.num_parameters
    assert all(np.isfinite(v.variance) and v.upper < np.inf for v in report.verdicts)
    assert any("drawn uniform on [0, 2 pi)" in note for note in report.notes)
    assert any("inputs='x'" in note for note in report.notes)
    assert report.simulability.surrogates
    point = np.array([0.3, 1.2, 2.2])
    wanted = Statevector(make(3).assign_parameters(point)).expectation_value(SparsePauliOp("ZII")).real
    for surrogate in report.simulability.surrogates.values():
        assert abs(surrogate.value(point) - wanted) < 1e-9


def test_wide_feature_maps_get_a_bound():
    stats = qtrain.diagnose(zz_feature_map(30), "Z" * 30, budget=qtrain.Budget(seconds=2)).gradients
    assert np.all(np.isfinite(stats.upper)) and np.all(stats.upper > 0)


def test_a_dead_angle_kills_only_the_weights_that_drive_nothing_else():
    a, b, c = (Parameter(name) for name in "abc")
    circuit = QuantumCircuit(2)
    circuit.rz(a * b, 0)  # on |0>: dead
    circuit.rx(b, 0)
    circuit.rx(c**2, 1)
    report = qtrain.diagnose(circuit, "IZ", budget=qtrain.Budget(seconds=2))
    assert [v.cause.startswith("dead") for v in report.verdicts] == [True, False, True]
    cone = qtrain.light_cone(circuit, "IZ")
    assert cone.structural.tolist() == [True, True, False]


def test_without_data_inputs_are_averaged_and_the_answer_says_so():
    x = ParameterVector("x", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(x[0], 0)
    circuit.ry(x[1], 1)
    circuit.compose(real_amplitudes(2, reps=1), inplace=True)
    stats = qtrain.gradient_variance(circuit, "IZ", inputs="x")
    assert "no data given: inputs averaged over 64 points uniform on [-pi, pi)" in stats.reason
    problem = pose(circuit, "IZ", inputs="x", seed=3)
    assert problem.data.shape == (64, 2) and np.abs(problem.data).max() < np.pi
    same = qtrain.gradient_variance(circuit, "IZ", inputs="x", data=problem.data, seed=3)
    assert np.array_equal(same.variance, qtrain.gradient_variance(circuit, "IZ", inputs="x", seed=3).variance)
    report = qtrain.diagnose(circuit, "IZ", inputs="x", budget=qtrain.Budget(seconds=2))
    assert any("no data given" in note for note in report.notes)

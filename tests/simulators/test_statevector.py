"""Batched values, gradients and states of Qiskit circuits against dense twins and against Qiskit itself."""

from __future__ import annotations

import numpy as np
import pytest
import reference_simulator as reference
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import XXPlusYYGate, efficient_su2, real_amplitudes, zz_feature_map
from qiskit.quantum_info import SparsePauliOp, Statevector

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import Simulation, states, values, values_and_gradients


def qiskit_value(circuit: QuantumCircuit, observable: SparsePauliOp, numbers: np.ndarray) -> float:
    bound = circuit.assign_parameters(dict(zip(circuit.parameters, numbers.tolist())))
    return float(Statevector(bound).expectation_value(observable).real)


def qiskit_gradient(circuit: QuantumCircuit, observable: SparsePauliOp, numbers: np.ndarray) -> np.ndarray:
    out = []
    for k in range(len(numbers)):
        e = np.eye(len(numbers))[k] * 1e-3
        f = [qiskit_value(circuit, observable, numbers + m * e) for m in (-2, -1, 1, 2)]
        out.append((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / 12e-3)
    return np.array(out)


@st.composite
def circuits(draw) -> QuantumCircuit:
    """Shared and scaled parameters, controlled rotations, fixed T gates, multi-qubit rotations."""
    n = draw(st.integers(2, 4))
    p = ParameterVector("p", 3)
    circuit = QuantumCircuit(n)
    for _ in range(draw(st.integers(1, 14))):
        a, b = draw(st.permutations(range(n)))[:2]
        angle = draw(st.sampled_from([p[0], p[1], p[2], 2 * p[0], -p[1], 0.5 * p[2] + 0.3, 1.1]))
        kind = draw(st.integers(0, 12))
        if kind < 5:
            [circuit.rx, circuit.ry, circuit.rz, circuit.p, circuit.ry][kind](angle, a)
        elif kind < 9:
            [circuit.crx, circuit.cry, circuit.cp, circuit.rzx][kind - 5](angle, a, b)
        elif kind == 9:
            circuit.append(XXPlusYYGate(angle), [a, b])
        elif kind == 10:
            circuit.t(a)
            circuit.h(b)
        elif kind == 11:
            circuit.cx(a, b)
            circuit.sdg(a)
        else:
            circuit.rxx(angle, a, b)
            circuit.swap(a, b)
    for k in range(3):  # every parameter occurs, in the order of the vector
        circuit.ry(p[k], k % n)
    return circuit


@given(circuits(), st.integers(0, 2**32 - 1))
def test_circuits_equal_qiskit(circuit, seed):
    n = circuit.num_qubits
    rng = np.random.default_rng(seed)
    observable = SparsePauliOp(["Z" * n, "X" + "I" * (n - 1), "I" * (n - 2) + "YY"], rng.normal(size=3))
    weights = rng.uniform(0, 2 * np.pi, size=(2, 3))
    f, g = values_and_gradients(lower(circuit), observable, weights)
    for b in range(2):
        assert f[b] == pytest.approx(qiskit_value(circuit, observable, weights[b]), abs=1e-10)
        np.testing.assert_allclose(g[b], qiskit_gradient(circuit, observable, weights[b]), atol=1e-8)


@pytest.mark.parametrize("n", [3, 11, 12])
def test_wide_circuits_cross_cache_blocks(n):
    circuit = efficient_su2(n, reps=2, entanglement="circular")
    program = lower(circuit)
    rng = np.random.default_rng(n)
    weights = rng.uniform(0, 2 * np.pi, size=(9, circuit.num_parameters))
    observable = SparsePauliOp(["Z" * n, "X" * n, "I" * (n - 2) + "XY"], [0.5, -1.0, 0.25])
    f, g = values_and_gradients(program, observable, weights)
    assert f[8] == pytest.approx(qiskit_value(circuit, observable, weights[8]), abs=1e-10)
    for k in rng.choice(circuit.num_parameters, 4, replace=False):
        shift = np.eye(circuit.num_parameters)[k] * np.pi / 2
        plus, minus = values(program, observable, np.stack([weights[8] + shift, weights[8] - shift]))
        assert g[8, k] == pytest.approx((plus - minus) / 2, abs=1e-10)


def test_states_are_qiskits_up_to_phase():
    circuit = real_amplitudes(4, reps=2)
    weights = np.random.default_rng(0).normal(size=(3, circuit.num_parameters))
    for vector, numbers in zip(states(lower(circuit), weights), weights):
        want = Statevector(circuit.assign_parameters(numbers)).data
        assert abs(np.vdot(want, vector)) == pytest.approx(1, abs=1e-12)


def test_inputs_differ_by_sample():
    features = zz_feature_map(3, reps=2)
    circuit = features.compose(real_amplitudes(3, reps=1))
    mixed = Parameter("w")
    circuit.rx(mixed * list(features.parameters)[0], 1)  # data times weight: a per-sample coefficient
    program = lower(circuit, inputs=list(features.parameters))
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5, 3))
    weights = rng.normal(size=(5, len(program.weights)))
    f, g = values_and_gradients(program, ["ZZZ", "XIY"], weights, x)
    assert f.shape == (5, 2)
    assert g.shape == (5, 2, len(program.weights))
    for b in range(5):
        bound = program.bind_inputs(x[b])
        for k, text in enumerate(("ZZZ", "XIY")):
            matrix = reference.label(text)
            assert f[b, k] == pytest.approx(reference.value(bound, matrix, weights[b]), abs=1e-12)
            np.testing.assert_allclose(g[b, k], reference.gradient(bound, matrix, weights[b]), atol=1e-9)


@pytest.mark.parametrize("samples", [1, 7, 8, 9, 40])
def test_threads_and_batches_change_nothing(samples):
    program = lower(efficient_su2(3, reps=2))
    weights = np.random.default_rng(1).normal(size=(40, len(program.weights)))
    whole = values_and_gradients(program, "ZZI + 0.5*IXX", weights, num_threads=1)
    part = values_and_gradients(program, "ZZI + 0.5*IXX", weights[:samples], num_threads=3)
    assert np.array_equal(whole[0][:samples], part[0])
    assert np.array_equal(whole[1][:samples], part[1])


def test_no_weights_and_no_gates():
    assert values(lower(QuantumCircuit(2)), ["ZI", "XI", "II"], np.zeros((1, 0))).tolist() == [[1.0, 0.0, 1.0]]
    f, g = values_and_gradients(lower(QuantumCircuit(2)), "ZI", np.zeros((3, 0)))
    assert f.tolist() == [1.0, 1.0, 1.0]
    assert g.shape == (3, 0)


PROGRAM = lower(efficient_su2(2, reps=1))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("ZZ", np.zeros((2, 3))), {}, "weights should have shape"),
        (("ZZ", np.zeros(8)), {}, "weights should have shape"),
        (("ZZ", np.zeros((0, 8))), {}, "at least one row"),
        (("ZZ", np.full((1, 8), np.nan)), {}, "weights should be finite"),
        (("ZZ", [["a"] * 8]), {}, "weights should be an array of real numbers"),
        (("ZZZ", np.zeros((1, 8))), {}, "observable should have 2 letters"),
        (("ZZ", np.zeros((1, 8)), np.zeros((1, 2))), {}, "inputs should be None"),
        (("ZZ", np.zeros((1, 8))), {"num_threads": 0}, "num_threads should be"),
        (([], np.zeros((1, 8))), {}, "non-empty list"),
    ],
)
def test_wrong_input_is_named(arguments, options, message):
    with pytest.raises(QTrainError, match=message):
        values_and_gradients(PROGRAM, *arguments, **options)


def test_missing_inputs_are_named():
    program = lower(zz_feature_map(2, reps=1), inputs="x")
    with pytest.raises(QTrainError, match="inputs should have shape"):
        values(program, "ZZ", np.zeros((1, 0)))
    with pytest.raises(QTrainError, match=r"of shape \(1, 2\)"):
        values(program, "ZZ", np.zeros((1, 0)), np.zeros((2, 2)))


def test_memory_is_checked_before_it_is_taken():
    program = lower(efficient_su2(26, reps=1))
    for samples, size in ((1, 5), (8, 34)):
        with pytest.raises(QTrainError, match=rf"takes {size},\d\d\d,\d\d\d,\d\d\d bytes"):
            values_and_gradients(program, "Z0", np.zeros((samples, len(program.weights))))
    wide = lower(efficient_su2(40, reps=1))
    with pytest.raises(QTrainError, match="at most 28 qubits"):
        values(wide, "Z0", np.zeros((1, len(wide.weights))))


@given(circuits(), st.integers(0, 2**32 - 1))
def test_input_states_take_the_place_of_a_preparation(circuit, seed):
    rng = np.random.default_rng(seed)
    n = circuit.num_qubits
    start = rng.normal(size=(9, 2**n)) + 1j * rng.normal(size=(9, 2**n))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    numbers = rng.uniform(-4, 4, (9, 3))
    observable = SparsePauliOp(["Z" * n, "X" * n, "Y" + "I" * (n - 1)], [1.0, 0.5, -0.3])
    found, slopes = values_and_gradients(lower(circuit), observable, numbers, start=start)
    moved = states(lower(circuit), numbers, start=start)
    for row in range(9):
        bound = circuit.assign_parameters(dict(zip(circuit.parameters, numbers[row].tolist())))
        after = Statevector(start[row]).evolve(bound)
        assert abs(np.vdot(after.data, moved[row])) == pytest.approx(1.0, abs=1e-10)
        assert found[row] == pytest.approx(after.expectation_value(observable).real, abs=1e-10)
    step = 1e-5 * np.eye(3)
    wide = np.concatenate([numbers + s for s in (*step, *-step)])
    shifted = values(lower(circuit), observable, wide, start=np.tile(start, (6, 1))).reshape(2, 3, 9)
    np.testing.assert_allclose(slopes, ((shifted[0] - shifted[1]) / 2e-5).T, atol=1e-7)


def test_input_states_of_another_shape_are_one_sentence():
    with pytest.raises(QTrainError, match=r"start should have shape \(1, 4\), a state for each sample"):
        values(lower(real_amplitudes(2, reps=1)), "ZZ", np.zeros((1, 4)), start=np.zeros((1, 8)))


@pytest.mark.parametrize(("n", "samples"), [(4, 3), (8, 1), (8, 9)])
def test_of_several_observables_the_first_one_is_differentiated(n, samples):
    """In eight lanes of samples, and where one sample takes them all."""
    program = lower(efficient_su2(n, reps=1, entanglement="linear"))
    weights = np.random.default_rng(n + samples).normal(size=(samples, len(program.parameters)))
    pair = ["Z" * n, "X" + "I" * (n - 1)]
    for observables in (pair, pair[::-1]):
        found, slopes, _ = Simulation(program, observables).run(weights, gradient=True)
        np.testing.assert_allclose(found, values(program, observables, weights), atol=1e-12)
        np.testing.assert_allclose(slopes, values_and_gradients(program, observables[0], weights)[1], atol=1e-12)

"""Diagnosis at given angles, against finite differences and simulated shots."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector

from qtrain import Budget, QTrainError
from qtrain.diagnosis.at_point import LocalDiagnosis, local


def cost(circuit: QuantumCircuit, operator: SparsePauliOp, angles: np.ndarray) -> float:
    return float(np.real(Statevector(circuit.assign_parameters(angles)).expectation_value(operator)))


def fisher(circuit: QuantumCircuit, angles: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """F_kl by central differences of the state: slow and obvious."""

    def state(x: np.ndarray) -> np.ndarray:
        return Statevector(circuit.assign_parameters(x)).data

    psi, basis = state(angles), step * np.eye(len(angles))
    d = np.array([(state(angles + e) - state(angles - e)) / (2 * step) for e in basis])
    overlap = d.conj() @ psi
    return 4 * np.real(d.conj() @ d.T - np.outer(overlap, overlap.conj()))


def tied() -> QuantumCircuit:
    """A shared parameter with slopes 1 and -2, a controlled rotation, a fixed rotation."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.ry(a, 0)
    circuit.crx(b, 0, 1)
    circuit.rz(0.3, 1)
    circuit.cx(1, 2)
    circuit.rx(-2 * a + 0.1, 2)
    circuit.rzz(b, 0, 2)
    return circuit


CIRCUITS = {
    "tied": (tied(), SparsePauliOp(["ZII", "IXX", "IIZ"], [1.0, 0.5, -0.7])),
    "real_amplitudes": (real_amplitudes(3, reps=2), SparsePauliOp(["IIZ", "XXI"], [1.0, 0.3])),
    "efficient_su2": (efficient_su2(3, reps=1), SparsePauliOp("ZZZ")),
}


@pytest.mark.parametrize("name", sorted(CIRCUITS))
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_value_gradient_and_fisher_rank(name, seed):
    circuit, operator = CIRCUITS[name]
    angles = np.random.default_rng(seed).uniform(-math.pi, math.pi, circuit.num_parameters)
    result = local(circuit, operator, angles)
    assert result.value == pytest.approx(cost(circuit, operator, angles), abs=1e-10)
    step = 1e-5 * np.eye(len(angles))
    slopes = [
        (cost(circuit, operator, angles + e) - cost(circuit, operator, angles - e)) / 2e-5 for e in step
    ]
    np.testing.assert_allclose(result.gradient, slopes, atol=1e-8)
    spectrum = np.linalg.eigvalsh(fisher(circuit, angles))
    np.testing.assert_allclose(result.qfim_eigenvalues, spectrum, atol=1e-7)
    assert np.sum(spectrum > 1e-6) <= result.qfim_rank <= len(angles)


def test_fisher_rank_of_a_product_and_of_repeated_rotations():
    circuit = QuantumCircuit(2)
    for k, qubit in enumerate((0, 0, 1)):
        circuit.ry(Parameter(f"t{k}"), qubit)
    result = local(circuit, "ZZ", [0.3, 0.4, 0.5])
    assert result.qfim_rank == 2
    np.testing.assert_allclose(result.qfim_eigenvalues, [0, 1, 2], atol=1e-12)


def test_shots_of_one_rotation_in_closed_form():
    """f = cos t: the shifted values are -sin t and sin t, each shot has variance cos^2 t; V = cos^2 t / 2 per pair."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    for angle in (0.05, 0.3, 1.2):
        result = local(circuit, "Z", [angle])
        assert result.shots[0] == 2 * max(1, math.ceil(math.cos(angle) ** 2 / 2 / math.sin(angle) ** 2))
    assert local(circuit, "Z", [0.0]).shots[0] == math.inf
    assert local(circuit, "Z", [0.0]).step_shots == 0.0


def test_shots_give_a_signal_to_noise_ratio_of_one():
    """Simulated parameter shift with the shots that were asked for, one Pauli term: the spread is the gradient."""
    circuit, operator = real_amplitudes(3, reps=1), SparsePauliOp("IIZ")
    angles = np.array([0.1, 1.3, -0.4, 0.05, 0.2, 2.0])
    result = local(circuit, operator, angles)
    random = np.random.default_rng(1)
    checked = 0
    for k in np.flatnonzero(np.isfinite(result.shots) & (result.shots > 40)):
        per_value = int(result.shots[k]) // 2
        means = [cost(circuit, operator, angles + s * math.pi / 2 * np.eye(6)[k]) for s in (1, -1)]
        drawn = [2 * random.binomial(per_value, (1 + m) / 2, size=20_000) / per_value - 1 for m in means]
        spread = np.std((drawn[0] - drawn[1]) / 2)
        assert spread == pytest.approx(abs(result.gradient[k]), rel=0.05)
        checked += 1
    assert checked >= 1


def test_resolved_follows_the_budget():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    needed = math.ceil(math.cos(0.01) ** 2 / 2 / math.sin(0.01) ** 2)
    assert local(circuit, "Z", [0.01], shots=needed).resolved.tolist() == [True]
    assert local(circuit, "Z", [0.01], shots=needed - 1).resolved.tolist() == [False]


def test_round_trip_and_memory_budget():
    circuit, operator = CIRCUITS["tied"]
    result = local(circuit, operator, [0.1, 0.2])
    again = LocalDiagnosis.from_json(result.to_json())
    assert again.to_json() == result.to_json() and again.resolved.dtype == bool
    hasty = local(circuit, operator, [0.1, 0.2], budget=Budget(seconds=1e-9))
    assert hasty.qfim_rank is None and hasty.qfim_eigenvalues is None and hasty.value == result.value
    small = local(circuit, operator, [0.1, 0.2], budget=Budget(memory_bytes=100))
    assert small.qfim_rank is small.qfim_eigenvalues is None and math.isnan(small.qfim_condition)
    np.testing.assert_array_equal(small.gradient, result.gradient)


@pytest.mark.parametrize("angles, options, message", [
    ([0.1], {}, r"angles should be of shape \(2,\), one per parameter. Got \(1,\)"),
    ([0.1, math.nan], {}, "angles should be finite. Got nan"),
    ([0.1, 0.2], {"shots": 0}, "shots should be a whole number, at least 1. Got 0"),
])  # fmt: skip
def test_wrong_input(angles, options, message):
    with pytest.raises(QTrainError, match=message):
        local(tied(), "ZII", angles, **options)

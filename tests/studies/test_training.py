"""The short training: gradients against finite differences, Adam against a plain loop, known optima."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import values
from qtrain.studies.spec.search_spec import TrainingSpec, read_spec
from qtrain.studies.tasks.task import Task
from qtrain.studies.training import adam, initial_weights, logistic, relative_energy, score, train


def energy_task(n=3, **task):
    return read_spec({"name": "t", "qubits": n, "task": {"kind": "tfim"} | task}).task.build(n)


def tiny_classifier():
    """One qubit per feature, class by the sign of cos x_0: RY(x) then Z on qubit 0 solves it."""
    rng = np.random.default_rng(0)
    x, encoding = ParameterVector("x", 2), QuantumCircuit(2)
    for q in range(2):
        encoding.ry(x[q], q)
    data = rng.uniform(0, np.pi, (60, 2))
    targets = np.sign(np.cos(data[:, :1]))
    parts = {"train": slice(0, 30), "validation": slice(30, 45), "test": slice(45, 60)}
    fields = {name: data[rows] for name, rows in parts.items()}
    fields |= {f"{name}_targets": targets[rows] for name, rows in parts.items()}
    return Task("tiny", 2, (SparsePauliOp("IZ"),), encoding, **fields)


def test_adam_is_the_textbook_loop():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(3, 3))

    def gradient(w, step):
        return ((w @ matrix) ** 2).sum(axis=1), 2 * (w @ matrix) @ matrix.T

    start = rng.normal(size=(2, 3))
    end, curve = adam(gradient, start, steps=25, learning_rate=0.05)
    for row, (w, losses) in enumerate(zip(start.copy(), curve.T)):
        m = v = np.zeros(3)
        for t in range(1, 26):
            loss, g = (x[0] for x in gradient(w[None], t))
            assert losses[t - 1] == pytest.approx(loss)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(end[row], w, atol=1e-6)


def test_ground_state_is_reached_by_an_ansatz_that_holds_it():
    task = energy_task(3)
    training = TrainingSpec(steps=300, starts=4, initialization="uniform")
    found = train(lower(real_amplitudes(3, reps=3)), task, training, seed=5)
    assert found.losses.min() < 1e-3 and found.losses.shape == (4,)
    assert found.loss == pytest.approx(found.losses.mean())
    assert found.best == found.losses.argmin()
    assert found.metrics["energy"] >= task.lowest - 1e-9
    best = training.model_copy(update={"aggregate": "best"})
    assert train(lower(real_amplitudes(3, reps=3)), task, best, seed=5).loss == found.losses.min()


def test_starts_are_independent_and_seeded():
    task, program = energy_task(3), lower(real_amplitudes(3, reps=1))
    three = train(program, task, TrainingSpec(steps=20, starts=3), seed=2)
    again = train(program, task, TrainingSpec(steps=20, starts=3), seed=2)
    np.testing.assert_array_equal(three.weights, again.weights)
    assert not np.allclose(three.weights[0], three.weights[1])
    first = train(program, task, TrainingSpec(steps=20, starts=1), seed=2)
    np.testing.assert_allclose(first.weights[0], three.weights[0], atol=1e-10)


@pytest.mark.parametrize("kind, spread", [
    ("uniform", np.pi / np.sqrt(3)), ("gaussian:0.3", 0.3), ("small:0.3", 0.3 / np.sqrt(3)), ("zero", 0.0),
])
def test_initial_angles(kind, spread):
    """In the words of ``qtrain.diagnose``: "small:W" is uniform within ±W, "gaussian:W" has the standard deviation W."""
    angles = initial_weights(2000, TrainingSpec(initialization=kind, starts=2), 3)
    assert angles.shape == (2, 2000) and angles.std() == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("readouts", [1, 3])
def test_logistic_slope_is_the_finite_difference(readouts):
    rng = np.random.default_rng(readouts)
    outputs = rng.uniform(-1, 1, (4, readouts))
    targets = rng.choice([-1.0, 1.0], (4, 1)) if readouts == 1 else 2.0 * np.eye(3)[[0, 2, 1, 1]] - 1
    loss, slope = logistic(outputs, targets)
    for k in range(readouts):
        step = np.zeros_like(outputs)
        step[:, k] = 1e-6
        up, down = logistic(outputs + step, targets)[0], logistic(outputs - step, targets)[0]
        np.testing.assert_allclose(slope[:, k], (up - down) / 2e-6, atol=1e-6)


def test_classifier_gradient_is_the_finite_difference():
    task = tiny_classifier()
    program = lower(task.compose(real_amplitudes(2, reps=1)), inputs=task.inputs)
    training = TrainingSpec(steps=1, starts=2, batch_size=1000, learning_rate=1.0, initialization="uniform", folds=1)
    found = train(program, task, training, seed=4)
    start = initial_weights(len(program.weights), training, 4)

    def loss(weights):
        outputs = values(program, list(task.observables), np.tile(weights, (30, 1)), task.train)
        return logistic(outputs, task.train_targets)[0].mean()

    assert found.curve[0] == pytest.approx([loss(w) for w in start])
    for w, after in zip(start, found.weights):
        slope = np.array([(loss(w + s) - loss(w - s)) / 2e-5 for s in 1e-5 * np.eye(len(w))])
        np.testing.assert_allclose((w - after) * (np.abs(slope) > 1e-4), np.sign(slope) * (np.abs(slope) > 1e-4), atol=1e-2)


def test_classifier_learns_and_reports_data_it_never_saw():
    task = tiny_classifier()
    program = lower(task.compose(real_amplitudes(2, reps=1)), inputs=task.inputs)
    found = train(program, task, TrainingSpec(steps=60, starts=2), seed=0)
    assert found.metrics["train_accuracy"] > 0.9 and found.metrics["test_accuracy"] > 0.9
    outputs = values(program, list(task.observables), np.tile(found.weights[0], (15, 1)), task.validation)
    assert found.losses[0] == pytest.approx(logistic(outputs, task.validation_targets)[0].mean())
    hidden = dataclasses.replace(task, test=task.test[:, ::-1], test_targets=-task.test_targets)
    assert train(program, hidden, TrainingSpec(steps=60, starts=2), seed=0).loss == found.loss


def test_accuracy_of_several_classes():
    program = lower(QuantumCircuit(2).compose(real_amplitudes(2, reps=1)))
    task = Task("t", 2, (SparsePauliOp("IZ"), SparsePauliOp("ZI")), QuantumCircuit(2))
    outputs = values(program, list(task.observables), np.tile([0.3, 2.0, 0.1, 0.2], (2, 1)))
    targets = np.where(np.arange(2) == outputs[0].argmax(), 1.0, -1.0)
    found = score(program, task, np.array([0.3, 2.0, 0.1, 0.2]), np.zeros((2, 0)), np.stack([targets, -targets]))
    assert found[1] == 0.5


def test_relative_energy():
    np.testing.assert_allclose(relative_energy(np.array([-4.0, -3.0, -4.0 - 1e-12]), -4.0), [0, 0.25, 0])
    np.testing.assert_allclose(relative_energy(np.array([-4.0]), None), [-4.0])


def test_nothing_to_train_is_one_sentence():
    with pytest.raises(QTrainError, match="at least one parameter to train"):
        train(lower(QuantumCircuit(3)), energy_task(3), TrainingSpec(), seed=0)

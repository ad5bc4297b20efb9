"""The short training: gradients against finite differences, known optima, what starts and losses mean."""

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
from qtrain.growth.clifford_points import clifford_point
from qtrain.simulators.statevector import values
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.losses import logistic
from qtrain.studies.tasks.task import Task
from qtrain.studies.training import initial_weights, relative_energy, score, train


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


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_losses_are_those_of_the_weights_and_evaluations_are_counted(optimizer):
    task, program = energy_task(4), lower(real_amplitudes(4, reps=2))
    spec = TrainingSpec(steps=40, starts=3, optimizer=optimizer, learning_rate=0.3)
    found = train(program, task, spec, seed=1)
    energies = values(program, task.observables[0], found.weights)
    np.testing.assert_allclose(relative_energy(energies, task.lowest), found.losses, atol=1e-12)
    assert found.evaluations <= 120 and len(found.curve) <= 40
    assert (relative_energy(found.curve, task.lowest) >= found.losses - 1e-12).all()


def test_lbfgs_goes_further_than_adam_with_as_many_gradients():
    task, program = energy_task(4), lower(real_amplitudes(4, reps=3))
    adam, lbfgs = (
        train(program, task, TrainingSpec(steps=60, starts=4, optimizer=name), seed=3) for name in ("adam", "lbfgs")
    )
    assert lbfgs.evaluations <= adam.evaluations and lbfgs.losses.min() < adam.losses.min()


def test_halving_spends_less_and_names_the_best_start():
    task, program = energy_task(4), lower(real_amplitudes(4, reps=2))
    spec = TrainingSpec(steps=60, starts=8, aggregate="best")
    whole = train(program, task, spec, seed=1)
    halved = train(program, task, spec.model_copy(update={"halving": 2}), seed=1)
    assert halved.evaluations == 60 * (8 + 4 + 2 + 1) / 4 < whole.evaluations
    assert halved.loss == halved.losses.min() and halved.losses.shape == (8,)
    assert (halved.losses >= whole.losses - 1e-12).all()  # the same ways, some of them cut


def test_given_angles_are_where_it_begins():
    task, program = energy_task(3), lower(real_amplitudes(3, reps=2))
    first = train(program, task, TrainingSpec(steps=150, starts=1, optimizer="lbfgs"), seed=0)
    again = train(program, task, TrainingSpec(steps=1, starts=3), seed=0, start=first.weights[0])
    assert again.losses.shape == (1,)  # as many starts as are given
    assert again.curve[0, 0] == pytest.approx(first.metrics["energy"], abs=1e-9)
    assert again.loss <= first.loss + 1e-9
    two = np.stack([first.weights[0], np.zeros(9)])
    assert train(program, task, TrainingSpec(steps=1), seed=0, start=two).losses.shape == (2,)
    with pytest.raises(QTrainError, match=r"start should have shape \(starts, 9\)"):
        train(program, task, TrainingSpec(), seed=0, start=np.zeros((2, 8)))


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


def test_clifford_starts_lie_around_points_of_low_energy():
    task, program = energy_task(4), lower(real_amplitudes(4, reps=2))
    point = clifford_point(program, task.observables[0]).energy
    energies = [
        train(program, task, TrainingSpec(initialization=word, starts=4, steps=1), seed=s).curve[0]
        for word, s in (("clifford:1e-9", 0), ("clifford", 0), ("clifford", 0), ("clifford", 1))
    ]
    assert energies[0].min() == pytest.approx(point, abs=1e-6)
    assert energies[0].max() < 0.5 * point
    np.testing.assert_array_equal(energies[1], energies[2])
    assert not np.allclose(energies[1], energies[3])


@pytest.mark.parametrize("word, said", [("clifford:x", "positive width"), ("clifford:-1", "positive width")])
def test_clifford_widths_are_numbers(word, said):
    with pytest.raises(QTrainError, match=said):
        read_spec({"name": "a", "qubits": 4, "task": {"kind": "tfim"}, "training": {"initialization": word}})


def test_clifford_starts_want_one_cost():
    with pytest.raises(QTrainError, match="'clifford' for a task without data"):
        read_spec({"name": "a", "qubits": 4, "task": {"kind": "classification", "data": "iris", "classes": ["setosa", "virginica"]}, "training": {"initialization": "clifford"}})


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


def test_lbfgs_sees_all_the_data_of_a_start_at_every_step():
    task = tiny_classifier()
    program = lower(task.compose(real_amplitudes(2, reps=1)), inputs=task.inputs)
    found = train(program, task, TrainingSpec(steps=30, starts=2, optimizer="lbfgs", batch_size=3, folds=1), seed=0)
    outputs = values(program, list(task.observables), np.tile(found.weights[found.best], (30, 1)), task.train)
    loss = logistic(outputs, task.train_targets)[0].mean()
    assert found.curve[:, found.best].min() == pytest.approx(loss)
    assert found.metrics["train_accuracy"] > 0.9


def test_accuracy_of_several_classes():
    program = lower(QuantumCircuit(2).compose(real_amplitudes(2, reps=1)))
    task = Task("t", 2, (SparsePauliOp("IZ"), SparsePauliOp("ZI")), QuantumCircuit(2))
    outputs = values(program, list(task.observables), np.tile([0.3, 2.0, 0.1, 0.2], (2, 1)))
    targets = np.where(np.arange(2) == outputs[0].argmax(), 1.0, -1.0)
    found = score(program, task, np.array([0.3, 2.0, 0.1, 0.2]), np.zeros((2, 0)), np.stack([targets, -targets]))
    assert found["accuracy"] == 0.5


def test_relative_energy():
    np.testing.assert_allclose(relative_energy(np.array([-4.0, -3.0, -4.0 - 1e-12]), -4.0), [0, 0.25, 0])
    np.testing.assert_allclose(relative_energy(np.array([-4.0]), None), [-4.0])


def test_nothing_to_train_is_one_sentence():
    with pytest.raises(QTrainError, match="at least one parameter to train"):
        train(lower(QuantumCircuit(3)), energy_task(3), TrainingSpec(), seed=0)

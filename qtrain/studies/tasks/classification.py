"""Circuits that learn from data: features as angles or quantum states, a readout per class or number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qtrain.errors import QTrainError
from qtrain.studies.tasks.datasets import DataSet, DataTask, SplitTask, load_data
from qtrain.studies.tasks.losses import CROSS_ENTROPY, Loss
from qtrain.studies.tasks.task import Task, register_task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp


@register_task
class ClassificationTask(DataTask):
    """A classifier: angle-encoded features, one observable Z_q per class (binary: Z on qubit 0)."""

    kind: Literal["classification"]

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        data = load_data(self, num_qubits)
        return learning(self, f"classification of {self.data}", data, targets_of(data), num_qubits, readouts=None)


def learning(
    spec: SplitTask, name: str, data: DataSet, targets: tuple[np.ndarray, np.ndarray], num_qubits: int, *,
    readouts: Sequence[SparsePauliOp] | None, loss: Loss = CROSS_ENTROPY,
) -> Task:  # fmt: skip
    """The task on a data set.

    Args:
        targets: of its training part and of its test part, (samples, outputs).
        readouts: what is measured, None: Z on a qubit for each output.
        loss: between readouts and targets.
    """
    from qiskit.quantum_info import SparsePauliOp

    count = targets[0].shape[1]
    if readouts is None and count > num_qubits:
        what = "classes" if data.classes else "outputs"
        raise QTrainError(f"qubits should be at least the number of {what}, {count}. Got {num_qubits}.")
    observables = tuple(readouts or (
        SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], num_qubits=num_qubits) for q in range(count)
    ))  # fmt: skip
    encoding, train, test = _encode(spec, data, num_qubits)
    held = _held_out(data.train_labels if data.classes else np.zeros(len(train)), spec.data_seed)
    return Task(
        name, num_qubits, observables, encoding, train[~held], targets[0][~held], train[held], targets[0][held], test,
        targets[1], prepares=data.quantum, references=_references(data), loss=loss,
    )  # fmt: skip


def _held_out(labels: np.ndarray, seed: int) -> np.ndarray:
    """(samples,) bool: a quarter of each class, at least one sample of it."""
    rng = np.random.default_rng([seed, 2])
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        held[rows[: max(1, len(rows) // 4)]] = True
    return held


def _encode(task: SplitTask, data: DataSet, n: int) -> tuple[QuantumCircuit, np.ndarray, np.ndarray]:
    if data.quantum:
        from qtrain.studies.tasks.state_data import prepare_states

        circuit, angles = prepare_states(np.concatenate([data.train, data.test]))
        return circuit, angles[: len(data.train)], angles[len(data.train) :]
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    circuit, x = QuantumCircuit(n), ParameterVector("x", n)
    for q in range(n):
        getattr(circuit, task.encoding)(x[q], q)
    return circuit, data.train, data.test


def targets_of(data: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """(samples, readouts) of ±1: the class's readout at +1 (binary: class 0 at +1, class 1 at −1)."""
    count = len(data.classes)
    if count == 2:
        return (1.0 - 2.0 * data.train_labels)[:, None], (1.0 - 2.0 * data.test_labels)[:, None]
    first, second = (
        2.0 * (labels[:, None] == np.arange(count)[None, :]) - 1.0 for labels in (data.train_labels, data.test_labels)
    )
    return first, second


def _references(data: DataSet) -> dict[str, float]:
    """Test accuracy (R² of numbers) of classical models on what one or two qubits of the encoded data show."""
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.svm import SVC, SVR

    one = [_moments(part, data.quantum, 1) for part in (data.train, data.test)]
    two = [_moments(part, data.quantum, 2) for part in (data.train, data.test)]
    if data.classes:
        figure, linear, machine = "accuracy", LogisticRegression(max_iter=2000), SVC()
        scores = {"majority_accuracy": float(np.bincount(data.test_labels).max() / len(data.test_labels))}
    else:
        figure, linear, machine = "r2", RidgeCV(np.logspace(-3, 3, 7)), MultiOutputRegressor(SVR())
        scores = {}
    given = (("one_body", linear, one), ("two_body", linear, two), ("svm", machine, one))
    for name, model, (a, b) in given:
        fitted = model.fit(a, data.train_labels)
        scores[f"{name}_{figure}"] = float(fitted.score(b, data.test_labels))
    best = max(scores.values())
    scores["trivial"] = float(scores[f"one_body_{figure}"] >= max(0.95, best - 0.01))
    return scores


def _moments(part: np.ndarray, quantum: bool, order: int) -> np.ndarray:
    """⟨Z_q⟩, ⟨X_q⟩ of every sample (and products of two of them, for order 2)."""
    if quantum:
        n = int(math.log2(part.shape[1]))
        groups = [[1 << q for q in range(n)], [1 << a | 1 << b for a in range(n) for b in range(a)]]
        columns = []
        for masks in groups[:order]:
            odd = np.bitwise_count(np.arange(2**n)[:, None] & np.array(masks)) & 1
            columns.append(np.abs(part) ** 2 @ (1.0 - 2.0 * odd))
            flipped = [(part.conj() * part[:, np.arange(2**n) ^ mask]).sum(axis=1).real for mask in masks]
            columns.append(np.stack(flipped, axis=1))
        return np.concatenate(columns, axis=1)
    base = np.concatenate([np.cos(part), np.sin(part)], axis=1)
    if order == 1:
        return base
    a, b = np.tril_indices(base.shape[1], -1)
    return np.concatenate([base, base[:, a] * base[:, b]], axis=1)

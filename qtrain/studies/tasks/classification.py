"""Classifiers: features as angles or quantum states as data, one readout per class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from qtrain.errors import QTrainError
from qtrain.studies.tasks.datasets import DataSet, DataTask, load_data
from qtrain.studies.tasks.task import Task, register_task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


@register_task
class ClassificationTask(DataTask):
    """A classifier: angle-encoded features, one observable Z_q per class (binary: Z on qubit 0)."""

    kind: Literal["classification"]
    encoding: Literal["ry", "rx"] = "ry"

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        from qiskit.quantum_info import SparsePauliOp

        data = load_data(self, num_qubits)
        encoding, train, test = _encode(self, data, num_qubits)
        count = 1 if len(data.classes) == 2 else len(data.classes)
        if count > num_qubits:
            raise QTrainError(f"qubits should be at least the number of classes, {count}. Got {num_qubits}.")
        observables = tuple(
            SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], num_qubits=num_qubits) for q in range(count)
        )
        targets = _targets(data.train_labels, count)
        held = _held_out(data.train_labels, self.data_seed)
        return Task(
            f"classification of {self.data}", num_qubits, observables, encoding, train[~held], targets[~held],
            train[held], targets[held], test, _targets(data.test_labels, count), prepares=data.quantum,
            references=_references(data),
        )  # fmt: skip


def _held_out(labels: np.ndarray, seed: int) -> np.ndarray:
    """(samples,) bool: a quarter of each class, at least one sample of it."""
    rng = np.random.default_rng([seed, 2])
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        held[rows[: max(1, len(rows) // 4)]] = True
    return held


def _encode(task: ClassificationTask, data: DataSet, n: int) -> tuple[QuantumCircuit, np.ndarray, np.ndarray]:
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


def _targets(labels: np.ndarray, count: int) -> np.ndarray:
    """(samples, readouts) of ±1: the class's readout at +1 (binary: class 0 at +1, class 1 at −1)."""
    if count == 1:
        return (1.0 - 2.0 * labels)[:, None]
    return 2.0 * (labels[:, None] == np.arange(count)[None, :]) - 1.0


def _references(data: DataSet) -> dict[str, float]:
    """Test accuracy of classical models on what a measurement of one or two qubits of the encoded data shows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    majority = float(np.bincount(data.test_labels).max() / len(data.test_labels))
    one = [_moments(part, data.quantum, 1) for part in (data.train, data.test)]
    two = [_moments(part, data.quantum, 2) for part in (data.train, data.test)]
    scores = {"majority_accuracy": majority}
    for name, (a, b) in (("one_body_accuracy", one), ("two_body_accuracy", two)):
        model = LogisticRegression(max_iter=2000).fit(a, data.train_labels)
        scores[name] = float(model.score(b, data.test_labels))
    scores["svm_accuracy"] = float(SVC().fit(one[0], data.train_labels).score(one[1], data.test_labels))
    best = max(scores.values())
    scores["trivial"] = float(scores["one_body_accuracy"] >= max(0.95, best - 0.01))
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

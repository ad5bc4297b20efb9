"""Tasks, what a circuit is trained for: a ground state (an observable) or a classifier (data and readouts)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture import topology
from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.spec.task_specs import (
    ClassificationSpec,
    HamiltonianSpec,
    HeisenbergSpec,
    MaxCutSpec,
    TaskSpec,
    TfimSpec,
    XxzSpec,
)
from qtrain.studies.tasks.datasets import DataSet, load_data

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

EXACT_QUBITS = 16


@dataclass(frozen=True, eq=False)
class Task:
    """A task on ``num_qubits`` qubits.

    Attributes:
        observables: one Hamiltonian, or a readout per class (binary: one).
        encoding: of the data, before the ansatz, with parameters ``x``; None for a ground state.
        train, validation, test: (samples, num_inputs) inputs of the encoding; targets: (samples, readouts) of ±1. The
            task loss is the validation part's; the test part only ever gets reported.
        prepares: the encoding prepares given quantum states; a training computes them once.
        lowest, highest: ends of the Hamiltonian's spectrum, None where it was not computed.
        references: figures to compare a trained circuit with.
    """

    name: str
    num_qubits: int
    observables: tuple[SparsePauliOp, ...]
    encoding: QuantumCircuit | None = None
    train: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    train_targets: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    validation: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    validation_targets: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    test: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    test_targets: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    prepares: bool = False
    lowest: float | None = None
    highest: float | None = None
    references: dict[str, float] = field(default_factory=dict)

    @property
    def is_classifier(self) -> bool:
        """Trained on data."""
        return self.encoding is not None

    @cached_property
    def scaled_observable(self) -> SparsePauliOp:
        """What gradients are measured with: traceless, Σ c² = 1, so that V is comparable between tasks."""
        operator = self.observables[0]
        terms = operator[operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)]
        norm = float(np.linalg.norm(terms.coeffs))
        if len(terms) == 0 or norm == 0:
            raise QTrainError("task should have a term that is not the identity. Got a constant Hamiltonian.")
        return SparsePauliOp(terms.paulis, terms.coeffs / norm)

    def compose(self, ansatz: QuantumCircuit, uploads: int = 1) -> QuantumCircuit:
        """The whole circuit: encoding, then ansatz; ``uploads`` times in turns, each with weights of its own."""
        if self.encoding is None:
            return ansatz
        if uploads == 1:
            return self.encoding.compose(ansatz)
        from qtrain.qml.qnn import encode

        return encode(ansatz, feature_map=self.encoding, reuploads=uploads)[0]

    def ansatz_of(self, ansatz: QuantumCircuit, uploads: int) -> QuantumCircuit:
        """All that comes after the first encoding; later encodings with the first training sample as their data."""
        if self.encoding is None or uploads == 1:
            return ansatz
        from qiskit import QuantumCircuit

        whole = self.compose(ansatz, uploads)
        sample = dict(zip(self.encoding.parameters, self.train[0], strict=True))
        rest = QuantumCircuit(whole.num_qubits, metadata=ansatz.metadata)
        for item in whole.data[len(self.encoding.data) :]:
            rest.append(item)
        return rest.assign_parameters(sample)

    @cached_property
    def prepared(self) -> dict[str, np.ndarray]:
        """(samples, 2**n) encoded states of the "train", "validation" and "test" parts."""
        from qtrain.circuits.program import lower
        from qtrain.simulators.statevector import states

        if self.encoding is None:
            raise QTrainError("task should have data for this. Got a ground state.")
        program = lower(self.encoding, inputs=self.inputs)
        return {
            part: states(program, np.zeros((len(rows), 0)), rows)
            for part, rows in (("train", self.train), ("validation", self.validation), ("test", self.test))
        }

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The encoding's parameters."""
        return () if self.encoding is None else tuple(self.encoding.parameters)


def build_task(spec: SearchSpec, *, device_edges: topology.Edges | None = None) -> Task:
    """The task of a spec.

    Args:
        spec: a validated spec.
        device_edges: couplings that a model with ``graph = "device"`` lives on.

    Raises:
        QTrainError: terms that cannot be read, of the wrong width or not Hermitian; data that cannot be used.
    """
    if isinstance(spec.task, ClassificationSpec):
        return _classifier(spec.task, spec.qubits)
    operator = _hamiltonian(spec.task, spec.qubits, device_edges)
    lowest, highest = extremes(operator)
    references = {} if lowest is None else {"exact_energy": lowest}
    if isinstance(spec.task, MaxCutSpec) and lowest is not None:
        references["max_cut"] = -lowest
    return Task(
        spec.task.kind, spec.qubits, (operator,), lowest=lowest, highest=highest, references=references
    )


def _hamiltonian(task: TaskSpec, n: int, device_edges: topology.Edges | None) -> SparsePauliOp:
    if isinstance(task, HamiltonianSpec):
        return _from_terms(task, n)
    if isinstance(task, MaxCutSpec):
        return max_cut(task.edges or random_regular(task.degree, n, task.seed), n)
    graph = getattr(task, "graph", "line")
    if graph == "device" and device_edges is None:
        raise QTrainError(
            "task.graph should be 'line' or 'ring' where the spec has no device with edges. Got 'device'."
        )
    pairs = device_edges if graph == "device" and device_edges is not None else topology.edges(graph, n)
    if isinstance(task, TfimSpec):
        return spin_model(n, pairs, z=(-task.coupling), field_x=-task.field)
    if isinstance(task, XxzSpec):
        c = task.coupling
        return spin_model(n, pairs, x=c, y=c, z=c * task.anisotropy, field_z=task.field)
    assert isinstance(task, HeisenbergSpec)
    return spin_model(n, pairs, x=task.jx, y=task.jy, z=task.jz, field_z=task.field)


def spin_model(
    n: int,
    pairs: Any,
    *,
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    field_x: float = 0.0,
    field_z: float = 0.0,
) -> SparsePauliOp:
    """Σ over pairs of (x XX + y YY + z ZZ) + Σ over qubits of (field_x X + field_z Z).

    Example:
        >>> spin_model(2, [(0, 1)], z=-1.0, field_x=-0.5).to_list()
        [('ZZ', (-1+0j)), ('IX', (-0.5+0j)), ('XI', (-0.5+0j))]
    """
    terms = [(2 * letter, [a, b], c) for letter, c in zip("XYZ", (x, y, z)) if c for a, b in pairs]
    terms += [(letter, [q], c) for letter, c in (("X", field_x), ("Z", field_z)) if c for q in range(n)]
    if not terms:
        raise QTrainError(
            "the Hamiltonian should have a term that is not zero. Got all couplings and fields 0."
        )
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)


def max_cut(edges: Any, n: int) -> SparsePauliOp:
    """−Σ (1 − Z_a Z_b)/2: its lowest value is minus the largest cut.

    Example:
        >>> max_cut([(0, 1), (1, 2), (0, 2)], 3).to_list()[0]
        ('III', (-1.5+0j))
    """
    unique = sorted({(min(e), max(e)) for e in edges})
    terms = [("", [], -0.5 * len(unique))] + [("ZZ", list(e), 0.5) for e in unique]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)


def random_regular(degree: int, n: int, seed: int) -> topology.Edges:
    """Edges of a connected random regular graph."""
    import networkx as nx

    for attempt in range(100):
        graph = nx.random_regular_graph(degree, n, seed=seed + 7919 * attempt)
        if nx.is_connected(graph):
            break
    return tuple(sorted((min(e), max(e)) for e in graph.edges))


def _from_terms(task: HamiltonianSpec, n: int) -> SparsePauliOp:
    text = task.terms
    if task.file is not None:
        try:
            lines = Path(task.file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise QTrainError(
                f"task.file should be a text file of Pauli terms. Got {task.file!r}: {error}."
            ) from None
        text = " + ".join(_term(line) for line in lines if line.strip() and not line.strip().startswith("#"))
        if not text:
            raise QTrainError(
                f"task.file should hold a Pauli term on each line. Got {task.file!r}, which has none."
            )
    operator = as_observable(_signs(str(text)), n)
    return operator + SparsePauliOp("I" * n, [task.constant]) if task.constant else operator


def _term(line: str) -> str:
    """ "-0.81 IIZ", "IIZ -0.81", "-0.81 * IIZ" → "-0.81*IIZ"."""
    parts = line.partition("#")[0].replace("*", " ").replace(",", " ").split()
    numbers, rest = [], []
    for part in parts:
        try:
            numbers.append(float(part))
        except ValueError:
            rest.append(part)
    if len(numbers) > 1 or not rest:
        raise QTrainError(f"task.file should hold lines such as '-0.81 IIZ'. Got {line.strip()!r}.")
    return f"{numbers[0] if numbers else 1.0!r}*{' '.join(rest)}"


def _signs(text: str) -> str:
    return text.replace("+ -", "- ").replace("+-", "- ")


def extremes(operator: SparsePauliOp) -> tuple[float | None, float | None]:
    """Lowest and highest eigenvalue, (None, None) beyond ``EXACT_QUBITS`` qubits."""
    n = operator.num_qubits
    if n > EXACT_QUBITS:
        return None, None
    if not operator.paulis.x.any():
        odd = np.bitwise_count(np.arange(2**n)[:, None] & _masks(operator)[None, :]) & 1
        signs = 1.0 - 2.0 * odd
        values = signs @ operator.coeffs.real
        return float(values.min()), float(values.max())
    if n <= 6:
        values = np.linalg.eigvalsh(operator.to_matrix())
        return float(values[0]), float(values[-1])
    from scipy.sparse.linalg import eigsh

    matrix = operator.to_matrix(sparse=True).tocsr()
    matrix = matrix.real if abs(matrix.imag).max() == 0 else matrix
    start = np.random.default_rng(0).normal(size=2**n)  # the same digits every time
    low, high = (
        float(eigsh(matrix, k=1, which=w, v0=start, return_eigenvectors=False)[0]) for w in ("SA", "LA")
    )
    return low, high


def _masks(operator: SparsePauliOp) -> np.ndarray:
    return operator.paulis.z.astype(np.int64) @ (1 << np.arange(operator.num_qubits, dtype=np.int64))


def _classifier(task: ClassificationSpec, n: int) -> Task:
    data = load_data(task, n)
    encoding, train, test = _encode(task, data, n)
    count = 1 if len(data.classes) == 2 else len(data.classes)
    if count > n:
        raise QTrainError(f"qubits should be at least the number of classes, {count}. Got {n}.")
    observables = tuple(SparsePauliOp.from_sparse_list([("Z", [q], 1.0)], num_qubits=n) for q in range(count))
    targets = _targets(data.train_labels, count)
    held = _held_out(data.train_labels, task.data_seed)
    return Task(
        f"classification of {task.data}", n, observables, encoding, train[~held], targets[~held], train[held],
        targets[held], test, _targets(data.test_labels, count), prepares=data.quantum, references=_references(data),
    )  # fmt: skip


def _held_out(labels: np.ndarray, seed: int) -> np.ndarray:
    """(samples,) bool: a quarter of each class, at least one sample of it."""
    rng = np.random.default_rng([seed, 2])
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        held[rows[: max(1, len(rows) // 4)]] = True
    return held


def _encode(task: ClassificationSpec, data: DataSet, n: int) -> tuple[QuantumCircuit, np.ndarray, np.ndarray]:
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
        bits = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)[None, :]) & 1)
        z = np.abs(part) ** 2 @ bits
        flipped = [part.conj() * part[:, np.arange(2**n) ^ (1 << q)] for q in range(n)]
        x = np.stack([f.sum(axis=1).real for f in flipped], axis=1)
        base = np.concatenate([z, x], axis=1)
        if order == 1:
            return base
        pairs = [(a, b) for a in range(n) for b in range(a)]
        zz = np.abs(part) ** 2 @ np.stack([bits[:, a] * bits[:, b] for a, b in pairs], axis=1)
        xx = np.stack(
            [
                (part.conj() * part[:, np.arange(2**n) ^ (1 << a) ^ (1 << b)]).sum(axis=1).real
                for a, b in pairs
            ],
            axis=1,
        )
        return np.concatenate([base, zz, xx], axis=1)
    base = np.concatenate([np.cos(part), np.sin(part)], axis=1)
    if order == 1:
        return base
    pairs = [(a, b) for a in range(base.shape[1]) for b in range(a)]
    return np.concatenate([base, np.stack([base[:, a] * base[:, b] for a, b in pairs], axis=1)], axis=1)

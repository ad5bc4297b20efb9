"""Tasks: what a circuit is trained for, an observable or a classifier, and the table of their kinds."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, get_args

import numpy as np

from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.studies.spec.fields import SpecModel
from qtrain.studies.tasks.losses import CROSS_ENTROPY, Loss

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.architecture.topology import Edges

EXACT_QUBITS = 16


@dataclass(frozen=True, eq=False)
class Task:
    """A task on ``num_qubits`` qubits.

    Attributes:
        observables: one Hamiltonian, or a readout per class (binary: one).
        encoding: of the data, before the ansatz, with parameters ``x``; None for a ground state.
        train, validation, test: (samples, num_inputs) inputs of the encoding; targets: (samples, readouts), ±1 for
            classes. The
            task loss is the validation part's; the test part only ever gets reported.
        prepares: the encoding prepares given quantum states; a training computes them once.
        lowest, highest: ends of the Hamiltonian's spectrum, None where it was not computed.
        references: figures to compare a trained circuit with.
        loss: on data; of classes if none is said.
        cost: without data: outputs (rows, observables) → (cost (rows,), its derivative by the outputs), instead of the
            first observable's value; ``lowest`` is then that of the cost. leading: what stands for it in the criteria.
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
    loss: Loss = CROSS_ENTROPY
    cost: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    leading: SparsePauliOp | None = None

    @property
    def is_classifier(self) -> bool:
        """Trained on data."""
        return self.encoding is not None

    @cached_property
    def scaled_observable(self) -> SparsePauliOp:
        """What gradients are measured with: traceless, Σ c² = 1, so that V is comparable between tasks."""
        from qtrain.circuits.observables import unit_observable

        return unit_observable(self.observables[0] if self.leading is None else self.leading)

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


class TaskModel(SpecModel):
    """The ``[task]`` table of one kind: its keys, and what is built of them.

    A kind is a subclass with ``kind: Literal["its_name"]``, added by :func:`register_task`.
    """

    kind: str
    has_data: ClassVar[bool] = False
    """Whether the circuit is a classifier: measured on data that are encoded before it."""

    @abstractmethod
    def build(self, num_qubits: int, *, device_edges: Edges | None = None) -> Task:
        """The task on ``num_qubits`` qubits; ``device_edges``: the couplings of the spec's device, if it has some.

        Raises:
            QTrainError: whatever cannot be met at this size.
        """

    def check_width(self, num_qubits: int) -> None:
        """Refuse a number of qubits early, as the spec is read."""
        if num_qubits < 2:
            raise QTrainError(f"qubits should be at least 2 for the task {self.kind!r}. Got {num_qubits}.")

    def store(self) -> None:
        """Write what a later process needs to build it again; called as a search begins."""

    @property
    def has_features(self) -> bool:
        """Whether its data are numbers, which can be encoded more than once."""
        return False

    @property
    def has_sizes(self) -> bool:
        """Whether the same task exists at other numbers of qubits."""
        return not self.has_data


TASKS: Table[type[TaskModel]] = Table("task.kind")


def register_task(model: type[TaskModel], *, replace: bool = False) -> type[TaskModel]:
    """Add a kind of task that specs may name. Usable as a decorator.

    Raises:
        QTrainError: a kind that is taken, or a model without ``kind: Literal["…"]``.
    """
    names = get_args(model.model_fields["kind"].annotation)
    if not issubclass(model, TaskModel) or len(names) != 1:
        raise QTrainError(f'task should be a TaskModel with kind: Literal["its_name"]. Got {model.__name__}.')
    return TASKS.add(names[0], model, replace=replace)


def ground_state(kind: str, operator: SparsePauliOp, *, ends: tuple[float, float] | None = None) -> Task:
    """The task of minimising an observable's value, with its exact ends: given, or computed where they can be."""
    lowest, highest = ends or extremes(operator)
    references = {} if lowest is None else {"exact_energy": lowest}
    return Task(kind, operator.num_qubits, (operator,), lowest=lowest, highest=highest, references=references)


def extremes(operator: SparsePauliOp) -> tuple[float | None, float | None]:
    """Lowest and highest eigenvalue, (None, None) beyond ``EXACT_QUBITS`` qubits; each operator's are kept."""
    key = hashlib.sha256(b"".join(a.tobytes() for a in (operator.paulis.x, operator.paulis.z, operator.coeffs)))
    known = (operator.num_qubits, key.hexdigest())
    if known not in _KNOWN_ENDS:
        _KNOWN_ENDS[known] = _extremes(operator)
    return _KNOWN_ENDS[known]


_KNOWN_ENDS: dict[tuple[int, str], tuple[float | None, float | None]] = {}


def _extremes(operator: SparsePauliOp) -> tuple[float | None, float | None]:
    n = operator.num_qubits
    if n > EXACT_QUBITS:
        return None, None
    if not operator.paulis.x.any():
        masks = operator.paulis.z.astype(np.int64) @ (1 << np.arange(n, dtype=np.int64))
        values = np.zeros(2**n)
        for mask, c in zip(masks, operator.coeffs.real):
            values += c * (1.0 - 2.0 * (np.bitwise_count(np.arange(2**n) & mask) & 1))
        return float(values.min()), float(values.max())
    if n <= 6:
        values = np.linalg.eigvalsh(operator.to_matrix())
        return float(values[0]), float(values[-1])
    from scipy.sparse.linalg import eigsh
    from threadpoolctl import threadpool_limits

    matrix = operator.to_matrix(sparse=True).tocsr()
    matrix = matrix.real if abs(matrix.imag).max() == 0 else matrix
    start = np.random.default_rng(0).normal(size=2**n)  # the same digits every time
    with threadpool_limits(1):  # vectors are short: threads would only wait for each other
        low, high = (float(eigsh(matrix, k=1, which=w, v0=start, return_eigenvectors=False)[0]) for w in ("SA", "LA"))
    return low, high

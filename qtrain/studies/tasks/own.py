"""Tasks of the user's own, given as Python objects: data as arrays, costs as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import AnyList, FilePath, PauliTerms
from qtrain.studies.spec.kept import is_key, keep_array, keep_function, kept, store_array
from qtrain.studies.tasks.classification import learning, targets_of
from qtrain.studies.tasks.datasets import SplitTask, labelled, scaled
from qtrain.studies.tasks.hamiltonian import read_terms
from qtrain.studies.tasks.losses import CROSS_ENTROPY, Own, Squares
from qtrain.studies.tasks.task import Task, TaskModel, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

FEWEST = 8  # samples
MOST_CLASSES = 10  # whole numbers with at most so many values are taken for classes
REACH = 0.9  # of a readout's range, for the numbers of the training part


def as_array(value: Any, name: str, *, prefix: str = "task.") -> np.ndarray:
    """An array, DataFrame, Series or list as an array of numbers or text.

    Raises:
        QTrainError: ragged lists, or a value that is missing or no finite number.
    """
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise QTrainError(f"{prefix}{name} should be an array. Got rows of different lengths.") from None
    if array.dtype.kind == "O":
        flat = array.ravel().tolist()
        if any(v is None or v != v or not isinstance(v, (str, bool, int, float)) for v in flat):
            bad = next(v for v in flat if v is None or v != v or not isinstance(v, (str, bool, int, float)))
            raise QTrainError(f"{prefix}{name} should hold a number or text everywhere. Got {bad!r} in it.")
        if not any(isinstance(v, str) for v in flat):
            array = array.astype(float)
    if array.dtype.kind not in "biufcOUS":
        raise QTrainError(f"{prefix}{name} should hold numbers or text. Got an array of {array.dtype}.")
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        where = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
        raise QTrainError(f"{prefix}{name} should hold finite numbers. Got {array[tuple(where)]} at {where}.")
    return array


def _features(value: Any) -> str:
    if is_key(value):
        return str(value)
    array = as_array(value, "X")
    if array.dtype.kind in "OUS":
        raise QTrainError("task.X should hold numbers. Got text in it: encode it as numbers first.")
    if array.ndim != 2 or array.shape[1] < 1:
        raise QTrainError(f"task.X should have shape (samples, features). Got {array.shape}.")
    return keep_array(array.astype(complex if np.iscomplexobj(array) else float))


def _answers(value: Any) -> str:
    if is_key(value):
        return str(value)
    array = as_array(value, "y")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or array.dtype.kind == "c" or (array.ndim == 2 and array.dtype.kind in "bOUS"):
        raise QTrainError(
            f"task.y should be labels or numbers of shape (samples,), or numbers of shape (samples, outputs). "
            f"Got {array.dtype} of shape {array.shape}."
        )
    return keep_array(array)


def function_key(value: Any) -> str:
    """The key of a function, or of "module:name"."""
    if callable(value):
        return keep_function(value)
    if isinstance(value, str) and is_key(value):
        return value
    if isinstance(value, str) and value.count(":") == 1:
        import importlib

        module, _, name = value.partition(":")
        try:
            return keep_function(getattr(importlib.import_module(module), name))
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise QTrainError(f"a function should be importable. Got {value!r}: {error}.") from None
    raise ValueError("should be a function, or text such as 'module:name'")


_TEXT = {"type": "string", "description": "an array, or a table of numbers"}
Features = Annotated[str, BeforeValidator(_features), WithJsonSchema(_TEXT)]
Answers = Annotated[str, BeforeValidator(_answers), WithJsonSchema(_TEXT)]
Function = Annotated[
    str,
    BeforeValidator(function_key),
    WithJsonSchema({"type": "string", "description": "a function, or text such as 'module:name'"}),
]


@register_task
class ArraysTask(SplitTask):
    """Classes or numbers learned from arrays.

    ``X`` (samples, features): an array, list or DataFrame of numbers, or complex states (samples, 2**qubits). ``y``
    (samples,): labels, or numbers (also (samples, outputs)). Or ``file``: .npz with both. ``target``: "classes" or
    "numbers"; None: classes where y is text, true and false, or whole numbers with at most ten values.
    Classes have a readout each and cross-entropy as their loss. Numbers are scaled to ±0.9 by the training part; their
    loss is the mean squared error of that. ``observables`` replaces the readouts Z_0, Z_1, …; ``cost(outputs,
    targets)`` the loss: see :class:`CallableTask`, targets are ±1 or the scaled numbers, (samples, outputs).
    """

    kind: Literal["data"]
    X: Features | None = None
    y: Answers | None = None
    file: FilePath | None = None
    target: Literal["classes", "numbers"] | None = None
    observables: AnyList[PauliTerms] = ()
    cost: Function | None = None

    @model_validator(mode="after")
    def _whole(self) -> ArraysTask:
        if (self.X is None) != (self.y is None) or (self.X is None) == (self.file is None):
            raise QTrainError("task should have X and y, or a file with both. Got one, neither or all of them.")
        try:
            x, y = (None, None) if self.X is None else (kept(self.X, "task.X"), kept(str(self.y), "task.y"))
        except QTrainError:  # a study that is read again: needed when it is built
            return self
        if x is not None and y is not None:
            _check(x, y)
        return self

    @property
    def has_features(self) -> bool:
        return self.X is None or "complex" not in self.X

    def store(self) -> None:
        for key in (self.X, self.y):
            if key is not None:
                store_array(key)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """X and y."""
        if self.file is None:
            return kept(str(self.X), "task.X"), kept(str(self.y), "task.y")
        try:
            with np.load(self.file, allow_pickle=False) as file:
                x, y = file["X"], file["y"]
        except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError) as error:
            said = str(error) or type(error).__name__
            raise QTrainError(
                f"task.file should be an .npz file with arrays X and y. Got {self.file!r}: {said}."
            ) from None
        x, y = kept(_features(x), "task.X"), kept(_answers(y), "task.y")
        _check(x, y)
        return x, y

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        x, y = self.arrays()
        if np.iscomplexobj(x) and x.shape[1] != 2**num_qubits:
            raise QTrainError(
                f"task.X should hold states of {num_qubits} qubits, {2**num_qubits} amplitudes. Got {x.shape[1]}."
            )
        if self.target == "classes" or (self.target is None and are_classes(y)):
            if y.ndim != 1:
                raise QTrainError(f"task.y should have shape (samples,) for classes. Got {y.shape}.")
            data, loss = labelled(self, x, _labels(y), num_qubits), CROSS_ENTROPY
            targets = targets_of(data)
        else:
            data, targets, loss = self._numbers(x, y, num_qubits)
        readouts = [read_terms(text, num_qubits) for text in self.observables] or None
        outputs = targets[0].shape[1]
        if readouts is not None and self.cost is None and len(readouts) != outputs:
            raise QTrainError(
                f"task.observables should be {outputs}, one for each output, where no cost is given. "
                f"Got {len(readouts)}."
            )
        if self.cost is not None:
            own = Own(kept(self.cost, "task.cost"), True)
            rows = len(readouts or range(outputs))
            check_cost(own, np.random.default_rng(0).uniform(-0.9, 0.9, (4, rows)), targets[0][:4])
            loss = own.loss(loss if rows == outputs else None, classes=bool(data.classes))
        what = "classification" if data.classes else "regression"
        return learning(self, f"{what} of arrays", data, targets, num_qubits, readouts=readouts, loss=loss)

    def _numbers(self, x: np.ndarray, y: np.ndarray, num_qubits: int) -> Any:
        if y.dtype.kind in "OUS":
            raise QTrainError("task.y should hold numbers for target = 'numbers'. Got text.")
        if self.classes:
            raise QTrainError("task.classes should be given for classes. Got them for numbers.")
        data = scaled(self, x, y.astype(float).reshape(len(y), -1), (), num_qubits)
        low, high = data.train_labels.min(axis=0), data.train_labels.max(axis=0)
        if (low == high).any():
            raise QTrainError("task.y should hold different values in the training part. Got one value for all.")
        middle, width = (low + high) / 2, (high - low) / (2 * REACH)
        train, test = ((part - middle) / width for part in (data.train_labels, data.test_labels))
        return data, (train, test), Squares(width).loss()


def _check(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) != len(y):
        raise QTrainError(f"task.X and task.y should have as many rows. Got {len(x)} and {len(y)}.")
    if len(x) < FEWEST:
        raise QTrainError(f"task.X should have at least {FEWEST} samples. Got {len(x)}.")
    if y.ndim == 1 and len(np.unique(y)) < 2:
        raise QTrainError(f"task.y should hold different values. Got {y[0].item()!r} for every sample.")


def are_classes(y: np.ndarray) -> bool:
    """Whether answers are taken for classes: text, true and false, or whole numbers with at most ten values.

    Example:
        >>> are_classes(np.array(["a", "b"])), are_classes(np.array([1.0, 2.0])), are_classes(np.array([0.5, 1]))
        (True, True, False)
    """
    if y.dtype.kind in "bOUS":
        return True
    return y.ndim == 1 and bool((y == np.round(y)).all()) and len(np.unique(y)) <= MOST_CLASSES


def _labels(y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f" and (y == np.round(y)).all():
        y = y.astype(int)
    return np.array([str(v) for v in y.tolist()])


@register_task
class CallableTask(TaskModel):
    """Any cost that is a function of expectation values.

    ``cost(outputs)`` gets the values of the ``observables``, (rows, observables), each row of other angles, and returns
    the cost of each row (rows,) and its derivative by the outputs (rows, observables). ``lowest``: what the cost is at
    best, if that is known. The criteria look at the cost to first order about what random circuits give.

    Example:
        >>> def spread(outputs):  # the variance of Z_0 + X_1, from its square and itself
        ...     square, mean = outputs[:, 0], outputs[:, 1]
        ...     return square - mean**2, np.stack([np.ones_like(mean), -2 * mean], axis=1)
        >>> from qtrain.studies.spec.search_spec import read_spec
        >>> task = {"kind": "callable", "observables": ["2*II + 2*XZ", "IZ + XI"], "cost": spread, "lowest": 0.0}
        >>> read_spec({"name": "spread", "qubits": 2, "task": task}).task.build(2).scaled_observable
        SparsePauliOp(['XZ'],
                      coeffs=[1.+0.j])
    """

    kind: Literal["callable"]
    observables: Annotated[AnyList[PauliTerms], Field(min_length=1)]
    cost: Function
    lowest: float | None = None

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        observables = tuple(read_terms(text, num_qubits) for text in self.observables)
        own = Own(kept(self.cost, "task.cost"), False)
        near = np.array([[_identity(o)] for o in observables]).T
        reach = np.array([np.abs(o.coeffs).sum() for o in observables])
        check_cost(own, near + reach * np.random.default_rng(0).uniform(-0.5, 0.5, (4, len(reach))), np.zeros((4, 0)))
        slope = own(near, np.zeros((1, 0)))[1][0]
        leading = sum((s * o for s, o in zip(slope[1:], observables[1:])), slope[0] * observables[0]).simplify()
        flat = not (leading.paulis.x | leading.paulis.z).any()
        return Task(
            self.kind, num_qubits, observables, lowest=self.lowest, cost=own.alone,
            leading=observables[0] if flat else leading,
            references={} if self.lowest is None else {"exact_cost": self.lowest},
        )  # fmt: skip


def _identity(operator: SparsePauliOp) -> float:
    """Its value in the maximally mixed state."""
    trivial = ~(operator.paulis.x | operator.paulis.z).any(axis=1)
    return float(operator.coeffs[trivial].real.sum())


def check_cost(own: Own, outputs: np.ndarray, targets: np.ndarray) -> None:
    """Whether a cost of the user's takes outputs, and its derivative is one.

    Raises:
        QTrainError: it raises, its shapes or numbers are wrong, or its derivative is not the finite difference.
    """
    rows, count = outputs.shape
    try:
        found = own(outputs, targets)
        loss, slope = found
        step = 1e-5 * np.maximum(1.0, np.abs(outputs))
        moved = [own(outputs + sign * step, targets)[0] for sign in (1, -1)]
    except Exception as error:  # whatever the user's function does
        raise QTrainError(
            f"task.cost should return (cost (rows,), derivative (rows, {count})) of outputs (rows, {count}). "
            f"Got {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}."
        ) from None
    if loss.shape != (rows,) or slope.shape != (rows, count):
        raise QTrainError(
            f"task.cost should return arrays of shapes ({rows},) and ({rows}, {count}) for {rows} rows. "
            f"Got {loss.shape} and {slope.shape}."
        )
    if not (np.isfinite(loss).all() and np.isfinite(slope).all()):
        raise QTrainError("task.cost should return finite numbers. Got NaN or infinity.")
    said, measured = (slope * step).sum(axis=1), (moved[0] - moved[1]) / 2
    scale = (np.abs(slope) * step).sum(axis=1) + 1e-5 * (1e-3 + np.abs(measured).max())
    if (np.abs(said - measured) > 1e-2 * scale + 1e-9 * np.abs(loss)).any():
        raise QTrainError(
            "task.cost should return its derivative by the outputs. Got one that is not its finite difference."
        )

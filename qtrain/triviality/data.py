"""What is audited: features or quantum states with a class each, from arrays, circuits or files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import read_text
from qtrain.studies.tasks.datasets import LARGEST, bundled, read_csv
from qtrain.studies.tasks.own import are_classes, as_array
from qtrain.triviality.moments import from_shadows, local_moments

MOST_SAMPLES = 1000
MOST_QUBITS = 12
FEWEST = 2  # samples of the smallest class
BUNDLED = ("iris", "wine", "breast_cancer", "digits")


@dataclass(frozen=True, eq=False)
class Data:
    """A data set of classes.

    Attributes:
        name: what it is called. labels: (samples,) class numbers; classes: their names.
        features: (samples, features) numbers, or None where the data are quantum states.
        states: (samples, 2**num_qubits) amplitudes, or None.
        measured: expectation values of strings on one qubit and on two (samples, strings), of states that are given by
            their classical shadows; or None.
        notes: what was left out.
    """

    name: str
    labels: np.ndarray
    classes: tuple[str, ...]
    features: np.ndarray | None = None
    states: np.ndarray | None = None
    measured: tuple[np.ndarray, np.ndarray] | None = None
    notes: tuple[str, ...] = ()
    kept: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def quantum(self) -> bool:
        return self.features is None

    @property
    def num_qubits(self) -> int:
        """Of the states; 0 where the data are features."""
        if self.measured is not None:
            return self.measured[0].shape[1] // 3
        return 0 if self.states is None else self.states.shape[1].bit_length() - 1

    @property
    def num_features(self) -> int:
        return 0 if self.features is None else int(self.features.shape[1])

    @cached_property
    def counts(self) -> np.ndarray:
        """(classes,): samples of each."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def moments(self, order: int) -> np.ndarray:
        """(samples, strings): expectation values of all Pauli strings on ``order`` qubits of the states."""
        if self.measured is not None:
            return self.measured[order - 1]
        key = f"moments {order}"
        if key not in self.kept:
            assert self.states is not None
            self.kept[key] = local_moments(self.states, order)
        return self.kept[key]


def read(source: Any, y: Any = None, *, label: str | None = None, samples: int = MOST_SAMPLES, seed: int = 0) -> Data:
    """A data set from whatever holds it.

    Args:
        source: features (samples, features); complex amplitudes (samples, 2**n); a list of `QuantumCircuit` without
            free parameters, of `Statevector` or of `Shadows` (one for each sample); a .csv or .npz file; what has
            ``data`` and ``target``, as scikit-learn's sets; or "iris", "wine", "breast_cancer", "digits".
        y: (samples,) classes; None where the source holds them.
        label: the column of a CSV file that holds the classes; None: its last.
        samples: so many are drawn, by ``seed``, of a larger set.

    Raises:
        QTrainError: whatever is no data set of classes.

    Example:
        >>> data = read([[0.0, 1.0], [1.0, 0.0], [0.2, 0.9], [0.8, 0.1]], ["a", "b", "a", "b"])
        >>> data.num_features, data.classes, data.labels.tolist()
        (2, ('a', 'b'), [0, 1, 0, 1])
    """
    name = "the data"
    if isinstance(source, (str, Path)):
        if y is not None:
            raise QTrainError("y should be left out where the data are a file, which holds the classes. Got both.")
        name = Path(source).name
        source, y = _from_file(Path(source), label)
    elif label is not None:
        raise QTrainError(f"label should be given for a CSV file alone. Got {shortened(label)}.")
    elif y is None and hasattr(source, "data") and hasattr(source, "target"):
        source, y = source.data, source.target
    if y is None:
        raise QTrainError("y should be given: a class for each sample. Got none.")
    measured = from_shadows(source)
    states = None if measured is not None else _states(source)
    table = measured[0] if measured is not None else states if states is not None else _features(source)
    labels, classes = _classes(y)
    if len(labels) != len(table):
        raise QTrainError(f"X and y should have as many rows. Got {len(table)} and {len(labels)}.")
    notes: tuple[str, ...] = ()
    if len(labels) > samples:
        keep = _drawn(labels, samples, seed)
        table, labels = table[keep], labels[keep]
        measured = None if measured is None else (measured[0][keep], measured[1][keep])
        notes = (f"{samples:,} of {len(y):,} samples were drawn; samples= sets how many",)
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() < FEWEST:
        raise QTrainError(
            f"y should have at least {FEWEST} samples of each class. Got {counts.min()} of "
            f"{shortened(classes[int(counts.argmin())])}."
        )
    if measured is not None:
        return Data(name, labels, classes, measured=measured, notes=notes)
    if states is None:
        return Data(name, labels, classes, features=table, notes=notes)
    return Data(name, labels, classes, states=table, notes=notes)


def _drawn(labels: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Rows (samples,), sorted: each class by its share, two of it at least."""
    rng = np.random.default_rng([seed, 5])
    share = samples / len(labels)
    parts = []
    for k in range(labels.max() + 1):
        rows = rng.permutation(np.flatnonzero(labels == k))
        parts.append(rows[: max(FEWEST, round(share * len(rows)))])
    return np.sort(np.concatenate(parts))


def _from_file(path: Path, label: str | None) -> tuple[np.ndarray, np.ndarray]:
    if path.suffix.lower() == ".npz":
        if label is not None:
            raise QTrainError(f"label should be given for a CSV file alone. Got it with {path}.")
        try:
            with np.load(path, allow_pickle=False) as file:
                return file["X"], file["y"]
        except Exception as error:  # zip files fail in many ways
            said = str(error) or type(error).__name__
            raise QTrainError(f"data should be an .npz file with arrays X and y. Got {path}: {said}.") from None
    if not path.exists() and str(path) in BUNDLED:
        if label is not None:
            raise QTrainError(f"label should be given for a CSV file alone. Got it with {path}.")
        return bundled(str(path))
    if path.suffix.lower() != ".csv":
        known = ", ".join(BUNDLED)
        raise QTrainError(f"data should be a file that ends in .csv or .npz, or one of {known}. Got {str(path)!r}.")
    return read_csv(path, _last_column(path) if label is None else label, most=None, seed=0)


def _last_column(path: Path) -> str:
    lines = read_text(path, "file", kind="a CSV file that can be read").splitlines()
    return lines[0].rsplit(",", 1)[-1].strip().strip('"') if lines else ""


def _states(source: Any) -> np.ndarray | None:
    """(samples, 2**n) complex amplitudes; None where the source holds features."""
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import Statevector

    several = isinstance(source, Sequence) and not isinstance(source, (str, bytes))
    if several and len(source) and all(isinstance(item, QuantumCircuit) for item in source):
        source = _prepared(source)
    elif several and len(source) and all(isinstance(item, Statevector) for item in source):
        if len({item.num_qubits for item in source}) > 1 or source[0].num_qubits is None:
            raise QTrainError("X should hold states of as many qubits each. Got different ones.")
        source = np.array([item.data for item in source])
    elif several and any(isinstance(item, (QuantumCircuit, Statevector)) for item in source):
        raise QTrainError("X should hold circuits alone, or states alone. Got a mixture.")
    try:
        if not np.iscomplexobj(source):
            return None
    except ValueError:  # rows of different lengths, which are refused as features
        return None
    states = np.asarray(source, complex)
    size = states.shape[1] if states.ndim == 2 else 0
    if size < 2 or size & (size - 1):
        raise QTrainError(f"X should have shape (samples, 2**n) where it holds states. Got {states.shape}.")
    if size > 2**MOST_QUBITS:
        raise QTrainError(f"X should hold states of at most {MOST_QUBITS} qubits. Got {size.bit_length() - 1}.")
    norms = np.linalg.norm(states, axis=1)
    if not np.isfinite(norms).all() or not np.allclose(norms, 1, atol=1e-6):
        raise QTrainError("X should hold normalised states where it is complex. Got norms that differ from 1.")
    return states / norms[:, None]


def _prepared(circuits: Sequence[Any]) -> np.ndarray:
    from qiskit.quantum_info import Statevector

    widths = {circuit.num_qubits for circuit in circuits}
    if len(widths) > 1 or not 1 <= max(widths) <= MOST_QUBITS:
        raise QTrainError(f"X should hold circuits of as many qubits each, 1 to {MOST_QUBITS}. Got {sorted(widths)}.")
    if any(circuit.num_parameters for circuit in circuits):
        raise QTrainError("X should hold circuits without free parameters: assign them first. Got one with some.")
    try:
        return np.array([Statevector(circuit.remove_final_measurements(inplace=False)).data for circuit in circuits])
    except Exception as error:  # Qiskit's own, of many kinds
        said = " ".join(str(error).split()).strip("'\"")
        raise QTrainError(f"X should hold circuits of unitary gates. Got another one: {said}.") from None


def _features(source: Any) -> np.ndarray:
    if source is None:
        raise QTrainError("X should hold a row for each sample. Got None.")
    table = as_array(source, "X", prefix="")
    if table.dtype.kind in "OUS":
        raise QTrainError("X should hold numbers. Got text in it: encode it as numbers first.")
    if table.ndim != 2 or not table.size:
        raise QTrainError(f"X should have shape (samples, features). Got {table.shape}.")
    table = table.astype(float)
    if not (np.abs(table) <= LARGEST).all():
        raise QTrainError(f"X should hold numbers of at most {LARGEST:g} in size. Got larger ones.")
    return table


def _classes(y: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class numbers (samples,), names in their natural order."""
    answers = as_array(y, "y", prefix="")
    if answers.ndim == 2 and answers.shape[1] == 1:
        answers = answers[:, 0]
    if answers.ndim != 1 or answers.dtype.kind == "c":
        raise QTrainError(f"y should have shape (samples,), a class for each sample. Got {answers.shape}.")
    if not are_classes(answers):
        raise QTrainError(
            "y should hold classes: text, or whole numbers with at most ten values. "
            f"Got {len(np.unique(answers))} different numbers."
        )
    if answers.dtype.kind == "O":
        answers = answers.astype(str)
    known, labels = np.unique(answers, return_inverse=True)
    if len(known) < 2:
        raise QTrainError(f"y should hold at least two classes. Got {shortened(known.tolist())}.")
    if len(known) > len(answers) // 2:
        raise QTrainError(f"y should have several samples of a class. Got {len(known)} classes of {len(answers)}.")
    return labels.reshape(-1), tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in known.tolist())

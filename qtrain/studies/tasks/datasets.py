"""Data sets for classification: features scaled to angles, or quantum states, split into training and test."""

from __future__ import annotations

import csv
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import read_text
from qtrain.studies.spec.fields import FilePath, Label, Listed, Text
from qtrain.studies.tasks.task import TaskModel

log = logging.getLogger("qtrain")
MOST_SAMPLES = 10_000  # of a file, where the spec does not say how many: each candidate trains on them
LARGEST = 1e150  # of a feature: its square is a number still
QUANTUM = ("phase_of_matter", "entanglement_concentration")


class SplitTask(TaskModel):
    """Base of a task on data: how they are encoded, and how they are split.

    Features become angles of one rotation a qubit (``encoding``). ``classes`` picks labels; ``samples``: so many are
    drawn; a part of ``test_fraction`` is only ever reported on. All by ``data_seed``.
    """

    encoding: Literal["ry", "rx"] = "ry"
    classes: Listed[Label] = ()
    samples: Annotated[int, Field(ge=8)] | None = None
    test_fraction: Annotated[float, Field(ge=0.05, le=0.9)] = 0.25
    data_seed: Annotated[int, Field(ge=0)] = 0
    has_data: ClassVar[bool] = True


class DataTask(SplitTask):
    """Base of a task on a set of data that is known by name.

    ``data``: one of scikit-learn's bundled sets, "csv" (with ``file`` and ``label``), or a generator of
    qiskit_machine_learning.datasets. ``classes`` picks labels; features are scaled and reduced to ``qubits`` by PCA.
    """

    data: Literal[
        "breast_cancer", "iris", "wine", "digits", "csv", "ad_hoc", "phase_of_matter", "entanglement_concentration"
    ]
    file: FilePath | None = None
    label: Text | None = None
    model: Literal["heisenberg", "haldane", "annni", "cluster"] = "cluster"

    @property
    def has_features(self) -> bool:
        return self.data not in QUANTUM

    @model_validator(mode="after")
    def _file_and_label(self) -> Self:
        if self.data == "csv" and (self.file is None or self.label is None):
            raise QTrainError("task.file and task.label should be given for data = 'csv'. Got one or none of them.")
        if self.data != "csv" and (self.file is not None or self.label is not None):
            raise QTrainError(f"task.file and task.label belong to data = 'csv'. Got them with {self.data!r}.")
        return self


@dataclass(frozen=True, eq=False)
class DataSet:
    """Labels as class numbers, or numbers where there are no ``classes``; states where the data are quantum."""

    train: np.ndarray  # (samples, features) angles in [0, π], or (samples, 2**n) amplitudes
    train_labels: np.ndarray  # (samples,) int, or (samples, outputs) numbers
    test: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]
    quantum: bool = False


def load_data(spec: DataTask, num_qubits: int) -> DataSet:
    """The data set of a spec, ``num_qubits`` features wide.

    Features are standardised, reduced by PCA where there are more than qubits (repeated cyclically where there are
    fewer), and scaled to [0, π] by the training part; the test part is clipped to it. The split is stratified and
    depends on ``data_seed`` alone.

    Raises:
        QTrainError: a file that cannot be read, a class that is not there, too few samples.
    """
    if spec.data in QUANTUM:
        return _quantum(spec, num_qubits)
    if spec.data == "ad_hoc":
        return _ad_hoc(spec, num_qubits)
    features, labels = _csv(spec) if spec.data == "csv" else bundled(spec.data)
    return labelled(spec, features, labels, num_qubits)


def labelled(spec: SplitTask, features: np.ndarray, labels: np.ndarray, num_qubits: int) -> DataSet:
    """Features (samples, features) with labels (samples,) of text as a data set of classes."""
    known = sorted(set(labels.tolist()), key=_natural)
    names = [str(c) for c in spec.classes or known]
    if len(names) < 2 or not set(names) <= set(known):
        said = ", ".join(known[:12])
        raise QTrainError(f"task.classes should name two or more of the labels {said}. Got {names}.")
    keep = np.isin(labels, names)
    numbers = np.array([names.index(label) for label in labels[keep]])
    return scaled(spec, features[keep], numbers, tuple(names), num_qubits)


def _natural(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, math.inf, label)


def bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    """One of scikit-learn's sets: features (samples, features), labels as text (samples,)."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    labels = bunch.target if name == "digits" else bunch.target_names[bunch.target]
    return np.asarray(bunch.data, float), np.asarray([str(label) for label in labels])


def _csv(spec: DataTask) -> tuple[np.ndarray, np.ndarray]:
    most, what = (MOST_SAMPLES, "task.samples sets how many") if spec.samples is None else (None, "")
    return read_csv(Path(str(spec.file)), str(spec.label), most=most, seed=spec.data_seed, prefix="task.", more=what)


def read_csv(
    path: Path, label: str, *, most: int | None, seed: int, prefix: str = "", more: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """A CSV file with a line of names: features (samples, features), and the texts in the column ``label`` (samples,).

    Args:
        most: so many samples are drawn by ``seed`` where there are more, which is announced; ``more``: how to get
            others. prefix: of the arguments ``file`` and ``label`` in error sentences.

    Raises:
        QTrainError: no such file or column, or what is no number in another column.
    """
    try:
        text = read_text(path, f"{prefix}file", kind="a CSV file that can be read")
        rows = [row for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise QTrainError(
            f"{prefix}file should be a CSV file that can be read. Got {str(path)!r}: {error}."
        ) from None
    if len(rows) == 1:
        raise QTrainError(
            f"{prefix}file should hold a line of names, then a sample on each line. Got one line in {path}."
        )
    if not rows or label not in rows[0]:
        header = ", ".join(rows[0]) if rows else "nothing"
        raise QTrainError(f"{prefix}label should be a column of {path.name}: {header}. Got {label!r}.")
    where = rows[0].index(label)
    if len(rows) == 2 or len(rows[0]) == 1:
        raise QTrainError(f"{prefix}file should hold features beside {label!r}, and many samples. Got {path}.")
    if most is not None and len(rows) - 1 > most:
        keep = np.sort(np.random.default_rng(seed).choice(len(rows) - 1, most, replace=False)) + 1
        log.warning(
            "%s has %d samples: %d of them, drawn by the seed, are used%s.",
            path.name, len(rows) - 1, most, f"; {more}" if more else "",
        )  # fmt: skip
        rows = [rows[0], *(rows[k] for k in keep)]
    features = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            features.append([float(v) for i, v in enumerate(row) if i != where])
        except ValueError as error:
            raise QTrainError(
                f"{prefix}file should hold numbers but for the label. Got line {line}: {error}."
            ) from None
        if len(row) != len(rows[0]) or not all(abs(value) <= LARGEST for value in features[-1]):
            raise QTrainError(
                f"{prefix}file should hold {len(rows[0])} values in each line, at most {LARGEST:g} in size. "
                f"Got line {line}: {shortened(','.join(row))}."
            )
    return np.array(features), np.array([row[where] for row in rows[1:]])


def scaled(
    spec: SplitTask, features: np.ndarray, labels: np.ndarray, names: tuple[str, ...], num_qubits: int
) -> DataSet:
    """Features split and made angles, or states split; ``labels``: of classes ``names``, or numbers where it is ()."""
    if not (np.abs(features) <= LARGEST).all():
        raise QTrainError(f"the data set should hold finite features, at most {LARGEST:g} in size. Got others.")
    if spec.samples is not None and spec.samples < len(labels):
        features, _, labels, _ = _split(features, labels, spec.samples, spec.data_seed, stratify=bool(names))
    size = len(labels) - math.ceil(spec.test_fraction * len(labels))
    train, test, a, b = _split(features, labels, size, spec.data_seed, stratify=bool(names))
    if np.iscomplexobj(features):
        return DataSet(train, a, test, b, names, quantum=True)
    train, test = _angles(train, test, num_qubits)
    return DataSet(train, a, test, b, names)


def _angles(train: np.ndarray, test: np.ndarray, num_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    standard = StandardScaler().fit(train)
    train, test = standard.transform(train), standard.transform(test)
    if train.shape[1] > num_qubits:
        reduce = PCA(min(num_qubits, len(train)), random_state=0).fit(train)
        train, test = reduce.transform(train), reduce.transform(test)
    columns = np.arange(num_qubits) % train.shape[1]
    scale = MinMaxScaler((0, np.pi), clip=True).fit(train)
    return scale.transform(train)[:, columns], scale.transform(test)[:, columns]


def _split(features: np.ndarray, labels: np.ndarray, first: int, seed: int, *, stratify: bool) -> Any:
    from sklearn.model_selection import train_test_split

    try:
        return train_test_split(
            features, labels, train_size=first, stratify=labels if stratify else None, random_state=seed
        )
    except ValueError as error:
        raise QTrainError(
            f"the data set should have enough samples of every class to be split. Got: {error}"
        ) from None


def _ad_hoc(spec: DataTask, num_qubits: int) -> DataSet:
    from qiskit_machine_learning.datasets import ad_hoc_data
    from qiskit_machine_learning.utils import algorithm_globals

    train, test = _sizes(spec, 2)
    algorithm_globals.random_seed = spec.data_seed
    how: Any = {"gap": 0.3, "sampling_method": "grid"} if num_qubits <= 3 else {"gap": 0, "sampling_method": "sobol"}
    try:
        parts: Any = ad_hoc_data(train // 2, test // 2, num_qubits, one_hot=False, **how)
    except (ValueError, TypeError) as error:
        raise QTrainError(f"qubits should suit ad_hoc data. Got {num_qubits}: {error}") from None
    a, b, c, d = parts
    x, y = np.asarray(a) / 2, np.asarray(c) / 2  # (0, 2π] → (0, π]
    names = tuple(sorted({str(v) for v in (*b, *d)}))
    return DataSet(x, _numbers(b, names), y, _numbers(d, names), names)


def _quantum(spec: DataTask, num_qubits: int) -> DataSet:
    from qiskit_machine_learning import datasets
    from qiskit_machine_learning.utils import algorithm_globals

    train, test = _sizes(spec, 4)
    algorithm_globals.random_seed = spec.data_seed
    try:
        if spec.data == "phase_of_matter":
            parts: Any = datasets.phase_of_matter_data(
                train, test, num_qubits, model=spec.model, one_hot=False, seed=spec.data_seed
            )
        else:
            parts = datasets.entanglement_concentration_data(train // 2, test // 2, num_qubits, one_hot=False)
    except (ValueError, TypeError) as error:
        raise QTrainError(f"qubits should suit the data set {spec.data!r}. Got {num_qubits}: {error}") from None
    a, b, c, d = parts
    names = tuple(str(v) for v in spec.classes) or tuple(sorted({str(v) for v in (*b, *d)}))
    keep = [np.isin([str(v) for v in labels], names) for labels in (b, d)]
    if len(names) < 2 or not all(k.any() for k in keep):
        known = ", ".join(sorted({str(v) for v in (*b, *d)}))
        raise QTrainError(f"task.classes should name two or more of {known}. Got {list(names)}.")
    x, y = np.asarray(a).reshape(len(b), -1)[keep[0]], np.asarray(c).reshape(len(d), -1)[keep[1]]
    return DataSet(
        x, _numbers(np.asarray(b)[keep[0]], names), y, _numbers(np.asarray(d)[keep[1]], names), names, quantum=True
    )


def _sizes(spec: DataTask, multiple: int) -> tuple[int, int]:
    """Training and test samples of a generated set, each a multiple of the number of classes."""
    total = spec.samples or 160
    test = max(multiple, round(total * spec.test_fraction / multiple) * multiple)
    return max(multiple, (total - test) // multiple * multiple), test


def _numbers(labels: Any, names: tuple[str, ...]) -> np.ndarray:
    return np.array([names.index(str(v)) for v in labels])

"""The task table of a spec: one dataclass per kind, so that a key of another kind is an unknown key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.studies.spec.plain_data import (
    anything,
    choice,
    edges,
    integer,
    key,
    optional,
    read_table,
    real,
    several,
    text,
)


@dataclass(frozen=True)
class TaskSpec:
    """Base of the kinds below."""

    kind: str = key(text)

    def check_width(self, num_qubits: int) -> None:
        if num_qubits < 2:
            raise QTrainError(f"qubits should be at least 2 for the task {self.kind!r}. Got {num_qubits}.")


@dataclass(frozen=True)
class TfimSpec(TaskSpec):
    """H = -coupling Σ Z_i Z_{i+1} - field Σ X_i; critical at field = coupling.

    ``graph``: "line", "ring" or "device" (the couplings of the device's piece).
    """

    coupling: float = key(real(), 1.0)
    field: float = key(real(), 1.0)
    graph: str = key(choice("line", "ring", "device"), "line")


@dataclass(frozen=True)
class XxzSpec(TaskSpec):
    """H = coupling Σ (X X + Y Y + anisotropy Z Z) + field Σ Z_i."""

    coupling: float = key(real(), 1.0)
    anisotropy: float = key(real(), 1.0)
    field: float = key(real(), 0.0)
    graph: str = key(choice("line", "ring", "device"), "line")


@dataclass(frozen=True)
class HeisenbergSpec(TaskSpec):
    """H = Σ (jx X X + jy Y Y + jz Z Z) + field Σ Z_i."""

    jx: float = key(real(), 1.0)
    jy: float = key(real(), 1.0)
    jz: float = key(real(), 1.0)
    field: float = key(real(), 0.0)
    graph: str = key(choice("line", "ring", "device"), "line")


def _terms(name: str, value: Any) -> str:
    """Text such as "ZZI + 0.5*IXX", a table {label: coefficient}, or a SparsePauliOp: kept as text."""
    if isinstance(value, str):
        return text(name, value)
    if isinstance(value, Mapping):
        pairs = [(str(label), real()(f"{name}.{label}", c)) for label, c in value.items()]
    elif hasattr(value, "paulis") and hasattr(value, "coeffs"):
        pairs = [(p.to_label(), complex(c)) for p, c in zip(value.paulis, value.coeffs)]
        if any(abs(c.imag) > 1e-12 for _, c in pairs):
            raise QTrainError(f"{name} should be Hermitian: real coefficients. Got {value.coeffs!r}.")
        pairs = [(label, c.real) for label, c in pairs]
    else:
        raise QTrainError(
            f"{name} should be Pauli terms as text, table or SparsePauliOp. Got {type(value).__name__}."
        )
    if not pairs:
        raise QTrainError(f"{name} should have at least one Pauli term. Got none.")
    return " + ".join(f"{c!r}*{label}" for label, c in pairs)


@dataclass(frozen=True)
class HamiltonianSpec(TaskSpec):
    """Ground state of given Pauli terms, in the spec (``terms``) or in a text file of them (``file``), one per line."""

    terms: str | None = key(optional(_terms), None)
    file: str | None = key(optional(text), None)
    constant: float = key(real(), 0.0)


def _graph(name: str, value: Any) -> Any:
    if hasattr(value, "edges") and hasattr(value, "nodes"):
        index = {node: i for i, node in enumerate(sorted(value.nodes, key=str))}
        pairs = sorted(tuple(sorted((index[a], index[b]))) for a, b in value.edges if a != b)
        return edges(name, pairs)
    return edges(name, value)


@dataclass(frozen=True)
class MaxCutSpec(TaskSpec):
    """Largest cut of a graph: ``edges`` (or a networkx graph), or a random regular graph of ``degree`` and ``seed``."""

    edges: tuple[tuple[int, int], ...] | None = key(optional(_graph), None)
    degree: int = key(integer(1), 3)
    seed: int = key(integer(0), 0)

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        if self.edges is not None and max(max(e) for e in self.edges) >= num_qubits:
            raise QTrainError(
                f"task.edges should join nodes 0 to {num_qubits - 1}. Got {max(max(e) for e in self.edges)}."
            )
        if self.edges is None and (num_qubits * self.degree % 2 or self.degree >= num_qubits):
            raise QTrainError(
                f"task.degree times qubits should be even, and degree below qubits. Got {self.degree}."
            )


DATA_SETS = (
    "breast_cancer",
    "iris",
    "wine",
    "digits",
    "csv",
    "ad_hoc",
    "phase_of_matter",
    "entanglement_concentration",
)


@dataclass(frozen=True)
class ClassificationSpec(TaskSpec):
    """A classifier: angle-encoded features, one observable Z_q per class (binary: Z on qubit 0).

    ``data``: one of scikit-learn's bundled sets, "csv" (with ``file`` and ``label``), or a generator of
    qiskit_machine_learning.datasets. ``classes`` picks labels; features are scaled and reduced to ``qubits`` by PCA.
    """

    data: str = key(choice(*DATA_SETS))
    file: str | None = key(optional(text), None)
    label: str | None = key(optional(text), None)
    classes: tuple[Any, ...] = key(several(anything, empty=True), ())
    samples: int | None = key(optional(integer(8)), None)
    test_fraction: float = key(real(0.05, 0.9), 0.25)
    encoding: str = key(choice("ry", "rx"), "ry")
    data_seed: int = key(integer(0), 0)
    model: str = key(choice("heisenberg", "haldane", "annni", "cluster"), "cluster")

    @property
    def has_features(self) -> bool:
        """Numbers that can be encoded more than once; states of a quantum device are given once."""
        return self.data not in ("phase_of_matter", "entanglement_concentration")

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        if self.data == "csv" and (self.file is None or self.label is None):
            raise QTrainError(
                "task.file and task.label should be given for data = 'csv'. Got one or none of them."
            )
        if self.data != "csv" and (self.file is not None or self.label is not None):
            raise QTrainError(
                f"task.file and task.label belong to data = 'csv'. Got them with {self.data!r}."
            )


TASKS: dict[str, type[TaskSpec]] = {
    "tfim": TfimSpec,
    "xxz": XxzSpec,
    "heisenberg": HeisenbergSpec,
    "hamiltonian": HamiltonianSpec,
    "maxcut": MaxCutSpec,
    "classification": ClassificationSpec,
}


def read_task(data: Any, unknown: list[str], folder: Path) -> TaskSpec:
    """The task table as the dataclass of its kind; a relative ``file`` is taken from ``folder``."""
    if isinstance(data, TaskSpec):
        return data
    if not isinstance(data, Mapping):
        raise QTrainError(f"task should be a table with a kind. Got {data!r}.")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in TASKS:
        raise QTrainError(f"task.kind should be one of {', '.join(map(repr, TASKS))}. Got {kind!r}.")
    task = read_table(TASKS[kind], data, "task", unknown)
    name = getattr(task, "file", None)
    if isinstance(name, str):
        moved: Any = {"file": str((folder / name).resolve())}
        task = dataclasses.replace(task, **moved)
    if isinstance(task, HamiltonianSpec) and (task.terms is None) == (task.file is None):
        raise QTrainError("task should have exactly one of terms and file. Got both or neither.")
    return task

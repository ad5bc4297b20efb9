"""Ground states of spin models on any graph (Pauli matrices, not spins of ½)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.tasks.graphs import GraphModel
from qtrain.studies.tasks.task import Task, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


class SpinModel(GraphModel):
    """Base of the models below: Σ over pairs of (x XX + y YY + z ZZ) + Σ over qubits of fields, on a graph.

    ``disorder``: a random field, uniform in ± this, is added to the model's field on each qubit (``seed``).
    """

    disorder: Annotated[float, Field(ge=0)] = 0.0
    seed: Annotated[int, Field(ge=0)] = 0

    @abstractmethod
    def couplings(self, random: np.ndarray) -> dict[str, Any]:
        """Keywords of :func:`spin_model`; ``random``: (num_qubits,) the disorder."""

    def build(self, num_qubits: int, *, device_edges: topology.Edges | None = None) -> Task:
        pairs = self.pairs(num_qubits, device_edges)
        random = self.disorder * np.random.default_rng(self.seed).uniform(-1, 1, num_qubits)
        terms, second = self.couplings(random), self.second_pairs(num_qubits, pairs)
        return ground_state(
            self.kind, spin_model(num_qubits, pairs, second=second, **terms), ends=self.ends(num_qubits, terms)
        )

    def ends(self, num_qubits: int, terms: dict[str, Any]) -> tuple[float, float] | None:
        """Ends of the spectrum where a formula gives them."""
        return None


@register_task
class TfimTask(SpinModel):
    """H = -coupling Σ Z_i Z_j - Σ (field + disorder_i) X_i - longitudinal Σ Z_i.

    Critical at field = coupling on a line, 3.044 coupling on a large square lattice. On a line without a longitudinal
    field its energies are known at every size.
    """

    kind: Literal["tfim"]
    coupling: float = 1.0
    field: float = 1.0
    longitudinal: float = 0.0

    def couplings(self, random: np.ndarray) -> dict[str, Any]:
        return {"z": -self.coupling, "field_x": -self.field - random, "field_z": -self.longitudinal}

    def ends(self, num_qubits: int, terms: dict[str, Any]) -> tuple[float, float] | None:
        if not self.has_sizes or self.graph != "line" or self.longitudinal:
            return None
        return free_fermion_ends(self.coupling, terms["field_x"])


@register_task
class XxzTask(SpinModel):
    """H = coupling Σ (X X + Y Y + anisotropy Z Z) + Σ (field + disorder_i) Z_i.

    ``next_nearest``: the same for next-nearest neighbours, times this.
    """

    kind: Literal["xxz"]
    coupling: float = 1.0
    anisotropy: float = 1.0
    field: float = 0.0
    next_nearest: float = 0.0

    def couplings(self, random: np.ndarray) -> dict[str, Any]:
        c, ratio = self.coupling, self.next_nearest
        return {"x": c, "y": c, "z": c * self.anisotropy, "field_z": self.field + random, "ratio": ratio}


@register_task
class HeisenbergTask(SpinModel):
    """H = Σ (jx X X + jy Y Y + jz Z Z) + Σ (field + disorder_i) Z_i.

    ``next_nearest``: J2/J1, the same for next-nearest neighbours times this (the J1-J2 model; ½ on a line: dimers).
    """

    kind: Literal["heisenberg"]
    jx: float = 1.0
    jy: float = 1.0
    jz: float = 1.0
    field: float = 0.0
    next_nearest: float = 0.0

    def couplings(self, random: np.ndarray) -> dict[str, Any]:
        ratio = self.next_nearest
        return {"x": self.jx, "y": self.jy, "z": self.jz, "field_z": self.field + random, "ratio": ratio}


def spin_model(
    n: int, pairs: Any, *, x: float = 0.0, y: float = 0.0, z: float = 0.0, field_x: float | Sequence[float] = 0.0,
    field_z: float | Sequence[float] = 0.0, second: Any = (), ratio: float = 0.0,
) -> SparsePauliOp:  # fmt: skip
    """Σ over pairs of (x XX + y YY + z ZZ), ``ratio`` times that over ``second``, + Σ of (field_x X + field_z Z).

    Fields are numbers, or (n,) one for each qubit.

    Example:
        >>> spin_model(2, [(0, 1)], z=-1.0, field_x=-0.5).to_list()
        [('ZZ', (-1+0j)), ('IX', (-0.5+0j)), ('XI', (-0.5+0j))]
    """
    from qiskit.quantum_info import SparsePauliOp

    bonds = [(a, b, 1.0) for a, b in pairs] + [(a, b, ratio) for a, b in second if ratio]
    terms = [(2 * letter, [a, b], c * w) for letter, c in zip("XYZ", (x, y, z)) if c for a, b, w in bonds]
    for letter, field in (("X", field_x), ("Z", field_z)):
        terms += [(letter, [q], float(c)) for q, c in enumerate(np.broadcast_to(field, n)) if c]
    if not terms:
        raise QTrainError("the Hamiltonian should have a term that is not zero. Got all couplings and fields 0.")
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)


def free_fermion_ends(coupling: float, fields: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest energy of the open chain coupling Σ ZZ + Σ fields_i X_i, at any size.

    Minus and plus the sum of the singular values of the matrix with the fields on its diagonal and the couplings
    beside it (Lieb, Schultz, Mattis, Annals of Physics 16, 407 (1961); Pfeuty, ibid. 57, 79 (1970)).

    Example:
        >>> free_fermion_ends(-1.0, [-1.0, -1.0])[0] == -5**0.5
        True
    """
    matrix = np.diag(fields) + np.diag(np.full(len(fields) - 1, coupling), 1)
    total = float(np.linalg.svd(matrix, compute_uv=False).sum())
    return -total, total

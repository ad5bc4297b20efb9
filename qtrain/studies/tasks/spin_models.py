"""Ground states of spin models on a line, a ring or a device's couplings."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


class SpinModel(TaskModel):
    """Base of the models below: Σ over pairs of (x XX + y YY + z ZZ) + Σ over qubits of fields.

    ``graph``: "line", "ring" or "device" (the couplings of the device's piece).
    """

    graph: Literal["line", "ring", "device"] = "line"

    @abstractmethod
    def couplings(self) -> dict[str, float]:
        """Keywords of :func:`spin_model`."""

    @property
    def has_sizes(self) -> bool:
        return self.graph != "device"

    def build(self, num_qubits: int, *, device_edges: topology.Edges | None = None) -> Task:
        if self.graph == "device" and device_edges is None:
            raise QTrainError(
                "task.graph should be 'line' or 'ring' where the spec has no device with edges. Got 'device'."
            )
        pairs = device_edges if self.graph == "device" else topology.edges(self.graph, num_qubits)
        return ground_state(self.kind, spin_model(num_qubits, pairs, **self.couplings()))


@register_task
class TfimTask(SpinModel):
    """H = -coupling Σ Z_i Z_{i+1} - field Σ X_i; critical at field = coupling."""

    kind: Literal["tfim"]
    coupling: float = 1.0
    field: float = 1.0

    def couplings(self) -> dict[str, float]:
        return {"z": -self.coupling, "field_x": -self.field}


@register_task
class XxzTask(SpinModel):
    """H = coupling Σ (X X + Y Y + anisotropy Z Z) + field Σ Z_i."""

    kind: Literal["xxz"]
    coupling: float = 1.0
    anisotropy: float = 1.0
    field: float = 0.0

    def couplings(self) -> dict[str, float]:
        c = self.coupling
        return {"x": c, "y": c, "z": c * self.anisotropy, "field_z": self.field}


@register_task
class HeisenbergTask(SpinModel):
    """H = Σ (jx X X + jy Y Y + jz Z Z) + field Σ Z_i."""

    kind: Literal["heisenberg"]
    jx: float = 1.0
    jy: float = 1.0
    jz: float = 1.0
    field: float = 0.0

    def couplings(self) -> dict[str, float]:
        return {"x": self.jx, "y": self.jy, "z": self.jz, "field_z": self.field}


def spin_model(
    n: int, pairs: Any, *, x: float = 0.0, y: float = 0.0, z: float = 0.0, field_x: float = 0.0, field_z: float = 0.0
) -> SparsePauliOp:
    """Σ over pairs of (x XX + y YY + z ZZ) + Σ over qubits of (field_x X + field_z Z).

    Example:
        >>> spin_model(2, [(0, 1)], z=-1.0, field_x=-0.5).to_list()
        [('ZZ', (-1+0j)), ('IX', (-0.5+0j)), ('XI', (-0.5+0j))]
    """
    from qiskit.quantum_info import SparsePauliOp

    terms = [(2 * letter, [a, b], c) for letter, c in zip("XYZ", (x, y, z)) if c for a, b in pairs]
    terms += [(letter, [q], c) for letter, c in (("X", field_x), ("Z", field_z)) if c for q in range(n)]
    if not terms:
        raise QTrainError("the Hamiltonian should have a term that is not zero. Got all couplings and fields 0.")
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)

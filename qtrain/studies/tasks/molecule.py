"""Ground state of a molecule's active space, read from the file that ``qtrain.molecule(...).save(...)`` wrote."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import FilePath
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.chemistry.molecule import Molecule

_SAME = 1e-6  # Hartree


@register_task
class MoleculeTask(TaskModel):
    """Lowest energy of a molecule with its numbers of electrons, up and down; losses are relative to it.

    ``penalty``: Hartree for each squared electron too many or too few, of either spin; needed where other numbers of
    electrons have lower energies.
    """

    kind: Literal["molecule"]
    file: FilePath
    penalty: Annotated[float, Field(ge=0)] = 0.0

    @property
    def has_sizes(self) -> bool:
        return False

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        from qtrain.chemistry.molecule import Molecule

        molecule = Molecule.read(self.file)
        if molecule.num_qubits != num_qubits:
            raise QTrainError(f"qubits should be {molecule.num_qubits}, as in task.file. Got {num_qubits}.")
        operator = molecule.hamiltonian
        if self.penalty:
            operator = (operator + self.penalty * _miscounted(molecule)).simplify()
        task = ground_state(self.kind, operator)
        if task.lowest is not None and task.lowest < molecule.fci_energy - _SAME:
            raise QTrainError(
                f"task.penalty should make other numbers of electrons costlier. Got {self.penalty:g}, with which they "
                f"reach {task.lowest:.6f} Hartree, below the molecule's {molecule.fci_energy:.6f}."
            )
        references = {
            "exact_energy": molecule.fci_energy,
            "hartree_fock_energy": molecule.hartree_fock_energy,
        }
        return dataclasses.replace(task, lowest=molecule.fci_energy, references=references)


def _miscounted(molecule: Molecule) -> SparsePauliOp:
    """(N - n)² summed over both spins, with N = Σ (1 - Z) / 2."""
    from qiskit.quantum_info import SparsePauliOp

    width = molecule.num_qubits
    found = SparsePauliOp("I" * width, 0.0)
    for spin, count in enumerate(molecule.electrons):
        terms = [("Z", [q], -0.5) for q in range(spin, width, 2)]
        off = SparsePauliOp.from_sparse_list([("", [], width / 4 - count), *terms], num_qubits=width)
        found += off @ off
    return found.simplify()

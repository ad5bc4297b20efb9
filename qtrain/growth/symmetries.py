"""Symmetries of a Hamiltonian, which say what its circuits may keep to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


@dataclass(frozen=True)
class Symmetries:
    """Of a Hamiltonian."""

    num_qubits: int
    paulis: tuple[str, ...] = ()
    charges: tuple[tuple[int, ...], ...] = ()
    su2: bool = False
    permutations: tuple[tuple[int, ...], ...] = ()
    translation: int | None = None
    real: bool = False


def find_symmetries(hamiltonian: SparsePauliOp) -> Symmetries:
    """The symmetries that are found (so far: whether it is real)."""
    real = not ((hamiltonian.paulis.x & hamiltonian.paulis.z).sum(axis=1) % 2).any()
    return Symmetries(hamiltonian.num_qubits, real=bool(real))

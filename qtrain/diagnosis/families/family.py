"""Families of circuits: one circuit for every number of qubits; the table of those that are known by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qiskit import QuantumCircuit

from qtrain.errors import QTrainError, check_whole
from qtrain.extensions import Table

if TYPE_CHECKING:
    from qtrain.diagnosis.families.clues import Clues


@dataclass(frozen=True)
class Family:
    """A circuit for every number of qubits.

    Attributes:
        name: what it is, with its options: ``"efficient_su2, linear, 3 repetitions"``.
        build: number of qubits -> circuit.
        remark: how it was read where it can be read in two ways; empty where it cannot.
        growing: the other way, in which the repetitions grow with the qubits; None where there is none.
    """

    name: str
    build: Callable[[int], QuantumCircuit]
    remark: str = ""
    growing: Family | None = None

    def at(self, num_qubits: int) -> QuantumCircuit:
        """Its member on so many qubits.

        Raises:
            QTrainError: no whole number of at least 1, or one that the family has no circuit for.
        """
        check_whole("num_qubits", num_qubits)
        try:
            return self.build(int(num_qubits))
        except QTrainError:
            raise
        except BaseException as error:  # other people's code; exit() and Rust's panics are no Exception
            if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                raise
            kind = "" if isinstance(error, Exception) else f"{type(error).__name__} "
            why = kind + str(error).strip("'").rstrip(".")
            raise QTrainError(f"family should have a circuit of {num_qubits} qubits. {self.name}: {why}.") from None

    circuit = at  # what ``scaling`` asks of an architecture


@dataclass(frozen=True)
class FamilyRow:
    """One row of the table.

    Attributes:
        name: by which ``qtrain scaling`` finds it.
        propose: what a circuit may be a member of, from what is seen at a glance; each is then built and compared.
        build: number of qubits, options -> circuit; None: a row that only recognises.
        options: of ``build``, with their defaults. summary: one line for the list of families.
    """

    name: str
    propose: Callable[[Clues], Iterable[Family]]
    build: Callable[..., QuantumCircuit] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""


FAMILIES: Table[FamilyRow] = Table("family")
"""Families by name, in the order in which a circuit is compared with them."""


def register_family(row: FamilyRow, *, before: str | None = None, replace: bool = False) -> FamilyRow:
    """Add a family that circuits are compared with, and that ``qtrain scaling`` knows by name.

    Raises:
        QTrainError: a name that is taken.

    Example:
        >>> row = FamilyRow("idle", lambda clues: (), lambda n: QuantumCircuit(n))
        >>> register_family(row) is FAMILIES.remove("idle")
        True
    """
    return FAMILIES.add(row.name, row, before=before, replace=replace)

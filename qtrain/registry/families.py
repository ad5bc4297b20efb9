"""Registered winners as a row of the table of families: importing this module adds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtrain.diagnosis.families.family import Family, FamilyRow, register_family
from qtrain.errors import QTrainError
from qtrain.registry.registry import load, names

if TYPE_CHECKING:
    from qtrain.diagnosis.families.clues import Clues


def propose(clues: Clues) -> Iterator[Family]:
    """The winners that have a circuit for every width, and as many parameters as this one at this width."""
    for name in names():
        try:
            family = load(name).architecture
            size = family.num_parameters(clues.num_qubits) if family.num_qubits is None else None
        except QTrainError:  # a damaged entry is told of where it is asked for
            continue
        if size == len(clues.program.parameters):
            yield Family(f"{name} (registered)", family.circuit)


register_family(FamilyRow("registered winners", propose, summary="see qtrain list"))

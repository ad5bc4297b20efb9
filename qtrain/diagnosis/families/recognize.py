"""``recognize``: a circuit as a member of a family, proven by building that member again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from qiskit import QuantumCircuit

from qtrain.circuits.composites import is_composite, unfold
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.families import layers, library  # noqa: F401 - they add their rows
from qtrain.diagnosis.families.canonical import identical, normal_form
from qtrain.diagnosis.families.clues import Clues
from qtrain.diagnosis.families.family import FAMILIES, Family
from qtrain.errors import QTrainError

MOST = 50_000  # operations of a circuit that is compared with families
DISTINCT = 6  # qubits from which named families that are equal gate for gate are equal at every width
GENERIC = "layers"  # the row that reads any repeated layers; named families come first


def recognize(circuit: QuantumCircuit) -> Family | None:
    """The family that a circuit is a member of; None where there is none, or more than one.

    Names play no part: the member of the same width is built again and compared gate for gate, where gates that
    commute may stand in either order. Below four qubits, circuits of different families often coincide: where two
    readings go on differently, nothing is recognised. Repetitions are read as a fixed depth; ``growing`` is the other
    reading where they are as many as the qubits.

    Args:
        circuit: unitary gates; barriers and final measurements are left aside.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> family = recognize(efficient_su2(5, entanglement="linear", reps=2))
        >>> family.name, family.at(8).num_parameters
        ('efficient_su2, linear, 2 repetitions', 48)
    """
    clues = _look(circuit)
    if clues is None:
        return None
    proposed = itertools.chain.from_iterable(row.propose(clues) for name, row in FAMILIES.items() if name != GENERIC)
    for found in (proposed, FAMILIES[GENERIC].propose(clues) if GENERIC in FAMILIES else ()):
        same = list(_members(found, clues))
        if same:
            families = [family for family, _ in sorted(same, key=lambda pair: not pair[1])]  # in the same order first
            return families[0] if _agree(families, clues.num_qubits) else None
    return None


def _look(circuit: QuantumCircuit) -> Clues | None:
    """The clues of a circuit with free angles that is no larger than can be compared; None for others."""
    try:
        plain = unfold(circuit, lambda item: is_composite(item.operation))
        program = lower(plain)
    except QTrainError:
        return None
    if not program.parameters or program.angle_map is not None or program.expressions or len(program) > MOST:
        return None
    return Clues(plain, program)


def _members(families: Iterable[Family], clues: Clues) -> Iterator[tuple[Family, bool]]:
    """Those whose circuit of this width is the given one, and whether its gates stand in the same order."""
    for family in families:
        built = _lowered(family, clues.num_qubits)
        if built is None or len(built) != len(clues.program):
            continue
        if identical(built, clues.program):
            yield family, True
            if clues.num_qubits >= DISTINCT:
                return
        elif normal_form(built) == clues.form:
            yield family, True
        elif normal_form(built, commuting=True) == clues.loose_form:
            yield family, False


def _lowered(family: Family, n: int) -> PauliProgram | None:
    try:
        return lower(family.at(n))
    except QTrainError:
        return None


def _agree(families: list[Family], n: int) -> bool:
    """Whether all of them go on in the same way."""
    for wider in (n + 1, n + 2, 2 * n) if len(families) > 1 else ():
        made = [_lowered(family, wider) for family in families]
        if len({None if one is None else normal_form(one, commuting=True) for one in made}) > 1:
            return False
    return True

"""An ansatz of given generators: each is one angle in every repetition, however many Pauli strings it adds up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Angle, Gate
from qtrain.architecture.layer import whole
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

_CLOSE = 1e-9  # relative: coefficients that were meant to be equal, and imaginary parts that were meant to be none


def from_generators(
    generators: Sequence[str | SparsePauliOp], *, reps: int = 1, initial: str = "none"
) -> Architecture:
    """exp(−iθG/2) of each generator in turn, repeated, every time with an angle of its own.

    What `qtrain.symmetrize` returns becomes a circuit that commutes with the symmetry at all angles. The largest
    coefficient of each generator counts as 1, so that angles turn as those of single strings do.

    Args:
        generators: Pauli labels, or Hermitian sums of Pauli strings that commute with each other, of one width. Parts
            that are multiples of the identity are left out.
        reps: repetitions of all of them. initial: as in `qtrain.Architecture`.

    Raises:
        QTrainError: no generator, mixed widths, a sum whose strings do not all commute: their rotations one after the
            other are not exp(−iθG/2), and break the symmetry that G has.

    Example:
        >>> from qtrain.lie.symmetrize import symmetrize
        >>> ansatz = from_generators(symmetrize(["IIX", "IIZ", "IZZ"], "permutation"), reps=2)
        >>> ansatz.num_parameters(), ansatz.circuit().count_ops()["rzz"]
        (6, 6)
        >>> print(from_generators(["XI", "ZZ"]))
        rx 1 · rzz 0 1
    """
    from qiskit.quantum_info import SparsePauliOp

    whole("reps", reps, "a whole number of at least 1")
    sums = [SparsePauliOp(item).simplify() for item in generators]
    if not sums:
        raise QTrainError("generators should hold at least one generator. Got an empty list.")
    widths = sorted({item.num_qubits for item in sums})
    if len(widths) > 1:
        raise QTrainError(f"generators should act on one number of qubits. Got {widths}.")
    terms = [_terms(item, place) for place, item in enumerate(sums)]
    grown = [gate for turn in range(reps) for place, found in enumerate(terms)
             for gate in _rotations(found, turn * len(terms) + place)]  # fmt: skip
    return Architecture((), initial=initial, grown=tuple(grown), num_qubits=widths[0])


Term = tuple[str, tuple[int, ...], float]  # letters, their qubits, coefficient


def _terms(generator: SparsePauliOp, place: int) -> list[Term]:
    """Its strings beside the identity, if they commute and their coefficients are real."""
    found: list[Term] = []
    for letters, qubits, coefficient in generator.to_sparse_list():
        if abs(coefficient.imag) > _CLOSE * abs(coefficient):
            raise QTrainError(f"generators should be Hermitian. Got the coefficient {coefficient} at place {place}.")
        if letters and coefficient:
            found.append((letters, tuple(qubits), float(coefficient.real)))
    if not found:
        raise QTrainError(f"generators should be more than multiples of the identity. Got one at place {place}.")
    for a, b in itertools.combinations(found, 2):
        mine = dict(zip(a[1], a[0], strict=True))
        if sum(mine.get(q, letter) != letter for q, letter in zip(b[1], b[0], strict=True)) % 2:
            raise QTrainError(
                "generators should be sums of Pauli strings that commute with each other. Got "
                f"{a[0]} on {list(a[1])} and {b[0]} on {list(b[1])} at place {place}: give them as two generators."
            )
    return found


def _rotations(terms: Sequence[Term], parameter: int) -> list[Gate]:
    largest = max(abs(c) for _, _, c in terms)
    gates = []
    for letters, qubits, c in terms:
        factor = c / largest
        angle: Angle = parameter if abs(factor - 1.0) <= _CLOSE else (parameter, factor)
        gates.append(Gate("r" + letters.lower(), qubits, (angle,)))
    return gates

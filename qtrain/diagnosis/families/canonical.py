"""When two circuits are the same, gate for gate: normal forms that forget the order of what commutes.

The normal form is Foata's: each operation stands in the first column that no earlier one it depends on reaches, and
the operations of a column, which commute, are sorted. Parameters count by where they stand, not by their names.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.kernels import opcodes as op

DIGITS = 9  # of angles and coefficients that are compared
X, Z, Y = op.LETTER_X, op.LETTER_Z, op.LETTER_Y
_ANY = 0  # acts on its qubit in no single basis
# on which qubits a Clifford acts in the basis of one letter: what has the same letter there commutes with it
_LETTERS: dict[int, tuple[int, ...]] = {
    op.X: (X,), op.Y: (Y,), op.Z: (Z,), op.S: (Z,), op.SDG: (Z,), op.SX: (X,), op.SXDG: (X,), op.H: (_ANY,),
    op.CX: (Z, X), op.CZ: (Z, Z), op.SWAP: (_ANY, _ANY),
}  # fmt: skip
_SYMMETRIC = (op.CZ, op.SWAP)

Op = tuple[Hashable, tuple[int, ...], tuple[int, ...], int]
"""(kind, qubits, letter on each, parameter or -1)."""


def operations(program: PauliProgram) -> list[Op]:
    """The operations of a program as tuples that compare."""
    found: list[Op] = []
    turns = program.turns.tolist()
    support, letters, start = program.support.tolist(), program.letters.tolist(), program.start.tolist()
    codes, places, parameters = program.opcode.tolist(), program.qubits.tolist(), program.parameter.tolist()
    coefficients, offsets = program.coefficient.tolist(), program.offset.tolist()
    for k, code in enumerate(codes):
        if code == op.ROTATION:
            own = slice(start[k], start[k + 1])
            offset: float | str = f"{turns[k]} turns" if turns[k] >= 0 else round(offsets[k], DIGITS) + 0.0
            kind = ("r", tuple(letters[own]), round(coefficients[k], DIGITS) + 0.0, str(offset))
            found.append((kind, tuple(support[own]), tuple(letters[own]), parameters[k]))
        else:
            on = _LETTERS[code]
            where = tuple(places[k][: len(on)])
            if code in _SYMMETRIC:
                where = tuple(sorted(where))
            found.append(((str(code),), where, on, -1))
    return found


def identical(one: PauliProgram, other: PauliProgram) -> bool:
    """Whether two programs are the same operation for operation, up to the names of their parameters."""
    if one.num_qubits != other.num_qubits or len(one) != len(other):
        return False
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("opcode", "qubits", "support", "letters")]
    if not all(np.array_equal(a, b) for a, b in [*pairs, (one.parameter >= 0, other.parameter >= 0)]):
        return False
    near = [np.allclose(a, b, rtol=0, atol=0.5 * 10.0**-DIGITS)
            for a, b in ((one.coefficient, other.coefficient), (one.offset, other.offset))]  # fmt: skip
    return all(near) and np.array_equal(_in_order(one.parameter), _in_order(other.parameter))


def _in_order(parameters: np.ndarray) -> np.ndarray:
    """The same numbers, numbered by their first use."""
    _, first, where = np.unique(parameters, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[where]


def normal_form(program: PauliProgram, *, commuting: bool = False) -> tuple[object, ...]:
    """Equal for circuits with the same gates, in orders that differ by gates that do not meet.

    Args:
        commuting: also by gates that meet in one basis on every qubit they share, such as CZ and RZZ.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qtrain.circuits.program import lower
        >>> a, b = QuantumCircuit(3), QuantumCircuit(3)
        >>> _ = a.cz(0, 1), a.cz(1, 2), b.cz(1, 2), b.cz(0, 1)
        >>> forms = [[normal_form(lower(c), commuting=deep) for c in (a, b)] for deep in (False, True)]
        >>> [one == other for one, other in forms]
        [False, True]
    """
    # per qubit, the last column of what acts there: in the basis of 1, 2, 3, or (0) in none
    last = [[0, 0, 0, 0] for _ in range(program.num_qubits)]
    columns: dict[int, list[tuple[str, Op]]] = {}
    for item in operations(program):
        kind, qubits, letters, _ = item
        level = 0
        for q, letter in zip(qubits, letters):
            seen = last[q]
            if commuting and letter != _ANY:
                level = max(level, *(seen[other] for other in range(4) if other != letter))
            else:
                level = max(level, *seen)
        level += 1
        for q, letter in zip(qubits, letters):
            last[q][letter] = max(last[q][letter], level)
        columns.setdefault(level, []).append((repr((qubits, kind)), item))
    # equal gates side by side are told apart by where else their parameters stand, then by which came first
    stands: dict[int, list[tuple[int, str]]] = {}
    for level, column in columns.items():
        for key, item in column:
            stands.setdefault(item[3], []).append((level, key))
    signature = {parameter: hash(tuple(sorted(places))) for parameter, places in stands.items()}
    numbers: dict[int, int] = {-1: -1}
    form = []
    for level in sorted(columns):
        alike = itertools.groupby(sorted(columns[level], key=lambda entry: entry[0]), key=lambda entry: entry[0])
        for key, entries in alike:
            own = [item[3] for _, item in entries]
            for parameter in sorted(own, key=lambda p: (signature[p], numbers.get(p, math.inf), p)):
                form.append((level, key, numbers.setdefault(parameter, len(numbers))))
    return (program.num_qubits, tuple(form))

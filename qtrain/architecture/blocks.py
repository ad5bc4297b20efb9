"""Gates that a layer is made of: one-qubit columns and two-qubit blocks, as data.

In a block, qubits 0 and 1 are the edge's first and second; an angle that is an ``int`` is the block's parameter of
that number, a ``float`` is a fixed angle in radians, a pair (int, float) is a parameter times a factor.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Angle = int | float | tuple[int, float]


@dataclass(frozen=True)
class Gate:
    """One gate: Qiskit's lower-case name, the qubits, the angles.

    An angle is the index of a parameter (int), radians (float), or a parameter times a factor (int, float). Pauli
    rotations exp(-i·angle·P/2) on any number of qubits are called "r" and their letters: ``rxyzz`` on four qubits.

    Example:
        >>> Gate("rzz", (0, 1), (0,)).parameters, Gate("rxyy", (4, 0, 2), ((3, -0.5),)).parameters
        ((0,), (3,))
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Angle, ...] = ()

    @property
    def parameters(self) -> tuple[int, ...]:
        """Index of the parameter of each free angle."""
        free = (parameter_of(angle) for angle in self.angles)
        return tuple(index for index in free if index is not None)

    @property
    def num_parameters(self) -> int:
        """How many angles are free."""
        return len(self.parameters)

    def __str__(self) -> str:
        fixed = [f"{angle:.4g}" for angle in self.angles if isinstance(angle, float)]
        return " ".join([self.name, *map(str, self.qubits), *(f"({value})" for value in fixed)])

    def renumbered(self, number: Callable[[int], int]) -> Gate:
        """The gate with other parameters: ``number`` gives the new index of each."""
        angles: list[Angle] = []
        for angle in self.angles:
            if isinstance(angle, tuple):
                angles.append((number(angle[0]), angle[1]))
            else:
                angles.append(number(angle) if isinstance(angle, int) else angle)
        return dataclasses.replace(self, angles=tuple(angles))


def parameter_of(angle: Angle) -> int | None:
    """The index of an angle's parameter, None for a fixed one."""
    if isinstance(angle, tuple):
        return angle[0]
    return angle if isinstance(angle, int) else None


def count_parameters(gates: Sequence[Gate]) -> int:
    """One more than the highest index of a parameter."""
    return 1 + max((index for gate in gates for index in gate.parameters), default=-1)


_PAULI_ROTATION = re.compile(r"r([xyz]{2,})")


def pauli_letters(name: str) -> str | None:
    """The letters of a Pauli rotation on two or more qubits, None for another gate.

    Example:
        >>> pauli_letters("rxyz"), pauli_letters("rzz"), pauli_letters("rx")
        ('XYZ', 'ZZ', None)
    """
    found = _PAULI_ROTATION.fullmatch(name)
    return found[1].upper() if found else None


ROTATIONS: Mapping[str, int] = {
    "rx": 1, "ry": 1, "rz": 1, "p": 1, "u": 3,
    "h": 0, "s": 0, "sdg": 0, "sx": 0, "sxdg": 0, "x": 0, "y": 0, "z": 0,
}  # fmt: skip
"""One-qubit gates and how many free angles each has; those with none are fixed."""

_A, _B = (0,), (1,)
_AB, _BA = (0, 1), (1, 0)


def _one(name: str, parameters: int = 0) -> tuple[Gate, ...]:
    return (Gate(name, _AB, tuple(range(parameters))),)


def _locals(first: int) -> tuple[Gate, ...]:
    """A general one-qubit gate on both qubits, six parameters from ``first``."""
    return (Gate("u", _A, (first, first + 1, first + 2)), Gate("u", _B, (first + 3, first + 4, first + 5)))


_QCNN_POOL = (
    Gate("rz", _B, (-math.pi / 2,)), Gate("cx", _BA), Gate("rz", _A, (0,)), Gate("ry", _B, (1,)), Gate("cx", _AB),
    Gate("ry", _B, (2,)),
)  # fmt: skip

BLOCKS: Mapping[str, tuple[Gate, ...]] = {
    "cx": _one("cx"), "cz": _one("cz"), "swap": _one("swap"),
    "rxx": _one("rxx", 1), "ryy": _one("ryy", 1), "rzz": _one("rzz", 1), "rzx": _one("rzx", 1),
    "crx": _one("crx", 1), "cry": _one("cry", 1), "crz": _one("crz", 1), "cp": _one("cp", 1),
    # exp(-i t (XX + YY) / 4): hops an excitation
    "xx_plus_yy": (Gate("xx_plus_yy", _AB, (0, 0.0)),),
    # the same, and an interaction
    "fsim": (Gate("xx_plus_yy", _AB, (0, 0.0)), Gate("cp", _AB, (1,))),
    # exp(-i t (XX + YY + ZZ) / 2): commutes with every global rotation
    "heisenberg": (Gate("rxx", _AB, (0,)), Gate("ryy", _AB, (0,)), Gate("rzz", _AB, (0,))),
    "xxz": (Gate("rxx", _AB, (0,)), Gate("ryy", _AB, (0,)), Gate("rzz", _AB, (1,))),
    # every two-qubit unitary: 15 parameters
    "su4": (*_locals(0), Gate("rxx", _AB, (6,)), Gate("ryy", _AB, (7,)), Gate("rzz", _AB, (8,)), *_locals(9)),
    # convolution and pooling of Qiskit's QCNN tutorial (1810.03787); pooling goes from qubit 0 to qubit 1
    "conv": (*_QCNN_POOL, Gate("cx", _BA), Gate("rz", _A, (math.pi / 2,))),
    "pool": _QCNN_POOL,
}  # fmt: skip
"""Two-qubit blocks: a layer applies one to each edge."""


def block_parameters(name: str) -> int:
    """Free angles of a block.

    Example:
        >>> block_parameters("su4"), block_parameters("cx"), block_parameters("heisenberg")
        (15, 0, 1)
    """
    return count_parameters(BLOCKS[name])


TWO_QUBIT: Mapping[str, int] = {
    gate.name: len(gate.angles) for block in BLOCKS.values() for gate in block if len(gate.qubits) == 2
}
"""Two-qubit gates of the blocks, and how many angles each has."""

"""Rotations that flip the same qubits by the same angle, taken together: a step of a circuit within its sector.

One rotation about XX keeps no charge, nor one about YY; by one angle they hop. Strings of one step commute and have the
same X part x, so the step turns each pair of basis states s and s ^ x by itself, and pairs whose matrix element
cancels stay as they are: that cancellation is what conserves particles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.simulators.sectors.pulled_back import TOLERANCE, PulledBack


@dataclass(frozen=True, eq=False)
class Move:
    """A generator G = sum of c_j P_j with one X part, up to its scale.

    Attributes:
        x: (words,) uint64, what it flips. z: (strings, words) uint64. c: (strings,) float64, the largest is 1; with
            the signs of i^y, y the number of Y letters of a string.
        imaginary: y is odd: <s ^ x|G|s> is i d(s) with d(s) = sum of c (-1)^(z . s); else d(s).
    """

    x: np.ndarray
    z: np.ndarray
    c: np.ndarray
    imaginary: bool

    @property
    def flips(self) -> bool:
        return bool(self.x.any())

    @property
    def least(self) -> float:
        """Matrix elements up to this are 0: coefficients count as equal within the tolerance."""
        return TOLERANCE * float(np.abs(self.c).sum())


@dataclass(frozen=True, eq=False)
class Steps:
    """A circuit: exp(-i scale (weight + shift) G / 2) in time order.

    Attributes:
        moves: distinct generators. move: (steps,) which of them.
        parameter: (steps,) weight, -1 for a fixed step (then the angle is scale). scale, shift: (steps,).
    """

    moves: list[Move]
    move: np.ndarray
    parameter: np.ndarray
    scale: np.ndarray
    shift: np.ndarray

    def angles(self, weights: np.ndarray) -> np.ndarray:
        """(steps, points) angles at the rows of ``weights`` (points, num_weights)."""
        padded = np.hstack([weights, np.ones((len(weights), 1))])
        return np.ascontiguousarray((padded[:, self.parameter] + self.shift).T * self.scale[:, None])


def may_conserve(circuit: PulledBack) -> bool:
    """Whether a charge may survive: on some qubit, every flip is made by several rotations of one angle."""
    flips = circuit.x.any(axis=1)
    keys = np.column_stack([circuit.parameter[flips].astype(np.uint64), circuit.x[flips]])
    distinct, count = np.unique(keys, axis=0, return_counts=True)
    alone = np.bitwise_or.reduce(distinct[count == 1, 1:], axis=0, initial=np.uint64(0))
    several = np.bitwise_or.reduce(distinct[count > 1, 1:], axis=0, initial=np.uint64(0))
    return bool((several & ~alone).any())


def steps_of(circuit: PulledBack) -> Steps:
    """The circuit's rotations by steps: each joins the last of its angle and X part if what lies between commutes.

    Example:
        >>> from qiskit.circuit.library import excitation_preserving
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.sectors.pulled_back import pull_back
        >>> program = lower(excitation_preserving(3, reps=1))
        >>> len(program), len(steps_of(pull_back(program, SparsePauliOp("ZII"))).move)
        (12, 9)
    """
    whole = [(int.from_bytes(x, "little"), int.from_bytes(z, "little")) for x, z in _bytes(circuit)]
    rows: list[list[tuple[int, float]]] = []  # of each step: rotation and its coefficient
    heads: list[tuple[int, float]] = []  # parameter and shift
    begun: list[int] = []  # how many strings there were when it began
    last: dict[tuple[int, int, float], int] = {}
    arrived: list[tuple[int, int]] = []  # rotation and step of each string, in order
    last_flip = -1
    for i, (x, z) in enumerate(whole):
        if not x and not z:
            continue  # a global phase
        for parameter, coefficient, shift in _pieces(circuit, i):
            key = (x, parameter, shift)
            step = last.get(key, -1)
            if step >= 0 and (x or last_flip > step):
                between = [j for j, other in arrived[begun[step] :] if other >= step]
                if _anticommutes(circuit, whole, i, between):
                    step = -1
            if step < 0:
                step = last[key] = len(rows)
                rows.append([])
                heads.append((parameter, shift))
                begun.append(len(arrived))
            rows[step].append((i, coefficient))
            arrived.append((i, step))
            if x:
                last_flip = max(last_flip, step)
    return _collect(circuit, whole, rows, heads)


def _bytes(circuit: PulledBack) -> list[tuple[bytes, bytes]]:
    x, z = (np.ascontiguousarray(half, "<u8") for half in (circuit.x, circuit.z))
    return [(a.tobytes(), b.tobytes()) for a, b in zip(x, z, strict=True)]


def _pieces(circuit: PulledBack, i: int) -> list[tuple[int, float, float]]:
    """(parameter, coefficient, shift) of a rotation; the shift rounded, so that equal ones are found equal."""
    parameter, coefficient, offset = (
        int(circuit.parameter[i]),
        float(circuit.coefficient[i]),
        float(circuit.offset[i]),
    )
    fixed = math.remainder(offset, 2 * math.pi)  # a full turn is a global sign
    if parameter < 0 or coefficient == 0:
        return [(-1, fixed, 0.0)] if abs(fixed) > TOLERANCE else []
    return [(parameter, coefficient, round(fixed / coefficient, 12) + 0.0)]


def _anticommutes(circuit: PulledBack, whole: list[tuple[int, int]], i: int, others: list[int]) -> bool:
    """Whether rotation i anticommutes with any of the others."""
    x, z = whole[i]
    if len(others) < 32:
        return any((((x & whole[j][1]) ^ (z & whole[j][0])).bit_count()) & 1 for j in others)
    crossed = np.bitwise_count((circuit.x[i] & circuit.z[others]) ^ (circuit.z[i] & circuit.x[others]))
    return bool((crossed.sum(axis=1) & 1).any())


def _collect(
    circuit: PulledBack, whole: list[tuple[int, int]], rows: list[list[tuple[int, float]]],
    heads: list[tuple[int, float]],
) -> Steps:  # fmt: skip
    moves: list[Move] = []
    known: dict[tuple[object, ...], int] = {}
    found: list[tuple[int, int, float, float]] = []
    for (parameter, shift), members in zip(heads, rows, strict=True):
        x = whole[members[0][0]][0]
        generator = _generator(whole, members)
        if generator is None:
            continue
        strings, relative, scale = generator
        key = (x, *strings, *relative)
        if key not in known:
            known[key] = len(moves)
            row = {whole[i][1]: i for i, _ in members}
            moves.append(
                Move(
                    circuit.x[members[0][0]],
                    circuit.z[[row[z] for z in strings]],
                    np.array(relative),
                    bool((x & strings[0]).bit_count() % 2),
                )  # fmt: skip
            )
        found.append((known[key], parameter, scale, shift))
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    return Steps(
        moves, np.array(columns[0], np.int64), np.array(columns[1], np.int64), np.array(columns[2], float),
        np.array(columns[3], float),
    )  # fmt: skip


def _generator(
    whole: list[tuple[int, int]], members: list[tuple[int, float]]
) -> tuple[list[int], list[float], float] | None:
    """The members' sum: strings z ascending, their relative coefficients, the scale; None where they cancel."""
    total: dict[int, float] = {}
    for i, coefficient in members:
        x, z = whole[i]
        total[z] = total.get(z, 0.0) + (
            -coefficient if (x & z).bit_count() & 2 else coefficient
        )  # i^y: -1 or -1 i
    largest = max(map(abs, total.values()))
    strings = sorted(z for z, c in total.items() if abs(c) > TOLERANCE * largest)
    if not strings:
        return None
    scale = next(total[z] for z in strings if abs(total[z]) > (1 - TOLERANCE) * largest)
    relative = []
    for z in strings:
        ratio = total[z] / scale
        dyadic = round(64 * ratio) / 64  # sums of these are exact
        relative.append(dyadic if abs(ratio - dyadic) <= TOLERANCE else ratio)
    return strings, relative, scale

"""The basis states that a circuit can reach, and its generators and observables as numbers between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.simulators.sectors.pulled_back import PulledBack
from qtrain.simulators.sectors.steps import Move


@dataclass(frozen=True, eq=False)
class Basis:
    """Bit strings in front of all Cliffords.

    Attributes:
        states: (dimension, words) uint64, 0...0 first. table: their hash table.
    """

    states: np.ndarray
    table: np.ndarray

    def __len__(self) -> int:
        return len(self.states)

    def link(
        self, x: np.ndarray, z: np.ndarray, c: np.ndarray, least: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where X^x (sum of c Z^z) takes each state and with what number; -1 where nowhere, or out of the sector."""
        from qtrain.kernels.statevector.sectors import link

        target, value = np.empty(len(self), np.int64), np.empty(len(self))
        link(
            self.states, self.table, x, np.ascontiguousarray(z), np.ascontiguousarray(c), least, target, value
        )
        return target, value


@dataclass(frozen=True, eq=False)
class Pairs:
    """What each move does, as its kernel reads it.

    Attributes:
        segments: (moves + 1,) segments of each move. kind, value: (segments,), the matrix element of all its pairs.
        first: (segments + 1,) pairs of each. a, b: (pairs,) int32; a diagonal segment has a = b.
    """

    segments: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    first: np.ndarray
    a: np.ndarray
    b: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.segments, self.kind, self.value, self.first, self.a, self.b


def reachable(moves: list[Move], words: int, capacity: int) -> Basis:
    """The sector of 0...0, found by taking every move from every state found: exact, whatever conserves it.

    Args:
        capacity: at least its dimension, such as `charges_of` counts.
    """
    from qtrain.kernels.statevector.sectors import reach

    flipping = [move for move in moves if move.flips]
    x = np.array([move.x for move in flipping], np.uint64).reshape(-1, words)
    z = np.concatenate([move.z for move in flipping]) if flipping else np.zeros((0, words), np.uint64)
    c = np.concatenate([move.c for move in flipping]) if flipping else np.zeros(0)
    first = np.append(0, np.cumsum([len(move.c) for move in flipping])).astype(np.int64)
    states, table = reach(x, first, z, c, np.array([move.least for move in flipping]), capacity)
    if not len(states):
        raise QTrainError(f"capacity should hold the sector. Got {capacity}, and more states are reached.")
    return Basis(states, table)


def pairs_of(moves: list[Move], basis: Basis) -> Pairs:
    """Pairs of states that each move connects, sorted by their matrix element."""
    from qtrain.kernels.statevector.sectors import DIAGONAL, IMAGINARY, REAL

    segments, kinds, values, sizes, a, b = [0], [], [], [], [], []
    own = np.arange(len(basis))
    for move in moves:
        target, value = basis.link(move.x, move.z, move.c, move.least if move.flips else -1.0)
        if not move.flips:
            kind, source = DIAGONAL, own
            level, count = np.unique(value[:: max(len(value) // 256, 1)], return_counts=True)
            value = value - level[np.argmax(count)]  # a frequent value is made the global phase
            moved = np.abs(value) > move.least
        elif move.imaginary:
            kind, source = IMAGINARY, own
            moved = (target >= 0) & (value > 0)  # from a to b; the way back has the other sign
        else:
            kind, source = REAL, own
            moved = target > own
        source, target, value = source[moved], target[moved], value[moved]
        if len(value) and value.min() != value.max():
            order = np.argsort(value, kind="stable")
            source, target, value = source[order], target[order], value[order]
        ends = np.append(np.flatnonzero(np.diff(value)) + 1, len(value)) if len(value) else np.zeros(0, int)
        values.append(value[ends - 1])
        sizes.append(np.diff(np.append(0, ends)))
        kinds.append(np.full(len(ends), kind, np.int8))
        segments.append(segments[-1] + len(ends))
        a.append(source.astype(np.int32))
        b.append(target.astype(np.int32))
    return Pairs(
        np.array(segments, np.int64), _joined(kinds, np.int8), _joined(values, float),
        np.append(0, np.cumsum(_joined(sizes, np.int64))).astype(np.int64), _joined(a, np.int32), _joined(b, np.int32),
    )  # fmt: skip


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)


def matrices(circuit: PulledBack, basis: Basis) -> tuple[Any, Any]:
    """The observable between the sector's states as A + iB, two real sparse matrices; what leaves the sector is gone.

    Strings with the same X part are added up before they are looked at, so that parts that would leave (of XX the half
    that XX - YY is) cancel or are dropped as one.
    """
    from scipy.sparse import coo_array

    size = len(basis)
    ys = np.bitwise_count(circuit.terms_x & circuit.terms_z).sum(axis=1, dtype=np.int64)
    sign = np.where(ys & 2, -1.0, 1.0)
    keys = np.column_stack([circuit.terms_x, (ys & 1).astype(np.uint64)])
    distinct, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(np.asarray(group).reshape(-1), kind="stable")
    bounds = np.searchsorted(np.asarray(group).reshape(-1)[order], np.arange(len(distinct) + 1))
    found: tuple[list[tuple[np.ndarray, ...]], list[tuple[np.ndarray, ...]]] = ([], [])
    for k, key in enumerate(distinct):
        which = order[bounds[k] : bounds[k + 1]]
        c = sign[which] * circuit.terms[which]
        target, value = basis.link(np.ascontiguousarray(key[:-1]), circuit.terms_z[which], c, 0.0)
        inside = np.flatnonzero(target >= 0)
        if len(inside):
            found[int(key[-1])].append(
                (target[inside].astype(np.int32), inside.astype(np.int32), value[inside])
            )
    out: list[Any] = []
    for parts in found:
        if not parts:
            out.append(None)
            continue
        row, column, value = (np.concatenate([p[k] for p in parts]) for k in range(3))
        out.append(coo_array((value, (row, column)), shape=(size, size)).tocsr())
    return out[0], out[1]

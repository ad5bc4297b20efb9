"""Orbits of Pauli strings that brackets reach, followed within a limit and a deadline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtrain.budget import clock
from qtrain.kernels import permutation_orbits as kernel
from qtrain.lie.qubit_symmetries import Symmetry

PAUSE = 10**7  # letters between two looks at the clock


@dataclass(frozen=True, eq=False)
class Orbits:
    """Orbits and their brackets with the terms of generators.

    Attributes:
        rows: (size, n) int8, the letters that stand for each orbit.
        known: the first so many have all their brackets here.
        start, term, other, sign: CSR over the orbits: for each term P_t that anticommutes with the row Q_k, the orbit
            of P_t Q_k, and s of i P_t (P_t Q_k) = s Q_k.
    """

    rows: np.ndarray
    known: int
    start: np.ndarray
    term: np.ndarray
    other: np.ndarray
    sign: np.ndarray

    @property
    def complete(self) -> bool:
        return self.known == len(self.rows)

    @cached_property
    def safe(self) -> np.ndarray:
        """(size,) bool: orbits whose brackets, and the brackets of what they lead to, are known."""
        safe = np.arange(len(self.rows)) < self.known
        if not self.complete:
            meets = np.repeat(np.arange(len(self.rows)), np.diff(self.start))
            safe &= np.bincount(meets, self.other >= self.known, minlength=len(self.rows)) == 0
        return safe

    @cached_property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The same brackets by the orbit they come from: (start, orbit they lead to, term, sign as int8)."""
        order = np.argsort(self.other, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(self.other, minlength=len(self.rows)))])
        leads = np.repeat(np.arange(len(self.rows), dtype=np.int32), np.diff(self.start))
        return start, leads[order], self.term[order], self.sign[order].astype(np.int8)


def reach(
    seeds: np.ndarray, terms: np.ndarray, symmetry: Symmetry, limit: int, deadline: float = math.inf,
    max_entries: int = 2**62,
) -> Orbits:  # fmt: skip
    """Orbits reached from the seeds by brackets with the terms, those of few brackets first.

    Args:
        seeds: (S, n) smallest rows of their orbits, distinct. terms: (T, n), together unchanged by the symmetry.
        limit, deadline, max_entries: orbits, time (of `qtrain.budget.clock`), brackets: no more are followed then.
    """
    count, width = seeds.shape
    room, entries = max(4 * count, 64) + len(terms), max(1024, 4 * len(terms))
    rows = np.empty((room, width), np.int8)
    rows[:count] = seeds
    start = np.zeros(room + 1, np.int64)
    term, other, sign = np.empty(entries, np.int32), np.empty(entries, np.int32), np.empty(entries)
    state = np.array([count, 0, 0])
    slots = _table(rows, count)
    while True:
        status = kernel.follow(
            rows, slots, start, term, other, sign, state, terms, symmetry.kind, symmetry.group, limit, PAUSE
        )
        count, known, total = state.tolist()
        if status in (kernel.DONE, kernel.LIMIT) or clock() > deadline or total > max_entries:
            break
        if status == kernel.ROOM:
            if total + len(terms) > len(term):
                entries = 2 * (total + len(terms))
                term, other, sign = np.resize(term, entries), np.resize(other, entries), np.resize(sign, entries)
            if count + len(terms) > len(rows):
                room = 2 * (count + len(terms))
                rows = np.concatenate([rows[:count], np.empty((room - count, width), np.int8)])
                start = np.concatenate([start, np.zeros(room + 1 - len(start), np.int64)])
                slots = _table(rows, count)
    start[known + 1 : count + 1] = total
    return Orbits(rows[:count], known, start[: count + 1], term[:total], other[:total], sign[:total])


def _table(rows: np.ndarray, count: int) -> np.ndarray:
    slots = np.full(1 << (2 * len(rows)).bit_length(), -1, np.int64)
    kernel.fill_slots(slots, rows, 0, count)
    return slots

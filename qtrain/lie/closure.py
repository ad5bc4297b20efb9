"""Lie closure of sums of Pauli strings with whole weights, exactly: modulo two primes near 2^61.

In the basis i P coefficients are real, and brackets of whole combinations stay whole: the rank modulo a prime is a
lower bound of the true one and equals it for all but finitely many primes. Where generators are invariant under
permutations of the qubits, sums over orbits replace strings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtrain.budget import clock
from qtrain.kernels import lie_closure as kernel
from qtrain.lie.orbits import Orbits, reach
from qtrain.lie.qubit_symmetries import Pauli, Symmetry, find_symmetry

MAX_COLUMNS = 300_000  # orbits of strings followed at most
COLUMNS = 64  # of them for each dimension that a closure may find
MAX_ENTRIES = 30_000_000  # pairs of an orbit and a term that anticommute
SHARE = 0.3  # of the time, after which no more orbits are followed
MEMORY_BYTES = 2 * 1024**3
PAUSE = 2 * 10**7  # products between two looks at the clock
Sum = Mapping[Pauli, int]
Vectors = tuple[np.ndarray, np.ndarray, np.ndarray]  # ends (vectors + 1,), places, residues of nonzero entries


@dataclass(frozen=True)
class Closure:
    """How many dimensions were found, whether these are all, and how they were found."""

    dimension: int
    complete: bool
    method: str


@dataclass(frozen=True, eq=False)
class Space:
    """Orbits of strings that brackets of the seeds with the generators reach, and those brackets.

    Attributes:
        generators, seeds: sums of strings. symmetry: of all of them. orbits: that they reach, or a part of these.
        terms: the strings of the generators, in their order in ``orbits.term``.
    """

    generators: Sequence[Sum]
    seeds: Sequence[Sum]
    symmetry: Symmetry
    orbits: Orbits
    terms: dict[Pauli, int]

    @property
    def rows(self) -> np.ndarray:
        return self.orbits.rows

    @property
    def size(self) -> int:
        return len(self.orbits.rows)

    @property
    def complete(self) -> bool:
        return self.orbits.complete

    @cached_property
    def note(self) -> str:
        return f" on sums over {self.symmetry.name}" if self.symmetry.name else ""

    def vectors(self, sums: Sequence[Sum], p: int) -> Vectors:
        """The sums' coefficients on the orbits, as residues."""
        place = {row.tobytes(): k for k, row in enumerate(self.rows)}
        ends, places, values = [0], list[int](), list[int]()
        for terms in sums:
            rows = letters(list(terms), self.rows.shape[1])
            found = {place[self.symmetry.smallest(row).tobytes()]: c % p for row, c in zip(rows, terms.values())}
            places += found.keys()
            values += found.values()
            ends.append(len(places))
        return np.array(ends), np.array(places, np.int32), np.array(values, np.uint64)

    def maps(self, p: int) -> tuple[np.ndarray, ...]:
        """ad_G for every generator, as `kernels.lie_closure.brackets` takes them.

        In a sum over an orbit every string has the same coefficient, so one string R of each orbit is enough:
        each term g of G that anticommutes with R comes from g R.
        """
        of: list[list[tuple[int, int]]] = [[] for _ in self.terms]
        for g, terms in enumerate(self.generators):
            for pauli, c in terms.items():
                of[self.terms[pauli]].append((g, c % p))
        flat = [pair for pairs in of for pair in pairs if pair[1]]
        uses = np.cumsum([0, *(sum(1 for _, c in pairs if c) for pairs in of)])
        matrix, weights = np.array([g for g, _ in flat], np.int32), np.array([c for _, c in flat], np.uint64)
        return (*self.orbits.columns, uses, matrix, weights)


def letters(paulis: Sequence[Pauli], num_qubits: int) -> np.ndarray:
    """(strings, n) int8: 0 I, 1 X, 2 Z, 3 Y."""
    size = (num_qubits + 7) // 8

    def bits(half: int) -> np.ndarray:
        text = b"".join(p[half].to_bytes(size, "little") for p in paulis)
        flat = np.frombuffer(text, np.uint8).reshape(len(paulis), size)
        return np.unpackbits(flat, axis=1, count=num_qubits, bitorder="little")

    return (bits(0) + 2 * bits(1)).astype(np.int8)


def space(
    generators: Sequence[Sum], seeds: Sequence[Sum], num_qubits: int, deadline: float = math.inf,
    *, max_dimension: int = MAX_COLUMNS,
) -> Space:  # fmt: skip
    """The columns on which the seeds are closed under brackets with the generators, or a part of them.

    Args:
        max_dimension: where the closure will stop: a space so small is not sought among far more strings.
    """
    symmetry = find_symmetry([*generators, *seeds], num_qubits)
    terms = {p: k for k, p in enumerate(dict.fromkeys(p for g in generators for p in g))}
    reached = {symmetry.smallest(row).tobytes() for row in letters([p for s in seeds for p in s], num_qubits)}
    first = np.frombuffer(b"".join(sorted(reached)), np.int8).reshape(len(reached), num_qubits)
    strings = letters(list(terms), num_qubits)
    now = clock()
    most = min(MAX_COLUMNS, COLUMNS * max_dimension)
    found = reach(first, strings, symmetry, most, now + SHARE * (deadline - now), MAX_ENTRIES)
    return Space(generators, seeds, symmetry, found, terms)


def close(
    columns: Space, seeds: Sequence[Sum] | None = None, *, max_dimension: int, deadline: float = math.inf
) -> Closure:
    """Dimension of the smallest space that holds the seeds and is closed under brackets with the generators.

    Args:
        columns: where they live. seeds: None takes those of ``columns``. max_dimension, deadline (of
            `qtrain.budget.clock`): where to stop; the dimension is a lower bound then.

    Example:
        >>> rotations = [{(1, 0): 1, (2, 0): 1}, {(0, 3): 1}]  # X0 + X1, Z0 Z1
        >>> close(space(rotations, rotations, 2), max_dimension=100).dimension
        4
    """
    found, complete = 0, columns.complete
    for short in kernel.SHORT[:2]:
        p = kernel.prime(short)
        first = columns.vectors(columns.seeds if seeds is None else seeds, p)
        count, closed = _count(columns, first, short, max_dimension, deadline)
        found, complete = max(found, count), complete and closed
        if not closed:  # a lower bound needs no second prime
            break
    part = "" if columns.complete else f", of the first {columns.size} strings"
    return Closure(found, complete, f"closure modulo two primes{columns.note}{part}")


def _count(columns: Space, seeds: Vectors, short: int, limit: int, deadline: float) -> tuple[int, bool]:
    """Dimension modulo one prime, and whether the closure ended."""
    size = columns.size
    maps = columns.maps(kernel.prime(short))
    rng = np.random.default_rng(short)
    null = rng.integers(0, kernel.prime(short), size, np.uint64)
    most = min(limit, size)
    room = min(most, 64) * size
    ends, lead, state = np.zeros(most + 1, np.int64), np.full(size, -1, np.int64), np.zeros(4, np.int64)
    kept, entries = np.empty(room, np.int32), np.empty(room, np.uint64)
    while True:
        status = kernel.close_span(
            *maps, columns.orbits.safe, *seeds, ends, kept, entries, lead, null, state, most, PAUSE, np.uint64(short)
        )
        if status == kernel.CLOSED:
            return int(state[0]), not state[3] or state[0] == size
        if status == kernel.LIMIT or clock() > deadline:
            return int(state[0]), False
        if status == kernel.ROOM:
            if 24 * room > MEMORY_BYTES:
                return int(state[0]), False
            room = min(2 * room, most * size)
            kept, entries = np.resize(kept, room), np.resize(entries, room)


def derived_dimension(columns: Space, deadline: float = math.inf) -> int | None:
    """Dimension of the span of all brackets; what the algebra has more is its centre's. None: no time is left."""
    short = kernel.SHORT[0]
    ends, places, values = columns.vectors(columns.generators, kernel.prime(short))
    maps = columns.maps(kernel.prime(short))
    bounds = np.zeros(len(columns.generators) + 2, np.int64)
    lengths, found = [np.zeros(1, np.int64)], []
    for first, last in itertools.pairwise(ends.tolist()):
        found.append(kernel.brackets(places[first:last], values[first:last], *maps, np.uint64(short), bounds))
        lengths.append(np.diff(bounds[:-1]))
        if clock() > deadline:
            return None
    where, what = (np.concatenate(parts) for parts in zip(*found, strict=True))
    seeds = np.cumsum(np.concatenate(lengths)), where, what
    count, closed = _count(columns, seeds, short, columns.size, deadline)
    return count if closed else None

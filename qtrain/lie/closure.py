"""Lie closure of sums of Pauli strings: exact modulo two primes, in floats where weights are real.

Coefficients in the basis i P are real, and brackets of integer combinations stay integer: the rank
modulo a prime is a lower bound of the true one and equals it for all but finitely many primes. Where
the generators are invariant under permutations of the qubits, sums over orbits replace strings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from qtrain.kernels import lie_closure as kernel
from qtrain.lie.ideals import MAX_DIMENSION, find_ideals

PRIMES = (268_435_399, 268_435_367)
MAX_COLUMNS = 300_000
MAX_NAMED_COLUMNS = 20_000
Pauli = tuple[int, int]  # x and z as bit sets
Sum = Mapping[Pauli, float]


@dataclass(frozen=True)
class Closure:
    """dimension, whether it is complete, how it was found, and the algebra's name where it is small."""

    dimension: int
    complete: bool
    method: str
    algebra: str | None = None


def multiply(a: Pauli, b: Pauli) -> tuple[Pauli, int]:
    """(R, s) with [i A, i B] = 2 s i R, for anticommuting A and B; s is +-1, R a Hermitian Pauli."""
    x, z = a[0] ^ b[0], a[1] ^ b[1]
    power = (
        (a[0] & a[1]).bit_count()
        + (b[0] & b[1]).bit_count()
        - (x & z).bit_count()
        + 2 * (a[1] & b[0]).bit_count()
    )
    return (x, z), 1 if power % 4 == 3 else -1  # A B = i^power R, and [iA, iB] = -2 A B


def anticommute(a: Pauli, b: Pauli) -> bool:
    return ((a[0] & b[1]).bit_count() + (a[1] & b[0]).bit_count()) % 2 == 1


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A group of qubit permutations: ``canonical`` gives one string of each orbit, ``size`` how many it holds."""

    name: str
    canonical: Callable[[Pauli], Pauli]
    size: Callable[[Pauli], int]


def _all_permutations(n: int) -> Symmetry:
    def canonical(p: Pauli) -> Pauli:
        """The same letters, X before Y before Z before I."""
        both = (p[0] & p[1]).bit_count()
        a, b = p[0].bit_count() - both, p[1].bit_count() - both
        return (1 << (a + both)) - 1, ((1 << both) - 1) << a | ((1 << b) - 1) << (a + both)

    def size(p: Pauli) -> int:
        y = (p[0] & p[1]).bit_count()
        x, z = p[0].bit_count() - y, p[1].bit_count() - y
        return math.factorial(n) // math.prod(map(math.factorial, (x, y, z, n - x - y - z)))

    return Symmetry("all permutations of the qubits", canonical, size)


def _reversed(bits: int, n: int) -> int:
    return int(f"{bits:0{n}b}"[::-1], 2)


def _turns_and_mirror(n: int, *, turns: bool, mirror: bool) -> Symmetry:
    mask = (1 << n) - 1
    shifts = range(n) if turns else range(1)

    def images(p: Pauli) -> list[Pauli]:
        found = []
        for x, z in [p, (_reversed(p[0], n), _reversed(p[1], n))] if mirror else [p]:
            found += [((x >> k | x << (n - k)) & mask, (z >> k | z << (n - k)) & mask) for k in shifts]
        return found

    names = ["translations of the qubits"] * turns + [("their " if turns else "") + "reflection"] * mirror
    name = " and ".join(names) + ("" if turns else " of the qubits")
    return Symmetry(name, lru_cache(2**18)(lambda p: min(images(p))), lambda p: len(set(images(p))))


NO_SYMMETRY = Symmetry("", lambda p: p, lambda p: 1)


def symmetry(generators: Sequence[Sum], n: int) -> Symmetry:
    """A group of qubit permutations that leaves every generator as it is."""

    def invariant(move: Callable[[int], int]) -> bool:
        moved = [{(move(p[0]), move(p[1])): c for p, c in g.items()} for g in generators]
        return all(m == g for m, g in zip(moved, generators, strict=True))

    def swapped(q: int) -> Callable[[int], int]:
        return lambda b: b ^ (((b >> q ^ b >> (q + 1)) & 1) * (3 << q))

    if n < 2:
        return NO_SYMMETRY
    if all(invariant(swapped(q)) for q in range(n - 1)):
        return _all_permutations(n)
    turns = n > 2 and invariant(lambda b: b >> 1 | (b & 1) << (n - 1))
    mirror = invariant(lambda b: _reversed(b, n))
    return _turns_and_mirror(n, turns=turns, mirror=mirror) if turns or mirror else NO_SYMMETRY


def _whole(generators: Sequence[Sum]) -> list[dict[Pauli, int]] | None:
    """The generators scaled to whole coefficients; None where their ratios are not simple fractions."""
    result = []
    for g in generators:
        largest = max(abs(c) for c in g.values())
        ratios = {p: Fraction(c / largest).limit_denominator(1000) for p, c in g.items()}
        if any(abs(float(r) - g[p] / largest) > 1e-12 for p, r in ratios.items()):
            return None
        scale = np.lcm.reduce([r.denominator for r in ratios.values()])
        result.append({p: int(r * int(scale)) for p, r in ratios.items()})
    return result


def lie_closure(generators: Sequence[Sum], num_qubits: int, *, max_dimension: int) -> Closure:
    """Dimension of the Lie algebra that sums of Pauli strings generate.

    Args:
        generators: string -> real coefficient, none empty. max_dimension: where to stop: the dimension
            is a lower bound then.

    Example:
        >>> rotations = [{(1, 0): 1.0, (2, 0): 1.0}, {(0, 3): 1.0}]  # X0 + X1, Z0 Z1
        >>> lie_closure(rotations, 2, max_dimension=100).dimension
        4
    """
    group = symmetry(generators, num_qubits)
    name, canonical = group.name, group.canonical
    whole = _whole(generators)
    exact = whole is not None
    sums: Sequence[Mapping[Pauli, float]] = whole if whole is not None else generators
    table = _columns(sums, canonical, MAX_COLUMNS if exact else 20_000)
    note = f" on sums over {name}" if name else ""
    if table is None:
        independent = _rank(generators)
        return Closure(
            independent, False, f"more than {MAX_COLUMNS} strings{note}: independent generators alone"
        )
    index, lines = table
    starts, columns, values = _adjoint(sums, canonical, index, lines)
    rows = np.zeros((len(sums), len(index)))
    for g, item in enumerate(sums):
        for p, c in item.items():
            rows[g, index[canonical(p)]] = c  # invariant: equal on a whole orbit
    limit = min(max_dimension, len(index))
    maps = _maps(starts, columns, values, len(index))
    if not exact:
        dimension, complete, _ = _float_rank(maps, rows, limit)
        algebra = _name(maps, rows, index, group, dimension) if complete else None
        return Closure(dimension, complete, f"closure in floats with twice orthogonalised rows{note}", algebra)
    found = []
    for prime in PRIMES:
        residues = np.mod(np.rint(values), prime).astype(np.uint64)
        found.append(
            kernel.lie_rank(
                starts, columns, residues, np.mod(rows, prime).astype(np.uint64), max(limit, 1), prime
            )
        )
    dimension = max(d for d, _ in found)
    complete = all(c for _, c in found) or dimension == len(index)
    algebra = _name(maps, rows, index, group, dimension) if complete else None
    return Closure(int(dimension), bool(complete), f"closure modulo two primes{note}", algebra)


def _name(
    maps: Sequence[Any], rows: np.ndarray, index: Mapping[Pauli, int], group: Symmetry, dimension: int
) -> str | None:
    """The algebra as a sum of simple ones; None where it is too large for it, or numbers leave a doubt."""
    if not 0 < dimension <= MAX_DIMENSION or len(index) > MAX_NAMED_COLUMNS:
        return None
    # of a sum over an orbit, with coefficients 1; ``index`` is in the order of its columns
    norm = np.sqrt(np.array([group.size(p) for p in index], float))
    scaled = [m.multiply(norm[:, None]).multiply(1 / norm[None, :]).tocsr() for m in maps]
    found, complete, basis = _float_rank(scaled, rows * norm, dimension)
    if found != dimension or not complete:
        return None
    adjoint = np.array([basis @ (m @ basis.T) for m in scaled])
    if np.abs(adjoint + adjoint.transpose(0, 2, 1)).max() > 1e-8 * max(float(np.abs(adjoint).max()), 1e-300):
        return None
    ideals = find_ideals(adjoint)
    return None if ideals is None else ideals.name


def _maps(starts: np.ndarray, columns: np.ndarray, values: np.ndarray, size: int) -> list[Any]:
    from scipy.sparse import csr_array

    return [
        csr_array((values[s[0] : s[-1]], columns[s[0] : s[-1]], s - s[0]), shape=(size, size)) for s in starts
    ]


def _rank(generators: Sequence[Sum]) -> int:
    strings = {p: i for i, p in enumerate(dict.fromkeys(p for g in generators for p in g))}
    rows = np.zeros((len(generators), len(strings)))
    for i, g in enumerate(generators):
        for p, c in g.items():
            rows[i, strings[p]] = c
    return int(np.linalg.matrix_rank(rows))


def _columns(
    sums: Sequence[Mapping[Pauli, float]], canonical: Callable[[Pauli], Pauli], limit: int
) -> tuple[dict[Pauli, int], list[Pauli]] | None:
    """Every orbit that brackets can reach, by one string of each."""
    terms = list(dict.fromkeys(p for g in sums for p in g))
    index: dict[Pauli, int] = {}
    queue: list[Pauli] = []
    for p in terms:
        key = canonical(p)
        if key not in index:
            index[key] = len(index)
            queue.append(key)
    for p in queue:  # grows while it is walked
        for t in terms:
            if anticommute(p, t):
                key = canonical((p[0] ^ t[0], p[1] ^ t[1]))
                if key not in index:
                    if len(index) >= limit:
                        return None
                    index[key] = len(index)
                    queue.append(key)
    return index, queue


def _adjoint(
    sums: Sequence[Mapping[Pauli, float]], canonical: Callable[[Pauli], Pauli], index: dict[Pauli, int],
    lines: list[Pauli],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """CSR of ad_G for every generator G: row R collects the strings S with [G, S] proportional to R.

    In a sum over an orbit every string has the same coefficient, so one string R of each orbit is enough:
    each term g of G that anticommutes with R comes from S = g R.
    """
    starts = np.zeros((len(sums), len(lines) + 1), np.int64)
    columns: list[int] = []
    values: list[float] = []
    for k, item in enumerate(sums):
        starts[k, 0] = len(columns)
        for i, r in enumerate(lines):
            entries: dict[int, float] = {}
            for g, c in item.items():
                if anticommute(g, r):
                    s = (g[0] ^ r[0], g[1] ^ r[1])
                    j = index[canonical(s)]
                    entries[j] = entries.get(j, 0.0) + c * multiply(g, s)[1]
            columns += entries.keys()
            values += entries.values()
            starts[k, i + 1] = len(columns)
    return starts, np.array(columns, np.int64), np.array(values, float)


def _float_rank(maps: Sequence[Any], rows: np.ndarray, limit: int) -> tuple[int, bool, np.ndarray]:
    """The same in floats: rows orthogonalised twice; small remainders count as zero. With the rows themselves."""
    size = rows.shape[1]
    basis = np.zeros((limit, size))
    count = 0

    def add(vector: np.ndarray) -> bool:
        nonlocal count
        norm = np.linalg.norm(vector)
        if norm < 1e-12:
            return True
        vector = vector / norm
        for _ in range(2):
            vector = vector - basis[:count].T @ (basis[:count] @ vector)
        if np.linalg.norm(vector) < 1e-9:
            return True
        if count == limit:
            return False
        basis[count] = vector / np.linalg.norm(vector)
        count += 1
        return True

    for row in rows:
        if not add(row):
            return count, False, basis[:count]
    for done in itertools.count():
        if done >= count:
            return count, True, basis[:count]
        for m in maps:
            if not add(m @ basis[done]):
                return count, count == size, basis[:count]
    raise AssertionError("unreachable")

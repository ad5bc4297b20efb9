"""Lie closure of sums of Pauli strings: exact modulo two primes, in floats where weights are real.

Coefficients in the basis i P are real, and brackets of integer combinations stay integer: the rank
modulo a prime is a lower bound of the true one and equals it for all but finitely many primes. Where
the generators are invariant under permutations of the qubits, sums over orbits replace strings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qtrain.kernels import closure as kernel

PRIMES = (268_435_399, 268_435_367)
MAX_COLUMNS = 300_000
Pauli = tuple[int, int]  # x and z as bit sets
Sum = Mapping[Pauli, float]


@dataclass(frozen=True)
class Closure:
    """dimension, whether it is complete, and how it was found."""

    dimension: int
    complete: bool
    method: str


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


def _permuted(p: Pauli, order: Sequence[int]) -> Pauli:
    """Qubit q of the result is qubit order[q]."""
    x = z = 0
    for q, source in enumerate(order):
        x |= (p[0] >> source & 1) << q
        z |= (p[1] >> source & 1) << q
    return x, z


def _invariant(generators: Sequence[Sum], order: Sequence[int]) -> bool:
    return all(
        len(g) == len({_permuted(p, order) for p in g})
        and all(g.get(_permuted(p, order)) == c for p, c in g.items())
        for g in generators
    )


def symmetry(generators: Sequence[Sum], n: int) -> tuple[str, Callable[[Pauli], Pauli]]:
    """A group of qubit permutations that leaves every generator as it is: its name, canonical strings of its orbits."""
    swaps = [[*range(q), q + 1, q, *range(q + 2, n)] for q in range(n - 1)]
    if n > 1 and all(_invariant(generators, order) for order in swaps):

        def sort(p: Pauli) -> Pauli:
            both = (p[0] & p[1]).bit_count()
            a, b = p[0].bit_count() - both, p[1].bit_count() - both
            return (1 << (a + both)) - 1, ((1 << both) - 1) << a | ((1 << b) - 1) << (a + both)

        return "all permutations of the qubits", sort
    shift = [(q + 1) % n for q in range(n)]
    mirror = list(range(n))[::-1]
    group = [list(range(n))]
    name = ""
    if n > 2 and _invariant(generators, shift):
        group = [[(q + k) % n for q in range(n)] for k in range(n)]
        name = "translations of the qubits"
    if n > 1 and _invariant(generators, mirror):
        group += [[order[q] for q in mirror] for order in group]
        name = f"{name} and their reflection" if name else "reflection of the qubits"
    if not name:
        return "", lambda p: p
    return name, lambda p: min(_permuted(p, order) for order in group)


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
    name, canonical = symmetry(generators, num_qubits)
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
    if not exact:
        dimension, complete = _float_rank(starts, columns, values, rows, limit)
        return Closure(dimension, complete, f"closure in floats with twice orthogonalised rows{note}")
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
    return Closure(int(dimension), bool(complete), f"closure modulo two primes{note}")


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


def _float_rank(
    starts: np.ndarray, columns: np.ndarray, values: np.ndarray, rows: np.ndarray, limit: int
) -> tuple[int, bool]:
    """The same in floats: rows orthogonalised twice; small remainders count as zero."""
    from scipy.sparse import csr_array

    size = rows.shape[1]
    maps = []
    for s in starts:
        part = slice(s[0], s[-1])
        maps.append(csr_array((values[part], columns[part], s - s[0]), shape=(size, size)))
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
            return count, False
    for done in itertools.count():
        if done >= count:
            return count, True
        for m in maps:
            if not add(m @ basis[done]):
                return count, count == size
    raise AssertionError("unreachable")

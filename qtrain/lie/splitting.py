"""Sums of Pauli strings taken apart into smaller sums that lie in the same Lie algebra, where that is certain.

Let the strings of A commute with each other, and B be a sum of strings Q. ad_A squared takes Q to itself times products
of strings of A, with eigenvalues (2 sum_k s_k a_k)^2 over the strings k of A that anticommute with Q and signs s_k. All
polynomials in ad_A squared, applied to B, stay in the algebra; by Lagrange's interpolation one of them is 1 on the
eigenvalues that belong to some of the Q and 0 on those of the others. So B falls into groups of strings that share no
eigenvalue, each group in the algebra. Weights enter as residues modulo a prime near 2^61: numbers that differ there
differ, so what comes apart is proven to. When only single strings are left, the algebra is that of these strings, and
the polynomial classification gives its dimension at any number of qubits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from qtrain.budget import clock
from qtrain.kernels.lie_closure import SHORT, prime
from qtrain.kernels.paulis import commutation_matrix
from qtrain.lie.closure import Sum
from qtrain.lie.qubit_symmetries import Pauli
from qtrain.lie.sums import distinct, packed, whole

MAX_STRINGS = 12_000  # a byte for each pair of them
MAX_EIGENVALUES = 2**16  # of one string; those with more stay together
MAX_ALL = 2**21  # of all strings of one sum
MAX_FAMILIES = 64  # sets of commuting sums that are tried in turn
_PRIME = prime(SHORT[0])
_P = np.uint64(_PRIME)


@dataclass(frozen=True, eq=False)
class _Part:
    """Places of its strings among all of them, and their whole weights."""

    strings: np.ndarray
    weights: list[int]


def split(
    sums: Sequence[Sum], num_qubits: int, deadline: float = math.inf, *, most_looks: float = math.inf
) -> list[Sum]:  # fmt: skip
    """Sums that generate the same Lie algebra, as small as this can tell within the time.

    Args:
        sums: of strings with whole weights, as `whole` makes them. deadline: of `qtrain.budget.clock`.
        most_looks: at a part beside a family, after which no more are taken apart: the same on every machine.

    Example:
        >>> rotations = [{(1, 0): 1, (2, 0): 1}, {(0, 1): 1, (0, 2): 2}]  # X0 + X1, Z0 + 2 Z1
        >>> len(split(rotations, 2))
        4
        >>> len(split([{(1, 0): 1, (2, 0): 1}, {(0, 1): 1, (0, 2): 1}], 2))
        2
    """
    paulis = list(dict.fromkeys(p for item in sums for p in item))
    if len(paulis) > MAX_STRINGS or clock() > deadline:
        return list(sums)
    place = {p: k for k, p in enumerate(paulis)}
    parts = [_Part(np.array([place[p] for p in item]), list(item.values())) for item in sums]
    meets = np.asarray(commutation_matrix(*packed(paulis, num_qubits)))
    rng = np.random.default_rng(0)
    count, looks = 0, 0
    while count < len(parts) and any(len(part.weights) > 1 for part in parts):
        count = len(parts)
        for mask in _families(parts, meets):
            inside, numbers = _generic([part for part in parts if mask[part.strings].all()], mask, rng)
            pieces = [_pieces(part, meets, inside, numbers, deadline) for part in parts]
            looks += len(parts)
            if clock() > deadline:
                return _sums(parts, paulis)
            parts = [piece for group in pieces for piece in group]
            if looks > most_looks:
                return _sums(parts, paulis)
    return _sums(parts, paulis)


def _sums(parts: Sequence[_Part], paulis: Sequence[Pauli]) -> list[Sum]:
    return distinct([whole([(paulis[s], w) for s, w in zip(p.strings.tolist(), p.weights)]) for p in parts])


def _families(parts: Sequence[_Part], meets: np.ndarray) -> list[np.ndarray]:
    """(strings,) masks of parts whose strings all commute: large ones first, each part in one that can be."""
    order = np.concatenate([part.strings for part in parts])
    starts = np.cumsum([0, *(len(part.strings) for part in parts[:-1])])
    rows = np.logical_or.reduceat(meets[order], starts, axis=0)
    clash = np.logical_or.reduceat(rows[:, order], starts, axis=1)
    free = ~clash.diagonal()
    covered = ~free
    masks: list[np.ndarray] = []
    while len(masks) < MAX_FAMILIES and not covered.all():
        first = int(np.argmin(covered))
        family, able = [first], free & ~clash[first]
        able[first] = False
        while able.any():
            family.append(int(np.argmax(able)))
            able &= ~clash[family[-1]]
            able[family[-1]] = False
        covered[family] = True
        masks.append(np.zeros(len(meets), bool))
        masks[-1][np.concatenate([parts[k].strings for k in family])] = True
    return sorted(masks, key=lambda mask: -int(mask.sum()))


def _generic(family: Sequence[_Part], mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random sum of commuting parts: the places of its strings, and (strings,) residues of their weights."""
    numbers = np.zeros(len(mask), np.uint64)
    for part in family:
        factor = int(rng.integers(1, _PRIME))
        old = numbers[part.strings].tolist()
        numbers[part.strings] = [(a + factor * w) % _PRIME for a, w in zip(old, part.weights)]
    return np.flatnonzero(numbers), numbers


def _pieces(
    part: _Part, meets: np.ndarray, inside: np.ndarray, numbers: np.ndarray, deadline: float
) -> list[_Part]:  # fmt: skip
    """A part by groups of strings that share an eigenvalue."""
    if len(part.weights) == 1:
        return [part]
    kinds: dict[bytes, int] = {}
    patterns: list[np.ndarray] = []
    kind: list[int] = []
    small = np.minimum(numbers, _P - numbers)
    for row in meets[part.strings[:, None], inside]:
        own = np.sort(small[inside[row]])
        if kinds.setdefault(own.tobytes(), len(kinds)) == len(patterns):
            patterns.append(own)
        kind.append(kinds[own.tobytes()])
    if len(kinds) == 1:
        return [part]
    spectra, total = [], 0
    for own in patterns:
        found = None if total > MAX_ALL or clock() > deadline else _eigenvalues(own)
        if found is None:  # it may share some with any other
            return [part]
        spectra.append(found)
        total += len(found)
    groups = _components(spectra)[kind]
    weights = np.array(part.weights, object)
    return [_Part(part.strings[groups == g], weights[groups == g].tolist()) for g in np.unique(groups)]


def _components(sets: Sequence[np.ndarray]) -> np.ndarray:
    """(sets,) labels: equal for sets that share a value, or are linked by sets that do."""
    values, column = np.unique(np.concatenate(sets), return_inverse=True)
    row = np.repeat(np.arange(len(sets)), [len(found) for found in sets])
    size = len(sets) + len(values)
    graph = csr_array((np.ones(len(row), np.int8), (row, len(sets) + column.reshape(-1))), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][: len(sets)])


def _eigenvalues(numbers: np.ndarray) -> np.ndarray | None:
    """All sums of the numbers with signs, up to a sign of the whole; None: too many."""
    found = np.zeros(1, np.uint64)
    for a in numbers:
        both = np.concatenate([found + a, found + (_P - a)])
        both = np.where(both >= _P, both - _P, both)
        found = np.unique(np.minimum(both, _P - both))
        if len(found) > MAX_EIGENVALUES:
            return None
    return found

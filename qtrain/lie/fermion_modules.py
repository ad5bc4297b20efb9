"""The module of a Pauli string under free fermions: counted, not enumerated, at any size.

Generators whose anticommutation graph is a line graph are products of two Majoranas each, edges of a graph H (arXiv
2003.05465). A string that anticommutes with them as a product of k Majoranas does becomes, under rotations, every
product of k: a generator moves a token from a full end of its edge to an empty one. Tokens reach all sets of k nodes
of a connected H, and by a loop around any cycle the product of its generators, which is central. So the module has
C(N, k) · 2^f strings, f the dimension of what cycles and twins span; those that stabilise a given state are counted
by the weights of a linear code.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import networkx as nx
import numpy as np

from qtrain.kernels.gf2 import gf2_eliminate, gf2_rank, pack_bits, unpack_bits
from qtrain.kernels.paulis import commutation_matrix, symplectic_rows
from qtrain.simulators.majoranas import components, cut, majoranas, trees

Strings = tuple[np.ndarray, np.ndarray]  # x, z (rows, words) uint64

MOST_WORDS = 16  # of an indecomposable part of a code, as a power of two: it is listed
MOST_WEIGHTS = 200_000  # different weights that a part's words may add up to


@dataclass(frozen=True)
class FermionModule:
    """A module that was counted.

    Attributes:
        dimension: strings in it. stabilizing: those that stabilise the state, up to a sign; None: too tangled to count.
        shares: (generators,) the part of its strings that each generator anticommutes with.
        tokens: (Majoranas, of them in the string) for each part of H; modules of different tokens share no string.
    """

    dimension: int
    stabilizing: int | None
    shares: np.ndarray
    tokens: tuple[tuple[int, int], ...]


def fermion_module(string: Strings, generators: Strings, stabilizers: Strings, num_qubits: int) -> FermionModule | None:
    """The module of one string; None: the generators are no free fermions, or the string no product of theirs.

    Args:
        string: one row. generators: distinct rows. stabilizers: of a state, num_qubits independent rows.

    Example:
        >>> from qtrain.kernels.paulis import pack_labels
        >>> ising, zeros = pack_labels(["ZZI", "IZZ", "XII", "IXI", "IIX"]), pack_labels(["ZII", "IZI", "IIZ"])
        >>> found = fermion_module(pack_labels(["IIZ"]), ising, zeros, 3)
        >>> found.dimension, found.stabilizing, found.tokens  # one of six Majoranas
        (6, 1, ((6, 1),))
    """
    edges = majoranas(np.asarray(commutation_matrix(*generators)))
    if edges is None:
        return None
    count, part = components(edges)
    tree = trees(edges, count)
    inside = cut(tree, edges, np.asarray(commutation_matrix(*generators, *string))[:, 0])
    if inside is None:
        return None
    rows = symplectic_rows(*generators, num_qubits)
    paths = np.zeros((count, rows.shape[1]), np.uint64)
    for here, other, generator in tree:
        if here >= 0:
            paths[other] = paths[here] ^ rows[generator]
    ends = np.array(edges)
    size, full = np.bincount(part), np.bincount(part, inside, minlength=int(part.max()) + 1).astype(int)
    moving = (full > 0) & (full < size)
    active = moving[part]
    loops = rows ^ paths[ends[:, 0]] ^ paths[ends[:, 1]]
    central = _basis(loops[active[ends[:, 0]]], 2 * num_qubits)
    halves = [np.bitwise_xor.reduce(paths[part == c], axis=0) for c in np.flatnonzero(moving & (2 * full == size))]
    folded = _folds(central, halves, 2 * num_qubits)
    number = math.prod(math.comb(int(size[c]), int(full[c])) for c in np.flatnonzero(moving))
    start = symplectic_rows(*string, num_qubits)[0] ^ np.bitwise_xor.reduce(paths[inside & active], axis=0, initial=0)
    found = _stabilizing(start, paths[active], part[active], central, _duals(stabilizers, num_qubits), full)
    stabilizing = None if found is None else found >> folded
    n, k = size.astype(float), full.astype(float)
    share = np.where(moving, 2 * k * (n - k) / np.maximum(n * (n - 1), 1), 0.0)
    tokens = tuple((int(size[c]), min(int(full[c]), int(size[c] - full[c]))) for c in range(len(size)))
    return FermionModule((number << len(central)) >> folded, stabilizing, share[part[ends[:, 0]]], tokens)


def _basis(rows: np.ndarray, width: int) -> np.ndarray:
    """Independent rows of the same span."""
    if not len(rows):
        return rows
    reduced, pivots = gf2_eliminate(rows, width)
    return np.asarray(reduced[: len(pivots)])


def _folds(central: np.ndarray, halves: list[np.ndarray], width: int) -> int:
    """How often the number of strings halves: a half-filled part and its complement may be one and the same string."""
    if not halves:
        return 0
    both = np.concatenate([central, np.array(halves)])
    return len(both) - (gf2_rank(both, width) if len(both) else 0)


def _duals(stabilizers: Strings, num_qubits: int) -> np.ndarray:
    """Rows whose inner product with a string's row tells whether it anticommutes with the stabilizer."""
    x, z = stabilizers
    return symplectic_rows(z, x, num_qubits)


def _stabilizing(
    start: np.ndarray, paths: np.ndarray, part: np.ndarray, central: np.ndarray, duals: np.ndarray, full: np.ndarray
) -> int | None:  # fmt: skip
    """Choices of tokens and of a central element whose string commutes with all stabilizers.

    The string is ``start``, times the path of each token, times the central element: all is linear over GF(2).
    """
    syndromes = np.array([_syndrome(row, duals) for row in (*central, *paths, start)], bool)
    f = len(central)
    checks, pivots = gf2_eliminate(pack_bits(syndromes.T), len(syndromes))
    matrix = unpack_bits(checks[: len(pivots)], len(syndromes))
    free = f - int((np.asarray(pivots) < f).sum())
    matrix = matrix[np.asarray(pivots) >= f, f:]
    words, target = matrix[:, :-1], matrix[:, -1]
    if (target & ~words.any(axis=1)).any():
        return 0
    total: Counter[tuple[int, ...]] = Counter({(0,) * len(full): 1})
    graph = nx.Graph()
    graph.add_nodes_from(range(words.shape[1]))
    for row in words:
        nx.add_path(graph, np.flatnonzero(row).tolist())
    for block in nx.connected_components(graph):
        weights = _block(words, target, np.array(sorted(block)), part, len(full))
        if weights is None or len(total) * len(weights) > MOST_WEIGHTS:
            return None
        more: Counter[tuple[int, ...]] = Counter()
        for a, times in total.items():
            for b, count in weights.items():
                both = tuple(i + j for i, j in zip(a, b, strict=True))
                if all(i <= most for i, most in zip(both, full, strict=True)):
                    more[both] += times * count
        total = more
    wanted = np.zeros(len(full), int)
    wanted[np.unique(part)] = full[np.unique(part)]
    return total[tuple(wanted.tolist())] << free


def _syndrome(row: np.ndarray, duals: np.ndarray) -> np.ndarray:
    return np.asarray(np.bitwise_count(duals & row).sum(axis=1) % 2 == 1)


def _block(
    words: np.ndarray, target: np.ndarray, columns: np.ndarray, part: np.ndarray, parts: int
) -> Counter[tuple[int, ...]] | None:
    """Weights, part by part, of the solutions that stay within some columns; None: too many."""
    rows = words[:, columns].any(axis=1)
    checks = words[np.ix_(rows, columns)]
    if len(columns) - len(checks) > MOST_WORDS:  # the rows are independent
        return None
    found: Counter[tuple[int, ...]] = Counter()
    pivots = checks.argmax(axis=1)
    others = np.setdiff1d(np.arange(len(columns)), pivots)
    chosen = (np.arange(1 << len(others))[:, None] >> np.arange(len(others))) & 1
    solved = np.zeros((len(chosen), len(columns)), int)
    solved[:, others] = chosen
    solved[:, pivots] = (chosen @ checks[:, others].T.astype(int) + target[rows]) % 2
    held = np.stack([solved[:, part[columns] == c].sum(axis=1) for c in range(parts)], axis=1)
    for weights in held.tolist():
        found[tuple(weights)] += 1
    return found

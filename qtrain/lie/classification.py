"""The Lie algebra of Pauli strings, by type, in polynomial time.

Each connected component of the anticommutation graph is classified by linear algebra over GF(2)
(arXiv 2408.00081; transvections: Brown-Humphries, Janssen). Free fermions are components whose graph
is a line graph once twins are removed (arXiv 2003.05465).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from qtrain.budget import clock
from qtrain.kernels import small_lie
from qtrain.kernels.gf2 import gf2_nullspace, gf2_rank, gf2_relations, pack_bits, unpack_bits
from qtrain.kernels.paulis import commutation_matrix, symplectic_rows
from qtrain.lie.line_graphs import root_graph

CHUNK = 64  # rows of a quadratic form at once: often the first of them is odd
SMALL = 3  # half ranks up to which classes are enumerated


@dataclass(frozen=True, order=True)
class Simple:
    """Copies of one algebra: ``kind`` is "u", "su", "so" or "sp"; ``log_copies`` is a power of two.

    ``size`` is N of so(N), su(N), sp(N); where ``power`` is set it is 2 to that power.
    """

    kind: str
    size: int
    log_copies: int = 0

    @property
    def dimension(self) -> int:
        n = self.size
        single = {"u": 1, "su": n * n - 1, "so": n * (n - 1) // 2, "sp": n * (2 * n + 1)}[self.kind]
        return int(single << self.log_copies)

    @property
    def name(self) -> str:
        return f"{self.kind}({_number(self.size)})"


def _number(value: int) -> str:
    """Digits, or a power of two where they would be many."""
    return f"2^{value.bit_length() - 1}" if value >= 2**24 and value & (value - 1) == 0 else str(value)


def total_dimension(parts: Iterable[Simple]) -> int:
    return sum(part.dimension for part in parts)


def algebra_name(parts: Iterable[Simple]) -> str:
    """E.g. ``"2 so(12)"`` or ``"2 su(4) + u(1)"``: larger algebras first.

    Example:
        >>> algebra_name([Simple("u", 1), Simple("su", 4, 1)])
        '2 su(4) + u(1)'
    """
    copies: Counter[tuple[int, str]] = Counter()
    for part in parts:
        copies[(part.dimension >> part.log_copies, part.name)] += 1 << part.log_copies
    return " + ".join(
        name if count == 1 else f"{_number(count)} {name}"
        for (_, name), count in sorted(copies.items(), reverse=True)
    )


def classify(x: np.ndarray, z: np.ndarray, num_qubits: int, deadline: float = math.inf) -> tuple[list[Simple], int]:
    """Summands of the Lie algebra that distinct Pauli strings generate.

    Args:
        x, z: (m, words) uint64, distinct rows; the identity counts as u(1). deadline: of `qtrain.budget.clock`.

    Returns:
        One entry for each component of the anticommutation graph that was classified in time, at least one; the
        number of components.

    Example:
        >>> from qtrain.kernels.paulis import pack_labels
        >>> algebra_name(classify(*pack_labels(["ZZI", "IZZ", "XII", "IXI", "IIX"]), 3)[0])
        'so(6)'
    """
    graph = np.asarray(commutation_matrix(x, z))
    count, part = connected_components(csr_array(graph), directed=False)
    rows = symplectic_rows(x, z, num_qubits)
    order: np.ndarray = np.argsort(part, kind="stable")
    bounds = np.searchsorted(part[order], np.arange(count + 1))
    result: list[Simple] = []
    for k in range(count):
        if result and clock() > deadline:
            break
        inside = order[bounds[k] : bounds[k + 1]]
        if len(inside) == 1:
            result.append(Simple("u", 1))
        else:
            result.append(_component(rows[inside], graph[np.ix_(inside, inside)], 2 * num_qubits))
    return result, count


def _component(rows: np.ndarray, graph: np.ndarray, width: int) -> Simple:
    m = len(rows)
    packed = pack_bits(graph)
    rank = gf2_rank(packed, m)
    half, radical = rank // 2, gf2_rank(rows, width) - rank
    found = _free_fermions(rows, graph, packed, width)
    if found is None and half <= SMALL:
        found = _enumerate(rows, graph, half, width)
    if found is not None:
        return found
    size = 1 << half
    relations = unpack_bits(gf2_relations(rows, width), m)
    if _some_odd(relations, graph):
        return Simple("su", size, radical)
    if _some_odd(unpack_bits(gf2_nullspace(packed, m), m), graph):
        return Simple("su", size, radical - 1)
    if small_lie.arf(packed.copy(), np.ones(m, np.uint8)):
        return Simple("sp", size // 2, radical)
    return Simple("so", size, radical)


def _some_odd(vectors: np.ndarray, graph: np.ndarray) -> bool:
    """Whether q(x) = sum x_i + sum_{i<j} x_i x_j w_ij is odd for one of the rows."""
    upper = np.triu(graph, 1).astype(np.float32)
    for first in range(0, len(vectors), CHUNK):
        v = vectors[first : first + CHUNK].astype(np.float32)
        pairs = np.rint((np.rint(v @ upper) * v).sum(axis=1, dtype=np.float64))
        if ((pairs + v.sum(axis=1, dtype=np.float64)) % 2 == 1).any():
            return True
    return False


def _free_fermions(rows: np.ndarray, graph: np.ndarray, packed: np.ndarray, width: int) -> Simple | None:
    """so(N) where the graph without twins is the line graph of a graph with N >= 5 vertices."""
    _, first, group = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    group = np.asarray(group).reshape(-1)
    twins = [rows[i] ^ rows[first[group[i]]] for i in range(len(rows)) if first[group[i]] != i]
    root = root_graph(graph[np.ix_(first, first)])
    if root is None or root.number_of_nodes() < 5:
        return None
    cycles = _cycles(root, rows[first])
    kernel_rows = np.array(twins + cycles, np.uint64).reshape(-1, rows.shape[1])
    copies = gf2_rank(kernel_rows, width) if len(kernel_rows) else 0
    return Simple("so", root.number_of_nodes(), copies)


def _cycles(root: nx.Graph, rows: np.ndarray) -> list[np.ndarray]:
    """For each edge outside a spanning tree, the product of the generators around its cycle."""
    start = next(iter(root.nodes))
    to_root = {start: np.zeros(rows.shape[1], np.uint64)}
    tree = set()
    for a, b in nx.bfs_edges(root, start):
        vertex = root.edges[a, b]["vertex"]
        to_root[b] = to_root[a] ^ rows[vertex]
        tree.add(vertex)
    return [
        to_root[a] ^ to_root[b] ^ rows[vertex] for a, b, vertex in root.edges(data="vertex") if vertex not in tree
    ]


_BY_CLASSES = {
    1: {3: ("su", 2)},
    2: {6: ("so", 4), 10: ("so", 5), 15: ("su", 4), 3: ("su", 2)},
    3: {15: ("so", 6), 21: ("so", 7), 28: ("so", 8), 36: ("sp", 4), 63: ("su", 8)},
}


def _enumerate(rows: np.ndarray, graph: np.ndarray, half: int, width: int) -> Simple | None:
    """Breadth-first closure on classes modulo the radical; a class is its anticommutation pattern."""
    patterns = pack_bits(graph)
    lift: dict[bytes, np.ndarray] = {}
    queue: list[tuple[np.ndarray, np.ndarray]] = []
    differences: list[np.ndarray] = []

    def reach(pattern: np.ndarray, row: np.ndarray) -> None:
        known = lift.get(pattern.tobytes())
        if known is not None:
            differences.append(known ^ row)
        else:
            lift[pattern.tobytes()] = row
            queue.append((pattern, row))

    for pattern, row in zip(patterns, rows):
        reach(pattern, row)
    while queue:
        pattern, row = queue.pop()
        for i in np.flatnonzero(unpack_bits(pattern[None], len(rows))[0]).tolist():
            reach(pattern ^ patterns[i], row ^ rows[i])
    moved = np.unique(np.array(differences, np.uint64).reshape(-1, rows.shape[1]), axis=0)
    copies = gf2_rank(moved, width) if len(moved) else 0
    kind, size = _BY_CLASSES[half][len(lift)]
    return Simple(kind, size, copies)

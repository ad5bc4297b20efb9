"""Majorana operators behind Pauli generators: strings whose anticommutation graph is a line graph.

Vertices of the root graph are Majorana operators g_a, each generator is i g_a g_b up to a string that
commutes with all of them (arXiv 2003.05465).
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from qtrain.lie.line_graphs import root_graph

Signed = tuple[int, int, int]  # x bits, z bits, power of i in front of the Hermitian string


def times(a: Signed, b: Signed) -> Signed:
    """The product a b."""
    x, z = a[0] ^ b[0], a[1] ^ b[1]
    power = (
        (a[0] & a[1]).bit_count() + (b[0] & b[1]).bit_count() - (x & z).bit_count() + 2 * (a[1] & b[0]).bit_count()
    )
    return x, z, (a[2] + b[2] + power) % 4


def signed(x: np.ndarray, z: np.ndarray) -> Signed:
    """A packed row as whole numbers."""
    return int.from_bytes(x.tobytes(), "little"), int.from_bytes(z.tobytes(), "little"), 0


def majoranas(graph: np.ndarray) -> list[tuple[int, int]] | None:
    """The two Majoranas of each generator, numbered over all components; None where one is no line graph."""
    _, first, group = np.unique(graph, axis=0, return_index=True, return_inverse=True)
    group = np.asarray(group).reshape(-1)
    alone = np.asarray(~graph.any(axis=1))  # generators that commute with all are no twins: each has two Majoranas
    count, part = connected_components(csr_array(graph), directed=False)
    edges: list[tuple[int, int]] = [(-1, -1)] * len(graph)
    used = 0
    for k in range(count):
        inside = np.flatnonzero(part == k)
        heads = inside if alone[inside[0]] else np.intersect1d(inside, first)
        root = root_graph(graph[np.ix_(heads, heads)])
        if root is None:
            return None
        names = {node: used + place for place, node in enumerate(root.nodes)}
        used += len(names)
        for a, b, vertex in root.edges(data="vertex"):
            edges[heads[vertex]] = (names[a], names[b])
        for i in inside:
            if edges[i][0] < 0:
                edges[i] = edges[first[group[i]]]
    return edges


def components(edges: list[tuple[int, int]]) -> tuple[int, np.ndarray]:
    """Number of Majoranas, and the component of each."""
    a, b = np.array(edges).T
    count = int(max(a.max(), b.max())) + 1
    _, component = connected_components(csr_array((np.ones(len(a)), (a, b)), shape=(count, count)), directed=False)
    return count, np.asarray(component)


def trees(edges: list[tuple[int, int]], count: int) -> list[tuple[int, int, int]]:
    """(from, to, generator) along spanning trees; a root comes as (-1, root, -1)."""
    graph = nx.Graph()
    graph.add_nodes_from(range(count))
    for k, (a, b) in enumerate(edges):
        graph.add_edge(a, b, generator=k)
    steps: list[tuple[int, int, int]] = []
    for part in nx.connected_components(graph):
        root = min(part)
        steps.append((-1, root, -1))
        steps += [(a, b, graph.edges[a, b]["generator"]) for a, b in nx.bfs_edges(graph, root)]
    return steps


def stars(
    tree: list[tuple[int, int, int]], edges: list[tuple[int, int]], generators: list[Signed]
) -> tuple[dict[int, Signed], set[int]]:
    """i g_root g_v of every other Majorana v, and the roots.

    i g_r g_b = -i (i g_r g_a)(i g_a g_b); along the tree every generator is i g_a g_b from its first end.
    """
    stars: dict[int, Signed] = {}
    roots = {root for before, root, _ in tree if before < 0}
    for here, other, k in tree:
        if here < 0:
            continue
        x, z, power = generators[k]
        stars[other] = (x, z, power if edges[k] == (here, other) else (power + 2) % 4)
        if here not in roots:
            x, z, power = times(stars[here], stars[other])
            stars[other] = (x, z, (power + 3) % 4)
    return stars, roots


def cut(tree: list[tuple[int, int, int]], edges: list[tuple[int, int]], pattern: np.ndarray) -> np.ndarray | None:
    """(majoranas,) bool: in the product, by which generators it anticommutes with; None where there is none."""
    inside = np.zeros(len(tree), bool)
    for here, other, k in tree:
        if here >= 0:
            inside[other] = inside[here] ^ pattern[k]
    a, b = np.array(edges).T
    return inside if ((inside[a] ^ inside[b]) == pattern).all() else None


def even(inside: np.ndarray, component: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The product's Majoranas, component by component, an even number of each where that can be.

    Of a component with an odd number of Majoranas those that are missing do as well. The components whose
    number stays odd are given, and come last.
    """
    pairs: list[int] = []
    last: list[int] = []
    odd: list[int] = []
    for k in range(int(component.max()) + 1):
        members = np.flatnonzero(component == k)
        some = members[inside[members]]
        if len(some) % 2 and len(members) % 2:
            some = members[~inside[members]]
        if len(some) % 2:
            odd.append(k)
            last += some.tolist()
        else:
            pairs += some.tolist()
    return np.array(pairs + last, np.int64), odd

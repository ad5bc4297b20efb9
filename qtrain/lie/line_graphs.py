"""Line graphs of a graph H: anticommutation graphs of free fermions (arXiv 2003.05465); H is found again from them.

The edges at one node of H are a clique of the line graph, each vertex is in two such cliques, and these share nothing
else (Krausz). Where one clique of a vertex is known, the other is the rest of its neighbours: one choice at the first
vertex settles all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import networkx as nx
import numpy as np

LOOKED_AT = 64  # vertices among which the first one is chosen
TRIES = 64  # choices at the first vertex; where there are more, networkx decides


def root_graph(graph: np.ndarray) -> nx.Graph | None:
    """H with L(H) = graph; every edge carries the vertex it stands for as ``vertex``. None: no line graph.

    Args:
        graph: (m, m) bool, symmetric, connected.

    Example:
        >>> ring = np.roll(np.eye(5, dtype=bool), 1, axis=0)
        >>> root_graph(ring | ring.T).number_of_edges()
        5
    """
    first, sides = 0, None
    for v in range(min(len(graph), LOOKED_AT)):
        found = _sides(graph, v)
        if found is None:
            return None
        if sides is None or len(found) < len(sides):
            first, sides = v, found
    near = [set(np.flatnonzero(row).tolist()) for row in graph]
    for choice in itertools.islice(_choices(sides or []), TRIES):
        cliques = _cliques(near, first, choice)
        if cliques is not None:
            return _root(cliques)
    return None if len(sides or []) <= TRIES.bit_length() else _by_networkx(graph)


def _sides(graph: np.ndarray, v: int) -> list[tuple[set[int], set[int]]] | None:
    """Two sides of each part of the neighbours that hangs together by not being adjacent. None: no two cliques."""
    near = np.flatnonzero(graph[v])
    apart = ~graph[np.ix_(near, near)]
    np.fill_diagonal(apart, False)
    rest, sides = np.ones(len(near), bool), []
    while rest.any():
        colours = np.zeros((2, len(near)), bool)
        fresh = np.zeros(len(near), bool)
        fresh[np.argmax(rest)] = True
        colour = 0
        while fresh.any():
            colours[colour] |= fresh
            rest &= ~fresh
            fresh = apart[fresh].any(axis=0) & rest
            colour = 1 - colour
        if any(apart[np.ix_(side, side)].any() for side in colours):
            return None
        sides.append((set(near[colours[0]].tolist()), set(near[colours[1]].tolist())))
    return sides


def _choices(sides: list[tuple[set[int], set[int]]]) -> Iterator[set[int]]:
    """Cliques that the first vertex can be in, one of each two: those that take most parts the same way first."""
    order = sorted(sides, key=lambda pair: -len(pair[0] | pair[1]))
    for count in range(len(order) // 2 + 1 if len(order) > 1 else 1):
        for turned in itertools.combinations(range(len(order)), count):
            yield set().union(*(pair[k in turned] for k, pair in enumerate(order)))


def _cliques(near: list[set[int]], first: int, choice: set[int]) -> list[set[int]] | None:
    """The two cliques of every vertex, where ``choice`` and the first vertex are one; None: that leads nowhere."""
    cliques: list[set[int]] = []
    of: list[list[int]] = [[] for _ in near]

    def add(clique: set[int]) -> bool:
        for u in clique:
            of[u].append(len(cliques))
            if len(of[u]) > 2 or len(near[u] & clique) != len(clique) - 1:
                return False
        cliques.append(clique)
        return True

    if not add(choice | {first}) or not add((near[first] - choice) | {first}):
        return None
    done = 0
    while done < len(cliques):
        for u in cliques[done]:
            if len(of[u]) == 1 and not add((near[u] - cliques[done]) | {u}):
                return None
        done += 1
    for own in of:
        if len(own) != 2 or len(cliques[own[0]] & cliques[own[1]]) != 1:
            return None
    return cliques


def _root(cliques: list[set[int]]) -> nx.Graph:
    root = nx.Graph()
    root.add_nodes_from(range(len(cliques)))
    ends: dict[int, int] = {}
    for k, clique in enumerate(cliques):
        for vertex in clique:
            if vertex in ends:
                root.add_edge(ends[vertex], k, vertex=vertex)
            else:
                ends[vertex] = k
    return root


def _by_networkx(graph: np.ndarray) -> nx.Graph | None:
    try:
        cells = nx.inverse_line_graph(nx.from_numpy_array(graph))
    except nx.NetworkXError:
        return None
    root = nx.Graph()
    root.add_nodes_from(cells.nodes)
    for a, b in cells.edges:
        (vertex,) = set(a) & set(b)
        root.add_edge(a, b, vertex=vertex)
    return root

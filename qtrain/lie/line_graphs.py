"""Line graphs of a graph H: anticommutation graphs of free fermions (arXiv 2003.05465); H is found again from them."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import depth_first_order


def root_graph(graph: np.ndarray) -> nx.Graph | None:
    """H with L(H) = graph; every edge carries the vertex it stands for as ``vertex``. None: no line graph.

    Args:
        graph: (m, m) bool, symmetric, connected.

    Example:
        >>> ring = np.roll(np.eye(5, dtype=bool), 1, axis=0)
        >>> root_graph(ring | ring.T).number_of_edges()
        5
    """
    degrees = graph.sum(axis=1)
    if degrees.max(initial=0) <= 2 and degrees.sum() != 6:  # a path or a ring, no triangle: networkx is quadratic
        return _thread(graph, degrees)
    for v in range(min(len(graph), 64)):  # neighbours are two cliques, or it is none: cheap to see early
        near = np.flatnonzero(graph[v])
        apart = ~graph[np.ix_(near, near)]
        np.fill_diagonal(apart, False)
        if len(near) > 2 and not nx.is_bipartite(nx.from_numpy_array(apart)):
            return None
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


def _thread(graph: np.ndarray, degrees: np.ndarray) -> nx.Graph:
    """The root of a connected path or ring: one more node than vertices, or as many."""
    start = int(np.argmin(degrees))
    order = depth_first_order(csr_array(graph), start, directed=False, return_predecessors=False).tolist()
    nodes = len(order) + (degrees[start] < 2)
    root = nx.Graph()
    for k, vertex in enumerate(order):
        root.add_edge(k, (k + 1) % nodes, vertex=vertex)
    return root

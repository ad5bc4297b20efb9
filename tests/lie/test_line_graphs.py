"""Roots of line graphs against networkx, on line graphs and on graphs that are none."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.lie.line_graphs import root_graph


def adjacency(graph, rng):
    order = list(graph.nodes)
    rng.shuffle(order)
    return nx.to_numpy_array(graph, nodelist=order) > 0


def line_graph_of(root, size):
    ends = {d["vertex"]: {a, b} for a, b, d in root.edges(data=True)}
    assert set(ends) == set(range(size))
    return np.array([[a != b and bool(ends[a] & ends[b]) for b in range(size)] for a in range(size)])


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 8), st.floats(0.2, 1.0), st.booleans(), st.integers(0, 2**32 - 1))
def test_roots_against_networkx(n, density, is_one, seed):
    graph = nx.gnp_random_graph(n, density, seed=seed)
    graph = nx.line_graph(graph) if is_one else graph
    if graph.number_of_nodes() < 2:
        return
    graph = graph.subgraph(max(nx.connected_components(graph), key=len))
    rows = adjacency(graph, np.random.default_rng(seed))
    root = root_graph(rows)
    try:
        nx.inverse_line_graph(nx.from_numpy_array(rows))
    except nx.NetworkXError:
        assert root is None
    else:
        assert (line_graph_of(root, len(rows)) == rows).all()


@pytest.mark.parametrize("family", [nx.star_graph(40), nx.complete_graph(12), nx.path_graph(900), nx.ladder_graph(300)])
def test_large_roots(family):
    """Stars leave many choices at every vertex, ladders many vertices."""
    rows = adjacency(nx.line_graph(family), np.random.default_rng(0))
    root = root_graph(rows)
    assert (line_graph_of(root, len(rows)) == rows).all()
    assert nx.faster_could_be_isomorphic(root, family)

"""Named graphs against their definitions."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.topology import TOPOLOGIES, check_edges, coloured, edges, graph
from qtrain.errors import QTrainError

NAMED = list(TOPOLOGIES)
CONNECTED = [name for name in NAMED if name not in ("even", "odd", "halves")]


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 12, 33])
def test_edges_join_different_qubits_once(name, n):
    pairs = edges(name, n)
    assert len(set(pairs)) == len(pairs)
    assert all(0 <= a < n and 0 <= b < n and a != b for a, b in pairs)


@pytest.mark.parametrize("name", CONNECTED)
@pytest.mark.parametrize("n", [1, 2, 3, 6, 16, 50])
def test_connected_graphs_are_connected(name, n):
    assert nx.is_connected(graph(name, n))


@pytest.mark.parametrize("name, expected", [
    ("line", nx.path_graph), ("fan", nx.path_graph), ("ring", nx.cycle_graph), ("brickwork", nx.path_graph), ("complete", nx.complete_graph),
    ("brickwork_ring", nx.cycle_graph), ("cascade", nx.cycle_graph), ("cascade_back", nx.cycle_graph),
    ("star", lambda n: nx.star_graph(n - 1)), ("complete_directed", nx.complete_graph),
])  # fmt: skip
@pytest.mark.parametrize("n", [3, 4, 7, 10])
def test_graphs_are_those_of_networkx(name, expected, n):
    """The same edges as networkx' graph of that name, not only the same up to relabelling."""
    assert {frozenset(e) for e in graph(name, n).edges} == {frozenset(e) for e in expected(n).edges}


def test_grid_of_nine_is_three_by_three():
    assert nx.is_isomorphic(graph("grid", 9), nx.grid_2d_graph(3, 3))


def test_tree_is_the_binomial_tree():
    """2^k qubits: depth k, and qubit 0 has k children."""
    tree = graph("tree", 16)
    assert nx.is_tree(tree) and tree.degree[0] == 4
    assert max(nx.single_source_shortest_path_length(tree, 0).values()) == 4


@pytest.mark.parametrize("n", [20, 65, 133])
def test_heavy_hex_has_degree_three_and_no_short_cycles(n):
    lattice = graph("heavy_hex", n)
    assert max(dict(lattice.degree).values()) == 3
    assert nx.girth(lattice) == 12
    # no two qubits of degree three are neighbours
    assert all(min(lattice.degree[a], lattice.degree[b]) < 3 for a, b in lattice.edges)


def test_sca_shifts_and_alternates():
    assert [edges("sca", 3, repetition=r) for r in range(3)] == [
        ((2, 0), (0, 1), (1, 2)), ((2, 1), (0, 2), (1, 0)), ((0, 1), (1, 2), (2, 0)),
    ]  # fmt: skip


def test_pairs_of_neighbours():
    assert edges("even", 5) == ((0, 1), (2, 3)) and edges("odd", 5) == ((1, 2), (3, 4))
    assert edges("halves", 5) == ((0, 3), (1, 4))
    assert edges("brickwork_ring", 4) == ((0, 1), (2, 3), (1, 2), (3, 0))


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] != e[1]), unique=True))
def test_colouring_keeps_the_edges_in_rounds(pairs):
    found = coloured(pairs)
    assert sorted(found) == sorted(pairs)
    rounds, busy = 1, set()
    for a, b in found:
        if {a, b} & busy:
            rounds, busy = rounds + 1, set()
        busy |= {a, b}
    degree = max((sum(q in e for e in pairs) for q in range(8)), default=0)
    assert rounds <= max(1, 2 * degree - 1)  # greedy colouring's bound


@pytest.mark.parametrize("pairs, message", [
    ([(0, 1), (0, 1)], r"Got \(0, 1\) more than once"), ("01", "pairs of qubits"), ([(0, 5)], "below num_qubits = 3"),
    ([(0, 1, 2)], "whole numbers"), ([(0, True)], "whole numbers"), ([(-1, 0)], "counted from 0"),
    (7, "pairs of qubits"),
])  # fmt: skip
def test_bad_edges_are_refused(pairs, message):
    with pytest.raises(QTrainError, match=message):
        check_edges(pairs, 3)


@pytest.mark.parametrize(
    "name, n, message", [("moebius", 4, "topology should be one of"), ("line", 0, "at least 1")]
)
def test_bad_names_and_sizes_are_refused(name, n, message):
    with pytest.raises(QTrainError, match=message):
        edges(name, n)

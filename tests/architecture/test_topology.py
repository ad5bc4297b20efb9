"""Named graphs against their definitions, and pieces of a device against brute force."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.topology import TOPOLOGIES, check_edges, coloured, connected_subgraph, edges, graph
from qtrain.errors import QTrainError

NAMED = [name for name in TOPOLOGIES if name != "edges"]
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


@st.composite
def devices(draw):
    """A connected map of 3 to 7 qubits, errors for its couplings and qubits, and the size of a piece."""
    n = draw(st.integers(3, 7))
    tree = [(draw(st.integers(0, q - 1)), q) for q in range(1, n)]
    more = draw(st.lists(st.sampled_from(list(itertools.combinations(range(n), 2))), max_size=4))
    couplings = sorted({*tree, *more})
    error = st.floats(0, 0.3)
    return (
        couplings,
        draw(st.integers(1, n)),
        {e: draw(error) for e in couplings},
        {q: draw(error) for q in range(n)},
    )


def brute_force(couplings, size, edge_errors, qubit_errors):
    """Smallest error over all connected pieces and all their spanning trees."""
    best = 1.0
    nodes = sorted({q for e in couplings for q in e})
    for piece in itertools.combinations(nodes, size):
        inside = [e for e in couplings if set(e) <= set(piece)]
        for tree in itertools.combinations(inside, size - 1):
            joined = nx.Graph(list(tree))
            joined.add_nodes_from(piece)
            if nx.is_connected(joined):
                fidelity = math.prod(1 - edge_errors[e] for e in tree) * math.prod(
                    1 - qubit_errors[q] for q in piece
                )
                best = min(best, 1 - fidelity)
    return best


@given(devices())
def test_pieces_are_connected_and_never_better_than_the_best(device):
    couplings, size, edge_errors, qubit_errors = device
    piece = connected_subgraph(couplings, size, edge_errors=edge_errors, qubit_errors=qubit_errors)
    best = brute_force(*device)
    assert len(set(piece.qubits)) == size
    induced = nx.Graph(couplings).subgraph(piece.qubits)
    assert nx.is_connected(induced)
    assert {frozenset(piece.qubits[q] for q in e) for e in piece.edges} == {
        frozenset(e) for e in induced.edges
    }
    assert piece.error >= best - 1e-9
    assert piece.error <= 2.0 * best + 1e-9  # a heuristic, but no wild one


def test_a_good_corner_is_found():
    """Two cheap ends of a long chain: the search starts from every qubit, so it finds the cheaper one."""
    chain = [(q, q + 1) for q in range(30)]
    errors = dict.fromkeys(chain, 0.05) | {
        (27, 28): 0.001,
        (28, 29): 0.001,
        (29, 30): 0.001,
        (0, 1): 0.002,
        (1, 2): 0.002,
    }
    piece = connected_subgraph(chain, 4, edge_errors=errors)
    assert piece.qubits == (27, 28, 29, 30)
    assert piece.edges == ((0, 1), (2, 3), (1, 2))


def test_both_directions_of_a_coupling_are_one():
    piece = connected_subgraph(
        [(0, 1), (1, 0), (1, 2), (2, 1)], 2, edge_errors={(1, 0): 0.2, (0, 1): 0.01, (1, 2): 0.1}
    )
    assert piece.qubits == (0, 1) and piece.error == pytest.approx(0.01)


@pytest.mark.parametrize("arguments, message", [
    (([(0, 1), (2, 3)], 2), "coupling_edges should be one connected map. Got pieces of 2, 2 qubits"),
    (([(0, 1)], 3), "num_qubits should be at most the device's 2. Got 3"),
    (([(0, 1)], 0), "num_qubits should be at least 1. Got 0"),
    (([(0, 0)], 1), "edges should join two different qubits"),
    (([(0, "a")], 1), "edges should be pairs of whole numbers"),
    ((["01"], 1), "edges should be pairs of whole numbers"),
])  # fmt: skip
def test_bad_devices_are_refused(arguments, message):
    with pytest.raises(QTrainError, match=message):
        connected_subgraph(*arguments)


def test_errors_should_be_probabilities():
    with pytest.raises(QTrainError, match=r"errors should lie in \[0, 1\]. Got 1.5 for edge \(0, 1\)"):
        connected_subgraph([(0, 1)], 2, edge_errors={(0, 1): 1.5})


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

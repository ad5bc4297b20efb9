"""Pieces of a device against brute force."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.device_graphs import connected_subgraph
from qtrain.errors import QTrainError


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

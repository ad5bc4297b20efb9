"""Sums taken apart: the same algebra as fractions and brute force give, single strings where symmetry leaves nothing."""

import itertools

import networkx as nx
import numpy as np
import pytest
import rational_lie
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

from qtrain.lie.dla import dla
from qtrain.lie.splitting import split
from qtrain.lie.sums import given_sums


def place(n, qubits, letter):
    return "".join(letter if q in qubits else "I" for q in reversed(range(n)))


def maxcut(graph, weights=None):
    n = graph.number_of_nodes()
    zz = SparsePauliOp([place(n, edge, "Z") for edge in graph.edges], weights)
    return [zz, SparsePauliOp([place(n, [q], "X") for q in range(n)])]


def labels(item, n):
    """A sum as label -> weight."""
    return {
        "".join("IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in reversed(range(n))): c
        for (x, z), c in item.items()
    }


@st.composite
def sums(draw):
    """Up to three sums on two or three qubits, weights that recur, so that some split and some do not."""
    n = draw(st.integers(2, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = ["".join(p) for p in itertools.product("IXYZ", repeat=n)][1:]
    if draw(st.booleans()):  # strings that commute with each other within a sum, as in QAOA
        pool = [p for p in pool if len(set(p) - {"I"}) == 1]
    found = []
    for _ in range(draw(st.integers(1, 3 if n == 2 else 2))):
        chosen = rng.choice(pool, int(rng.integers(1, 5)), replace=False)
        found.append(SparsePauliOp(list(chosen), rng.choice([1.0, 1.0, 2.0, -1.0, 3.0], len(chosen))))
    return found


@settings(max_examples=40, deadline=None)
@given(sums())
def test_parts_lie_in_the_algebra_and_generate_it(generators):
    whole, n = given_sums(generators)
    exact = [labels(item, n) for item in whole]
    rows = rational_lie.closure(exact, exact, rational_lie.PRIME)
    parts = [labels(item, n) for item in split(whole, n)]
    assert all(rational_lie.add(dict(rows), part, rational_lie.PRIME) is None for part in parts)
    assert len(rational_lie.closure(parts, parts, rational_lie.PRIME)) == len(rows)
    found = dla(generators)
    assert (found.dimension, found.complete) == (len(rows), True)


@pytest.mark.parametrize("seed", range(4))
def test_generic_weights_split_into_strings(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 6))
    graph = nx.gnp_random_graph(n, 0.7, seed=seed)
    generators = maxcut(graph, rng.normal(size=graph.number_of_edges()))
    strings = [label for g in generators for label in g.paulis.to_labels()]
    found = dla(generators)
    assert found.dimension == dla(strings).dimension == len(reference.pauli_lie_closure(strings))
    assert found.algebra == dla(strings).algebra
    assert found.method.startswith(f"sums that split into {len(strings)} strings")


def test_graphs_without_symmetry_split_with_equal_weights():
    """The algebra of the whole is then that of one angle for each gate: nothing in 4^n has to be followed."""
    spider = nx.Graph([(0, 1), (0, 2), (2, 3), (0, 4), (4, 5), (5, 6)])  # legs of one, two and three edges
    for graph in (
        nx.gnp_random_graph(7, 0.5, seed=1),
        nx.convert_node_labels_to_integers(spider, ordering="sorted"),
    ):
        generators = maxcut(graph)
        found = dla(generators)
        alone = dla([label for g in generators for label in g.paulis.to_labels()])
        assert (found.dimension, found.algebra, found.complete) == (alone.dimension, alone.algebra, True)


def test_symmetry_keeps_sums_together():
    """A part is never smaller than an orbit of the graph's automorphisms."""
    for graph in (
        nx.cycle_graph(6),
        nx.path_graph(5),
        nx.complete_graph(4),
        nx.star_graph(4),
        nx.gnp_random_graph(6, 0.5, seed=3),
    ):
        n = graph.number_of_nodes()
        orbits = {
            frozenset(m[v] for m in nx.isomorphism.GraphMatcher(graph, graph).isomorphisms_iter())
            for v in graph
        }
        whole, _ = given_sums(maxcut(graph))
        mixers = [
            {x.bit_length() - 1 for x, _ in part} for part in split(whole, n) if all(x for x, _ in part)
        ]
        assert sum(map(len, mixers)) == n
        assert all(any(orbit <= part for part in mixers) for orbit in orbits)


@pytest.mark.parametrize("n", [60, 1000])
def test_weighted_graphs_at_any_size(n):
    graph = nx.random_regular_graph(3, n, seed=1)
    weights = np.random.default_rng(0).normal(size=graph.number_of_edges())
    found = dla(maxcut(graph, weights), seconds=None)
    assert (found.complete, found.algebra) == (True, f"2 su({2 ** (n - 1) if n < 25 else f'2^{n - 1}'})")


def test_modules_of_sums_that_split():
    """Terms that meet the same generators stay together: they are one vector, not two."""
    generators = [SparsePauliOp(["XII", "IXI"], [1.0, 0.3]), SparsePauliOp(["ZII", "IZI"], [1.0, 0.7])]
    assert dla(generators).method.startswith("sums that split")
    for terms in (
        {"ZII": 1.0, "ZIZ": 0.5},
        {"ZII": 1.0, "IZI": 0.5},
        {"XZI": 1.0, "IIZ": 2.0},
        {"ZII": 1.0, "ZIX": 1.0, "IYI": -2.0},
    ):
        exact = [rational_lie.rational(dict(zip(g.paulis.to_labels(), g.coeffs.real))) for g in generators]
        truth = len(rational_lie.closure(exact, [rational_lie.rational(terms)]))
        found = dla(generators, observable=SparsePauliOp(list(terms), list(terms.values())))
        assert (found.module_dimension, found.module_complete) == (truth, True)


def test_without_time_every_answer_is_a_lower_bound_and_says_so():
    n = 40
    graph = nx.random_regular_graph(3, n, seed=2)
    cut = SparsePauliOp([place(n, edge, "Z") for edge in graph.edges])
    for weights in (None, np.random.default_rng(1).normal(size=graph.number_of_edges())):
        found = dla(maxcut(graph, weights), observable=cut, seconds=0)
        assert 2 <= found.dimension <= 2 * (4 ** (n - 1) - 1)
        assert (found.complete, found.module_complete) == (False, False)
        assert found.algebra is None

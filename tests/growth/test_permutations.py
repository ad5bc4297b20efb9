"""Groups of permutations against all n! of them, and against groups whose size is known."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.growth.permutations import automorphisms, keeps


def of_graph(graph, n, letters=(2,)):
    rows, kinds = [], []
    for letter, (a, b) in itertools.product(letters, graph):
        row = np.zeros(n, np.uint8)
        row[[a, b]] = letter
        rows.append(row)
        kinds.append(letter)
    return np.array(rows), np.array(kinds)


def generated(generators, n):
    """Every product of the generators."""
    found, fresh = {tuple(range(n))}, [tuple(range(n))]
    while fresh:
        fresh = {tuple(g[q] for q in p) for p in fresh for g in generators} - found
        found |= fresh
    return found


@st.composite
def sums(draw):
    """Terms closed under some permutations, so that there is something to find."""
    n = draw(st.integers(1, 5))
    rows = draw(st.lists(st.tuples(*[st.integers(0, 3)] * n).filter(any), min_size=1, max_size=6))
    terms = {row: draw(st.integers(0, 2)) for row in rows}
    for planted in draw(st.lists(st.permutations(range(n)), max_size=2)):
        for _ in range(6):
            for row, kind in list(terms.items()):
                terms.setdefault(tuple(row[planted[q]] for q in range(n)), kind)
    return np.array(list(terms), np.uint8), np.array(list(terms.values()))


@given(sums())
def test_all_permutations_and_no_others(case):
    letters, kinds = case
    n = letters.shape[1]
    known = {tuple(row): kind for row, kind in zip(letters.tolist(), kinds.tolist(), strict=True)}
    good = set()
    for p in itertools.permutations(range(n)):
        moved = {tuple(row[p.index(q)] for q in range(n)): kind for row, kind in known.items()}
        if moved == known:
            good.add(p)
        assert keeps(letters, kinds, np.array(p)) == (moved == known)
    found = automorphisms(letters, kinds)
    assert found.complete
    assert generated(found.generators, n) == good
    assert found.order == len(good)


@pytest.mark.parametrize(
    ("graph", "n", "order"),
    [
        (nx.petersen_graph().edges, 10, 120),
        (nx.convert_node_labels_to_integers(nx.hypercube_graph(5)).edges, 32, 2**5 * math.factorial(5)),
        (nx.cycle_graph(100).edges, 100, 200),
        ([(2 * k, 2 * k + 1) for k in range(20)], 40, 2**20 * math.factorial(20)),
        (nx.complete_graph(30).edges, 30, math.factorial(30)),
        (nx.convert_node_labels_to_integers(nx.grid_2d_graph(10, 10, periodic=True)).edges, 100, 800),
        (nx.complete_bipartite_graph(3, 4).edges, 9, 6 * 24 * 2),  # and two qubits without terms
        (nx.frucht_graph().edges, 12, 1),
    ],
)
def test_groups_of_known_size(graph, n, order):
    found = automorphisms(*of_graph(graph, n))
    assert (found.order, found.complete) == (order, True)


def test_what_is_cut_short_is_a_subgroup_and_says_so():
    letters, kinds = of_graph(nx.cycle_graph(60).edges, 60)
    for work in (10, 3000, 12_000):
        found = automorphisms(letters, kinds, max_work=work)
        assert not found.complete
        assert found.order <= 120
        assert all(keeps(letters, kinds, np.array(p)) for p in found.generators)

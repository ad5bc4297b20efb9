"""Spin models: against dense matrices, lattices against networkx, formulas against diagonalisation."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from dense_models import X, Y, Z, built, kron, spec_of
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.studies.tasks.graphs import lattice_edges
from qtrain.studies.tasks.spin_models import free_fermion_ends, spin_model
from qtrain.studies.tasks.task import extremes


@pytest.mark.parametrize("graph, pairs", [("line", [(0, 1), (1, 2)]), ("ring", [(2, 0), (0, 1), (1, 2)])])
def test_named_models_are_the_dense_hamiltonians(graph, pairs):
    n = 3
    tfim = built(spec_of({"kind": "tfim", "coupling": 0.7, "field": 0.3, "graph": graph}, n)).observables[0]
    dense = -0.7 * sum(kron(n, {a: Z, b: Z}) for a, b in pairs) - 0.3 * sum(kron(n, {q: X}) for q in range(n))
    np.testing.assert_allclose(tfim.to_matrix(), dense, atol=1e-12)
    task = {"kind": "xxz", "coupling": 1.5, "anisotropy": 0.4, "field": 0.2, "graph": graph}
    xxz = built(spec_of(task, n)).observables[0]
    dense = 1.5 * sum(kron(n, {a: P, b: P}) * c for a, b in pairs for P, c in ((X, 1), (Y, 1), (Z, 0.4)))
    np.testing.assert_allclose(xxz.to_matrix(), dense + 0.2 * sum(kron(n, {q: Z}) for q in range(n)), atol=1e-12)
    task = {"kind": "heisenberg", "jx": 1, "jy": 2.0, "jz": 3.0, "graph": graph}
    dense = sum(kron(n, {a: P, b: P}) * c for a, b in pairs for P, c in ((X, 1), (Y, 2), (Z, 3)))
    np.testing.assert_allclose(built(spec_of(task, n)).observables[0].to_matrix(), dense, atol=1e-12)


@given(st.integers(2, 8), st.integers(0, 2**31))  # dense and iterative diagonalisation
def test_free_fermions_have_the_ends_of_the_open_chain(n, seed):
    rng = np.random.default_rng(seed)
    coupling, fields = rng.normal(), rng.normal(size=n)
    chain = spin_model(n, [(q, q + 1) for q in range(n - 1)], z=coupling, field_x=fields)
    np.testing.assert_allclose(free_fermion_ends(coupling, fields), extremes(chain), atol=1e-9)
    assert extremes(chain)[0] == pytest.approx(np.linalg.eigvalsh(chain.to_matrix())[0], abs=1e-9)


def test_a_long_chain_has_its_exact_energy():
    n = 100
    task = built(spec_of({"kind": "tfim"}, n))
    assert task.lowest == pytest.approx(1 - 1 / np.sin(np.pi / (2 * (2 * n + 1))), rel=1e-12)
    assert built(spec_of({"kind": "tfim", "longitudinal": 0.1}, n)).lowest is None


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.booleans())
def test_lattices_are_the_products_of_paths_and_cycles(lengths, periodic):
    lengths = tuple(lengths)
    closed = [bool(periodic and length > 2) for length in lengths]
    grid = nx.grid_graph(lengths[::-1], periodic=closed[::-1])
    sites = {p: int(np.ravel_multi_index((p,) if isinstance(p, int) else p, lengths)) for p in grid}
    wanted = {tuple(sorted((sites[a], sites[b]))) for a, b in grid.edges if a != b}
    assert set(lattice_edges(lengths, periodic=periodic)) == wanted


def test_random_fields_and_second_neighbours_are_the_dense_ones():
    task = {"kind": "heisenberg", "jx": 0.5, "disorder": 2.0, "seed": 4, "next_nearest": 0.3, "lattice": "2x2"}
    fields = 2.0 * np.random.default_rng(4).uniform(-1, 1, 4)
    dense = sum(f * kron(4, {q: Z}) for q, f in enumerate(fields))
    for pairs, factor in (((0, 1), (0, 2), (1, 3), (2, 3)), 1.0), (((0, 3), (1, 2)), 0.3):
        dense = dense + factor * sum(c * kron(4, {a: P, b: P}) for a, b in pairs for P, c in ((X, 0.5), (Y, 1), (Z, 1)))
    np.testing.assert_allclose(built(spec_of(task)).observables[0].to_matrix(), dense, atol=1e-12)
    other = built(spec_of(task | {"seed": 5})).observables[0]
    assert not np.allclose(other.to_matrix(), dense)


@pytest.mark.parametrize("graph, second", [
    ({}, {(0, 2), (1, 3), (2, 4)}), ({"graph": "ring"}, {(0, 2), (1, 3), (2, 4), (0, 3), (1, 4)}),
    ({"edges": [[0, 1], [0, 2], [0, 3], [3, 4]]}, {(1, 2), (1, 3), (2, 3), (0, 4)}), ({"lattice": [5]}, {(0, 2), (1, 3), (2, 4)}),
])  # fmt: skip
def test_second_neighbours(graph, second):
    task = spec_of({"kind": "xxz", **graph}, 5).task
    assert set(task.second_pairs(5, task.pairs(5, None))) == second


def test_majumdar_ghosh_chain_is_a_product_of_dimers():
    for n in (6, 8):
        assert built(spec_of({"kind": "heisenberg", "next_nearest": 0.5}, n)).lowest == pytest.approx(-3 * n / 2)


@pytest.mark.parametrize("task, message", [
    ({"kind": "tfim", "lattice": [2, 3]}, "task.lattice should have 4 sites for 4 qubits. Got 2x3, which has 6"),
    ({"kind": "tfim", "lattice": [2, 2], "graph": "ring"}, "at most one of graph, lattice and edges"),
    ({"kind": "tfim", "lattice": "2 by 2"}, "one to three lengths"),
    ({"kind": "tfim", "lattice": []}, "one to three lengths"),
    ({"kind": "tfim", "lattice": [4, 1, 1, 1]}, "one to three lengths"),
    ({"kind": "tfim", "lattice": [4, 0]}, "task.lattice"),
    ({"kind": "tfim", "periodic": True}, "with a lattice"),
    ({"kind": "xxz", "edges": [[0, 9]]}, "sites 0 to 3"),
    ({"kind": "xxz", "disorder": -1}, "task.disorder should be a finite number, at least 0"),
    ({"kind": "xxz", "disorder": float("nan")}, "task.disorder should be a finite number"),
])  # fmt: skip
def test_bad_models_are_one_sentence(task, message):
    with pytest.raises(QTrainError, match=message) as caught:
        built(spec_of(task, 4))
    assert "\n" not in str(caught.value)

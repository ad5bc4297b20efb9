"""Generators that keep every symmetry, as dense matrices say."""

import networkx as nx
import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qtrain.growth.pools import OPERATOR_POOLS, Setting
from qtrain.studies.tasks.max_cut import max_cut
from qtrain.studies.tasks.spin_models import spin_model

LINE, RING = [(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 2), (2, 3), (3, 0)]
CASES = {
    "ising chain": spin_model(4, LINE, z=-1, field_x=-1),
    "ising ring": spin_model(4, RING, z=-1, field_x=-1),
    "xxz ring": spin_model(4, RING, x=1, y=1, z=0.5),
    "heisenberg ring": spin_model(4, RING, x=1, y=1, z=1),
    "staggered": spin_model(4, LINE, x=1, y=1, z=1) + SparsePauliOp(["IIIZ", "IIZI"], [0.3, 0.1]),
    "cut": max_cut(nx.complete_graph(4).edges, 4),
}


def matrix(gate, n):
    return SparsePauliOp.from_sparse_list([(s, list(q), c) for s, q, c in gate.terms], n).to_matrix()


def commute(a, b):
    return np.abs(a @ b - b @ a).max() < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_generators_keep_parities_and_charges(name):
    setting = Setting(4, None, CASES[name])
    symmetries = setting.symmetries
    kept = [SparsePauliOp(label).to_matrix() for label in symmetries.parities]
    if symmetries.number and not symmetries.diagonal:
        kept.append(sum(SparsePauliOp.from_sparse_list([("Z", [q], 1)], 4).to_matrix() for q in range(4)))
    pool = OPERATOR_POOLS["symmetric"](setting)
    assert pool
    for gate in pool:
        terms = [SparsePauliOp.from_sparse_list([(s, list(q), c)], 4).to_matrix() for s, q, c in gate.terms]
        assert all(commute(a, b) for a in terms for b in terms)  # so that the gates are exp(-i angle G/2)
        assert all(commute(matrix(gate, 4), s) for s in kept)
        assert {parameter for g in gate.gates for parameter in g.parameters} == {0}


@pytest.mark.parametrize("name", ["ising chain", "ising ring", "cut"])
def test_rounds_of_an_orbit_add_up_to_what_permutations_keep(name):
    """Gates of one letter pattern, summed over the pool, are unchanged by every permutation."""
    setting = Setting(4, None, CASES[name])
    pool = OPERATOR_POOLS["symmetric"](setting)
    single = OPERATOR_POOLS["pauli2"](setting)
    assert len(pool) < len(single)
    patterns = {tuple(sorted("".join(sorted(s)) for s, _, _ in gate.terms)) for gate in pool}
    assert patterns
    for letters in ("Y", "YZ", "XY"):
        total = sum((matrix(g, 4) for g in pool if {"".join(sorted(s)) for s, _, _ in g.terms} == {letters}), start=np.zeros((16, 16)))
        for p in setting.symmetries.permutations:
            order = [sum((k >> q & 1) << p[q] for q in range(4)) for k in range(16)]
            moved = np.zeros((16, 16), complex)
            moved[np.ix_(order, order)] = total
            assert np.allclose(moved, total)


def test_total_spin_is_kept():
    pool = OPERATOR_POOLS["symmetric"](Setting(4, None, CASES["heisenberg ring"]))
    for letter in "XYZ":
        total = sum(SparsePauliOp.from_sparse_list([(letter, [q], 1)], 4).to_matrix() for q in range(4))
        assert all(commute(matrix(gate, 4), total) for gate in pool)


def test_without_a_hamiltonian_it_is_what_the_device_has():
    setting = Setting(3, ((0, 1), (1, 2)))
    assert OPERATOR_POOLS["symmetric"](setting) == OPERATOR_POOLS["hardware"](setting)

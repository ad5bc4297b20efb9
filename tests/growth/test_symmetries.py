"""Symmetries against dense matrices, planted ones, and those of known models."""

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import Pauli, SparsePauliOp

from qtrain.errors import QTrainError
from qtrain.growth.symmetries import find_symmetries
from qtrain.studies.tasks.max_cut import max_cut
from qtrain.studies.tasks.spin_models import spin_model

LINE = [(q, q + 1) for q in range(7)]
RING = [*LINE, (7, 0)]
PLANTED = ("nothing", "number", "spin", "flip", "staggered", "weighted")


def total(letter, n, weights=None):
    weights = [1] * n if weights is None else weights
    return SparsePauliOp.from_sparse_list([(letter, [q], c) for q, c in enumerate(weights)], n)


def commutes(a, b):
    a, b = a.to_matrix(), b.to_matrix()
    return np.abs(a @ b - b @ a).max() < 1e-9


@st.composite
def hamiltonians(draw):
    """Pauli sums of up to four qubits with one planted symmetry."""
    n = draw(st.integers(1, 4))
    coefficient = st.sampled_from([1.0, -1.0, 0.5, 0.3])
    planted = draw(st.sampled_from(PLANTED))
    pairs = list(itertools.combinations(range(n), 2))
    labels = draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=5))
    if planted == "nothing" or not pairs:
        return SparsePauliOp(labels, [draw(coefficient) for _ in labels]) + SparsePauliOp("Z" * n)
    if planted == "flip":
        even = [s for s in labels if sum(c in "YZ" for c in s) % 2 == 0]
        return SparsePauliOp(["X" * n, *even], [draw(coefficient) for _ in range(len(even) + 1)])
    terms = []
    for a, b in draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=5)):
        c = draw(coefficient)
        if planted == "weighted" and n > 2:  # two excitations for one: conserves 2 n_a + n_b + n_d
            d = next(q for q in range(n) if q not in (a, b))
            signs = {"XXX": 1, "XYY": -1, "YXY": 1, "YYX": 1}
            terms += [(s, [a, b, d], c * v) for s, v in signs.items()]
        else:
            terms += [("XX", [a, b], c), ("YY", [a, b], -c if planted == "staggered" else c)]
            terms += [("ZZ", [a, b], c if planted == "spin" else draw(coefficient))]
    terms += [] if planted == "spin" else [("Z", [q], draw(coefficient)) for q in range(n)]
    return SparsePauliOp.from_sparse_list(terms, n)


@given(hamiltonians())
def test_everything_that_dense_matrices_say(operator):
    n = operator.num_qubits
    simple = operator.simplify()
    if set("".join(simple.paulis.to_labels())) == {"I"} or not np.abs(simple.coeffs).max():
        with pytest.raises(QTrainError, match="hamiltonian should have a term"):
            find_symmetries(operator)
        return
    found = find_symmetries(operator)
    strings = ["".join(s) for s in itertools.product("IXYZ", repeat=n)]
    terms = [Pauli(label) for label in simple.paulis.to_labels()]
    commuting = [s for s in strings if all(Pauli(s).commutes(t) for t in terms)]
    assert len(commuting) == 2 ** len(found.paulis)
    assert set(found.paulis) <= set(commuting)
    brackets = []
    for q in range(n):
        h, z = operator.to_matrix(), total("Z", n, np.eye(n)[q]).to_matrix()
        brackets.append((h @ z - z @ h).ravel())
    assert len(found.charges) == n - np.linalg.matrix_rank(np.array(brackets), tol=1e-9)
    for charge in found.charges:
        assert all(isinstance(c, int) for c in charge)
        assert commutes(operator, total("Z", n, charge))
    assert not found.charges or np.linalg.matrix_rank(np.array(found.charges)) == len(found.charges)
    assert found.number == commutes(operator, total("Z", n))
    assert found.su2 == all(commutes(operator, total(letter, n)) for letter in "XYZ")
    assert found.flip == all(Pauli("X" * n).commutes(t) for t in terms)
    assert found.real == (np.abs(operator.to_matrix().imag).max() == 0)
    assert found.diagonal == (not simple.paulis.x.any())
    assert found.commuting == all(a.commutes(b) for a, b in itertools.combinations(terms, 2))
    assert all(Pauli(a).commutes(Pauli(b)) for a, b in itertools.combinations(found.parities, 2))
    assert set(found.parities) <= set(found.paulis)
    for p in found.permutations:
        moved = SparsePauliOp.from_sparse_list(
            [(s, [p[q] for q in qubits], c) for s, qubits, c in simple.to_sparse_list()], n
        )
        assert (moved - simple).simplify() == SparsePauliOp("I" * n, 0)
    assert found.complete


def jordan_wigner_hop(a, b, c, n):
    between = list(range(a + 1, b))
    return [(f"{s}{'Z' * len(between)}{s}", [a, *between, b], c / 2) for s in "XY"]


def hubbard():
    """Two by two sites, spins interleaved."""
    terms = []
    for spin, (a, b) in itertools.product((0, 1), [(0, 1), (2, 3), (0, 2), (1, 3)]):
        terms += jordan_wigner_hop(2 * a + spin, 2 * b + spin, -1.0, 8)
    for site in range(4):
        terms += [("Z", [2 * site], -1.0), ("Z", [2 * site + 1], -1.0), ("ZZ", [2 * site, 2 * site + 1], 1.0)]
    return SparsePauliOp.from_sparse_list(terms, 8)


def schwinger(n=8):
    operator = spin_model(n, LINE[: n - 1], x=0.5, y=0.5)
    for k in range(n - 1):
        field = SparsePauliOp.from_sparse_list(
            [("Z", [q], 0.5) for q in range(k + 1)] + [("", [], 0.5 * ((k + 1) % 2))], n
        )
        operator += 0.3 * field @ field
    return (operator + total("Z", n, [0.4 * (-1) ** q for q in range(n)])).simplify()


def test_ising_chain():
    found = find_symmetries(spin_model(8, LINE, z=-1, field_x=-0.7))
    assert (found.paulis, found.charges, found.su2) == (("X" * 8,), (), False)
    assert (found.flip, found.number, found.free_fermion, found.order) == (True, False, True, 2)
    assert found.permutations == (tuple(range(7, -1, -1)),)


def test_xxz_and_heisenberg_rings():
    xxz, heisenberg = (find_symmetries(spin_model(8, RING, x=1, y=1, z=z)) for z in (0.5, 1.0))
    assert (xxz.su2, heisenberg.su2) == (False, True)
    for found in (xxz, heisenberg):
        assert (found.translation, found.order, found.charges) == (1, 16, ((1,) * 8,))
        assert found.paulis == ("X" * 8, "Z" * 8)
        assert found.parities == ("Z" * 8,)


def test_frustrated_and_disordered_chains():
    second = [(q, q + 2) for q in range(6)]
    frustrated = spin_model(8, LINE, x=1, y=1, z=1) + spin_model(8, second, x=0.5, y=0.5, z=0.5)
    disordered = spin_model(8, LINE, x=1, y=1, z=1) + total("Z", 8, np.linspace(-1, 0.7, 8) ** 2)
    assert (find_symmetries(frustrated).su2, find_symmetries(disordered).su2) == (True, False)
    found = find_symmetries(disordered)
    assert (found.number, found.order, found.flip) == (True, 1, False)


def test_dimers_move_by_two():
    weak = [(1, 2), (3, 4), (5, 6), (7, 0)]
    strong = [(0, 1), (2, 3), (4, 5), (6, 7)]
    operator = spin_model(8, strong, x=1, y=1, z=1) + spin_model(8, weak, x=0.5, y=0.5, z=0.5)
    found = find_symmetries(operator)
    assert (found.translation, found.order) == (2, 8)


def test_schwinger_model():
    found = find_symmetries(schwinger())
    assert (found.charges, found.paulis, found.real, found.flip) == (((1,) * 8,), ("Z" * 8,), True, False)


def test_fermions_have_two_numbers():
    found = find_symmetries(hubbard())
    assert found.spin_numbers == ((0, 2, 4, 6), (1, 3, 5, 7))
    assert found.parities == ("IZIZIZIZ", "ZIZIZIZI")
    assert not found.free_fermion


def test_largest_cut():
    graph = nx.petersen_graph()
    found = find_symmetries(max_cut(graph.edges, 10))
    assert (found.diagonal, found.flip, found.order, len(found.charges), found.parities) == (
        True,
        True,
        120,
        10,
        (),
    )


def test_wide_terms_conserve_what_cancels():
    """A hop whose sign depends on more qubits than any table holds."""
    n = 40
    strings = [
        (f"{s}{s}" + "Z" * k, [0, 1, *range(2, 2 + k)], 0.1 * k + 0.1) for k in range(n - 2) for s in "XY"
    ]
    found = find_symmetries(SparsePauliOp.from_sparse_list(strings, n))
    assert found.charges[0] == (1, 1, *([0] * (n - 2)))
    assert len(found.charges) == n - 1
    broken = find_symmetries(SparsePauliOp.from_sparse_list(strings[:-1], n))
    assert len(broken.charges) == n - 2


def test_rounding_counts_as_equal():
    operator = SparsePauliOp(["XX", "YY", "ZI", "IZ"], [0.1 + 0.2, 0.3, 0.7, 0.7 - 1e-16])
    found = find_symmetries(operator)
    assert found.number
    assert (found.charges, found.order) == (((1, 1),), 2)


def test_hundred_qubits():
    ring = [(q, (q + 1) % 100) for q in range(100)]
    found = find_symmetries(spin_model(100, ring, x=1, y=1, z=1))
    assert (found.su2, found.translation, found.order, found.complete) == (True, 1, 200, True)
    assert (found.charges, found.parities) == (((1,) * 100,), ("Z" * 100,))

"""States without entanglement against all basis states, and against what no turn of a qubit improves."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_observable

from qtrain.growth import mean_field
from qtrain.growth.mean_field import determinants, product_state
from qtrain.growth.symmetries import find_symmetries
from qtrain.studies.tasks.spin_models import spin_model

SEEDS = st.integers(0, 2**32 - 1)


def conserving(seed, n):
    """Random hops, interactions and fields: the number of excitations is conserved."""
    rng = np.random.default_rng(seed)
    terms = [("Z", [q], rng.normal()) for q in range(n)]
    for a, b in itertools.combinations(range(n), 2):
        if rng.random() < 0.6:
            hop = rng.normal()
            terms += [("XX", [a, b], hop), ("YY", [a, b], hop), ("ZZ", [a, b], rng.normal())]
    return SparsePauliOp.from_sparse_list(terms, n)


@given(SEEDS, st.integers(2, 6))
def test_lowest_of_each_sector(seed, n):
    operator = conserving(seed, n)
    matrix = operator.to_matrix()
    energies, symmetries = matrix.diagonal().real, find_symmetries(operator)
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    charges = bits @ np.array(symmetries.charges).T
    found = determinants(operator, symmetries, most=n + 1)
    assert len({tuple(np.array(symmetries.charges) @ d.bits) for d in found}) == len(found)
    for d in found:
        place = sum(bit << q for q, bit in enumerate(d.bits))
        same = (charges == charges[place]).all(axis=1)
        assert d.exact
        assert d.energy == pytest.approx(energies[same].min())
        assert d.energy == pytest.approx(energies[place])
        column = matrix[:, place].copy()
        column[place] = 0
        assert d.deviation == pytest.approx(np.linalg.norm(column))
    scores = [d.energy - d.deviation for d in found]
    assert np.allclose(scores, sorted(scores))
    assert len(found) == min(n + 1, len(np.unique(charges, axis=0)))


@given(SEEDS, st.integers(1, 5))
def test_without_charges_the_lowest_of_all(seed, n):
    operator = random_observable(seed, n=n, terms=6) + SparsePauliOp.from_sparse_list(
        [("X", [q], 0.1) for q in range(n)], n
    )
    found = determinants(operator)
    energies = operator.to_matrix().diagonal().real
    assert min(d.energy for d in found) >= energies.min() - 1e-9
    if not [s for s in find_symmetries(operator).paulis if set(s) <= {"I", "Z"}]:
        assert [d.energy for d in found] == [pytest.approx(energies.min())]


@given(SEEDS)
def test_descent_ends_where_no_flip_of_two_helps(seed):
    """What wide Hamiltonians use, on narrow ones; by chance it may miss the lowest, never by a flip of two."""
    n = 6
    operator = conserving(seed, n)
    diagonal = operator.to_matrix().diagonal().real
    limit, mean_field.EXACT_QUBITS = mean_field.EXACT_QUBITS, 2
    try:
        found = determinants(operator, most=8, seed=seed % 5)
    finally:
        mean_field.EXACT_QUBITS = limit
    for d in found:
        place = sum(bit << q for q, bit in enumerate(d.bits))
        assert not d.exact
        assert d.energy == pytest.approx(diagonal[place])
        flips = [1 << a | 1 << b for a, b in itertools.combinations(range(n), 2)]
        kept = [place ^ f for f in flips if np.bitwise_count(place ^ f) == np.bitwise_count(place)]
        assert all(diagonal[k] >= d.energy - 1e-9 for k in kept)
    assert min(d.energy for d in found) == pytest.approx(diagonal.min(), abs=0.5 * abs(diagonal.min()))


def test_ties_go_to_the_state_that_moves_most():
    """Half-filled Fermi-Hubbard: of all states without double occupation the antiferromagnet hops most."""
    n, terms = 8, []
    for spin, (a, b) in itertools.product((0, 1), [(0, 1), (1, 2), (2, 3)]):
        p, q = 2 * a + spin, 2 * b + spin
        terms += [(f"{s}Z{s}", [p, p + 1, q], -0.5) for s in "XY"]
    terms += (
        [("", [], 4.0)]
        + [("Z", [q], -1.0) for q in range(8)]
        + [("ZZ", [2 * a, 2 * a + 1], 1.0) for a in range(4)]
    )
    best = determinants(SparsePauliOp.from_sparse_list(terms, n))[0]
    assert best.bits in ((1, 0, 0, 1, 1, 0, 0, 1), (0, 1, 1, 0, 0, 1, 1, 0))
    assert (best.energy, best.deviation) == (pytest.approx(0), pytest.approx(6**0.5))


def test_hundred_qubits():
    line = [(q, q + 1) for q in range(99)]
    operator = spin_model(100, line, x=1, y=1, z=1)
    found = determinants(operator)
    assert (found[0].energy, found[0].exact) == (-99.0, False)
    assert product_state(spin_model(100, line, z=-1, field_x=-1)).energy == pytest.approx(-124.5, abs=1.5)


@given(SEEDS, st.integers(1, 4), st.booleans())
def test_product_states(seed, n, real):
    operator = random_observable(seed, n=n, terms=6)
    found = product_state(operator, real=real)
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1)
    assert not real or not found.vectors[:, 1].any()
    assert found.energy == pytest.approx(_energy(operator, found.vectors), abs=1e-9)
    rng = np.random.default_rng(seed)
    for q in range(n):
        for _ in range(5):
            turned = found.vectors.copy()
            vector = rng.normal(size=3) * [1, not real, 1]
            turned[q] = vector / np.linalg.norm(vector)
            assert _energy(operator, turned) >= found.energy - 1e-5


def _energy(operator, vectors):
    total = 0.0
    for letters, qubits, c in operator.to_sparse_list():
        total += c.real * np.prod([vectors[q]["XYZ".index(s)] for q, s in zip(qubits, letters, strict=True)])
    return total

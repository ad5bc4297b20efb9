"""Packed Pauli algebra against Pauli strings as text, and GF(2) against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.kernels import paulis

LABELS = st.integers(1, 6).flatmap(lambda n: st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=8))
WIDTHS = [1, 5, 63, 64, 65, 128, 130]


def random_labels(n, rows, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(row) for row in rng.choice(list("IXYZ"), (rows, n))]


@pytest.mark.parametrize("n", WIDTHS)
def test_labels_round_trip(n):
    labels = random_labels(n, 7)
    x, z = paulis.pack_labels(labels)
    assert x.shape == z.shape == (7, (n + 63) // 64) and x.dtype == z.dtype == np.uint64
    assert paulis.unpack_labels(x, z, n) == labels
    assert paulis.weights(x, z).tolist() == [n - label.count("I") for label in labels]
    for row, label in enumerate(labels):
        for q in range(n):
            bits = int(x[row, q // 64]) >> (q % 64) & 1, int(z[row, q // 64]) >> (q % 64) & 1
            assert bits == {"I": (0, 0), "X": (1, 0), "Z": (0, 1), "Y": (1, 1)}[label[n - 1 - q]]


@pytest.mark.parametrize("n", WIDTHS)
def test_bits_round_trip(n):
    bits = np.random.default_rng(n).random((5, n)) < 0.5
    assert (paulis.unpack_bits(paulis.pack_bits(bits), n) == bits).all()


@pytest.mark.parametrize("labels, message", [
    ([], "at least one"), (["XX", "X"], "all have 2 letters. Got 'X'"), (["Xx"], "I, X, Y and Z. Got 'Xx'"),
    ([""], "letters"), (["XÄ"], "I, X, Y and Z"),
])  # fmt: skip
def test_bad_labels(labels, message):
    with pytest.raises(QTrainError, match=message):
        paulis.pack_labels(labels)


@given(LABELS)
def test_commutation_matrix(labels):
    matrix = paulis.commutation_matrix(*paulis.pack_labels(labels))
    for i, a in enumerate(labels):
        for j, b in enumerate(labels):
            assert matrix[i, j] == (not reference.commute(a, b))


def test_commutation_between_two_sets_of_many_words():
    one, two = random_labels(130, 9, 1), random_labels(130, 4, 2)
    matrix = paulis.commutation_matrix(*paulis.pack_labels(one), *paulis.pack_labels(two))
    assert matrix.tolist() == [[not reference.commute(a, b) for b in two] for a in one]


# --------------------------------------------------------------------------- GF(2)

MATRICES = st.tuples(st.integers(0, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.lists(st.lists(st.booleans(), min_size=shape[1], max_size=shape[1]),
                           min_size=shape[0], max_size=shape[0]).map(
        lambda rows: np.array(rows, dtype=bool).reshape(shape)))  # fmt: skip


def span(bits):
    """Every sum of rows, as tuples."""
    choices = itertools.product([0, 1], repeat=len(bits))
    return {tuple((np.array(c, dtype=int) @ bits % 2).tolist()) if len(bits) else (0,) * bits.shape[1] for c in choices}


@given(MATRICES)
def test_gf2_against_enumeration(bits):
    rows, columns = bits.shape
    packed, vectors = paulis.pack_bits(bits), span(bits.astype(int))
    rank = paulis.gf2_rank(packed, columns)
    assert 2**rank == len(vectors)

    basis, pivots = paulis.gf2_eliminate(packed, columns)
    echelon = paulis.unpack_bits(basis, columns)
    assert len(basis) == rank and span(echelon.astype(int)) == vectors
    assert (echelon[:, pivots] == np.eye(rank, dtype=bool)).all() and list(pivots) == sorted(pivots)

    null = paulis.unpack_bits(paulis.gf2_nullspace(packed, columns), columns)
    assert len(null) == columns - rank == paulis.gf2_rank(paulis.pack_bits(null), columns)
    assert not (bits.astype(int) @ null.T.astype(int) % 2).any()

    relations = paulis.unpack_bits(paulis.gf2_relations(packed, columns), max(rows, 1))[:, :rows]
    assert len(relations) == rows - rank
    assert not (relations.astype(int) @ bits.astype(int) % 2).any()
    assert 2 ** len(relations) == len(span(relations.astype(int)))

    for target in itertools.product([0, 1], repeat=columns):
        chosen = paulis.gf2_solve(packed, columns, paulis.pack_bits(np.array([target]))[0])
        assert (chosen is not None) == (target in vectors)
        if chosen is not None:
            assert tuple((chosen.astype(int) @ bits.astype(int) % 2).tolist()) == target


def test_gf2_with_many_words():
    rng = np.random.default_rng(3)
    left, right = rng.random((200, 90)) < 0.5, rng.random((90, 300)) < 0.5
    packed = paulis.pack_bits((left.astype(int) @ right.astype(int)) % 2)
    assert paulis.gf2_rank(packed, 300) == 90
    null = paulis.gf2_nullspace(packed, 300)
    assert len(null) == 210 and paulis.gf2_rank(np.vstack([null, packed]), 300) <= 300
    product = paulis.unpack_bits(packed, 300).astype(int) @ paulis.unpack_bits(null, 300).T.astype(int)
    assert not (product % 2).any()


@given(LABELS)
def test_commutant_holds_everything_that_commutes(labels):
    n = len(labels[0])
    basis = paulis.unpack_labels(*paulis.commutant(*paulis.pack_labels(labels), n), n)
    assert all(reference.commute(a, b) for a in basis for b in labels)
    if n <= 3:
        strings = ["".join(p) for p in itertools.product("IXYZ", repeat=n)]
        assert 2 ** len(basis) == sum(all(reference.commute(s, b) for b in labels) for s in strings)


@given(LABELS)
def test_symplectic_rows_round_trip(labels):
    n = len(labels[0])
    x, z = paulis.pack_labels(labels)
    assert paulis.unpack_labels(*paulis.split_rows(paulis.symplectic_rows(x, z, n), n), n) == labels

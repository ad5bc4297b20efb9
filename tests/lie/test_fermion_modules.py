"""Modules of free fermions, counted, against all of their strings listed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import n_local
from qiskit.quantum_info import Pauli, SparsePauliOp, random_clifford

from qtrain.kernels.paulis import commutation_matrix, pack_labels
from qtrain.lie.dla import dla
from qtrain.lie.fermion_modules import fermion_module
from qtrain.lie.modules import string_module

LETTERS = "IXYZ"


def labels(n):
    return st.text(alphabet=LETTERS, min_size=n, max_size=n).filter(lambda label: set(label) != {"I"})


def free_fermions(groups, rng):
    """Products of two of six Majoranas, in one or two groups, times central strings of other qubits, in any frame.

    Neighbours are always there: what the graph of fewer generators is the line graph of may not be unique.
    """
    n, spare = 3 * groups, int(rng.integers(0, 4 - groups))
    majorana = [Pauli("I" * (n - 1 - q) + letter + "Z" * q) for q in range(n) for letter in "XY"]

    def dressed(numbers):
        product = Pauli("I" * n)
        for k in numbers:
            product = product @ majorana[k]
        return Pauli("".join(rng.choice(["I", "Z"], spare)) + product.to_label().lstrip("-i"))

    pairs = [(6 * g + k, 6 * g + k + 1) for g in range(groups) for k in range(5)]
    pairs += [6 * int(rng.integers(groups)) + rng.choice(6, 2, replace=False) for _ in range(int(rng.integers(0, 5)))]
    strings = [dressed(np.flatnonzero(rng.random(2 * n) < 0.4)), *map(dressed, pairs)]
    frame = random_clifford(n + spare, seed=int(rng.integers(2**31)))
    moved = [item.evolve(frame).to_label().lstrip("-i") for item in strings]
    return moved[0], list(dict.fromkeys(moved[1:])), n + spare


def listed(string, generators, n):
    (x, z), complete = string_module(*pack_labels([string]), pack_labels(generators), 4**n, math.inf)
    assert complete
    zeros = pack_labels(["I" * (n - 1 - q) + "Z" + "I" * q for q in range(n)])
    inside = ~np.asarray(commutation_matrix(x, z, *zeros)).any(axis=1)
    return len(x), int(inside.sum()), np.asarray(commutation_matrix(*pack_labels(generators), x, z)).mean(axis=1)


def agrees(string, generators, n):
    zeros = pack_labels(["I" * (n - 1 - q) + "Z" + "I" * q for q in range(n)])
    found = fermion_module(pack_labels([string]), pack_labels(generators), zeros, n)
    if found is None:
        return False
    dimension, inside, shares = listed(string, generators, n)
    assert (found.dimension, found.stabilizing) == (dimension, inside)
    np.testing.assert_allclose(found.shares, shares, atol=1e-12)
    return True


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_of_products_of_majoranas_in_any_frame(groups, seed):
    string, generators, width = free_fermions(groups, np.random.default_rng(seed))
    assert agrees(string, generators, width)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(2, 4))
def test_of_any_strings_it_is_right_or_silent(data, n):
    generators = data.draw(st.lists(labels(n), min_size=1, max_size=6, unique=True))
    agrees(data.draw(labels(n)), generators, n)


def test_what_is_no_free_fermion_is_left_alone():
    generators = ["IIX", "IXI", "XII", "IIZ", "IZI", "ZII", "IZZ", "ZZI"]
    assert not agrees("IIZ", generators, 3)


def test_of_labels_alone_the_module_is_counted():
    ising = ["I" * (30 - q) + "ZZ" + "I" * q for q in range(31)] + ["I" * (31 - q) + "X" + "I" * q for q in range(32)]
    found = dla(ising, observable="I" * 25 + "Z" + "I" * 6)  # a product of 13 of 64 Majoranas
    assert (found.module_dimension, found.module_complete) == (math.comb(64, 13), True)


@pytest.mark.parametrize("place", [0, 30, 50])
def test_ry_and_cz_on_a_line_of_a_hundred_qubits(place):
    n = 100
    circuit = n_local(n, "ry", "cz", "linear", reps=n + 2)
    observable = SparsePauliOp.from_sparse_list([("Z", [place], 1.0)], n)
    found = dla(circuit, observable=observable, seconds=120)
    assert found.module_complete and found.module_dimension == math.comb(n + 1, place + 1) ** 2
    assert found.deep_cost_second_moment == pytest.approx(1 / math.comb(n + 1, place + 1), rel=1e-12)
    assert found.deep_variance.max() <= found.deep_cost_second_moment


def test_counting_goes_on_where_listing_stops():
    circuit = n_local(6, "ry", "cz", "linear", reps=8)
    operator = SparsePauliOp(["IIIIIZ", "IIIZII"], [1.0, -0.5])
    full, cut = (dla(circuit, observable=operator, max_dimension=limit) for limit in (5000, 100))
    assert (cut.module_dimension, cut.module_complete) == (full.module_dimension, True) == (49 + 35**2, True)
    assert cut.deep_cost_second_moment == pytest.approx(full.deep_cost_second_moment, rel=1e-12)
    np.testing.assert_allclose(cut.deep_variance, full.deep_variance, rtol=1e-12)

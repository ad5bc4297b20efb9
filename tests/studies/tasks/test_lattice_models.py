"""The Schwinger and Hubbard models against their definitions in terms of fermions and fields."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from dense_models import Z, annihilator, built, kron, spec_of
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.errors import QTrainError

NUMBERS = st.floats(-2, 2).map(lambda x: round(x, 3))


@settings(max_examples=15)
@given(st.sampled_from([2, 4, 6]), NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.floats(0, 2))
def test_schwinger_is_its_definition(n, hopping, mass, electric, background, penalty):
    if not any((hopping, mass, electric, penalty)):
        return
    raising = np.array([[0, 1], [0, 0]])  # sigma+ raises the spin: |0> is up
    dense = np.zeros((2**n, 2**n), complex)
    for q in range(n - 1):
        hop = kron(n, {q: raising, q + 1: raising.T})
        dense += hopping * (hop + hop.T)
    for site in range(1, n + 1):
        dense += mass / 2 * (-1) ** site * kron(n, {site - 1: Z})
    for link in range(1, n):
        field = background * np.eye(2**n)
        for site in range(1, link + 1):
            field = field + 0.5 * (kron(n, {site - 1: Z}) + (-1) ** site * np.eye(2**n))
        dense += electric * field @ field
    charge = 0.5 * sum(kron(n, {q: Z}) for q in range(n))
    dense += penalty * charge @ charge
    task = {"kind": "schwinger", "hopping": hopping, "mass": mass, "electric": electric, "background": background}
    found = built(spec_of(task | {"penalty": penalty}, n))
    np.testing.assert_allclose(found.observables[0].to_matrix(), dense, atol=1e-10)
    assert found.lowest == pytest.approx(np.linalg.eigvalsh(dense)[0], abs=1e-9)


@pytest.mark.parametrize("n", [4, 6, 8])
def test_the_ground_state_of_the_default_schwinger_model_is_neutral(n):
    free, neutral = (built(spec_of({"kind": "schwinger", "penalty": p}, n)).lowest for p in (0.0, 50.0))
    assert free == pytest.approx(neutral, abs=1e-9)


def dense_hubbard(sites, pairs, hopping, interaction, mu):
    n = 2 * sites
    c = [annihilator(n, p) for p in range(n)]
    number = [a.conj().T @ a for a in c]
    dense = -mu * sum(number)
    for (a, b), spin in itertools.product(pairs, (0, sites)):
        hop = c[a + spin].conj().T @ c[b + spin]
        dense = dense - hopping * (hop + hop.conj().T)
    for site in range(sites):
        dense = dense + interaction * number[site] @ number[site + sites]
    return dense, sum(number)


SQUARE = ((0, 1), (0, 2), (1, 3), (2, 3))


@pytest.mark.parametrize("graph, sites, pairs", [({"lattice": [2, 2]}, 4, SQUARE), ({}, 3, ((0, 1), (1, 2))), ({"graph": "ring"}, 3, ((0, 1), (1, 2), (0, 2)))])
def test_hubbard_is_its_definition(graph, sites, pairs):
    task = {"kind": "hubbard", "hopping": 0.7, "interaction": 3.0, **graph}
    dense, number = dense_hubbard(sites, pairs, 0.7, 3.0, 0.2)
    found = built(spec_of(task | {"chemical_potential": 0.2}, 2 * sites)).observables[0]
    np.testing.assert_allclose(found.to_matrix(), dense, atol=1e-10)
    fixed = built(spec_of(task | {"particles": 2, "penalty": 5.0}, 2 * sites)).observables[0]
    dense, _ = dense_hubbard(sites, pairs, 0.7, 3.0, 0.0)
    off = number - 2 * np.eye(len(number))
    np.testing.assert_allclose(fixed.to_matrix(), dense + 5.0 * off @ off, atol=1e-10)


def test_the_default_hubbard_ground_state_is_half_filled():
    """With the chemical potential interaction/2, and with four particles fixed: the same state of the square."""
    task = built(spec_of({"kind": "hubbard", "lattice": [2, 2]}, 8))
    values, vectors = np.linalg.eigh(task.observables[0].to_matrix())
    _, number = dense_hubbard(4, SQUARE, 1.0, 4.0, 0.0)
    assert (vectors[:, 0].conj() @ number @ vectors[:, 0]).real == pytest.approx(4.0)
    fixed = built(spec_of({"kind": "hubbard", "lattice": [2, 2], "particles": 4}, 8))
    assert fixed.lowest == pytest.approx(values[0] + 2.0 * 4) == pytest.approx(-2.1027484835, abs=1e-9)


@pytest.mark.parametrize("task, qubits, message", [
    ({"kind": "schwinger"}, 5, "even for the task 'schwinger'. Got 5"),
    ({"kind": "schwinger", "penalty": -1.0}, 4, "task.penalty"),
    ({"kind": "schwinger", "hopping": 0, "mass": 0, "electric": 0}, 4, "all couplings and fields 0"),
    ({"kind": "hubbard"}, 5, "even, two for each site"),
    ({"kind": "hubbard", "lattice": [2, 2]}, 4, "2 sites for 4 qubits. Got 2x2"),
    ({"kind": "hubbard", "graph": "device"}, 4, "graph of sites"),
    ({"kind": "hubbard", "particles": 9}, 8, "at most 8. Got 9"),
])  # fmt: skip
def test_bad_models_are_one_sentence(task, qubits, message):
    with pytest.raises(QTrainError, match=message) as caught:
        built(spec_of(task, qubits))
    assert "\n" not in str(caught.value)

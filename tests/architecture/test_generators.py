"""Ansätze of given generators: every angle turns its whole sum, and the symmetry of the sums is the circuit's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Operator, SparsePauliOp
from scipy.linalg import expm

from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.lie.dla import dla
from qtrain.lie.symmetrize import symmetrize

N = 3
LABELS = ["".join(letters) for letters in itertools.product("IXYZ", repeat=N)][1:]
DIAGONAL = ["".join(letters) for letters in itertools.product("IZ", repeat=N)][1:]
WEIGHTS = st.sampled_from([1.0, -1.0, 0.5, -2.0, 0.3])
SUMS = st.dictionaries(st.sampled_from(DIAGONAL), WEIGHTS, min_size=1, max_size=4).map(
    lambda terms: SparsePauliOp(list(terms), list(terms.values()))
)
GENERATORS = st.lists(st.sampled_from(LABELS).map(SparsePauliOp) | SUMS, min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(GENERATORS, st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_the_circuit_is_the_product_of_the_exponentials_in_turn(generators, reps, seed):
    circuit = catalogue.from_generators(generators, reps=reps).circuit()
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, reps * len(generators))
    assert circuit.num_parameters == len(angles)
    expected = np.eye(2**N)
    for angle, generator in zip(angles, list(generators) * reps, strict=True):
        scaled = generator.to_matrix() / np.abs(generator.coeffs).max()
        expected = expm(-0.5j * angle * scaled) @ expected
    np.testing.assert_allclose(Operator(circuit.assign_parameters(angles)).data, expected, atol=1e-12)


SWAPS = {"permutation": [(1, 0, 2, 3), (1, 2, 3, 0)], "cyclic": [(1, 2, 3, 0)]}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(SWAPS)), st.lists(st.sampled_from(["X", "Y", "Z", "ZZ", "YY"]), min_size=1, max_size=3),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_of_symmetrized_generators_it_commutes_with_the_symmetry(group, kinds, seed):
    pool = ["I" * (4 - len(kind)) + kind for kind in kinds]
    circuit = catalogue.from_generators(symmetrize(pool, group), reps=2).circuit()
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, circuit.num_parameters)
    unitary = Operator(circuit.assign_parameters(angles))
    for order in SWAPS[group]:
        moved = unitary.reverse_qargs().apply_permutation(list(order), front=True)
        moved = moved.apply_permutation(list(np.argsort(order)), front=False).reverse_qargs()
        np.testing.assert_allclose(moved.data, unitary.data, atol=1e-12)


def test_its_algebra_is_that_of_the_generators():
    sums = symmetrize(["IIIX", "IIIZ", "IIZZ"], "permutation")
    circuit = catalogue.from_generators(sums, reps=3).circuit()
    assert dla(circuit).dimension == dla(sums).dimension == 33  # C(4 + 3, 3) - 2


@pytest.mark.parametrize(
    ("generators", "words"),
    [
        ([], "empty list"),
        (["XX", "ZZZ"], r"one number of qubits. Got \[2, 3\]"),
        ([SparsePauliOp(["XI", "ZI"])], "give them as two generators"),
        ([SparsePauliOp(["XI"], [1j])], "Hermitian"),
        (["XX", "II"], "multiples of the identity. Got one at place 1"),
    ],
)
def test_what_cannot_be_one_angle_is_refused(generators, words):
    with pytest.raises(QTrainError, match=words):
        catalogue.from_generators(generators)

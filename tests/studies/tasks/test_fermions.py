"""OpenFermion's text against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from dense_models import X, Y, Z, annihilator, kron
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.studies.tasks.fermions import openfermion_operator

NUMBERS = st.complex_numbers(max_magnitude=3, allow_nan=False).map(lambda c: complex(round(c.real, 3), round(c.imag, 3)))
PAULIS = st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(0, 3)), max_size=4, unique_by=lambda f: f[1])
LADDERS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=4)


def text_of(terms, factor):
    """As OpenFermion prints it: a term on each line."""
    return " +\n".join(f"{c} [{' '.join(map(factor, factors))}]" for c, factors in terms)


@given(st.lists(st.tuples(NUMBERS, PAULIS), min_size=1, max_size=5))
def test_qubit_operators(terms):
    found = openfermion_operator(text_of(terms, lambda f: f"{f[0]}{f[1]}"), 4)
    dense = sum(c * kron(4, {q: {"X": X, "Y": Y, "Z": Z}[p] for p, q in factors}) for c, factors in terms)
    np.testing.assert_allclose(found.to_matrix(), dense, atol=1e-12)


@given(st.lists(st.tuples(NUMBERS, LADDERS), min_size=1, max_size=4))
def test_fermion_operators(terms):
    found = openfermion_operator(text_of(terms, lambda f: f"{f[0]}{'^' * f[1]}"), 4)
    dense = np.zeros((16, 16), complex)
    for c, factors in terms:
        product = c * np.eye(16)
        for p, creates in factors:
            product = product @ (annihilator(4, p).T if creates else annihilator(4, p))
        dense += product
    np.testing.assert_allclose(found.to_matrix(), dense, atol=1e-12)


def test_forms_of_numbers():
    forms = "-0.5 [Z0] + (0.25+0j) [] - 1e-1 [X1] + [Y0]"
    assert dict(openfermion_operator(forms).to_list()) == {"II": 0.25, "XI": -0.1, "IZ": -0.5, "IY": 1.0}


@pytest.mark.parametrize("text, message", [
    ("", "terms such as"), ("0.5 [Z0", "terms such as"), ("a [Z0]", "numbers before its brackets. Got 'a'"),
    ("1 [Q0]", "Got 'Q0'"), ("1 [Z0 Z]", "Got 'Z'"), ("1 [Z7]", "act on 4 qubits. Got qubit 7"), ("1 [Z0] junk", "terms such as"),
])  # fmt: skip
def test_bad_text_is_one_sentence(text, message):
    with pytest.raises(QTrainError, match=message) as caught:
        openfermion_operator(text, 4)
    assert "\n" not in str(caught.value)

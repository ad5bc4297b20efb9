"""Observables from text and operators, and what is refused."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, Pauli, SparseObservable, SparsePauliOp

from qtrain.circuits.observables import as_observable, pack
from qtrain.errors import QTrainError
from qtrain.kernels.paulis import unpack_labels


def terms(observable):
    return dict(observable.to_list())


@pytest.mark.parametrize("text, n, expected", [
    ("ZII", 3, {"ZII": 1}),
    ("ZII + 0.5*IXX", 3, {"ZII": 1, "IXX": 0.5}),
    ("-ZZ-XX", 2, {"ZZ": -1, "XX": -1}),
    ("+ 2 YY", None, {"YY": 2}),
    ("1e-3*ZZ + 1.5E+2XX - .5IX", None, {"ZZ": 1e-3, "XX": 150, "IX": -0.5}),
    ("ZZ + 0.5 ZZ", None, {"ZZ": 1.5}),
    ("ZZ - ZZ", None, {"II": 0}),
    ("Z0", 3, {"IIZ": 1}), ("Z0 Z1 - 2*X2", 3, {"IZZ": 1, "XII": -2}), ("Y2*X0", 3, {"YIX": 1}),
    ("Z0 + ZZ", 2, {"IZ": 1, "ZZ": 1}), ("I0", 2, {"II": 1}), ("X", None, {"X": 1}), ("  ZZ  ", 2, {"ZZ": 1}),
    ("Z10", 11, {"Z" + "I" * 10: 1}), ("parity", 3, {"ZZZ": 1}), (" all Z ", 2, {"IZ": 0.5, "ZI": 0.5}),
])  # fmt: skip
def test_text(text, n, expected):
    assert terms(as_observable(text, n)) == expected


@pytest.mark.parametrize("given_as", [
    SparsePauliOp(["ZI", "XX", "ZI"], [1, 2, 0.5]), SparseObservable.from_list([("ZI", 1.5), ("XX", 2)]),
    "1.5 ZI + 2 XX",
], ids=["SparsePauliOp", "SparseObservable", "text"])  # fmt: skip
def test_every_kind_gives_the_same(given_as):
    observable = as_observable(given_as, 2)
    assert isinstance(observable, SparsePauliOp) and terms(observable) == {"ZI": 1.5, "XX": 2}


def test_paulis_keep_their_sign():
    assert terms(as_observable(Pauli("-YX"), 2)) == {"YX": -1}


def test_imaginary_parts_that_cancel_are_fine():
    operator = SparsePauliOp(["ZZ", "ZZ", "XX"], [1 + 1j, 1 - 1j, 1 + 1e-16j])
    assert terms(as_observable(operator)) == {"ZZ": 2, "XX": 1}


@pytest.mark.parametrize("observable, n, message", [
    ("ZZ", 3, "3 letters in each term. Got 'ZZ' with 2"), ("ZZ + XXX", None, "2 letters in each term"),
    (SparsePauliOp("ZZ"), 3, "act on 3 qubits, as the circuit does. Got 2"),
    ("", 2, "Got an empty one"), ("   ", 2, "Got an empty one"), ("ZQ", 2, "unreadable from 'ZQ'"),
    ("ZZ XX", 2, "unreadable from 'ZZ XX'"), ("ZZ + ", 2, "unreadable"), ("ZZ ++ XX", 2, "unreadable"),
    ("2j*ZZ", 2, "unreadable"), ("nan*ZZ", 2, "unreadable"), ("1e999*ZZ", 2, "finite coefficients"),
    ("zz", 2, "unreadable"), ("Z5", 3, "qubits 0 to 2. Got 'Z5'"), ("Z99999999999999999999", 3, "qubits 0 to 2"),
    ("Z0 X0", 2, "each qubit once"), ("parity", None, "unreadable"), ("Z0", None, "the width is not known"),
    (SparsePauliOp("ZZ", 1j), 2, r"Hermitian: real coefficients. Got 0\+1j for ZZ"),
    (SparsePauliOp(["ZZ"], [np.nan]), 2, "finite coefficients"),
    (SparsePauliOp(["ZZ"], np.array([Parameter("t")])), 2, "Parameters: bind them first"),
    (Operator(np.eye(4)), 2, "Got Operator"), (None, 2, "Got NoneType"), (["ZZ"], 2, "Got list"),
], ids=lambda v: type(v).__name__)  # fmt: skip
def test_refusals(observable, n, message):
    with pytest.raises(QTrainError, match=message) as caught:
        as_observable(observable, n)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@given(st.text(max_size=40), st.one_of(st.none(), st.integers(1, 4)))
def test_any_text_is_read_or_refused(text, n):
    try:
        assert isinstance(as_observable(text, n), SparsePauliOp)
    except QTrainError:
        pass


@pytest.mark.parametrize("n", [1, 64, 65, 200])
def test_packed_rows(n):
    rng = np.random.default_rng(n)
    labels = sorted({"".join(row) for row in rng.choice(list("IXYZ"), (6, n))})
    coefficients = rng.normal(size=len(labels))
    observable = as_observable(SparsePauliOp(labels, coefficients), n)
    x, z, c = pack(observable)
    assert x.shape == z.shape == (len(labels), (n + 63) // 64) and (x.dtype, c.dtype) == (np.uint64, np.float64)
    assert dict(zip(unpack_labels(x, z, n), c)) == dict(zip(labels, coefficients))


@given(st.lists(st.tuples(st.sampled_from(["ZI", "IX", "XY"]), st.floats(-1e3, 1e3), st.integers(-300, 300)), min_size=1, max_size=6))
def test_small_terms_stay_and_cancelled_ones_go(terms):
    """Against exact fractions: a sum that is 0 by more than rounding is kept, however small beside the others."""
    values = [(label, math.ldexp(c, power)) for label, c, power in terms]
    exact, size = {}, {}
    for label, c in values:
        exact[label] = exact.get(label, 0) + Fraction(c)
        size[label] = size.get(label, 0) + abs(Fraction(c))
    kept = dict(as_observable(SparsePauliOp([v[0] for v in values], [v[1] for v in values])).to_list())
    for label, total in exact.items():
        rounding = Fraction(np.finfo(float).eps) * len(values) * size[label]
        if abs(total) > 2 * rounding:
            assert kept[label].real == pytest.approx(float(total), rel=1e-9, abs=2 * float(rounding))
        elif total == 0:
            assert label not in kept

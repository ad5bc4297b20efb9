"""Texts that mean an observable at every width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.observables import as_observable
from qtrain.circuits.sized_observables import sized_observable
from qtrain.errors import QTrainError

MEANT = {
    "Z0 X2": lambda n: [("ZX", [0, 2], 1.0)],
    "Zlast": lambda n: [("Z", [n - 1], 1.0)],
    "last X": lambda n: [("X", [n - 1], 1.0)],
    "first": lambda n: [("Z", [0], 1.0)],
    "2*Zmiddle - X0*Xlast": lambda n: [("Z", [n // 2], 2.0), ("XX", [0, n - 1], -1.0)],
    "Y^n": lambda n: [("Y" * n, range(n), 1.0)],
    "Z*n": lambda n: [("Z" * n, range(n), 1.0)],
    "parity": lambda n: [("Z" * n, range(n), 1.0)],
    "all Z": lambda n: [("Z", [q], 1 / n) for q in range(n)],
    "mean XY": lambda n: [("XY", [q, q + 1], 1 / (n - 1)) for q in range(n - 1)],
    "-sum ZZ + .5 sum X": lambda n: [("ZZ", [q, q + 1], -1.0) for q in range(n - 1)]
    + [("X", [q], 0.5) for q in range(n)],
    "ring ZZ": lambda n: [("ZZ", [q, (q + 1) % n], 1.0) for q in range(n)],
}


@given(st.sampled_from(sorted(MEANT)), st.integers(3, 9))
def test_texts(text, n):
    expected = SparsePauliOp.from_sparse_list([(a, list(b), c) for a, b, c in MEANT[text](n)], n)
    assert sized_observable(text)(n).simplify() == expected.simplify()
    assert as_observable(text, n) == as_observable(expected, n)


@pytest.mark.parametrize("text", ["Q1", "Z9", "", "Z", "sum", "sum Q", "Z0 Z0", "Z0 sum", "Z99999999999999", "sum ZZZZ"])
def test_others_are_refused(text):
    with pytest.raises(QTrainError, match="observable should"):
        sized_observable(text)(3)

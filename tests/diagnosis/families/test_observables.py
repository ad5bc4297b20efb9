"""What an observable becomes at other widths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.sized_observables import sized_observable
from qtrain.diagnosis.families import observable_at

TEXTS = (
    "Z0", "Zlast", "X0", "Y^n", "Z0 Z1", "Z0 Zlast", "sum Z", "mean Z", "2*sum X", "sum ZZ", "ring ZZ", "mean XX",
    "sum ZZ + 0.5*sum X", "ring XX + ring YY - 2*ring ZZ + 0.1*sum Z", "sum XX + sum ZXZ", "Z0 + Zlast",
)  # fmt: skip


def plain(operator):
    return {label: complex(c).real for label, c in operator.simplify().to_list()}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(6, 9), st.integers(5, 12), st.floats(0.1, 3), st.floats(-2, 2))
def test_texts_for_every_width_go_on_as_they_mean(text, n, wider, factor, shift):
    meant = sized_observable(text)
    scale = factor if "mean" not in text else 1.0
    found = observable_at(scale * meant(n) + SparsePauliOp("I" * n, shift))
    assert found is not None
    expected = plain(scale * meant(wider))
    assert plain(found(wider)) == pytest.approx(expected)


def test_middle_alternating_and_all_pairs():
    assert observable_at("IIIZIIII")(16).paulis[0].to_label().index("Z") == 7
    staggered = SparsePauliOp.from_sparse_list([("Z", [q], (-1) ** q) for q in range(6)], 6)
    assert observable_at(staggered)(4).coeffs.real.tolist() == [1, -1, 1, -1]
    pairs = SparsePauliOp.from_sparse_list([("ZZ", [a, b], 0.5) for a in range(5) for b in range(a + 1, 5)], 5)
    assert len(observable_at(pairs)(8)) == 28


@pytest.mark.parametrize(
    "observable", ["ZIIZII", "IZIIII", "XYZXYZ", "IIIIIZ + 2*IIIIZI + 3*IIIZII", "IIIIZZ + IIIZZI", "IIIIII"]
)
def test_what_is_not_clear_is_not_continued(observable):
    assert observable_at(observable) is None

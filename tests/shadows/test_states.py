"""Sampling against projections of dense states, with the same random numbers."""

from __future__ import annotations

import numpy as np
import pytest
import reference_shadows as reference
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.shadows import states
from qtrain.shadows.states import Amplitudes, MatrixProduct

SHOTS = 30


@st.composite
def cases(draw):
    """A vector (dense, sparse, real or of a product), bases and uniform numbers."""
    n, seed = draw(st.integers(1, 4)), draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    vector = rng.normal(size=2**n) + (1j * rng.normal(size=2**n) if draw(st.booleans()) else 0)
    kind = draw(st.sampled_from(["dense", "basis", "ghz"]))
    if kind != "dense":
        vector = np.zeros(2**n)
        vector[[0] if kind == "basis" else [0, -1]] = 1
    return n, vector, rng.integers(1, 4, (SHOTS, n)).astype(np.uint8), rng.random((SHOTS, n))


@given(cases())
def test_amplitudes_are_projected(case):
    n, vector, bases, uniforms = case
    expected, margin = reference.sampled(vector, bases, uniforms, range(n)[::-1])
    clear = margin > 1e-9
    assert (Amplitudes.of(vector).sample(bases, uniforms)[clear] == expected[clear]).all() and clear.mean() > 0.9


@given(cases())
def test_matrix_products_are_projected(case):
    n, vector, bases, uniforms = case
    expected, margin = reference.sampled(vector, bases, uniforms, range(n))
    clear = margin > 1e-5  # single precision
    found = MatrixProduct.of(reference.tensors(vector)).sample(bases, uniforms)
    assert (found[clear] == expected[clear]).all() and clear.mean() > 0.9


def test_branches_are_split_where_memory_ends(monkeypatch):
    rng = np.random.default_rng(1)
    state, bases, uniforms = Amplitudes.of(rng.normal(size=64)), rng.integers(1, 4, (500, 6), np.uint8), rng.random((500, 6))
    whole = state.sample(bases, uniforms)
    monkeypatch.setattr(states, "AMPLITUDES", 40)
    assert (state.sample(bases, uniforms) == whole).all()


def test_gauge_and_norm_of_tensors_do_not_matter():
    rng = np.random.default_rng(2)
    plain = [rng.normal(size=shape) for shape in ((1, 2, 3), (3, 2, 4), (4, 2, 1))]
    turn = rng.normal(size=(3, 3))
    turned = [plain[0] @ turn * 1e90, np.einsum("ij,jkl->ikl", np.linalg.inv(turn), plain[1]), -1e-120 * plain[2]]
    bases, uniforms = rng.integers(1, 4, (2000, 3), np.uint8), rng.random((2000, 3))
    same = MatrixProduct.of(plain).sample(bases, uniforms) == MatrixProduct.of(turned).sample(bases, uniforms)
    assert same.mean() > 0.999


def test_a_long_chain_is_sampled():
    """GHZ of 300 qubits: Z all alike; of 100 shots about half read 1."""
    ghz = np.zeros((2, 2, 2))
    ghz[0, 0, 0] = ghz[1, 1, 1] = 1
    chain = MatrixProduct.of([ghz[:1] + ghz[1:], *[ghz] * 298, ghz.sum(axis=2, keepdims=True)])
    found = chain.sample(np.full((100, 300), 2, np.uint8), np.random.default_rng(0).random((100, 300)))
    assert (found == found[:, :1]).all() and 25 < found[:, 0].sum() < 75


@pytest.mark.parametrize(("kind", "given_", "said"), [
    (Amplitudes, [1, 0, 0], "2\\^n amplitudes"), (Amplitudes, [0, 0], "not all 0"), (Amplitudes, [np.nan, 1], "norm of nan"),
    (Amplitudes, "ab", "amplitudes"), (Amplitudes, [1], "from 1 to 26"),
    (MatrixProduct, [np.ones((1, 3, 1))], r"\(left bond, 2, right bond\). Got \(1, 3, 1\) for tensor 0"),
    (MatrixProduct, [np.ones((1, 2, 2)), np.ones((3, 2, 1))], "bonds fit. Got 2 right of tensor 0"),
    (MatrixProduct, [np.ones((2, 2, 1))], "bonds of 1 at both ends"), (MatrixProduct, [np.zeros((1, 2, 1))], "not all 0"),
])  # fmt: skip
def test_what_is_no_state(kind, given_, said):
    with pytest.raises(QTrainError, match=said):
        kind.of(given_)

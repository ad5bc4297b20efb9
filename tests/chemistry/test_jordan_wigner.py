"""The mapping against ladder operators as dense matrices, and against what it must refuse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from dense_models import annihilator
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.chemistry.jordan_wigner import jordan_wigner
from qtrain.errors import QTrainError


def dense(h: np.ndarray, g: np.ndarray, constant: float) -> np.ndarray:
    """Second quantisation, term by term."""
    a = [annihilator(2 * len(h), p) for p in range(2 * len(h))]
    total = constant * np.eye(2 ** (2 * len(h)))
    for p, q in itertools.product(range(len(h)), repeat=2):
        for s in (0, 1):
            total = total + h[p, q] * a[2 * p + s].T @ a[2 * q + s]
    for p, q, r, t in itertools.product(range(len(h)), repeat=4):
        for s, u in itertools.product((0, 1), repeat=2):
            ups = a[2 * p + s].T @ a[2 * r + u].T
            total = total + 0.5 * g[p, q, r, t] * ups @ a[2 * t + u] @ a[2 * q + s]
    return total


def integrals(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """With the eightfold symmetry of real orbitals."""
    h, g = rng.normal(size=(count,) * 2), rng.normal(size=(count,) * 4)
    g = g + g.transpose(1, 0, 2, 3)
    g = g + g.transpose(0, 1, 3, 2)
    return h + h.T, g + g.transpose(2, 3, 0, 1)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_as_ladder_operators_in_full(count, seed):
    rng = np.random.default_rng(seed)
    h, g = integrals(rng, count)
    constant = float(rng.normal())
    assert jordan_wigner(h, g, constant).to_matrix() == pytest.approx(dense(h, g, constant), abs=1e-10)


@pytest.mark.parametrize(
    ("h", "g"),
    [(np.zeros((2, 3)), np.zeros((2,) * 4)), (np.zeros((2, 2)), np.zeros((3,) * 4)), (np.zeros(2), np.zeros((2,) * 4)),
     (np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros((2,) * 4)), (np.eye(2), np.arange(16.0).reshape((2,) * 4))],
)  # fmt: skip
def test_refuses_what_are_no_integrals(h, g):
    with pytest.raises(QTrainError, match="one_body and two_body should"):
        jordan_wigner(h, g)

"""Descents: Adam against a plain loop, L-BFGS against the solution of linear equations, which starts go on and for how long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.studies.descent import descend, rounds


def bowl(rng, size):
    """A random convex quadratic: its gradient function, its lowest point, its value there."""
    matrix = rng.normal(size=(size, size))
    matrix = matrix @ matrix.T + 0.5 * np.eye(size)
    lowest, floor = rng.normal(size=size), rng.normal()

    def gradient(w, step, rows):
        d = w - lowest
        return floor + 0.5 * np.einsum("ki,ij,kj->k", d, matrix, d), d @ matrix

    return gradient, lowest, floor


def test_adam_is_the_textbook_loop():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(3, 3))

    def gradient(w, step, rows):
        return ((w @ matrix) ** 2).sum(axis=1), 2 * (w @ matrix) @ matrix.T

    start = rng.normal(size=(2, 3))
    found = descend(gradient, start, steps=25, learning_rate=0.05)
    assert found.curve.shape == (25, 2) and found.evaluations == 50
    for row, (w, losses) in enumerate(zip(start.copy(), found.curve.T)):
        m = v = np.zeros(3)
        for t in range(1, 26):
            loss, g = (x[0] for x in gradient(w[None], t, [row]))
            assert losses[t - 1] == pytest.approx(loss)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        np.testing.assert_allclose(found.last[row], w, atol=1e-6)
        assert found.costs[row] == losses.min()
        np.testing.assert_allclose(gradient(found.weights[row : row + 1], 0, [row])[0], losses.min())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.integers(1, 6), starts=st.integers(1, 4))
def test_both_optimizers_find_the_lowest_point_of_a_bowl(seed, size, starts):
    rng = np.random.default_rng(seed)
    gradient, lowest, floor = bowl(rng, size)
    start = rng.normal(size=(starts, size))
    for optimizer, steps in (("lbfgs", 200), ("adam", 4000)):
        found = descend(gradient, start, steps=steps, optimizer=optimizer, learning_rate=0.05)
        np.testing.assert_allclose(found.costs, floor, atol=1e-5)
        np.testing.assert_allclose(found.weights, np.tile(lowest, (starts, 1)), atol=1e-2)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**31), starts=st.integers(1, 9), steps=st.integers(1, 40), halving=st.integers(1, 4),
    optimizer=st.sampled_from(["adam", "lbfgs"]),
)  # fmt: skip
def test_no_start_takes_more_than_its_steps_and_the_better_ones_go_on(seed, starts, steps, halving, optimizer):
    rng = np.random.default_rng(seed)
    count = np.zeros(starts, int)

    def gradient(w, step, rows):  # many minima
        assert (count[rows] == step).all()
        count[rows] += 1
        return np.cos(3 * w).sum(axis=1) + 0.1 * (w**2).sum(axis=1), -3 * np.sin(3 * w) + 0.2 * w

    found = descend(gradient, rng.normal(size=(starts, 3)), steps=steps, optimizer=optimizer, halving=halving)
    assert count.max() <= steps and count.sum() == found.evaluations
    assert found.costs[found.kept].min() == found.costs.min() == found.curve.min()
    left = starts
    for survivors, _ in rounds(starts, steps, halving)[:-1]:
        assert survivors == -(-left // halving)
        left = survivors
    assert len(found.kept) == left and sum(share for _, share in rounds(starts, steps, halving)) == steps
    if halving == 1 and optimizer == "adam":
        assert (count == steps).all()


def test_a_start_does_not_depend_on_those_beside_it():
    gradient, _, _ = bowl(np.random.default_rng(3), 4)
    start = np.random.default_rng(4).normal(size=(3, 4))
    for optimizer in ("adam", "lbfgs"):
        whole = descend(gradient, start, steps=15, optimizer=optimizer, tolerance=1e-3)
        for row in range(3):
            alone = descend(gradient, start[row : row + 1], steps=15, optimizer=optimizer, tolerance=1e-3)
            np.testing.assert_allclose(alone.weights[0], whole.weights[row], rtol=1e-9)


def test_a_tolerance_ends_a_start_at_rest_and_leaves_the_others():
    """A start at the bottom rests from its first step: Adam leaves it after twenty, the other one walks on."""
    count = np.zeros(2, int)

    def gradient(w, step, rows):
        count[rows] += 1
        return (w**2).sum(axis=1), 2 * w

    found = descend(gradient, np.array([[0.0], [50.0]]), steps=100, tolerance=1e-6)
    assert count.tolist() == [21, 100]
    assert found.curve.shape == (100, 2) and (found.curve[:, 0] == 0).all()
    loose = descend(gradient, np.array([[3.0]]), steps=1000, tolerance=1e-2)
    tight = descend(gradient, np.array([[3.0]]), steps=1000, tolerance=1e-8)
    assert loose.evaluations < tight.evaluations < 1000
    assert tight.costs[0] < 1e-4


def test_a_stochastic_cost_counts_where_the_last_step_saw_it():
    costs = [3.0, 1.0, 2.0]
    found = descend(lambda w, step, rows: (np.full(1, costs[step]), np.ones((1, 2))), np.zeros((1, 2)), steps=3,
                    stochastic=True, tolerance=0.5)  # fmt: skip
    assert found.costs[0] == 2.0 and found.evaluations == 3
    np.testing.assert_allclose(found.last, -0.3, atol=1e-6)

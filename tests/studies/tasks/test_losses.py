"""Losses: slopes against finite differences, figures against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from qtrain.studies.tasks.losses import Squares, accuracy, logistic


def targets_of(kind, rows, readouts, rng):
    if kind == "numbers":
        return rng.uniform(-0.8, 0.8, (rows, readouts))
    if readouts == 1:
        return rng.choice([-1.0, 1.0], (rows, 1))
    return 2.0 * np.eye(readouts)[rng.integers(readouts, size=rows)] - 1


@given(st.sampled_from(["classes", "numbers"]), st.integers(1, 4), st.integers(0, 2**31))
def test_slopes_are_the_finite_differences(kind, readouts, seed):
    rng, step = np.random.default_rng(seed), 1e-6
    of = logistic if kind == "classes" else Squares(np.ones(readouts))
    outputs, targets = rng.uniform(-1, 1, (5, readouts)), targets_of(kind, 5, readouts, rng)
    loss, slope = of(outputs, targets)
    assert loss.shape == (5,) and slope.shape == outputs.shape
    for k in range(readouts):
        moved = step * np.eye(readouts)[k]
        up, down = of(outputs + moved, targets)[0], of(outputs - moved, targets)[0]
        np.testing.assert_allclose((up - down) / (2 * step), slope[:, k], atol=1e-7)


@given(st.integers(1, 3), st.integers(2, 20), st.integers(0, 2**31))
def test_figures_of_a_regression_are_in_its_own_units(readouts, rows, seed):
    rng = np.random.default_rng(seed)
    width, middle = rng.uniform(0.1, 30, readouts), rng.normal(size=readouts)
    outputs, targets = rng.uniform(-1, 1, (rows, readouts)), rng.uniform(-1, 1, (rows, readouts))
    found = Squares(width).figures(outputs, targets)
    a, b = outputs * width + middle, targets * width + middle
    assert found["r2"] == pytest.approx(r2_score(b, a, multioutput="uniform_average"), rel=1e-9, abs=1e-9)
    assert found["rmse"] == pytest.approx(np.sqrt(((a - b) ** 2).mean()))


def test_accuracy_is_the_part_that_is_read_right():
    outputs = np.array([[0.2], [-0.1], [0.3], [-0.9]])
    assert accuracy(outputs, np.array([[1.0], [1.0], [-1.0], [-1.0]]))["accuracy"] == 0.5
    outputs = np.array([[0.2, 0.1, -0.3], [0.2, 0.3, 0.1], [0.0, 0.1, 0.2]])
    assert accuracy(outputs, 2 * np.eye(3) - 1)["accuracy"] == 1.0

"""Intervals of means of values within [0, 1]: they hold for every shape, and are not idle."""

import numpy as np
import pytest
from scipy import stats

from qtrain.simulators.bounded_means import mean_interval, share_interval


@pytest.mark.parametrize("draw, mean", [
    (lambda rng, size: (rng.random(size) < 0.02).astype(float), 0.02),
    (lambda rng, size: rng.beta(0.1, 3.0, size), 0.1 / 3.1),
    (lambda rng, size: (rng.random(size) < 0.05) * rng.random(size), 0.025),
    (lambda rng, size: rng.random(size) ** 8, 1 / 9),
])  # fmt: skip
@pytest.mark.parametrize("count", [20, 300])
def test_at_most_one_in_twenty_misses(draw, mean, count):
    rng = np.random.default_rng(0)
    ends = [mean_interval(draw(rng, count)) for _ in range(800)]
    missed = sum(not lower <= mean <= upper for lower, upper in ends)
    assert missed <= stats.binom.ppf(0.999, 800, 0.05)


def test_zeros_and_ones_are_clopper_and_pearson():
    for hits, count in ((0, 50), (3, 50), (50, 50)):
        exact = stats.binomtest(hits, count).proportion_ci(method="exact")
        assert share_interval(hits, count) == (pytest.approx(exact.low), pytest.approx(exact.high))
        values = np.repeat([1.0, 0.0], [hits, count - hits])
        assert mean_interval(values) == (pytest.approx(exact.low), pytest.approx(exact.high))


def test_values_between_are_never_narrower_than_their_spread_allows():
    values = np.full(400, 0.5)
    lower, upper = mean_interval(values)
    assert 0.4 < lower < 0.5 < upper < 0.6
    assert mean_interval(np.array([0.5]))[0] < 0.05

"""Scaling figures show the sizes, the law, and what was not resolved."""

from __future__ import annotations

import math

import numpy as np
import pytest
from figures import drawn, labels, points, report_of, verdict

from qtrain import QTrainError, Scaling, plot_scaling


def made(law="exponential", **changes):
    n = np.array([4, 6, 8, 10])
    fields = {
        "sizes": (4, 6, 8, 10), "variance": np.exp(-0.7 * n), "low": np.exp(-0.7 * n) / 3, "error": np.full(4, 0.1),
        "scale": np.ones(4), "law": law, "rate": 0.7, "rate_low": 0.6, "rate_high": 0.8, "aicc": {},
        "barren_plateau": law == "exponential", "shots": 100, "largest_size": 9.0, "summary": "as made",
    } | changes  # fmt: skip
    return Scaling(**fields)


def test_the_law_goes_through_the_medians():
    axes = drawn(made().plot)
    (line,) = [line for line in axes.lines if "exponential" in line.get_label()]
    at = np.interp([4, 10], line.get_xdata(), line.get_ydata())
    assert at == pytest.approx(np.exp([-2.8, -7.0]), rel=0.01)
    assert labels(axes) == ["median V (95 %)", "lower quartile of V", "exponential, $e^{-0.7\\,n}$", "resolved by 100 shots"]


def test_sizes_inside_the_cone_are_hollow_and_lost_ones_on_the_rim():
    axes = drawn(plot_scaling, made("constant", fitted=(8, 10), unresolved=(12, 14), rate=math.nan))
    assert points(axes, "median V, not fitted")[:, 0].tolist() == [4, 6]
    assert points(axes, "not resolved")[:, 0].tolist() == [12, 14]


@pytest.mark.parametrize("law", ["polynomial", "undecided", "constant"])
def test_odd_figures_are_drawn_without_a_word(law):
    odd = np.array([0.0, math.nan, 1e-300, 0.5])
    drawn(plot_scaling, made(law, variance=odd, low=odd * 0, error=np.array([math.inf, 0, 1e9, math.nan]), scale=odd))


def test_only_a_trend_can_be_drawn():
    with pytest.raises(QTrainError, match="result should be a Scaling, or a report with a trend. Got a report without one."):
        plot_scaling(report_of([verdict(0, "healthy", 0.1, 0.1, 0.1)]))
    with pytest.raises(QTrainError, match="Got str."):
        plot_scaling("x")

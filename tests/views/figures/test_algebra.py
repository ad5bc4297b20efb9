"""Dimensions over n: laws by lines, bounds by arrows."""

from __future__ import annotations

import pytest
from figures import drawn, labels, points

from qtrain import DLAGrowth, QTrainError, plot_algebra
from qtrain.lie.growth import decide


def test_values_bounds_and_the_whole_algebra():
    sizes = (3, 4, 5, 6, 7)
    values = [n * (2 * n - 1) for n in sizes]
    found = DLAGrowth(sizes, (None,) * 5, decide(sizes, values, [True] * 5), decide(sizes, [4**n - 1 for n in sizes], [True] * 4 + [False]))
    axes = drawn(found.plot)
    assert axes.lines[0].get_ydata().tolist() == values
    assert points(axes, "observable's module, at least").tolist() == [[7, 4**7 - 1]]
    assert labels(axes)[0] == "algebra, polynomial of degree 2: 2 $n^{2}$ - n"
    assert labels(axes)[-1] == "all of $su(2^n)$"


def test_dimensions_beyond_any_float_are_drawn():
    sizes = (600, 700, 800, 900)
    found = DLAGrowth(sizes, (None,) * 4, decide(sizes, [4**n for n in sizes], [True] * 4))
    assert len(drawn(plot_algebra, found).lines[0].get_ydata()) == 4


def test_other_results_are_refused():
    with pytest.raises(QTrainError, match="result should be a DLAGrowth. Got int."):
        plot_algebra(3)

"""Fronts against a loop over all counts."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qtrain.studies.comparison.fronts import check_front, error_at, front_of

POINTS = st.lists(st.tuples(st.integers(0, 12), st.floats(1e-8, 1.0)), min_size=1, max_size=15)


@given(POINTS)
def test_front_has_the_lowest_error_of_every_count(points):
    front = front_of(points)
    for gates in range(14):
        assert error_at(front, gates) == min((e for g, e in points if g <= gates), default=math.inf)
    assert [g for g, _ in front] == sorted({g for g, _ in front})


@given(POINTS, POINTS)
def test_check_is_the_worst_ratio_over_all_counts(search, other):
    found = check_front(front_of(search), front_of(other), solved=1e-6)
    ratios = []
    for gates in range(14):
        mine, theirs = (
            min((e for g, e in points if g <= gates), default=math.inf) for points in (search, other)
        )
        if math.isfinite(theirs):
            ratios.append(max(mine, 1e-6) / max(theirs, 1e-6))
    assert found.ratio == max(ratios)
    assert found.never_worse == (max(ratios) <= 1.01)
    assert math.isinf(found.ratio) == (min(g for g, _ in search) > min(g for g, _ in other))


def test_failures_are_no_points():
    assert front_of([(1, math.nan), (2, 0.5), (0, math.inf)]) == [(2, 0.5)]
    assert np.isinf(error_at([(2, 0.5)], 1))

"""Paired ratios: coverage of the interval, verdicts, the floor."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qtrain.errors import QTrainError
from qtrain.studies.comparison.intervals import paired_ratio


@pytest.mark.parametrize("runs, overlap", [(3, 0.0), (5, 0.0), (10, 0.3)])
def test_the_interval_covers_the_true_ratio_in_95_of_100(runs, overlap):
    """With ``overlap`` as resampled data give it: errors of all runs share a part of variance overlap."""
    rng = np.random.default_rng(runs)
    total, held = 4000, 0
    for _ in range(total):
        # correlation r of the runs: Var of the mean is s²(r + (1 - r)/k), and s² estimates (1 - r) of the variance
        shared = math.sqrt(overlap) * rng.normal()
        logs = 0.7 + 0.5 * (rng.normal(size=runs) + shared)
        search = np.exp(rng.normal(size=runs))
        found = paired_ratio(search * np.exp(logs), search, solved=0.0, overlap=overlap)
        held += found.lower <= math.exp(0.7) <= found.upper
    assert abs(held / total - 0.95) < 4 * math.sqrt(0.95 * 0.05 / total)


def test_verdicts():
    search = [1e-3, 2e-3, 1.5e-3]
    assert paired_ratio([2 * x for x in search], search).verdict == "win"
    assert paired_ratio([x / 2 for x in search], search).verdict == "loss"
    assert paired_ratio([3e-3, 1e-3, 1.5e-3], search).verdict == "tie"
    assert paired_ratio([1.005 * x for x in search], search).verdict == "tie"  # no width, and no difference to speak of
    assert paired_ratio([1e-7, 1e-9, 0.0], [0.0, 1e-12, 1e-8]).ratio == 1.0  # all solved
    assert paired_ratio([1e-4] * 3, [1e-9] * 3, solved=1e-5).ratio == pytest.approx(10.0)


def test_the_other_way_round_is_the_inverse():
    a, b = [1.0, 2.0, 3.0, 5.0], [0.5, 1.7, 1.0, 4.0]
    one, other = paired_ratio(a, b), paired_ratio(b, a)
    np.testing.assert_allclose([one.ratio, one.lower, one.upper], [1 / other.ratio, 1 / other.upper, 1 / other.lower])


def test_too_few_runs():
    with pytest.raises(QTrainError, match="at least 2. Got 1 and 1."):
        paired_ratio([1.0], [1.0])

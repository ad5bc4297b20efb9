"""Intervals hold what they promise, also where no model errs."""

from __future__ import annotations

import numpy as np
import pytest

from qtrain.triviality.intervals import Folds


def folds(labels, count=5, repeats=2, seed=0):
    rng = np.random.default_rng(seed)
    return Folds(np.array([rng.permutation(np.arange(len(labels)) % count) for _ in range(repeats)]), labels)


def test_coverage_of_scores_and_gaps():
    """Of models that are right by chance, sample by sample: 95 % at least, up to four standard errors of 300 draws."""
    rng = np.random.default_rng(0)
    held = np.zeros(2)
    labels = np.arange(60) % 2
    for _ in range(300):
        first, second = rng.random((2, 60)) < np.array([[0.9], [0.8]])
        split = folds(labels, repeats=1, seed=int(rng.integers(2**32)))
        score, gap = split.of(first[None]), split.gap(first[None], second[None])
        held += [score.lower <= 0.9 <= score.upper, gap.lower <= 0.1 <= gap.upper]
    assert (held / 300 >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 300)).all(), held


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_no_error_is_no_certainty(right):
    split = folds(np.arange(40) % 2)
    score = split.of(np.full((2, 40), right))
    assert score.value == right and 0.05 < score.upper - score.lower < 0.3
    gap = split.gap(np.full((2, 40), right), np.full((2, 40), right))
    assert gap.value == 0 and gap.lower < -0.02 < 0.02 < gap.upper


def test_classes_count_alike():
    labels = np.array([0] * 90 + [1] * 10)
    split = folds(labels, repeats=1)
    right = (labels == 0)[None]
    assert split.of(right).value == pytest.approx(0.5)
    assert split.plain(right).value == pytest.approx(0.9)


def test_gap_is_antisymmetric_and_bounded():
    rng = np.random.default_rng(3)
    labels = np.arange(50) % 2
    split = folds(labels)
    a, b = rng.random((2, 2, 50)) < 0.7
    there, back = split.gap(a, b), split.gap(b, a)
    assert (there.value, there.lower, there.upper) == pytest.approx((-back.value, -back.upper, -back.lower))
    assert -1 <= there.lower <= there.value <= there.upper <= 1

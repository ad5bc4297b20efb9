"""Sums of collapsing Pauli propagation: positive weights with a long tail, and walks that ended as a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from qtrain.gradients.accumulators import (
    Accumulator,
    Estimate,
    binomial_interval,
    gamma_factors,
    mean_interval,
    register_accumulator,
)

RARE = 10.0  # effective walks below which nothing tells how much larger others could be
SAME = 1e-7  # relative error below which all walks were the same, and others may be too rare to be seen
FEW = 30.0  # effective walks below which a sum is read as a count


@register_accumulator
@dataclass(frozen=True, eq=False)
class CollapsedWalks(Accumulator):
    """Unbiased, never negative samples of every second moment.

    Attributes:
        walks: drawn. felt: (entries,) that counted. powers: (3, entries) sums of y, y^2, y^3 of the walks that ended;
        lost: the same of upper bounds of those that did not. peak: (entries,) the most that a walk could have counted.
        means: (4,) sums of first moments of the cost, of their squares, how many, how many of them without an end.
    """

    kind: ClassVar[str] = "collapsed walks"
    precedence: ClassVar[int] = 45
    adds: ClassVar[tuple[str, ...]] = ("walks", "felt", "powers", "lost", "means")
    counts: ClassVar[str] = "walks"
    walks: float
    felt: np.ndarray
    powers: np.ndarray
    lost: np.ndarray
    means: np.ndarray
    peak: np.ndarray

    def joined(self, other: CollapsedWalks) -> dict[str, Any]:  # type: ignore[override]
        return {**super().joined(other), "peak": np.maximum(self.peak, other.peak)}

    def estimate(self) -> Estimate:
        n = max(float(self.walks), 1.0)
        first, second, third = self.powers / n
        ends = ~(self.lost[0] > 0)
        lower, _, error = _interval(n, first, second, third)
        highest, high_second, high_third = (self.powers + self.lost) / n
        _, upper, high_error = _interval(n, highest, high_second, high_third)
        missed = binomial_interval(np.zeros(1), n)[1]
        few, same = high_error**2 * RARE > highest**2, ends & ~(high_error > SAME * highest)
        upper = np.where(few | same, np.maximum(upper, np.where(same, highest, 0.0) + self.peak * missed), upper)
        lower = np.where(same, np.minimum(lower, highest * (1 - missed)), lower)
        value = np.where(ends, first, 0.5 * (first + highest))
        error = np.where(ends, error, 0.5 * (highest - first) + high_error)
        cost, cost_error = self._cost_mean()
        mean = np.full(len(first), math.nan)
        mean[-1] = cost
        variance, about = np.full(len(first), math.nan), np.full(len(first), math.nan)
        variance[-1] = max(value[-1] - cost**2, 0.0)
        about[-1] = math.hypot(error[-1], 2 * cost * cost_error)
        return Estimate.of(
            len(first), second=value, error=error, lower=lower, upper=upper, variance=variance, variance_error=about,
            mean=mean, support=self.felt.astype(float),
        )  # fmt: skip

    def _cost_mean(self) -> tuple[float, float]:
        """E f without its constant, and its standard error; NaN where a walk of it did not end."""
        first, second, count, lost = self.means
        if lost or not count:
            return math.nan, math.nan
        mean = first / count
        return float(mean), math.sqrt(max(second / count - mean**2, 0.0) / max(count - 1, 1.0))


def _interval(
    n: float, first: np.ndarray, second: np.ndarray, third: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """95 % interval and standard error of a mean: of a count where it rests on few walks, else by Hall's method."""
    error = np.sqrt(np.maximum(second - first**2, 0.0) / max(n - 1, 1.0))
    ratio = np.divide(error, first, out=np.full(len(first), np.inf), where=first > 0)
    low, high = gamma_factors(ratio)
    lower, upper = mean_interval(n, first, second, third)
    few = ratio**2 * FEW > 1
    lower = np.where(few, np.minimum(first * low, lower), lower)
    upper = np.where(few, np.maximum(first * high, upper), upper)
    return np.where(first > 0, lower, 0.0), np.where(first > 0, upper, 0.0), error

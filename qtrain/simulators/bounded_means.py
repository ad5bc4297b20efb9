"""Intervals of the mean of samples between 0 and 1 that hold whatever their distribution."""

from __future__ import annotations

import math

import numpy as np
from scipy import special


def mean_interval(values: np.ndarray, *, tail: float = 0.025) -> tuple[float, float]:
    """Lower and upper bound of the mean, each wrong with a probability of at most ``tail``.

    Exact (Clopper and Pearson 1934) for zeros and ones; Chernoff's bound for all that lies between, as ones and
    zeros have the heaviest tails of all (Hoeffding 1963, theorem 1).

    Args:
        values: (samples,) each within [0, 1].

    Example:
        >>> lower, upper = mean_interval(np.zeros(1000))
        >>> lower, round(upper, 4)
        (0.0, 0.0037)
    """
    count, total = len(values), float(values.sum())
    hits = round(total)
    if np.all((values < 1e-9) | (values > 1 - 1e-9)):
        return tuple(float(end) for end in share_interval(hits, count, tail=tail))  # type: ignore[return-value]
    mean, far = min(total / count, 1.0), math.log(1 / tail) / count
    return _edge(mean, 0.0, far), _edge(mean, 1.0, far)


def share_interval(hits: np.ndarray | int, count: int, *, tail: float = 0.025) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a probability from ``hits`` out of ``count``, each wrong with a probability of at most ``tail``."""
    hits = np.asarray(hits, float)
    lower = np.where(hits > 0, special.betaincinv(np.maximum(hits, 1), count - hits + 1, tail), 0.0)
    upper = np.where(hits < count, special.betaincinv(hits + 1, np.maximum(count - hits, 1), 1 - tail), 1.0)
    return lower, upper


def _edge(mean: float, end: float, far: float) -> float:
    """The p between the mean and ``end`` whose relative entropy from the mean is ``far``."""
    near, out = mean, end
    for _ in range(60):
        p = (near + out) / 2
        away = float(special.rel_entr(mean, p) + special.rel_entr(1 - mean, 1 - p)) > far
        near, out = (near, p) if away else (p, out)
    return out

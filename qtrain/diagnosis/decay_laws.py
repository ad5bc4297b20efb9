"""How a positive quantity decays over the number of qubits: constant, polynomial or exponential, each with a transient.

log V = a + r * (0, log n or n) + transient. Small sizes bend every law, and a bend looks like an exponential; so
each law is also fitted with a transient that dies out, and to the larger sizes alone. The interval of the rate spans
all fits of the law that describe the data, and what these cannot tell apart is left undecided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

LAWS = ("constant", "polynomial", "exponential")
FLOOR = 0.004  # in log V: smaller deviations from a law are no evidence against it
PLAUSIBLE = 6.0  # in AICc: a fit this much worse than the best of its law still bounds the rate
PRECISE = 0.02  # error of log V below which four sizes show a transient
FLAT = 1.0  # exponent of n that a constant may still hide
BEYOND = 1.0  # of what the first transient moves the rate: what the next ones may
DECISIVE = 4.0  # in AICc: how much better a law that decays has to be than every other one


@dataclass(frozen=True)
class DecayFit:
    """One law fitted to log V.

    Attributes:
        law: the best law, or ``"undecided"``. rate, rate_low, rate_high: of it, V ~ e^(-rate n) or n^(-rate), with
            its 95 % interval; of a constant, the exponent of n that the data leave room for.
        level: log V = level - rate * (n or log n) at the largest sizes. aicc: best of each law.
        decay: the law that rate and level belong to.
    """

    law: str
    rate: float
    rate_low: float
    rate_high: float
    level: float
    aicc: dict[str, float]
    decay: str


@dataclass(frozen=True)
class _Fit:
    score: float
    rate: float
    half: float


def fit_decay(n: np.ndarray, log_v: np.ndarray, error: np.ndarray) -> DecayFit:
    """Choose a law by the corrected Akaike criterion.

    Args:
        n: (sizes,) ascending, at least 3; log_v: logarithms; error: their standard errors, 0 where exact.

    Example:
        >>> n = np.arange(4.0, 12.0)
        >>> fit_decay(n, -0.5 * n, np.zeros(8)).law, fit_decay(n, -2 * np.log(n), np.zeros(8)).law
        ('exponential', 'polynomial')
    """
    n, y, sigma = (np.asarray(v, float) for v in (n, log_v, error))
    sigma = np.hypot(sigma, FLOOR)
    fits = {law: _fits(law, n, y, sigma) for law in LAWS}
    scores = {law: min(f.score for f in found) for law, found in fits.items()}
    order = sorted(LAWS, key=lambda law: scores[law])
    decay = order[0]
    law = decay if scores[order[1]] - scores[order[0]] >= DECISIVE else "undecided"
    if decay == "constant":
        low, high = _interval("polynomial", fits["polynomial"], n, y, sigma)
        plain = fits["constant"][0].score <= min(scores["polynomial"], scores["exponential"])
        law = "constant" if (plain or law == decay) and -FLAT <= low <= 0 <= high <= FLAT else "undecided"
        centre = float(np.average(y, weights=sigma**-2))
        return DecayFit(law, 0.0, low, high, centre, scores, decay)
    rate = min(fits[decay], key=lambda f: f.score).rate
    low, high = _interval(decay, fits[decay], n, y, sigma)
    straight = n if decay == "exponential" else np.log(n)
    tail = slice(len(n) // 2, None)
    level = float(np.average((y + rate * straight)[tail], weights=(sigma**-2)[tail]))
    return DecayFit(law, rate, low, high, level, scores, decay)


def _interval(law: str, fits: list[_Fit], n: np.ndarray, y: np.ndarray, sigma: np.ndarray) -> tuple[float, float]:
    """95 % interval of the rate, over all fits of a law that describe the data and those of the larger sizes."""
    best = min(f.score for f in fits)
    used = [f for f in fits if f.score <= best + PLAUSIBLE]
    used += [_tail(law, n, y, sigma, cut) for cut in (1, len(n) // 3) if len(n) - cut >= 4]
    # what a transient moves the rate by is never negligible, and the next order may move it on
    seen = len(n) >= (4 if law == "polynomial" or sigma.max() < PRECISE else 6)
    for columns in _columns(law, n)[1:] if seen else []:
        fit = _least_squares(columns, y, sigma)
        used.append(_Fit(fit.score, fit.rate, fit.half + BEYOND * abs(fit.rate - fits[0].rate)))
    return min(f.rate - f.half for f in used), max(f.rate + f.half for f in used)


def _columns(law: str, n: np.ndarray) -> list[list[np.ndarray]]:
    """Designs of a law, without its constant: the slope first, then what dies out or bends."""
    if law == "constant":
        return [[], [1 / n]]
    if law == "polynomial":
        return [[np.log(n)], [np.log(n), 1 / n]]
    return [[n], [n, 1 / n], [n, np.log(n)]]


def _fits(law: str, n: np.ndarray, y: np.ndarray, sigma: np.ndarray) -> list[_Fit]:
    found = []
    for number, columns in enumerate(_columns(law, n)):
        if number and len(n) < len(columns) + 3:
            continue
        found.append(_least_squares(columns, y, sigma))
    return found


def _tail(law: str, n: np.ndarray, y: np.ndarray, sigma: np.ndarray, cut: int) -> _Fit:
    return _least_squares(_columns(law, n[cut:])[0], y[cut:], sigma[cut:])


def _least_squares(columns: list[np.ndarray], y: np.ndarray, sigma: np.ndarray) -> _Fit:
    design = np.column_stack([np.ones(len(y)), *columns]) / sigma[:, None]
    solution, *_ = np.linalg.lstsq(design, y / sigma, rcond=None)
    squares = float(np.sum((y / sigma - design @ solution) ** 2))
    count, k = design.shape
    freedom = max(count - k, 1)
    covariance = np.linalg.pinv(design.T @ design) * max(1.0, squares / freedom)
    correction = 2 * k * (k + 1) / (count - k - 1) if count > k + 1 else 2.0 * k * (k + 1)
    score = count * math.log(max(squares / count, 1.0)) + 2 * k + correction
    if not columns:
        return _Fit(score, 0.0, 0.0)
    half = float(special.stdtrit(freedom, 0.975)) * math.sqrt(max(covariance[1, 1], 0.0))
    return _Fit(score, -float(solution[1]), half)

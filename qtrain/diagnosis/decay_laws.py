"""How a positive quantity decays over the number of qubits: constant, polynomial or exponential, each with a transient.

log V = a + r * (0, log n or n) + transient. Small sizes bend every law, and a bend looks like an exponential; so
each law is also fitted with a transient that dies out, and to the larger sizes alone. The interval of the rate spans
all fits of the law that describe the data, and what these cannot tell apart is left undecided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

LAWS = ("constant", "polynomial", "exponential")
FLOOR = 0.004  # in log V: smaller deviations from a law are no evidence against it
PLAUSIBLE = 6.0  # in AICc: a fit this much worse than the best of its law still bounds the rate
PRECISE = 0.02  # error of log V below which four sizes show a transient
STEEP = 4.0  # power of 1/n from which one that is hardly known is no law
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


@dataclass(frozen=True, eq=False)
class _Data:
    """Sizes, log V, its error, and a column by which even sizes may differ from odd ones: (sizes, 0 or 1)."""

    n: np.ndarray
    y: np.ndarray
    sigma: np.ndarray
    parity: np.ndarray

    def after(self, cut: int) -> _Data:
        parity = self.parity[cut:]
        return _Data(self.n[cut:], self.y[cut:], self.sigma[cut:], parity[:, np.ptp(parity, axis=0) > 0])


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
    data = _Data(n, y, np.hypot(sigma, FLOOR), np.zeros((len(n), 0)))
    fits = {law: _fits(law, data) for law in LAWS}
    scores = {law: min(f.score for f in found) for law, found in fits.items()}
    even = (n % 2 == 0).astype(float)
    if min(even.sum(), len(n) - even.sum()) >= 2:
        data = replace(data, parity=even[:, None])
        apart = {law: _fits(law, data) for law in LAWS}
        better = {law: min(f.score for f in found) for law, found in apart.items()}
        if min(better.values()) + DECISIVE <= min(scores.values()):
            fits, scores = apart, better
        else:
            data = replace(data, parity=np.zeros((len(n), 0)))
    return _choose(data, fits, scores)


def _choose(data: _Data, fits: dict[str, list[_Fit]], scores: dict[str, float]) -> DecayFit:
    order = sorted(LAWS, key=lambda law: scores[law])
    decay = order[0]
    law = decay if scores[order[1]] - scores[order[0]] >= DECISIVE else "undecided"
    weight = data.sigma**-2
    if decay == "constant":
        low, high = _interval("polynomial", fits["polynomial"], data)
        plain = fits["constant"][0].score <= min(scores["polynomial"], scores["exponential"])
        law = "constant" if (plain or law == decay) and -FLAT <= low <= 0 <= high <= FLAT else "undecided"
        return DecayFit(law, 0.0, low, high, float(np.average(data.y, weights=weight)), scores, decay)
    rate = min(fits[decay], key=lambda f: f.score).rate
    low, high = _interval(decay, fits[decay], data)
    vague = decay == "polynomial" and STEEP < rate < high - low  # and may be an exponential
    if low <= 0 <= high or vague:  # or it is not even told whether it shrinks
        law = "undecided"
    straight = data.n if decay == "exponential" else np.log(data.n)
    tail = slice(len(data.n) // 2, None)
    level = float(np.average((data.y + rate * straight)[tail], weights=weight[tail]))
    return DecayFit(law, rate, low, high, level, scores, decay)


def _interval(law: str, fits: list[_Fit], data: _Data) -> tuple[float, float]:
    """95 % interval of the rate, over all fits of a law that describe the data and those of the larger sizes."""
    count = len(data.n)
    best = min(f.score for f in fits)
    used = [f for f in fits if f.score <= best + PLAUSIBLE]
    used += [_fits(law, data.after(cut))[0] for cut in (1, count // 3) if count - cut >= 4 + data.parity.shape[1]]
    # what a transient moves the rate by is never negligible, and the next order may move it on
    enough = (4 if law == "polynomial" or data.sigma.max() < PRECISE else 6) + data.parity.shape[1]
    for columns in _columns(law, data.n)[1:] if count >= enough else []:
        fit = _least_squares(columns, data)
        used.append(_Fit(fit.score, fit.rate, fit.half + BEYOND * abs(fit.rate - fits[0].rate)))
    return min(f.rate - f.half for f in used), max(f.rate + f.half for f in used)


def _columns(law: str, n: np.ndarray) -> list[list[np.ndarray]]:
    """Designs of a law, without its constant: the slope first, then what dies out or bends."""
    if law == "constant":
        return [[], [1 / n]]
    if law == "polynomial":
        return [[np.log(n)], [np.log(n), 1 / n]]
    return [[n], [n, 1 / n], [n, np.log(n)]]


def _fits(law: str, data: _Data) -> list[_Fit]:
    """The law alone, and with each transient that leaves two sizes to judge by."""
    designs = _columns(law, data.n)
    spent = data.parity.shape[1]
    kept = designs[:1] + [d for d in designs[1:] if len(data.n) >= len(d) + spent + 3]
    found = [_least_squares(columns, data) for columns in kept]
    return [replace(f, rate=0.0, half=0.0) for f in found] if law == "constant" else found


def _least_squares(columns: list[np.ndarray], data: _Data) -> _Fit:
    design = np.column_stack([np.ones(len(data.n)), *columns, data.parity]) / data.sigma[:, None]
    solution, *_ = np.linalg.lstsq(design, data.y / data.sigma, rcond=None)
    squares = float(np.sum((data.y / data.sigma - design @ solution) ** 2))
    count, k = design.shape
    freedom = max(count - k, 1)
    covariance = np.linalg.pinv(design.T @ design) * max(1.0, squares / freedom)
    correction = 2 * k * (k + 1) / (count - k - 1) if count > k + 1 else 2.0 * k * (k + 1)
    score = count * math.log(max(squares / count, 1.0)) + 2 * k + correction
    if k == 1:
        return _Fit(score, 0.0, 0.0)
    half = float(special.stdtrit(freedom, 0.975)) * math.sqrt(max(covariance[1, 1], 0.0))
    return _Fit(score, -float(solution[1]), half)

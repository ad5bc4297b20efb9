"""Expectation values from shadows, each with a standard error and an interval that holds whatever the state is.

Three estimators of Tr[ρO], O = Σ c_t P_t, w_t the weight of P_t, from N shots:

matched            Σ c_t (mean of the outcomes of P_t over the m_t shots that measured it), arXiv 2103.07510. Given the
                   bases the shots are independent: one string's variance is (1 - ⟨P⟩²)/m_t, about 3^w (1 - ⟨P⟩²)/N.
mean               mean over shots of Σ c_t 3^{w_t} (outcome of P_t, or 0 where the shot did not measure it): the
                   classical shadow of arXiv 2002.08953; one string's variance is (3^w - ⟨P⟩²)/N.
median_of_means    median over batches of such means (theorem 1 there): its interval uses the variance bound alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.errors import QTrainError, check_number, shortened
from qtrain.json_results import Shown, count
from qtrain.shadows.planes import Planes, Strings

METHODS = ("matched", "mean", "median_of_means")


@dataclass(frozen=True, repr=False)
class ShadowEstimate(Shown):
    """An expectation value from shadows.

    Attributes:
        value: the estimate. standard_error: from the scatter of the shots.
        lower, upper: an interval that holds the expectation value with at least probability ``confidence``, for every
            state, at this number of shots: exact binomial limits, or Hoeffding's and the empirical Bernstein
            inequality (Maurer and Pontil, arXiv 0907.3740), or Chebyshev's in a median of means.
        method: ``"matched"``, ``"mean"`` or ``"median_of_means"``.
        shots: in all. unmeasured: terms that no shot measured: their part of the value is 0, and the interval is wider
            by all that they could add.

    Example:
        >>> import qtrain
        >>> shadows = qtrain.collect_shadows([1, 0], shots=300)
        >>> found = shadows.estimate("Z")
        >>> found.value, found.lower > 0.9, found.upper
        (1.0, True, 1.0)
    """

    value: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    method: str
    shots: int
    unmeasured: int = 0

    def _brief(self) -> str:
        return (
            f"{self.value:.4g} ± {self.standard_error:.2g}, in [{self.lower:.4g}, {self.upper:.4g}] "
            f"with {100 * self.confidence:g} %, {self.method}, {count(self.shots, 'shot')}"
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """An observable without its identity: strings, their coefficients, and the constant."""

    strings: Strings
    coefficients: np.ndarray
    constant: float


def estimate(
    planes: Planes, terms: Terms, *, repeats: int = 1, method: str = "matched", confidence: float = 0.95,
    batches: int | None = None,
) -> ShadowEstimate:  # fmt: skip
    """The expectation value of one observable.

    Args:
        repeats: consecutive shots that share their bases; shots of different groups are independent.
        batches: of a median of means; None: as many as make its interval narrowest.

    Raises:
        QTrainError: no such method, a confidence outside of (0, 1), more batches than groups of shots.
    """
    if method not in METHODS:
        raise QTrainError(f"method should be one of {', '.join(METHODS)}. Got {shortened(method)}.")
    check_number("confidence", confidence, above=0)
    if confidence >= 1:
        raise QTrainError(f"confidence should be a number below 1. Got {shortened(confidence)}.")
    measured, minus = planes.counts(terms.strings)
    alpha, unmeasured = 1 - confidence, int((measured == 0).sum())
    if not len(measured):
        value = error = half = 0.0
        low = high = 0.0
    elif method == "matched":
        value, error, low, high = _matched(planes, terms, measured, minus, alpha)
    else:
        units = _units(planes, terms, repeats)
        if method == "mean":
            value, error, half = _mean(units, terms, alpha)
        else:
            value, error, half = _median_of_means(units, terms, alpha, batches)
        low, high = value - half, value + half
    most, constant = float(np.abs(terms.coefficients).sum()), terms.constant
    low, high = max(low, -most), min(high, most)
    if low > high:  # what no state has: the interval is known to have missed, and nothing is left to say
        low, high = -most, most
    return ShadowEstimate(
        constant + value, float(error), constant + float(low), constant + float(high),
        float(confidence), method, planes.shots, unmeasured,
    )  # fmt: skip


def expectations(planes: Planes, strings: Strings) -> tuple[np.ndarray, np.ndarray]:
    """Matched estimates (strings,) of single strings, NaN where no shot measured one; and how many shots did."""
    measured, minus = planes.counts(strings)
    values = np.full(len(measured), math.nan)
    np.divide(measured - 2 * minus, measured, out=values, where=measured > 0)
    return values, measured


def binomial_interval(hits: np.ndarray, trials: np.ndarray, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits (Clopper and Pearson, 1934) of a probability; [0, 1] without a trial.

    Example:
        >>> low, high = binomial_interval(np.array([0, 10]), np.array([10, 10]), 0.05)
        >>> low.round(4).tolist(), high.round(4).tolist()
        ([0.0, 0.6915], [0.3085, 1.0])
    """
    from scipy.special import betaincinv

    hits, misses = np.asarray(hits, float), np.asarray(trials, float) - hits
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), misses + 1, alpha / 2), 0.0)
    high = np.where(misses > 0, betaincinv(hits + 1, np.maximum(misses, 1), 1 - alpha / 2), 1.0)
    return low, high


# ---------------------------------------------------------------- matched


def _matched(
    planes: Planes, terms: Terms, measured: np.ndarray, minus: np.ndarray, alpha: float
) -> tuple[float, float, float, float]:
    """Value, standard error and limits."""
    c, there = terms.coefficients, measured > 0
    each = np.zeros(len(c))
    np.divide(measured - 2 * minus, measured, out=each, where=there)
    value, missing = float(c @ each), float(np.abs(c[~there]).sum())
    if there.sum() == 1:  # independent signs of one mean: their number is binomial
        t = int(np.flatnonzero(there)[0])
        low, high = (float(limit) for limit in binomial_interval(measured[t] - minus[t], measured[t], alpha))
        ends = sorted((c[t] * (2 * low - 1), c[t] * (2 * high - 1)))
        scatter = (1 - each[t] ** 2) / max(measured[t] - 1, 1)
        return value, abs(c[t]) * math.sqrt(scatter), ends[0] - missing, ends[1] + missing
    # Of shot s: y = Σ_t c_t [measured] sign / m_t, its mean given the bases with ⟨P_t⟩ in the place of the sign, and
    # its bound with 1 there. Independent, not identical: Hoeffding's and the empirical Bernstein inequality hold.
    share = np.zeros(len(c))
    np.divide(c, measured, out=share, where=there)
    spread = np.sqrt(measured / np.maximum(measured - 1, 1))
    y, rest, bound = np.zeros((3, planes.shots))
    wider, single = share * spread, np.float32  # of a scatter and a bound: the value itself is of whole numbers
    for rows, agree, odd in planes.each(terms.strings):
        seen, signed = _signs(planes, agree, odd)
        of_signs = np.stack([share[rows], wider[rows]]).astype(single) @ signed
        of_seen = np.stack([wider[rows] * each[rows], np.abs(share[rows])]).astype(single) @ seen
        y += of_signs[0]
        rest += of_signs[1] - of_seen[0]
        bound += of_seen[1]
    bound *= 1 + 1e-5  # rounding up
    hoeffding = math.sqrt(2 * math.log(4 / alpha) * float((bound**2).sum()))
    half = missing + min(hoeffding, _bernstein(planes.shots * y, 2 * planes.shots * float(bound.max()), alpha / 2))
    return value, math.sqrt(float((rest**2).sum())), value - half, value + half


def _signs(planes: Planes, agree: np.ndarray, odd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k, shots) float32: 1 where a string was measured; its sign there; else 0."""
    seen = planes.unpacked(agree).astype(np.float32)
    return seen, seen - 2 * planes.unpacked(agree & odd)


def _bernstein(values: np.ndarray, width: float, alpha: float) -> float:
    """Half the interval of a mean of independent values in an interval of this width (theorem 11 of 0907.3740)."""
    count = len(values)
    if count < 2:
        return math.inf
    log = math.log(4 / alpha)
    return math.sqrt(2 * float(values.var(ddof=1)) * log / count) + 7 * width * log / (3 * (count - 1))


# ---------------------------------------------------------------- means


def _units(planes: Planes, terms: Terms, repeats: int) -> np.ndarray:
    """(groups,) means over the shots that share bases: independent and alike."""
    scaled = terms.coefficients * 3.0**terms.strings.weight
    values = np.zeros(planes.shots)
    for rows, agree, odd in planes.each(terms.strings):
        values += scaled[rows] @ _signs(planes, agree, odd)[1]
    return values.reshape(-1, repeats).mean(axis=1)


def _mean(units: np.ndarray, terms: Terms, alpha: float) -> tuple[float, float, float]:
    most = float((np.abs(terms.coefficients) * 3.0**terms.strings.weight).sum())
    error = float(units.std(ddof=1)) / math.sqrt(len(units)) if len(units) > 1 else math.inf
    return float(units.mean()), error, _bernstein(units, 2 * most, alpha)


def variance_bound(terms: Terms) -> float:
    """Of one shot, for every state: (Σ |c_t| 3^{w_t/2})², as the second moment of a string is 3^w (2002.08953)."""
    return float((np.abs(terms.coefficients) * 3.0 ** (terms.strings.weight / 2)).sum()) ** 2


def _median_of_means(
    units: np.ndarray, terms: Terms, alpha: float, batches: int | None
) -> tuple[float, float, float]:
    """A batch is off by more than ε with p <= σ²/(m ε²) at most; the median only if half of the batches are."""
    if batches is not None:
        whole = isinstance(batches, (int, np.integer)) and not isinstance(batches, bool)
        if not whole or not 1 <= batches <= len(units):
            raise QTrainError(
                f"batches should be a whole number from 1 to {len(units)}, the independent groups of shots. "
                f"Got {shortened(batches)}."
            )
    choices = [int(batches)] if batches is not None else [k for k in range(1, 100, 2) if k <= len(units)]
    bound = variance_bound(terms)
    half, number = min((math.sqrt(bound / (len(units) // k * _tail_probability(k, alpha))), k) for k in choices)
    size = len(units) // number
    means = units[: number * size].reshape(number, size).mean(axis=1)
    error = float(units.std(ddof=1)) / math.sqrt(len(units)) if len(units) > 1 else math.inf
    return float(np.median(means)), error * (math.sqrt(math.pi / 2) if number > 2 else 1.0), half


def _tail_probability(batches: int, alpha: float) -> float:
    """The largest p for which at least half of so many batches are off with a probability of at most alpha."""
    from scipy.special import betaincinv

    k = -(-batches // 2)  # P(Bin(n, p) >= k) = I_p(k, n - k + 1)
    return float(betaincinv(k, batches - k + 1, alpha))

"""Additive statistics of gradients: raw sums per parameter, estimates derived from them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy import special

from qtrain.errors import QTrainError
from qtrain.json_results import JsonResult

CONFIDENCE = 0.95
Sums = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class GradientStats(JsonResult):
    """Variance of every partial derivative over random initialisations, with 95 % intervals.

    Two results of the same question with different seeds add up exactly: ``a + b`` holds the
    statistics of all samples of both.

    Attributes:
        parameters: names, in the order of ``circuit.parameters``; every array follows it.
        variance: V_k, the variance of df/dtheta_k. standard_error: of it, 0 where exact.
        lower, upper: 95 % interval of the second moment; where no path was seen, ``upper`` is the
            one-sided bound. proven_zero: the gradient vanishes identically, by proof.
        second_moment: G_k = E[(df/dtheta_k)^2]; mean: E[df/dtheta_k], zero for uniform angles.
        cost_variance, cost_standard_error, cost_mean: of the cost itself; offset: its constant part.
        beta: P(the generator meets an anticommuting Pauli), NaN where the method has no paths.
        scale: S, the largest second moment the observable allows; NaN where the method has no paths.
        method, reason: what ran, and why. num_samples: paths or parameter vectors.
    """

    parameters: tuple[str, ...]
    method: str
    reason: str
    initialization: str
    fingerprint: str
    seeds: tuple[int, ...]
    scale: float
    proven_zero: np.ndarray = field(metadata={"dtype": "bool"})
    factor: np.ndarray
    mean: np.ndarray
    cost_mean: float
    offset: float
    sums: dict[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", {k: np.asarray(v, float) for k, v in self.sums.items()})

    def __add__(self, other: Self) -> Self:
        if not isinstance(other, GradientStats):
            return NotImplemented
        if self.fingerprint != other.fingerprint:
            raise QTrainError(
                "other should hold statistics of the same circuit, observable and initialization. Got another question."
            )
        shared = set(self.seeds) & set(other.seeds)
        if shared:
            raise QTrainError(
                f"other should come from other seeds. Got seed {min(shared)} twice: its samples would count twice."
            )
        sums: dict[str, np.ndarray] = {}
        for key in {**self.sums, **other.sums}:
            a, b = self.sums.get(key), other.sums.get(key)
            if (a is None or b is None) and key in ("g6", "f6"):
                continue  # statistics of an older release have none
            if a is None or b is None:
                sums[key] = np.asarray(b if a is None else a)
            elif key in ("ceiling", "bound"):
                sums[key] = np.minimum(a, b)
            elif key == "rounding":
                sums[key] = np.maximum(a, b)
            elif key in ("stay_weight", "flip_weight"):
                sums[key] = a
            elif key == "exact":
                sums[key] = np.where(np.isnan(a), b, a)
            else:
                sums[key] = a + b
        return dataclasses.replace(self, seeds=tuple(sorted(self.seeds + other.seeds)), sums=sums)

    # Estimates ------------------------------------------------------------------------------

    def _table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Second moment, its standard error, lower, upper; last entry is the cost."""
        if not hasattr(self, "_cached"):
            object.__setattr__(self, "_cached", estimate(self.sums, np.append(self.factor, 1.0)))
        table: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] = self.__dict__["_cached"]
        return table

    @property
    def second_moment(self) -> np.ndarray:
        return np.where(self.proven_zero, 0.0, self._table()[0][:-1])

    @property
    def variance(self) -> np.ndarray:
        if "g1" in self.sums:
            return np.where(self.proven_zero, 0.0, _moment_variance(self.sums, self.factor)[0])
        return np.maximum(self.second_moment - self.mean**2, 0.0)

    @property
    def standard_error(self) -> np.ndarray:
        if "g1" in self.sums:
            return np.where(self.proven_zero, 0.0, _moment_variance(self.sums, self.factor)[1])
        return np.where(self.proven_zero, 0.0, self._table()[1][:-1])

    @property
    def lower(self) -> np.ndarray:
        return np.where(self.proven_zero, 0.0, self._table()[2][:-1])

    @property
    def upper(self) -> np.ndarray:
        return np.where(self.proven_zero, 0.0, self._table()[3][:-1])

    @property
    def cost_second_moment(self) -> float:
        """E[(f - offset)^2]; for paths of uniform angles E[(f - E f)^2]."""
        return float(self._table()[0][-1])

    @property
    def cost_variance(self) -> float:
        if "f1" in self.sums:
            count, s1, s2 = (float(self.sums[k]) for k in ("count", "f1", "f2"))
            return max((s2 - s1**2 / count) / (count - 1), 0.0) if count > 1 else math.nan
        if self.initialization == "uniform" and "plus" not in self.sums:
            return self.cost_second_moment
        return max(self.cost_second_moment - (self.cost_mean - self.offset) ** 2, 0.0)

    @property
    def cost_standard_error(self) -> float:
        return float(self._table()[1][-1])

    @property
    def num_samples(self) -> int:
        counts = [
            np.nanmax(self.sums[k])
            for k in ("paths", "wpaths", "pairs", "particles", "count")
            if k in self.sums and np.size(self.sums[k])
        ]
        return int(max(counts, default=0))

    @property
    def exact(self) -> np.ndarray:
        """(num_parameters,) bool: no sampling error."""
        value = self.sums.get("exact")
        known = np.zeros(len(self.parameters), bool) if value is None else ~np.isnan(value[:-1])
        return known | self.proven_zero

    @property
    def beta(self) -> np.ndarray:
        if "beta" not in self.sums:
            return np.full(len(self.parameters), np.nan)
        seen = self.sums["beta_paths"]
        return np.where(
            self.proven_zero & (self.sums["beta"] == 0), 0.0, self.sums["beta"] / np.maximum(seen, 1)
        )

    @property
    def phi(self) -> np.ndarray:
        """E[w | the generator meets an anticommuting Pauli], from V = S beta phi (uniform angles)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.second_moment / np.maximum(self.factor, 1e-300) / (self.scale * self.beta)
        return np.where(self.second_moment == 0, 0.0, value)

    def to_dict(self) -> dict[str, Any]:
        derived = (
            "variance",
            "standard_error",
            "lower",
            "upper",
            "second_moment",
            "cost_variance",
            "num_samples",
        )
        data = super().to_dict()
        from qtrain.json_results import encode

        return {**data, "estimates": {name: encode(getattr(self, name)) for name in derived}}


def _moment_variance(sums: Sums, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unbiased sample variance and its standard error from power sums (count, g1 .. g4)."""
    n = float(sums["count"])
    s1, s2, s3, s4 = (sums[f"g{i}"] for i in (1, 2, 3, 4))
    mean = s1 / n
    m2 = np.maximum(s2 / n - mean**2, 0.0)
    m4 = np.maximum(s4 / n - 4 * mean * s3 / n + 6 * mean**2 * s2 / n - 3 * mean**4, 0.0)
    variance = m2 * n / (n - 1)
    error = np.sqrt(np.maximum(m4 - m2**2 * (n - 3) / (n - 1), 0.0) / n)
    return variance, error


def binomial_interval(hits: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a proportion: Jeffreys; at zero hits 3.7 / count, so that it holds at 97.5 % on its side."""
    tail = (1 - CONFIDENCE) / 2
    count = np.maximum(count, 1)
    lower = special.betaincinv(hits + 0.5, count - hits + 0.5, tail)
    upper = special.betaincinv(hits + 0.5, count - hits + 0.5, 1 - tail)
    none, all_ = hits == 0, hits == count
    lower = np.where(none, 0.0, np.where(all_, tail ** (1 / count), lower))
    upper = np.where(none, 1 - tail ** (1 / count), np.where(all_, 1.0, upper))
    return lower, upper


def gamma_factors(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a positive mean as factors of it, from its relative standard error (Garwood)."""
    tail = (1 - CONFIDENCE) / 2
    shape = 1 / np.clip(ratio, 1e-6, 1e6) ** 2
    low = special.gammaincinv(shape, tail) / shape
    high = special.gammaincinv(shape + 1, 1 - tail) / shape
    exact = ratio < 1e-6
    return np.where(exact, 1 - 2 * ratio, low), np.where(exact, 1 + 2 * ratio, high)


def mean_interval(
    count: float, mean: np.ndarray, second: np.ndarray, third: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of the mean of positive samples with a long tail, from their first three moments.

    Hall's transformation of the t statistic (J. R. Statist. Soc. B 54, 221 (1992)) takes out its skewness. The
    quantile is of as many samples as carry the mean, at least the interval of a log-normal mean is kept, and the
    margin above grows with the skewness, as samples that miss the tail show too little of it.

    Args:
        count: samples; mean, second, third: averages of y, y^2, y^3; NaN for a third that is not known.
    """
    if count < 2:
        return np.zeros_like(mean), np.full_like(mean, np.inf)
    positive = np.where(mean > 0, mean, 1.0)
    spread = np.sqrt(np.maximum(second - mean**2, 0.0) * count / (count - 1))
    ratio = np.where(mean > 0, spread / math.sqrt(count) / positive, 0.0)
    central = third - 3 * mean * second + 2 * mean**3
    skew = np.divide(central, spread**3 * math.sqrt(count), out=np.zeros_like(mean), where=spread > 1e-7 * positive)
    skew = np.clip(np.nan_to_num(skew, nan=1.0), 1e-6, 1.0)
    t = special.stdtrit(np.clip(1 / np.maximum(ratio, 1e-9) ** 2, 1.5, max(count - 1, 1.5)), (1 + CONFIDENCE) / 2)
    below, above = (3 / skew * (np.cbrt(1 + skew * (z - skew / 6)) - 1) for z in (t, -t))
    factor = np.exp(t * np.sqrt(np.log1p(ratio**2)))
    lower = mean * np.maximum(1 - ratio * below, 1 / factor)
    upper = mean * (1 + (1 + skew) * np.maximum(-ratio * above, factor - 1))
    return lower, upper


def estimate(sums: Sums, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Second moments with standard errors and 95 % intervals; the best method known per entry wins.

    Order: sampled paths, then particles (small signals), then exact values. ``factor`` is the
    squared derivative of a rotation's angle by its parameter. Pauli paths for uniform angles obey
    max V_k <= Var f (the last entry): a variance never felt is bounded by the cost's.
    """
    size = len(factor)
    value, error, lower, upper = (np.full(size, np.nan) for _ in range(4))
    if "count" in sums:
        n = float(sums["count"])
        s2 = np.append(sums["g2"], sums["f2"])
        s4 = np.append(sums["g4"], sums["f4"])
        value = s2 / n
        error = np.sqrt(np.maximum(s4 / n - value**2, 0) / max(n - 1, 1))
        sixth = np.append(sums["g6"], sums["f6"]) if "g6" in sums else np.full(size, np.nan)
        lower, upper = mean_interval(n, value, s4 / n, sixth / n)
        floor = np.append(np.full(size - 1, float(sums.get("rounding", 0.0))), 0.0)
        lower, upper = np.where(value > floor, lower, 0.0), np.maximum(upper, floor)
    if "paths" in sums:
        hits, paths, total = sums["hits"], sums["paths"], float(sums["total"]) / max(float(sums["parts"]), 1)
        p = hits / np.maximum(paths, 1)
        low, high = binomial_interval(hits, paths)
        value, error = total * p * factor, total * np.sqrt(p * (1 - p) / np.maximum(paths, 1)) * factor
        lower, upper = total * low * factor, total * high * factor
    if "wpaths" in sums:
        paths, total = np.maximum(sums["wpaths"], 1), float(sums["total"]) / max(float(sums["parts"]), 1)
        mean = sums["w1"] / paths
        spread = np.sqrt(np.maximum(sums["w2"] / paths - mean**2, 0) / paths)
        ratio = np.divide(spread, mean, out=np.full(size, np.inf), where=mean > 0)
        low, high = gamma_factors(ratio)
        value, error = total * mean * factor, total * spread * factor
        lower = value * low
        upper = np.where(mean > 0, value * high, total * factor * binomial_interval(np.zeros(size), paths)[1])
    if "pairs" in sums:
        plus, minus, pairs = sums["plus"], sums["minus"], np.maximum(sums["pairs"], 1)
        total = float(sums["total"]) / max(float(sums["parts"]), 1)
        none = np.zeros(size)
        flips = sums.get("flip_plus", none), sums.get("flip_minus", none)
        kinds = ((plus, minus, sums.get("stay_weight", np.ones(size))), (*flips, sums.get("flip_weight", none)))
        mean, second, low, high = (np.zeros(size) for _ in range(4))
        few = np.zeros(size, bool)
        for up, down, weight in kinds:
            mean += weight * (up - down) / pairs
            second += weight**2 * (up + down) / pairs
            low_up, high_up = binomial_interval(up, pairs)
            low_down, high_down = binomial_interval(down, pairs)
            low += weight * (low_up - high_down)
            high += weight * (high_up - low_down)
            few |= (up + down < 20) & (weight > 0)
        spread = np.sqrt(np.maximum(second - mean**2, 0) / pairs)
        value, error = total * mean * factor, total * spread * factor
        lower = total * factor * np.maximum(np.where(few, low, mean - 1.96 * spread), 0)
        upper = total * factor * np.where(few, high, mean + 1.96 * spread)
    if "particles" in sums:
        runs, p1, p2 = sums["particles"], sums["p1"], sums["p2"]
        use = runs > 1
        repeats = np.maximum(runs, 2)
        mean = p1 / repeats
        spread = np.sqrt(np.maximum(p2 / repeats - mean**2, 0) / (repeats - 1))
        value, error = np.where(use, mean * factor, value), np.where(use, spread * factor, error)
        # Heavy tails: runs may agree and all miss rare paths. What never fails is Markov's inequality
        # from below, and bounds from elsewhere above.
        lower = np.where(use, mean * factor * (1 - CONFIDENCE), lower)
        upper = np.where(use, np.nan_to_num(upper, nan=np.inf), upper)
    if "paths" in sums or "wpaths" in sums or "particles" in sums:
        ceiling = min(upper[-1], float(sums.get("ceiling", np.inf)))
        upper = np.fmin(upper, factor * ceiling)
    if "exact" in sums:
        known = ~np.isnan(sums["exact"])
        exact = np.where(known, sums["exact"], 0.0) * factor
        value, error = np.where(known, exact, value), np.where(known, 0.0, error)
        lower, upper = np.where(known, exact, lower), np.where(known, exact, upper)
    if "bound" in sums:  # of what no method reached
        lower, upper = np.nan_to_num(lower), np.fmin(upper, sums["bound"])
    return value, error, lower, upper

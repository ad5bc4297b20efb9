"""What a method adds up: frozen sums that merge by ``+``, and what they let one estimate.

One class for each kind of sum. They import no kernel: reading a report computes nothing. Arrays have one entry
for each parameter, in the order of ``circuit.parameters``, and the cost as last entry.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import special

from qtrain.errors import QTrainError
from qtrain.extensions import Table

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimate:
    """What one accumulator knows; every array is (entries,), NaN where it knows nothing.

    Attributes:
        second: E (df/dtheta_k)^2, and of the cost without its constant; error: standard error of it.
        lower, upper: 95 % interval of it; ``upper`` infinite where the method has none.
        variance, variance_error: about the mean, where they are known better than as ``second - mean**2``.
        mean: E df/dtheta_k, and of the cost without its constant.
        beta: P(the generator meets an anticommuting Pauli).
        ceiling: what ``second`` cannot exceed, whoever estimates it; infinite where nothing is known.
        support: samples that the value rests on; infinite where it is exact.
    """

    second: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    variance: np.ndarray
    variance_error: np.ndarray
    mean: np.ndarray
    beta: np.ndarray
    ceiling: np.ndarray
    support: np.ndarray

    @classmethod
    def of(cls, size: int, *, cost_variance: float = math.nan, **known: np.ndarray) -> Self:
        """The given columns, and NaN (no ceiling) for the others; or the variance of the cost alone."""
        rest = {f.name: np.full(size, np.inf if f.name == "ceiling" else np.nan) for f in dataclasses.fields(cls)}
        rest["variance"][-1] = cost_variance
        return cls(**{**rest, **known})


@dataclass(frozen=True, eq=False)
class Accumulator(ABC):
    """Base of all: fields are numbers and arrays; ``+`` adds those of `adds`, and keeps the others.

    Attributes:
        kind: name in files. precedence: the smallest that knows an entry answers for it.
        adds: fields that hold sums over samples. counts: the field that tells how many samples; "" for none.
    """

    kind: ClassVar[str]
    precedence: ClassVar[int] = 50
    adds: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[str] = ""

    def __add__(self, other: Self) -> Self:
        if type(other) is not type(self):
            return NotImplemented
        for f in dataclasses.fields(self):
            mine, theirs = np.shape(getattr(self, f.name)), np.shape(getattr(other, f.name))
            if mine != theirs:
                raise QTrainError(
                    f"other should hold sums over as many parameters. Got {f.name} of shape {theirs} instead of {mine}."
                )
        return dataclasses.replace(self, **self.joined(other))

    def joined(self, other: Self) -> dict[str, Any]:
        """The fields that ``+`` changes."""
        return {name: getattr(self, name) + getattr(other, name) for name in self.adds}

    @abstractmethod
    def estimate(self) -> Estimate:
        """What the sums tell."""

    @property
    def num_samples(self) -> int:
        """Paths, runs or parameter vectors; 0 for what needs none."""
        return int(np.max(getattr(self, self.counts))) if self.counts else 0


ACCUMULATORS: Table[type[Accumulator]] = Table("kind of accumulator")


def register_accumulator(kind: type[Accumulator]) -> type[Accumulator]:
    """Decorator: reports that hold this kind of accumulator can be read again."""
    return ACCUMULATORS.add(kind.kind, kind)


@dataclass(frozen=True, eq=False)
class Exact(Accumulator):
    """Sums over all paths.

    Attributes:
        second: second moments; NaN: not known. cost_variance: of the cost.
    """

    kind: ClassVar[str] = "exact"
    precedence: ClassVar[int] = 0
    second: np.ndarray
    cost_variance: float

    def joined(self, other: Self) -> dict[str, Any]:
        cost = other.cost_variance if math.isnan(self.cost_variance) else self.cost_variance
        second = np.where(np.isnan(self.second), other.second, self.second)
        return {"second": second, "cost_variance": cost}

    def estimate(self) -> Estimate:
        none = np.where(np.isnan(self.second), np.nan, 0.0)
        return Estimate.of(
            len(self.second), second=self.second, error=none, lower=self.second, upper=self.second,
            cost_variance=self.cost_variance, support=none + np.inf,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ParticleRuns(Accumulator):
    """Independent unbiased runs of sequential Monte Carlo, however small what they estimate.

    Attributes:
        runs: (entries,) that estimated each entry; first, second: sums of the estimates and of their squares.
    """

    kind: ClassVar[str] = "particles"
    precedence: ClassVar[int] = 10
    adds: ClassVar[tuple[str, ...]] = ("runs", "first", "second")
    counts: ClassVar[str] = "runs"
    runs: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def estimate(self) -> Estimate:
        known = np.where(self.runs > 1, 1.0, np.nan)
        repeats = np.maximum(self.runs, 2)
        mean = self.first / repeats * known
        error = np.sqrt(np.maximum(self.second / repeats - mean**2, 0) / (repeats - 1)) * known
        # Heavy tails: runs may agree and all miss rare paths. What never fails is Markov's inequality
        # from below; bounds from elsewhere hold above.
        return Estimate.of(
            len(mean), second=mean, error=error, lower=mean * (1 - CONFIDENCE), upper=known * np.inf,
            cost_variance=mean[-1], support=self.runs * known,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SignedPairs(Accumulator):
    """Signed hits of pairs of terms: noise, angles that are not uniform, product inputs.

    Attributes:
        plus, minus: (entries,) hits by sign where the rotation did not flip, flip_plus, flip_minus: where it did;
        stay_weight, flip_weight: (entries,) what such hits count. pairs: drawn. unit: (entries,) second moment
        of a hit in every pair.
    """

    kind: ClassVar[str] = "pairs"
    precedence: ClassVar[int] = 20
    adds: ClassVar[tuple[str, ...]] = ("plus", "minus", "flip_plus", "flip_minus", "pairs")
    counts: ClassVar[str] = "pairs"
    plus: np.ndarray
    minus: np.ndarray
    flip_plus: np.ndarray
    flip_minus: np.ndarray
    stay_weight: np.ndarray
    flip_weight: np.ndarray
    pairs: float
    unit: np.ndarray

    def estimate(self) -> Estimate:
        size, pairs = len(self.plus), max(float(self.pairs), 1.0)
        mean, second, low, high = (np.zeros(size) for _ in range(4))
        few = np.zeros(size, bool)
        for up, down, weight in (
            (self.plus, self.minus, self.stay_weight), (self.flip_plus, self.flip_minus, self.flip_weight),
        ):  # fmt: skip
            if not weight.any():
                continue
            mean += weight * (up - down) / pairs
            second += weight**2 * (up + down) / pairs
            low_up, high_up = binomial_interval(up, pairs)
            low_down, high_down = binomial_interval(down, pairs)
            low += weight * (low_up - high_down)
            high += weight * (high_up - low_down)
            few |= (up + down < 20) & (weight > 0)
        spread = np.sqrt(np.maximum(second - mean**2, 0) / pairs)
        return Estimate.of(
            size, second=self.unit * mean, error=self.unit * spread,
            lower=self.unit * np.maximum(np.where(few, low, mean - 1.96 * spread), 0),
            upper=self.unit * np.where(few, high, mean + 1.96 * spread),
            support=self.plus + self.minus + self.flip_plus + self.flip_minus,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class WeightedPaths(Accumulator):
    """Paths whose rotations next to the input were averaged: each counts by a weight.

    Attributes:
        first, second: (entries,) sums of weights and of their squares; felt: paths that counted.
        paths: drawn. unit: (entries,) second moment of a weight of 1 in every path.
    """

    kind: ClassVar[str] = "weighted paths"
    precedence: ClassVar[int] = 30
    adds: ClassVar[tuple[str, ...]] = ("first", "second", "felt", "paths")
    counts: ClassVar[str] = "paths"
    first: np.ndarray
    second: np.ndarray
    felt: np.ndarray
    paths: float
    unit: np.ndarray

    def estimate(self) -> Estimate:
        size, paths = len(self.first), max(float(self.paths), 1.0)
        mean = self.first / paths
        spread = np.sqrt(np.maximum(self.second / paths - mean**2, 0) / paths)
        low, high = gamma_factors(np.divide(spread, mean, out=np.full(size, np.inf), where=mean > 0))
        unseen = binomial_interval(np.zeros(1), paths)[1]
        upper = self.unit * np.where(mean > 0, mean * high, unseen)
        return _of_variances(self.unit * mean, self.unit * spread, self.unit * mean * low, upper, self.felt, self.unit)


@dataclass(frozen=True, eq=False)
class PlainPaths(Accumulator):
    """Paths that count or do not.

    Attributes:
        hits: (entries,) paths that counted. paths: drawn. unit: (entries,) second moment of a hit in every path.
    """

    kind: ClassVar[str] = "paths"
    precedence: ClassVar[int] = 40
    adds: ClassVar[tuple[str, ...]] = ("hits", "paths")
    counts: ClassVar[str] = "paths"
    hits: np.ndarray
    paths: float
    unit: np.ndarray

    def estimate(self) -> Estimate:
        paths = max(float(self.paths), 1.0)
        p = self.hits / paths
        low, high = binomial_interval(self.hits, paths)
        error = self.unit * np.sqrt(p * (1 - p) / paths)
        return _of_variances(self.unit * p, error, self.unit * low, self.unit * high, self.hits, self.unit)


def _of_variances(
    second: np.ndarray, error: np.ndarray, lower: np.ndarray, upper: np.ndarray, support: np.ndarray, unit: np.ndarray
) -> Estimate:
    """Uniform angles without noise: the cost's entry is its variance, which no V_k exceeds for a coefficient of 1."""
    factor = np.divide(unit, unit[-1], out=np.ones_like(unit), where=unit[-1] > 0)
    return Estimate.of(
        len(second), second=second, error=error, lower=lower, upper=np.fmin(upper, factor * upper[-1]),
        cost_variance=second[-1], support=np.asarray(support, float),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class AngleMoments(Accumulator):
    """Power sums of the cost and its gradient at random angles.

    Attributes:
        count: parameter vectors drawn. rounding: second moments of gradients below this are rounding.
        gradient: (5, parameters) sums of g, g^2, g^3, g^4 and g^6 with g = df/dtheta.
        cost: (5,) the same sums of f, without the cost's constant.
    """

    kind: ClassVar[str] = "angles"
    precedence: ClassVar[int] = 60
    adds: ClassVar[tuple[str, ...]] = ("count", "gradient", "cost")
    counts: ClassVar[str] = "count"
    count: int
    gradient: np.ndarray
    cost: np.ndarray
    rounding: float = 0.0

    def estimate(self) -> Estimate:
        n = float(self.count)
        s1, s2, s3, s4, s6 = np.column_stack([self.gradient, self.cost])
        second = s2 / n
        error = np.sqrt(np.maximum(s4 / n - second**2, 0) / max(n - 1, 1))
        lower, upper = mean_interval(n, second, s4 / n, s6 / n)
        floor = np.append(np.full(len(second) - 1, self.rounding), 0.0)
        mean = s1 / n
        m2 = np.maximum(second - mean**2, 0.0)
        m4 = np.maximum(s4 / n - 4 * mean * s3 / n + 6 * mean**2 * second - 3 * mean**4, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = m2 * n / (n - 1)
            variance_error = np.sqrt(np.maximum(m4 - m2**2 * (n - 3) / (n - 1), 0.0) / n)
        return Estimate.of(
            len(second), second=second, error=error, lower=np.where(second > floor, lower, 0.0),
            upper=np.maximum(upper, floor), variance=variance, variance_error=variance_error, mean=mean,
            support=np.full(len(second), n),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Means(Accumulator):
    """Exact first moments: (entries,) ``values``."""

    kind: ClassVar[str] = "means"
    precedence: ClassVar[int] = 1
    values: np.ndarray

    def estimate(self) -> Estimate:
        return Estimate.of(len(self.values), mean=self.values)


@dataclass(frozen=True, eq=False)
class Encounters(Accumulator):
    """How often a generator met an anticommuting Pauli: (entries,) ``met`` of ``paths``; NaN for the cost."""

    kind: ClassVar[str] = "encounters"
    adds: ClassVar[tuple[str, ...]] = ("met", "paths")
    met: np.ndarray
    paths: float

    def estimate(self) -> Estimate:
        return Estimate.of(len(self.met), beta=self.met / max(float(self.paths), 1.0))


@dataclass(frozen=True, eq=False)
class Ceiling(Accumulator):
    """What second moments cannot exceed, by proof: (entries,) ``values``."""

    kind: ClassVar[str] = "ceiling"
    precedence: ClassVar[int] = 90
    values: np.ndarray

    def joined(self, other: Self) -> dict[str, Any]:
        return {"values": np.minimum(self.values, other.values)}

    def estimate(self) -> Estimate:
        return Estimate.of(len(self.values), ceiling=self.values)


for _kind in (
    Exact, ParticleRuns, SignedPairs, WeightedPaths, PlainPaths, AngleMoments, Means, Encounters, Ceiling
):  # fmt: skip
    register_accumulator(_kind)


def binomial_interval(hits: np.ndarray, count: float) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a proportion: Jeffreys; at zero hits 3.7 / count, so that it holds at 97.5 % on its side."""
    count = max(float(count), 1.0)
    lower, upper = (special.betaincinv(hits + 0.5, count - hits + 0.5, tail) for tail in (TAIL, 1 - TAIL))
    none, all_ = hits == 0, hits == count
    lower = np.where(none, 0.0, np.where(all_, TAIL ** (1 / count), lower))
    upper = np.where(none, 1 - TAIL ** (1 / count), np.where(all_, 1.0, upper))
    return lower, upper


def gamma_factors(ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a positive mean as factors of it, from its relative standard error (Garwood)."""
    shape = 1 / np.clip(ratio, 1e-6, 1e6) ** 2
    low = special.gammaincinv(shape, TAIL) / shape
    high = special.gammaincinv(shape + 1, 1 - TAIL) / shape
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
    t = special.stdtrit(np.clip(1 / np.maximum(ratio, 1e-9) ** 2, 1.5, max(count - 1, 1.5)), 1 - TAIL)
    below, above = (3 / skew * (np.cbrt(1 + skew * (z - skew / 6)) - 1) for z in (t, -t))
    factor = np.exp(t * np.sqrt(np.log1p(ratio**2)))
    lower = mean * np.maximum(1 - ratio * below, 1 / factor)
    return lower, mean * (1 + (1 + skew) * np.maximum(-ratio * above, factor - 1))

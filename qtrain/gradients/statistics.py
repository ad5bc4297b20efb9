"""``GradientStats``: what the sums of one or several methods tell of every gradient."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import (
    ACCUMULATORS,
    Accumulator,
    AngleMoments,
    Ceiling,
    Encounters,
    Estimate,
    Exact,
    Means,
    ParticleRuns,
    PlainPaths,
    SignedPairs,
    WeightedPaths,
)
from qtrain.gradients.collapsed_walks import CollapsedWalks  # noqa: F401  reports that hold it can be read
from qtrain.json_results import PLOT, JsonResult, Shown, count, decode, encode, number, view

if TYPE_CHECKING:
    from qtrain.circuits.problem import Problem

LIMIT = 1.96  # standard errors to either side of a 95 % interval


@dataclass(frozen=True, eq=False, repr=False)
class GradientStats(Shown, JsonResult):
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
        phi: E[w | it meets one], from V = S beta phi (uniform angles).
        scale: S, the largest second moment the observable allows; NaN where the method has no paths.
        factor: squared derivative of a rotation's angle by its parameter.
        exact: bool, no sampling error. accumulators: the sums, best first; for each parameter the first that
            knows its second moment answers.
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
    offset: float
    accumulators: tuple[Accumulator, ...]

    plot = view("figures.profile", "plot_profile", f"The variance profile. {PLOT}")

    def _brief(self) -> str:
        live = self.variance[~self.proven_zero]
        known = live[np.isfinite(live)]
        median = number(float(np.median(known))) if len(known) else "not known"
        return (
            f"{count(len(self.parameters), 'parameter')}, {int(self.proven_zero.sum())} proven zero, "
            f"median V of the rest {median}; cost variance {self.cost_figure}; {self.method}"
        )

    @classmethod
    def of(
        cls, problem: Problem, accumulators: Sequence[Accumulator], *, method: str, reason: str,
        proven_zero: np.ndarray, factor: np.ndarray | None = None, scale: float = float("nan"),
    ) -> Self:  # fmt: skip
        """Statistics of a problem's gradients from what one method added up.

        Args:
            method: name of its row. reason: a clause that says why, or how far it got.
            proven_zero: (parameters,) bool. factor: (parameters,), 1 where not given. scale: S.
        """
        names = problem.program.parameters
        return cls(
            names, method, reason, problem.drawn, problem.fingerprint, (problem.seed,), scale,
            np.asarray(proven_zero, bool), np.ones(len(names)) if factor is None else factor, problem.offset,
            merged(tuple(accumulators), ()),
        )  # fmt: skip

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
        return dataclasses.replace(
            self, seeds=tuple(sorted(self.seeds + other.seeds)), proven_zero=self.proven_zero | other.proven_zero,
            accumulators=merged(self.accumulators, other.accumulators),
        )  # fmt: skip

    def including(self, *accumulators: Accumulator, method: str, reason: str) -> Self:
        """The same with what another method added for parameters that this one left open."""
        return dataclasses.replace(
            self, method=method, reason=f"{self.reason}; {reason}" if reason else self.reason,
            accumulators=merged(self.accumulators, accumulators),
        )  # fmt: skip

    # Estimates ------------------------------------------------------------------------------

    @cached_property
    def _best(self) -> Estimate:
        """Every column with the parameters first, then the cost."""
        return best([item.estimate() for item in self.accumulators], len(self.parameters) + 1)

    def _unless_zero(self, column: np.ndarray) -> np.ndarray:
        return np.where(self.proven_zero, 0.0, column[:-1])

    @property
    def second_moment(self) -> np.ndarray:
        return self._unless_zero(self._best.second)

    @property
    def mean(self) -> np.ndarray:
        if self.initialization == "uniform":  # the average slope over a period
            return np.zeros(len(self.parameters))
        return self._unless_zero(self._best.mean)

    @property
    def variance(self) -> np.ndarray:
        about = self._best.variance[:-1]
        return np.where(
            np.isnan(about) | self.proven_zero, np.maximum(self.second_moment - self.mean**2, 0.0), about
        )

    @property
    def standard_error(self) -> np.ndarray:
        about = self._best.variance_error
        return self._unless_zero(np.where(np.isnan(about), self._best.error, about))

    @property
    def lower(self) -> np.ndarray:
        return self._unless_zero(self._best.lower)

    @property
    def upper(self) -> np.ndarray:
        return self._unless_zero(self._best.upper)

    @property
    def cost_mean(self) -> float:
        return float(self.offset + self._best.mean[-1])

    @property
    def cost_second_moment(self) -> float:
        """E[(f - offset)^2]; for paths of uniform angles E[(f - E f)^2]."""
        return float(self._best.second[-1])

    @property
    def cost_variance(self) -> float:
        about = float(self._best.variance[-1])
        if not np.isnan(about):
            return about
        return max(self.cost_second_moment - (self.cost_mean - self.offset) ** 2, 0.0)

    @property
    def cost_standard_error(self) -> float:
        about = self._best.variance_error[-1]
        return float(self._best.error[-1] if np.isnan(about) else about)

    @property
    def cost_upper(self) -> float:
        """95 % limit from above of the cost's variance; the variance itself where it is exact."""
        value, error = self.cost_variance, self.cost_standard_error
        if np.isinf(self.cost_support) or np.isnan(value):
            return value
        ceiling = self._best.upper[-1]  # of the second moment: what was never seen has no error
        return float(np.fmin(ceiling, value + LIMIT * error) if error > 0 else max(value, ceiling))

    @property
    def cost_figure(self) -> str:
        """The cost's variance for people: a bound where samples do not tell it from 0, as 0 is never a rounding.

        Example:
            >>> from qiskit.circuit.library import efficient_su2
            >>> from qtrain.gradients.variance import gradient_variance
            >>> gradient_variance(efficient_su2(4, reps=1), "ZIII").cost_figure
            '0.25'
        """
        value, upper = self.cost_variance, self.cost_upper
        return f"at most {number(upper)}" if upper > 2 * value else number(value)

    @property
    def num_samples(self) -> int:
        return max((item.num_samples for item in self.accumulators), default=0)

    @property
    def exact(self) -> np.ndarray:
        """(num_parameters,) bool: no sampling error."""
        return np.isinf(self._best.support[:-1]) | self.proven_zero

    @property
    def support(self) -> np.ndarray:
        """(num_parameters,) samples that the second moment rests on; infinite where exact, NaN where unknown."""
        return np.where(self.proven_zero, np.inf, self._best.support[:-1])

    @property
    def cost_support(self) -> float:
        """The same of the cost."""
        return float(self._best.support[-1])

    @property
    def beta(self) -> np.ndarray:
        return self._best.beta[:-1].copy()

    @property
    def phi(self) -> np.ndarray:
        """E[w | the generator meets an anticommuting Pauli], from V = S beta phi (uniform angles)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = self.second_moment / np.maximum(self.factor, 1e-300) / (self.scale * self.beta)
        return np.where(self.second_moment == 0, 0.0, value)

    # Files ----------------------------------------------------------------------------------

    def to_fields(self) -> dict[str, Any]:
        """What reports hold: the fields, each accumulator with its kind, and the means for who reads the file."""
        fields = {f.name: encode(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name != "accumulators"}
        sums = [{"kind": item.kind, **encode(item)} for item in self.accumulators]
        return {**fields, "mean": encode(self.mean), "cost_mean": encode(self.cost_mean), "accumulators": sums}

    @classmethod
    def from_fields(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_fields`; also of format 1, whose sums were a dictionary by name."""
        if "sums" in data:
            data = {**data, "accumulators": _read_sums(data)}
        else:
            sums = [(item["kind"], {k: v for k, v in item.items() if k != "kind"}) for item in data["accumulators"]]
            data = {**data, "accumulators": tuple(decode(ACCUMULATORS[kind], item) for kind, item in sums)}
        names = {f.name: f for f in dataclasses.fields(cls)}
        plain = {
            "parameters": tuple(data["parameters"]), "seeds": tuple(data["seeds"]),
            "scale": decode(float, data["scale"]), "offset": decode(float, data["offset"]),
            "proven_zero": np.array(data["proven_zero"], bool), "factor": decode(np.ndarray, data["factor"]),
        }  # fmt: skip
        return cls(**{**{k: data[k] for k in names}, **plain})

    def to_dict(self) -> dict[str, Any]:
        derived = ("variance", "standard_error", "lower", "upper", "second_moment", "cost_variance", "num_samples")
        return {**super().to_dict(), "estimates": {name: encode(getattr(self, name)) for name in derived}}


def merged(first: tuple[Accumulator, ...], second: tuple[Accumulator, ...]) -> tuple[Accumulator, ...]:
    """Both, those of the same kind added, the best first."""
    found: dict[str, Any] = {item.kind: item for item in first}
    for item in second:
        found[item.kind] = found[item.kind] + item if item.kind in found else item
    return tuple(sorted(found.values(), key=lambda item: item.precedence))


def best(estimates: list[Estimate], size: int) -> Estimate:
    """One estimate of many, the best first: for each entry, the first that knows its second moment.

    An upper end that the answering method has not comes from the next that has one; nothing exceeds a ceiling,
    but an exact value. The mean and beta come from the first that knows them.
    """
    result = Estimate.of(size)
    owned = np.zeros(size, bool)
    for item in estimates:
        takes = ~owned & ~np.isnan(item.second)
        for name in ("second", "error", "lower", "upper", "variance", "variance_error", "support"):
            column = getattr(result, name)
            column[takes] = getattr(item, name)[takes]
        open_ = owned & np.isinf(result.upper) & ~np.isnan(item.upper)
        result.upper[open_] = item.upper[open_]
        owned |= takes
        for name in ("mean", "beta"):
            column = getattr(result, name)
            missing = np.isnan(column)
            column[missing] = getattr(item, name)[missing]
        np.minimum(result.ceiling, item.ceiling, out=result.ceiling)
    bounded = np.isfinite(result.ceiling) & ~np.isinf(result.support)
    result.upper[bounded] = np.fmin(result.upper, result.ceiling)[bounded]
    for column in (result.second, result.variance):  # a few heavy samples can add up to more than there is
        column[bounded] = np.minimum(column, result.ceiling)[bounded]
    result.lower[bounded & ~owned] = 0.0
    return result


def _read_sums(data: dict[str, Any]) -> tuple[Accumulator, ...]:
    """Accumulators of the statistics in a report of format 1, whose sums were a dictionary by name.

    Args:
        data: its ``sums``, ``factor``, ``mean``, ``cost_mean``, ``offset`` and ``initialization``.
    """
    sums = {k: decode(np.ndarray, v) if isinstance(v, list) else decode(float, v) for k, v in data["sums"].items()}
    factor = np.append(decode(np.ndarray, data["factor"]), 1.0)
    cost_mean = decode(float, data["cost_mean"]) - decode(float, data["offset"])
    means = np.append(decode(np.ndarray, data["mean"]), cost_mean)
    unit = factor * (sums["total"] / max(sums["parts"], 1)) if "total" in sums else factor
    none = np.zeros(len(factor))
    found: list[Accumulator] = []
    if "exact" in sums:
        second = sums["exact"] * factor
        about = 0.0 if data["initialization"] == "uniform" else means[-1] ** 2
        found.append(Exact(second, max(float(second[-1]) - about, 0.0)))
    if "particles" in sums:
        found.append(ParticleRuns(sums["particles"], factor * sums["p1"], factor**2 * sums["p2"]))
    if "pairs" in sums:
        found.append(
            SignedPairs(
                sums["plus"], sums["minus"], sums.get("flip_plus", none), sums.get("flip_minus", none),
                sums.get("stay_weight", none + 1), sums.get("flip_weight", none), float(sums["pairs"][0]), unit,
            )
        )  # fmt: skip
    if "wpaths" in sums:
        found.append(WeightedPaths(sums["w1"], sums["w2"], sums["wn"], float(sums["wpaths"][-1]), unit))
    if "paths" in sums:
        found.append(PlainPaths(sums["hits"], float(sums["paths"][-1]), unit))
    if "count" in sums:
        sums = {"g6": factor[:-1] + np.nan, "f6": np.nan, "rounding": 0.0} | sums
        gradient, cost = (np.array([sums[f"{name}{k}"] for k in (1, 2, 3, 4, 6)]) for name in "gf")
        found.append(AngleMoments(int(sums["count"]), gradient, cost, float(sums["rounding"])))
    else:
        found.append(Means(means))
    if "beta" in sums:
        found.append(Encounters(np.append(sums["beta"], np.nan), float(np.max(sums["beta_paths"]))))
    if "ceiling" in sums:
        found.append(Ceiling(factor * sums["ceiling"]))
    if "bound" in sums:
        found.append(Ceiling(sums["bound"]))
    return tuple(sorted(found, key=lambda item: item.precedence))

"""What a report's table says of each criterion, as (name, text); nothing here computes physics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from qtrain.diagnosis.results import CAUSES as CAUSES
from qtrain.diagnosis.results import kind as kind
from qtrain.diagnosis.results import trend_words as trend_words
from qtrain.json_results import count as count
from qtrain.json_results import number as number
from qtrain.json_results import whole as whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.gradients.statistics import GradientStats

Facts = list[tuple[str, str]]


def fraction(report: TrainabilityReport, word: str) -> float:
    """Share of the parameters whose cause has this short word; NaN without parameters."""
    kinds = [kind(v.cause) for v in report.verdicts]
    return kinds.count(word) / len(kinds) if kinds else math.nan


def interval(value: float, lower: float, upper: float) -> str:
    """What is known beside a figure: that it is exact, its 95 % interval, or bounds where it has no value.

    Example:
        >>> interval(0.5, 0.5, 0.5), interval(0.5, 0.41, 0.6), interval(math.nan, 0.0, 0.25)
        ('exact', '0.41 … 0.6', '≤ 0.25')
    """
    if lower == upper:
        return "exact"
    if math.isnan(value) and not lower > 0:
        return f"≤ {number(upper, 2)}"
    return f"{number(lower, 2)} … {number(upper, 2)}"


def precision(stats: GradientStats) -> str:
    """How well the gradients that are not proven to vanish are known, as one clause.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.gradients.variance import gradient_variance
        >>> precision(gradient_variance(real_amplitudes(2, reps=1), "IZ"))
        'exact'
    """
    second, live = stats.second_moment, ~stats.proven_zero
    bounded, exact = live & np.isnan(second), live & stats.exact
    sampled = live & ~exact & ~bounded
    parts = [f"{exact.sum()} exact"] if exact.any() else []
    if sampled.any():
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = float(np.median(((stats.upper - stats.lower) / 2 / second)[sampled]))
        whole = "" if sampled.sum() == live.sum() else f"{sampled.sum()} "
        width = f"to ±{number(100 * spread, 2)} %" if spread < 1 else "to no better than their size"
        parts.append(f"{whole}sampled {width} (median, 95 %)")
    if bounded.any():
        parts.append(f"{bounded.sum()} bounded alone")
    return "exact" if exact.sum() == live.sum() else ", ".join(parts)


def live_variances(report: TrainabilityReport) -> tuple[float, float]:
    """Median and smallest variance of the parameters that are not dead; NaN where none is known."""
    live = np.array([v.variance for v in report.verdicts if kind(v.cause) != "dead"], dtype=float)
    live = live[np.isfinite(live)]
    return (float(np.median(live)), float(live.min())) if live.size else (math.nan, math.nan)


def of_gradients(report: TrainabilityReport) -> Facts:
    stats, total = report.gradients, len(report.verdicts)
    counts = [(round(fraction(report, word) * total), text) for word, text in CAUSES.items()] if total else []
    shares = ", ".join(f"{count} {text}" for count, text in counts if count)
    median, smallest = live_variances(report)
    method = ", ".join(dict.fromkeys([stats.method, precision(stats)]))
    samples = f", {count(stats.num_samples, 'sample')}" if stats.num_samples else ""
    unit = number(report.threshold * report.shots)  # what all variances scale with, said beside the first of them
    rows = [("parameters", f"{total}: {shares}" if shares else str(total))]
    if not total or fraction(report, "dead") < 1:  # else a proof that the cost is constant: what is left is rounding
        rows += [
            ("cost variance", f"{stats.cost_figure} (observable with S = {unit})"),
            ("live gradient variance", f"median {number(median)}, smallest {number(smallest)}"),
        ]
    return [*rows, ("method", method + samples)]


def of_light_cone(report: TrainabilityReport) -> Facts:
    width = report.light_cone.width
    return [("light cone", f"{count(width, 'qubit')}, depth {report.light_cone.depth}")]


def of_algebra(report: TrainabilityReport) -> Facts:
    dla = report.dla
    if dla is None:
        return []
    text = ("" if dla.complete else "at least ") + whole(dla.dimension)
    text += f", {dla.algebra}" if dla.algebra else ""
    if dla.module_dimension is not None:
        bound = "" if dla.module_complete else "at least "
        text += f"; the observable's module: {bound}{whole(dla.module_dimension)}"
    return [("Lie algebra", text)]


def of_trend(report: TrainabilityReport) -> Facts:
    found = report.trend
    if found is None:
        return []
    return [("trend", f"{trend_words(found)} ({found.family}; {sizes_words(found.sizes)})")]


def sizes_words(sizes: Sequence[int]) -> str:
    """``n = 4 … 14``."""
    return f"n = {min(sizes)} … {max(sizes)}"


def of_expressivity(report: TrainabilityReport) -> Facts:
    found = report.expressivity
    if found is None:
        return []
    if not found.qfim_rank and not found.qfim_rank_exact:
        return []  # the budget ended before its first column
    text = f"QFIM rank {'' if found.qfim_rank_exact else 'at least '}{found.qfim_rank} of {number(found.qfim_max)}"
    if not math.isnan(found.expressibility):
        noisy = found.expressibility == 0 and found.expressibility_high > 0  # nothing but the noise of few samples
        value = f"≤ {number(found.expressibility_high)}" if noisy else number(found.expressibility)
        text += f", expressibility {value}"
    if not math.isnan(found.entangling_capability):
        text += f", entangling capability {number(round(found.entangling_capability, 12))}"
    return [("expressivity", text)]

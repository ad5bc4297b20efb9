"""What a report's table says of each criterion, as (name, text); nothing here computes physics."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport

Facts = list[tuple[str, str]]

CAUSES = {  # the short word of each kind of verdict, and how its cause begins
    "healthy": "healthy",
    "dead": "dead",
    "concentrated": "observable concentration",
    "lost": "information lost",
    "scrambled": "scrambled",
    "below": "below the",
    "unknown": "unknown",
}


def kind(cause: str) -> str:
    """The short word of a verdict's cause.

    Example:
        >>> kind("dead: outside the light cone"), kind("information lost")
        ('dead', 'lost')
    """
    return next((word for word, start in CAUSES.items() if cause.startswith(start)), "below")


def fraction(report: TrainabilityReport, word: str) -> float:
    """Share of the parameters whose cause has this short word; NaN without parameters."""
    kinds = [kind(v.cause) for v in report.verdicts]
    return kinds.count(word) / len(kinds) if kinds else math.nan


def number(value: float | None, digits: int = 3) -> str:
    """A figure people can read: ``0``, ``0.0123``, ``4.1e-07``, or a dash for what was not computed.

    Example:
        >>> number(0.0123456), number(4.1e-7), number(0.0), number(float("nan")), number(1761.0)
        ('0.0123', '4.1e-07', '0', '–', '1761')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.{digits}g}"


def whole(value: int) -> str:
    """``4,096``; from a trillion on ``1.6e+60``, also where no float reaches."""
    return f"{value:,}" if value < 10**12 else f"{Decimal(value):.1e}"


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
    samples = f", {stats.num_samples:,} samples" if stats.num_samples else ""
    unit = number(report.threshold * report.shots)  # what all variances scale with, said beside the first of them
    return [
        ("parameters", f"{total}: {shares}" if shares else str(total)),
        ("cost variance", f"{number(stats.cost_variance)} (observable with S = {unit})"),
        ("live gradient variance", f"median {number(median)}, smallest {number(smallest)}"),
        ("method", stats.method + samples),
    ]


def of_light_cone(report: TrainabilityReport) -> Facts:
    return [("light cone", f"{report.light_cone.width} qubits, depth {report.light_cone.depth}")]


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


def of_simulability(report: TrainabilityReport) -> Facts:
    return [("classical simulation", report.simulability.verdict)] if report.simulability else []


def of_expressivity(report: TrainabilityReport) -> Facts:
    found = report.expressivity
    if found is None:
        return []
    text = f"QFIM rank {'' if found.qfim_rank_exact else 'at least '}{found.qfim_rank} of {number(found.qfim_max)}"
    if not math.isnan(found.expressibility):
        text += f", expressibility {number(found.expressibility)}"
    if not math.isnan(found.entangling_capability):
        text += f", entangling capability {number(found.entangling_capability)}"
    return [("expressivity", text)]

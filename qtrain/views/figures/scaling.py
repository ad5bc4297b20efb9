"""How gradients shrink with the number of qubits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.diagnosis.results import Scaling
from qtrain.errors import QTrainError
from qtrain.views.figures.frame import axes_for, legend, rug, whole_numbers
from qtrain.views.palette import BLUE, GREY, ORANGE, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.diagnosis.report import TrainabilityReport


def plot_scaling(result: Scaling | TrainabilityReport, *, ax: Axes | None = None) -> Axes:
    """Median gradient variance and its lower quartile over the number of qubits, with the fitted law.

    Hollow medians are of sizes that the law does not rest on; sizes that were not resolved stand on the lower rim.

    Args:
        result: of :func:`qtrain.scaling`, or a report with a trend.
        ax: to draw into; None: a new figure of one column's width.

    Raises:
        QTrainError: another result, or a report of a circuit that is not of a known family.

    Example:
        >>> import qtrain
        >>> from qiskit.circuit.library import real_amplitudes
        >>> found = qtrain.scaling(lambda n: real_amplitudes(n, reps=1), "parity", [2, 3, 4, 5, 6])
        >>> qtrain.plot_scaling(found).get_yscale()
        'log'
    """
    found = result if isinstance(result, Scaling) else getattr(result, "trend", None)
    if not isinstance(found, Scaling):
        raise QTrainError(f"result should be a Scaling, or a report with a trend. Got {_what(result)}.")
    n, median, low = np.array(found.sizes), np.asarray(found.variance, float), np.asarray(found.low, float)
    axes = axes_for(ax)
    axes.set_yscale("log")
    with np.errstate(over="ignore", invalid="ignore"):
        reach = np.exp(np.clip(1.96 * np.asarray(found.error, float), 0, 50))
    used = np.isin(n, found.fitted) if found.fitted else np.ones(len(n), bool)
    drawn = np.isfinite(median) & (median > 0)
    wide = drawn & np.isfinite(reach) & (reach > 1)
    axes.vlines(n[wide], (median / reach)[wide], (median * reach)[wide], color=BLUE, linewidth=1)
    for chosen, label, face in ((used, "median V (95 %)", BLUE), (~used, "median V, not fitted", "none")):
        here = drawn & chosen
        if here.any():
            axes.scatter(n[here], median[here], facecolors=face, edgecolors=BLUE, s=22, zorder=3, label=label)
    quartile = np.isfinite(low) & (low > 0)
    if quartile.any():
        axes.scatter(n[quartile], low[quartile], color=ORANGE, marker="v", s=14, label="lower quartile of V", zorder=3)
    _draw_law(axes, found, n[drawn & used], median[drawn & used])
    resolved = np.asarray(found.scale, float) / found.shots
    if np.isfinite(resolved).all() and (resolved > 0).all():
        axes.plot(n, resolved, color="black", linewidth=0.8, linestyle="--", label=f"resolved by {found.shots:,} shots")
    rug(axes, found.unresolved, edge=0, label="not resolved", color=GREY, marker="x", s=20)
    every = [*found.sizes, *found.unresolved]
    axes.set_xlim(min(every) - 0.5, max(every) + 0.5)
    axes.set_xlabel("number of qubits n")
    axes.set_ylabel("gradient variance V")
    whole_numbers(axes.xaxis)
    legend(axes)
    return axes


def _draw_law(axes: Axes, found: Scaling, n: np.ndarray, median: np.ndarray) -> None:
    if not len(n):
        return
    x = np.linspace(n.min(), n.max(), 100)
    forms: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "exponential": lambda v: v, "polynomial": np.log, "constant": np.zeros_like,
    }  # fmt: skip
    if found.law not in forms:
        return
    steps = forms[found.law]
    rate = found.rate if found.law != "constant" else 0.0
    level = float(np.median(np.log(median) + rate * steps(n.astype(float))))
    name = {
        "exponential": f"exponential, $e^{{{-rate:.3g}\\,n}}$", "polynomial": f"polynomial, $n^{{{-rate:.3g}}}$",
        "constant": "constant",
    }[found.law]  # fmt: skip
    colour = RED if found.barren_plateau else BLUE
    axes.plot(x, np.exp(level - rate * steps(x)), color=colour, linewidth=1, label=name)


def _what(result: Any) -> str:
    known = isinstance(getattr(result, "num_qubits", None), int) and math.isfinite(result.num_qubits)
    return "a report without one" if known else type(result).__name__

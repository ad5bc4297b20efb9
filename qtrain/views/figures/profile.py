"""The variance profile: how large the gradient of each parameter is, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.diagnosis.facts import CAUSES, kind
from qtrain.errors import QTrainError
from qtrain.gradients.statistics import GradientStats
from qtrain.views.figures.frame import CAUSE_STYLES, axes_for, legend, rug, whole_numbers
from qtrain.views.figures.layers import layers
from qtrain.views.palette import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.diagnosis.report import TrainabilityReport

MOST_BANDS = 40
DRAWN = (1e-200, 1e200)
DEEPEST = 1e-3  # of a value: what is drawn of its interval


def plot_profile(result: TrainabilityReport | GradientStats, *, ax: Axes | None = None) -> Axes:
    """Gradient variance of every parameter with its 95 % interval, coloured by its cause, layer by layer.

    Gradients that vanish stand on the lower rim, those nothing is known of on the upper one; a hollow mark with a line
    down is a bound from above. Shaded bands are layers of the gates that have parameters.

    Args:
        result: of :func:`qtrain.diagnose`, or of :func:`qtrain.gradient_variance` (without causes and layers).
        ax: to draw into; None: a new figure of one column's width.

    Raises:
        QTrainError: another result, or one without parameters.

    Example:
        >>> import qtrain
        >>> from qiskit.circuit.library import real_amplitudes
        >>> axes = qtrain.plot_profile(qtrain.gradient_variance(real_amplitudes(2, reps=1), "ZZ"))
        >>> axes.get_ylabel(), axes.get_yscale()
        ('gradient variance V', 'log')
    """
    table, order, bands, threshold = _read(result)
    if not len(order):
        raise QTrainError("result should be of a circuit with one parameter or more. Got none.")
    variance, lower, upper, zero, causes = (column[order] for column in table)
    # what no axis can hold is drawn at its end
    variance, upper = (np.where((c > 0) & np.isfinite(c), np.clip(c, *DRAWN), c) for c in (variance, upper))
    x = np.arange(len(order))
    measured = np.isfinite(variance) & (variance > 0) & ~zero
    bound = ~measured & ~zero & np.isfinite(upper) & (upper > 0)
    axes = axes_for(ax, height=2.7)
    axes.set_yscale("log")
    ends = np.maximum(lower, variance * DEEPEST)[measured]  # an interval down to almost zero does not stretch the axis
    floor = _floor(np.concatenate([variance[measured], ends, upper[bound]]), threshold)
    _draw_bands(axes, bands, len(x))
    size = 14.0 if len(x) <= 60 else 7.0 if len(x) <= 250 else 3.0
    for word in ("", *CAUSES):
        own = causes == word
        colour, marker = CAUSE_STYLES.get(word, (BLUE, "o"))
        name = CAUSES[word] if word else "gradient"
        here, above = own & measured, own & bound
        low, high = np.maximum(lower[here], floor), np.maximum(upper[here], variance[here])
        known = np.isfinite(low) & np.isfinite(high) & (high > low)
        axes.vlines(x[here][known], low[known], high[known], color=colour, linewidth=0.7, alpha=0.6)
        edge: dict[str, Any] = {"linewidths": 0.8, "s": size, "zorder": 3}
        if here.any():
            axes.scatter(x[here], variance[here], color=colour, marker=marker, label=f"{name} ({here.sum()})", **edge)
        if above.any():
            axes.vlines(x[above], floor, upper[above], color=colour, linewidth=0.5, linestyle=":")
            shape = "v" if marker == "x" else marker
            axes.scatter(x[above], upper[above], facecolors="none", edgecolors=colour, marker=shape,
                         label=f"{name}, at most this ({above.sum()})", **edge)  # fmt: skip
        none = own & zero
        zeros = f"{name}, proven 0 ({none.sum()})"
        rug(axes, x[none], edge=0, label=zeros, color=colour, marker="|", s=30, linewidths=1)
        lost = own & ~measured & ~bound & ~zero
        rug(axes, x[lost], edge=1, label=f"{name}, V not known ({lost.sum()})", color=colour, marker=marker, s=size)
    if threshold is not None and threshold > 0:
        axes.axhline(threshold, color="black", linewidth=0.8, linestyle="--", label="resolved by the shots")
    if measured.any() or bound.any() or threshold:
        axes.set_ylim(bottom=floor)
    axes.set_xlim(-0.5 - 0.01 * len(x), len(x) - 0.5)
    whole_numbers(axes.xaxis)
    axes.set_xlabel("parameter, layer by layer" if len(bands) > 1 else "parameter")
    axes.set_ylabel("gradient variance V")
    legend(axes)
    return axes


def _read(result: Any) -> tuple[tuple[np.ndarray, ...], np.ndarray, list[int], float | None]:
    """((variance, lower, upper, proven zero, word of the cause), order, first place of each layer, threshold)."""
    if isinstance(result, GradientStats):
        words = np.full(len(result.parameters), "", dtype="U16")
        known = ~np.isfinite(result.second_moment) & ~result.proven_zero
        variance = np.where(known, np.nan, result.variance)
        table = (variance, result.lower, result.upper, result.proven_zero, words)
        return table, np.arange(len(words)), [], None
    verdicts = getattr(result, "verdicts", None)
    if verdicts is None:
        raise QTrainError(f"result should be a TrainabilityReport or GradientStats. Got {type(result).__name__}.")
    columns = [np.array([getattr(v, name) for v in verdicts], dtype=float) for name in ("variance", "lower", "upper")]
    zero = (columns[0] == 0) & (columns[2] == 0)
    words = np.array([kind(v.cause) for v in verdicts], dtype="U16")
    level = layers(verdicts)
    order = np.lexsort(([v.index for v in verdicts], [v.gate for v in verdicts], level))
    starts = np.flatnonzero(np.diff(level[order], prepend=-1)).tolist()
    return (*columns, zero, words), order, starts, float(result.threshold)


def _floor(values: np.ndarray, threshold: float | None) -> float:
    """Below all that is drawn, with room for the marks on the rim."""
    positive = [float(v) for v in values if np.isfinite(v) and v > 0] + [t for t in (threshold,) if t and t > 0]
    if not positive:
        return 1e-3
    lowest = max(min(positive), DRAWN[0])
    decades = np.log10(max(positive)) - np.log10(lowest)
    return max(float(lowest / 10 ** max(0.5, 0.08 * decades)), 1e-305)


def _draw_bands(axes: Axes, starts: list[int], size: int) -> None:
    """Every other layer on a shade, where layers are more than one parameter and few enough to see."""
    if not 1 < len(starts) <= min(MOST_BANDS, size - 1):
        return
    for begin, end in zip(starts[1::2], [*starts[2::2], size]):
        axes.axvspan(begin - 0.5, end - 0.5, color="black", alpha=0.06, linewidth=0)

"""Figures: the Pareto front of a study, the gradient-variance profile of a circuit.

Each function returns a ``matplotlib.figure.Figure`` without a window or global state; save it with
``figure.savefig("front.png")``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.diagnosis.results import Verdict

# Okabe and Ito's palette: distinguishable without full colour vision.
COLOURS = {
    "healthy": "#009E73",
    "dead": "#999999",
    "observable concentration": "#E69F00",
    "information lost": "#0072B2",
    "scrambled": "#CC79A7",
    "below the threshold": "#56B4E9",
    "unknown": "#D55E00",
}


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)


def pareto_front(
    values: Sequence[Sequence[float]] | np.ndarray,
    names: Sequence[str],
    *,
    directions: Sequence[str],
    front: Sequence[int],
    winner: int | None = None,
    title: str = "",
) -> Figure:
    """Every pair of objectives, with the front and the winner marked.

    Args:
        values: (trials, objectives); rows with a value that is not finite (pruned, failed) are left out.
        names: (objectives,) axis labels.
        directions: (objectives,) ``"minimize"`` or ``"maximize"``, shown as an arrow to the better side.
        front: row numbers on the Pareto front; ``winner``: the row that was chosen.
        title: above the figure.

    Raises:
        QTrainError: lengths that do not agree, or fewer than two objectives.

    Example:
        >>> figure = pareto_front([[1, 2], [2, 1], [2, 2]], ["loss", "depth"],
        ...                       directions=["minimize", "minimize"], front=[0, 1], winner=0)
        >>> len(figure.axes)
        1
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2 or table.shape[1] < 2 or table.shape[1] != len(names) or len(names) != len(directions):
        raise QTrainError(
            f"values should be of shape (trials, {len(names)}), with 2 objectives or more. Got {table.shape}."
        )
    shown = np.isfinite(table).all(axis=1)
    on_front = np.zeros(len(table), dtype=bool)
    on_front[list(front)] = True
    pairs = list(itertools.combinations(range(len(names)), 2))
    columns = min(3, len(pairs))
    rows = math.ceil(len(pairs) / columns)
    figure = _figure(4.2 * columns, 3.5 * rows + 0.4)
    arrows = ["→ better" if d == "maximize" else "← better" for d in directions]
    for i, (a, b) in enumerate(pairs):
        axes = figure.add_subplot(rows, columns, i + 1)
        _plain(axes)
        others = shown & ~on_front
        axes.scatter(table[others, a], table[others, b], s=14, color="#BBBBBB", label="trials")
        axes.scatter(table[shown & on_front, a], table[shown & on_front, b], s=30, color="#0072B2", label="front")
        if winner is not None and shown[winner]:
            axes.scatter(table[winner, a], table[winner, b], s=150, marker="*", color="#D55E00", label="winner",
                         zorder=5)  # fmt: skip
        axes.set_xlabel(f"{names[a]}  ({arrows[a]})")
        axes.set_ylabel(f"{names[b]}  ({arrows[b]})")
        if i == 0:
            axes.legend(frameon=False, fontsize=8)
    if title:
        figure.suptitle(title)
    return figure


def variance_profile(verdicts: Sequence[Verdict], *, threshold: float | None = None, title: str = "") -> Figure:
    """Gradient variance of every parameter with its 95 % interval, coloured by the cause, in time order.

    Parameters whose gradient is exactly zero stand as ticks on the bottom edge; an interval that reaches down
    to zero is drawn as an upper bound (a triangle).

    Args:
        verdicts: of a report, one per parameter.
        threshold: the variance that a shot budget can still resolve, drawn as a line.
        title: above the figure.

    Raises:
        QTrainError: no verdicts.

    Example:
        >>> from qtrain.diagnosis.results import Verdict
        >>> v = Verdict("a", 0, "healthy", 0.5, 0.5, 0.25, 0.2, 0.3, "", 0, (0,))
        >>> variance_profile([v]).axes[0].get_yscale()
        'log'
    """
    if not verdicts:
        raise QTrainError("verdicts should hold one parameter or more. Got none.")
    verdicts = sorted(verdicts, key=lambda v: (v.gate, v.index))
    index = np.arange(len(verdicts))
    variance, lower, upper = (
        np.array([getattr(v, field) for v in verdicts], dtype=float) for field in ("variance", "lower", "upper")
    )
    causes = np.array([next((c for c in COLOURS if v.cause.startswith(c)), "below the threshold") for v in verdicts])
    measured = np.isfinite(variance) & (variance > 0)
    bound = ~measured & np.isfinite(upper) & (upper > 0)
    positive = np.concatenate([variance[measured], lower[measured & (lower > 0)], upper[bound]])
    if threshold is not None:
        positive = np.append(positive, threshold)
    floor = 10 ** (math.floor(math.log10(positive.min())) - 0.5) if positive.size else 1e-3
    figure = _figure(8.5, 3.6)
    axes = figure.add_subplot()
    axes.set_yscale("log")
    _plain(axes)
    size = 18 if len(verdicts) <= 200 else 4
    for cause, colour in COLOURS.items():
        own = causes == cause
        if not own.any():
            continue
        axes.plot([], [], "o", color=colour, markersize=5, label=f"{cause} ({own.sum()})")
        here = own & measured
        low, high = np.clip(lower[here], floor, None), np.maximum(upper[here], variance[here])
        known = np.isfinite(low) & np.isfinite(high)
        axes.vlines(index[here][known], low[known], high[known], color=colour, linewidth=0.8, alpha=0.6)
        axes.scatter(index[here], variance[here], s=size, color=colour, zorder=3)
        axes.scatter(index[own & bound], upper[own & bound], s=size, color=colour, marker="v", zorder=3)
        zero = own & ~measured & ~bound
        axes.vlines(index[zero], floor, floor * 1.6, color=colour, linewidth=1.5)
    if threshold is not None:
        axes.axhline(threshold, color="black", linewidth=0.8, linestyle="--", label="resolved by the shots")
    axes.set_ylim(bottom=floor)
    axes.set_xlabel("parameter, in the order of the gates")
    axes.set_ylabel("gradient variance V")
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    if title:
        axes.set_title(title, fontsize=10)
    return figure

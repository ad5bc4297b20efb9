"""How a search, or a growth, went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qtrain.growth.adapt import Growth
from qtrain.views.figures.frame import axes_for, check_ax, legend, panels, quiet, rug, spread, whole_numbers
from qtrain.views.figures.trials import Columns, check_objectives, columns
from qtrain.views.palette import BLUE, GREY, ORANGE, PALE, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.studies.result import SearchResult


def plot_history(
    result: SearchResult | Growth, *, objectives: Sequence[str] | str | None = None, ax: Axes | None = None
) -> Axes:
    """Every trial's objectives in order, with the best so far; or a growth's energy over its gates.

    Trials without figures stand on the lower rim: pruned, failed, still running.

    Args:
        result: of :func:`qtrain.search` or :func:`qtrain.grow`.
        objectives: which ones; None: in a new figure all of them, one below the other, in ``ax`` the first.
        ax: to draw into; None: a new figure of one column's width.

    Returns:
        the Axes; of several objectives the first, the others are in ``axes.figure.axes``.

    Raises:
        QTrainError: another result, or objectives that the study has not.

    Example:
        >>> import qtrain
        >>> grown = qtrain.grow("-1*ZZ - 1*XI - 1*IX", max_gates=3)
        >>> qtrain.plot_history(grown).get_ylabel()
        'energy'
    """
    check_ax(ax)
    if isinstance(result, Growth):
        return _draw_growth(axes_for(ax), result)
    found = columns(result)
    names = check_objectives(objectives, found.names, most=len(found.names) if ax is None else 1)
    every = [ax] if ax is not None else panels(rows=len(names), height=1.6 if len(names) > 1 else 2.5)
    for axes, name in zip(every, names):
        _draw(axes, found, name)
    every[len(names) - 1].set_xlabel("trial")
    legend(every[0])
    return every[0]


def _draw(axes: Axes, found: Columns, name: str) -> None:
    quiet(axes)
    x, y = found.number, found.column(name)
    shown = found.complete & np.isfinite(y)
    trials = shown & ~found.winner
    if trials.any():
        axes.scatter(x[trials], y[trials], color=PALE, s=8, label=f"trials ({trials.sum()})", zorder=3)
    able = found.feasible & shown
    if able.any():
        lowest = found.directions[found.names.index(name)] == "minimize"
        best = (np.minimum if lowest else np.maximum).accumulate(y[able])
        axes.plot(x[able], best, color=BLUE, drawstyle="steps-post", linewidth=1, label="best so far", zorder=4)
    won = shown & found.winner
    if won.any():
        axes.scatter(x[won], y[won], color=RED, marker="*", s=90, label="winner", zorder=5)
    spread(axes, "y", y[shown])
    for state, colour, marker in (("pruned", GREY, "|"), ("failed", RED, "x"), ("running", ORANGE, "+")):
        own = found.state == state
        rug(axes, x[own], edge=0, label=f"{state} ({own.sum()})", color=colour, marker=marker, s=20, linewidths=0.8)
    if len(x):
        room = 0.5 + 0.02 * np.ptp(x)
        axes.set_xlim(x.min() - room, x.max() + room)
    whole_numbers(axes.xaxis)
    axes.set_ylabel(found.label(name, arrows=("↓", "↑")).replace(" (", "\n("))


def _draw_growth(axes: Axes, result: Growth) -> Axes:
    gates = [step.gates for step in result.steps]
    energies = [step.energy for step in result.steps]
    axes.plot(gates, energies, color=BLUE, marker="o", markersize=3, linewidth=0.8, label="energy, all angles fitted")
    whole_numbers(axes.xaxis)
    axes.set_xlabel("gates of the circuit")
    axes.set_ylabel("energy")
    legend(axes)
    return axes

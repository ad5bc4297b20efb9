"""The Pareto front of a search."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.views.figures.frame import check_ax, legend, panels, quiet, spread
from qtrain.views.figures.history import plot_history
from qtrain.views.figures.trials import Columns, check_objectives, columns
from qtrain.views.palette import BLUE, GREY, PALE, RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.studies.result import SearchResult

MOST_ACROSS = 3


def plot_front(
    result: SearchResult, *, objectives: Sequence[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Every trial by two of its objectives, with the Pareto front and the winner.

    Axes are logarithmic where the figures span decades.

    Args:
        result: of :func:`qtrain.search`.
        objectives: two of its objectives; None: in a new figure every pair of them, in ``ax`` the first two. A search
            with one objective shows its history.
        ax: to draw into; None: a new figure, each panel of one column's width.

    Returns:
        the Axes; of several pairs the first, the others are in ``axes.figure.axes``.

    Raises:
        QTrainError: another result, or objectives that the study has not.

    Example:
        >>> import qtrain, tempfile
        >>> spec = {"name": "ising", "qubits": 2, "task": {"kind": "tfim"}, "trials": 2, "batch": 2,
        ...         "training": {"steps": 5, "starts": 1}, "objectives": {"use": ["task_loss", "parameters"]}}
        >>> found = qtrain.search(spec, tracking_uri="off", storage=tempfile.mkdtemp() + "/ising.journal")
        >>> qtrain.plot_front(found).get_xlabel()
        'task loss (← better)'
    """
    check_ax(ax)
    found = columns(result)
    if len(found.names) < 2:
        return plot_history(result, ax=ax)
    if objectives is not None or ax is not None:
        pairs = [check_objectives(objectives, found.names, most=2)]
        if len(pairs[0]) != 2:
            raise QTrainError(f"objectives should be two of {', '.join(found.names)}. Got {pairs[0][0]}.")
    else:
        pairs = list(itertools.combinations(found.names, 2))  # type: ignore[arg-type]
    across = min(MOST_ACROSS, len(pairs))
    every = [ax] if ax is not None else panels(math.ceil(len(pairs) / across), across, height=2.7)
    for axes in every[len(pairs) :]:
        axes.remove()
    for axes, (a, b) in zip(every, pairs):
        _draw(axes, found, a, b)
    legend(every[0], columns=2 if across == 1 else 4)
    return every[0]


def _draw(axes: Axes, found: Columns, a: str, b: str) -> None:
    quiet(axes)
    x, y = found.column(a), found.column(b)
    shown = found.complete & np.isfinite(x) & np.isfinite(y)
    groups: tuple[tuple[str, np.ndarray, dict[str, Any]], ...] = (
        ("over a limit", shown & ~found.feasible, {"color": GREY, "marker": "x", "s": 12, "linewidths": 0.7}),
        ("trials", shown & found.feasible & ~found.front, {"color": PALE, "marker": "o", "s": 9}),
        ("Pareto front", shown & found.front & ~found.winner, {"color": BLUE, "marker": "s", "s": 16}),
        ("winner", shown & found.winner, {"color": RED, "marker": "*", "s": 90}),
    )
    for order, (name, members, style) in enumerate(groups):
        if members.any():
            axes.scatter(x[members], y[members], label=f"{name} ({members.sum()})", zorder=3 + order, **style)
    if not shown.any():
        axes.text(0.5, 0.5, "no trial was completed", ha="center", va="center", transform=axes.transAxes, fontsize=8)
    spread(axes, "x", x[shown])
    spread(axes, "y", y[shown])
    axes.set_xlabel(found.label(a, arrows=("←", "→")))
    axes.set_ylabel(found.label(b, arrows=("↓", "↑")))

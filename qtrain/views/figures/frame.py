"""What all figures share: a column's width, readable sizes, colours told apart by everyone, and no global state.

A figure is made without pyplot: nothing is left behind, nothing has to be closed. ``axes.figure.savefig("a.pdf")``
saves it, and a notebook shows the Axes that a function returns.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from qtrain.errors import QTrainError
from qtrain.views.palette import CAUSE_COLOURS

WIDTH = 3.4  # inches: one column of a two-column paper
SMALL, TEXT = 7, 8  # points
DPI = 200
READABLE = 12.0  # area of a mark in a legend, points^2, at least

CAUSE_STYLES = {  # by the short word of a cause: colour and marker
    word: (CAUSE_COLOURS[word], marker)
    for word, marker in {
        "healthy": "o", "dead": "x", "concentrated": "s", "lost": "D", "scrambled": "^", "below": "P", "unknown": "v",
    }.items()
}  # fmt: skip
DECADES = 2.0  # an axis over more of them is logarithmic


class ColumnAxes(Axes):
    """Axes of a figure that a function of this folder has made: a notebook shows their figure."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        figure_of(self).savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()


def figure_of(axes: Axes) -> Figure:
    """The whole figure that Axes are in."""
    found = axes.figure
    while not isinstance(found, Figure):
        found = found.figure  # of a part of a figure
    return found


def whole_numbers(*axes: Axis) -> None:
    """Ticks at whole numbers alone."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))


def check_ax(ax: Any) -> None:
    """Refuse what is no Axes."""
    if ax is not None and not isinstance(ax, Axes):
        raise QTrainError(f"ax should be matplotlib Axes, or None for a new figure. Got {type(ax).__name__}.")


def panels(rows: int = 1, columns: int = 1, *, height: float = 2.5) -> list[Axes]:
    """Axes of a new figure, each one column wide and ``height`` inches high."""
    figure = Figure(figsize=(WIDTH * columns, height * rows), dpi=DPI, layout="constrained")
    made = []
    for k in range(rows * columns):
        axes = figure.add_subplot(rows, columns, k + 1, axes_class=ColumnAxes)
        axes.tick_params(labelsize=SMALL)
        axes.xaxis.label.set_fontsize(TEXT)
        axes.yaxis.label.set_fontsize(TEXT)
        axes.title.set_fontsize(TEXT)
        made.append(axes)
    return made


def axes_for(ax: Any, *, height: float = 2.5) -> Axes:
    """The Axes given, or those of a new figure; with a quiet frame."""
    check_ax(ax)
    axes = panels(height=height)[0] if ax is None else ax
    quiet(axes)
    return axes


def quiet(axes: Axes) -> None:
    """A light grid, no box."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.set_axisbelow(True)


def legend(axes: Axes, *, columns: int = 2, below: bool = True) -> None:
    """A legend of what was drawn: below the Axes of an own figure, in those that were given."""
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    marks = [h.get_sizes()[0] for h in handles if hasattr(h, "get_sizes") and len(h.get_sizes())]
    larger = max(1.0, (READABLE / min(marks, default=READABLE)) ** 0.5)  # the marks of many parameters are tiny
    style: dict[str, Any] = {"frameon": False, "markerscale": larger if larger > 1 else None}
    style |= {"handletextpad": 0.4, "columnspacing": 1.0, "labelspacing": 0.3}
    if below and isinstance(axes, ColumnAxes):
        # constrained layout gives a legend of the figure a place of its own
        axes.figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=SMALL, **style)
    else:
        axes.legend(handles, labels, loc="best", fontsize=SMALL, **style)


def spread(axes: Axes, which: str, values: Iterable[float]) -> None:
    """A logarithmic axis where the values span decades: from zero on by its symmetric form; else as it is."""
    known = np.array([v for v in values if math.isfinite(v)], dtype=float)
    positive = known[known > 0]
    if not positive.size or (known < 0).any() or math.log10(positive.max() / positive.min()) < DECADES:
        return
    scale: Callable[..., Any] = getattr(axes, f"set_{which}scale")
    if (known == 0).any():
        scale("symlog", linthresh=float(positive.min()), linscale=0.5)
    else:
        scale("log")


def rug(axes: Axes, positions: Sequence[float], *, edge: float, label: str, **style: Any) -> None:
    """Marks at the lower (``edge`` 0) or the upper (1) rim, for what has no place on the axis."""
    if len(positions):
        axes.margins(y=0.12)  # room for them beside the values
        at = np.full(len(positions), 0.025 + 0.95 * edge)
        axes.scatter(positions, at, transform=axes.get_xaxis_transform(), label=label, zorder=4, **style)

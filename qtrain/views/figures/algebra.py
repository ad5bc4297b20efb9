"""How Lie algebras and modules grow with the number of qubits."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from qtrain.errors import QTrainError
from qtrain.lie.growth import DLAGrowth, Growth
from qtrain.views.figures.frame import axes_for, legend, whole_numbers
from qtrain.views.palette import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST = 300  # decades that an axis can hold


def plot_algebra(result: DLAGrowth, *, ax: Axes | None = None) -> Axes:
    """Dimension of the Lie algebra, and of the observable's module, over the number of qubits.

    Hollow marks with an arrow are lower bounds; the grey line is all of su(2^n).

    Args:
        result: of :func:`qtrain.dla_growth`.
        ax: to draw into; None: a new figure of one column's width.

    Raises:
        QTrainError: another result.

    Example:
        >>> import qtrain
        >>> found = qtrain.dla_growth(qtrain.catalogue.hva_tfim(reps=1), [4, 6, 8, 10], observable="Z0")
        >>> qtrain.plot_algebra(found).get_legend_handles_labels()[1][-1]
        'all of $su(2^n)$'
    """
    if not isinstance(result, DLAGrowth):
        raise QTrainError(f"result should be a DLAGrowth. Got {type(result).__name__}.")
    axes = axes_for(ax)
    axes.set_yscale("log")
    _draw(axes, result.sizes, result.dimension, "algebra", BLUE, "o")
    if result.module is not None:
        _draw(axes, result.sizes, result.module, "observable's module", ORANGE, "s")
    n = np.linspace(min(result.sizes), max(result.sizes), 50)
    whole = n * math.log10(4)
    fits = whole < LARGEST
    top = axes.get_ylim()[1]
    axes.plot(n[fits], 10 ** whole[fits] - 1, color="0.6", linewidth=0.8, linestyle=":", label="all of $su(2^n)$")
    axes.set_ylim(top=min(axes.get_ylim()[1], top * 100))  # the algebras are what is looked at
    axes.set_xlabel("number of qubits n")
    axes.set_ylabel("dimension")
    whole_numbers(axes.xaxis)
    legend(axes, columns=1)
    return axes


def _draw(axes: Axes, sizes: tuple[int, ...], growth: Growth, name: str, colour: str, marker: str) -> None:
    n, done = np.array(sizes), np.array(growth.complete, bool)
    values = np.array([float(min(max(v, 0), 10**LARGEST)) for v in growth.values])
    known, bounds = done & (values > 0), ~done & (values > 0)
    if known.any():
        axes.plot(n[known], values[known], color=colour, marker=marker, markersize=4, linewidth=0.8,
                  label=re.sub(r"n\^(\d+)", r"$n^{\1}$", f"{name}, {growth.law}"))  # fmt: skip
    if bounds.any():
        axes.scatter(n[bounds], values[bounds], facecolors="none", edgecolors=colour, marker="^", s=20,
                     label=f"{name}, at least this", zorder=3)  # fmt: skip

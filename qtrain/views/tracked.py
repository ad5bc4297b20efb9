"""The figures that go with a study's record in MLflow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from qtrain.studies.run.mirror import FIGURES
from qtrain.views.figures.frame import figure_of
from qtrain.views.figures.front import plot_front
from qtrain.views.figures.history import plot_history

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.studies.result import SearchResult


def front(result: SearchResult) -> bytes | None:
    """Every pair of objectives, None where there is one alone or nothing to show."""
    return None if len(result.objectives) < 2 or not result.counts["complete"] else png(plot_front(result))


def history(result: SearchResult) -> bytes | None:
    """Every objective by trial, None where there is nothing to show."""
    return png(plot_history(result)) if result.counts["complete"] else None


def png(axes: Axes) -> bytes:
    """The whole figure, as a file's content."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {"format": "png", "dpi": 160, "bbox_inches": "tight"}
    figure_of(axes).savefig(buffer, **options)
    return buffer.getvalue()


FIGURES.add("pareto_front.png", front, replace=True)
FIGURES.add("history.png", history, replace=True)

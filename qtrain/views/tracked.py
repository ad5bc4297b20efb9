"""The figures that go with a study's record in MLflow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qtrain.studies.run.mirror import FIGURES
from qtrain.views import plotting

if TYPE_CHECKING:
    from qtrain.studies.result import SearchResult


def front(result: SearchResult) -> Any:
    """The Pareto front, of two objectives or more with a complete trial."""
    names = result.objectives
    if len(names) < 2 or not result.counts["complete"]:
        return None
    rows = [[t.objectives.get(name, math.nan) for name in names] for t in result.trials]
    winner = None if result.winner is None else result.winner.number
    return plotting.pareto_front(rows, names, directions=result.directions, front=result.front, winner=winner)


FIGURES.add("pareto_front.png", front, replace=True)

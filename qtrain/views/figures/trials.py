"""What figures of a study read: columns of its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.studies.result import SearchResult
from qtrain.views.names import spoken


@dataclass(frozen=True, eq=False)
class Columns:
    """Trials as arrays, in the order of their numbers.

    Attributes:
        number: (trials,). values: (trials, objectives), NaN where there is none.
        complete, feasible, front, winner: (trials,) bool. state: (trials,) text.
        names, directions: (objectives,).
    """

    number: np.ndarray
    values: np.ndarray
    complete: np.ndarray
    feasible: np.ndarray
    front: np.ndarray
    winner: np.ndarray
    state: np.ndarray
    names: tuple[str, ...]
    directions: tuple[str, ...]

    def column(self, name: str) -> np.ndarray:
        return np.asarray(self.values[:, self.names.index(name)])

    def label(self, name: str, *, arrows: tuple[str, str]) -> str:
        """``two-qubit depth (← better)``; ``arrows``: to lower and to higher values."""
        better = arrows[self.directions[self.names.index(name)] == "maximize"]
        return f"{spoken(name)} ({better} better)"


def columns(result: Any) -> Columns:
    """Of a search's result.

    Raises:
        QTrainError: another result.
    """
    if not isinstance(result, SearchResult):
        raise QTrainError(f"result should be a SearchResult. Got {type(result).__name__}.")
    trials = sorted(result.trials, key=lambda t: t.number)
    names = tuple(result.objectives)
    values = np.array([[_figure(t.objectives.get(name)) for name in names] for t in trials], dtype=float)
    best = None if result.winner is None else result.winner.number
    return Columns(
        np.array([t.number for t in trials], dtype=int), values.reshape(len(trials), len(names)),
        np.array([t.state == "complete" for t in trials], bool), np.array([t.feasible for t in trials], bool),
        np.array([t.number in set(result.front) for t in trials], bool),
        np.array([t.number == best for t in trials], bool), np.array([t.state for t in trials], dtype="U16"),
        names, tuple(result.directions),
    )  # fmt: skip


def _figure(value: Any) -> float:
    return float("nan") if value is None else float(value)


def check_objectives(names: Sequence[str] | str | None, known: Sequence[str], *, most: int) -> tuple[str, ...]:
    """The objectives asked for.

    Raises:
        QTrainError: names that the study has not, or too many of them.
    """
    asked = (names,) if isinstance(names, str) else tuple(names or known[:most])
    if len(asked) > most or any(name not in known for name in asked) or len(set(asked)) < len(asked):
        got = ", ".join(map(str, asked))
        raise QTrainError(f"objectives should be at most {most} different ones of {', '.join(known)}. Got {got}.")
    return asked

"""Trials: what a search knows of each candidate, and which of them no other beats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qtrain.json_results import Shown, number
from qtrain.studies.objectives import signs

ROOT = "root"  # in the place of a move: the first gates on a reference state
TRAIN_ON = "train_on"  # likewise: the parent itself, trained for longer
RESTART = "restart"  # likewise: the parent's circuit from other angles
MOVE, PARENT = "grown.move", "grown.parent"  # in the params of a grown candidate


@dataclass(frozen=True, repr=False)
class TrialRecord(Shown):
    """One trial, as it stands in the storage and in MLflow.

    Attributes:
        number: its place in the study; ``batch``: of proposals it belongs to; ``seed``: of its random choices.
        state: "complete", "pruned" (``reason``: the limit it broke), "failed" (``reason``: how) or "running".
        architecture: plain data of the architecture (or of the circuit, for a start that is not in the space).
        architecture_id: its content id; ``duplicate_of``: the number of the trial that answered this one.
        angles: that its training begins with, () where they are drawn by the seed.
        steps: of its training, None: the spec's.
        bar: a loss above which nothing will grow from it, None: there is none.
        objectives: value by name; ``constraints``: value by name, feasible where ≤ 0.
        metrics: every figure the criteria gave; ``timings``: seconds by stage; ``report``: the criteria's results.
        params: what the sampler drew, or of a grown candidate the move and the number of the trial it edits (-1, -2, …:
            a reference state); ``versions``: of the packages behind the figures.
        begun, ended: seconds since 1970, UTC.
    """

    number: int
    state: str
    reason: str = ""
    batch: int = 0
    seed: int = 0
    architecture: Mapping[str, Any] = field(default_factory=dict)
    architecture_id: str = ""
    angles: tuple[float, ...] = ()
    bar: float | None = None
    steps: int | None = None
    duplicate_of: int | None = None
    objectives: Mapping[str, float] = field(default_factory=dict)
    constraints: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    begun: float = 0.0
    ended: float = 0.0

    def _brief(self) -> str:
        figures = ", ".join(f"{name} {number(value)}" for name, value in self.objectives.items())
        return ", ".join(part for part in (f"{self.number}, {self.state}", figures, self.reason, self.origin) if part)

    @property
    def seconds(self) -> float:
        """Spent on evaluating it; 0 for a duplicate."""
        return sum(self.timings.values())

    @property
    def key(self) -> str:
        """What is trained: trials of one key are answered from the first of them."""
        if not self.angles:
            return self.architecture_id
        return f"{self.architecture_id}:{hashlib.sha256(repr(self.angles).encode()).hexdigest()[:16]}"

    @property
    def payload(self) -> dict[str, Any]:
        """What decides its figures: sent to the process that evaluates it."""
        own = {"angles": list(self.angles), "bar": self.bar, "steps": self.steps}
        plain = {"architecture": self.architecture, "seed": self.seed, "number": self.number}
        return plain | {name: value for name, value in own.items() if value not in (None, [])}

    @property
    def origin(self) -> str:
        """Of a grown candidate the trial it comes from, and the move: "57 by append"; else "".

        Example:
            >>> TrialRecord(60, "running", params={"grown.move": "append", "grown.parent": 57}).origin
            '57 by append'
        """
        if MOVE not in self.params:
            return ""
        move, parent = self.params[MOVE], int(self.params[PARENT])
        whence = f"reference {-parent}" if parent < 0 else str(parent)
        return whence if move == ROOT else f"{whence} by {move.replace('_', ' ')}"

    @property
    def scored(self) -> bool:
        """Whether a later trial of the same architecture is answered from this one."""
        return self.state in ("complete", "pruned") and self.duplicate_of is None

    @property
    def feasible(self) -> bool:
        """Complete, and within every constraint."""
        return self.state == "complete" and all(value <= 0 for value in self.constraints.values())


def pareto_front(trials: Sequence[TrialRecord], objectives: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the feasible trials that no other feasible trial dominates; of equal ones the first.

    Example:
        >>> a = TrialRecord(0, "complete", objectives={"task_loss": 1.0, "trainability": -2.0})
        >>> b = TrialRecord(1, "complete", objectives={"task_loss": 2.0, "trainability": -1.0})
        >>> c = TrialRecord(2, "complete", objectives={"task_loss": 2.0, "trainability": -2.0})
        >>> pareto_front([a, b, c], ["task_loss", "trainability"])
        (0, 1)
    """
    able = [t for t in trials if t.feasible and t.duplicate_of is None]
    if not able:
        return ()
    points = np.array([[t.objectives[name] for name in objectives] for t in able]) * np.array(
        signs(objectives)
    )
    numbers = np.array([t.number for t in able])
    # in this order a point is dominated by earlier ones alone, and equal ones follow each other by number
    front = np.empty_like(points)
    kept: list[int] = []
    for k in np.lexsort((numbers, *points.T[::-1])).tolist():
        if not (front[: len(kept)] <= points[k]).all(axis=1).any():
            front[len(kept)] = points[k]
            kept.append(k)
    return tuple(int(numbers[k]) for k in sorted(kept))

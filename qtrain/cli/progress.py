"""The progress line of a search: trials, the best value of each objective, pruned and failed counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from rich import progress
from rich.console import Console

from qtrain.views.tables import number

if TYPE_CHECKING:
    from qtrain.studies.trials import TrialRecord


class SearchProgress:
    """Shows every finished trial; on a pipe it prints one line per tenth of the search instead of a bar.

    Args:
        total: trials asked for.
        names: of the objectives; ``directions``: "minimize" or "maximize" for each.
        console: where to draw (stderr, so that stdout stays clean for ``--json``).
    """

    def __init__(self, total: int, names: Sequence[str], directions: Sequence[str], console: Console) -> None:
        self.total, self.names, self.console = total, tuple(names), console
        self.directions = dict(zip(names, directions))
        self.counts: Counter[str] = Counter()
        self.best: dict[str, float] = {}
        self.origin = ""  # of the best by the first objective
        self._said = 0
        self._bar = progress.Progress(
            progress.TextColumn("[bold]trials"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[status]}"),
            console=console,
        )
        self._task = self._bar.add_task("trials", total=total, status="")

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.console.is_terminal:
            self._bar.stop()

    def show(self, trial: TrialRecord) -> None:
        """One more trial has ended."""
        self.counts[trial.state] += 1
        for name, value in trial.objectives.items() if trial.feasible else ():
            if name in self.names and math.isfinite(value):
                better = max if self.directions[name] == "maximize" else min
                known = self.best.get(name)
                self.best[name] = value if known is None else better(known, value)
                if name == self.names[0] and known != self.best[name]:
                    self.origin = f" (grown from {trial.origin})" if trial.origin else ""
        done = sum(self.counts.values())
        self._bar.update(self._task, completed=done, status=self.status())
        if not self.console.is_terminal and done * 10 // max(self.total, 1) > self._said:
            self._said = done * 10 // max(self.total, 1)
            self.console.print(f"{done}/{self.total} trials, {self.status()}", soft_wrap=True, markup=False)

    def status(self) -> str:
        """``best task_loss 0.12 (grown from 57 by append), trainability -2.1 | pruned 3, failed 0``."""
        said = {name: number(self.best[name]) for name in self.names if name in self.best}
        best = ", ".join(
            f"{name} {value}{self.origin if name == self.names[0] else ''}" for name, value in said.items()
        )
        counts = f"pruned {self.counts['pruned']}, failed {self.counts['failed']}"
        return f"best {best} | {counts}" if best else counts

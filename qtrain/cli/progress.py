"""The view of a search while it runs: a bar, counts, what is left, the front and the best trial so far."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from qtrain.json_results import count
from qtrain.studies.objectives import signs
from qtrain.studies.result import choose_winner
from qtrain.views.study_tables import values_of

if TYPE_CHECKING:
    from qtrain.studies.spec.search_spec import SearchSpec
    from qtrain.studies.trials import TrialRecord

NARROW = 60  # columns; below, the time that has passed is left out


class SearchProgress:
    """Shows every trial that has ended; where there is no terminal, it prints a line for each batch.

    Args:
        spec: of the search; ``total``: trials that are asked for.
        console: where to draw (stderr, so that stdout stays clean for ``--json``).
        shared: others work on the study as well, so that what is left is not known here.
    """

    def __init__(self, spec: SearchSpec, total: int, console: Console, *, shared: bool = False) -> None:
        self.spec, self.total, self.console, self.shared = spec, total, console, shared
        self.counts: Counter[str] = Counter()
        self.front: dict[int, TrialRecord] = {}
        self.earlier = 0  # trials of an earlier start
        self.began, self.begun = time.time(), time.monotonic()
        self.ends: list[float] = []  # of this start's trials
        self._said, self._over = 0, False
        self._live = Live(get_renderable=self.view, console=console, refresh_per_second=4)

    @property
    def drawn(self) -> bool:
        """Whether it is a view that changes, instead of lines."""
        return self.console.is_terminal and not self.console.is_dumb_terminal

    def __enter__(self) -> Self:
        if self.drawn:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        if self.drawn:
            self._live.stop()

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    def show(self, trial: TrialRecord) -> None:
        """One more trial has ended."""
        self.counts[trial.state] += 1
        if trial.ended < self.began:
            self.earlier += 1
        else:
            self.ends.append(time.monotonic())
        self._place(trial)
        if not self.drawn and self.ends and (self.done >= self._said + self.spec.batch or self.done == self.total):
            self._said = self.done
            self.console.print(self.line(), soft_wrap=True, markup=False, highlight=False)

    def _place(self, trial: TrialRecord) -> None:
        """Let the trial into the front, if no other beats it, and those that it beats out."""
        names = self.spec.objectives.use
        if not trial.feasible or trial.duplicate_of is not None:
            return
        sign = signs(names)

        def beats(a: TrialRecord, b: TrialRecord) -> bool:
            ours, theirs = ([s * t.objectives[n] for s, n in zip(sign, names)] for t in (a, b))
            better = all(x <= y for x, y in zip(ours, theirs))
            return better and (ours != theirs or a.number < b.number)  # of equal ones the first stays

        if any(beats(other, trial) for other in self.front.values()):
            return
        kept = {number: other for number, other in self.front.items() if not beats(trial, other)}
        self.front = kept | {trial.number: trial}

    @property
    def best(self) -> TrialRecord | None:
        """The trial of the front that would win now."""
        families = [n for n, t in self.front.items() if "circuit" not in t.architecture] or list(self.front)
        number = choose_winner(list(self.front.values()), families, self.spec.objectives.use, self.spec.winner)
        return None if number is None else self.front[number]

    def rate(self) -> float | None:
        """Trials per second of this start, None while that is not known."""
        if len(self.ends) < 2:
            return None
        return (len(self.ends) - 1) / max(self.ends[-1] - self.ends[0], 1e-3)

    def pace(self) -> str:
        """``1.5 trials/s, 0:00:40 left``; "" while that is not known."""
        rate = self.rate()
        if rate is None:
            return ""
        said = f"{rate:.1f} trials/s" if rate >= 1 else f"{60 * rate:.1f} trials/min"
        left = max(0, self.total - self.done)
        return said if self.shared or not left else f"{said}, {_clock(left / rate)} left"

    def status(self) -> str:
        """``12 complete, 3 pruned, 0 failed; 4 on the front``."""
        states = ", ".join(f"{self.counts[state]} {state}" for state in ("complete", "pruned", "failed"))
        return f"{states}; {len(self.front)} on the front" if self.front else states

    def leader(self) -> str:
        """The best trial with its own figures, "" while there is none."""
        best = self.best
        if best is None:
            return ""
        origin = f" (grown from {best.origin})" if best.origin else ""
        return f"best: trial {best.number}{origin}, {values_of(best, self.spec.objectives.use)}"

    def line(self) -> str:
        """Everything in a line."""
        earlier = f" ({self.earlier} of an earlier start)" if self.earlier else ""
        whose = "of this worker's " if self.shared else ""
        head = f"{whose}{self.done}/{count(self.total, 'trial')}{earlier}: {self.status()}"
        return "; ".join(part for part in (head, self.leader(), self.pace()) if part)

    def view(self) -> RenderableType:
        """Everything, for a terminal of any width."""
        elapsed = _clock(time.monotonic() - self.begun)
        count = f"{self.done}/{self.total}"
        right = [count] if self.console.width < NARROW else [count, elapsed]
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        for _ in right:
            table.add_column(no_wrap=True, justify="right")
        bar = ProgressBar(total=max(self.total, 1), completed=min(self.done, self.total))
        table.add_row(Text("trials", style="bold"), bar, *right)
        lines: list[RenderableType] = [table, Text(self.status())]
        if self.front:
            lines.append(Text(self.leader(), style="cyan"))
        if self._over:
            return Group(*lines)
        if self.done >= self.total and not self.shared:
            full = self.spec.training.full_steps and self.spec.trains
            lines.append(Text("training the front in full …" if full else "recording, registering the winner …"))
        elif self.pace():
            lines.append(Text(self.pace(), style="dim"))
        else:
            lines.append(Text("worker processes get ready …", style="dim"))
        return Group(*lines)


def _clock(seconds: float) -> str:
    """``0:01:05`` for 65 seconds."""
    whole = int(seconds + 0.5)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"

"""Who trains on: successive halving over all circuits of a search, and fresh starts for the best of them.

A short training tells little of a rich circuit, and every training only of its own start. So losses are compared among
trials of about as many gradients alone, ancestors' included, and the best in four of each such rung train four times as
long (ASHA, 1810.05934); circuits that lead are trained again from other angles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from qtrain.studies.trials import MOVE, PARENT, RESTART, TRAIN_ON, TrialRecord

LONGER = 4
"""Times the gradients from rung to rung; of a rung the best one in so many goes on."""
MOST_STEPS = 3200
LEADERS = 8  # circuits that may be trained from other angles


def task_loss(trial: TrialRecord) -> float:
    return trial.objectives.get("task_loss", 0.0)


def behind(trials: Sequence[TrialRecord]) -> dict[int, float]:
    """Gradients for each start that a trial's angles have seen, those of the trials that it inherits from included."""
    seen: dict[int, float] = {}
    for trial in sorted(trials, key=lambda t: t.number):
        own = trial.metrics.get("gradient_evaluations", 0.0) / max(1, len(trial.report["training"]["losses"]))
        inherits = trial.angles and trial.params.get(MOVE) != RESTART
        seen[trial.number] = own + (seen.get(trial.params.get(PARENT, -1), 0.0) if inherits else 0.0)
    return seen


def rung_of(gradients: float, steps: int) -> int:
    """0 for a first training of so many steps, 1 for about four times as many gradients, ….

    Example:
        >>> rung_of(50, 50), rung_of(30, 50), rung_of(250, 50), rung_of(1050, 50)
        (0, 0, 1, 2)
    """
    return max(0, round(math.log(max(1.0, gradients) / steps, LONGER)))


def next_to_train(
    trials: Sequence[TrialRecord], gradients: Mapping[int, float], unfinished: Sequence[TrialRecord], steps: int,
    *, richest: bool,
) -> TrialRecord | None:  # fmt: skip
    """Of the highest rung that has one, a trial that is among the best in four there and not at its end.

    ``richest``: among those of most parameters that are not at their end, instead of those of the lowest loss: a rich
    circuit learns slowly at first, and ends lower.
    """
    able = {trial.number for trial in unfinished}
    rungs: dict[int, list[TrialRecord]] = {}
    for trial in trials:
        rungs.setdefault(rung_of(gradients[trial.number], steps), []).append(trial)

    def order(trial: TrialRecord) -> tuple[float, ...]:
        size = -trial.metrics.get("parameters", 0.0) if richest and trial.number in able else 0.0
        return size, task_loss(trial), trial.number

    for rung in sorted(rungs, reverse=True):
        peers = sorted(rungs[rung], key=order)
        best = peers[: -(-len(peers) // LONGER)] if len(peers) > 1 else []
        found = next((trial for trial in best if trial.number in able), None)
        if found is not None:
            return found
    return None


def next_to_restart(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The best trial of a leading circuit: the better it is, and the fewer starts it has had, the sooner."""
    best: dict[str, TrialRecord] = {}
    for trial in sorted(trials, key=lambda t: (task_loss(t), t.number)):
        best.setdefault(trial.architecture_id, trial)
    again = Counter(t.architecture_id for t in trials if t.params.get(MOVE) == RESTART)
    leaders = list(best.values())[:LEADERS]
    return min(leaders, key=lambda t: (leaders.index(t) + again[t.architecture_id], leaders.index(t)), default=None)


def continued(trials: Sequence[TrialRecord]) -> set[int]:
    """Trials whose training went on in another one."""
    return {int(t.params[PARENT]) for t in trials if t.params.get(MOVE) == TRAIN_ON}

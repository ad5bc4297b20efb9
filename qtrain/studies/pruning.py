"""A pruner of Optuna's on the losses of a training: what the trials of earlier batches reported is its past.

It judges in the worker process, from a study in memory that holds the finished trials of earlier batches and the trial
itself. So whether a trial is pruned depends on neither the number of jobs nor who ends first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qtrain.errors import QTrainError
from qtrain.studies.trials import TrialRecord

REPORTS = 20  # of a training


class Pruned(Exception):
    """The pruner gave a training up."""


def past(trials: Iterable[TrialRecord]) -> list[dict[str, Any]]:
    """What a pruner sees of finished trials: those that trained while it watched."""
    watched = (t.report.get("pruning") for t in trials if t.state in ("complete", "pruned"))
    return [dict(one) for one in watched if one]


@dataclass
class Watch:
    """The pruner's part in one training.

    Attributes:
        pruner: an ``optuna.pruners.BasePruner``; ``before``: what :func:`past` gave; ``steps``: of the whole training.
        values: loss by step, so far.
    """

    pruner: Any
    before: list[dict[str, Any]]
    steps: int = 0
    values: dict[int, float] = field(default_factory=dict)
    study: Any = None
    trial_id: int = -1
    ended: bool = False

    def __call__(self, step: int, loss: float) -> None:
        """Report the loss in front of a step, counted from 0.

        Raises:
            Pruned: the training shall end.
        """
        if step % max(1, self.steps // REPORTS) or step <= max(self.values, default=-1):
            return
        if self.study is None:
            self.begin()
        self.values[step] = loss
        self.study._storage.set_trial_intermediate_value(self.trial_id, step, loss)
        if self.pruner.prune(self.study, self.study.get_trials(deepcopy=True)[-1]):
            self.ended = True
            raise Pruned(f"{type(self.pruner).__name__} ended it at step {step}")

    def begin(self) -> None:
        """The study in memory, with its past."""
        import optuna
        from optuna.trial import TrialState, create_trial

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(direction="minimize", pruner=self.pruner)
        for known in self.before:
            values = {int(step): value for step, value in known["losses"].items()}
            state = TrialState.PRUNED if known["pruned"] else TrialState.COMPLETE
            self.study.add_trial(create_trial(
                state=state, value=values[max(values)], intermediate_values=values, system_attrs=known["attributes"],
            ))  # fmt: skip
        self.study.add_trial(create_trial(state=TrialState.RUNNING))
        self.trial_id = self.study.get_trials(deepcopy=False)[-1]._trial_id

    def report(self) -> dict[str, Any]:
        """What later trials are compared with: plain data."""
        attributes = {} if self.study is None else dict(self.study.get_trials(deepcopy=False)[-1].system_attrs)
        losses = {str(step): value for step, value in self.values.items()}
        return {"losses": losses, "pruned": self.ended, "attributes": attributes} if losses else {}


def check_pruner(pruner: Any) -> Any:
    """A pruner, if it is one.

    Raises:
        QTrainError: it is none, or does not pickle.
    """
    import pickle

    import optuna

    if not isinstance(pruner, optuna.pruners.BasePruner):
        raise QTrainError(f"pruner should be a pruner of Optuna, such as MedianPruner(). Got {pruner!r}.")
    try:
        pickle.dumps(pruner)
    except Exception as error:  # whatever its parts do
        raise QTrainError(
            f"pruner should be sent to worker processes. Got {type(pruner).__name__}, which does not pickle: {error}."
        ) from None
    return pruner


def payload(trial: TrialRecord, pruning: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a worker process gets of a trial."""
    return dict(trial.payload) if pruning is None else {**trial.payload, "pruning": dict(pruning)}

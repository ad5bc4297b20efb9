"""Pruners in a training: what they are shown, and that they judge as Optuna has them judge."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.studies.pruning import Pruned, Watch, check_pruner

PRUNERS = {
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1),
    "halving": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
    "threshold": lambda: optuna.pruners.ThresholdPruner(upper=0.8),
}


def curve(pruner, before, losses):
    """(steps that were reported, whether it was ended, what is kept of it)."""
    watch = Watch(pruner, before, steps=len(losses))
    try:
        for step, loss in enumerate(losses):
            watch(step, loss)
    except Pruned:
        pass
    return len(watch.values), watch.ended, watch.report()


@settings(max_examples=25)
@given(st.sampled_from(sorted(PRUNERS)), st.integers(0, 2**31))
def test_a_trial_ends_where_optuna_ends_it(kind, seed):
    curves = np.random.default_rng(seed).random((8, 6)).cumsum(axis=1)[:, ::-1] / 3
    study, before = optuna.create_study(pruner=PRUNERS[kind]()), []
    for losses in curves:
        trial, ended, seen = study.ask(), False, 0
        for step, loss in enumerate(losses):
            trial.report(float(loss), step)
            seen += 1
            if trial.should_prune():
                ended = True
                break
        study.tell(trial, None if ended else float(losses[-1]), state=optuna.trial.TrialState.PRUNED if ended else None)
        found = curve(PRUNERS[kind](), before, losses.tolist())
        assert found[:2] == (seen, ended)
        before.append(found[2])


def test_long_trainings_report_twenty_times():
    watch = Watch(optuna.pruners.NopPruner(), [], steps=200)
    for step in range(200):
        watch(step, 1.0)
    assert len(watch.values) == 20


def test_what_is_no_pruner_is_refused():
    class Own(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            return False

        def __reduce__(self):
            raise TypeError("no way")

    for pruner, message in ((3, "a pruner of Optuna"), (Own(), "does not pickle")):
        with pytest.raises(QTrainError, match=message):
            check_pruner(pruner)

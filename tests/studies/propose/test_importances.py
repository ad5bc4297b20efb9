"""Shares of choices follow from what they do."""

from __future__ import annotations

import dataclasses

import optuna
import pytest
from figures import study_of

from qtrain.studies.propose.importances import importances


def drawn(values, choices, **more):
    """A study whose trials drew these choices."""
    result = study_of({"task_loss": values}, **more)
    trials = tuple(dataclasses.replace(t, params=c) for t, c in zip(result.trials, choices))
    return dataclasses.replace(result, trials=trials)


def test_what_decides_has_the_largest_share():
    choices = [{"deep": k % 2, "colour": "rgb"[k % 3], "same": 1} for k in range(36)]
    shares = importances(drawn([10.0 * c["deep"] + 0.01 * k for k, c in enumerate(choices)], choices))["task_loss"]
    assert max(shares, key=shares.get) == "deep" and sum(shares.values()) == pytest.approx(1)
    assert "same" not in shares


def test_choices_of_several_types_and_of_some_trials_alone():
    choices = [{"repetitions": [1, 2, "log"][k % 3]} | ({"edge": True} if k % 2 else {}) for k in range(12)]
    assert "repetitions" in importances(drawn(list(range(12)), choices))["task_loss"]


def test_little_says_nothing():
    few = [{"deep": k % 2} for k in range(7)]
    assert importances(drawn(list(range(7)), few)) == {}
    assert importances(drawn([1.0] * 12, [{"deep": k % 2} for k in range(12)])) == {}
    assert importances(drawn(list(range(12)), [{}] * 12)) == {}
    assert importances(drawn([0.0] * 12, [{"deep": 1}] * 12, states=["failed"] * 12)) == {}


def test_optuna_is_left_as_it_was(capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    importances(drawn(list(range(12)), [{"deep": k % 2} for k in range(12)]))
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert "study created" not in capfd.readouterr().err

"""A search ends behind the batch that has used up its gradients: the same trials as one that had more to spend."""

from __future__ import annotations

import pytest

import qtrain
from qtrain.errors import QTrainError
from qtrain.studies.comparison.searching import spent
from qtrain.studies.run.spent import gradients_of
from qtrain.studies.spec.search_spec import read_spec

SPEC = {
    "name": "spent", "qubits": 3, "task": {"kind": "tfim"}, "trials": 20, "batch": 4,
    "objectives": {"use": ["task_loss"], "algebra": False}, "training": {"steps": 10, "starts": 2},
    "growth": {"share": 0.5}, "limits": {"seconds": 300},
}  # fmt: skip


def run(journal, n_jobs=1, **more):
    return qtrain.search(SPEC | more, storage=journal, tracking_uri="off", n_jobs=n_jobs)


def essence(trials):
    return [(t.number, t.architecture_id, t.state, t.objectives) for t in trials]


def test_a_search_ends_behind_the_batch_that_has_used_up_its_gradients():
    whole = run("whole.journal")
    assert len(whole.trials) == 20
    behind = [gradients_of(whole.trials[: 4 * k], whole.spec) for k in range(6)]
    assert behind[0] == 0 and behind == sorted(behind) and spent(whole) >= behind[5] > behind[2]
    budget = behind[1] + 1  # the second batch begins, the third does not
    short = run("short.journal", gradients=budget)
    assert essence(short.trials) == essence(whole.trials[:8])
    both = run("both.journal", 2, gradients=budget)
    assert essence(both.trials) == essence(short.trials) and both.winner.number == short.winner.number
    assert len(run("short.journal", gradients=budget).trials) == 8  # asked again: nothing is left to do
    assert essence(run("short.journal").trials) == essence(whole.trials)  # more is allowed: it goes on


def test_the_budget_is_no_part_of_what_a_search_is():
    assert read_spec(SPEC | {"gradients": 50}).content_id() == read_spec(SPEC).content_id()
    assert "gradients" not in read_spec(SPEC).to_dict() and read_spec(SPEC | {"gradients": 50}).to_dict()["gradients"] == 50
    with pytest.raises(QTrainError, match="gradients"):
        read_spec(SPEC | {"gradients": 0})

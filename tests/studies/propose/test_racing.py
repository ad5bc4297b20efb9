"""Who trains on: of trials with as many gradients behind them the best in four; who begins again: leaders in turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import qpy
from qiskit.circuit.library import efficient_su2

import qtrain
from qtrain.studies.propose.racing import LEADERS, LONGER, behind, next_to_restart, next_to_train, rung_of
from qtrain.studies.trials import MOVE, PARENT, RESTART, TRAIN_ON, TrialRecord

STEPS = 50


def trial(number, loss=0.1, gradients=50, parameters=4, params=None, architecture=None, starts=1):
    return TrialRecord(
        number, "complete", architecture_id=f"a{number if architecture is None else architecture}",
        params=params or {}, angles=(0.1,) if params else (), objectives={"task_loss": loss},
        metrics={"gradient_evaluations": float(gradients), "parameters": float(parameters)},
        report={"training": {"losses": [loss] * starts}},
    )  # fmt: skip


def test_gradients_of_ancestors_count_but_not_where_angles_are_drawn_anew():
    grown = {MOVE: "append", PARENT: 0}
    trials = [
        trial(0, gradients=100, starts=2),
        trial(1, gradients=150, params={MOVE: TRAIN_ON, PARENT: 0}),
        trial(2, gradients=10, params=grown | {PARENT: 1}),
        trial(3, gradients=200, params={MOVE: RESTART, PARENT: 2}),
        trial(4, gradients=7, params=grown | {PARENT: -1}),
    ]
    assert behind(trials) == {0: 50, 1: 200, 2: 210, 3: 200, 4: 7}


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from((50, 200, 800)), st.integers(1, 9)), max_size=40), st.data())
def test_it_is_among_the_best_in_four_of_the_highest_rung_that_has_one(drawn, data):
    trials = [trial(k, loss, gradients, parameters) for k, (loss, gradients, parameters) in enumerate(drawn)]
    unfinished = [t for t in trials if data.draw(st.booleans())]
    gradients = behind(trials)
    found = next_to_train(trials, gradients, unfinished, STEPS, richest=False)
    rungs = {k: [t for t in trials if rung_of(gradients[t.number], STEPS) == k] for k in range(3)}
    able = {
        k: [t for t in sorted(peers, key=lambda t: (t.objectives["task_loss"], t.number))[: -(-len(peers) // LONGER)]
            if t in unfinished and len(peers) > 1]
        for k, peers in rungs.items()
    }  # fmt: skip
    expected = next((able[k][0] for k in (2, 1, 0) if able[k]), None)
    assert found is expected
    rich = next_to_train(trials, gradients, unfinished, STEPS, richest=True)
    if rich is not None:
        peers = [t for t in unfinished if rung_of(gradients[t.number], STEPS) == rung_of(gradients[rich.number], STEPS)]
        assert rich.metrics["parameters"] == max(t.metrics["parameters"] for t in peers)


def test_leaders_begin_again_in_turns_the_better_the_more_often():
    trials = [trial(k, loss=k / 100) for k in range(20)]
    begun = []
    for number in range(20, 50):
        leader = next_to_restart(trials)
        begun.append(leader.number)
        again = {MOVE: RESTART, PARENT: leader.number}
        trials.append(trial(number, loss=1.0, params=again, architecture=leader.number))
    assert begun[0] == 0 and set(begun) <= set(range(LEADERS)) and len(set(begun)) > 3
    counts = [begun.count(k) for k in range(LEADERS)]
    assert counts == sorted(counts, reverse=True)
    assert next_to_restart([]) is None


def test_what_came_to_rest_begins_again_from_as_many_angles_as_its_steps_allow(tmp_path):
    spec = {
        "name": "again", "qubits": 3, "task": {"kind": "xxz"}, "trials": 48, "batch": 12, "seed": 1,
        "device": {"topology": "line"}, "growth": {"share": 0.9, "pools": ["auto"], "references": ["auto"]},
        "objectives": {"use": ["task_loss"], "algebra": False}, "limits": {"seconds": 300, "memory_mb": 3000},
        "constraints": {"max_dead_fraction": 1.0, "min_trainability": -20.0},
        "training": {"optimizer": "lbfgs", "steps": 60, "starts": 1, "aggregate": "best"},
    }  # fmt: skip
    result = qtrain.search(spec, tracking_uri="off", storage=tmp_path / "again.journal")
    again = [t for t in result.trials if t.params.get(MOVE) == RESTART and t.state == "complete"]
    rows = [np.atleast_2d(t.angles) for t in again]
    assert any(len(r) > 1 for r in rows)
    for trial, starts in zip(again, rows, strict=True):
        parent = result.trials[trial.params[PARENT]]
        assert trial.architecture_id == parent.architecture_id and trial.steps * len(starts) <= LONGER * 60
        losses = trial.report["training"]["losses"]
        assert len(losses) == len(starts) and trial.objectives["task_loss"] == pytest.approx(min(losses), rel=1e-4)
        assert trial.metrics["gradient_evaluations"] <= trial.steps * len(starts)
        assert len(trial.report["training"]["weights"]) == starts.shape[1]


def test_a_circuit_of_the_users_begins_and_does_not_race(tmp_path):
    """It is no list of gates that could be edited: what is trained on, or begins again, are architectures."""
    with (tmp_path / "own.qpy").open("wb") as file:
        qpy.dump(efficient_su2(3, reps=2), file)
    spec = {
        "name": "own", "qubits": 3, "task": {"kind": "xxz"}, "trials": 40, "batch": 8, "start": [str(tmp_path / "own.qpy")],
        "growth": {"share": 0.9, "pools": ["auto"], "references": ["auto"]}, "objectives": {"use": ["task_loss"]},
        "training": {"optimizer": "lbfgs", "steps": 10, "starts": 1, "aggregate": "best"},
        "limits": {"seconds": 300, "memory_mb": 3000},
    }  # fmt: skip
    result = qtrain.search(spec, tracking_uri="off", storage=tmp_path / "own.journal")
    assert len(result.trials) == 40 and "circuit" in result.trials[0].architecture
    assert {t.params.get(MOVE) for t in result.trials} >= {TRAIN_ON, RESTART}
    assert all(t.steps <= 10 for t in result.trials if t.steps and t.params[MOVE] not in (TRAIN_ON, RESTART))

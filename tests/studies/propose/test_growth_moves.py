"""Circuits that grow on data: children of trained circuits, each fold with angles of its own."""

from __future__ import annotations

import numpy as np
import pytest

import qtrain
from qtrain.architecture.architecture import Architecture
from qtrain.growth.edits import GateList
from qtrain.growth.suggest import Addition, Suggestions
from qtrain.studies.propose.growing import as_parent
from qtrain.studies.propose.growth_moves import GROWTH_MOVES, Growing, GrowthMove, Parent
from qtrain.studies.trials import MOVE, PARENT, ROOT


def spec_of(**more):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 2))
    return {
        "name": "grown-data", "qubits": 2, "trials": 14, "batch": 4, "sampler": "evolution",
        "task": {"kind": "data", "X": x, "y": (x[:, 0] * x[:, 1] > 0).astype(int)},
        "space": {"uploads": [1, 2], "repetitions": [1]}, "growth": {"share": 0.9, "places": 1},
        "objectives": {"use": ["task_loss"], "algebra": False},
        "constraints": {"max_dead_fraction": 1.0, "min_trainability": -20.0},
        "training": {"steps": 3, "starts": 2, "folds": 2, "full_steps": 4, "full_starts": 2, "full_trials": 3},
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grown")
    return [
        qtrain.search(spec_of(), n_jobs=jobs, storage=str(folder / f"{jobs}.journal"), tracking_uri="off")
        for jobs in (1, 2)
    ]


def test_the_number_of_jobs_changes_nothing(searched):
    one, two = (
        [(t.state, t.architecture_id, t.angles, t.objectives, t.params, t.report.get("growth")) for t in r.trials]
        for r in searched
    )
    assert one == two
    assert searched[0].winner.number == searched[1].winner.number


def test_each_start_of_a_child_begins_at_its_own_angles(searched):
    trials = searched[0].trials
    grown = [t for t in trials if t.angles and t.params.get(MOVE, ROOT) != ROOT]
    assert {t.params[PARENT] for t in trials if t.params.get(MOVE) == ROOT} and grown
    for trial in grown:
        family = Architecture.from_dict(dict(trial.architecture))
        assert np.shape(trial.angles) == (2, family.uploads * family.num_parameters(2))
        # of the parent's angles those that are still there: start by start, so no fold learns what another one knows
        parent = as_parent(trials[trial.params[PARENT]], 2)
        for start in (0, 1):
            theirs = {a for k in range(parent.uploads) for a in parent.columns[start * parent.uploads + k]}
            others = {a for column in parent.columns for a in column} - theirs
            assert not others & set(trial.angles[start])
            if trial.params[MOVE] in ("append", "batch"):
                assert theirs <= set(trial.angles[start])


def test_nothing_is_inherited_where_the_spec_says_so(tmp_path):
    spec = spec_of(name="grown-anew", growth={"share": 0.9, "places": 1, "inherit": False})
    result = qtrain.search(spec, storage=str(tmp_path / "anew.journal"), tracking_uri="off")
    assert any(t.params.get(MOVE, ROOT) != ROOT for t in result.trials)
    assert not any(t.angles for t in result.trials)


def squares(outputs):
    """Lowest where both readouts are 0.5."""
    return ((outputs - 0.5) ** 2).sum(axis=1), 2 * (outputs - 0.5)


def test_circuits_grow_for_a_cost_of_ones_own(tmp_path):
    task = {"kind": "callable", "observables": ["ZI", "XX"], "cost": squares}
    spec = spec_of(name="grown-own", task=task, space={"repetitions": [1]}, training={"steps": 40, "starts": 1})
    result = qtrain.search(spec, storage=str(tmp_path / "own.journal"), tracking_uri="off")
    for trial in result.trials:
        if trial.params.get(MOVE, ROOT) != ROOT:
            assert len(trial.angles) == Architecture.from_dict(dict(trial.architecture)).num_parameters(2)
    assert min(t.objectives["task_loss"] for t in result.trials if t.angles) < 0.05


def test_the_lowest_losses_are_trained_in_full_from_new_starts(searched):
    result = searched[0]
    able = [t for t in result.trials if t.feasible and t.duplicate_of is None]
    best = sorted(able, key=lambda t: (t.objectives["task_loss"], t.number))[:3]
    assert {t.number for t in best} <= set(result.full)
    assert result.winner.number == min(result.full, key=lambda n: (result.full[n]["task_loss"], n))
    assert all(values["gradient_evaluations"] == 8 for values in result.full.values())


def parent_of(columns, uploads):
    gates = Architecture.from_dict({"grown": [["ry", [0], [0]], ["ry", [0], [1]], ["rz", [1], [2]]]}).grown
    angle = tuple((0.5,) * uploads for _ in range(len(columns) // uploads))
    said = Suggestions(1.0, 1.0, (Addition(0, 3, 0.2, angle),), ())
    return Parent(0, GateList(gates, columns[0]), said, uploads=uploads, columns=columns)


def moved(move, parent):
    return move.child(parent, Growing((), None, lambda _: True), np.random.default_rng(0))


def test_rounds_come_and_go():
    parent = parent_of(((0.1, 0.2, 0.3), (0.4, 0.5, 0.6), (0.7, 0.8, 0.9), (1.0, 1.1, 1.2)), 2)
    more, less = (moved(GROWTH_MOVES[f"encode_{word}"], parent) for word in ("more", "less"))
    assert (more.uploads, less.uploads) == (3, 1)
    assert more.angles[1] == (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 0.0, 0.0, 0.0)
    assert less.angles == ((0.1, 0.2, 0.3), (0.7, 0.8, 0.9))


def test_ties_are_of_angles_that_are_close_in_all_trainings():
    close = parent_of(((0.1, 0.2, 0.3), (1.4, 1.5, 2.6)), 1)
    child = moved(GROWTH_MOVES["tie"], close)
    assert [gate.parameters for gate in child.gates.gates] == [(0,), (0,), (1,)]
    np.testing.assert_allclose(child.angles, [[0.15, 0.3], [1.45, 2.6]])
    assert moved(GROWTH_MOVES["tie"], parent_of(((0.1, 0.2, 0.3), (1.4, 2.5, 2.6)), 1)) is None


def test_an_edit_that_differs_between_trainings_does_not_fit():
    def whim(parent, growing, rng):
        return parent.gates if parent.gates.angles[0] > 0.2 else parent.gates.without([0])

    assert moved(GrowthMove(whim), parent_of(((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)), 1)) is None

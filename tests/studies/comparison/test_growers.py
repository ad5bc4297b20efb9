"""Growers as rivals: they solve what a reference or a pool solves, and their front holds every step."""

from __future__ import annotations

import pytest

from qtrain.circuits.program import lower
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.growers import pools, references, run
from qtrain.studies.comparison.rivals import Contest
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec


def contest(task, n=4, evaluations=700, **constraints):
    spec = {"name": "t", "qubits": n, "task": task, "device": {"topology": "line", "optimization_level": 2}}
    return Contest(build_setup(read_spec(spec | {"constraints": constraints})), 1, evaluations, enough=1e-8)


@pytest.mark.parametrize("rule", ["gradient", "tetris", "gain"])
def test_what_is_delivered_has_the_energy_of_the_front_and_keeps_the_limits(rule):
    given = contest({"kind": "xxz", "anisotropy": 0.5}, max_two_qubit_depth=6)
    found = run(given, rule)
    task = given.setup.task
    program = lower(found.candidate.circuit())
    energy = values(program, task.observables[0], found.angles[None])[0]
    assert (energy - task.lowest) / abs(task.lowest) == pytest.approx(found.front[-1][1], abs=1e-9)
    assert given.cost(found.candidate)["two_qubit_depth"] <= 6 and 0 < given.spent <= 700
    assert found.front[0][0] == 0 and found.notes["growths"] > 4


def test_evaluations_that_are_left_go_into_growths_by_other_seeds():
    given = contest({"kind": "xxz", "anisotropy": 1.5}, n=4, evaluations=1500, max_two_qubit_depth=4)
    found = run(given, "gradient")
    plans = len(references(given.setup.setting)) * len(pools(given.setup.setting))
    assert found.notes["growths"] > plans and given.spent <= 1500


def test_a_reference_that_is_the_ground_state_is_found():
    found = run(contest({"kind": "maxcut", "degree": 3, "seed": 2}), "gradient")
    assert found.front == [(0, pytest.approx(0.0, abs=1e-9))]


def test_more_evaluations_are_never_worse():
    errors = [
        run(contest({"kind": "tfim"}, evaluations=k, max_two_qubit_depth=6), "gradient").front[-1][1]
        for k in (60, 1200)
    ]
    assert errors[1] <= errors[0] and errors[1] < 1e-3


def test_every_reference_is_a_plan_of_its_own_and_pools_differ():
    setting = contest({"kind": "tfim"}).setup.setting
    assert {"zero", "plus", "neel"} <= set(references(setting))
    assert len(set(references(setting).values())) == len(references(setting))
    kept = [frozenset(pool) for pool in pools(setting).values()]
    assert len(set(kept)) == len(kept) >= 3 and all(kept)

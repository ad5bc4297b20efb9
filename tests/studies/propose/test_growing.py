"""Grown candidates are trials like any other: the same for any number of jobs, kills, backends and orders of finishing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pytest
from growing_study import growing_spec, growing_study, growing_work, whole
from mlflow_checks import wait_for

from qtrain.architecture.architecture import Architecture
from qtrain.studies.propose.growing import Children, grower_of
from qtrain.studies.propose.proposals import propose
from qtrain.studies.run import record
from qtrain.studies.run.storage import open_database
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.trials import MOVE, PARENT, ROOT

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return growing_study(storage=tmp_path_factory.mktemp("undisturbed") / "a.journal")


def grown_of(result):
    return [t for t in result.trials if MOVE in t.params]


def test_children_come_from_trials_before_them(undisturbed):
    grown = grown_of(undisturbed)
    assert len(grown) > 12 and len({t.params[MOVE] for t in grown}) > 3
    first = {t.number: t for t in undisturbed.trials}
    for trial in grown:
        family = Architecture.from_dict(dict(trial.architecture))
        assert family.content_id == trial.architecture_id
        assert np.atleast_2d(trial.angles).shape[1] == family.num_parameters(3) > 0
        if trial.params[PARENT] >= 0:
            assert first[trial.params[PARENT]].batch < trial.batch
            assert first[trial.params[PARENT]].state == "complete"
            assert trial.origin == f"{trial.params[PARENT]} by {trial.params[MOVE]}".replace("_", " ")
    drawn = [t for t in undisturbed.trials if MOVE not in t.params]
    assert drawn and not any(t.angles or t.origin for t in drawn)


def test_the_number_of_jobs_changes_nothing(undisturbed):
    assert whole(growing_study(n_jobs=2)) == whole(undisturbed)


def start(*words):
    return subprocess.Popen(
        [sys.executable, str(HERE / "growing_study.py"), *words], start_new_session=True,
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def test_killed_in_the_middle_and_resumed(undisturbed):
    process = start("a.journal", '{"seconds": 0.05}')
    wait_for(lambda: Path("a.journal").exists() and Path("a.journal").read_text().count(record.ENDED) >= 9)
    kill(process)
    assert whole(growing_study(storage=Path("a.journal"), changes={"trials": 13})) == whole(undisturbed)[:13]
    assert whole(growing_study(storage=Path("a.journal"), n_jobs=2)) == whole(undisturbed)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_the_same_trials_for_every_backend(backend, undisturbed):
    if backend == "loky":
        found = growing_study(n_jobs=2, backend="loky")
    else:
        from distributed import LocalCluster

        with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
            found = growing_study(n_jobs=2, scheduler=cluster.scheduler_address)
    assert whole(found) == whole(undisturbed)


def test_the_same_trials_on_postgresql(database, undisturbed):
    assert whole(growing_study(storage=database, n_jobs=2)) == whole(undisturbed)


def trials_in(url):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.load_study(study_name="growing", storage=open_database(url))
    except KeyError:
        return []
    return [record.to_record(t) for t in study.get_trials(deepcopy=False)]


def test_workers_share_a_study_that_grows(database):
    """One of them dies in the middle of a trial: its architecture, angles and seed are tried again."""
    victim = start(database, '{"seconds": 600.0}')
    wait_for(lambda: any(t.state == "running" for t in trials_in(database)))
    kill(victim)
    other = start(database, '{"seconds": 0.05}')
    result = growing_work(database, setup={"seconds": 0.05}, heartbeat_seconds=1)
    assert other.wait(60) == 0, other.stderr.read()
    trials = trials_in(database)
    ended = [t for t in trials if t.versions]
    assert 24 <= len(ended) <= 25 and all(t.state == "complete" for t in ended)
    assert any(t.params[MOVE] != ROOT for t in grown_of(result))
    for lost in (t for t in trials if not t.versions):
        assert any((t.seed, t.architecture_id, t.angles, dict(t.params)) == (
            lost.seed, lost.architecture_id, lost.angles, dict(lost.params)) for t in ended)  # fmt: skip


def test_a_reference_that_fails_is_begun_once(database):
    """Of a worker's study as of a search's: the other references, and what is drawn, come behind it."""
    growth = {"share": 1.0, "pools": ["pauli2"], "references": ["zero", "plus", "neel"]}
    changes = {"trials": 12, "growth": growth}
    for result in (
        growing_study(setup={"broken": [0]}, changes=changes),
        growing_work(database, setup={"broken": [0]}, changes=changes),
    ):
        assert [t.number for t in result.trials if t.state == "failed"] == [0]
        roots = [t.params[PARENT] for t in result.trials if t.params.get(MOVE) == ROOT]
        assert sorted(roots) == [-4, -3, -2, -1]


def test_proposals_are_a_function_of_finished_trials_and_seed(undisturbed):
    """Not of the order in which trials finished, nor of what this process proposed before."""
    spec = growing_spec()
    finished = list(undisturbed.trials[:18])
    shuffled = random.Random(0).sample(finished, len(finished))

    def children(trials, grower):
        source, rng = Children(grower, trials), np.random.default_rng(7)
        return [(c.architecture.content_id, c.angles, c.params) for _ in range(6) if (c := source.child(rng))]

    used = grower_of(build_setup(spec))
    children(finished[:6], used)
    expected = children(finished, grower_of(build_setup(spec)))
    assert len(expected) == 6
    assert expected == children(shuffled, grower_of(build_setup(spec))) == children(finished, used)


@pytest.mark.parametrize("sampler", ["evolution", "tpe", "nsga2"])
def test_what_is_drawn_does_not_hang_on_what_was_grown(sampler):
    """Samplers see the trials that were drawn: a space that all of them share, as in a search without growth."""
    study = optuna.create_study(directions=["minimize"], sampler=optuna.samplers.RandomSampler(seed=1))
    setup = build_setup(growing_spec())
    for number in range(30):
        trial = study.ask()
        family = setup.space.draw(trial)
        begun = {"architecture_id": family.content_id, "architecture": family.to_dict()}
        trial.set_user_attr(record.BEGUN, begun)
        trial.set_user_attr(record.ENDED, {"state": "complete", "objectives": {"task_loss": float(number % 7)}})
        study.tell(trial, float(number % 7))
    drawn = study.get_trials()
    grown = record.running(None, {"architecture_id": "g", "architecture": {}, record.GROWN: {MOVE: ROOT, PARENT: -1}})
    grown.state, grown.values = optuna.trial.TrialState.COMPLETE, [0.5]
    grown.set_user_attr(record.ENDED, {"state": "complete", "objectives": {"task_loss": 0.5}})
    grown.datetime_complete = grown.datetime_start
    options = {"directions": ["minimize"], "sampler": sampler, "seed": 3, "batch": 2, "size": 6}

    def proposed(finished):
        found = propose(setup.space.draw, finished, objectives=["task_loss"], **options)
        return [family.content_id for family, _ in found]

    for trial in (mixed := [*drawn[:15], grown, *drawn[15:]]):
        trial.number = mixed.index(trial)
    assert proposed(mixed) == proposed(drawn)


def test_a_study_from_before_growth_goes_on():
    """Its identity has no such table: with the defaults it is the same study, with growth another one."""
    changes = {"growth": {}, "trials": 6}
    growing_study(storage=Path("old.journal"), changes=changes)
    text = Path("old.journal").read_text()
    without = "".join(_without_growth(line) for line in text.splitlines(keepends=True))
    assert '"growth"' in text and '"growth"' not in without
    Path("old.journal").write_text(without)
    result = growing_study(storage=Path("old.journal"), changes=changes | {"trials": 12})
    assert whole(result) == whole(growing_study(changes=changes | {"trials": 12}))
    with pytest.raises(ValueError, match="Got other values for growth"):
        growing_study(storage=Path("old.journal"))


def _without_growth(line):
    import json

    entry = json.loads(line)
    for value in entry.get("user_attr", {}).values():
        if isinstance(value, dict):
            value.pop("growth", None)
            (value.get("report") or {}).pop("growth", None)
    return json.dumps(entry, separators=(",", ":")) + "\n"


@pytest.mark.parametrize("data, message", [
    ({"share": 1.2}, "growth.share should be"), ({"pools": ["nothing"]}, r"growth.pools\[0\] should be one of .* Got 'nothing'.$"),
    ({"references": ["nothing"]}, r"growth.references\[0\] should be one of .* Got 'nothing'.$"), ({"places": -1}, "growth.places should be"),
])  # fmt: skip
def test_what_is_wrong_is_one_sentence(data, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_spec({"name": "w", "qubits": 3, "task": {"kind": "tfim"}, "growth": data})
    assert "\n" not in str(caught.value)

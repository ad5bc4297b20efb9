"""Every fault, injected: what had ended before is there after, once, in the study and in MLflow."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections import Counter
from pathlib import Path

import optuna
import pytest
from conftest import crash
from fake_study import essence, fake_study
from fake_worker import fake_work
from faulty import killed_search, killed_worker, run_apart, search_on_full_disk
from mlflow_checks import check_mirror, runs_of, wait_for

from qtrain.studies.run.storage import open_database, open_storage

STAGES = ("propose", "evaluate", "tell", "record")


def finished(storage):
    """What a study holds for good: number → (when it ended, state, values)."""
    trials = optuna.load_study(study_name="fake", storage=storage).get_trials()
    return {t.number: (t.datetime_complete, t.state, t.values) for t in trials if t.state.is_finished()}


def finished_in_journal(path):
    with open_storage(path, "fake") as (storage, _):
        return finished(storage)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return fake_study(storage=tmp_path_factory.mktemp("undisturbed") / "a.journal")


def check_worker(before, result, trials):
    """All of ``before`` is kept, the study has its trials, MLflow has each trial once."""
    after = finished(open_database(result.storage))
    assert {n: after[n] for n in before} == before
    assert sum(bool(t.versions) for t in result.trials) == trials and result.undelivered == 0
    parents, runs = runs_of()
    assert len(parents) == 1 and parents[0].info.status == "FINISHED"
    assert Counter(r.data.tags["qtrain.trial"] for r in runs) == Counter(str(t.number) for t in result.trials)
    assert all(r.info.status != "RUNNING" for r in runs)


@pytest.mark.parametrize("stage", STAGES)
def test_search_killed_in_a_stage(stage, store, undisturbed):  # noqa: F811
    assert run_apart(killed_search, stage, storage="k.journal") == -signal.SIGKILL
    before = finished_in_journal("k.journal")
    assert len(before) >= 5
    result = fake_study(storage="k.journal", tracking_uri=None)
    after = finished_in_journal("k.journal")
    assert {n: after[n] for n in before} == before
    assert essence(result) == essence(undisturbed) and result.undelivered == 0
    check_mirror(result)


@pytest.mark.parametrize("stage", STAGES)
def test_worker_killed_in_a_stage(stage, database, store):  # noqa: F811
    options = {"tracking_uri": None, "changes": {"trials": 12}, "heartbeat_seconds": 0.2}
    assert run_apart(killed_worker, stage, database, **options) == -signal.SIGKILL
    before = finished(open_database(database))
    assert 5 <= len(before) <= 12
    result = fake_work(database, **options)
    check_worker(before, result, 12)
    lost = [t for t in result.trials if not t.versions]
    assert stage == "record" or len(lost) == (stage != "tell")  # what is written is told by the next worker
    for trial in lost:
        assert (trial.state, trial.reason) == ("failed", "its worker stopped answering")
        assert any(t.seed == trial.seed and t.architecture_id == trial.architecture_id for t in result.trials if t.versions)


def away_for_a_while(postgres, number):
    """As ``on_trial``: the database server crashes at that trial and is back two seconds later."""
    timers = []

    def disturb(trial):
        if trial.number == number and not timers:
            crash(postgres)
            timers.append(threading.Timer(2.0, postgres.start))
            timers[0].start()

    return disturb


def test_database_server_crashes_and_comes_back_in_a_search(postgres, database, store, undisturbed, caplog):  # noqa: F811
    result = fake_study(storage=database, tracking_uri=None, setup={"seconds": 0.01}, n_jobs=2,
                        on_trial=away_for_a_while(postgres, 9))  # fmt: skip
    assert "storage does not answer" in caplog.text and "storage answers again" in caplog.text
    assert essence(result) == essence(undisturbed)
    check_mirror(result)


def test_database_server_crashes_and_comes_back_under_a_worker(postgres, database, store, caplog):  # noqa: F811
    seen = []

    def snapshot(trial):
        if trial.number == 4:
            seen.append(finished(open_database(database)))
        disturb(trial)

    disturb = away_for_a_while(postgres, 4)
    result = fake_work(database, tracking_uri=None, changes={"trials": 12}, setup={"seconds": 0.02}, on_trial=snapshot)
    assert "storage answers again" in caplog.text and len(seen[0]) >= 4
    check_worker(seen[0], result, 12)


def test_full_disk_stops_a_search_and_loses_nothing(undisturbed):
    fake_study(storage="f.journal", changes={"trials": 6})
    before = finished_in_journal("f.journal")
    limit = Path("f.journal").stat().st_size + 2000  # in the middle of a record
    assert run_apart(search_on_full_disk, limit, storage="f.journal") == 0
    assert "the study's storage should take records. Got: File too large. Finished trials stay" in json.loads(
        Path("said.json").read_text()
    )["error"]
    after = finished_in_journal("f.journal")
    assert {n: after[n] for n in before} == before
    assert essence(fake_study(storage="f.journal")) == essence(undisturbed)


def test_disk_that_is_full_for_a_while(undisturbed):
    assert run_apart(search_on_full_disk, 20_000, freed_after=1.5, storage="f.journal") == 0
    assert sum(json.loads(Path("said.json").read_text())["trials"].values()) == 24
    assert essence(fake_study(storage="f.journal")) == essence(undisturbed)


def test_full_disk_of_mlflow_lets_trials_go_on(store, undisturbed):  # noqa: F811
    fake_study(storage="f.journal", tracking_uri=None, changes={"trials": 6})
    limit = Path("mlruns/mlflow.db").stat().st_size
    assert run_apart(search_on_full_disk, limit, storage="f.journal", tracking_uri=None) == 0
    assert json.loads(Path("said.json").read_text())["undelivered"] > 0
    before = finished_in_journal("f.journal")
    assert len(before) == 24
    result = fake_study(storage="f.journal", tracking_uri=None)
    assert finished_in_journal("f.journal") == before and essence(result) == essence(undisturbed)
    check_mirror(result)


CANDIDATES = {"1": "raise", "2": "die", "3": "exit", "4": "hang", "7": "allocate"}
REASONS = {1: "no angle is left", 2: "SIGKILL", 3: "exit code 7", 4: "limits.seconds", 7: "limits.memory_mb"}
LIMITED = {"limits": {"seconds": 1.5, "memory_mb": 300}, "sampler": "random", "trials": 10}


def check_candidates(result):
    failed = {t.number: t.reason for t in result.trials if t.state == "failed"}
    assert failed.keys() == REASONS.keys() and all(REASONS[n] in failed[n] for n in REASONS)
    assert len(result.trials) == 10 and result.undelivered == 0


def test_bad_candidates_in_a_search(store):  # noqa: F811
    result = fake_study(tracking_uri=None, setup={"faults": CANDIDATES}, changes=LIMITED, n_jobs=2)
    check_candidates(result)
    check_mirror(result)


def test_bad_candidates_under_a_worker(database, store):  # noqa: F811
    result = fake_work(database, tracking_uri=None, setup={"faults": CANDIDATES}, changes=LIMITED)
    check_candidates(result)
    check_worker({}, result, 10)


@pytest.mark.parametrize("times", [1, 2])
def test_worker_interrupted(times, database, store, monkeypatch):  # noqa: F811
    """Once: the running trials are finished; twice: it stops at once. Another worker goes on.

    Nothing here depends on speed: trials 4 and on wait at a gate, the first interrupt is sent when two of them are
    there, and what the worker says about it opens the gate, or sends the second.
    """
    options = {"tracking_uri": None, "heartbeat_seconds": 0.2, "changes": {"trials": 10, "limits": {"seconds": 120.0}}}
    gate, said = Path("gate").resolve(), []

    def interrupt_two():
        wait_for(lambda: len(list(gate.parent.glob("gate.*"))) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    def hear(message, *args):
        said.append(message)
        if times == 1:
            gate.touch()
        elif message.startswith("Stopping"):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("qtrain.studies.study.log.warning", hear)
    watcher = threading.Thread(target=interrupt_two)
    watcher.start()
    setup = {"quick": 4, "gate": str(gate)}
    if times == 1:
        stopped = fake_work(database, setup=setup, jobs=2, **options)
        assert stopped.interrupted and {t.state for t in stopped.trials} <= {"complete", "pruned"}
    else:
        with pytest.raises(KeyboardInterrupt):
            fake_work(database, setup=setup, jobs=2, **options)
    watcher.join()
    before = finished(open_database(database))
    assert len(before) == (6 if times == 1 else 4) and any(words.startswith("Stopping") for words in said)
    check_worker(before, fake_work(database, **options), 10)


def test_the_table_of_faults_names_tests_that_exist(repository):
    table = (repository / "CONTRIBUTING.md").read_text().partition("## What happens when")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_\w+)`", table))
    here = "".join(path.read_text() for path in (repository / "tests").rglob("test_*.py"))
    assert named <= set(re.findall(r"^def (test_\w+)\(", here, re.MULTILINE)) and len(named) >= 15
    own = set(re.findall(r"^def (test_\w+)\(", Path(__file__).read_text(), re.MULTILINE))
    assert own - named == {"test_the_table_of_faults_names_tests_that_exist"}

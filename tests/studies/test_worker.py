"""Many workers on one study in a real PostgreSQL: every trial once, also when workers are killed or the database is away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
from fake_study import fake_spec, fake_study
from fake_worker import fake_work
from mlflow_checks import DEFAULT, free_port, runs_of, wait_for

from qtrain.errors import QTrainError
from qtrain.studies.run import record
from qtrain.studies.run.storage import open_database
from qtrain.studies.worker import work

HERE = Path(__file__).parents[1]


def trials_in(url):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(study_name="fake", storage=open_database(url))
    return [record.to_record(t) for t in study.get_trials(deepcopy=False)]


def start(url, setup, tracking_uri="off", heartbeat_seconds=1):
    return subprocess.Popen(
        [sys.executable, str(HERE / "fake_worker.py"), url, json.dumps(setup), tracking_uri, str(heartbeat_seconds)],
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}, start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(trials):
    return [t for t in trials if t.versions]  # versions are written with the outcome


def test_two_workers_share_a_study_and_one_mlflow_mirror(database, store):  # noqa: F811
    uri = f"sqlite:///{Path.cwd()}/mlruns/mlflow.db"
    workers = [start(database, {"seconds": 0.05}, uri, 20) for _ in range(2)]
    for worker in workers:
        assert worker.wait(120) == 0, worker.stderr.read()
    trials = trials_in(database)
    assert 24 <= len(trials) <= 25  # two may claim the last one
    assert all(t.state in ("complete", "pruned") for t in trials)
    parents, runs = runs_of(uri=uri)
    assert len(parents) == 1
    assert Counter(r.data.tags["qtrain.trial"] for r in runs) == Counter(str(t.number) for t in trials)
    assert all(r.info.status != "RUNNING" for r in runs)


def test_database_that_is_away_for_a_while(database, postgres):
    """Connections are cut again and again: trials go on, and each is there once."""

    def disturb(trial):
        if trial.number % 3 == 0:
            name = database.partition("@/")[2].partition("?")[0]
            postgres.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';")

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
    ("grpc://127.0.0.1:9", "should be a gRPC proxy that answers. Got 'grpc://127.0.0.1:9', which does not within 1 s"),
    ("grpc://nowhere", "should be grpc://host:port. Got 'grpc://nowhere'."),
    ("postgresql://user:secret@127.0.0.1:9/x", r"can be reached. Got 'postgresql://user:\*\*\*@127.0.0.1:9/x'"),
])  # fmt: skip
def test_storage_that_cannot_be_shared_is_one_sentence(storage, message, monkeypatch):
    monkeypatch.setitem(open_database.__globals__, "CONNECT_SECONDS", 1)
    with pytest.raises(QTrainError, match=message) as caught:
        work({"name": "w", "qubits": 2, "task": {"kind": "tfim"}, "trials": 1}, storage=storage, tracking_uri="off")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_another_spec_is_refused(database):
    fake_work(database, changes={"trials": 1})
    with pytest.raises(QTrainError, match="Got other values for seed"):
        fake_work(database, changes={"trials": 1, "seed": 9})
    assert fake_spec().name == "fake" and DEFAULT.startswith("sqlite")


@pytest.fixture
def proxy(database):
    """The address of Optuna's gRPC proxy in front of the database, and the proxy."""
    from optuna.storages._grpc.server import make_server

    port = free_port()
    server = make_server(open_database(database), "127.0.0.1", port)
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(None).wait()


def test_workers_share_a_study_through_optunas_grpc_proxy(proxy, database):
    """One of them dies in the middle of a trial; the others go on with it."""
    victim = start(proxy, {"seconds": 600.0})
    wait_for(lambda: proxied_running(database))
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    other = start(proxy, {"seconds": 0.05})
    result = fake_work(proxy, changes={"trials": 24}, setup={"seconds": 0.05})
    assert other.wait(60) == 0, other.stderr.read()
    trials = trials_in(database)
    assert 24 <= len(ended(trials)) <= 25 and result.storage == proxy
    lost = [t for t in trials if not t.versions]
    assert lost[0].number == 0 and lost[0].reason == "its worker stopped answering"
    for trial in lost:
        assert any(t.seed == trial.seed and t.architecture_id == trial.architecture_id for t in ended(trials))


def proxied_running(database):
    try:
        return any(t.state == "running" for t in trials_in(database))
    except KeyError:  # no study yet
        return False


def test_search_through_the_grpc_proxy_equals_search_on_a_journal(proxy):
    from fake_study import essence

    result = fake_study(storage=proxy, changes={"trials": 8})
    assert essence(result) == essence(fake_study(storage="j.journal", changes={"trials": 8}))

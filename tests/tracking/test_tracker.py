"""MLflow holds each trial once: in SQLite, over HTTP, after kills, and after a server that went away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from fake_study import essence, fake_study
from mlflow_checks import DEFAULT, check_mirror, client, files_of, free_port, runs_of, wait_for

from qtrain.errors import QTrainError
from qtrain.tracking.tracker import Tracker, resolve_uri


def test_every_trial_is_a_run_with_its_evidence():
    result = fake_study(tracking_uri=None, setup={"faults": {"2": "raise"}}, changes={"trials": 12})
    assert result.tracking_uri == DEFAULT and result.undelivered == 0
    assert Path("mlruns/fake.journal").is_file() and Path("mlruns/artifacts").is_dir()
    parent, runs = check_mirror(result)
    assert parent.data.tags["qtrain.winner"] == str(result.winner.number) and "best task_loss" in parent.data.tags["qtrain.rule"]
    assert parent.data.params["task.kind"] == "tfim"
    files = files_of(parent)
    assert files["pareto_front.png"].read_bytes()[:4] == b"\x89PNG"
    assert json.loads(files["result.json"].read_text())["counts"] == result.counts
    trial, run = result.winner, runs[result.winner.number]
    assert run.data.metrics["objective.task_loss"] == trial.objectives["task_loss"]
    assert run.data.metrics["constraint.dead"] == -1 and run.data.metrics["seconds.all"] == pytest.approx(0.001)
    assert run.data.params["x"] == str(trial.params["x"]) and run.data.params["seed"] == str(trial.seed)
    assert run.data.tags["version.optuna"] == trial.versions["optuna"]
    files = files_of(run)
    assert json.loads(files["architecture.json"].read_text()) == dict(trial.architecture)
    assert json.loads(files["report.json"].read_text()) == dict(trial.report)
    assert "ZeroDivisionError" in runs[2].data.tags["qtrain.reason"]


def test_second_call_and_longer_search_add_only_what_is_new(store):
    fake_study(tracking_uri=None, changes={"trials": 6})
    first = {n: r.info.run_id for n, r in check_mirror(fake_study(tracking_uri=None, changes={"trials": 6}))[1].items()}
    _, runs = check_mirror(fake_study(tracking_uri=None, changes={"trials": 9}))
    assert {n: runs[n].info.run_id for n in first} == first


def test_study_begun_anew_under_the_same_name_gets_runs_of_its_own(store):
    fake_study(tracking_uri=None, changes={"trials": 3})
    Path("mlruns/fake.journal").unlink()
    fake_study(tracking_uri=None, changes={"trials": 3})
    parents, runs = runs_of()
    assert len(parents) == 2 and len(runs) == 6


def test_what_a_kill_left_behind_is_repaired(store):
    """Not delivered, half delivered (still RUNNING), delivered twice: each trial ends up there once, whole."""
    result = fake_study(tracking_uri=None, changes={"trials": 8})
    parent, runs = check_mirror(result)
    c = client()
    c.delete_run(runs[1].info.run_id)
    c.update_run(runs[2].info.run_id, status="RUNNING")
    tags = {"mlflow.parentRunId": parent.info.run_id, "qtrain.study": "fake", "qtrain.trial": "3", "qtrain.state": "complete"}
    c.create_run(parent.info.experiment_id, tags=tags)
    c.create_run(parent.info.experiment_id, tags=tags)
    half = c.create_run(parent.info.experiment_id, tags=tags | {"qtrain.trial": "4"}, start_time=1)
    result = fake_study(tracking_uri=None, changes={"trials": 8})
    _, after = check_mirror(result)
    assert after[2].info.run_id == runs[2].info.run_id and after[4].info.run_id == runs[4].info.run_id
    assert half.info.run_id not in {r.info.run_id for r in after.values()}
    assert after[1].data.metrics == runs[1].data.metrics




class Server:
    """A real ``mlflow server`` on loopback."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                   "--backend-store-uri", f"sqlite:///{self.folder}/server.db", "--artifacts-destination",
                   f"{self.folder}/artifacts"]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for(self.answers, 120)
        return self

    def answers(self):
        try:
            return urllib.request.urlopen(self.uri + "/health", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory, empty_store):
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / "server.db")
    server = Server(folder).start()
    yield server
    server.stop()


def test_server_goes_away_and_comes_back(server, caplog):
    """Trials go on; what could not be delivered is delivered later, once."""

    def away(trial):
        if trial.number == 7:
            server.stop()
        if trial.number == 15:
            server.start()

    result = fake_study(tracking_uri=server.uri, on_trial=away)
    assert result.undelivered == 0 and "does not take records" in caplog.text
    parent, runs = check_mirror(result, server.uri)
    assert set(files_of(runs[7], server.uri)) == {"architecture.json", "report.json"}
    assert "pareto_front.png" in files_of(parent, server.uri)


def test_store_that_stays_away_gets_the_rest_at_the_next_start(store, caplog, monkeypatch):
    def break_it(trial):
        if trial.number == 3:
            os.rename("mlruns/artifacts", "kept")
            Path("mlruns/artifacts").write_text("a file where the folder should be")

    finish = Tracker.finish
    with monkeypatch.context() as patch:
        patch.setattr(Tracker, "finish", lambda self, *a, **k: finish(self, *a, **k | {"patience": 0.5}))
        result = fake_study(tracking_uri=None, on_trial=break_it, changes={"trials": 6}, setup={"seconds": 0.1})
    assert result.counts["running"] == 0 and result.undelivered >= 1
    assert f"{result.undelivered} trial(s) wait in the study's storage" in caplog.text
    Path("mlruns/artifacts").unlink()
    os.rename("kept", "mlruns/artifacts")
    again = fake_study(tracking_uri=None, changes={"trials": 6})
    assert again.undelivered == 0
    check_mirror(again)


@pytest.mark.parametrize("uri, message", [
    ("http://127.0.0.1:9", "should be an MLflow store that answers"),
    ("sqlite:////proc/nowhere/mlflow.db", "should be in a folder that can be written"),
    ("mlruns", "should be a database or server"),
    ("file:///tmp/x", "should be a database or server"),
    ("", "should be a URI"),
])  # fmt: skip
def test_store_out_of_reach_is_one_sentence_and_trials_stay(uri, message):
    before = fake_study(changes={"trials": 3})
    begun = time.monotonic()
    with pytest.raises(QTrainError, match=message) as caught:
        fake_study(tracking_uri=uri, changes={"trials": 6})
    assert time.monotonic() - begun < 40 and "\n" not in str(caught.value)
    assert essence(fake_study(changes={"trials": 6}))[:3] == essence(before)


def test_where_records_go(monkeypatch):
    assert resolve_uri(None) == DEFAULT and resolve_uri("off") is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert resolve_uri(None) == "http://host:5000" and resolve_uri("sqlite:///x.db") == "sqlite:///x.db"


def test_two_searches_may_begin_on_a_new_store_at_once(isolated):
    """Each would make the tables of the database."""
    code = "from qtrain.tracking.store import Store; import sys; Store('sqlite:///mlruns/mlflow.db', sys.argv[1], sys.argv[1], {}, {}).connect()"
    started = [subprocess.Popen([sys.executable, "-c", code, name], stderr=subprocess.PIPE, text=True) for name in "ab"]
    for process in started:
        _, printed = process.communicate(timeout=120)
        assert process.returncode == 0, printed
    assert [len(runs_of(name)[0]) for name in "ab"] == [1, 1]

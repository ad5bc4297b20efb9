"""A search as MLflow shows it: description, winner, curves, data, figures; told once, however often it is started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import own_folder
from fake_study import fake_study
from mlflow_checks import client, files_of, runs_of, wait_for

import qtrain
from qtrain.errors import QTrainError
from qtrain.studies.run import mirror
from qtrain.tracking import contents

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 2))
SPEC = {
    "name": "watched", "qubits": 2, "trials": 5, "batch": 5, "task": {"kind": "data", "X": X, "y": (X[:, 0] > 0).astype(int)},
    "objectives": {"use": ["task_loss", "hardware_cost"]}, "training": {"steps": 6, "starts": 2, "folds": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory, empty_store):
    with own_folder(tmp_path_factory, "watched") as folder:
        (folder / "mlruns").mkdir()
        (folder / "mlruns" / "mlflow.db").write_bytes(empty_store.read_bytes())
        yield qtrain.search(SPEC), folder


def told(study):
    """Every metric's history of every run, runs, and data sets: what a second start must not change."""
    parents, runs = runs_of(study)
    c = client()
    points = {
        (run.info.run_id, key): [(m.step, m.timestamp, m.value) for m in c.get_metric_history(run.info.run_id, key)]
        for run in [*parents, *runs] for key in run.data.metrics
    }
    data = [(i.dataset.name, i.dataset.digest) for run in parents for i in run.inputs.dataset_inputs]
    return points, data, {r.info.run_id: r.data.tags.get("qtrain.front") for r in runs}


def test_study_opens_as_an_experiment_that_can_be_read(searched, monkeypatch):
    result, folder = searched
    monkeypatch.chdir(folder)
    ((parent,), runs), c = runs_of("watched"), client()
    experiment = c.get_experiment(parent.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development" and experiment.tags[contents.NOTE]
    text = parent.data.tags[contents.NOTE]
    assert text.startswith(f"**Winner: trial {result.winner.number}**") and f'qtrain.load("{result.name}")' in text
    assert "task_loss ↓ | hardware_cost ↓" in text and "```text" in text
    assert parent.data.tags["qtrain.objectives"] == "task_loss ↓, hardware_cost ↓"
    assert parent.data.metrics["objective.task_loss"] == result.winner.objectives["task_loss"]
    assert {f"reference.{name}" for name in result.references} <= parent.data.metrics.keys()
    assert {i.tags[0].value for i in parent.inputs.dataset_inputs} == {"training", "validation", "test"}
    for run in runs:
        assert run.info.run_name.startswith(f"{int(run.data.tags['qtrain.trial']):03d} ")
    marked = {int(r.data.tags["qtrain.trial"]): r.data.tags["qtrain.front"] for r in runs if "qtrain.front" in r.data.tags}
    assert set(marked) == {*result.front, result.winner.number} and marked[result.winner.number] == "winner"


def test_winner_is_there_as_a_circuit_and_figures(searched, monkeypatch):
    from qiskit import qasm3

    result, folder = searched
    monkeypatch.chdir(folder)
    files = files_of(runs_of("watched")[0][0])
    assert {"winner.qasm", "winner.txt", "pareto_front.png", "history.png", "result.json", "spec.json"} <= files.keys()
    assert qasm3.loads(files["winner.qasm"].read_text()).num_qubits == 2
    assert files["pareto_front.png"].read_bytes()[:4] == b"\x89PNG"


def test_training_is_a_curve_step_by_step(searched, monkeypatch):
    result, folder = searched
    monkeypatch.chdir(folder)
    for run in runs_of("watched")[1]:
        trial = result.trials[int(run.data.tags["qtrain.trial"])]
        points = client().get_metric_history(run.info.run_id, "training.loss")
        curve = dict(trial.report).get("training", {}).get("curve", [])
        assert [(m.step, m.value) for m in sorted(points, key=lambda m: m.step)] == list(enumerate(curve))
        assert trial.state != "complete" or trial.duplicate_of is not None or len(points) == 6


def test_second_start_tells_nothing_twice(searched, monkeypatch):
    result, folder = searched
    monkeypatch.chdir(folder)
    monkeypatch.setenv("QTRAIN_HOME", str(folder / "home"))
    before = told("watched")
    assert len(before[0]) > 50 and len(before[1]) == 3
    again = qtrain.search(SPEC)
    assert again.winner.number == result.winner.number and told("watched") == before


def test_killed_search_goes_on_without_doubles(store):
    """SIGKILL in the middle, then the same search: each trial, point and mark once."""
    command = [sys.executable, "-m", "fake_study", '{"seconds": 0.2}', "killed.journal", "sqlite:///mlruns/mlflow.db"]
    tests = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}, start_new_session=True)
    wait_for(lambda: len(runs_of()[1]) >= 3, 180)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    result = fake_study(storage="killed.journal", tracking_uri=None)
    points, _, marks = told("fake")
    parents, runs = runs_of()
    assert len(parents) == 1 and sorted(int(r.data.tags["qtrain.trial"]) for r in runs) == list(range(len(result.trials)))
    assert all(len(history) == len({step for step, _, _ in history}) for history in points.values())
    assert sum(mark == "winner" for mark in marks.values()) == 1


def test_front_that_changes_takes_its_marks_along(store):
    fake_study(tracking_uri=None, changes={"trials": 6})
    result = fake_study(tracking_uri=None, changes={"trials": 24})
    marked = {int(r.data.tags["qtrain.trial"]) for r in runs_of()[1] if "qtrain.front" in r.data.tags}
    assert marked == {*result.front, result.winner.number}


def test_store_out_of_reach_is_found_before_a_trial_is_begun():
    seen = []
    with pytest.raises(QTrainError, match="Got 'http://127.0.0.1:9': Connection refused. Start the server"):
        fake_study(tracking_uri="http://127.0.0.1:9", on_trial=seen.append)
    assert not seen and len(fake_study(changes={"trials": 1}).trials) == 1


def test_figure_that_fails_costs_nothing_else(store, caplog, monkeypatch):
    def broken(result):
        raise ZeroDivisionError("no axis is left")

    row = mirror.FIGURES.add("broken.png", broken)
    try:
        result = fake_study(tracking_uri=None, changes={"trials": 3})
    finally:
        assert mirror.FIGURES.remove("broken.png") is row
    files = files_of(runs_of()[0][0])
    assert result.undelivered == 0 and "broken.png" not in files and "result.json" in files
    assert "The figure broken.png was not drawn: no axis is left" in caplog.text


def test_nothing_is_drawn_where_nothing_is_tracked(monkeypatch):
    monkeypatch.setattr(mirror, "_figure_files", lambda result: pytest.fail("drawn for nobody"))
    assert fake_study(changes={"trials": 2}).undelivered == 0

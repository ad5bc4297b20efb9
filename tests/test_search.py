"""``qtrain.search`` itself, with real physics at a small size: from a spec to a registered ansatz that loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import own_folder
from fake_study import essence
from mlflow_checks import check_mirror
from qiskit.circuit.library import real_amplitudes

import qtrain
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.registry.registry import RegistryEntry, register

SPEC = {
    "name": "Small_Ising", "qubits": 3, "task": {"kind": "tfim"}, "trials": 10, "batch": 5, "seed": 3,
    "space": {"topologies": ["line", "device"], "layers": [1], "repetitions": [1, 2]}, "device": {"topology": "line"},
    "objectives": {"use": ["task_loss", "trainability", "expressivity", "hardware_cost"]},
    "training": {"steps": 30, "starts": 2, "full_steps": 20, "full_starts": 3},
    "limits": {"seconds": 300, "memory_mb": 3000},
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search, and the folder it ran in."""
    with own_folder(tmp_path_factory, "searched") as folder:
        yield qtrain.search(SPEC, n_jobs=2, tracking_uri="off"), folder


def test_winner_is_registered_and_loads(searched, monkeypatch):
    result, folder = searched
    monkeypatch.setenv("QTRAIN_HOME", str(folder / "home"))
    assert result.counts["failed"] == 0 and result.winner.number in result.front
    assert set(result.full) == set(result.front)
    assert result.name == "small_ising" and result.storage == str(Path("mlruns/Small_Ising.journal"))
    entry = qtrain.load(result.name)
    assert entry.architecture == result.architecture and entry.study == "Small_Ising"
    assert entry.objectives == dict(result.winner.objectives)
    assert entry.circuit().num_qubits == 3 and entry.observable.count("*") == 5
    report = TrainabilityReport.from_json(json.dumps({"kind": "TrainabilityReport", **entry.report}))
    assert len(report.verdicts) == entry.circuit().num_parameters
    assert result.references["exact_energy"] == pytest.approx(-3.4939592, abs=1e-6)


def test_n_jobs_and_a_second_run_change_nothing(searched):
    result, _ = searched
    other = qtrain.search(SPEC, n_jobs=1, storage="other.journal", tracking_uri="off")
    assert essence(other) == essence(result) and other.winner.number == result.winner.number
    assert {n: f["task_loss"] for n, f in other.full.items()} == {n: f["task_loss"] for n, f in result.full.items()}
    assert essence(qtrain.search(SPEC, storage="other.journal", tracking_uri="off")) == essence(result)


def test_any_circuit_is_scored_beside_the_winner(searched):
    result, _ = searched
    again = result.score(result.architecture)
    assert again.objectives == dict(result.winner.objectives)
    baseline = result.score(real_amplitudes(3, reps=2))
    assert baseline.state == "complete" and baseline.objectives["task_loss"] >= 0


def test_search_with_starts_of_the_users_own(store):  # noqa: F811
    from qiskit import qasm3

    Path("mine.qasm").write_text(qasm3.dumps(real_amplitudes(3, reps=1).decompose()))
    spec = SPEC | {"start": ["mine.qasm"], "trials": 6, "training": {"steps": 5, "starts": 1}}
    spec["constraints"] = {"max_dead_fraction": 1.0}
    result = qtrain.search(spec, name="with-mine")
    assert "circuit" in result.trials[0].architecture and result.trials[0].state == "complete"
    assert result.winner.number > 0  # a circuit without a family is there to be compared with
    check_mirror(result)
    entry = qtrain.load("with-mine")
    assert entry.run_id == result.run_id is not None


def test_a_name_of_another_study_is_refused_before_the_search():
    family = qtrain.Architecture((qtrain.Layer(("ry",)),))
    register(RegistryEntry("taken", family, 3, study="another"))
    with pytest.raises(qtrain.QTrainError, match="name should be free for the winner. Got 'taken', registered from study"):
        qtrain.search(SPEC, name="taken")
    with pytest.raises(qtrain.QTrainError, match="name should be 1 to 64 of the characters"):
        qtrain.search(SPEC, name="../up")
    assert not Path("mlruns").exists()


def test_a_winner_of_the_same_search_elsewhere_is_kept(searched, monkeypatch):
    """The same study in another folder begins from nothing; what it found there and here are both in the registry."""
    result, folder = searched
    home = folder / "second-home"
    shutil.copytree(folder / "home", home)
    monkeypatch.setenv("QTRAIN_HOME", str(home))
    before = qtrain.load(result.name)
    other = qtrain.search(SPEC | {"seed": 99, "trials": 4}, tracking_uri="off")
    kept = f"{result.name}-{before.architecture.content_id}"
    assert before.architecture.content_id not in {trial.architecture_id for trial in other.trials}
    assert qtrain.load(kept).architecture == before.architecture and qtrain.load(kept).report == before.report
    assert qtrain.load(result.name).architecture.content_id == other.winner.architecture_id
    # its own storage goes on, and replaces its own winner by itself: nothing is kept twice
    monkeypatch.setenv("QTRAIN_HOME", str(folder / "home"))
    again = qtrain.search(SPEC, storage=folder / result.storage, tracking_uri="off")
    assert again.name == result.name and again.winner.number == result.winner.number
    assert qtrain.names().count(kept) == 0


@pytest.mark.parametrize("options, message", [
    ({"n_trials": 0}, "n_trials should be a whole number, at least 1. Got 0."),
    ({"seed": -1}, "seed should be a whole number, at least 0. Got -1."),
    ({"n_jobs": 0}, "n_jobs should be a whole number that is not 0. Got 0."),
    ({"tracking_uri": "mlruns"}, "tracking_uri should be a database or server"),
])  # fmt: skip
def test_bad_options_are_one_sentence(options, message):
    with pytest.raises(qtrain.QTrainError, match=message):
        qtrain.search(SPEC, **options)


def test_read_only_registry_is_one_sentence_and_trials_stay(monkeypatch):
    monkeypatch.setenv("QTRAIN_HOME", "/proc/nowhere")
    spec = SPEC | {"trials": 2, "batch": 2}
    with pytest.raises(qtrain.QTrainError, match="QTRAIN_HOME should be a folder that can be written"):
        qtrain.search(spec, tracking_uri="off")
    monkeypatch.setenv("QTRAIN_HOME", str(Path("home").resolve()))
    assert len(qtrain.search(spec, tracking_uri="off").trials) == 2


def test_data_encoded_again_are_part_of_the_candidate():
    """Rounds of encoding and ansatz: one circuit for criteria, cost and training, and the same in the QNN of the winner."""
    from qtrain.architecture.architecture import Architecture, Layer
    from qtrain.circuits.program import lower
    from qtrain.studies.evaluate import score
    from qtrain.studies.setup import setup_of
    from qtrain.studies.spec.search_spec import read_spec

    spec = read_spec({
        "name": "again", "qubits": 3, "space": {"uploads": [1, 2]}, "training": {"steps": 5, "starts": 2},
        "task": {"kind": "classification", "data": "wine"}, "device": {"topology": "line"},
    })  # fmt: skip
    family = Architecture((Layer(("ry",), "cx"),), 1, final_rotations=("ry",), uploads=2)
    task = setup_of(spec).task
    whole = task.compose(family.circuit(3), 2)
    program = lower(whole, inputs=task.inputs)
    assert program.num_weights == 2 * family.num_parameters(3) and len(program.inputs) == 3
    rest = task.ansatz_of(family.circuit(3), 2)
    assert rest.num_parameters == program.num_weights and rest.count_ops()["ry"] == 3 * 5
    once = score(spec, Architecture(family.layers, 1, final_rotations=("ry",)), seed=0)
    twice = score(spec, family, seed=0)
    assert twice.metrics["parameters"] == 2 * once.metrics["parameters"]
    assert twice.metrics["two_qubit_depth"] > once.metrics["two_qubit_depth"]
    entry = qtrain.RegistryEntry("again", family, 3)
    assert entry.qnn().num_weights == 2 * family.num_parameters(3)
    assert entry.qnn(reuploads=1).num_weights == family.num_parameters(3)
    with pytest.raises(qtrain.QTrainError, match=r"space.uploads should be \[1\] for a task without features"):
        read_spec({"name": "t", "qubits": 3, "task": {"kind": "tfim"}, "space": {"uploads": [2]}})


def test_every_part_of_the_data_is_held_out_once():
    import numpy as np

    from qtrain.studies.setup import setup_of
    from qtrain.studies.spec.search_spec import read_spec
    from qtrain.studies.training import folds_of

    task = setup_of(read_spec({"name": "f", "qubits": 3, "task": {"kind": "classification", "data": "wine"}})).task
    inputs, targets, fold = folds_of(task, 4)
    assert len(inputs) == len(task.train) + len(task.validation) == len(targets)
    assert np.array_equal(inputs[fold == 0], task.validation)
    for row in np.unique(targets, axis=0):  # each class evenly
        counts = np.bincount(fold[(targets == row).all(axis=1)], minlength=4)
        assert counts.min() > 0 and np.ptp(counts[1:]) <= 1
    assert set(folds_of(task, 1)[2]) == {0, 1}

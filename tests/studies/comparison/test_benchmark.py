"""Comparisons run by run: equal means, resumption, instances, failures. The search is stood in for by a template."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit

from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.studies.comparison import benchmark as benchmark_file
from qtrain.studies.comparison.benchmark import benchmark, spec_of
from qtrain.studies.comparison.results import Benchmark
from qtrain.studies.comparison.rivals import RIVALS, Contest, Delivered
from qtrain.studies.comparison.templates import deliver_template
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec

SPEC = {
    "name": "ising", "qubits": 3, "task": {"kind": "tfim"}, "device": {"topology": "line"}, "trials": 2,
    "constraints": {"max_two_qubit_depth": 6, "max_dead_fraction": 1.0},
    "objectives": {"use": ["task_loss"], "algebra": False}, "space": {"layers": [1], "repetitions": [1, 2]},
    "training": {"steps": 10, "starts": 2},
}  # fmt: skip
DATA = SPEC | {"task": {"kind": "classification", "data": "iris", "classes": ["setosa", "versicolor"], "samples": 28}}


@pytest.fixture
def searches(monkeypatch):
    """Seeds for which a search was run."""
    run: list[int] = []

    def run_search(setup, *, storage):
        run.append(setup.spec.seed)
        contest = Contest(setup, setup.spec.seed, 300)
        delivered = deliver_template(contest, catalogue.real_amplitudes(reps=1), label="stand-in")
        return delivered, 300

    monkeypatch.setattr(benchmark_file, "run_search", run_search)
    return run


def test_every_rival_keeps_the_means_of_the_search(searches):
    found = benchmark(SPEC, seeds=2)
    assert searches == [0, 1]
    assert (
        set(found.rivals) == {name for name, row in RIVALS.items()} >= {"shelf", "random", "adapt", "tetris", "greedy"}
    )
    assert not found.failed
    for rows in found.runs.values():
        for run in rows.values():
            assert 0 < run["evaluations"] <= 300 and run["two_qubit_depth"] <= 6
    checks = found.front_checks("adapt")
    assert set(checks) == {0, 1} and all(check.counts >= 1 for check in checks.values())
    said = "\n".join(found.sentences())
    assert "best rival" in said and "Lost to" in said and "At equal two-qubit gates" in said
    assert found.losses("adapt")[0] < 1e-6  # 3 qubits are soon solved


def test_the_same_again_and_with_two_jobs(searches, tmp_path):
    def figures(found):
        return {(m, s): r["loss"] for m, rows in found.runs.items() for s, r in rows.items()}

    path = tmp_path / "searched.json"
    benchmark(SPEC, ["random"], seeds=[3], results=path)
    one = figures(benchmark(SPEC, ["random", "tetris"], seeds=[3]))
    path.write_text(path.read_text().replace('"random"', '"another"'))  # the search stays, the rivals run again
    assert figures(benchmark(SPEC, ["random", "tetris"], seeds=[3], results=path, jobs=2)) == one


def test_runs_on_file_are_not_repeated(searches, tmp_path):
    path = tmp_path / "runs.json"
    seen = []
    note = lambda method, seed, run: seen.append((method, seed))  # noqa: E731
    benchmark(SPEC, ["greedy"], seeds=1, results=path, on_run=note)
    first = path.read_text()
    assert seen == [("search", 0), ("greedy", 0)]
    found = benchmark(SPEC, ["greedy", "tetris"], seeds=2, results=path, on_run=note)
    assert seen[2:] == [("search", 1), ("tetris", 0), ("greedy", 1), ("tetris", 1)] and searches == [0, 1]
    assert json.loads(first)["runs"]["greedy"]["0"] == json.loads(path.read_text())["runs"]["greedy"]["0"]
    assert Benchmark.load(path).runs == found.runs and Benchmark.load(path).against("greedy") == found.against("greedy")
    with pytest.raises(QTrainError, match="made with other values for trials: choose another file"):
        benchmark(SPEC | {"trials": 3}, ["greedy"], results=path)
    path.write_text("{}")
    with pytest.raises(QTrainError, match="results should be a new file, or one of a comparison"):
        benchmark(SPEC, ["greedy"], results=path)


def test_a_rival_that_fails_is_named_and_tried_again(searches, tmp_path):
    def greedy_spender(contest: Contest) -> Delivered:
        contest.spend(contest.evaluations + 1)
        raise AssertionError("should not come so far")

    found = benchmark(SPEC, {"spender": greedy_spender}, seeds=2, results=tmp_path / "a.json")
    assert found.rivals == () and "at most the 300 evaluations left. Got 301" in found.failed["spender"][0]
    with pytest.raises(QTrainError, match="Got none"):
        _ = found.best_rival
    wrong = benchmark(
        SPEC, {"wrong": lambda c: Delivered(catalogue.real_amplitudes(reps=1), np.zeros(2), "w")}, seeds=1
    )
    assert "should deliver 6 finite angles" in wrong.failed["wrong"][0]


def test_circuits_of_ones_own_are_rivals(searches):
    circuit = QuantumCircuit(3)
    for q in range(3):
        circuit.ry(Parameter(f"a{q}"), q)
    found = benchmark(SPEC, {"product": circuit}, seeds=2, evaluations=50)
    assert {run["evaluations"] <= 50 for run in found.runs["product"].values()} == {True}
    assert found.runs["product"][0]["two_qubit_gates"] == 0
    assert found.verdict.ratio > 1


def test_data_are_split_anew_for_every_seed_and_classical_models_stand_beside(searches):
    found = benchmark(DATA, {"mine": catalogue.real_amplitudes(reps=2)}, seeds=2, evaluations=60)
    assert found.data and found.column == "retrained" and found.overlap == pytest.approx(7 / 21)
    assert {"logistic_test_loss", "svc_test_accuracy"} <= set(found.references[0])
    assert 0 <= found.runs["mine"][1]["retrained_accuracy"] <= 1
    tasks = [build_setup(spec_of(read_spec(DATA), seed, "task.data_seed")).task for seed in (0, 1)]
    assert not np.array_equal(tasks[0].test, tasks[1].test)
    with pytest.raises(QTrainError, match="rivals should suit the task 'classification'. Got adapt."):
        benchmark(DATA, ["adapt"])


@pytest.mark.parametrize(
    "options, message",
    [({"seeds": 0}, "seeds should be how many"), ({"seeds": [1, 1]}, "different whole numbers"),
     ({"rivals": ["adept"]}, "did you mean 'adapt'"), ({"rivals": "adapt"}, "rivals should be names"),
     ({"rivals": {"x": 3}}, "Got 'x': int."), ({"vary": "task.field.x"}, "vary should be a key of the spec"),
     ({"evaluations": 0}, "evaluations should be a whole number"), ({"jobs": 0}, "n_jobs should be")],
)  # fmt: skip
def test_wrong_input(options, message):
    with pytest.raises(QTrainError, match=message):
        benchmark(SPEC, **({"rivals": None} | options))

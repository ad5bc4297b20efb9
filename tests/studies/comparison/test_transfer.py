"""What a search found is carried to more qubits: families, grown circuits, whole comparisons."""

from __future__ import annotations

import pytest

from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.benchmark import benchmark
from qtrain.studies.comparison.rivals import Contest
from qtrain.studies.comparison.searching import searched
from qtrain.studies.comparison.transfer import carry, larger
from qtrain.studies.propose.starts import circuit_of
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.trials import MOVE

SPEC = {
    "name": "ising", "qubits": 3, "task": {"kind": "tfim"}, "device": {"topology": "line"}, "trials": 6, "batch": 3,
    "constraints": {"max_two_qubit_depth": 8, "max_dead_fraction": 1.0, "min_trainability": -20.0},
    "objectives": {"use": ["task_loss"], "algebra": False}, "space": {"layers": [1], "repetitions": [1, 2]},
    "training": {"steps": 15, "starts": 1, "full_steps": 0}, "winner": {"order": ["task_loss"]},
}  # fmt: skip


def contest(spec, evaluations=400):
    return Contest(build_setup(spec), 1, evaluations, enough=1e-8)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_find_is_written_at_the_larger_size_within_the_limits_and_the_means(share):
    spec = read_spec(SPEC | {"growth": {"share": share}})
    setup = build_setup(spec)
    result = searched(setup, storage=None)
    given = contest(larger(spec, 2))
    found = carry(result, setup, given)
    winner, _ = circuit_of(result.winner.architecture, 3)
    assert (MOVE in result.winner.params) == (share == 1.0)
    if share == 0.0:
        assert found.candidate == winner
    else:  # grown again from what its line began with
        reference = winner.grown[: next(k for k, gate in enumerate(winner.grown) if gate.num_parameters)]
        again = found.candidate.grown[: next(k for k, gate in enumerate(found.candidate.grown) if gate.num_parameters)]
        assert {gate.name for gate in reference} == {gate.name for gate in again}
        allowed = {part.name for gate in given.setup.pool for part in gate.gates}
        assert {gate.name for gate in found.candidate.grown[len(again) :]} <= allowed
    circuit = given.circuit(found.candidate)
    assert circuit.num_qubits == 5 and given.fits(found.candidate) and 0 < given.spent <= 400
    task = given.setup.task
    energy = values(given.program(found.candidate), task.observables[0], found.angles[None])[0]
    plus = -5.0  # of |+…+>: all of the field, nothing of the couplings
    assert task.lowest - 1e-9 <= energy < plus + 1e-9


def test_a_comparison_at_the_larger_size(tmp_path):
    path, rivals = tmp_path / "found.json", {"mine": catalogue.real_amplitudes(reps=1)}
    found = benchmark(SPEC, rivals, seeds=1, transfer=1, results=path)
    assert not found.failed
    search, mine = found.runs["search"][0], found.runs["mine"][0]
    assert mine["parameters"] == 8  # two layers of RY on four qubits
    assert mine["evaluations"] <= search["evaluations"] > 0
    assert 0.0 <= search["loss"] < 0.2
    again = benchmark(SPEC, rivals, seeds=1, transfer=1, results=path)
    assert again.runs == found.runs
    with pytest.raises(QTrainError, match="results should be of this spec"):
        benchmark(SPEC, rivals, seeds=1, results=path)


def test_the_devices_qubits_go_on_and_what_has_no_larger_size_is_refused():
    spec = read_spec(SPEC | {"device": {"name": "FakeTorino", "qubits": [0, 1, 2]}})
    assert (larger(spec, 4).qubits, tuple(larger(spec, 4).device.qubits)) == (7, tuple(range(7)))
    data = read_spec(SPEC | {"task": {"kind": "classification", "data": "iris", "classes": ["setosa", "versicolor"]}})
    with pytest.raises(QTrainError, match="Got the task 'classification'"):
        larger(data, 4)
    for by in (0, True, 1.5):
        with pytest.raises(QTrainError, match="transfer should be a whole number"):
            benchmark(SPEC, {"mine": catalogue.real_amplitudes(reps=1)}, seeds=1, transfer=by)

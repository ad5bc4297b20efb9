"""Rows of every kind from a module outside the package: conformance, then a search with all of them."""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY
from fake_study import essence

import qtrain
from qtrain import testing
from qtrain.architecture.blocks import Gate
from qtrain.architecture.topology import TOPOLOGIES
from qtrain.growth.edits import GateList
from qtrain.growth.pools import OPERATOR_POOLS, PoolGate
from qtrain.growth.references import REFERENCES
from qtrain.studies.objectives import OBJECTIVES, Objective
from qtrain.studies.propose.growth_moves import GROWTH_MOVES, GrowthMove
from qtrain.studies.propose.pools import POOLS
from qtrain.studies.propose.samplers import SAMPLERS, Sampler
from qtrain.studies.propose.starts import STARTS
from qtrain.studies.propose.variation import MOVES, Move
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.stages import STAGES
from qtrain.studies.tasks.task import TASKS

TABLES = (
    OBJECTIVES, STAGES, TASKS, SAMPLERS, MOVES, POOLS, STARTS, TOPOLOGIES, OPERATOR_POOLS, REFERENCES, GROWTH_MOVES
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def toys():
    """Here alone: other tests see the tables as the package makes them."""
    yield importlib.import_module("toy_extension")
    for table in TABLES:
        for name in [n for n in table if n.startswith("toy_")]:
            table.remove(name)
    del sys.modules["toy_extension"]


SPEC = {
    "name": "toys", "qubits": 3, "task": {"kind": "toy_up", "strength": 2.0}, "trials": 10, "batch": 5,
    "sampler": "toy_brute", "start": ["toy_start"], "extensions": ["toy_extension"],
    "space": {"pools": ["toy_pool"], "topologies": ["toy_skip"], "layers": [1], "repetitions": [1, 2]},
    "objectives": {"use": ["task_loss", "toy_size"]},
    "constraints": {"max_toy_size": 40.0, "max_dead_fraction": 1.0, "min_trainability": -20.0},
    "training": {"steps": 5, "starts": 1}, "limits": {"seconds": 300},
}  # fmt: skip


def test_toys_conform(toys):
    testing.check_objective("toy_size")
    testing.check_task(toys.ToyTask, strength=0.5)
    testing.check_sampler("toy_brute")
    testing.check_move("toy_shorter")
    testing.check_pool("toy_pool")
    testing.check_start("toy_start")
    testing.check_topology("toy_skip")
    testing.check_operator_pool("toy_turns")
    testing.check_reference("toy_ones")
    testing.check_growth_move("toy_first")


POINTS = np.random.default_rng(0).normal(size=(20, 2))


def off_by(outputs, targets):
    off = outputs - targets
    return (off**4).sum(axis=1), 4 * off**3


def power(outputs):
    return outputs[:, 0] * outputs[:, 1], outputs[:, ::-1]


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_objectives_conform(name):
    testing.check_objective(name)


@pytest.mark.parametrize("kind, keys", [
    ("tfim", {"graph": "ring"}), ("xxz", {"disorder": 1.0}), ("heisenberg", {"next_nearest": 0.3}), ("hamiltonian", {"terms": "ZZI + 0.5*IXX"}),
    ("maxcut", {"edges": [[0, 1], [1, 2]], "weights": [1.0, 0.5]}), ("classification", {"data": "wine", "samples": 60}),
    ("data", {"X": POINTS, "y": POINTS[:, 0] ** 2}), ("data", {"X": POINTS, "y": POINTS[:, 0] > 0, "cost": off_by}),
    ("callable", {"observables": ["ZZI", "IXX"], "cost": power}), ("schwinger", {"qubits": 4}),
    ("hubbard", {"qubits": 4, "particles": 2}), ("tfim", {"qubits": 4, "lattice": [2, 2]}),
])  # fmt: skip
def test_tasks_conform(kind, keys):
    testing.check_task(kind, **keys)


@pytest.mark.parametrize("name", [n for n in SAMPLERS if n != "gp"])
def test_samplers_conform(name):
    testing.check_sampler(name)


@pytest.mark.parametrize("check, table", [
    (testing.check_operator_pool, OPERATOR_POOLS), (testing.check_reference, REFERENCES),
    (testing.check_growth_move, GROWTH_MOVES),
])  # fmt: skip
def test_what_circuits_grow_by_conforms(check, table):
    for name in table:
        check(name)


@pytest.mark.parametrize("check, table", [
    (testing.check_move, MOVES), (testing.check_pool, POOLS), (testing.check_start, STARTS),
    (testing.check_topology, TOPOLOGIES),
])  # fmt: skip
def test_moves_pools_starts_and_topologies_conform(check, table):
    for name in table:
        check(name)


def test_a_search_with_rows_of_others():
    result = qtrain.search(SPEC, tracking_uri="off", n_jobs=1)
    assert result.counts["failed"] == 0 and result.directions == ("minimize", "minimize")
    assert {layer.topology for t in result.trials for layer in qtrain.Architecture.from_dict(t.architecture).layers} >= {"toy_skip"}
    assert all(t.objectives["toy_size"] == t.metrics["toy_gates"] for t in result.trials if t.state == "complete")
    assert qtrain.load("toys").observable.count("Z") == 3
    both = qtrain.search(SPEC, tracking_uri="off", n_jobs=2, storage="both.journal", name="toys2")
    assert essence(both) == essence(result)


def test_extensions_of_a_spec_are_known_wherever_it_is_read():
    """In a process that never heard of them; without them, the sentence lists what there is."""
    code = "from qtrain.studies.spec.search_spec import read_spec; print(read_spec({}).task.kind)"
    path = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}", "PATH": "/usr/bin:/bin"}
    asked = {"name": "t", "qubits": 3, "task": {"kind": "toy_up"}}
    command = [sys.executable, "-c", code.replace("{}", repr(asked | {"extensions": "toy_extension"}))]
    assert subprocess.run(command, env=path, capture_output=True, text=True).stdout == "toy_up\n"
    command[-1] = code.replace("{}", repr(asked))
    assert "task.kind should be one of 'callable', 'classification'" in subprocess.run(command, env=path, capture_output=True, text=True).stderr
    with pytest.raises(qtrain.QTrainError, match="extensions should be modules that can be imported. Got 'not_there'"):
        read_spec(asked | {"task": {"kind": "tfim"}, "extensions": ["not_there"]})


def test_rows_that_do_not_conform_are_found():
    count = itertools.count()
    OBJECTIVES.add("toy_random", Objective("toy_random", "minimize", "light_cone", lambda c: next(count)))
    with pytest.raises(AssertionError, match="should give the same value"):
        testing.check_objective("toy_random")
    OBJECTIVES.add("toy_lost", Objective("toy_lost", "minimize", "nowhere", lambda c: 0.0))
    with pytest.raises(AssertionError, match="stage 'nowhere' is not registered"):
        testing.check_objective("toy_lost")
    TOPOLOGIES.add("toy_far", lambda n: ((0, n),))
    with pytest.raises(qtrain.QTrainError, match="below num_qubits"):
        testing.check_topology("toy_far")
    SAMPLERS.add("toy_unseeded", Sampler(lambda seed: __import__("optuna").samplers.RandomSampler()))
    with pytest.raises(AssertionError, match="same proposals"):
        testing.check_sampler("toy_unseeded")
    MOVES.add("toy_greedy", Move(lambda params, parent, others, rng: parent.params.clear() or params))
    with pytest.raises(AssertionError):
        testing.check_move("toy_greedy")
    turned = PoolGate((Gate("ry", (0,), ((0, 2.0),)), Gate("rz", (0,), ((0, 1.0),))))
    OPERATOR_POOLS.add("toy_crossed", lambda setting: (turned,))
    with pytest.raises(AssertionError, match="should be exp"):
        testing.check_operator_pool("toy_crossed")
    REFERENCES.add("toy_free", lambda setting: [(Gate("ry", (0,), (0,)),)])
    with pytest.raises(AssertionError, match="gates should be fixed"):
        testing.check_reference("toy_free")
    GROWTH_MOVES.add("toy_bare", GrowthMove(lambda parent, growing, rng: GateList((Gate("x", (0,)),), ())))
    with pytest.raises(AssertionError, match="should have a free angle"):
        testing.check_growth_move("toy_bare")
    GROWTH_MOVES.add("toy_liar", GrowthMove(lambda parent, growing, rng: parent.gates.without([0]), keeps=True))
    with pytest.raises(AssertionError, match="begin in its parent's state"):
        testing.check_growth_move("toy_liar")

"""Suggestions for tasks: by what each start has trained on and by nothing else, for data and for costs of one's own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.layer import Layer
from qtrain.circuits.program import lower
from qtrain.growth.edits import GateList
from qtrain.growth.pools import Setting, build_pool
from qtrain.studies.propose.suggesting import _batch, suggest_for
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.task import Task, ground_state
from qtrain.studies.training import folds_of, train

POOL = build_pool(["hardware"], Setting(2, None, None))
FAMILY = Architecture((Layer(("ry",), "cz"),), uploads=2)


def learner(rng):
    x, encoding = ParameterVector("x", 2), QuantumCircuit(2)
    for q in range(2):
        encoding.ry(x[q], q)
    data = rng.uniform(0, np.pi, (60, 2))
    targets = np.sign(rng.normal(size=(60, 1)) + np.cos(data[:, :1]))
    parts = {"train": slice(0, 36), "validation": slice(36, 48), "test": slice(48, 60)}
    fields = {name: data[rows] for name, rows in parts.items()}
    fields |= {f"{name}_targets": targets[rows] for name, rows in parts.items()}
    return Task("tiny", 2, (SparsePauliOp("IZ"),), encoding, **fields)


def trained_and_said(task, training):
    program = lower(task.compose(FAMILY.circuit(2), FAMILY.uploads), inputs=task.inputs)
    weights = train(program, task, training, seed=3).weights
    gates = GateList(FAMILY.gates(2), ())
    return weights, suggest_for(task, training, gates, weights, FAMILY.uploads, POOL, seed=3, places=2)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_what_a_start_holds_out_changes_neither_its_angles_nor_what_is_said(optimizer):
    """One start holds out the validation part; that and the test part may say anything."""
    task = learner(np.random.default_rng(0))
    training = TrainingSpec(steps=5, starts=1, optimizer=optimizer)
    weights, said = trained_and_said(task, training)
    hidden = {f"{part}_targets": -getattr(task, f"{part}_targets") for part in ("validation", "test")}
    again, repeated = trained_and_said(dataclasses.replace(task, **hidden), training)
    np.testing.assert_array_equal(weights, again)
    assert said == repeated
    _, other = trained_and_said(dataclasses.replace(task, train_targets=-task.train_targets), training)
    assert said != other


def test_every_start_is_looked_at_on_its_own_part():
    task, training = learner(np.random.default_rng(1)), TrainingSpec(steps=1, starts=6, folds=3)
    batch = _batch(task, training, 6, 1, seed=5)
    data, targets, fold = folds_of(task, 3)
    for start in range(6):
        mine = batch.inputs[batch.training == start]
        places = [int(np.flatnonzero((data == row).all(axis=1))[0]) for row in mine]
        assert len(mine) == min(32, (fold != start % 3).sum()) and start % 3 not in fold[places]
        np.testing.assert_array_equal(batch.targets[batch.training == start], targets[places])


def test_each_start_goes_on_from_its_own_angles():
    """Gains are means over starts; angles are each start's own, and depend on its own part alone."""
    task, training = learner(np.random.default_rng(2)), TrainingSpec(steps=5, starts=2, folds=2)
    weights, said = trained_and_said(task, training)
    hidden = dataclasses.replace(task, validation_targets=-task.validation_targets)  # part 0, which start 0 holds out
    again, other = trained_and_said(hidden, training)
    np.testing.assert_array_equal(weights[0], again[0])
    assert not np.array_equal(weights[1], again[1])
    mine = {(a.gate, a.place): a.angle[0] for a in said.additions}
    both = [(mine[a.gate, a.place], a.angle[0]) for a in other.additions if (a.gate, a.place) in mine]
    assert both and all(first == second for first, second in both)


def test_a_cost_of_ones_own_that_is_an_energy_says_what_the_energy_says():
    operator = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5)])
    plain = ground_state("tfim", operator)
    terms = tuple(operator[k] for k in range(3))
    own = dataclasses.replace(plain, observables=terms, cost=lambda o: (o.sum(axis=1), np.ones_like(o)))
    gates, weights = GateList((Gate("ry", (0,), (0,)), Gate("rxy", (0, 1), (1,))), (0.4, 0.3)), np.array([[0.4, 0.3]])
    one, two = (
        suggest_for(task, TrainingSpec(), gates, weights, 1, POOL, seed=0, places=0) for task in (plain, own)
    )
    assert one.value == pytest.approx(two.value)
    gains, others = ({(a.gate, a.place): a.gain for a in said.additions} for said in (one, two))
    assert gains and gains.keys() & others.keys() == gains.keys()
    assert all(others[key] == pytest.approx(gain, rel=5e-3) for key, gain in gains.items())
    assert [r.places for r in one.removals] == [r.places for r in two.removals]

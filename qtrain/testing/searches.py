"""Conformance of objectives and tasks: small candidates go through every stage."""

from __future__ import annotations

import json
import math
import pickle
from typing import Any

import cloudpickle
import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.layer import Layer
from qtrain.errors import QTrainError
from qtrain.studies.evaluate import evaluate
from qtrain.studies.objectives import DIRECTIONS, OBJECTIVES, Objective
from qtrain.studies.setup import build_setup
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.spec.tables import ConstraintSpec
from qtrain.studies.stages import STAGES
from qtrain.studies.tasks.losses import Loss, no_figures
from qtrain.studies.tasks.task import TASKS, TaskModel

FAMILIES = (
    Architecture((Layer(("ry",), "cz"),), 2, final_rotations=("ry",)),
    Architecture((Layer(("rx",), "rzz", sharing="shared"),), 2, initial="h"),
)
_SHORT = {"steps": 4, "starts": 2}


def _spec(**changes: Any) -> Any:
    return read_spec({"name": "check", "qubits": 3, "task": {"kind": "tfim"}, "training": _SHORT} | changes)


def check_objective(row: Objective | str) -> None:
    """It gives a finite number that depends on candidate and seed alone, and its limits prune.

    Example:
        >>> check_objective("hardware_cost")
    """
    row = OBJECTIVES[row] if isinstance(row, str) else row
    assert OBJECTIVES[row.name] is row, f"{row.name!r} is not registered"
    assert row.direction in DIRECTIONS
    assert row.stage in STAGES, f"its stage {row.stage!r} is not registered"
    setup = build_setup(_spec(objectives={"use": [row.name]}))
    for family in FAMILIES:
        answers = [evaluate(setup, family.circuit(3), family, seed=2, forgive=True) for _ in range(2)]
        values = [answer["objectives"].get(row.name) for answer in answers]
        assert values[0] is not None, f"its stage {row.stage!r} should run where it is used"
        assert math.isfinite(values[0]), f"it should be a finite number, not {values[0]}"
        assert values[0] == values[1], f"the same candidate and seed should give the same value, not {values}"
        flag = answers[0]["metrics"].get(f"{row.name}_is_bound", 0.0)
        assert flag in (0.0, 1.0), f"{row.name}_is_bound should be 1 for a bound, else 0, not {flag}"
        assert json.loads(json.dumps(answers[0])) == answers[0], "what is recorded should be plain data"
    for key, limit in ((f"max_{row.name}", -1e9), (f"min_{row.name}", 1e9)):
        if key in ConstraintSpec.model_fields:
            continue  # a key with a range of its own
        tight = build_setup(_spec(objectives={"use": [row.name]}, constraints={key: limit}))
        pruned = evaluate(tight, FAMILIES[0].circuit(3), FAMILIES[0], seed=2)
        assert pruned["state"] == "pruned" and key in pruned["reason"], f"constraints.{key} should prune"


def check_loss(loss: Loss, targets: np.ndarray, *, outputs: int | None = None) -> None:
    """Its derivative is its finite difference, row by row; its figures are numbers.

    Args:
        loss: of expectation values and targets; ``targets``: (rows, outputs) some of its task's.
        outputs: how many expectation values it takes, None: one for each target.

    Example:
        >>> from qtrain.studies.tasks.losses import CROSS_ENTROPY
        >>> check_loss(CROSS_ENTROPY, np.array([[1.0], [-1.0]]))
    """
    rows, step = len(targets), 1e-6
    at = np.random.default_rng(0).uniform(-0.9, 0.9, (rows, targets.shape[1] if outputs is None else outputs))
    cost, slope = loss.of(at, targets)
    assert cost.shape == (rows,) and slope.shape == at.shape, "it should return (rows,) and (rows, outputs)"
    assert np.isfinite(cost).all() and np.isfinite(slope).all(), "it should return finite numbers"
    for k in range(at.shape[1]):
        moved = step * np.eye(at.shape[1])[k]
        measured = (loss.of(at + moved, targets)[0] - loss.of(at - moved, targets)[0]) / (2 * step)
        assert np.allclose(measured, slope[:, k], rtol=1e-4, atol=1e-5), "its derivative is not its finite difference"
    figures = loss.figures(at, targets)
    assert all(math.isfinite(v) for v in figures.values()), "its figures should be finite numbers"
    assert not loss.headline or loss.headline in figures, "its headline should be one of its figures"


def check_task(model: type[TaskModel] | str, *, qubits: int = 3, **keys: Any) -> None:
    """A spec that names it is read, kept, built and trained for.

    Args:
        model: the kind, or its model; ``keys``: of the ``[task]`` table, where it needs some.

    Example:
        >>> check_task("tfim", field=0.5)
    """
    kind = model if isinstance(model, str) else next(name for name, row in TASKS.items() if row is model)
    table = {"kind": kind, **keys}
    spec = _spec(task=table, qubits=qubits)
    assert read_spec(json.loads(json.dumps(spec.to_dict()))) == spec, "a spec should be the same when it is read again"
    assert pickle.loads(pickle.dumps(spec)) == spec, "worker processes should get the same spec"
    try:
        _spec(task=table | {"no_such_key": 1}, qubits=qubits)
    except QTrainError as error:
        assert "no_such_key" in str(error), "an unknown key should be named"
    else:
        raise AssertionError("an unknown key should be refused")
    task, again = (spec.task.build(qubits) for _ in range(2))
    assert task.num_qubits == qubits and task.observables, "it should have an observable"
    for observable, same in zip(task.observables, again.observables, strict=True):
        assert observable.num_qubits == qubits, f"its observables should have {qubits} qubits"
        assert np.abs(observable.coeffs.imag).max() < 1e-12, "its observables should be Hermitian"
        assert observable == same, "it should be the same when it is built again"
    assert task.scaled_observable is not None
    assert task.is_classifier == spec.task.has_data, "has_data should say whether there is an encoding"
    if task.is_classifier:
        for rows, targets in ((task.train, task.train_targets), (task.validation, task.validation_targets)):
            assert rows.shape == (len(targets), len(task.inputs)), "each sample should have a value for each input"
            assert np.isfinite(targets).all() and len(np.unique(targets)) > 1, "targets should differ"
            assert not task.loss.classes or set(np.unique(targets)) <= {-1.0, 1.0}, "classes should be ±1"
        check_loss(task.loss, task.train_targets[:4], outputs=len(task.observables))
    elif task.cost is not None:
        alone = Loss(lambda outputs, targets: task.cost(outputs), no_figures)
        check_loss(alone, np.zeros((4, 0)), outputs=len(task.observables))
    assert pickle.loads(cloudpickle.dumps(task)).name == task.name, "worker processes should get the same task"
    answer = evaluate(build_setup(spec), FAMILIES[0].circuit(qubits), FAMILIES[0], seed=1, forgive=True)
    assert answer["state"] == "complete" and math.isfinite(answer["metrics"]["task_loss"]), answer["reason"]

"""What to append to a trained circuit, or to remove from it, for any task."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from qtrain.growth.edits import GateList
from qtrain.growth.on_data import Batch, Point, suggest_on_data
from qtrain.growth.pools import PoolGate
from qtrain.growth.suggest import Suggestions, suggest
from qtrain.growth.wide.suggest import WIDE_QUBITS, suggest_wide
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.task import Task
from qtrain.studies.training import folds_of, held_out

SAMPLES = 32  # of each start's part of the data, at most


def suggest_for(
    task: Task, training: TrainingSpec, gates: GateList, weights: np.ndarray, uploads: int, pool: Sequence[PoolGate],
    *, seed: int, places: int,
) -> Suggestions:  # fmt: skip
    """Suggestions by the gain in the training's own cost; of data by samples that the start has trained on, no others.

    Args:
        gates: of one round. weights: (starts, uploads · parameters); without data (1, parameters).

    Returns:
        suggestions; angles of additions are (starts, uploads) on data, else numbers.
    """
    if not task.is_classifier and task.cost is None and task.num_qubits > WIDE_QUBITS:
        return suggest_wide(gates, task.num_qubits, task.observables[0], pool)
    if not task.is_classifier and task.cost is None:
        return suggest(gates, task.num_qubits, task.observables[0], pool, seed=seed, places=places)
    count = weights.shape[1] // uploads
    point = Point(GateList(gates.gates, (0.0,) * count), task.num_qubits, weights, _batch(task, training, len(weights),
                  uploads, seed))  # fmt: skip
    found = suggest_on_data(point, pool, seed=seed, places=places)
    if task.is_classifier:
        return found
    single = (dataclasses.replace(addition, angle=addition.angle[0][0]) for addition in found.additions)
    return dataclasses.replace(found, additions=tuple(single))


def _batch(task: Task, training: TrainingSpec, starts: int, uploads: int, seed: int) -> Batch:
    if task.cost is not None:
        cost = task.cost
        return Batch(task.observables, lambda outputs, _: cost(outputs), np.zeros((starts, 0)), np.arange(starts))
    data, targets, fold = folds_of(task, training.folds)
    rng = np.random.default_rng([seed, 6])
    seen = [np.flatnonzero(fold != part) for part in held_out(starts, training)]
    chosen = [rng.permutation(rows)[:SAMPLES] for rows in seen]
    rows = np.concatenate(chosen)
    numbers = np.repeat(np.arange(starts), [len(part) for part in chosen])
    common = (task.observables, task.loss.of, targets[rows], numbers)
    if task.prepares:
        return Batch(*common, start=data[rows])
    return Batch(*common, inputs=data[rows], encoding=task.encoding, rounds=uploads)

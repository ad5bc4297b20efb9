"""The short training behind the task loss: from several starts, with exact gradients."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.circuits.initialization import parse_initialization
from qtrain.errors import QTrainError
from qtrain.growth.wide.suggest import problem_of
from qtrain.simulators.statevector import values, values_and_gradients
from qtrain.simulators.truncated.choice import choose
from qtrain.simulators.truncated.followed import Drifted, Followed
from qtrain.studies.descent import Descent, descend
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtrain.budget import Budget
    from qtrain.circuits.program import PauliProgram
    from qtrain.studies.descent import Gradient

_ONE_THREAD = 1  # a trial's digits must not depend on how many run beside it


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training gave.

    Attributes:
        loss: the task loss, of the mean or the best start; ``losses``: (starts,) of each; ``best``: the start with the
            lowest training loss; ``weights``: (starts, num_weights).
        curve: (steps, starts) training loss at each gradient; of a start that ended early, its last one from there.
        metrics: energies or accuracies. evaluations: gradients in all; one of a batch of data counts as one.
        evaluator: what gave the energy, and what it was checked by at the trained angles; "" for data.
        error: of the energy there: 0 where it is exact, else the difference to a larger truncation.
    """

    loss: float
    losses: np.ndarray
    best: int
    weights: np.ndarray
    curve: np.ndarray
    metrics: dict[str, float]
    evaluations: int
    evaluator: str = ""
    error: float = 0.0


def initial_weights(count: int, training: TrainingSpec, seed: int) -> np.ndarray:
    """(starts, count) angles, by ``training.initialization``."""
    rng = np.random.default_rng(seed)
    shape = (training.starts, count)
    if training.initialization == "zero" or training.clifford_width is not None:
        return np.zeros(shape)
    start = parse_initialization(training.initialization)
    if start.kind == "gaussian":
        return rng.normal(0.0, start.width, shape)
    width = start.width or np.pi
    return rng.uniform(-width, width, shape)


def train(
    program: PauliProgram, task: Task, training: TrainingSpec, *, seed: int, steps: int | None = None,
    start: np.ndarray | None = None, watch: Callable[[int, float], None] | None = None,
    note: Callable[[np.ndarray, float], None] | None = None, budget: Budget | None = None,
) -> Trained:  # fmt: skip
    """Train a circuit for a task.

    Args:
        program: of encoding and ansatz, inputs in the order of ``task.train``'s columns; of the ansatz alone where
            the task prepares states.
        steps: instead of the spec's.
        start: (starts, M) angles in radians instead of the drawn ones, or (M,) for one start.
        watch: called with (step, the loss there: of the mean or best start, as the task loss); may raise to end it.
        note: of a Hamiltonian alone: called with the best point so far and its energy, at each gradient; may raise.
        budget: its memory is what an evaluator of energies may take.

    Returns:
        Ground state: losses are (E − E₀)/|E₀| (E itself where E₀ is not known or 0) at the best point that each start
        has seen; a cost of the user's likewise. Data: the task's loss on the part that the start did not train on.

    Raises:
        QTrainError: no parameter to train, or a start of another shape.
    """
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter to train. Got none.")
    if start is None and training.clifford_width is not None:
        begin = _clifford_weights(program, task, training, seed)
    else:
        begin = initial_weights(len(program.weights), training, seed)
    if start is not None:
        begin = np.atleast_2d(np.array(start, float))
        if begin.shape[1:] != (len(program.weights),) or not len(begin):
            raise QTrainError(
                f"start should have shape (starts, {len(program.weights)}), an angle for each parameter. "
                f"Got {np.shape(start)}."
            )
    count = training.steps if steps is None else steps
    if task.is_classifier:
        return _train_classifier(program, task, training, begin, count, seed, watch)
    if task.cost is not None:
        return _train_own(program, task, training, begin, count, watch)
    chosen = choose(problem_of(program, task.observables[0], budget), len(begin) * count)
    found, followed = _follow(Followed(chosen, begin, note=note), begin, count, training, watch)
    weights, energies = _ends(found, chosen.evaluator.costs, training) if chosen.exact else (found.weights, found.costs)
    error, clause = 0.0, followed.chosen.detail
    if not chosen.exact:
        energies, errors, clause = followed.chosen.check(weights)
        error = float(errors[int(np.argmin(energies))])
        if followed.wrong(weights):
            clause += ": it had drifted, and no larger one was tried"
    trained = _trained(task, training, found, weights, energies, "energy")
    if not chosen.exact:
        trained.metrics.update(energy_error=error)
    return dataclasses.replace(trained, evaluator=clause, error=error)


def _follow(
    followed: Followed, begin: np.ndarray, count: int, training: TrainingSpec,
    watch: Callable[[int, float], None] | None,
) -> tuple[Descent, Followed]:  # fmt: skip
    """Descend; where a truncation turns out wrong, go on from its best points with a larger one."""
    left, curves = count, list[np.ndarray]()
    while True:
        seen: list[np.ndarray] = []

        def gradient(w: np.ndarray, step: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, slopes = followed.values_and_gradients(w, step, rows)
            seen.append(values)  # noqa: B023 (this round's)
            return values, slopes

        try:
            found = _descend(gradient, begin, left, training, watch=watch)
        except Drifted:
            curves += seen
            left -= max(1, sum(map(len, seen)) // len(begin))
            begin = followed.best.copy()
            if followed.enlarge() and left > 0:
                continue
            found = Descent(begin, followed.lowest, begin, np.zeros((0, len(begin))), np.arange(len(begin)), 0)
        spent = sum(map(len, curves)) + found.evaluations
        return dataclasses.replace(found, evaluations=spent), followed


def _train_own(
    program: PauliProgram, task: Task, training: TrainingSpec, begin: np.ndarray, count: int,
    watch: Callable[[int, float], None] | None,
) -> Trained:  # fmt: skip
    """A cost of the user's, on the statevector."""
    found = _descend(
        lambda w, step, rows: _cost_and_gradient(program, task, w), begin, count, training, watch=watch
    )
    weights, costs = _ends(found, partial(_cost, program, task), training)
    return _trained(task, training, found, weights, costs, "cost")


def _ends(
    found: Descent, cost: Callable[[np.ndarray], np.ndarray], training: TrainingSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Best points and their costs: Adam does not know yet where its last step led."""
    if training.optimizer != "adam":
        return found.weights, found.costs
    last = cost(found.last)
    weights = np.where((last < found.costs)[:, None], found.last, found.weights)
    return weights, np.minimum(last, found.costs)


def _trained(
    task: Task, training: TrainingSpec, found: Descent, weights: np.ndarray, energies: np.ndarray, name: str
) -> Trained:
    losses = relative_energy(energies, task.lowest)
    metrics = {name: float(energies.min()), f"{name}_mean": float(energies.mean())}
    best = int(np.argmin(losses))
    loss = _aggregate(losses, best, training)
    return Trained(loss, losses, best, weights, found.curve, metrics, found.evaluations)


def _clifford_weights(program: PauliProgram, task: Task, training: TrainingSpec, seed: int) -> np.ndarray:
    """(starts, M) angles near Clifford points of low energy."""
    from qtrain.growth.clifford_points import clifford_starts

    if task.is_classifier or task.cost is not None:
        raise QTrainError(
            "training.initialization should be 'clifford' for the ground state of a Hamiltonian alone. "
            "Got another task."
        )
    width = training.clifford_width or 0.0
    return clifford_starts(program, task.observables[0], training.starts, width=width, seed=seed)


def _descend(
    gradient: Gradient, start: np.ndarray, steps: int, training: TrainingSpec, *, stochastic: bool = False,
    watch: Callable[[int, float], None] | None = None,
) -> Descent:  # fmt: skip
    if watch is not None:
        gradient = _watched(gradient, watch, training)
    return descend(
        gradient, start, steps=steps, optimizer=training.optimizer, learning_rate=training.learning_rate,
        tolerance=training.tolerance, halving=training.halving, stochastic=stochastic,
    )  # fmt: skip


def _watched(gradient: Gradient, watch: Callable[[int, float], None], training: TrainingSpec) -> Gradient:
    """The same gradient, its costs reported; of starts that follow each other the first one's."""

    def watched(weights: np.ndarray, step: int, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        costs, slopes = gradient(weights, step, starts)
        watch(step, float(costs.min() if training.aggregate == "best" else costs.mean()))
        return costs, slopes

    return watched


def _aggregate(losses: np.ndarray, best: int, training: TrainingSpec) -> float:
    return float(losses[best] if training.aggregate == "best" else losses.mean())


def relative_energy(energies: np.ndarray, lowest: float | None) -> np.ndarray:
    """(E − E₀)/|E₀|, never below 0; E where E₀ is not known or 0."""
    if lowest is None or lowest == 0:
        return energies
    return np.maximum((energies - lowest) / abs(lowest), 0.0)


def _train_classifier(
    program: PauliProgram, task: Task, training: TrainingSpec, start: np.ndarray, steps: int, seed: int,
    watch: Callable[[int, float], None] | None,
) -> Trained:  # fmt: skip
    data, targets, fold = folds_of(task, training.folds)
    rng = np.random.default_rng([seed, 1])
    held = held_out(len(start), training)
    seen = [np.flatnonzero(fold != part) for part in range(training.folds)]
    stochastic = training.optimizer == "adam"  # L-BFGS needs the same cost at every step: all that is seen
    size = min(training.batch_size, *map(len, seen))
    batches = [
        [rows[rng.choice(len(rows), size, replace=False)] for rows in seen] for _ in range(steps if stochastic else 0)
    ]

    def gradient(weights: np.ndarray, step: int, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows are (start, sample)."""
        parts = batches[step] if stochastic else seen
        chosen = [parts[held[s]] for s in starts]
        rows, sizes = np.concatenate(chosen), np.array([len(c) for c in chosen])
        outputs, slopes = values_and_gradients(
            program, list(task.observables), np.repeat(weights, sizes, axis=0), **_given(task, data[rows]),
            num_threads=_ONE_THREAD,
        )  # fmt: skip
        loss, slope = task.loss.of(outputs, targets[rows])
        per_row = (slope[:, :, None] * slopes).sum(axis=1)
        ends = np.cumsum(sizes)[:-1]
        return (np.array([part.mean() for part in np.split(loss, ends)]),
                np.array([part.mean(axis=0) for part in np.split(per_row, ends)]))  # fmt: skip

    descent = _descend(gradient, start, steps, training, stochastic=stochastic, watch=watch)
    weights = descent.last if stochastic else descent.weights

    def scores(rows: list[np.ndarray]) -> list[dict[str, float]]:
        return [score(program, task, w, data[r], targets[r]) for w, r in zip(weights, rows, strict=True)]

    test = task.prepared["test"] if task.prepares else task.test
    found = {
        "train": scores([seen[part] for part in held]),
        "validation": scores([np.flatnonzero(fold == part) for part in held]),
        "test": [score(program, task, w, test, task.test_targets) for w in weights],
    }
    losses = np.array([one["loss"] for one in found["validation"]])
    best = int(np.argmin([one["loss"] for one in found["train"]]))
    metrics = {f"{part}_{name}": value for part, all_of in found.items() for name, value in all_of[best].items()}
    metrics |= {f"test_{name}_mean": float(np.mean([one[name] for one in found["test"]])) for name in found["test"][0]}
    loss = _aggregate(losses, best, training)
    return Trained(loss, losses, best, weights, descent.curve, metrics, descent.evaluations)


def _given(task: Task, data: np.ndarray) -> dict[str, Any]:
    """Samples as the simulator takes them: states to start from, or inputs of the encoding."""
    return {"start": data} if task.prepares else {"inputs": data}


def held_out(starts: int, training: TrainingSpec) -> np.ndarray:
    """(starts,) the part of the data that each start does not see."""
    return np.arange(starts) % training.folds


def folds_of(task: Task, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All but the test part: inputs (or prepared states), targets, and the part (0 … count − 1) of each sample.

    Part 0 is the task's validation part; the others share its training part evenly, and each class of it.
    """
    fold = np.zeros(len(task.validation) + len(task.train), int)
    rng = np.random.default_rng(0)
    kinds = np.zeros(len(task.train), int)
    if task.loss.classes:
        kinds = np.unique(task.train_targets, axis=0, return_inverse=True)[1].ravel()
    for kind in np.unique(kinds):
        rows = rng.permutation(np.flatnonzero(kinds == kind))
        fold[len(task.validation) + rows] = 1 + np.arange(len(rows)) % max(1, count - 1)
    parts = task.prepared if task.prepares else {"validation": task.validation, "train": task.train}
    targets = np.concatenate([task.validation_targets, task.train_targets])
    return np.concatenate([parts["validation"], parts["train"]]), targets, fold


def score(
    program: PauliProgram, task: Task, weights: np.ndarray, inputs: np.ndarray, targets: np.ndarray
) -> dict[str, float]:
    """Loss and figures of one weight vector on samples: inputs, or states where the task prepares them."""
    outputs = values(
        program, list(task.observables), np.tile(weights, (len(inputs), 1)), **_given(task, inputs),
        num_threads=_ONE_THREAD,
    )  # fmt: skip
    return {"loss": float(task.loss.of(outputs, targets)[0].mean()), **task.loss.figures(outputs, targets)}


def _cost(program: PauliProgram, task: Task, weights: np.ndarray) -> np.ndarray:
    """(rows,) the user's cost at (rows, M) weights."""
    assert task.cost is not None
    return task.cost(values(program, list(task.observables), weights, num_threads=_ONE_THREAD))[0]


def _cost_and_gradient(program: PauliProgram, task: Task, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, and its gradient (rows, M)."""
    assert task.cost is not None
    outputs, slopes = values_and_gradients(program, list(task.observables), weights, num_threads=_ONE_THREAD)
    cost, slope = task.cost(outputs)
    return cost, (slope[:, :, None] * slopes).sum(axis=1)

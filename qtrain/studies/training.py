"""The short training behind the task loss: Adam, vectorised over starts, exact gradients from the statevector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.circuits.initialization import parse_initialization
from qtrain.errors import QTrainError
from qtrain.qml.adam import Adam
from qtrain.simulators.statevector import values, values_and_gradients
from qtrain.studies.spec.search_spec import TrainingSpec
from qtrain.studies.tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtrain.circuits.program import PauliProgram

SHARPNESS = 5.0  # a readout of ±1 is a probability of 0.993
_ONE_THREAD = 1  # a trial's digits must not depend on how many run beside it


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training gave.

    Attributes:
        loss: the task loss, of the mean or the best start; ``losses``: (starts,) of each; ``best``: the start with the
            lowest training loss; ``weights``: (starts, num_weights).
        curve: (steps, starts) training loss before each step. metrics: energies or accuracies.
    """

    loss: float
    losses: np.ndarray
    best: int
    weights: np.ndarray
    curve: np.ndarray
    metrics: dict[str, float]


def adam(
    gradient: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]], start: np.ndarray, *, steps: int,
    learning_rate: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Adam on every row of ``start`` at once.

    Args:
        gradient: (weights (starts, M), step) → (losses (starts,), gradients (starts, M)).
        start: (starts, M).

    Returns:
        weights (starts, M) after the last step, losses (steps, starts) before each.

    Example:
        >>> quadratic = lambda w, step: ((w**2).sum(axis=1), 2 * w)
        >>> end, curve = adam(quadratic, np.array([[1.0]]), steps=200, learning_rate=0.1)
        >>> bool(abs(end[0, 0]) < 1e-3), curve.shape
        (True, (200, 1))
    """
    weights, descent = start.copy(), Adam(learning_rate)
    curve = np.empty((steps, len(weights)))
    for step in range(steps):
        curve[step], slope = gradient(weights, step)
        weights -= descent.step(slope)
    return weights, curve


def initial_weights(count: int, training: TrainingSpec, seed: int) -> np.ndarray:
    """(starts, count) angles, by ``training.initialization``."""
    rng = np.random.default_rng(seed)
    shape = (training.starts, count)
    if training.initialization == "zero":
        return np.zeros(shape)
    start = parse_initialization(training.initialization)
    if start.kind == "gaussian":
        return rng.normal(0.0, start.width, shape)
    width = start.width or np.pi
    return rng.uniform(-width, width, shape)


def train(
    program: PauliProgram, task: Task, training: TrainingSpec, *, seed: int, steps: int | None = None
) -> Trained:
    """Train a circuit for a task.

    Args:
        program: of encoding and ansatz, inputs in the order of ``task.train``'s columns; of the ansatz alone where
            the task prepares states.
        steps: instead of the spec's.

    Returns:
        Ground state: losses are (E − E₀)/|E₀| (E itself where E₀ is not known or 0). Classifier: cross-entropy
        on the part of the data that the start did not train on.
    """
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter to train. Got none.")
    start = initial_weights(len(program.weights), training, seed)
    count = training.steps if steps is None else steps
    if task.is_classifier:
        return _train_classifier(program, task, training, start, count, seed)
    operator = task.observables[0]
    weights, curve = adam(
        lambda w, step: values_and_gradients(program, operator, w, num_threads=_ONE_THREAD), start,
        steps=count, learning_rate=training.learning_rate,
    )  # fmt: skip
    energies = np.minimum(values(program, operator, weights, num_threads=_ONE_THREAD), curve.min(axis=0))
    losses = relative_energy(energies, task.lowest)
    metrics = {"energy": float(energies.min()), "energy_mean": float(energies.mean())}
    best = int(np.argmin(losses))
    return Trained(_aggregate(losses, best, training), losses, best, weights, curve, metrics)


def _aggregate(losses: np.ndarray, best: int, training: TrainingSpec) -> float:
    return float(losses[best] if training.aggregate == "best" else losses.mean())


def relative_energy(energies: np.ndarray, lowest: float | None) -> np.ndarray:
    """(E − E₀)/|E₀|, never below 0; E where E₀ is not known or 0."""
    if lowest is None or lowest == 0:
        return energies
    return np.maximum((energies - lowest) / abs(lowest), 0.0)


def _train_classifier(
    program: PauliProgram, task: Task, training: TrainingSpec, start: np.ndarray, steps: int, seed: int
) -> Trained:
    data, targets, fold = _folds(task, training.folds)
    rng = np.random.default_rng([seed, 1])
    held = np.arange(len(start)) % training.folds  # the part that each start does not see
    seen = [np.flatnonzero(fold != part) for part in range(training.folds)]
    size = min(training.batch_size, *(len(rows) for rows in seen))
    batches = [[rows[rng.choice(len(rows), size, replace=False)] for rows in seen] for _ in range(steps)]

    def gradient(weights: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows are (start, sample)."""
        rows = np.concatenate([batches[step][part] for part in held])
        wide = np.repeat(weights, size, axis=0)
        outputs, slopes = values_and_gradients(
            program, list(task.observables), wide, **_given(task, data[rows]), num_threads=_ONE_THREAD
        )
        loss, slope = logistic(outputs, targets[rows])
        per_row = (slope[:, :, None] * slopes).sum(axis=1)
        return loss.reshape(len(start), -1).mean(axis=1), per_row.reshape(len(start), size, -1).mean(axis=1)

    weights, curve = adam(gradient, start, steps=steps, learning_rate=training.learning_rate)

    def scores(rows: list[np.ndarray]) -> list[tuple[float, float]]:
        return [score(program, task, w, data[r], targets[r]) for w, r in zip(weights, rows, strict=True)]

    test = task.prepared["test"] if task.prepares else task.test
    found = {
        "train": scores([seen[part] for part in held]),
        "validation": scores([np.flatnonzero(fold == part) for part in held]),
        "test": [score(program, task, w, test, task.test_targets) for w in weights],
    }
    losses = np.array([loss for loss, _ in found["validation"]])
    best = int(np.argmin([loss for loss, _ in found["train"]]))
    metrics = {f"{part}_accuracy": parts[best][1] for part, parts in found.items()}
    metrics |= {"train_loss": found["train"][best][0], "test_loss": found["test"][best][0]}
    metrics["test_accuracy_mean"] = float(np.mean([accuracy for _, accuracy in found["test"]]))
    metrics["test_loss_mean"] = float(np.mean([loss for loss, _ in found["test"]]))
    return Trained(_aggregate(losses, best, training), losses, best, weights, curve, metrics)


def _given(task: Task, data: np.ndarray) -> dict[str, Any]:
    """Samples as the simulator takes them: states to start from, or inputs of the encoding."""
    return {"start": data} if task.prepares else {"inputs": data}


def _folds(task: Task, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All but the test part: inputs (or prepared states), targets, and the part (0 … count − 1) of each sample.

    Part 0 is the task's validation part; the others share its training part, each class evenly.
    """
    fold = np.zeros(len(task.validation) + len(task.train), int)
    rng = np.random.default_rng(0)
    for kind in np.unique(task.train_targets, axis=0):
        rows = rng.permutation(np.flatnonzero((task.train_targets == kind).all(axis=1)))
        fold[len(task.validation) + rows] = 1 + np.arange(len(rows)) % max(1, count - 1)
    parts = task.prepared if task.prepares else {"validation": task.validation, "train": task.train}
    targets = np.concatenate([task.validation_targets, task.train_targets])
    return np.concatenate([parts["validation"], parts["train"]]), targets, fold


def logistic(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy of a sigmoid (one readout) or softmax (several) of ``SHARPNESS`` times the readouts, and its slope.

    Args:
        outputs: (samples, readouts) in [−1, 1]; targets: (samples, readouts) of ±1.

    Returns:
        loss (samples,), derivative by the outputs (samples, readouts).

    Example:
        >>> loss, slope = logistic(np.array([[1.0]]), np.array([[1.0]]))
        >>> loss.round(4).tolist(), slope.round(4).tolist()
        ([0.0067], [[-0.0335]])
    """
    if outputs.shape[1] == 1:
        margin = SHARPNESS * targets * outputs
        return np.logaddexp(0.0, -margin)[:, 0], -SHARPNESS * targets / (1 + np.exp(margin))
    scaled = SHARPNESS * outputs
    log_sum = np.logaddexp.reduce(scaled, axis=1, keepdims=True)
    hot = (targets > 0).astype(float)
    return (log_sum - (scaled * hot).sum(axis=1, keepdims=True))[:, 0], SHARPNESS * (np.exp(scaled - log_sum) - hot)


def score(
    program: PauliProgram, task: Task, weights: np.ndarray, inputs: np.ndarray, targets: np.ndarray
) -> tuple[float, float]:
    """Loss and accuracy of one weight vector on samples: inputs, or states where the task prepares them."""
    outputs = values(
        program, list(task.observables), np.tile(weights, (len(inputs), 1)), **_given(task, inputs),
        num_threads=_ONE_THREAD,
    )  # fmt: skip
    loss = float(logistic(outputs, targets)[0].mean())
    if outputs.shape[1] == 1:
        return loss, float(np.mean((outputs >= 0) == (targets > 0)))
    return loss, float(np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1)))

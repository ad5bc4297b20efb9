"""Gradients of a QNN's loss over a data set: what its optimiser really follows."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.problem import Problem
from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import AngleMoments
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.sampled_angles import angle_statistics, grow, power_sums
from qtrain.gradients.statistics import GradientStats
from qtrain.simulators import statevector

Slope = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
MAX_POINTS = 256  # of the data; more are drawn from at random
FIRST_BATCH = 32


def _squared(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ((outputs - targets) ** 2).sum(-1), 2 * (outputs - targets)


def _cross_entropy(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p = np.clip((1 + outputs) / 2, 1e-9, 1 - 1e-9)
    wanted = (1 + targets) / 2
    value = -(wanted * np.log(p) + (1 - wanted) * np.log(1 - p))
    return value.sum(-1), (p - wanted) / (p * (1 - p)) / 2


LOSSES: dict[str, Slope] = {"squared_error": _squared, "cross_entropy": _cross_entropy}


def check_targets(data: np.ndarray, targets: Any, num_outputs: int, loss: str) -> np.ndarray:
    """Targets as (points, outputs) float, checked.

    Raises:
        QTrainError: unknown loss, another number of points or outputs, targets outside [-1, 1] for cross entropy.
    """
    if loss not in LOSSES:
        raise QTrainError(f"loss should be one of {', '.join(LOSSES)}. Got {loss!r}.")
    if targets is None:
        raise QTrainError(f"targets should hold {num_outputs} output(s) for each point of data. Got None.")
    wanted = np.asarray(targets, float)
    wanted = wanted.reshape(len(wanted), -1)
    if wanted.shape != (len(data), num_outputs):
        raise QTrainError(f"targets should have shape ({len(data)}, {num_outputs}). Got {np.shape(targets)}.")
    if loss == "cross_entropy" and np.abs(wanted).max(initial=0) > 1:
        raise QTrainError("targets should lie in [-1, 1] for cross_entropy: labels -1 and 1. Got others.")
    return wanted


def loss_variance(
    problem: Problem, observables: Sequence[SparsePauliOp], targets: np.ndarray, *, loss: str = "squared_error"
) -> tuple[GradientStats, float]:
    """Statistics of a QNN's loss gradient.

    Args:
        problem: with the data, and the sum of the observables. observables: one for each output.
        targets: (points, outputs), from `check_targets`. loss: ``"squared_error"`` or ``"cross_entropy"``.

    Returns:
        Statistics by sampled angles; the mean squared slope of the loss in its outputs, which turns shot noise
        of the outputs into noise of the loss gradient.

    Raises:
        QTrainError: a circuit without inputs.
    """
    if problem.data is None:
        raise QTrainError("circuit should have input parameters where it is a QNN. Got none.")
    slopes = 0.0

    def draw(count: int, done: int) -> AngleMoments:
        nonlocal slopes
        rng = problem.rng("loss", done)
        more, slope = loss_moments(problem, observables, targets, loss=loss, samples=count, rng=rng)
        slopes += slope * count
        return more

    total, note = grow(problem, problem.samples or FIRST_BATCH, draw)
    reason = f"gradient of the {loss} over {len(problem.data)} points, angles sampled on the statevector{note}"
    # no two outputs cancel: what vanishes for every term vanishes for any loss
    every = SparsePauliOp.sum([SparsePauliOp(o.paulis, np.abs(o.coeffs)) for o in observables])
    stats = angle_statistics(problem.but(observable=every), total, "loss", reason)
    text = f"{problem.fingerprint}|{[o.to_list() for o in observables]}|{targets.tobytes()!r}|{loss}"
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    return dataclasses.replace(stats, fingerprint=fingerprint, offset=0.0), slopes / total.count


def loss_moments(
    problem: Problem, observables: Sequence[SparsePauliOp], targets: np.ndarray, *, loss: str, samples: int,
    rng: np.random.Generator,
) -> tuple[AngleMoments, float]:  # fmt: skip
    """Power sums of the loss and its gradient over random weights, each over the whole data set.

    More than 256 points are drawn from. The second result is the mean squared slope of the loss in its outputs.
    """
    program, data = problem.program, problem.data
    assert data is not None
    weights = draw_weights(program, samples, rng, initialization=problem.start)
    many = len(data) > MAX_POINTS
    chosen = rng.choice(len(data), MAX_POINTS, replace=False) if many else np.arange(len(data))
    points, wanted = data[chosen], targets[chosen]
    count = len(points)
    gradients = np.zeros((samples, len(program.parameters)))
    losses = np.zeros(samples)
    squares = 0.0
    chunk = max(1, 4096 // count)
    for start in range(0, samples, chunk):
        part = weights[start : start + chunk]
        f, g = statevector.values_and_gradients(
            program, list(observables), np.repeat(part, count, axis=0), np.tile(points, (len(part), 1))
        )
        f = np.asarray(f).reshape(len(part), count, len(observables))
        g = np.asarray(g).reshape(len(part), count, len(observables), -1)
        value, slope = LOSSES[loss](f, wanted[None])
        losses[start : start + len(part)] = value.mean(axis=1)
        gradients[start : start + len(part)] = np.einsum("bpo,bpow->bw", slope, g) / count
        squares += float((slope**2).mean(axis=(1, 2)).sum())
    return AngleMoments(samples, power_sums(gradients), power_sums(losses)), squares / samples

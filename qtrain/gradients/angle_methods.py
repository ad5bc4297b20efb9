"""Gradient statistics from sampled angles: what Pauli paths refuse."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.program import PauliProgram
from qtrain.gradients.qnn_loss import loss_moments
from qtrain.gradients.sampled_angles import Moments, sample_moments
from qtrain.gradients.sampled_paths import Question, digest
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import provably_zero
from qtrain.light_cones.light_cone import effective_program
from qtrain.light_cones.vanishing_gradients import vanishing_weights

FIRST_BATCH = 64
ROUNDING = 1e-13  # of a sampled gradient, relative to the largest it can be


def statevector(question: Question, because: str, data: np.ndarray | None) -> GradientStats:
    """Adjoint gradients of random parameter vectors; memory is checked before it is taken."""
    moments, note = _run(question, data, None)
    result = _statistics(question, moments, "statevector", f"{because}angles sampled on the statevector{note}")
    suspects = (moments.gradient[1] <= moments.count * float(result.sums["rounding"])) & ~result.proven_zero
    if suspects.any():
        nothing = suspects & vanishing_weights(question.program, question.observable, seed=question.seed)
        result = dataclasses.replace(result, proven_zero=result.proven_zero | nothing)
    return result


def module_limit(question: Question) -> int:
    """Strings to follow: each costs 64 bytes and a few additions, so a limit meant for algebras would be low."""
    return max(question.budget.max_dimension, 2**15)


def module(question: Question, because: str) -> GradientStats | None:
    """The same in the observable's module (arXiv 2308.01432); None where the module is too large."""
    from qtrain.errors import QTrainError
    from qtrain.simulators.gsim import module as build

    try:
        found = build(question.program, question.observable, module_limit(question))
    except QTrainError:
        return None
    if found is None:
        return None
    moments, note = _run(question, None, found)
    return _statistics(
        question,
        moments,
        "gsim",
        f"{because}angles sampled in the module of dimension {found.dimension}{note}",
    )


def loss_variance(
    program: PauliProgram, observables: Sequence[SparsePauliOp], data: np.ndarray, targets: np.ndarray, *,
    loss: str, initialization: Initialization, seed: int, budget: Budget,
) -> tuple[GradientStats, float]:  # fmt: skip
    """Statistics of a QNN's loss gradient, and the mean squared slope of the loss in its outputs."""
    total: Moments | None = None
    slopes, batch, runs = 0.0, 32, 0
    deadline = time.monotonic() + budget.seconds / 2
    while total is None or (not _precise(total, budget.relative_error) and time.monotonic() < deadline):
        more, slope = loss_moments(
            program, observables, data, targets, loss=loss, samples=batch, seed=seed * 1_000_003 + runs,
            initialization=initialization,
        )  # fmt: skip
        slopes += slope * batch
        total = more if total is None else total + more
        batch, runs = min(total.count, budget.max_samples), runs + 1
    # no two outputs cancel: what vanishes for every term vanishes for any loss
    operator = SparsePauliOp.sum([SparsePauliOp(o.paulis, np.abs(o.coeffs)) for o in observables])
    terms = [o.to_list() for o in observables]
    key = f"{program.fingerprint()}|{terms}|{data.tobytes()!r}|{targets.tobytes()!r}|{loss}|{initialization}"
    question = Question(
        program, operator, initialization, seed, None, budget, time.monotonic(), digest(key), 0.0
    )
    reason = f"gradient of the {loss} over {len(data)} points, angles sampled on the statevector"
    return _statistics(question, total, "loss", reason), slopes / total.count


def _run(question: Question, data: np.ndarray | None, space: Any) -> tuple[Moments, str]:
    batch = question.samples or FIRST_BATCH
    cone = None if space is not None else effective_program(question.program, question.observable)
    total: Moments | None = None
    while True:
        done = 0 if total is None else total.count
        seed = int(np.random.default_rng([question.seed, done]).integers(2**62))
        began = time.monotonic()
        more = sample_moments(
            question.program,
            question.observable,
            samples=batch,
            seed=seed,
            initialization=question.start,
            data=data,
            module=space,
            cone=cone,
        )
        total = more if total is None else total + more
        cost = time.monotonic() - began
        if question.samples is not None:
            return total, ""
        if _precise(total, question.budget.relative_error):
            return total, ""
        left = question.left - 0.5 * question.budget.seconds
        if 2 * cost > left or total.count >= question.budget.max_samples:
            return total, f"; stopped by the budget after {total.count} parameter vectors"
        batch = min(total.count, question.budget.max_samples - total.count)


def _precise(moments: Moments, relative_error: float) -> bool:
    n = moments.count
    second = moments.gradient[1] / n
    spread = np.sqrt(np.maximum(moments.gradient[3] / n - second**2, 0.0) / n)
    live = second > 1e-14 * max(float(second.max(initial=0.0)), 1e-300)
    return not live.any() or float(np.median(spread[live] / second[live])) <= relative_error


def _statistics(question: Question, moments: Moments, method: str, reason: str) -> GradientStats:
    program = question.program
    count = len(program.weights)
    sums: dict[str, Any] = {"count": np.array(float(moments.count))}
    for i, power in enumerate((1, 2, 3, 4, 6)):
        sums[f"g{power}"] = moments.gradient[i]
        sums[f"f{power}"] = np.array(moments.cost[i])
    slope = np.bincount(
        program.parameter[program.rotations], np.abs(np.nan_to_num(program.coefficient[program.rotations], nan=1.0)),
        minlength=count,
    )  # fmt: skip
    size = ROUNDING * max(float(slope.max(initial=1.0)), 1.0) * float(np.abs(question.observable.coeffs).sum())
    sums["rounding"] = np.array(size**2)
    zero = provably_zero(program, question.observable)
    mean = np.zeros(count) if question.start.kind == "uniform" else moments.gradient[0] / moments.count
    return GradientStats(
        program.weights, method, reason, str(question.start), question.fingerprint, (question.seed,),
        float("nan"), zero,
        np.ones(count), mean, question.offset + float(moments.cost[0]) / moments.count, question.offset, sums,
    )  # fmt: skip

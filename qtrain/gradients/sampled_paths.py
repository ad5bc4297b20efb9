"""Gradient statistics from Pauli paths: summed exactly, sampled, or steered to small signals."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.interference import PathClasses, path_classes
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.gradients.exact_paths import exact_moments, felt_rows
from qtrain.gradients.paired_paths import exact_signed, sample_signed
from qtrain.gradients.statistics import GradientStats
from qtrain.gradients.weighted_paths import WeightedSampler
from qtrain.kernels import particles as particle_kernel
from qtrain.kernels import pauli_paths as path_kernel
from qtrain.light_cones.dead_parameters import provably_zero

FEW_HITS = 100
PATHS_RESOLVE = 1e-7  # smaller shares of S are a matter for particles


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked, and what it may cost.

    ``observable`` is traceless, ``offset`` the constant taken out; ``started`` reads ``time.monotonic``.
    """

    program: PauliProgram
    observable: SparsePauliOp
    start: Initialization
    seed: int
    samples: int | None
    budget: Budget
    started: float
    fingerprint: str
    offset: float

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.budget.seconds - (time.monotonic() - self.started)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _spread(
    tape: Tape, program: PauliProgram, rows: np.ndarray, cost: float, fill: float = 0.0
) -> np.ndarray:
    """Rows of the tape to weights of the program, the cost as last entry."""
    result = np.full(len(program.weights) + 1, fill)
    result[tape.weight] = rows
    result[-1] = cost
    return result


def statistics(
    question: Question, tape: Tape, classes: PathClasses | None, method: str, reason: str, sums: dict[str, Any],
    *, mean: np.ndarray | None = None, cost_mean: float = 0.0, felt: np.ndarray | None = None,
) -> GradientStats:  # fmt: skip
    """Statistics with what is proven to vanish: by ``felt`` (rows,), else by the reach of both ends."""
    program = question.program
    factor = np.zeros(len(program.weights))
    factor[tape.weight] = tape.coefficient**2
    zero = np.ones(len(program.weights), bool)
    zero[tape.weight] = tape.coefficient == 0  # a parameter without a rotation moves nothing
    if felt is None:
        zero |= provably_zero(program, question.observable)
    elif not felt.all():
        zero[tape.weight] |= ~felt
        zero |= provably_zero(program, question.observable)
    return GradientStats(
        program.weights, method, reason, str(question.start), question.fingerprint, (question.seed,),
        float("nan") if classes is None else classes.scale, zero, factor,
        np.zeros(len(program.weights)) if mean is None else mean,
        question.offset + (cost_mean if classes is None else classes.mean),
        question.offset, sums,
    )  # fmt: skip


def exact(question: Question, tape: Tape, reason: str, *, max_flops: float = 2e9) -> GradientStats | None:
    """All paths summed; None where the network is too large."""
    classes = path_classes(tape, question.observable)
    found = exact_moments(tape, classes, max_flops=max_flops, max_numbers=question.budget.memory_bytes / 16)
    if found is None:
        return None
    cost, rows = found
    felt = rows > 0
    if not felt.all():
        felt = felt_rows(tape, classes, max_flops=max_flops, max_numbers=question.budget.memory_bytes / 16)
    sums = {"exact": _spread(tape, question.program, _above_zero(rows, felt), cost)}
    sums |= _betas(question, tape, classes)
    return statistics(question, tape, classes, "exact", reason, sums, felt=felt)


def _above_zero(rows: np.ndarray, felt: np.ndarray) -> np.ndarray:
    """Moments too small for a float, rounded up to the smallest: only what no path feels is 0."""
    return np.where(felt & (rows <= 0), np.finfo(float).tiny, rows)


def exact_weighted(
    question: Question, tape: Tape, bloch: np.ndarray | None, reason: str, *, max_flops: float = 2e9
) -> GradientStats | None:
    """The same under noise, for non-uniform angles and for product inputs; None too where terms interfere."""
    found = exact_signed(
        tape, question.observable, question.start, bloch, max_flops=max_flops,
        max_numbers=question.budget.memory_bytes / 16,
    )  # fmt: skip
    if found is None:
        return None
    cost, rows, felt, cost_mean, gradient = found
    if question.start.kind == "uniform":  # there the moment is about the mean
        cost = max(cost - cost_mean**2, 0.0)
    mean = np.zeros(len(question.program.weights))
    mean[tape.weight] = gradient * tape.coefficient
    sums = {"exact": _spread(tape, question.program, _above_zero(rows, felt), cost)}
    return statistics(question, tape, None, "exact", reason, sums, mean=mean, cost_mean=cost_mean, felt=felt)


def _betas(question: Question, tape: Tape, classes: PathClasses) -> dict[str, Any]:
    """How often each generator meets an anticommuting Pauli, from a few thousand plain paths."""
    count = 4 * path_kernel.PATHS
    _, betas, _ = _plain(tape, classes, count, question.seed, True)
    return {"beta": _spread(tape, question.program, betas, 0)[:-1], "beta_paths": np.array(float(count))}


def _plain(
    tape: Tape, classes: PathClasses, count: int, seed: int, with_beta: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    hits = np.zeros(tape.num_rows, np.int64)
    betas = np.zeros(tape.num_rows, np.int64)
    if not len(classes.value):
        return hits, betas, 0
    rng = np.random.default_rng([seed, count])
    counts = rng.multinomial(count, classes.value / classes.total).astype(np.int64)
    cost = path_kernel.sample(
        tape.steps,
        classes.x,
        classes.z,
        classes.target,
        counts,
        np.uint64(rng.integers(2**63)),
        with_beta,
        hits,
        betas,
    )
    return hits, betas, int(cost)


def sampled(
    question: Question,
    tape: Tape,
    bloch: np.ndarray | None,
    channels: list[Any],
    reason: str,
    *,
    small_signals: bool,
) -> GradientStats:
    """Random paths, in growing batches until precise enough; then particles for what they miss."""
    if question.start.kind != "uniform" or channels or bloch is not None:
        outcome = sample_signed(
            tape, question.observable, question.start, bloch, samples=question.samples, seed=question.seed,
            seconds=question.left, max_samples=question.budget.max_samples,
            relative_error=question.budget.relative_error,
            resolution=max(question.budget.resolution, PATHS_RESOLVE),
        )  # fmt: skip
        spread = {
            k: _spread(tape, question.program, rows, cost) for k, (rows, cost) in outcome.counts.items()
        }
        mean = np.zeros(len(question.program.weights))
        mean[tape.weight] = outcome.mean_gradient * tape.coefficient
        sums = spread | {"total": np.array(outcome.total), "parts": np.array(1.0)}
        return statistics(
            question, tape, None, "paths", reason + outcome.note, sums, mean=mean, cost_mean=outcome.cost_mean
        )
    classes = path_classes(tape, question.observable)
    weighted = WeightedSampler.start(tape, classes, question.seed)
    if weighted is not None:
        sums, note = _run_weighted(question, tape, classes, weighted)
    else:
        sums, note = _run_plain(question, tape, classes)
    reason += note
    result = statistics(question, tape, classes, "paths", reason, sums)
    seen = result.sums["hits" if weighted is None else "wn"]
    missed = (seen[:-1] < FEW_HITS) & ~result.proven_zero
    if not small_signals or question.budget.resolution >= PATHS_RESOLVE or not missed.any():
        return result
    # What paths miss: particles estimate it, and replace the estimate only where it is the better one.
    sums = dict(result.sums) | {"ceiling": np.array(_ceiling(question, tape, classes))}
    runs = particle_runs(question, tape, classes)
    if runs is None:
        return dataclasses.replace(result, sums=sums)
    count, first, second = runs
    replace = np.append(missed, seen[-1] < FEW_HITS) & (first > 0)
    sums |= {
        "particles": np.where(replace, float(count), 0.0),
        "p1": np.where(replace, first, 0.0), "p2": np.where(replace, second, 0.0),
    }  # fmt: skip
    note = (
        f"; {int(replace[:-1].sum())} parameters that fewer than {FEW_HITS} paths felt "
        f"by {count} runs of steered particles"
    )
    return dataclasses.replace(result, method="paths + particles", reason=reason + note, sums=sums)


Step = Callable[[int, int], np.ndarray]


def _grow(question: Question, step: Step) -> tuple[int, str]:
    """Draw growing batches until the median parameter that was felt is precise, and what was not is bounded.

    Args:
        step: draws a batch behind so many paths; returns (rows,) relative errors, infinite where unfelt.
    """
    budget = question.budget
    done, batch = 0, question.samples or 8 * path_kernel.PATHS
    while True:
        errors = step(batch, done)
        done += batch
        if question.samples is not None:
            return done, ""
        felt = errors[np.isfinite(errors)]
        if done >= 3 / max(budget.resolution, PATHS_RESOLVE) and (
            not len(felt) or float(np.median(felt)) <= budget.relative_error
        ):
            return done, ""
        if question.left < 0.5 * budget.seconds or done >= budget.max_samples:
            return done, f"; stopped by the budget after {done} paths"
        batch = int(min(done, budget.max_samples - done))


def _run_plain(question: Question, tape: Tape, classes: PathClasses) -> tuple[dict[str, Any], str]:
    hits, betas = np.zeros(tape.num_rows, np.int64), np.zeros(tape.num_rows, np.int64)
    cost = 0

    def step(batch: int, done: int) -> np.ndarray:
        nonlocal hits, betas, cost
        more, some, total = _plain(tape, classes, batch, question.seed * 1_000_003 + done, True)
        hits, betas, cost = hits + more, betas + some, cost + total
        with np.errstate(divide="ignore"):
            return np.asarray(1 / np.sqrt(hits))

    done, note = _grow(question, step)
    program = question.program
    return {
        "hits": _spread(tape, program, hits, cost),
        "paths": _spread(tape, program, np.full(tape.num_rows, float(done)), done),
        "total": np.array(classes.total), "parts": np.array(1.0),
        "beta": _spread(tape, program, betas, 0)[:-1], "beta_paths": np.array(float(done)),
    }, note  # fmt: skip


def _run_weighted(
    question: Question, tape: Tape, classes: PathClasses, sampler: WeightedSampler
) -> tuple[dict[str, Any], str]:
    def step(batch: int, done: int) -> np.ndarray:
        sampler.draw(batch, question.seed)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(sampler.ones > 0, np.sqrt(sampler.squares) / sampler.ones, np.inf)

    done, note = _grow(question, step)
    program, unit = question.program, 2.0**-sampler.cut
    first, second, count = sampler.cost
    return {
        "w1": _spread(tape, program, sampler.ones * unit, first * unit),
        "w2": _spread(tape, program, sampler.squares * unit**2, second * unit**2),
        "wn": _spread(tape, program, sampler.seen, count),
        "wpaths": _spread(tape, program, np.full(tape.num_rows, float(done)), done),
        "total": np.array(classes.total), "parts": np.array(1.0),
    } | _betas(question, tape, classes), note + "; rotations next to the input averaged"  # fmt: skip


def particles_only(question: Question, tape: Tape) -> GradientStats:
    """Steered particles for every parameter."""
    classes = path_classes(tape, question.observable)
    runs = particle_runs(question, tape, classes)
    if runs is None:
        raise QTrainError(
            "method should be one that treats this circuit. "
            "Got 'particles', but the observable interferes in too many ways: use 'paths'."
        )
    count, first, second = runs
    sums = {"particles": np.full(len(first), float(count)), "p1": first, "p2": second}
    sums |= _betas(question, tape, classes) | {"ceiling": np.array(_ceiling(question, tape, classes))}
    reason = "asked for: particles; estimates without an interval above, bounded by a certified ceiling"
    return statistics(question, tape, classes, "particles", reason, sums)


def _ceiling(question: Question, tape: Tape, classes: PathClasses) -> float:
    from qtrain.gradients.tensor_train_bound import ceiling

    return ceiling(tape, classes, seconds=max(question.left / 2, 5.0))


def particle_runs(
    question: Question, tape: Tape, classes: PathClasses
) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Independent runs: (number, sum, sum of squares) of the estimates, cost last."""
    patterns, inverse = np.unique(classes.target, axis=0, return_inverse=True)
    if len(patterns) > 16 or not len(classes.value):
        return None
    rows = max(tape.num_rows, 1)
    size = int(np.clip(question.budget.memory_bytes / 4 / (rows + tape.num_qubits + 2048), 256, 8192))
    first = np.zeros(len(question.program.weights) + 1)
    second = np.zeros_like(first)
    groups = [np.flatnonzero(inverse.reshape(-1) == index) for index in range(len(patterns))]
    reaches = [_best_reach(tape, classes, inside, size, question.seed) for inside in groups]
    runs = 0
    wanted = max(4, min(question.samples or 32, 64))
    while runs < wanted and (runs < 4 or question.left > 0.1 * question.budget.seconds):
        total = np.zeros_like(first)
        for index, (inside, reach) in enumerate(zip(groups, reaches, strict=True)):
            seed = int(np.random.default_rng([question.seed, runs, index]).integers(2**31))
            cost, marked = _particle_run(tape, classes, inside, size, seed, reach)
            total += _spread(tape, question.program, marked, cost)
        first, second, runs = first + total, second + total**2, runs + 1
    return runs, first, second


REACHES = (1, 2, 4, 10**9)


def _best_reach(tape: Tape, classes: PathClasses, inside: np.ndarray, size: int, seed: int) -> int:
    """How far from the input the guide should steer: where the mean log estimate is largest.

    An unbiased positive estimate has E log <= log E, with equality where it does not vary: the pilot
    with the largest mean log varies least.
    """
    scores = []
    for reach in REACHES:
        pilots = [
            _particle_run(tape, classes, inside, max(size // 4, 256), seed % 2**30 + k, reach)[0]
            for k in range(3)
        ]
        with np.errstate(divide="ignore"):
            scores.append(float(np.mean(np.log(pilots))))
    return REACHES[int(np.argmax(scores))] if np.isfinite(max(scores)) else REACHES[-1]


def _particle_run(
    tape: Tape, classes: PathClasses, inside: np.ndarray, size: int, seed: int, reach: int
) -> tuple[float, np.ndarray]:
    n, ops = tape.num_qubits, len(tape.code)
    target = classes.target[inside[0]]
    final = np.where(target[:, None] == 1, [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0])
    guide = (*np.ones((2, ops, 2, 4)), *np.ones((2, len(tape.support), 4)))
    start_guide = final.copy()
    particle_kernel.build_guide(
        tape.steps, start_guide, reach, *guide
    )
    letters = np.ascontiguousarray(classes.x[inside] | (classes.z[inside] << 1))
    with np.errstate(divide="ignore"):
        logs = np.log(start_guide[np.arange(n), letters]).sum(axis=1) + np.log(classes.value[inside])
    peak = logs.max()
    marked = np.zeros(tape.num_rows)
    if not np.isfinite(peak):
        return 0.0, marked
    mass = np.exp(logs - peak)
    rng = np.random.default_rng([seed, 1])
    owner = np.repeat(np.arange(len(inside)), rng.multinomial(size, mass / mass.sum())).astype(np.int64)
    bits = np.zeros((tape.num_rows, size), np.bool_)
    epoch = np.zeros(tape.num_rows, np.int32)
    ancestors = np.zeros((2048, size), np.int32)
    log, value = particle_kernel.run_particles(
        tape.steps, *guide, letters, owner, seed, bits, epoch, ancestors, marked
    )
    scale = float(np.exp(log + peak)) * float(mass.sum())
    return value * scale, marked * scale

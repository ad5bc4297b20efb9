"""Method ``particles``: sequential Monte Carlo for what plain paths miss, signals of 1e-30 included.

A product guide twists the walk of each path towards what the input can feel; weights undo it, and resampling drops
paths that no longer count. Every run is an unbiased estimate of every path sum.
"""

from __future__ import annotations

import numpy as np

from qtrain.circuits.interference import PathClasses, seen_letters
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, classes, path_tape
from qtrain.gradients.accumulators import Ceiling, Means, ParticleRuns
from qtrain.gradients.paths.path_sums import PATHS_RESOLVE, on_weights, path_statistics, tape_of, unit
from qtrain.gradients.paths.sampled_paths import encounters
from qtrain.gradients.paths.tensor_train_bound import ceiling
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels import particles as kernel

FEW_HITS = 100  # paths that felt a parameter, below which particles do better
MAX_PATTERNS = 16  # of X bits at the input: each needs a guide of its own
REACHES = (1, 2, 4, 10**9)


def refuses(problem: Problem) -> str | None:
    """What Pauli paths refuse, and what their weights must not be: signed, damped, not of |0...0>."""
    if path_tape(problem).refusal:
        return path_tape(problem).refusal
    if not problem.plain:
        return "noise, angles that are not uniform and product inputs are for 'paths' and 'exact'"
    patterns = len(np.unique(classes(problem).target, axis=0))
    return f"the observable interferes in {patterns} ways, above {MAX_PATTERNS}" if patterns > MAX_PATTERNS else None


def run(problem: Problem) -> GradientStats:
    """Every parameter by particles, below a certified ceiling."""
    runs, found = _runs(problem), classes(problem)
    means = on_weights(problem, np.zeros(tape_of(problem).num_rows), found.mean)
    return path_statistics(
        problem, [runs, Means(means), encounters(problem), _ceiling(problem)], "particles",
        "estimates without an interval above, bounded by a certified ceiling", scale=found.scale,
    )  # fmt: skip


def complete(problem: Problem, stats: GradientStats) -> GradientStats | None:
    """What too few paths felt; None where nothing is missed, or nobody wants it."""
    if problem.samples is not None or problem.budget.resolution >= PATHS_RESOLVE:
        return None
    missed = stats.support < FEW_HITS
    if not missed.any():
        return None
    runs = _runs(problem)
    replace = np.append(missed, stats.cost_support < FEW_HITS) & (runs.first > 0)
    note = (
        f"{int(replace[:-1].sum())} parameters that fewer than {FEW_HITS} paths felt "
        f"by {runs.num_samples} runs of sequential Monte Carlo"
    )
    kept = ParticleRuns(*(np.where(replace, column, 0.0) for column in (runs.runs, runs.first, runs.second)))
    return stats.including(kept, _ceiling(problem), method=f"{stats.method} + particles", reason=note)


def _ceiling(problem: Problem) -> Ceiling:
    highest = ceiling(tape_of(problem), classes(problem), seconds=max(problem.left / 2, 5.0))
    factor = unit(problem, 1.0)
    return Ceiling(np.where(factor > 0, factor * highest if np.isfinite(highest) else np.inf, 0.0))


def _runs(problem: Problem) -> ParticleRuns:
    """Independent runs, each over all classes."""
    tape, found = tape_of(problem), classes(problem)
    size = int(np.clip(problem.budget.memory_bytes / 4 / (max(tape.num_rows, 1) + tape.num_qubits + 2048), 256, 8192))
    first, second = np.zeros((2, len(problem.program.weights) + 1))
    patterns, inverse = np.unique(found.target, axis=0, return_inverse=True)
    groups = [np.flatnonzero(inverse.reshape(-1) == index) for index in range(len(patterns))]
    reaches = [_best_reach(problem, tape, found, inside, index, size) for index, inside in enumerate(groups)]
    count = 0
    wanted = max(4, min(problem.samples or 32, 64))
    while count < wanted and (count < 4 or problem.left > 0.1 * problem.budget.seconds):
        total = np.zeros_like(first)
        for index, (inside, reach) in enumerate(zip(groups, reaches, strict=True)):
            rng = problem.rng("particles", count, index)
            cost, marked = _run(tape, found, inside, size, rng, reach)
            total += on_weights(problem, marked * tape.coefficient**2, cost)
        first, second, count = first + total, second + total**2, count + 1
    return ParticleRuns(np.full(len(first), float(count)), first, second)


def _best_reach(
    problem: Problem, tape: Tape, found: PathClasses, inside: np.ndarray, index: int, size: int
) -> int:
    """How far from the input the guide should reach: where the mean log estimate is largest.

    An unbiased positive estimate has E log <= log E, with equality where it does not vary: the pilot
    with the largest mean log varies least.
    """
    scores = []
    for place, reach in enumerate(REACHES):
        pilots = [
            _run(tape, found, inside, max(size // 4, 256), problem.rng("pilots", index, place, k), reach)[0]
            for k in range(3)
        ]
        with np.errstate(divide="ignore"):
            scores.append(float(np.mean(np.log(pilots))))
    return REACHES[int(np.argmax(scores))] if np.isfinite(max(scores)) else REACHES[-1]


def _run(
    tape: Tape, found: PathClasses, inside: np.ndarray, size: int, rng: np.random.Generator, reach: int
) -> tuple[float, np.ndarray]:
    """One run over the classes ``inside``, all of one pattern: second moment of the cost, (rows,) of rotations."""
    n, ops = tape.num_qubits, len(tape)
    guide = kernel.Guide(*np.ones((2, ops, 2, 4)), *np.ones((2, len(tape.steps.support), 4)))
    end = seen_letters(found.target[inside[0]])
    kernel.build_guide(tape.steps, end, reach, guide)
    letters = np.ascontiguousarray(found.x[inside] | (found.z[inside] << 1))
    with np.errstate(divide="ignore"):
        logs = np.log(end[np.arange(n), letters]).sum(axis=1) + np.log(found.value[inside])
    peak = logs.max()
    marked = np.zeros(tape.num_rows)
    if not np.isfinite(peak):
        return 0.0, marked
    mass = np.exp(logs - peak)
    owner = np.repeat(np.arange(len(inside)), rng.multinomial(size, mass / mass.sum())).astype(np.int64)
    history = kernel.History(
        np.zeros((tape.num_rows, size), np.bool_), np.zeros(tape.num_rows, np.int32), np.zeros((2048, size), np.int32)
    )
    log, value = kernel.run_particles(tape.steps, guide, letters, owner, int(rng.integers(2**31)), history, marked)
    scale = float(np.exp(log + peak)) * float(mass.sum())
    return value * scale, marked * scale

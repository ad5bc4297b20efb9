"""What the methods by Pauli paths share: sums of rows as sums of parameters, and how many paths are enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, path_tape
from qtrain.gradients.accumulators import Accumulator
from qtrain.gradients.statistics import GradientStats
from qtrain.kernels.bits import PATHS
from qtrain.light_cones.dead_parameters import dead

PATHS_RESOLVE = 1e-7  # smaller shares of S are a matter for particles


def refuses(problem: Problem) -> str | None:
    """Shared parameters, fixed rotations that are no Cliffords, identity blocks."""
    return path_tape(problem).refusal or None


def tape_of(problem: Problem) -> Tape:
    """The tape of a problem that Pauli paths do not refuse."""
    tape = path_tape(problem).tape
    assert tape is not None
    return tape


def path_statistics(
    problem: Problem, sums: Sequence[Accumulator], method: str, reason: str, *, felt: np.ndarray | None = None,
    scale: float = float("nan"),
) -> GradientStats:  # fmt: skip
    """Statistics with what is proven to vanish: by ``felt`` (rows,), else by the reach of both ends."""
    tape = tape_of(problem)
    factor = np.zeros(len(problem.program.weights))
    factor[tape.weight] = tape.coefficient**2
    zero = factor == 0  # a parameter without a rotation moves nothing
    if felt is None:
        zero |= dead(problem)
    else:
        zero[tape.weight] |= ~felt
    return GradientStats.of(
        problem, sums, method=method, reason=reason, proven_zero=zero, factor=factor, scale=scale
    )


def on_weights(problem: Problem, rows: np.ndarray, cost: float) -> np.ndarray:
    """(entries,) floats: rows of the tape at the places of their weights, the cost as last entry."""
    result = np.zeros(len(problem.program.weights) + 1)
    result[tape_of(problem).weight] = rows
    result[-1] = cost
    return result


def unit(problem: Problem, total: float) -> np.ndarray:
    """(entries,) second moment of a parameter whose every path counts."""
    return on_weights(problem, total * tape_of(problem).coefficient ** 2, total)


def grow(
    problem: Problem, step: Callable[[int, int], np.ndarray], *, first: int = 8 * PATHS, dear: bool = False
) -> tuple[int, str]:
    """Draw growing batches until the median parameter that was felt is precise, and what was not is bounded.

    Args:
        step: draws a batch behind so many paths; returns (rows,) relative errors, infinite where unfelt.
        first: size of the first batch. dear: a felt quarter of the parameters is enough to judge by.

    Returns:
        Paths drawn, and a clause where the budget ended it.
    """
    budget = problem.budget
    done, batch = 0, problem.samples or first
    deadline = clock() + problem.share(0.5)
    while True:
        began = clock()
        errors = step(batch, done)
        done += batch
        if problem.samples is not None:
            return done, ""
        felt = errors[np.isfinite(errors)]
        enough = 4 * len(felt) > len(errors) if dear else done >= 3 / max(budget.resolution, PATHS_RESOLVE)
        if enough and (not len(felt) or float(np.median(felt)) <= budget.relative_error):
            return done, ""
        now = clock()
        fits = batch * (deadline - now) / max(now - began, 1e-6)  # by the pace of the last batch
        batch = int(min(done, budget.max_samples - done, fits))
        if batch < first:
            return done, f"; stopped by the budget after {done} paths"

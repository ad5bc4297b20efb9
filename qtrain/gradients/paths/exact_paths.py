"""Method ``exact``: all Pauli paths summed, any smallness; narrow or shallow circuits."""

from __future__ import annotations

import math

import numpy as np

from qtrain.circuits.interference import PathClasses
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, classes
from qtrain.gradients.accumulators import Exact, Means
from qtrain.gradients.paths.paired_paths import NEGLIGIBLE, exact_means, input_states, term_pairs
from qtrain.gradients.paths.path_network import exact_moments, felt_rows
from qtrain.gradients.paths.path_sums import on_weights, path_statistics, tape_of
from qtrain.gradients.paths.sampled_paths import encounters
from qtrain.gradients.paths.tensor_network import Limits
from qtrain.gradients.sampled_angles import worth
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import all_dead

MAX_STATES = 256  # product inputs that exact sums go through one by one
WHY = "independent Pauli rotations, whose paths sum exactly within the budget"
FASTER = 3.0  # multiplications of a contraction, in the time of an operation of a simulator
OPERATIONS = {"auto": 2e9, "exact": 1e12}  # where it was asked for, it may take minutes


def passes(problem: Problem) -> str | None:
    """Where a number of samples is fixed, sampling is wanted."""
    return None if problem.samples is None else "a number of samples is fixed"


def run(problem: Problem) -> GradientStats | None:
    """None where the network of the paths is too large, or, beyond plain problems, where terms interfere."""
    return _plain(problem) if problem.plain else _signed(problem)


def _limits(problem: Problem, parts: int = 1) -> Limits:
    most = OPERATIONS.get(problem.method, OPERATIONS["auto"])
    if problem.method == "auto":
        most = min(most, FASTER * worth(problem))
    return Limits(most / parts, problem.budget.memory_bytes / 16)


def _plain(problem: Problem) -> GradientStats | None:
    tape, found = tape_of(problem), classes(problem)
    moments = exact_moments(tape, found, limits=_limits(problem))
    if moments is None:
        return None
    cost, rows = moments
    felt = _known(problem, rows)
    if felt is None:
        felt = felt_rows(tape, found, limits=_limits(problem))
    means = on_weights(problem, np.zeros(tape.num_rows), found.mean)
    sums = [Exact(_second(problem, rows, felt, cost), cost), Means(means), encounters(problem)]
    return path_statistics(problem, sums, "exact", WHY, felt=felt, scale=found.scale)


def _known(problem: Problem, rows: np.ndarray) -> np.ndarray | None:
    """(rows,) bool: whether any path is felt, where sums above 0 and the reach of both ends tell; else None."""
    felt = rows > 0
    return felt if all_dead(problem, tape_of(problem).weight[~felt]) else None


def _signed(problem: Problem) -> GradientStats | None:
    moments = signed_moments(problem, tape_of(problem))
    if moments is None:
        return None
    cost, rows, felt = moments
    means = exact_means(problem)
    about = max(cost - float(means.values[-1]) ** 2, 0.0)
    second = _second(problem, rows, felt, about if problem.start.kind == "uniform" else cost)
    return path_statistics(problem, [Exact(second, about), means], "exact", WHY, felt=felt)


def _second(problem: Problem, rows: np.ndarray, felt: np.ndarray, cost: float) -> np.ndarray:
    """(entries,) second moments; those too small for a float become the smallest: only what no path feels is 0."""
    factor = tape_of(problem).coefficient ** 2
    second = rows * factor
    return on_weights(problem, np.where(felt & (factor > 0) & (second <= 0), np.finfo(float).tiny, second), cost)


def signed_moments(problem: Problem, tape: Tape) -> tuple[float, np.ndarray, np.ndarray] | None:
    """Sums over all paths under noise, for any angles and product inputs, where no two terms interfere.

    Every branch, every damping and every overlap with the input is then a factor >= 0 of its own.

    Returns:
        E f^2, (rows,) E (df)^2, (rows,) whether any path is felt; None where terms interfere or the network is
        too large.
    """
    states = input_states(problem)
    if len(states) > MAX_STATES:
        return None
    found = term_pairs(problem)
    if found.classes.diff_x.any() or found.classes.diff_z.any():
        return None
    _, sine2 = problem.start.moments(tape.coefficient)
    first = found.classes
    alone = PathClasses(first.x, first.z, np.zeros_like(first.x), found.mass, math.nan, math.nan)
    cost, rows = 0.0, np.zeros(tape.num_rows)
    limits = _limits(problem, len(states))
    sines = None if problem.start.kind == "uniform" else sine2
    for state in states:
        ends = np.column_stack([np.ones(tape.num_qubits), state**2])  # letters I, X, Z, Y
        moments = exact_moments(tape, alone, limits=limits, ends=ends, sine2=sines)
        if moments is None:
            return None
        cost, rows = cost + moments[0] / len(states), rows + moments[1] / len(states)
    if found.left_out > NEGLIGIBLE * rows[rows > 0].min(initial=np.inf) * 1e3:
        return None  # what negligible pairs could add shows in the smallest moment
    felt = _known(problem, rows)
    if felt is None:
        # a Bloch vector that was turned may be 0 by rounding only: then any letter may be seen there
        plain = (states == [0.0, 1.0, 0.0]).all(axis=(0, 2))
        seen = np.where(plain[:, None], [1.0, 0.0, 1.0, 0.0], 1.0)
        felt = felt_rows(tape, alone, limits=limits, ends=seen)
    return cost, rows, felt

"""Method ``density``: random angles under noise, each evaluated exactly; any circuit and any channel, few qubits."""

from __future__ import annotations

import numpy as np

from qtrain.circuits.problem import Problem
from qtrain.gradients.accumulators import AngleMoments
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.sampled_angles import angle_statistics, grow, power_sums
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.light_cone import effective, effective_channels
from qtrain.simulators.density import MAX_QUBITS, NoisyCost

FIRST_BATCH = 16
FASTEST = 3e8  # multiplications a second, at best
LEAST = 64  # parameter vectors that ``auto`` must be able to afford; collapsing operators tell more than fewer do


def refuses(problem: Problem) -> str | None:
    """No noise; wide light cones."""
    if not problem.channels:
        return "density matrices are for noise"
    width = effective(problem).program.num_qubits
    if width > MAX_QUBITS:
        return f"the observable's light cone holds {width} qubits, above {MAX_QUBITS} for density matrices"
    return None


def passes(problem: Problem) -> str | None:
    """What the seconds do not allow."""
    seconds = LEAST * _cost(problem).operations / FASTEST
    if problem.samples is None and seconds > problem.budget.seconds:
        return f"{LEAST} density matrices would take at least {seconds:.0f} s"
    return None


def run(problem: Problem) -> GradientStats | None:
    """Growing batches until precise enough; None where one parameter vector does not fit the memory."""
    cost = _cost(problem)
    if cost.row_bytes > problem.budget.memory_bytes:
        return None
    total, note = grow(
        problem, problem.samples or FIRST_BATCH,
        lambda count, done: _draw(problem, cost, count, problem.rng("density", done)),
    )  # fmt: skip
    return angle_statistics(
        problem, total, "density", f"angles sampled under noise, on {cost.program.num_qubits} qubits exactly{note}"
    )


def _cost(problem: Problem) -> NoisyCost:
    program, operator = effective(problem)
    return NoisyCost(program, operator, effective_channels(problem), int(problem.budget.memory_bytes))


def _draw(problem: Problem, cost: NoisyCost, count: int, rng: np.random.Generator) -> AngleMoments:
    weights = draw_weights(problem.program, count, rng, initialization=problem.start)
    inputs = None if problem.data is None else problem.data[rng.integers(len(problem.data), size=count)]
    values, gradients = cost.values_and_gradients(weights, inputs)
    return AngleMoments(count, power_sums(gradients), power_sums(values))

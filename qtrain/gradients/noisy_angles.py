"""Method ``density``: random angles under noise, each evaluated exactly; any circuit and any channel, few qubits."""

from __future__ import annotations

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.problem import Problem
from qtrain.gradients.accumulators import AngleMoments
from qtrain.gradients.sampled_angles import angle_statistics, draw_weights, power_sums, precise
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
    cost, budget = _cost(problem), problem.budget
    if cost.row_bytes > budget.memory_bytes:
        return None
    batch = problem.samples or FIRST_BATCH
    total, note = None, ""
    while True:
        began = clock()
        more = _draw(problem, cost, batch, problem.rng("density", total.count if total else 0))
        total = more if total is None else total + more
        if problem.samples is not None or precise(total, budget.relative_error):
            break
        each = (clock() - began) / batch
        affordable = int((problem.left - 0.5 * budget.seconds) / max(each, 1e-9))
        batch = min(total.count, budget.max_samples - total.count, affordable)
        if batch < max(1, total.count // 8):
            note = f"; stopped by the budget after {total.count} parameter vectors"
            break
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

"""Method ``pairs``: exact second moments where angles are shared, by pairs of paths that carry Fourier indices.

E over the angles of f^2 is a sum over pairs of Pauli strings (Q, Q'), one for each factor. A rotation whose angle is
its own averages at once: a pair of which just one string anticommutes dies where E cos = E sin = 0. A weight that
drives several rotations leaves e^(i u theta) on one side and e^(i v theta) on the other; where the last of its
rotations is passed, E e^(i (u + v) theta) closes it, and -u v turns it into the moment of the derivative. Equal pairs
merge, so what this takes is the number of different ones: few in narrow or shallow circuits, and where shared
rotations stand between independent ones (controlled rotations, excitations).
"""

from __future__ import annotations

import numpy as np

from qtrain.circuits.frequencies import unit_frequency
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.gradients.accumulators import Ceiling, Exact, Means
from qtrain.gradients.paths.pair_walk import Limits, moments
from qtrain.gradients.sampled_angles import worth
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import effective
from qtrain.light_cones.vanishing_gradients import vanishing

MOST_PAIRS = {"auto": 2**18, "pairs": 2**22}  # at any one rotation
LINK_BYTES = 80  # of one entry of a transfer: kept, and while it is made
LINK_OPERATIONS = 1000.0  # of a simulator that take as long as one entry
SHARE = {"auto": 0.2, "pairs": 1.0}  # of the seconds that are left
MOST_USES = 64  # rotations of one weight that ``auto`` follows
TRUSTED = 1e3  # times the most that rounding can have done: smaller sums are only bounded


def refuses(problem: Problem) -> str | None:
    """Noise, data, identity blocks, frequencies without a common unit."""
    if problem.channels:
        return "pairs of paths with Fourier indices know no noise"
    if problem.program.inputs:
        return "its inputs would need pairs of paths for each data point"
    if problem.start.kind == "identity-block":
        return "identity-block initialisation shares angles between two blocks"
    program = problem.program
    for k in np.flatnonzero(program.shared):
        used = program.coefficient[program.parameter == k]
        if len(used) > 1 and unit_frequency(used) is None:
            return f"parameter {program.weights[k]} has frequencies without a common unit"
    return None


def passes(problem: Problem) -> str | None:
    """A fixed number of samples: sampling is wanted. Weights of whole layers: their indices stay open too long."""
    if problem.samples is not None:
        return "a number of samples is fixed"
    program = effective(problem).program
    uses = np.bincount(program.parameter[program.rotations], minlength=len(program.weights))
    k = int(np.argmax(uses))
    return f"parameter {program.weights[k]} turns {uses[k]} rotations" if uses[k] > MOST_USES else None


def run(problem: Problem) -> GradientStats | None:
    """None where the pairs are too many."""
    links = problem.budget.memory_bytes / 2 / LINK_BYTES
    if problem.method == "auto":
        links = min(links, worth(problem) / LINK_OPERATIONS)
    limits = Limits(
        MOST_PAIRS.get(problem.method, MOST_PAIRS["auto"]), int(links),
        problem.left * (1 - SHARE.get(problem.method, SHARE["auto"])),
    )  # fmt: skip
    program, operator = effective(problem)
    if len(operator) ** 2 > 2 * limits.pairs:
        return None
    mean = moments(problem, program, operator, limits, alone=True)
    second = None if mean is None else moments(problem, program, operator, limits, alone=False)
    if mean is None or second is None:
        return None
    size = float(np.abs(operator.coeffs).sum())
    ceiling = (size * np.append(_slopes(program), 1.0)) ** 2
    values = np.clip(second.values, 0.0, ceiling)
    zero = dead(problem) | ~second.linked[:-1]
    unsure = values <= TRUSTED * second.rounding
    unsure[-1] = False
    zero = zero | vanishing(problem, unsure[:-1] & ~zero)
    values[:-1][zero] = 0.0
    unsure[:-1] &= ~zero
    about = max(float(values[-1]) - float(mean.values[-1]) ** 2, 0.0)
    bounds = np.where(unsure, np.minimum(values + second.rounding, ceiling), ceiling)
    return GradientStats.of(
        problem, [Exact(np.where(unsure, np.nan, values), about), Means(mean.values), Ceiling(bounds)],
        method="pairs", proven_zero=zero, reason=f"all pairs of paths summed, at most {second.most} at once",
    )  # fmt: skip


def _slopes(program: PauliProgram) -> np.ndarray:
    """(weights,) the largest derivative of any angle's sum by each weight."""
    ops = program.rotations
    return np.bincount(program.parameter[ops], np.abs(program.coefficient[ops]), minlength=len(program.weights))

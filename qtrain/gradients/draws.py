"""Random parameter vectors of an initialisation."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.gradients.identity_blocks import mirrored_weights


def _period(coefficients: np.ndarray) -> float:
    """Shortest full period of a weight in all its rotations, in radians, as a multiple of 2 pi."""
    period = 1
    for c in coefficients:
        ratio = Fraction(float(c)).limit_denominator(64)
        if c == 0 or abs(float(ratio) - c) > 1e-9 * abs(c):
            if c:  # no common period: many periods of the slowest rotation average as well
                period = math.lcm(period, math.ceil(64 / abs(c)))
            continue
        period = math.lcm(period, ratio.denominator)
    return 2 * math.pi * period


def draw_weights(
    program: PauliProgram, count: int, rng: np.random.Generator, *, initialization: Any = "uniform"
) -> np.ndarray:
    """Random parameter vectors.

    Args:
        program: decides full periods (a weight halved in its rotations gets 4 pi; one in angles that are no affine
            functions of it has no period, and gets 2 pi) and mirrored blocks.
        count: rows; rng: source of randomness.
        initialization: ``"uniform"``, ``"gaussian:SIGMA"``, ``"small:WIDTH"`` (uniform on [-WIDTH, WIDTH])
            or ``"identity-block"`` (arXiv 1903.05076): uniform on the first half of every block, the
            second half undoes it.

    Returns:
        (count, num_parameters) float64, radians.

    Raises:
        QTrainError: unknown initialisation; identity blocks asked of a circuit that has none.

    Example:
        >>> import numpy as np
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.gradients.draws import draw_weights
        >>> from qtrain.circuits.program import lower
        >>> draw_weights(lower(real_amplitudes(2, reps=1)), 5, np.random.default_rng(0)).shape
        (5, 4)
    """
    start: Initialization = parse_initialization(initialization)
    shape = (count, len(program.parameters))
    if start.kind == "gaussian":
        return rng.normal(scale=start.width, size=shape)
    if start.kind == "small":
        return rng.uniform(-start.width, start.width, size=shape)
    used: list[list[float]] = [[] for _ in program.weights]
    for op in program.rotations:
        if np.isfinite(program.coefficient[op]):  # data scale the others: every period is as good
            used[program.parameter[op]].append(float(program.coefficient[op]))
    periods = np.array([_period(np.array(c)) for c in used])
    if program.angle_map is not None:
        periods = program.angle_map.periods(periods)
    uniform = rng.uniform(size=shape) * periods
    if start.kind == "identity-block":
        if program.angle_map is not None:
            raise QTrainError(
                "initialization should be 'uniform', 'gaussian:SIGMA' or 'small:WIDTH' for angles that are functions "
                "of several parameters, or not affine in one. Got 'identity-block'."
            )
        root, slope, shift = mirrored_weights(program)
        return np.asarray(uniform[:, root] * slope + shift)
    return np.asarray(uniform)

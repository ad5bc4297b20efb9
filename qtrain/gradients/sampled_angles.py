"""Sampled moments of cost and gradient over random initialisations: what Pauli paths cannot treat.

Any circuit the simulator takes: shared parameters, controlled rotations, fixed T gates, data. Sums are
additive, so runs with different seeds merge exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.errors import QTrainError
from qtrain.gradients.identity_blocks import mirrored_weights
from qtrain.simulators import statevector

if TYPE_CHECKING:
    from qtrain.circuits.program import PauliProgram
    from qtrain.simulators.gsim import Module
    from qtrain.simulators.symmetric_gsim import OrbitModule


@dataclass(frozen=True, eq=False)
class Moments:
    """Power sums of samples; ``a + b`` holds the samples of both.

    Attributes:
        count: parameter vectors drawn.
        gradient: (5, num_weights) sums of g, g^2, g^3, g^4 and g^6 with g = df/dw.
        cost: (5,) the same sums of f.
    """

    count: int
    gradient: np.ndarray
    cost: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        if not isinstance(other, Moments):
            return NotImplemented
        if self.gradient.shape != other.gradient.shape:
            raise QTrainError(
                f"other should hold moments of {self.gradient.shape[1]} weights. Got {other.gradient.shape[1]}."
            )
        return Moments(self.count + other.count, self.gradient + other.gradient, self.cost + other.cost)


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
        program: decides full periods (a weight halved in its rotations gets 4 pi) and mirrored blocks.
        count: rows; rng: source of randomness.
        initialization: ``"uniform"``, ``"gaussian:SIGMA"``, ``"small:WIDTH"`` (uniform on [-WIDTH, WIDTH])
            or ``"identity-block"`` (arXiv 1903.05076): uniform on the first half of every block, the
            second half undoes it.

    Returns:
        (count, num_weights) float64, radians.

    Raises:
        QTrainError: unknown initialisation; identity blocks asked of a circuit that has none.

    Example:
        >>> import numpy as np
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.gradients.sampled_angles import draw_weights
        >>> from qtrain.circuits.program import lower
        >>> draw_weights(lower(real_amplitudes(2, reps=1)), 5, np.random.default_rng(0)).shape
        (5, 4)
    """
    start: Initialization = parse_initialization(initialization)
    shape = (count, len(program.weights))
    if start.kind == "gaussian":
        return rng.normal(scale=start.width, size=shape)
    if start.kind == "small":
        return rng.uniform(-start.width, start.width, size=shape)
    used: list[list[float]] = [[] for _ in program.weights]
    for op in program.rotations:
        if np.isfinite(program.coefficient[op]):  # data scale the others: every period is as good
            used[program.parameter[op]].append(float(program.coefficient[op]))
    uniform = rng.uniform(size=shape) * np.array([_period(np.array(c)) for c in used])
    if start.kind == "identity-block":
        root, slope, shift = mirrored_weights(program)
        return np.asarray(uniform[:, root] * slope + shift)
    return np.asarray(uniform)


def power_sums(samples: np.ndarray) -> np.ndarray:
    squares = samples**2
    fourth = squares**2
    return np.stack([v.sum(0) for v in (samples, squares, squares * samples, fourth, fourth * squares)])


def sample_moments(
    program: PauliProgram,
    observable: Any,
    *,
    samples: int,
    seed: int = 0,
    initialization: Any = "uniform",
    data: np.ndarray | None = None,
    module: Module | OrbitModule | None = None,
    cone: tuple[PauliProgram, SparsePauliOp] | None = None,
    num_threads: int | None = None,
    memory_bytes: int = statevector.MEMORY_BYTES,
) -> Moments:
    """Power sums of cost and gradient over random parameter vectors.

    Args:
        program: from ``qtrain.circuits.program.lower``; observable: text or SparsePauliOp (ignored with ``module``).
        samples: parameter vectors, at least 1; seed: of all randomness. The draws depend on neither
            ``num_threads`` nor the machine.
        initialization: see ``draw_weights``.
        data: (points, num_inputs); each sample takes one point at random. None without inputs.
        module: evaluate in the observable's module (``qtrain.simulators.gsim``) instead of the statevector.
        cone: from ``effective_program``: evaluate on what the observable sees; angles are drawn for the whole.
        num_threads, memory_bytes: as in ``qtrain.simulators.statevector``.

    Returns:
        Moments, in the order of ``program.weights``.

    Raises:
        QTrainError: wrong numbers, an initialisation the circuit has not, too much memory.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.gradients.sampled_angles import sample_moments
        >>> from qtrain.circuits.program import lower
        >>> m = sample_moments(lower(real_amplitudes(2, reps=1)), "IZ", samples=4000, seed=1)
        >>> (m.gradient[1] / m.count).round(1).tolist()  # exact: 3/8, 1/8, 3/8, 0
        [0.4, 0.1, 0.4, 0.0]
    """
    if isinstance(samples, bool) or not isinstance(samples, (int, np.integer)) or samples < 1:
        raise QTrainError(f"samples should be a whole number of at least 1. Got {samples!r}.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise QTrainError(f"seed should be a whole number of at least 0. Got {seed!r}.")
    points = _points(program, data)
    rng = np.random.default_rng(int(seed))
    # a fixed chunk, so that the draws do not depend on threads or memory; at most some 16 MB of gradients
    chunk = max(64, min(4096, 2**21 // max(1, len(program.weights)) // 16 * 16))
    seen, operator = cone or (program, observable)
    total = Moments(0, np.zeros((5, len(program.weights))), np.zeros(5))
    while total.count < samples:
        count = min(chunk, int(samples) - total.count)
        weights = draw_weights(program, count, rng, initialization=initialization)
        inputs = None if points is None else points[rng.integers(len(points), size=count)]
        if module is not None:
            from qtrain.simulators.gsim import gsim_values_and_gradients

            f, g = gsim_values_and_gradients(
                module, weights, num_threads=num_threads, memory_bytes=memory_bytes
            )
        else:
            f, g = statevector.values_and_gradients(
                seen, operator, weights, inputs, num_threads=num_threads, memory_bytes=memory_bytes
            )
        total = total + Moments(count, power_sums(g), power_sums(f))
    return total


def _points(program: PauliProgram, data: np.ndarray | None) -> np.ndarray | None:
    if not program.inputs:
        if data is not None:
            raise QTrainError("data should be None: the circuit has no inputs. Got an array.")
        return None
    wanted = f"data should have shape (points, {len(program.inputs)}), one column per input of the circuit"
    if data is None:
        raise QTrainError(f"{wanted}. Got None.")
    points = np.asarray(data, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != len(program.inputs) or not len(points):
        raise QTrainError(f"{wanted}. Got shape {points.shape}.")
    return points

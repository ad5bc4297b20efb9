"""Method ``quadrature``: shared angles, few of them: the cost as a Fourier series in them, exactly.

Each shape of the observable's cones (`qtrain.simulators.cones.cut`) has its own grid, which is small as it holds few
rotations; the coefficients of all shapes are added at common frequencies. Then Var f = sum |f^_u|^2 and
E (df/dtheta_j)^2 = sum (u_j)^2 |f^_u|^2 over uniform angles. For other starts, E e^(i u theta) is known, and the second
moments are quadratic forms in the coefficients.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.frequencies import common_divisor
from qtrain.circuits.problem import Problem, part
from qtrain.gradients.accumulators import Accumulator, Ceiling, Exact, Means
from qtrain.gradients.fourier_grids import Series, coefficients, frequencies, series_of
from qtrain.gradients.paths import path_sums
from qtrain.gradients.sampled_angles import GRACE, PER_SECOND, pieces, rounding, seen, worth
from qtrain.gradients.statistics import GradientStats
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.vanishing_gradients import vanishing
from qtrain.simulators.cones.cut import weights_in_the_middle

MOST_WEIGHTS = 12  # of one piece: 3^12 points are the least
MOST_POINTS = 2e7  # of one grid
MOST_ENTRIES = 4e6  # of the series of the whole, where its terms meet in a quadratic form
ENTRY_OPERATIONS = 400.0  # that take as long as one coefficient of a series
SHARE = 0.5  # of the seconds that are left
LOST = 1e-10  # relative rounding of a second moment that is no longer called exact


def refuses(problem: Problem) -> str | None:
    """Noise, data, mirrored angles, coefficients without a common divisor, many weights in one cone."""
    if problem.channels:
        return "a Fourier series is of pure states, without noise"
    if problem.program.inputs:
        return "a Fourier series is of one data point"
    if problem.start.kind == "identity-block":
        return "identity-block initialisation ties angles to each other"
    if frequencies(problem.program) is None:
        return "the frequencies of an angle have no common divisor"
    small = seen(problem)
    if (held := weights_in_the_middle(small.program, small.observable)) > MOST_WEIGHTS:
        return f"one light cone holds {held} parameters, above {MOST_WEIGHTS}"
    found = pieces(problem).pieces
    most = max((len(piece.weights) for piece in found), default=0)
    if most > MOST_WEIGHTS:
        return f"one light cone holds {most} parameters, above {MOST_WEIGHTS}"
    if isinstance(grids := series(problem), str):
        return grids
    points = max((item.points for item in grids), default=0.0)
    return f"a grid of {points:.2g} angle vectors would be needed" if points > MOST_POINTS else None


def passes(problem: Problem) -> str | None:
    """Independent rotations, a fixed number of samples, and grids that would not fit the seconds."""
    if problem.samples is not None:
        return "a number of samples is fixed"
    if path_sums.refuses(problem) is None:
        return "every parameter has a rotation of its own"
    grids = series(problem)
    assert not isinstance(grids, str)
    work = sum(item.operations for item in grids)
    entries = ENTRY_OPERATIONS * sum(item.points for item in grids)
    fits = work <= PER_SECOND * max(SHARE * problem.left, GRACE) and work + entries <= worth(problem)
    return None if fits else f"the values on all grids take {work:.2g} operations"


@part
def series(problem: Problem) -> tuple[Series, ...] | str:
    """The grid of each piece, or a clause where one has none."""
    found = []
    for piece in pieces(problem).pieces:
        points = math.prod(2.0 * k + 1 for _, k in frequencies(piece.program) or ())
        if points > MOST_POINTS:
            return f"a grid of {points:.2g} angle vectors would be needed"
        item = series_of(problem, piece)
        if item is None:
            return f"no simulator fits a cone of {piece.program.num_qubits} qubits"
        found.append(item)
    return tuple(found)


def run(problem: Problem) -> GradientStats | None:
    """None where the seconds are too few, or where rounding would show."""
    grids = series(problem)
    assert not isinstance(grids, str)
    seconds = math.inf if problem.method == "quadrature" else max(SHARE * problem.left, GRACE)
    total = _sum(problem, grids, clock() + seconds)
    if total is None:
        return None
    sums = _uniform(problem, total) if problem.start.kind == "uniform" else _other_start(problem, total)
    if sums is None:
        return None
    points = sum(item.points for item in grids)
    reason = (
        f"Fourier series on grids of {points:,.0f} angle vectors, {len(grids)} shapes of at most "
        f"{pieces(problem).width} qubits"
    )
    accumulators, zero = sums
    return GradientStats.of(problem, accumulators, method="quadrature", reason=reason, proven_zero=zero)


@dataclass(frozen=True, eq=False)
class Total:
    """The series of the whole: coefficients by the weights whose frequencies are not 0.

    Attributes:
        unit: weight -> divisor of its frequencies. blocks: weights -> (2 k_1 + 1, ...) complex, from the lowest
            frequency up, 0 where one of them is 0. mean: the coefficient of frequency 0.
    """

    unit: dict[int, Fraction]
    blocks: dict[tuple[int, ...], np.ndarray]
    mean: float

    def slopes(self, weights: tuple[int, ...]) -> list[np.ndarray]:
        """Frequencies along each axis of a block."""
        shape = self.blocks[weights].shape
        return [float(self.unit[k]) * (np.arange(size) - size // 2) for k, size in zip(weights, shape, strict=True)]


def _sum(problem: Problem, grids: tuple[Series, ...], deadline: float) -> Total | None:
    """Coefficients of all pieces at common frequencies; None beyond the deadline or the memory."""
    unit: dict[int, Fraction] = {}
    for item in grids:
        for k, u in zip(item.piece.weights.tolist(), item.unit, strict=True):
            unit[k] = common_divisor([unit.get(k, u), u]) or u
    highest: dict[tuple[int, ...], list[int]] = {}
    for item, weights in _subsets(grids):
        reach = _reach(item, unit)
        known = highest.setdefault(weights, [0] * len(weights))
        highest[weights] = [max(a, reach[k]) for a, k in zip(known, weights, strict=True)]
    if 16 * sum(math.prod(2.0 * k + 1 for k in found) for found in highest.values()) > problem.budget.memory_bytes / 2:
        return None
    blocks = {weights: np.zeros([2 * k + 1 for k in found], complex) for weights, found in highest.items()}
    mean = pieces(problem).constant
    for item in grids:
        found = coefficients(item, deadline)
        if found is None:
            return None
        own = item.piece.weights.tolist()
        for weights in _supports(item):
            block = item.piece.factor * _block(found, item, weights)
            if not weights:
                mean += float(block.real)
                continue
            steps = [int(u / unit[k]) for k, u in zip(own, item.unit, strict=True)]
            places = [
                (blocks[weights].shape[weights.index(k)] // 2 + (_others(bound) - bound) * step)
                for k, bound, step in zip(own, item.bound, steps, strict=True)
                if k in weights
            ]
            blocks[weights][np.ix_(*places)] += block
    return Total(unit, blocks, mean)


def _block(found: np.ndarray, item: Series, weights: tuple[int, ...]) -> np.ndarray:
    """The coefficients of a piece at which these weights alone have frequencies other than 0."""
    rows = list(zip(item.piece.weights.tolist(), item.bound, strict=True))
    places = [_others(bound) if k in weights else np.array([bound]) for k, bound in rows]
    return np.asarray(found[np.ix_(*places)]).reshape([2 * bound for k, bound in rows if k in weights])


def _reach(item: Series, unit: dict[int, Fraction]) -> dict[int, int]:
    """Highest frequency of each weight of a piece, in common units."""
    rows = zip(item.piece.weights.tolist(), item.unit, item.bound, strict=True)
    return {k: int(u / unit[k]) * bound for k, u, bound in rows}


def _supports(item: Series) -> list[tuple[int, ...]]:
    """All sets of weights of a piece that move it."""
    moving = [k for k, bound in zip(item.piece.weights.tolist(), item.bound, strict=True) if bound]
    return [some for size in range(len(moving) + 1) for some in itertools.combinations(moving, size)]


def _subsets(grids: tuple[Series, ...]) -> list[tuple[Series, tuple[int, ...]]]:
    return [(item, weights) for item in grids for weights in _supports(item) if weights]


def _others(bound: int) -> np.ndarray:
    """Places of the frequencies other than 0 along an axis of 2 bound + 1."""
    return np.delete(np.arange(2 * bound + 1), bound)


def _uniform(problem: Problem, total: Total) -> tuple[list[Accumulator], np.ndarray] | None:
    count = len(problem.program.weights)
    second, cost = np.zeros(count), 0.0
    for weights, block in total.blocks.items():
        power = np.abs(block) ** 2
        cost += float(power.sum())
        for axis, (k, slope) in enumerate(zip(weights, total.slopes(weights), strict=True)):
            second[k] += float(power.sum(tuple(i for i in range(power.ndim) if i != axis)) @ slope**2)
    zero = dead(problem)
    floor = rounding(problem)
    suspects = (second <= floor) & ~zero
    zero = zero | vanishing(problem, suspects)
    hidden = suspects & ~zero
    if zero.all():
        cost = 0.0
    elif cost <= floor:
        cost = math.nan  # lost in rounding, and nothing proves that it is 0
    ceiling = np.append(np.where(hidden, 4 * floor, np.inf), np.inf)
    means = np.append(np.zeros(count), total.mean)
    sums: list[Accumulator] = [
        Exact(np.append(np.where(hidden, np.nan, second), cost + total.mean**2), cost), Means(means)
    ]  # fmt: skip
    return [*sums, Ceiling(ceiling)] if hidden.any() else sums, zero


def _other_start(problem: Problem, total: Total) -> tuple[list[Accumulator], np.ndarray] | None:
    """E f_u f*_v e^(i (u - v) theta): one Toeplitz matrix of characteristic functions along each axis."""
    start, zero = problem.start, dead(problem)
    count = len(problem.program.weights)
    if zero.all():
        means = np.append(np.zeros(count), total.mean)
        return [Exact(means**2, 0.0), Means(means)], zero
    weights = tuple(sorted({k for some in total.blocks for k in some}))
    reach = dict.fromkeys(weights, 0)
    for some, block in total.blocks.items():
        for k, size in zip(some, block.shape, strict=True):
            reach[k] = max(reach[k], size // 2)
    if math.prod(2.0 * k + 1 for k in reach.values()) > MOST_ENTRIES:
        return None
    whole = np.zeros([2 * reach[k] + 1 for k in weights], complex)
    for some, block in total.blocks.items():
        sizes = dict(zip(some, block.shape, strict=True))
        whole[np.ix_(*(reach[k] + np.arange(sizes.get(k, 1)) - sizes.get(k, 1) // 2 for k in weights))] += (
            block.reshape([sizes.get(k, 1) for k in weights])
        )
    slopes = [float(total.unit[k]) * (np.arange(2 * reach[k] + 1) - reach[k]) for k in weights]
    second, means = np.zeros(count + 1), np.zeros(count + 1)
    lost = np.zeros(count + 1, bool)
    for place, axis in [(-1, -1), *((k, axis) for axis, k in enumerate(weights))]:
        series = whole
        if axis >= 0:
            shape = [1] * whole.ndim
            shape[axis] = -1
            series = whole * (1j * slopes[axis]).reshape(shape)
        turned, mean = series, series
        for i, slope in enumerate(slopes):
            chi = start.characteristic(slope[:, None] - slope[None, :])
            turned = np.moveaxis(np.tensordot(chi, turned, (1, i)), 0, i)
            mean = np.tensordot(start.characteristic(slope), mean, (0, 0))
        second[place] = float(np.vdot(series, turned).real)
        means[place] = float(np.real(mean))
        lost[place] = second[place] - means[place] ** 2 < 1e-16 / LOST * float(np.abs(series).sum()) ** 2
    if (lost & ~np.append(zero, False)).any():
        return None
    variance = second[-1] - means[-1] ** 2
    second[-1] += 2 * total.mean * means[-1] + total.mean**2
    means[-1] += total.mean
    return [Exact(second, variance), Means(means)], zero

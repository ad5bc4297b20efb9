"""Descent from several starts: Adam on all of them at once, or L-BFGS on each; the worse are given up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from qtrain.qml.adam import Adam

if TYPE_CHECKING:
    Gradient: TypeAlias = Callable[[np.ndarray, int, np.ndarray], tuple[np.ndarray, np.ndarray]]

FLAT_STEPS = 20  # of Adam, without progress beyond the tolerance: it swings about a minimum
ROUNDING = 1e-13  # of costs, relative: below it L-BFGS has nothing left to go by
GENTLE = 1e-9  # largest derivative at which L-BFGS ends


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended.

    Attributes:
        weights: (starts, M) best point of each; ``costs``: (starts,) there. last: (starts, M) where each stood last.
        curve: (steps, starts) cost at each gradient; behind a start's last one, that one again.
        kept: numbers of the starts that were not given up. evaluations: gradients in all.
    """

    weights: np.ndarray
    costs: np.ndarray
    last: np.ndarray
    curve: np.ndarray
    kept: np.ndarray
    evaluations: int


def descend(
    gradient: Gradient, start: np.ndarray, *, steps: int, optimizer: Literal["adam", "lbfgs"] = "adam",
    learning_rate: float = 0.1, tolerance: float = 0.0, halving: int = 1, stochastic: bool = False,
) -> Descent:  # fmt: skip
    """Lower a cost from every row of ``start``.

    Args:
        gradient: (weights (k, M), step, numbers of their starts (k,)) → (costs (k,), gradients (k, M)).
        start: (starts, M).
        steps: gradients for a start that goes through to the end, at most.
        optimizer: "adam" (arXiv 1412.6980), or "lbfgs" (SciPy's L-BFGS-B without bounds).
        tolerance: a start ends where its lowest cost c falls by less than tolerance·max(1, |c|), in one step of
            L-BFGS, in twenty of Adam. 0: Adam makes all steps.
        halving: h above 1 shares the steps among rounds, behind each of which the best one in h of the starts that are
            left goes on, until it is one (arXiv 1502.07943). 1: all go on.
        stochastic: the gradient depends on the step: costs are those of the last step, and no start ends early.

    Example:
        >>> quadratic = lambda w, step, rows: ((w**2).sum(axis=1), 2 * w)
        >>> found = descend(quadratic, np.array([[1.0], [3.0]]), steps=200, optimizer="lbfgs", halving=2)
        >>> bool(found.costs[found.kept[0]] < 1e-6), found.evaluations < 20
        (True, True)
    """
    walk = _Adam(len(start), learning_rate, tolerance, stochastic) if optimizer == "adam" else _Lbfgs(tolerance)
    state = _State(gradient, start.copy(), np.full(len(start), np.inf), start.copy(), [[] for _ in start])
    kept = np.arange(len(start))
    for survivors, share in rounds(len(start), steps, halving):
        walk.go(state, kept, share)
        order = np.argsort(state.costs[kept], kind="stable")  # the earlier start, where two are equal
        kept = np.sort(kept[order[:survivors]])
    longest = max(map(len, state.curves), default=0)
    curve = np.array([c + [c[-1]] * (longest - len(c)) for c in state.curves]).T
    return Descent(state.best, state.costs, state.points, curve, kept, sum(map(len, state.curves)))


def rounds(starts: int, steps: int, halving: int) -> list[tuple[int, int]]:
    """(starts that go on behind it, gradients for each) of every round.

    Example:
        >>> rounds(8, 100, 2), rounds(8, 100, 1)
        ([(4, 25), (2, 25), (1, 25), (1, 25)], [(8, 100)])
    """
    left = [starts]
    while halving > 1 and left[-1] > 1 and len(left) < steps:
        left.append(-(-left[-1] // halving))
    borders = [steps * k // len(left) for k in range(len(left) + 1)]
    shares = [end - begin for begin, end in zip(borders, borders[1:], strict=False)]
    return list(zip([*left[1:], left[-1]], shares, strict=True))


@dataclass
class _State:
    """Of a descent under way; ``points``: where each start is, ``best``: its best point, of cost ``costs``."""

    gradient: Gradient
    points: np.ndarray
    costs: np.ndarray
    best: np.ndarray
    curves: list[list[float]]

    def look(self, points: np.ndarray, rows: np.ndarray, *, latest: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Costs and gradients, noted; ``latest``: not the lowest but the last cost counts."""
        costs, slopes = self.gradient(points, len(self.curves[rows[0]]), rows)
        for point, cost, row in zip(points, costs, rows, strict=True):
            self.curves[row].append(float(cost))
            if latest or cost < self.costs[row]:
                self.costs[row], self.best[row] = cost, point
        return costs, slopes


class _Adam:
    """All starts in step, each with its own moments, which it keeps from round to round."""

    def __init__(self, starts: int, learning_rate: float, tolerance: float, stochastic: bool) -> None:
        self.moments = Adam(learning_rate)
        self.tolerance, self.stochastic = tolerance, stochastic
        self.flat = np.zeros(starts, int)  # steps without progress
        self.level = np.full(starts, np.inf)  # cost from which progress counts

    def go(self, state: _State, rows: np.ndarray, steps: int) -> None:
        for _ in range(steps):
            rows = rows[self.flat[rows] < FLAT_STEPS]
            if not len(rows):
                return
            _, slopes = state.look(state.points[rows], rows, latest=self.stochastic)
            whole = np.zeros_like(state.points)
            whole[rows] = slopes
            state.points[rows] -= self.moments.step(whole)[rows]
            if self.tolerance and not self.stochastic:
                ahead = state.costs < self.level - self.tolerance * np.maximum(1.0, np.abs(state.costs))
                self.flat = np.where(ahead, 0, self.flat + 1)
                self.level = np.where(ahead, state.costs, self.level)


class _Spent(Exception):
    """No gradient is left."""


class _Lbfgs:
    """One start after the other; a round goes on from the best point of the one before, with a new memory."""

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance

    def go(self, state: _State, rows: np.ndarray, steps: int) -> None:
        from scipy.optimize import minimize

        for row in rows:
            number, end = np.array([row]), len(state.curves[row]) + steps

            def cost(point: np.ndarray, number: np.ndarray = number, end: int = end) -> tuple[float, Any]:
                if len(state.curves[number[0]]) >= end:
                    raise _Spent
                costs, slopes = state.look(point[None], number)
                return float(costs[0]), slopes[0]

            options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 20,
                       "ftol": max(self.tolerance, ROUNDING), "gtol": GENTLE}  # fmt: skip
            try:
                minimize(cost, state.best[row].copy(), jac=True, method="L-BFGS-B", options=options)
            except _Spent:
                pass
            state.points[row] = state.best[row]

"""An evaluator that is looked at again while a training follows it: a truncation drifts to where it is wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qtrain.simulators.truncated.choice import Chosen

EVERY = 10  # gradients between two looks
TOLERANCE = 1e-3  # error relative to the value, beyond which a truncation is left


class Drifted(Exception):
    """The truncation is wrong by more than the tolerance where the training is now."""


class Followed:
    """Values and gradients by an evaluator, checked every few gradients where the value is lowest.

    Attributes:
        chosen: the evaluator now. tolerance: relative.
        best, lowest: (starts, M) points of the lowest values since the evaluator is the one it is, and these values.
        note: called with (point, value) of the lowest so far at each gradient; may raise to end the descent.
    """

    def __init__(
        self, chosen: Chosen, start: np.ndarray, tolerance: float = TOLERANCE,
        note: Callable[[np.ndarray, float], None] | None = None,
    ) -> None:  # fmt: skip
        self.chosen, self.tolerance, self.note = chosen, tolerance, note
        self.best, self.lowest = start.copy(), np.full(len(start), np.inf)
        self._calls = 0

    def values_and_gradients(
        self, weights: np.ndarray, step: int, starts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As a descent asks.

        Raises:
            Drifted: a larger truncation disagrees.
        """
        values, slopes = self.chosen.evaluator.values_and_gradients(weights)
        for point, value, start in zip(weights, values, starts, strict=True):
            if value < self.lowest[start]:
                self.lowest[start], self.best[start] = value, point
            if self.note is not None:
                self.note(self.best[start], float(self.lowest[start]))
        if not self.chosen.exact:
            self._calls += 1
            if self._calls % EVERY == 0 and self.wrong(self.best[starts]):
                raise Drifted
        return values, slopes

    def wrong(self, points: np.ndarray) -> bool:
        """Whether a larger truncation, where one fits, gives other values at these points."""
        larger = self.chosen.larger()
        if larger is None:
            return False
        values = larger.evaluator.costs(points)
        off = np.abs(values - self.chosen.evaluator.costs(points))
        return bool((off > self.tolerance * np.maximum(1.0, np.abs(values))).any())

    def enlarge(self) -> bool:
        """Take the larger truncation from here on; False where none fits."""
        larger = self.chosen.larger()
        if larger is None:
            return False
        self.chosen = larger
        self.lowest = np.full(len(self.lowest), np.inf)
        return True

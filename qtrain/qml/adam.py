"""Adam (arXiv 1412.6980, algorithm 1), on any number of points at once."""

from __future__ import annotations

import numpy as np


class Adam:
    """The moments of a descent.

    Args:
        learning_rate: step size; the other constants are the paper's: 0.9, 0.999, 1e-8.

    Example:
        >>> adam, point = Adam(0.1), np.array([1.0])
        >>> for _ in range(200):
        ...     point = point - adam.step(2 * point)
        >>> bool(abs(point[0]) < 1e-3)
        True
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.count = 0
        self.first: np.ndarray | float = 0.0
        self.second: np.ndarray | float = 0.0

    def step(self, slope: np.ndarray) -> np.ndarray:
        """What to subtract, for the gradient at the present point."""
        self.count += 1
        self.first = 0.9 * self.first + 0.1 * slope
        self.second = 0.999 * self.second + 0.001 * slope**2
        spread = np.sqrt(self.second / (1 - 0.999**self.count))
        return np.asarray(self.learning_rate * self.first / (1 - 0.9**self.count) / (spread + 1e-8))

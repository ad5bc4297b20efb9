"""Losses: what the readouts of samples are worth, with the slope that training follows, and figures for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SHARPNESS = 5.0  # a readout of ±1 is a probability of 0.993


@dataclass(frozen=True, eq=False)
class Loss:
    """One loss.

    Attributes:
        of: (outputs (rows, readouts), targets of the same shape) → (loss (rows,), its derivative by the outputs (rows,
            readouts)). Outputs are expectation values of the task's observables. Training lowers the mean over rows.
        figures: (outputs, targets) → figures by name, of all rows together.
        headline: the figure by which the circuit is compared with the task's references "…_<headline>"; higher is
            better.
        classes: targets are classes: data are parted so that each part has its share of every one.
    """

    of: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    figures: Callable[[np.ndarray, np.ndarray], Mapping[str, float]]
    headline: str = ""
    classes: bool = False


def logistic(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy of a sigmoid (one readout) or softmax (several) of ``SHARPNESS`` times the readouts, and its slope.

    Args:
        outputs: (samples, readouts) in [−1, 1]; targets: (samples, readouts) of ±1.

    Returns:
        loss (samples,), derivative by the outputs (samples, readouts).

    Example:
        >>> loss, slope = logistic(np.array([[1.0]]), np.array([[1.0]]))
        >>> loss.round(4).tolist(), slope.round(4).tolist()
        ([0.0067], [[-0.0335]])
    """
    if outputs.shape[1] == 1:
        margin = SHARPNESS * targets * outputs
        return np.logaddexp(0.0, -margin)[:, 0], -SHARPNESS * targets / (1 + np.exp(margin))
    scaled = SHARPNESS * outputs
    log_sum = np.logaddexp.reduce(scaled, axis=1, keepdims=True)
    hot = (targets > 0).astype(float)
    return (log_sum - (scaled * hot).sum(axis=1, keepdims=True))[:, 0], SHARPNESS * (np.exp(scaled - log_sum) - hot)


def accuracy(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The part of the samples whose class is read: the sign of one readout, the largest of several."""
    if outputs.shape[1] == 1:
        return {"accuracy": float(np.mean((outputs >= 0) == (targets > 0)))}
    return {"accuracy": float(np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1)))}


CROSS_ENTROPY = Loss(logistic, accuracy, "accuracy", classes=True)


@dataclass(frozen=True, eq=False)
class Squares:
    """Mean squared error of numbers that were scaled to readouts, and its figures in the numbers' own units.

    Attributes:
        width: (readouts,) how much of the numbers' unit one unit of a readout is.
    """

    width: np.ndarray

    def __call__(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        off = outputs - targets
        return (off**2).mean(axis=1), 2 * off / off.shape[1]

    def figures(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Root mean squared error, and R² (mean over the outputs; 1 is exact, 0 the mean of these samples)."""
        return regression_figures(outputs * self.width, targets * self.width)

    def loss(self) -> Loss:
        return Loss(self, self.figures, "r2")


def regression_figures(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """``rmse`` and ``r2`` of (samples, outputs) arrays.

    Example:
        >>> regression_figures(np.array([[1.0], [3.0]]), np.array([[0.0], [4.0]]))
        {'rmse': 1.0, 'r2': 0.75}
    """
    errors = ((outputs - targets) ** 2).mean(axis=0)
    spread = np.maximum(targets.var(axis=0), np.finfo(float).tiny)
    return {"rmse": float(np.sqrt(errors.mean())), "r2": float(np.mean(1 - errors / spread))}


@dataclass(frozen=True, eq=False)
class Own:
    """A loss of the user's: ``cost(outputs)``, or ``cost(outputs, targets)`` on data."""

    cost: Callable[..., Any]
    on_data: bool

    def __call__(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        loss, slope = self.cost(outputs, targets) if self.on_data else self.cost(outputs)
        return np.asarray(loss, float), np.asarray(slope, float)

    def alone(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Without targets."""
        return self(outputs, np.zeros((len(outputs), 0)))

    def loss(self, like: Loss | None, *, classes: bool) -> Loss:
        """As a Loss, with the figures of another one where that takes the same outputs and targets."""
        return Loss(self, no_figures if like is None else like.figures, "" if like is None else like.headline, classes)


def no_figures(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """None."""
    return {}

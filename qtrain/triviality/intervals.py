"""95 % intervals of scores and of paired gaps, where samples are judged on again and again by other splits.

The wider of two: Student's interval of the folds' scores with the variance of overlapping training sets (Nadeau and
Bengio, Machine Learning 52, 239, 2003), and one that is due to the finite number of samples (Agresti and Coull, The
American Statistician 52, 119, 1998; of paired samples Agresti and Min, Statistics in Medicine 24, 729, 2005). The
second keeps a width where no model ever erred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.json_results import JsonResult

LEVEL = 0.95


@dataclass(frozen=True)
class Interval(JsonResult):
    """A figure with its 95 % interval (of another ``level`` where one is asked for).

    Example:
        >>> str(Interval(0.97, 0.95, 0.991))
        '0.97 [0.95, 0.99]'
    """

    value: float
    lower: float
    upper: float

    def __str__(self) -> str:
        figures = [f"{round(v, 2) + 0.0:.2f}" for v in (self.value, self.lower, self.upper)]  # no -0.00
        return f"{figures[0]} [{figures[1]}, {figures[2]}]".replace("-", "−")


@dataclass(frozen=True, eq=False)
class Folds:
    """How samples were split: ``fold`` (repeats, samples), the test fold of each; ``labels`` (samples,)."""

    fold: np.ndarray
    labels: np.ndarray

    def of(self, correct: np.ndarray, *, level: float = LEVEL) -> Interval:
        """Balanced accuracy of ``correct`` (repeats, samples), 1 where a sample was classified rightly."""
        found = self._interval(np.asarray(correct, float), level, low=0.0, successes=2.0, trials=4.0)
        return Interval(found.value, max(0.0, found.lower), min(1.0, found.upper))

    def plain(self, correct: np.ndarray) -> Interval:
        """Accuracy: every sample counts alike, whatever its class."""
        return Folds(self.fold, np.zeros(len(self.labels), int)).of(correct)

    def gap(self, first: np.ndarray, second: np.ndarray, *, level: float = LEVEL) -> Interval:
        """Balanced accuracy of ``first`` minus that of ``second``, on the same folds."""
        difference = np.asarray(first, float) - np.asarray(second, float)
        found = self._interval(difference, level, low=-1.0, successes=0.0, trials=2.0)
        return Interval(found.value, max(-1.0, found.lower), min(1.0, found.upper))

    def _interval(self, score: np.ndarray, level: float, *, low: float, successes: float, trials: float) -> Interval:
        from scipy.stats import norm, t

        folds = self._by_fold(score)
        count = folds.size
        classes = np.unique(self.labels)
        value = float(np.mean([score[:, self.labels == k].mean() for k in classes]))
        overlap = 1 / max(self.num_folds - 1, 1)
        spread = float(folds.std(ddof=1)) * math.sqrt(1 / count + overlap)
        student = float(t.ppf((1 + level) / 2, count - 1)) * spread
        centre, variance = 0.0, 0.0
        for k in classes:
            mean = score[:, self.labels == k].mean(axis=0)  # of a sample, over the repeats
            size = len(mean) + trials
            middle = (mean.sum() + successes) / size
            square = (mean**2).sum() + (successes if low == 0 else 1.0)
            centre += middle / len(classes)
            variance += (square / size - middle**2) / size / len(classes) ** 2
        sampled = float(norm.ppf((1 + level) / 2)) * math.sqrt(max(variance, 0.0))
        return Interval(value, min(value - student, centre - sampled), max(value + student, centre + sampled))

    @property
    def num_folds(self) -> int:
        return int(self.fold.max()) + 1

    def _by_fold(self, score: np.ndarray) -> np.ndarray:
        """(repeats * folds,): the mean over the classes of a class's mean score."""
        rows = []
        for r, fold in enumerate(self.fold):
            for k in range(self.num_folds):
                here = fold == k
                parts = [score[r, here & (self.labels == c)] for c in np.unique(self.labels)]
                rows.append(float(np.mean([part.mean() for part in parts if len(part)])))
        return np.array(rows)

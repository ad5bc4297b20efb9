"""All contenders on the same folds, as far as the time goes, and plain models on permuted labels."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from qtrain.budget import clock
from qtrain.errors import QTrainError, shortened
from qtrain.triviality.contenders import CONTENDERS, PAIRED, Contender, Setting, plain
from qtrain.triviality.intervals import Folds
from qtrain.triviality.results import Floor

FIRST_SHARE, FLOOR_SHARE = 0.75, 0.15  # of the seconds: for one round of every contender, for permutations
LEAST_PERMUTATIONS = 19  # fewer cannot give p <= 0.05


@dataclass(eq=False)
class Trials:
    """What the contenders classified rightly.

    Attributes:
        folds: of the repeats that all of them ran. correct: by contender, (repeats, samples) bool.
        seconds: of each. skipped: why a contender was not tried. complete: nothing was left out for want of time.
    """

    folds: Folds
    correct: dict[str, np.ndarray]
    seconds: dict[str, float]
    skipped: dict[str, str]
    complete: bool


def split(labels: np.ndarray, count: int, seed: int, repeat: int) -> np.ndarray:
    """(samples,): the test fold of each sample, every class spread over the folds evenly."""
    fold = np.zeros(len(labels), int)
    folds = StratifiedKFold(count, shuffle=True, random_state=(seed * 1000 + repeat) % 2**32)
    for k, (_, test) in enumerate(folds.split(labels[:, None], labels)):
        fold[test] = k
    return fold


class Stopped(Exception):
    """The time would be over before all folds are."""


@dataclass(eq=False)
class _Runner:
    setting: Setting
    count: int
    end: float
    seconds: dict[str, float] = field(default_factory=dict)
    fitted: dict[tuple[int, int], Any] = field(default_factory=dict)  # networks by repeat and fold

    def run(self, name: str, row: Contender, repeat: int, fold: np.ndarray, *, end: float) -> np.ndarray:
        """(samples,) bool: what the contender classifies rightly in the folds that it was not trained on.

        Raises:
            Stopped: the folds that are left would go beyond ``end``.
        """
        data = self.setting.data
        table, right = row.view(self.setting), np.zeros(len(data.labels), bool)
        if not table.shape[1]:
            raise QTrainError("there is nothing to see of this kind")
        began = clock()
        for k in range(self.count):
            test = fold == k
            train = np.flatnonzero(~test)
            if row.balance:
                train = evened(train, data.labels, self.setting.seed + k)
            estimator, own = row.make(self.setting), table
            if row.after is None:
                estimator.fit(own[train], data.labels[train])
            else:
                whole = self.fitted[(repeat, k)]
                network = whole[-1] if isinstance(whole, Pipeline) else whole
                own = whole[:-1].transform(table) if isinstance(whole, Pipeline) else table
                estimator.fit(own[train], data.labels[train], network)
            right[test] = np.asarray(estimator.predict(own[test])) == data.labels[test]
            if name == "quantum model":
                self.fitted[(repeat, k)] = estimator
            spent = clock() - began
            if k + 1 < self.count and clock() + spent / (k + 1) * (self.count - k - 1) > end:
                raise Stopped(f"{spent / (k + 1) * self.count:.0f} s would have gone beyond the time")
        self.seconds[name] = self.seconds.get(name, 0.0) + clock() - began
        return right


def evened(rows: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """The rows, those of smaller classes repeated by chance until every class has as many.

    Example:
        >>> sorted(evened(np.arange(4), np.array([0, 0, 0, 1]), 0).tolist())
        [0, 1, 2, 3, 3, 3]
    """
    rng = np.random.default_rng([seed, 7])
    counts = np.bincount(labels[rows])
    most, parts = counts.max(), [rows]
    for k in np.flatnonzero(counts):
        own = rows[labels[rows] == k]
        parts.append(rng.choice(own, most - len(own)))
    return np.concatenate(parts)


def run_all(setting: Setting, *, repeats: int, count: int, end: float) -> tuple[Trials, Floor | None]:
    """Every contender in one round, permutations, then further rounds of those that ran.

    Args:
        repeats: rounds at most. count: folds of a round. end: of the time, by `qtrain.budget.clock`.
    """
    from threadpoolctl import threadpool_limits

    labels, began = setting.data.labels, clock()
    left = max(end - began, 0.0)
    runner = _Runner(setting, count, end)
    folds = [split(labels, count, setting.seed, 0)]
    correct: dict[str, list[np.ndarray]] = {}
    skipped: dict[str, str] = {}
    complete = True
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        for name, row in CONTENDERS.items():
            why = row.refuses(setting)
            if why is None and row.after is not None and row.after not in correct:
                why = f"{row.after} was not tried"
            late = clock() > began + FIRST_SHARE * left and bool(correct)
            if why is None and late:
                why, complete = "the time was over", False
            if why is None:
                try:
                    until = began + FIRST_SHARE * left if correct else math.inf  # the first one is always tried
                    correct[name] = [runner.run(name, row, 0, folds[0], end=until)]
                except Stopped as error:
                    why, complete = str(error), False
                except Exception as error:  # anybody's model
                    if name == "quantum model":
                        said = f"model should be one that can be trained on the data. {_said(error)}"
                        raise QTrainError(said) from None
                    why = _said(error)
            if why is not None:
                skipped[name] = why
        floor = permuted(setting, folds[0], end=clock() + FLOOR_SHARE * left)
        complete = complete and floor is not None
        for r in range(1, repeats):
            if clock() + 1.1 * sum(runner.seconds.values()) / r > end:
                complete = False
                break
            fold = split(labels, count, setting.seed, r)
            try:
                rows = {name: runner.run(name, CONTENDERS[name], r, fold, end=end) for name in correct}
            except Stopped:
                complete = False
                break
            folds.append(fold)
            for name, right in rows.items():
                correct[name].append(right)
    rounds = {name: np.array(rows) for name, rows in correct.items()}
    return Trials(Folds(np.array(folds), labels), rounds, runner.seconds, skipped, complete), floor


def _said(error: Exception) -> str:
    return f"Got {type(error).__name__}: {shortened(str(error), longest=160)}."


def permuted(setting: Setting, fold: np.ndarray, *, end: float, most: int = 49) -> Floor | None:
    """The best of three plain models on the labels as they are, and on permuted ones; None: no time for enough."""
    labels = setting.data.labels
    linear, machine = RidgeClassifier(class_weight="balanced"), SVC(class_weight="balanced")
    whole = StandardScaler().fit_transform(plain(setting))
    models = [(machine, whole)]
    if setting.data.quantum:
        models += [(linear, StandardScaler().fit_transform(setting.data.moments(1))), (linear, whole)]
    else:
        models.append((linear, whole))
        if setting.data.num_features <= PAIRED:
            products = PolynomialFeatures(2, include_bias=False).fit_transform(whole)
            models.append((linear, StandardScaler().fit_transform(products)))

    def best(target: np.ndarray) -> float:
        scores = []
        for model, table in models:
            found = np.empty_like(target)
            for k in range(fold.max() + 1):
                test = fold == k
                found[test] = model.fit(table[~test], target[~test]).predict(table[test])
            scores.append(float(balanced_accuracy_score(target, found)))
        return max(scores)

    rng = np.random.default_rng([setting.seed, 11])
    observed, scores = best(labels), list[float]()
    while len(scores) < most and clock() < end:
        target = rng.permutation(labels)
        if all(len(np.unique(target[fold != k])) > 1 for k in range(fold.max() + 1)):
            scores.append(best(target))
    if len(scores) < LEAST_PERMUTATIONS:
        return None
    reached = sum(value >= observed for value in scores)
    return Floor(observed, float(np.mean(scores)), float(max(scores)), (1 + reached) / (1 + len(scores)), len(scores))

"""Two-class tasks on all bit strings of n letters, each with a symmetry of its own, and what classical models make of them.

| task | class 1 | does not change under |
|---|---|---|
| weight | the number w of ones has w mod 4 of 2 or 3 (its second binary digit is 1) | all permutations of the letters |
| blocks | the number of blocks of ones on the ring is odd | translations, reflection, flip of all letters |
| glass | the energy of a spin glass, random couplings between all pairs, is below its median | flip of all letters |
| random | drawn by a coin: nothing to learn, so what is fitted is memorised | nothing |
"""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

TASKS = ("weight", "blocks", "glass", "random")
PRIORS = ("unstructured", "flip", "cyclic", "permutation")  # groups that a kernel is averaged over
SCALES, CONSTANTS = (1.0, 4.0, 16.0), (10.0, 1000.0)


def strings(n: int) -> np.ndarray:
    """(2^n, n) all of them, 0 and 1."""
    return np.array(list(itertools.product((0, 1), repeat=n)))


def labels(task: str, n: int, seed: int) -> np.ndarray:
    """(2^n,) classes, 0 or 1; ``seed`` draws the couplings of the glass, and the coin."""
    found, rng = strings(n), np.random.default_rng([seed, TASKS.index(task)])
    if task == "weight":
        return (found.sum(axis=1) % 4 >= 2).astype(int)
    if task == "blocks":
        return ((found > np.roll(found, 1, axis=1)).sum(axis=1) % 2).astype(int)
    if task == "glass":
        spins, couplings = 1 - 2 * found, np.triu(rng.normal(size=(n, n)), 1)
        energies = np.einsum("si,ij,sj->s", spins, couplings, spins)
        return (energies < np.median(energies)).astype(int)
    return rng.permutation(len(found)) % 2


def split(n: int, train: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the strings to train on, and of all others."""
    order = np.random.default_rng([seed, 17]).permutation(2**n)
    return order[:train], order[train:]


def kernel(a: np.ndarray, b: np.ndarray, prior: str, scale: float) -> np.ndarray:
    """exp(−scale·H/n), H the Hamming distance, averaged over a group: the classical twin of symmetrised generators."""
    n = a.shape[1]
    if prior == "permutation":  # H = w + w' − 2k, k ones in common: hypergeometric
        mean = np.zeros((n + 1, n + 1))
        for w, v in itertools.product(range(n + 1), repeat=2):
            shares = [comb(w, k) * comb(n - w, v - k) / comb(n, v) for k in range(min(w, v) + 1)]
            mean[w, v] = sum(p * np.exp(-scale * (w + v - 2 * k) / n) for k, p in enumerate(shares))
        return mean[a.sum(axis=1)][:, b.sum(axis=1)]
    images = {"unstructured": [b], "flip": [b, 1 - b], "cyclic": [np.roll(b, k, axis=1) for k in range(n)]}[prior]
    return np.mean([np.exp(-scale * (a[:, None] != image[None]).sum(axis=2) / n) for image in images], axis=0)


def svm(x: np.ndarray, y: np.ndarray, prior: str) -> tuple[SVC, float]:
    """The support vector machine whose constants do best in cross-validation on the training data, and its scale."""
    best = (-1.0, 4.0, 1.0)
    for scale in SCALES:
        matrix = kernel(x, x, prior, scale)
        for c in CONSTANTS:
            score = float(cross_val_score(SVC(C=c, kernel="precomputed"), matrix, y, cv=4).mean())
            best = max(best, (score, scale, c))
    return SVC(C=best[2], kernel="precomputed").fit(kernel(x, x, prior, best[1]), y), best[1]


def scores(task: str, n: int, train: int, seed: int) -> dict[str, list[float]]:
    """Training and test accuracy of each classical model, on the data that the circuits of this seed have."""
    x, y = strings(n), labels(task, n, seed)
    fit, test = split(n, train, seed)
    pairs = np.triu_indices(n, 1)
    spins = 1 - 2 * x
    bodies = np.hstack([spins, spins[:, pairs[0]] * spins[:, pairs[1]]])
    model = LogisticRegression(C=10, max_iter=2000).fit(bodies[fit], y[fit])
    found = {"logistic": [float(model.score(bodies[part], y[part])) for part in (fit, test)]}
    for prior in PRIORS:
        machine, scale = svm(x[fit], y[fit], prior)
        found[prior] = [float(machine.score(kernel(x[part], x[fit], prior, scale), y[part])) for part in (fit, test)]
    return found


def classical(*, qubits: int, train: int, seeds: list[int]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean accuracies: "logistic" is on products of one and two letters, the others are SVMs of a kernel each."""
    found = {}
    for task in TASKS:
        each = [scores(task, qubits, train, seed) for seed in seeds]
        found[task] = {name: {"train": float(np.mean([one[name][0] for one in each])),
                              "test": float(np.mean([one[name][1] for one in each]))} for name in each[0]}  # fmt: skip
    return found

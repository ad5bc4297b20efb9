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
from sklearn.svm import SVC

TASKS = ("weight", "blocks", "glass", "random")
PRIORS = ("unstructured", "flip", "cyclic", "permutation")  # groups that a kernel is averaged over


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


def kernel(a: np.ndarray, b: np.ndarray, prior: str) -> np.ndarray:
    """exp(−4 H/n), H the Hamming distance, averaged over a group: the classical twin of symmetrised generators."""
    n = a.shape[1]
    if prior == "permutation":  # H = w + w' − 2k, k ones in common: hypergeometric
        mean = np.zeros((n + 1, n + 1))
        for w, v in itertools.product(range(n + 1), repeat=2):
            shares = [comb(w, k) * comb(n - w, v - k) / comb(n, v) for k in range(min(w, v) + 1)]
            mean[w, v] = sum(p * np.exp(-4 * (w + v - 2 * k) / n) for k, p in enumerate(shares))
        return mean[a.sum(axis=1)][:, b.sum(axis=1)]
    images = {"unstructured": [b], "flip": [b, 1 - b], "cyclic": [np.roll(b, k, axis=1) for k in range(n)]}[prior]
    return np.mean([np.exp(-4 * (a[:, None] != image[None]).sum(axis=2) / n) for image in images], axis=0)


def classical(task: str, n: int, train: int, seed: int) -> dict[str, list[float]]:
    """Training and test accuracy of each classical model."""
    x, y = strings(n), labels(task, n, seed)
    fit, test = split(n, train, seed)
    pairs = np.triu_indices(n, 1)
    spins = 1 - 2 * x
    bodies = np.hstack([spins, spins[:, pairs[0]] * spins[:, pairs[1]]])
    model = LogisticRegression(C=10, max_iter=2000).fit(bodies[fit], y[fit])
    found = {"one- and two-body logistic": [model.score(bodies[part], y[part]) for part in (fit, test)]}
    for prior in PRIORS:
        svm = SVC(C=10, kernel="precomputed").fit(kernel(x[fit], x[fit], prior), y[fit])
        scores = [svm.score(kernel(x[part], x[fit], prior), y[part]) for part in (fit, test)]
        found["SVM" if prior == "unstructured" else f"SVM, {prior} kernel"] = scores
    return {name: [float(score) for score in scores] for name, scores in found.items()}

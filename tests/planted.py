"""Data sets whose answer is known: what an audit has to find in them."""

from __future__ import annotations

import numpy as np


def linear(count=120, seed=0):
    """The sign of one feature, with a gap."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(count, 3)), np.arange(count) % 2
    X[:, 0] = np.abs(X[:, 0]) + 0.5
    X[y == 0, 0] *= -1
    return X, y


def product(count=160, seed=0):
    """The sign of a product of two features, with a gap: no feature by itself tells anything."""
    rng = np.random.default_rng(seed)
    X = np.abs(rng.normal(size=(count, 2))) + 0.5
    signs = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])[np.arange(count) % 4]
    return X * signs, (np.arange(count) % 4 < 2).astype(int)


def ghz(count=60, num_qubits=4, seed=0):
    """(|0...0> + s e^{i phi} |1...1>)/sqrt(2), s = +1 or -1: only a parity of all qubits tells the classes apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    states = np.zeros((count, 2**num_qubits), complex)
    states[:, 0] = np.sqrt(0.5)
    states[:, -1] = np.sqrt(0.5) * np.where(y == 1, 1, -1) * np.exp(1j * rng.normal(0, 0.3, count))
    return states, y


def noise(count=80, seed=0):
    """Labels that have nothing to do with the features."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 3)), rng.permutation(np.arange(count) % 2)

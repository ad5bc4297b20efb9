"""What a layer with random axes does to the average of a squared Pauli coefficient, letter by letter.

A rotation about an axis drawn from X, Y, Z sends the square of a letter's coefficient to the three letters by a
symmetric matrix; entangling CZ gates only permute letters. Both treat X and Y alike on each qubit. Where the observable
has neither, three classes remain: I, Z and P = (X + Y) / sqrt(2), in which the matrix stays symmetric.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from qtrain.circuits.initialization import Initialization

I, Z, P = range(3)


def _letters(stay: float, move: float) -> np.ndarray:
    """(3, 3) over I, Z, P: each of X, Y, Z stays, or moves to either other one."""
    root = math.sqrt(2.0)
    return np.array([[0.0, 0.0, 0.0], [0.0, stay, root * move], [0.0, root * move, stay + move]])


def rotation(start: Initialization) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) averages over axis and angle of a rotation, and of the derivative by its angle.

    With s = E sin^2: one axis of three commutes; of the other two the letter stays with 1 - s and moves with s. The
    derivative has nothing of the first, and s and 1 - s change places.
    """
    s = float(start.moments(np.ones(1))[1][0])
    mix = _letters(1 - 2 * s / 3, s / 3)
    mix[I, I] = 1.0
    return mix, _letters(2 * s / 3, (1 - s) / 3)


def product_input(tilt: float) -> np.ndarray:
    """(3,) squared expectations of I, Z and P in RY(tilt)|0>."""
    return np.array([1.0, math.cos(tilt) ** 2, math.sin(tilt) ** 2 / math.sqrt(2.0)])


def balance(tilt: float) -> float:
    """The weight of a letter at which uniform strings and the input's product have the least product of 2-norms."""
    return float((product_input(tilt)[1:] ** 2).sum() / 3) ** 0.25


class Grid:
    """A value for each of the 3^n strings: exact, up to 16 qubits.

    Args:
        factors: (n, 3) of a product to begin with.
    """

    def __init__(self, factors: np.ndarray, edges: Sequence[tuple[int, int]]) -> None:
        self.num_qubits, self.edges = len(factors), edges
        values = np.ones(1)
        for factor in factors:
            values = (values[:, None] * factor).ravel()
        self.values = values

    def entangled(self) -> Grid:
        """Behind a CZ on every edge."""
        shape = (3,) * self.num_qubits
        values = self.values.reshape(shape).copy()
        for a, b in self.edges:
            pair = np.moveaxis(values, (a, b), (0, 1))
            for one, two in (((P, I), (P, Z)), ((I, P), (Z, P))):
                kept = pair[one].copy()
                pair[one] = pair[two]
                pair[two] = kept
        return self._with(values.ravel())

    def turned(self, matrices: Sequence[np.ndarray]) -> Grid:
        """Behind a matrix on each qubit."""
        values = self.values
        for qubit, matrix in enumerate(matrices):
            values = np.matmul(matrix, values.reshape(3**qubit, 3, -1)).ravel()
        return self._with(values)

    def log_overlap(self, other: Grid) -> float:
        """Of two: the logarithm of the sum of products."""
        found = float(self.values @ other.values)
        return math.log(found) if found > 0 else -math.inf

    def _with(self, values: np.ndarray) -> Grid:
        made = object.__new__(Grid)
        made.num_qubits, made.edges, made.values = self.num_qubits, self.edges, values
        return made


def walks(
    letters: np.ndarray, edges: Sequence[tuple[int, int]], depths: Sequence[int], ends: np.ndarray, odds: float,
    rng: np.random.Generator, samples: int, guide: float = 0.5,
) -> Iterator[float]:  # fmt: skip
    """Logarithm of an unbiased estimate of the second moment at each depth, by walks that are split and dropped.

    Walks with few letters answer for small moments: each layer draws them anew by ``guide`` to the power of their
    letters other than I, and the mean weight is kept, so that the average over runs is exact for every guide.

    Args:
        letters: (n,) classes of the observable. depths: ascending.
        ends: (n, 3) value of each class at the input. odds: E sin^2.
    """
    n = len(letters)
    state = np.repeat(letters.astype(np.uint8)[:, None], samples, axis=1)
    with np.errstate(divide="ignore"):
        ends_log = np.log(ends)
    weight, log_mean = np.zeros(samples), 0.0
    wanted = set(depths)
    for depth in range(1, max(depths) + 1):
        turned = state == P
        odd = np.zeros_like(turned)
        for a, b in edges:
            odd[a] ^= turned[b]
            odd[b] ^= turned[a]
        state ^= (odd & ~turned).view(np.uint8)  # I and Z change places
        if depth in wanted:
            value = np.zeros(samples)
            for q in range(n):
                value += ends_log[q][state[q]]
            value -= weight
            top = value.max()
            yield log_mean + top + math.log(float(np.exp(value - top).mean())) if top > -math.inf else -math.inf
        draw = rng.random((n, samples), dtype=np.float32)
        up, down = (state == Z) & (draw < 2 * odds / 3), (state == P) & (draw < odds / 3)
        state += up.view(np.uint8)
        state -= down.view(np.uint8)
        new = math.log(guide) * (state != I).sum(axis=0)
        gain = new - weight
        top = gain.max()
        share = np.cumsum(np.exp(gain - top))
        log_mean += top + math.log(share[-1] / samples)
        chosen = np.searchsorted(share, (np.arange(samples) + rng.random()) * (share[-1] / samples))
        chosen = np.minimum(chosen, samples - 1)
        state, weight = state[:, chosen], new[chosen]

"""Averages over the strings of a long line as tensor trains: few letters matter together, so bonds stay small.

What truncations drop is small beside the 2-norm, but an overlap may be smaller than the norms by 1.17^n. Cores hold
values times ``weight`` for each letter other than I, and those of the other side are divided by it, with the weight at
which the product of the norms is least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from qtrain.gradients.ensembles.letters import I, P, Z


class Train:
    """A value for each of the 3^n strings of a line with CZ between neighbours, as matrices (left, 3, right).

    Args:
        factors: (n, 3) of a product to begin with.
        tolerance: singular values below this share of the largest are dropped.
        weight: of each letter other than I; of two trains that overlap one has the inverse of the other's.
    """

    def __init__(self, factors: np.ndarray, tolerance: float, weight: float = 1.0) -> None:
        scale = np.array([1.0, weight, weight])
        self.cores = [(factor * scale).reshape(1, 3, 1) for factor in factors]
        self.tolerance, self.weight, self.log_norm = tolerance, weight, 0.0

    def entangled(self) -> Train:
        """Behind a CZ on every bond."""
        cores, size = self._orthogonal()
        for q in range(len(cores) - 1):
            pair = np.tensordot(cores[q], cores[q + 1], (2, 0))
            swapped = pair.copy()
            for none, one in (((P, I), (P, Z)), ((I, P), (Z, P))):
                swapped[:, none[0], none[1]] = pair[:, *one] / self.weight
                swapped[:, one[0], one[1]] = pair[:, *none] * self.weight
            left, _, _, right = swapped.shape
            u, s, v = np.linalg.svd(swapped.reshape(left * 3, 3 * right), full_matrices=False)
            kept = max(1, int((s > self.tolerance * s[0]).sum()))
            cores[q] = u[:, :kept].reshape(left, 3, kept)
            cores[q + 1] = (s[:kept, None] / s[0] * v[:kept]).reshape(kept, 3, right)
            size += math.log(s[0])
        return self._with(cores, size)

    def turned(self, matrices: Sequence[np.ndarray]) -> Train:
        """Behind a matrix on each qubit."""
        scale = np.array([1.0, self.weight, self.weight])
        scaled = [m * scale[:, None] / scale for m in matrices]
        return self._with([np.einsum("ji,aib->ajb", m, core) for m, core in zip(scaled, self.cores)])

    def log_overlap(self, other: Train) -> float:
        """Of two: the logarithm of the sum of products; -inf where rounding leaves no positive one."""
        left, log_size = np.ones((1, 1)), self.log_norm + other.log_norm
        for one, two in zip(self.cores, other.cores):
            left = np.tensordot(np.tensordot(left, one, (0, 0)), two, ([0, 1], [0, 1]))
            size = float(np.abs(left).max())
            if size == 0:
                return -math.inf
            left, log_size = left / size, log_size + math.log(size)
        found = float(left[0, 0])
        return log_size + math.log(found) if found > 0 else -math.inf

    def _orthogonal(self) -> tuple[list[np.ndarray], float]:
        """The cores, all but the first orthogonal from the right, and the logarithm of what was taken out of it."""
        cores, size = list(self.cores), 0.0
        for q in range(len(cores) - 1, 0, -1):
            left, _, right = cores[q].shape
            basis, rest = np.linalg.qr(cores[q].reshape(left, 3 * right).T)
            most = float(np.abs(rest).max())  # thousands of qubits: the norm itself would leave the floats
            size += math.log(most)
            cores[q], cores[q - 1] = basis.T.reshape(-1, 3, right), np.tensordot(cores[q - 1], rest / most, (2, 1))
        return cores, size

    def _with(self, cores: list[np.ndarray], taken_out: float = 0.0) -> Train:
        made = object.__new__(Train)
        size = float(np.abs(cores[-1]).max())
        made.cores, made.tolerance, made.weight = cores, self.tolerance, self.weight
        made.log_norm = self.log_norm + taken_out
        if size > 0:
            made.cores = [*cores[:-1], cores[-1] / size]
            made.log_norm += math.log(size)
        return made

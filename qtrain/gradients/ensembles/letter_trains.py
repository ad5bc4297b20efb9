"""Averages over the strings of a long line as tensor trains: few letters matter together, so bonds stay small."""

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
    """

    def __init__(self, factors: np.ndarray, tolerance: float) -> None:
        self.cores = [np.asarray(factor, float).reshape(1, 3, 1) for factor in factors]
        self.tolerance, self.log_norm = tolerance, 0.0

    def entangled(self) -> Train:
        """Behind a CZ on every bond."""
        cores = self._orthogonal()
        for q in range(len(cores) - 1):
            pair = np.tensordot(cores[q], cores[q + 1], (2, 0))
            swapped = pair.copy()
            for one, two in (((P, I), (P, Z)), ((I, P), (Z, P))):
                swapped[:, one[0], one[1]], swapped[:, two[0], two[1]] = pair[:, *two], pair[:, *one]
            left, _, _, right = swapped.shape
            u, s, v = np.linalg.svd(swapped.reshape(left * 3, 3 * right), full_matrices=False)
            kept = max(1, int((s > self.tolerance * s[0]).sum()))
            cores[q] = u[:, :kept].reshape(left, 3, kept)
            cores[q + 1] = (s[:kept, None] * v[:kept]).reshape(kept, 3, right)
        return self._with(cores)

    def turned(self, matrices: Sequence[np.ndarray]) -> Train:
        """Behind a matrix on each qubit."""
        return self._with([np.einsum("ji,aib->ajb", m, core) for m, core in zip(matrices, self.cores)])

    def log_overlap(self, other: Train) -> float:
        """Of two: the logarithm of the sum of products; -inf where rounding leaves no positive one."""
        left, log_size = np.ones((1, 1)), self.log_norm + other.log_norm
        for one, two in zip(self.cores, other.cores):
            left = np.einsum("cib,cid->bd", np.tensordot(left.T, one, (1, 0)), two, optimize=True)
            size = float(np.abs(left).max())
            if size == 0:
                return -math.inf
            left, log_size = left / size, log_size + math.log(size)
        found = float(left[0, 0])
        return log_size + math.log(found) if found > 0 else -math.inf

    def _orthogonal(self) -> list[np.ndarray]:
        """The cores with the first as the centre, bonds no larger than the tolerance wants."""
        cores = list(self.cores)
        for q in range(len(cores) - 1):
            left, _, right = cores[q].shape
            basis, rest = np.linalg.qr(cores[q].reshape(left * 3, right))
            cores[q], cores[q + 1] = basis.reshape(left, 3, -1), np.tensordot(rest, cores[q + 1], (1, 0))
        for q in range(len(cores) - 1, 0, -1):
            left, _, right = cores[q].shape
            u, s, v = np.linalg.svd(cores[q].reshape(left, 3 * right), full_matrices=False)
            kept = max(1, int((s > self.tolerance * s[0]).sum()))
            cores[q] = v[:kept].reshape(kept, 3, right)
            cores[q - 1] = np.tensordot(cores[q - 1], u[:, :kept] * s[:kept], (2, 0))
        return cores

    def _with(self, cores: list[np.ndarray]) -> Train:
        made = object.__new__(Train)
        size = float(np.abs(cores[-1]).max())
        made.cores, made.tolerance = cores, self.tolerance
        made.log_norm = self.log_norm
        if size > 0:
            made.cores = [*cores[:-1], cores[-1] / size]
            made.log_norm += math.log(size)
        return made

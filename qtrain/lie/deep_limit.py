"""What an infinitely deep circuit with independent Pauli generators makes of the observable's module C(O)."""

from __future__ import annotations

import math

import numpy as np

from qtrain.budget import clock
from qtrain.kernels.paulis import commutation_matrix

CHUNK = 4_000_000  # pairs of strings at once
Strings = tuple[np.ndarray, np.ndarray]  # x, z (rows, words) uint64


def deep_limit(
    modules: list[tuple[float, Strings]], stabilizers: Strings, generators: Strings, deadline: float = math.inf
) -> tuple[float, np.ndarray] | None:
    """E f^2 and V of every generator for a circuit deep on both sides of it; None: not within the time.

    Args:
        modules: (coefficient, module) of each term; terms in different modules, or not interfering.
        stabilizers: of the input state in the generators' frame, n rows. deadline: of `qtrain.budget.clock`.

    E f^2 = (1 / |C|) sum over C of Tr[rho Q]^2: the share of C that stabilises the input.
    """
    gx, gz = generators
    second, variance = 0.0, np.zeros(len(gx))
    for coefficient, (x, z) in modules:
        inside = ~np.asarray(commutation_matrix(x, z, *stabilizers)).any(axis=1)
        share = coefficient**2 * float(inside.mean())
        second += share
        step = max(1, CHUNK // len(x))
        for start in range(0, len(gx), step):
            if clock() > deadline:
                return None
            meets = np.asarray(commutation_matrix(gx[start : start + step], gz[start : start + step], x, z))
            variance[start : start + step] += share * meets.mean(axis=1)
    return (second, variance) if modules else (math.nan, variance)

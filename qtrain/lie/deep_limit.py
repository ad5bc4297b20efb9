"""The observable's module C(O), and what an infinitely deep circuit makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.kernels.paulis import commutation_matrix

CHUNK = 4_000_000  # candidate rows at once


@dataclass(frozen=True, eq=False)
class Orbit:
    """Pauli strings reached from a term: x, z (size, words) uint64; ``complete`` False: a part of them."""

    x: np.ndarray
    z: np.ndarray
    complete: bool

    def __len__(self) -> int:
        return len(self.x)


def orbit(x: np.ndarray, z: np.ndarray, gx: np.ndarray, gz: np.ndarray, limit: int) -> Orbit:
    """Close Pauli strings (rows) under multiplication by the generators that anticommute with them.

    Args:
        x, z: (terms, words); gx, gz: (generators, words) uint64. limit: strings at which to stop.
    """
    words = x.shape[1]
    rows = np.unique(np.hstack([x, z]), axis=0)
    seen = {row.tobytes() for row in rows}
    found, fresh = [rows], rows
    generators = np.hstack([gx, gz])
    while len(fresh):
        following = []
        step = max(1, CHUNK // max(len(generators), 1))
        for start in range(0, len(fresh), step):
            part = fresh[start : start + step]
            i, j = np.nonzero(
                commutation_matrix(
                    np.ascontiguousarray(part[:, :words]), np.ascontiguousarray(part[:, words:]), gx, gz
                )
            )
            moved = np.unique(part[i] ^ generators[j], axis=0)
            new = [row for row in moved if row.tobytes() not in seen]
            seen.update(row.tobytes() for row in new)
            following += new
            if len(seen) > limit:
                break
        fresh = np.array(following, np.uint64).reshape(-1, 2 * words)
        found.append(fresh)
        if len(seen) > limit:
            break
    rows = np.vstack(found)
    return Orbit(
        np.ascontiguousarray(rows[:, :words]), np.ascontiguousarray(rows[:, words:]), bool(len(seen) <= limit)
    )


def deep_limit(
    orbits: list[tuple[float, Orbit]], sx: np.ndarray, sz: np.ndarray, gx: np.ndarray, gz: np.ndarray
) -> tuple[float, np.ndarray]:
    """E f^2 and V of every generator for a circuit deep on both sides of it.

    Args:
        orbits: (coefficient, module) of each term; terms in different modules, or not interfering.
        sx, sz: (n, words) stabilisers of the input state in the generators' frame.
        gx, gz: (generators, words).

    E f^2 = (1 / |C|) sum over C of Tr[rho Q]^2: the share of C that stabilises the input.
    """
    second, variance = 0.0, np.zeros(len(gx))
    for coefficient, found in orbits:
        inside = ~np.asarray(commutation_matrix(found.x, found.z, sx, sz)).any(axis=1)
        share = coefficient**2 * float(inside.mean())
        second += share
        step = max(1, CHUNK // len(found))
        for start in range(0, len(gx), step):
            meets = np.asarray(
                commutation_matrix(gx[start : start + step], gz[start : start + step], found.x, found.z)
            )
            variance[start : start + step] += share * meets.mean(axis=1)
    return (second, variance) if orbits else (math.nan, variance)

"""Simple ideals of a compact Lie algebra that is given by how its generators act on it.

A generic element x has simple nonzero eigenvalues in the adjoint representation: its eigenvectors are root
vectors, each in one simple ideal. A second generic element y connects those of one ideal, and takes them to the
ideal's part of the Cartan algebra. Dimension, rank and, for so(2k+1) against sp(k), the number of short roots
tell what the ideal is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from qtrain.budget import clock
from qtrain.lie.closure import Space, derived_dimension, letters

MAX_DIMENSION = 200
MAX_COLUMNS = 20_000
CLEAR, NOISE = 1e-7, 1e-10  # what is larger than CLEAR is no zero, smaller than NOISE is one; between is a doubt


@dataclass(frozen=True, eq=False)
class Ideals:
    """The algebra as a direct sum.

    Attributes:
        simple: (name, orthonormal basis (dimension, d)) of each simple ideal, larger ones first.
        centre: (dimension, c) orthonormal basis of what commutes with everything.
    """

    simple: tuple[tuple[str, np.ndarray], ...]
    centre: np.ndarray

    @property
    def name(self) -> str:
        """E.g. ``"5 su(2) + 2 u(1)"``."""
        names = [name for name, _ in self.simple] + ["u(1)"] * self.centre.shape[1]
        unique = list(dict.fromkeys(names))
        return " + ".join(name if names.count(name) == 1 else f"{names.count(name)} {name}" for name in unique)


def name_algebra(columns: Space, dimension: int, deadline: float = math.inf) -> str | None:
    """The algebra that the generators of ``columns`` span, of known dimension, as a sum of simple ones.

    None where it is too large for that or for the time, or numbers leave a doubt: weights over many decades do.
    """
    if not 0 < dimension <= MAX_DIMENSION or columns.size > MAX_COLUMNS:
        return None
    norm = np.sqrt([columns.symmetry.orbit_size(row) for row in columns.rows])  # of a sum with coefficients 1
    rows, maps = _in_floats(columns, norm)
    basis = _orthonormal(maps, rows, dimension, deadline)
    if basis is None:
        return None
    adjoint = np.array([basis @ (m @ basis.T) for m in maps])
    if np.abs(adjoint + adjoint.transpose(0, 2, 1)).max() > NOISE:
        return None
    derived = derived_dimension(columns, deadline)
    if derived is None or clock() > deadline:
        return None
    ideals = find_ideals(adjoint, centre=dimension - derived)
    return None if ideals is None else ideals.name


def _in_floats(columns: Space, norm: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Generators of length 1 on normalised sums over orbits, and their brackets as sparse matrices."""
    size, strings = columns.size, list(columns.terms)
    place = {row.tobytes(): k for k, row in enumerate(columns.rows)}
    where = [place[columns.symmetry.smallest(row).tobytes()] for row in letters(strings, columns.rows.shape[1])]
    target = np.repeat(np.arange(size), np.diff(columns.orbits.start))
    rows, maps = np.zeros((len(columns.generators), size)), []
    for g, terms in enumerate(columns.generators):
        largest = max(abs(c) for c in terms.values())
        weights = np.array([terms.get(p, 0) / largest for p in strings])
        rows[g, where] = weights  # equal on an orbit
        rows[g] *= norm
        length = np.linalg.norm(rows[g])
        rows[g] /= length
        data = weights[columns.orbits.term] * columns.orbits.sign * norm[target] / norm[columns.orbits.other] / length
        maps.append(csr_array((data, (target, columns.orbits.other)), shape=(size, size)))
    return rows, maps


def _orthonormal(maps: Sequence[Any], rows: np.ndarray, dimension: int, deadline: float) -> np.ndarray | None:
    """Rows orthogonalised twice that span the algebra; None: dimension not plain in floats, or no time left."""
    basis = np.zeros((dimension, rows.shape[1]))
    moves = vstack(maps, format="csr")
    count = 0
    for done in itertools.count(-1):
        if done >= count:
            return basis if count == dimension else None
        if clock() > deadline:
            return None
        for vector in rows if done < 0 else (moves @ basis[done]).reshape(rows.shape):
            for _ in range(2):
                vector = vector - basis[:count].T @ (basis[:count] @ vector)
            length = np.linalg.norm(vector)
            if length < NOISE:
                continue
            if length < CLEAR or count == dimension:
                return None
            basis[count] = vector / length
            count += 1
    raise AssertionError("unreachable")


def find_ideals(adjoint: np.ndarray, *, centre: int, seed: int = 0) -> Ideals | None:
    """Split an algebra of at most 200 dimensions; None where numbers leave a doubt.

    Args:
        adjoint: (generators, d, d) antisymmetric matrices, ad_G in an orthonormal basis, of generators of length
            about 1. centre: its dimension.

    Example:
        >>> rotations = np.zeros((2, 3, 3))  # of the x and the y axis: they generate so(3)
        >>> rotations[0, 1, 2], rotations[0, 2, 1] = -1, 1
        >>> rotations[1, 2, 0], rotations[1, 0, 2] = -1, 1
        >>> find_ideals(rotations, centre=0).name
        'su(2)'
    """
    dimension = adjoint.shape[1]
    if not 0 < dimension <= MAX_DIMENSION:
        return None
    values, vectors = np.linalg.eigh(np.asarray(sum(a.T @ a for a in adjoint)))
    plain = vectors[:, :centre]
    if centre == dimension:
        return Ideals((), plain)
    # squares of lengths, with errors like those of the largest
    if _doubtful(values[:centre] / values[-1]) or values[centre] < CLEAR * values[-1]:
        return None
    rng = np.random.default_rng(seed)
    for brackets in (8, 32, 96):
        x, y = _generic(adjoint, brackets, rng)
        values, vectors = np.linalg.eigh(1j * x)
        values /= values[-1]
        positive = values > CLEAR
        if _doubtful(values):
            continue
        values, vectors = values[positive], vectors[:, positive]
        if len(values) == 1 or np.diff(values).min() > CLEAR:
            return _split(adjoint, plain, values, vectors, y)
    return None


def _doubtful(numbers: np.ndarray) -> bool:
    """Whether any could be a zero or not."""
    sizes = np.abs(numbers)
    return bool(((sizes > NOISE) & (sizes < CLEAR)).any())


def _generic(adjoint: np.ndarray, brackets: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """ad of two random sums of nested brackets of the generators."""
    known = [a / np.linalg.norm(a) for a in adjoint if np.linalg.norm(a) > 0]
    first = len(known)
    for _ in range(brackets):
        a, b = known[rng.integers(first)], known[rng.integers(len(known))]
        fresh = a @ b - b @ a
        size = float(np.linalg.norm(fresh))
        if size > 1e-6:
            known.append(fresh / size)
    x, y = (np.tensordot(rng.normal(size=len(known)), known, 1) for _ in range(2))
    return x, y


def _split(
    adjoint: np.ndarray, centre: np.ndarray, values: np.ndarray, vectors: np.ndarray, y: np.ndarray
) -> Ideals | None:
    moved = y @ vectors
    straight, crossed = vectors.conj().T @ moved, vectors.T @ moved  # onto root vectors and their conjugates
    if _doubtful(straight) or _doubtful(crossed):
        return None
    meets = (np.abs(straight) > CLEAR) | (np.abs(crossed) > CLEAR)
    _, label = connected_components(csr_array(meets), directed=False)
    cartan = moved - vectors @ straight - vectors.conj() @ crossed
    simple: list[tuple[str, np.ndarray]] = []
    for k in range(label.max() + 1):
        own = label == k
        part = np.hstack([cartan[:, own].real, cartan[:, own].imag])
        left, size, _ = np.linalg.svd(part, full_matrices=False)
        if _doubtful(size / size[0]):
            return None
        torus = left[:, size > CLEAR * size[0]]
        roots = np.sqrt(2) * np.hstack([vectors[:, own].real, vectors[:, own].imag])
        basis = np.hstack([roots, torus])
        name = _name(basis.shape[1], int(own.sum()), values[own])
        if name is None:
            return None
        for a in adjoint:
            image = a @ basis
            if np.linalg.norm(image - basis @ (basis.T @ image)) > CLEAR:
                return None
        simple.append((name, basis))
    if sum(basis.shape[1] for _, basis in simple) + centre.shape[1] != adjoint.shape[1]:
        return None
    return Ideals(tuple(sorted(simple, key=lambda item: (-item[1].shape[1], item[0]))), centre)


def _name(dimension: int, positive_roots: int, values: np.ndarray) -> str | None:
    rank = dimension - 2 * positive_roots
    if rank < 1:
        return None
    if dimension == rank * (rank + 2):
        return f"su({rank + 1})"
    if rank > 3 and dimension == rank * (2 * rank - 1):
        return f"so({2 * rank})"
    if dimension == rank * (2 * rank + 1):
        if rank == 2:
            return "so(5)"
        short = _short_roots(values)
        return {rank: f"so({2 * rank + 1})", rank * (rank - 1): f"sp({rank})"}.get(short)
    return {(14, 2): "g2", (52, 4): "f4", (78, 6): "e6", (133, 7): "e7", (248, 8): "e8"}.get((dimension, rank))


def _short_roots(values: Sequence[float] | np.ndarray) -> int:
    """Positive roots that are half the sum of two other roots, in so(2k+1) and sp(k): the short ones."""
    roots = np.concatenate([values, -np.asarray(values)])
    count = 0
    for root in values:
        others = np.sort(roots[np.abs(roots - root) > CLEAR])
        partner = 2 * root - others
        place = np.clip(np.searchsorted(others, partner), 1, len(others) - 1)
        gap = np.minimum(np.abs(others[place] - partner), np.abs(others[place - 1] - partner))
        count += bool((gap < CLEAR / 10).any())
    return count

"""Permutations of the qubits that leave sums of Pauli strings as they are."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qtrain.kernels import permutation_orbits as kernel

Pauli = tuple[int, int]  # x and z as bit sets, bit q for qubit q


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A group of qubit permutations.

    Attributes:
        kind: of `qtrain.kernels.permutation_orbits`.
        group: (n,) int64, class of each qubit where ``kind`` is CLASSES.
        generators: (n,) orders that generate it: qubit ``order[q]`` moves to q.
        name: in words, empty for the identity alone.
    """

    kind: int
    group: np.ndarray
    generators: tuple[np.ndarray, ...]
    name: str

    def smallest(self, row: np.ndarray) -> np.ndarray:
        """(n,) int8: the row of letters (0 I, 1 X, 2 Z, 3 Y) that stands for the row's orbit."""
        out = np.empty_like(row)
        kernel.canonical(np.array(row, np.int8), self.kind, self.group, out)
        return out

    def orbit_size(self, row: np.ndarray) -> float:
        """How many strings the orbit of a row of letters holds."""
        if self.kind != kernel.CLASSES:
            return float(kernel.canonical(np.array(row, np.int8), self.kind, self.group, np.empty_like(row)))
        size = 1
        for k in range(int(self.group.max()) + 1):
            counts = np.bincount(row[self.group == k], minlength=4)
            size *= math.factorial(int(counts.sum())) // math.prod(math.factorial(int(c)) for c in counts)
        return float(size)


def find_symmetry(sums: Sequence[Mapping[Pauli, float]], num_qubits: int) -> Symmetry:
    """The largest of the groups this module knows that keeps every sum: classes of like qubits, a ring, a reflection.

    Example:
        >>> ising = {(0, 0b011): 1.0, (0, 0b110): 1.0}  # Z0 Z1 + Z1 Z2
        >>> find_symmetry([ising], 3).name
        'permutations of like qubits'
    """
    n = num_qubits
    classes, swaps = like_qubits(sums, n)
    places = np.arange(n)
    shift, mirror = np.roll(places, -1), places[::-1].copy()
    turns = n > 2 and _keeps(sums, lambda bits: bits >> 1 | (bits & 1) << (n - 1))
    mirrored = n > 1 and _keeps(sums, lambda bits: _reversed(bits, n))
    alike = math.prod(math.factorial(int(k)) for k in np.bincount(classes))
    if alike > 1 and alike >= (1 + mirrored) * (n if turns else 1):
        name = "permutations of like qubits" if classes.any() else "all permutations of the qubits"
        return Symmetry(kernel.CLASSES, classes, tuple(swaps), name)
    if turns and mirrored:
        name = "translations of the qubits and their reflection"
        return Symmetry(kernel.RING_AND_MIRROR, classes, (shift, mirror), name)
    if turns:
        return Symmetry(kernel.RING, classes, (shift,), "translations of the qubits")
    if mirrored:
        return Symmetry(kernel.MIRROR, classes, (mirror,), "reflection of the qubits")
    return Symmetry(kernel.NOTHING, classes, (), "")


def _keeps(sums: Sequence[Mapping[Pauli, float]], move: Callable[[int], int]) -> bool:
    return all(terms.get((move(x), move(z))) == c for terms in sums for (x, z), c in terms.items())


def _reversed(bits: int, n: int) -> int:
    return int(f"{bits:0{n}b}"[::-1], 2)


def like_qubits(sums: Sequence[Mapping[Pauli, float]], n: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Class of each qubit, and the exchanges that generate the group: of two qubits that can change places."""
    touching: list[list[tuple[Mapping[Pauli, float], Pauli, float]]] = [[] for _ in range(n)]
    for terms in sums:
        for (x, z), c in terms.items():
            rest = x | z
            while rest:
                q = (rest & -rest).bit_length() - 1
                rest &= rest - 1
                touching[q].append((terms, (x, z), c))
    near = [functools.reduce(operator.or_, (x | z for _, (x, z), _ in own), 0) for own in touching]
    classes: np.ndarray = np.zeros(n, np.int64)
    first: list[int] = []
    known: dict[tuple[int, int], int] = {}  # qubits that can change places have the same neighbours, or with each other
    swaps: list[np.ndarray] = []
    for q in range(n):
        keys = [(0, near[q] & ~(1 << q)), (1, near[q] | 1 << q)]
        for k in {known[key] for key in keys if key in known}:
            r = first[k]
            if len(touching[q]) == len(touching[r]) and all(
                terms.get((_swap(x, q, r), _swap(z, q, r))) == c
                for own in (touching[q], touching[r])
                for terms, (x, z), c in own
            ):
                classes[q] = k
                order = np.arange(n)
                order[[q, r]] = r, q
                swaps.append(order)
                break
        else:
            classes[q] = len(first)
            known.update(dict.fromkeys(keys, len(first)))
            first.append(q)
    return classes, swaps


def _swap(bits: int, q: int, r: int) -> int:
    return bits ^ (1 << q | 1 << r) if (bits >> q ^ bits >> r) & 1 else bits

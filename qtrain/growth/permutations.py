"""Permutations of the qubits that map a sum of Pauli strings to itself: generators of the whole group.

The graph of qubits and terms is refined by colours (what a qubit's neighbours look like, and theirs, and so on), one
qubit is singled out where colours alone do not tell all apart, and images of the qubits singled out are tried: the
stabiliser chain of McKay and Piperno (1301.1493), without its pruning of the tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qtrain.lie.qubit_symmetries import like_qubits

MAX_WORK = 20_000_000  # letters looked at by all refinements together: about a second


@dataclass(frozen=True)
class Automorphisms:
    """A group of permutations.

    Attributes:
        generators: qubit q moves to ``generators[i][q]``.
        order: how many permutations they generate; where not complete, at least so many.
        complete: whether they are all that leave the sum as it is.
    """

    generators: tuple[tuple[int, ...], ...]
    order: int
    complete: bool


def automorphisms(letters: np.ndarray, kinds: np.ndarray, *, max_work: int = MAX_WORK) -> Automorphisms:
    """All permutations of the qubits that map terms to terms of the same kind.

    Args:
        letters: (terms, n) uint8, 0 I, 1 X, 2 Z, 3 Y; distinct rows. kinds: (terms,) equal for equal coefficients.
        max_work: letters that may be looked at; beyond it the group may be larger than what is returned.

    Example:
        >>> ring = np.array([[2, 2, 0, 0], [0, 2, 2, 0], [0, 0, 2, 2], [2, 0, 0, 2]])
        >>> automorphisms(ring, np.zeros(4, int)).order
        8
    """
    search = _Search(letters, kinds, max_work)
    try:
        levels, leaf = search.base()
    except _Exhausted:
        return Automorphisms(tuple(search.twins), 1, False)
    found, order, complete = list(search.twins), 1, True
    points = [point for _, point in levels]
    for depth in range(len(levels) - 1, -1, -1):
        colours, point = levels[depth]
        cell = np.flatnonzero(colours == colours[point]).tolist()
        fixing = [p for p in found if all(p[q] == q for q in points[:depth])]
        failed: set[int] = set()
        root = orbits(fixing, len(colours))
        try:
            for image in cell:
                if root[image] in {root[point], *(root[q] for q in failed)}:
                    continue
                extended = search.extend(levels, leaf, depth, colours, image)
                if extended is None:
                    failed.add(image)
                else:
                    found.append(extended)
                    fixing.append(extended)
                    root = orbits(fixing, len(colours))
        except _Exhausted:
            complete = False
        order *= root.count(root[point])
        if not complete:
            break
    return Automorphisms(tuple(found), order, complete)


def keeps(letters: np.ndarray, kinds: np.ndarray, permutation: np.ndarray) -> bool:
    """Whether the permutation (qubit q moves to ``permutation[q]``) maps every term to a term of its kind.

    Example:
        >>> keeps(np.array([[1, 0], [0, 1]]), np.array([0, 0]), np.array([1, 0]))
        True
    """
    return _keeps(_known(letters, kinds), letters, kinds, permutation)


def _known(letters: np.ndarray, kinds: np.ndarray) -> dict[bytes, int]:
    rows = np.ascontiguousarray(letters, np.uint8)
    return {row.tobytes(): int(kind) for row, kind in zip(rows, kinds, strict=True)}


def _keeps(known: dict[bytes, int], letters: np.ndarray, kinds: np.ndarray, permutation: np.ndarray) -> bool:
    moved = np.ascontiguousarray(letters[:, np.argsort(permutation)], np.uint8)
    return all(known.get(row.tobytes()) == kind for row, kind in zip(moved, kinds.tolist(), strict=True))


class _Exhausted(Exception):
    """The work is used up."""


class _Search:
    """Colours of the graph whose nodes are qubits and terms, joined by letters."""

    def __init__(self, letters: np.ndarray, kinds: np.ndarray, max_work: int) -> None:
        self.letters, self.kinds, self.left = letters, kinds, max_work
        self.n = letters.shape[1]
        self.known = _known(letters, kinds)
        self.term, self.qubit = np.nonzero(letters)
        self.letter = _mixed(letters[self.term, self.qubit].astype(np.uint64))
        self.kind = _mixed(kinds.astype(np.uint64) + np.uint64(4))
        self.twins = self._twins()

    def refine(self, colours: np.ndarray) -> np.ndarray:
        """(n,) uint64, told apart as far as the graph does; hashes of what is seen, so equal in every copy of it."""
        count = len(np.unique(colours))
        while True:
            self.left -= 2 * len(self.term) + self.n
            if self.left < 0:
                raise _Exhausted
            terms = self.kind.copy()
            np.add.at(terms, self.term, _mixed(colours[self.qubit] ^ self.letter))
            seen = _mixed(colours)
            np.add.at(seen, self.qubit, _mixed(_mixed(terms)[self.term] + self.letter))
            colours, before = _mixed(seen), count
            count = len(np.unique(colours))
            if count <= before or count == self.n:
                return colours

    def single_out(self, colours: np.ndarray, qubit: int) -> np.ndarray:
        marked = colours.copy()
        marked[qubit] ^= np.uint64(0x5851F42D4C957F2D)
        return self.refine(marked)

    def base(self) -> tuple[list[tuple[np.ndarray, int]], np.ndarray]:
        """Colours and the qubit singled out at each level, and the last colours, which tell all qubits apart."""
        levels: list[tuple[np.ndarray, int]] = []
        colours = self.refine(np.zeros(self.n, np.uint64))
        while True:
            values, counts = np.unique(colours, return_counts=True)
            if counts.max() == 1:
                return levels, colours
            least = np.flatnonzero(counts == counts[counts > 1].min())[0]
            point = int(np.flatnonzero(colours == values[least])[0])
            levels.append((colours, point))
            colours = self.single_out(colours, point)

    def extend(
        self, levels: list[tuple[np.ndarray, int]], leaf: np.ndarray, depth: int, colours: np.ndarray, image: int
    ) -> tuple[int, ...] | None:
        """A permutation that fixes the qubits above ``depth`` and moves that of ``depth`` to ``image``; None: none."""
        target = self.single_out(colours, image)
        source = levels[depth + 1][0] if depth + 1 < len(levels) else leaf
        if not np.array_equal(np.sort(target), np.sort(source)):
            return None
        if depth + 1 == len(levels):
            permutation = np.empty(self.n, np.int64)
            permutation[np.argsort(source)] = np.argsort(target)
            self.left -= len(self.term)
            good = _keeps(self.known, self.letters, self.kinds, permutation)
            return tuple(permutation.tolist()) if good else None
        for choice in np.flatnonzero(target == source[levels[depth + 1][1]]).tolist():
            found = self.extend(levels, leaf, depth + 1, target, choice)
            if found is not None:
                return found
        return None

    def _twins(self) -> list[tuple[int, ...]]:
        """Exchanges of neighbours (in their order) among qubits that can all change places."""
        words = _words(self.letters)
        classes, _ = like_qubits([dict(zip(words, self.kinds.tolist(), strict=True))], self.n)
        swaps = []
        for k in range(int(classes.max()) + 1):
            members = np.flatnonzero(classes == k).tolist()
            for a, b in zip(members, members[1:], strict=False):
                order = list(range(self.n))
                order[a], order[b] = b, a
                swaps.append(tuple(order))
        return swaps


def _words(letters: np.ndarray) -> list[tuple[int, int]]:
    """x and z of each row as bit sets."""
    x, z = (np.packbits(half.astype(bool), axis=1, bitorder="little") for half in (letters & 1, letters >> 1))
    return [
        (int.from_bytes(a.tobytes(), "little"), int.from_bytes(b.tobytes(), "little"))
        for a, b in zip(x, z, strict=True)
    ]


def _mixed(values: np.ndarray) -> np.ndarray:
    """Hashes (splitmix64) of uint64 numbers."""
    with np.errstate(over="ignore"):
        v = values + np.uint64(0x9E3779B97F4A7C15)
        v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return v ^ (v >> np.uint64(31))


def orbits(permutations: list[tuple[int, ...]], n: int) -> list[int]:
    """(n,) the smallest qubit of each one's orbit."""
    root = list(range(n))

    def find(q: int) -> int:
        while root[q] != q:
            root[q] = root[root[q]]
            q = root[q]
        return q

    for permutation in permutations:
        for q, image in enumerate(permutation):
            if q == image:
                continue
            a, b = find(q), find(image)
            if a != b:
                root[max(a, b)] = min(a, b)
    return [find(q) for q in range(n)]

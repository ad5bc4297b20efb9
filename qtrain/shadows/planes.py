"""Shadows as bit planes, 64 shots in a word: how often a Pauli string was measured, and with which sign.

A shot measures a string when its bases agree with the string's letters on the string's support; its sign is the
parity of the outcomes there. Both are a few AND, XOR and population counts of words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

CHUNK_BYTES = 2**23  # of the words of the strings that are looked at together


@dataclass(frozen=True, eq=False)
class Strings:
    """Pauli strings by their supports.

    Attributes:
        num_qubits: n. weight: (strings,) int64, letters that are no identity.
        start: (strings + 1,) int64; string t has ``qubits[start[t]:start[t + 1]]``, ascending, and ``letters`` there
            (1 = X, 2 = Z, 3 = Y).
    """

    num_qubits: int
    start: np.ndarray
    qubits: np.ndarray
    letters: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, z: np.ndarray) -> Strings:
        """From bits (strings, n), as ``PauliList.x`` and ``.z``."""
        rows, qubits = np.nonzero(x | z)
        start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(x)))]).astype(np.int64)
        letters = x[rows, qubits] + 2 * z[rows, qubits].astype(np.uint8)
        return cls(x.shape[1], start, qubits.astype(np.int64), letters.astype(np.uint8))

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def weight(self) -> np.ndarray:
        return np.diff(self.start)


@dataclass(frozen=True, eq=False)
class Planes:
    """Bit planes of shadows.

    Attributes:
        shots: how many bits of a plane are used; the rest are 0 in ``agree``.
        agree: (3 n, words) uint64: row ``3 q + letter - 1`` has the shots that measured this letter on qubit q.
        read: (n, words) uint64: the shots that read 1 on qubit q.
    """

    shots: int
    agree: np.ndarray
    read: np.ndarray

    @classmethod
    def of(cls, bases: np.ndarray, outcomes: np.ndarray) -> Planes:
        """From arrays (shots, n) of letters, and of 0 and 1."""
        shots, n = bases.shape
        columns = np.ascontiguousarray(bases.T)
        agree = np.stack([_packed(columns == letter) for letter in (1, 2, 3)], axis=1)
        return cls(shots, agree.reshape(3 * n, -1), _packed(np.ascontiguousarray(outcomes.T)))

    def counts(self, strings: Strings) -> tuple[np.ndarray, np.ndarray]:
        """(strings,) int64 each: shots that measured the string, and those of them that read -1."""
        measured, minus = np.zeros((2, len(strings)), np.int64)
        for rows, agree, odd in self.each(strings):
            measured[rows] = np.bitwise_count(agree).sum(axis=1, dtype=np.int64)
            minus[rows] = np.bitwise_count(agree & odd).sum(axis=1, dtype=np.int64)
        return measured, minus

    def each(self, strings: Strings, *, most: int = CHUNK_BYTES) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Chunks of strings of one weight.

        Yields:
            rows (k,) of the strings; words (k, words) of the shots that measured each, and of the odd parities.
        """
        weights, words = strings.weight, self.read.shape[1]
        step = max(most // (8 * words), 1)
        for weight in np.unique(weights):
            same = np.flatnonzero(weights == weight)
            for first in range(0, len(same), step):
                rows = same[first : first + step]
                place = strings.start[rows]
                agree = np.broadcast_to(self._all, (len(rows), words)).copy()
                odd = np.zeros_like(agree)
                for j in range(weight):
                    qubits, letters = strings.qubits[place + j], strings.letters[place + j]
                    agree &= self.agree[3 * qubits + letters - 1]
                    odd ^= self.read[qubits]
                yield rows, agree, odd

    @property
    def _all(self) -> np.ndarray:
        return _packed(np.ones((1, self.shots), bool))[0]

    def unpacked(self, words: np.ndarray) -> np.ndarray:
        """(k, shots) of 0 and 1, of words (k, words)."""
        return np.unpackbits(words.view(np.uint8), axis=1, count=self.shots, bitorder="little")


def _packed(rows: np.ndarray) -> np.ndarray:
    """(rows, words) uint64 of (rows, shots) of 0 and 1."""
    packed = np.packbits(rows, axis=1, bitorder="little")
    words = np.zeros((len(rows), 8 * -(-packed.shape[1] // 8)), np.uint8)
    words[:, : packed.shape[1]] = packed
    return words.view(np.uint64)

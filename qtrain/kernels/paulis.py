"""Bit-packed Pauli strings and linear algebra over GF(2).

A set of Pauli strings is two arrays ``x, z`` of shape (rows, words), uint64, words = ceil(n / 64):
qubit q is bit ``q % 64`` of word ``q // 64``; X has the x bit, Z the z bit, Y both. The string itself is
Hermitian (a Y is a Y, not an XZ); a sign, where one is kept, is +1 or -1 in an int8 array beside the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from qtrain.errors import QTrainError
from qtrain.kernels.bits import popcount
from qtrain.kernels.gf2 import (
    as_words,
    gf2_eliminate,
    gf2_nullspace,
    gf2_rank,
    gf2_relations,
    gf2_solve,
    num_words,
    pack_bits,
    unpack_bits,
)

__all__ = [
    "PauliTable", "commutant", "commutation_matrix", "gf2_eliminate", "gf2_nullspace",
    "gf2_rank", "gf2_relations", "gf2_solve", "num_words", "pack_bits", "pack_labels", "split_rows", "symplectic_rows",
    "unpack_bits", "unpack_labels", "weights",
]  # fmt: skip

LETTERS = "IXZY"


def pack_labels(labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pack Pauli labels (Qiskit's order: the last letter is qubit 0).

    Args:
        labels: strings of I, X, Y, Z, all of one length.

    Returns:
        x, z: (len(labels), words) uint64.

    Raises:
        QTrainError: another letter, or labels of several lengths.

    Example:
        >>> x, z = pack_labels(["XIZ", "IYI"])
        >>> x.tolist(), z.tolist()
        ([[4], [2]], [[1], [2]])
    """
    if len(labels) == 0:
        raise QTrainError("labels should hold at least one Pauli string. Got none.")
    width = len(labels[0])
    for label in labels:
        if len(label) != width or width == 0:
            raise QTrainError(f"labels should all have {max(width, 1)} letters. Got {label!r}.")
        if label.strip("IXYZ"):
            raise QTrainError(f"labels should be made of I, X, Y and Z. Got {label!r}.")
    text = np.frombuffer("".join(labels).encode("ascii"), dtype=np.uint8)
    letters = text.reshape(len(labels), width)[:, ::-1]
    has_x = (letters == ord("X")) | (letters == ord("Y"))
    has_z = (letters == ord("Z")) | (letters == ord("Y"))
    return pack_bits(has_x), pack_bits(has_z)


def unpack_labels(x: np.ndarray, z: np.ndarray, num_qubits: int) -> list[str]:
    """Inverse of :func:`pack_labels`.

    Example:
        >>> unpack_labels(*pack_labels(["XYZ"]), 3)
        ['XYZ']
    """
    code = unpack_bits(x, num_qubits).astype(np.uint8) + 2 * unpack_bits(z, num_qubits)
    text = np.frombuffer(LETTERS.encode("ascii"), dtype=np.uint8)[code[:, ::-1]]
    return [bytes(row).decode("ascii") for row in text]


def weights(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Number of qubits each row acts on: (rows,) int64.

    Example:
        >>> weights(*pack_labels(["XYI", "III"])).tolist()
        [2, 0]
    """
    return np.bitwise_count(x | z).sum(axis=1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class PauliTable:
    """Signed Pauli strings, packed.

    Attributes:
        num_qubits: n.
        x, z: (rows, words) uint64.
        signs: (rows,) int8, +1 or -1.
        index: (rows,) int64, what each row stands for (an op of the program, a qubit); else 0, 1, 2, ...
    """

    num_qubits: int
    x: np.ndarray
    z: np.ndarray
    signs: np.ndarray
    index: np.ndarray

    def distinct(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x, z of the strings without repetitions, and which of them each row is."""
        rows, which = np.unique(np.hstack([self.x, self.z]), axis=0, return_inverse=True)
        x, z = (np.ascontiguousarray(half) for half in np.hsplit(rows, 2))
        return x, z, which.reshape(-1)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def labels(self) -> list[str]:
        """Unsigned labels in Qiskit's order."""
        return unpack_labels(self.x, self.z, self.num_qubits)


@njit(cache=True)
def _commutation(x1: np.ndarray, z1: np.ndarray, x2: np.ndarray, z2: np.ndarray) -> np.ndarray:
    out = np.zeros((x1.shape[0], x2.shape[0]), np.bool_)
    for i in range(x1.shape[0]):
        for j in range(x2.shape[0]):
            word = np.uint64(0)
            for w in range(x1.shape[1]):
                word ^= (x1[i, w] & z2[j, w]) ^ (z1[i, w] & x2[j, w])
            out[i, j] = popcount(word) & 1
    return out


def commutation_matrix(
    x: np.ndarray, z: np.ndarray, other_x: np.ndarray | None = None, other_z: np.ndarray | None = None
) -> np.ndarray:
    """Symplectic form: entry (i, j) is True where row i anticommutes with row j (of the other set).

    Example:
        >>> commutation_matrix(*pack_labels(["XX", "ZI", "ZZ"])).astype(int).tolist()
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    """
    other_x, other_z = (x, z) if other_x is None or other_z is None else (other_x, other_z)
    return _commutation(as_words(x), as_words(z), as_words(other_x), as_words(other_z))


def symplectic_rows(x: np.ndarray, z: np.ndarray, num_qubits: int) -> np.ndarray:
    """Rows (x | z) as one packed row of 2 n bits each: what the GF(2) functions take."""
    return pack_bits(np.hstack([unpack_bits(x, num_qubits), unpack_bits(z, num_qubits)]))


def split_rows(rows: np.ndarray, num_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Inverse of :func:`symplectic_rows`."""
    bits = unpack_bits(rows, 2 * num_qubits)
    return pack_bits(bits[:, :num_qubits]), pack_bits(bits[:, num_qubits:])


def commutant(x: np.ndarray, z: np.ndarray, num_qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Basis (x, z) of all Pauli strings that commute with every row.

    Example:
        >>> unpack_labels(*commutant(*pack_labels(["XX", "ZZ"]), 2), 2)
        ['XX', 'ZZ']
    """
    return split_rows(gf2_nullspace(symplectic_rows(z, x, num_qubits), 2 * num_qubits), num_qubits)

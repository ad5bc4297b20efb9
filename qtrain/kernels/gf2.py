"""Bit-packed rows and linear algebra over GF(2).

Column q of a row is bit ``q % 64`` of word ``q // 64``; a set of rows is (rows, words) uint64.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_ONE = np.uint64(1)


def num_words(num_qubits: int) -> int:
    """64-bit words one row of ``num_qubits`` bits needs; at least one."""
    return max(1, (num_qubits + 63) // 64)


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """Pack (rows, n) booleans into (rows, words) uint64; bit q of a row is column q."""
    bits = np.asarray(bits, dtype=bool)
    rows, columns = bits.shape
    padded = np.zeros((rows, num_words(columns) * 64), dtype=bool)
    padded[:, :columns] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def unpack_bits(rows: np.ndarray, num_columns: int) -> np.ndarray:
    """Inverse of :func:`pack_bits`: (rows, num_columns) booleans."""
    packed = np.ascontiguousarray(rows, dtype="<u8")
    data = packed.view(np.uint8).reshape(packed.shape[0], packed.shape[1] * 8)
    return np.unpackbits(data, axis=1, bitorder="little")[:, :num_columns].astype(bool)


def as_words(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows, dtype=np.uint64)


@njit(cache=True)
def _eliminate(rows: np.ndarray, num_columns: int, reduced: bool) -> np.ndarray:
    """Row echelon form in place; returns the pivot columns, pivot i in row i."""
    pivots = np.empty(min(rows.shape[0], num_columns), np.int64)
    rank = 0
    for column in range(num_columns):
        word, mask = column >> 6, np.uint64(1) << np.uint64(column & 63)
        found = -1
        for r in range(rank, rows.shape[0]):
            if rows[r, word] & mask:
                found = r
                break
        if found < 0:
            continue
        if found != rank:
            for w in range(rows.shape[1]):
                rows[found, w], rows[rank, w] = rows[rank, w], rows[found, w]
        for r in range(0 if reduced else rank + 1, rows.shape[0]):
            if r != rank and rows[r, word] & mask:
                for w in range(rows.shape[1]):
                    rows[r, w] ^= rows[rank, w]
        pivots[rank] = column
        rank += 1
        if rank == rows.shape[0]:
            break
    return pivots[:rank]


def gf2_eliminate(rows: np.ndarray, num_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Reduced row echelon form over GF(2).

    Args:
        rows: (rows, words) uint64; num_columns: how many of the bits are columns to pivot on.

    Returns:
        basis: (rank, words) uint64, reduced on those columns; pivots: (rank,) int64 columns, ascending.
    """
    work = as_words(rows).copy()
    pivots = _eliminate(work, num_columns, True)
    return work[: len(pivots)], pivots


def gf2_rank(rows: np.ndarray, num_columns: int) -> int:
    """Rank of the packed rows over GF(2).

    Example:
        >>> gf2_rank(pack_bits(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])), 3)
        2
    """
    return len(_eliminate(as_words(rows).copy(), num_columns, False))


def gf2_nullspace(rows: np.ndarray, num_columns: int) -> np.ndarray:
    """Basis of {v : rows v = 0}: (num_columns - rank, words) uint64.

    Example:
        >>> unpack_bits(gf2_nullspace(pack_bits(np.array([[1, 1, 0], [0, 1, 1]])), 3), 3).astype(int).tolist()
        [[1, 1, 1]]
    """
    basis, pivots = gf2_eliminate(rows, num_columns)
    dense = unpack_bits(basis, num_columns)
    free = np.setdiff1d(np.arange(num_columns), pivots)
    out = np.zeros((len(free), num_columns), dtype=bool)
    out[np.arange(len(free)), free] = True
    out[:, pivots] = dense[:, free].T
    return pack_bits(out)


def gf2_relations(rows: np.ndarray, num_columns: int) -> np.ndarray:
    """Basis of the sets of rows whose sum is zero: (len(rows) - rank, num_words(len(rows))) uint64.

    Example:
        >>> rows = pack_bits(np.array([[1, 0], [0, 1], [1, 1]]))
        >>> unpack_bits(gf2_relations(rows, 2), 3).astype(int).tolist()
        [[1, 1, 1]]
    """
    rows = as_words(rows)
    tagged = np.hstack([rows, pack_bits(np.eye(len(rows), dtype=bool))])
    rank = len(_eliminate(tagged, num_columns, False))
    return tagged[rank:, rows.shape[1] :]


def gf2_solve(rows: np.ndarray, num_columns: int, target: np.ndarray) -> np.ndarray | None:
    """Which rows sum to ``target``: (len(rows),) bool, or None where it is not in their span.

    Args:
        rows: (rows, words) uint64; target: (words,) uint64.
    """
    rows = as_words(rows)
    tagged = np.hstack([rows, pack_bits(np.eye(len(rows), dtype=bool))])
    pivots = _eliminate(tagged, num_columns, False)
    rest = np.array(target, dtype=np.uint64)
    chosen = np.zeros(tagged.shape[1] - rows.shape[1], dtype=np.uint64)
    for row, pivot in zip(tagged, pivots):
        if rest[pivot >> 6] >> np.uint64(pivot & 63) & _ONE:
            rest ^= row[: rows.shape[1]]
            chosen ^= row[rows.shape[1] :]
    return None if rest.any() else unpack_bits(chosen[None, :], len(rows))[0]

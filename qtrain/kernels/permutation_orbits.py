"""Orbits of Pauli strings under permutations of qubits, closed under symmetric generators.

A string is a row of letters (n,) int8: 0 I, 1 X, 2 Z, 3 Y. The group is a product of symmetric groups on classes
of qubits, the rotations of a ring, with or without its reflections, the reflection of a line, or nothing but the
identity. An orbit is named by its smallest row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount

CLASSES, RING, RING_AND_MIRROR, MIRROR, NOTHING = range(5)
DONE, LIMIT, ROOM, PAUSE = range(4)
_ALONG, _BACK = np.int64(1), np.int64(-1)  # typed: literals would each be compiled for


@njit(cache=True, nogil=True)
def _least_rotation(row: np.ndarray, step: int) -> int:
    """Where the smallest of row[i], row[i + step], ... (step 1 or -1, around the ring) begins, in n comparisons."""
    n = row.shape[0]
    i, j, k = 0, 1, 0
    while i < n and j < n and k < n:
        a, b = row[(step * (i + k)) % n], row[(step * (j + k)) % n]
        if a == b:
            k += 1
            continue
        if a > b:
            i += k + 1
        else:
            j += k + 1
        if i == j:
            j += 1
        k = 0
    return min(i, j)


@njit(cache=True, nogil=True)
def _least_turn(row: np.ndarray, mirrored: bool, out: np.ndarray) -> int:
    """The smallest image under rotations, and reflections if so; how many images there are."""
    n = row.shape[0]
    first = _least_rotation(row, _ALONG)
    for q in range(n):
        out[q] = row[(first + q) % n]
    period = 1
    while period < n:
        if n % period == 0:
            same = True
            for q in range(n - period):
                if row[q] != row[q + period]:
                    same = False
                    break
            if same:
                break
        period += 1
    if not mirrored:
        return period
    first = _least_rotation(row, _BACK)
    order = 0
    for q in range(n):
        letter = row[(-first - q) % n]
        if order == 0 and letter != out[q]:
            order = -1 if letter < out[q] else 1
        if order < 0:
            out[q] = letter
    return period if order == 0 else 2 * period


@njit(cache=True, nogil=True)
def canonical(row: np.ndarray, kind: int, group: np.ndarray, out: np.ndarray) -> int:
    """Write the smallest row of the orbit into ``out``; returns the orbit's size, 0 for classes.

    ``group``: (n,) class of each qubit for CLASSES.
    """
    n = row.shape[0]
    if kind == RING or kind == RING_AND_MIRROR:
        return _least_turn(row, kind == RING_AND_MIRROR, out)
    if kind == CLASSES:
        classes = 0
        for q in range(n):
            classes = max(classes, group[q] + 1)
        for k in range(classes):
            counts = np.zeros(4, np.int64)
            for q in range(n):
                if group[q] == k:
                    counts[row[q]] += 1
            letter = 0
            for q in range(n):
                if group[q] == k:
                    while counts[letter] == 0:
                        letter += 1
                    out[q] = letter
                    counts[letter] -= 1
        return 0
    for q in range(n):  # assigning rows would compile numba's text of shape errors
        out[q] = row[q]
    if kind == NOTHING:
        return 1
    order = 0  # of the reflection against the row
    for q in range(n):
        if order == 0 and row[n - 1 - q] != row[q]:
            order = -1 if row[n - 1 - q] < row[q] else 1
        if order < 0:
            out[q] = row[n - 1 - q]
    return 1 if order == 0 else 2


@njit(cache=True, nogil=True)
def _find(slots: np.ndarray, rows: np.ndarray, row: np.ndarray) -> int:
    h = np.uint64(0xCBF29CE484222325)
    for q in range(row.shape[0]):
        h = (h ^ np.uint64(row[q])) * np.uint64(0x100000001B3)
    h ^= h >> np.uint64(31)
    mask = np.int64(slots.shape[0] - 1)
    at = np.int64(h & np.uint64(mask))
    while slots[at] >= 0:
        same = True
        for q in range(row.shape[0]):
            if rows[slots[at], q] != row[q]:
                same = False
                break
        if same:
            break
        at = (at + 1) & mask
    return int(at)


@njit(cache=True, nogil=True)
def _pack(row: np.ndarray, x: np.ndarray, z: np.ndarray) -> None:
    for w in range(x.shape[0]):
        x[w] = np.uint64(0)
        z[w] = np.uint64(0)
    for q in range(row.shape[0]):
        bit = np.uint64(1) << np.uint64(q & 63)
        if row[q] & 1:
            x[q >> 6] |= bit
        if row[q] & 2:
            z[q >> 6] |= bit


@njit(cache=True, nogil=True)
def _sign(p: np.ndarray, a: np.ndarray) -> float:
    """s of i P A = s B for anticommuting Hermitian strings."""
    k = 0
    for q in range(p.shape[0]):
        k += (1 if p[q] == 3 else 0) + (1 if a[q] == 3 else 0) - (1 if p[q] ^ a[q] == 3 else 0)
        k += 2 if (p[q] & 2) != 0 and (a[q] & 1) != 0 else 0
    return 1.0 if k & 3 == 3 else -1.0


@njit(cache=True, nogil=True)
def follow(
    rows: np.ndarray, slots: np.ndarray, start: np.ndarray, term: np.ndarray, other: np.ndarray, sign: np.ndarray,
    state: np.ndarray, terms: np.ndarray, kind: int, group: np.ndarray, limit: int, work: int,
) -> int:  # fmt: skip
    """Go on with the orbits that brackets with the terms reach.

    Args:
        rows: (room, n), of which state[0] are known; slots: hash table of them, -1 where free, more than twice as long
            as rows. start, term, other, sign: brackets of the first state[1] of them, state[2] in all.
        state: (3,) int64, changed in place. terms: (T, n). limit: orbits after which no more brackets are taken.
        work: letters looked at before a pause.

    Returns:
        DONE, LIMIT, ROOM (an orbit may need more rows or entries than there is room for) or PAUSE.
    """
    n = rows.shape[1]
    words = (n + 63) // 64
    tx = np.empty((terms.shape[0], words), np.uint64)
    tz = np.empty((terms.shape[0], words), np.uint64)
    for t in range(terms.shape[0]):
        _pack(terms[t], tx[t], tz[t])
    x = np.empty(words, np.uint64)
    z = np.empty(words, np.uint64)
    image = np.empty(n, np.int8)
    least = np.empty(n, np.int8)
    while state[1] < state[0]:
        count, k, total = state[0], state[1], state[2]
        if count > limit:
            return LIMIT
        if count + terms.shape[0] > rows.shape[0] or total + terms.shape[0] > term.shape[0]:
            return ROOM
        _pack(rows[k], x, z)
        for t in range(terms.shape[0]):
            word = np.uint64(0)
            for w in range(words):
                word ^= (tx[t, w] & z[w]) ^ (tz[t, w] & x[w])
            if popcount(word) & 1 == 0:
                continue
            for q in range(n):
                image[q] = terms[t, q] ^ rows[k, q]
            canonical(image, kind, group, least)
            at = _find(slots, rows, least)
            if slots[at] < 0:
                for q in range(n):
                    rows[count, q] = least[q]
                slots[at] = count
                count += 1
            term[total] = t
            other[total] = slots[at]
            sign[total] = _sign(terms[t], image)
            total += 1
        work -= 2 * words * terms.shape[0] + 4 * n * (total - state[2])
        state[0], state[1], state[2] = count, k + 1, total
        start[k + 1] = total
        if work < 0:
            return PAUSE
    return DONE


@njit(cache=True, nogil=True)
def fill_slots(slots: np.ndarray, rows: np.ndarray, first: int, last: int) -> None:
    """Enter rows ``first`` to ``last`` into the hash table."""
    for k in range(first, last):
        slots[_find(slots, rows, rows[k])] = k

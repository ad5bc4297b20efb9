"""Orbits of Pauli strings under permutations of qubits, closed under symmetric generators.

A string is a row of letters (n,) int8: 0 I, 1 X, 2 Z, 3 Y. The group is a product of symmetric groups on classes
of qubits, the rotations of a ring, with or without its reflections, the reflection of a line, or nothing but the
identity. An orbit is named by its smallest row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

CLASSES, RING, RING_AND_MIRROR, MIRROR, NOTHING = range(5)


@njit(cache=True, nogil=True)
def canonical(row: np.ndarray, kind: int, classes: np.ndarray, out: np.ndarray) -> int:
    """Write the smallest row of the orbit into ``out``; returns the orbit's size, 0 for classes."""
    n = row.shape[0]
    if kind == CLASSES:
        for k in range(classes.max() + 1):
            counts = np.zeros(4, np.int64)
            for q in range(n):
                if classes[q] == k:
                    counts[row[q]] += 1
            letter = 0
            for q in range(n):
                if classes[q] == k:
                    while counts[letter] == 0:
                        letter += 1
                    out[q] = letter
                    counts[letter] -= 1
        return 0
    out[:] = row
    if kind == NOTHING:
        return 1
    same = 0
    images = 0
    for mirror in range(1 if kind == RING else 2):
        for shift in range(n):
            if kind == MIRROR and shift != (n - 1 if mirror else 0):
                continue
            images += 1
            order = 0  # of the image against the smallest so far
            fixed = True
            for q in range(n):
                at = (shift - q) % n if mirror else (q + shift) % n
                if row[at] != row[q]:
                    fixed = False
                if order == 0 and row[at] != out[q]:
                    order = -1 if row[at] < out[q] else 1
                if order != 0 and not fixed:
                    break
            if fixed:
                same += 1
            if order < 0:
                for q in range(n):
                    out[q] = row[(shift - q) % n if mirror else (q + shift) % n]
    return images // same


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
def _anticommute(a: np.ndarray, b: np.ndarray) -> bool:
    odd = False
    for q in range(a.shape[0]):
        if a[q] != 0 and b[q] != 0 and a[q] != b[q]:
            odd = not odd
    return odd


@njit(cache=True, nogil=True)
def _sign(p: np.ndarray, a: np.ndarray) -> float:
    """s of i P A = s B for anticommuting Hermitian strings."""
    k = 0
    for q in range(p.shape[0]):
        k += (1 if p[q] == 3 else 0) + (1 if a[q] == 3 else 0) - (1 if p[q] ^ a[q] == 3 else 0)
        k += 2 if (p[q] & 2) != 0 and (a[q] & 1) != 0 else 0
    return 1.0 if k & 3 == 3 else -1.0


@njit(cache=True, nogil=True)
def close_orbits(
    seeds: np.ndarray, terms: np.ndarray, kind: int, classes: np.ndarray, limit: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, bool]:
    """Orbits reached from the seeds by brackets with the terms.

    Args:
        seeds: (S, n) canonical and distinct; terms: (T, n), closed under the group; limit: orbits at most.

    Returns:
        rows: (M, n) canonical; and for every anticommuting (orbit k, term t) in order of k: ``start``
        (M + 1,), ``term``, ``other`` the orbit of P_t Q_k, ``sign`` s of i P_t (P_t Q_k) = s Q_k; complete.
    """
    n = seeds.shape[1]
    size = 16
    while size < 4 * limit + 4 * seeds.shape[0]:
        size *= 2
    slots = np.full(size, -1, np.int64)
    rows = np.empty((limit + seeds.shape[0], n), np.int8)
    count = 0
    for k in range(seeds.shape[0]):
        rows[count] = seeds[k]
        slots[_find(slots, rows, seeds[k])] = count
        count += 1
    room = 1024
    term = np.empty(room, np.int32)
    other = np.empty(room, np.int32)
    sign = np.empty(room)
    start = np.zeros(limit + seeds.shape[0] + 1, np.int64)
    total = 0
    image = np.empty(n, np.int8)
    least = np.empty(n, np.int8)
    complete = count <= limit
    k = 0
    while k < count and complete:
        for t in range(terms.shape[0]):
            if not _anticommute(terms[t], rows[k]):
                continue
            for q in range(n):
                image[q] = terms[t, q] ^ rows[k, q]
            canonical(image, kind, classes, least)
            at = _find(slots, rows, least)
            if slots[at] < 0:
                if count == limit:
                    complete = False
                    break
                rows[count] = least
                slots[at] = count
                count += 1
            if total == room:
                room *= 2
                more_term = np.empty(room, np.int32)
                more_other = np.empty(room, np.int32)
                more_sign = np.empty(room)
                more_term[:total] = term
                more_other[:total] = other
                more_sign[:total] = sign
                term, other, sign = more_term, more_other, more_sign
            term[total] = t
            other[total] = slots[at]
            sign[total] = _sign(terms[t], image)
            total += 1
        k += 1
        start[k] = total
    return rows[:count].copy(), start[: count + 1].copy(), term[:total], other[:total], sign[:total], complete

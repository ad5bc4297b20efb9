"""Bit-sliced paths whose last rotations before the input are averaged instead of drawn.

What one qubit's rotations next to the input do to a letter is summed exactly (Rao-Blackwell): a path
counts 2^-e instead of 0 or 1. Exponents are added up bit by bit in planes; paths of small weight are
thinned, so that a few levels of equal weight are left to count.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.pauli_paths import PATHS, WORDS, popcount, seed_lanes, walk

ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
PLANES = 12
LEVELS = 64
DEAD = 99


@njit(cache=True, nogil=True)
def _start(first, last, owner, filled, class_x, class_z, x, z, used):
    n = class_x.shape[1]
    for w in range(WORDS):
        full = min(max(filled - 64 * w, 0), 64)
        used[w] = np.uint64(0)
        if full == 64:
            used[w] = ONES
        elif full > 0:
            used[w] = (np.uint64(1) << np.uint64(full)) - np.uint64(1)
    if first == last:
        for q in range(n):
            for w in range(WORDS):
                x[q, w] = used[w] if class_x[first, q] else np.uint64(0)
                z[q, w] = used[w] if class_z[first, q] else np.uint64(0)
        return
    x[:] = 0
    z[:] = 0
    for p in range(filled):
        w = p >> 6
        bit = np.uint64(1) << np.uint64(p & 63)
        for q in range(n):
            if class_x[owner[p], q]:
                x[q, w] |= bit
            if class_z[owner[p], q]:
                z[q, w] |= bit


@njit(cache=True, nogil=True)
def _exponents(x, z, exponent, planes, alive):
    """Sum the letters' exponents of every path into binary planes; clear what has weight 0."""
    planes[:] = 0
    carry = np.empty(WORDS, np.uint64)
    for q in range(x.shape[0]):
        for letter in range(1, 4):
            if exponent[q, letter] == DEAD:
                for w in range(WORDS):
                    mx = x[q, w] if letter & 1 else ~x[q, w]
                    mz = z[q, w] if letter & 2 else ~z[q, w]
                    alive[w] &= ~(mx & mz)
        for b in range(4):
            some = np.uint64(0)
            for w in range(WORDS):
                carry[w] = np.uint64(0)
            for letter in range(1, 4):
                if exponent[q, letter] != DEAD and (exponent[q, letter] >> b) & 1:
                    for w in range(WORDS):
                        mx = x[q, w] if letter & 1 else ~x[q, w]
                        mz = z[q, w] if letter & 2 else ~z[q, w]
                        carry[w] |= mx & mz
                        some |= mx & mz
            plane = b
            while some and plane < PLANES:
                some = np.uint64(0)
                for w in range(WORDS):
                    v = planes[plane, w]
                    planes[plane, w] = v ^ carry[w]
                    carry[w] &= v
                    some |= carry[w]
                plane += 1


@njit(cache=True, nogil=True)
def sample_weighted(
    tape,
    class_x,
    class_z,
    counts,
    seed,
    exponent,
    cut,
    chain_start,
    chain_code,
    chain_row,
    chain_tables,
    ones,
    squares,
    seen,
    histogram,
    cost,
    touched,
):
    """Weighted hits of every rotation over ``counts.sum()`` paths.

    Args:
        tape: `Steps` without the averaged rotations; class_x, class_z, counts: as ``paths.sample``.
        exponent: (qubits, 4) of the letters' weights 2^-e at the end of this tape, DEAD for weight 0.
        cut: exponent above which paths are thinned to weight 2^-cut; -1: only fill ``histogram``.
        chain_start, chain_code, chain_row, chain_tables: CSR by qubit of the averaged steps, their
            codes and rows, and the weights (4,) of the letters behind each.
        ones, squares: (rows,) float64, sums of weight * 2^cut and of its square; seen: (rows,) int64.
        histogram: (2^PLANES,) int64 of exponents; cost: (3,) float64, the same sums for the cost.
        touched: (qubits,) bool, set where any path acts at the input side.
    """
    np.random.seed(np.uint32(seed & np.uint64(0xFFFFFFFF)))
    num_classes, n = class_x.shape
    rows = ones.shape[0]
    x = np.zeros((n, WORDS), np.uint64)
    z = np.zeros((n, WORDS), np.uint64)
    anti = np.zeros((rows, WORDS), np.uint64)
    planes = np.zeros((PLANES, WORDS), np.uint64)
    owner = np.zeros(PATHS, np.int64)
    alive = np.zeros(WORDS, np.uint64)
    used = np.zeros(WORDS, np.uint64)
    masks = np.zeros((LEVELS, WORDS), np.uint64)
    r0 = np.zeros(WORDS, np.uint64)
    r1 = np.zeros(WORDS, np.uint64)
    seed_lanes(seed, r0, r1)
    one = np.uint64(1)
    current = 0
    left = counts[0]
    while True:
        filled = 0
        while filled < PATHS and current < num_classes:
            if left == 0:
                current += 1
                if current < num_classes:
                    left = counts[current]
                continue
            take = min(left, PATHS - filled)
            for p in range(filled, filled + take):
                owner[p] = current
            filled += take
            left -= take
        if filled == 0:
            return
        _start(owner[0], owner[filled - 1], owner, filled, class_x, class_z, x, z, used)
        walk(tape, x, z, anti, r0, r1)
        for w in range(WORDS):
            alive[w] = used[w]
        _exponents(x, z, exponent, planes, alive)
        if cut < 0:
            for q in range(n):
                for w in range(WORDS):
                    if x[q, w] | z[q, w]:
                        touched[q] = True
            for p in range(filled):
                w = p >> 6
                shift = np.uint64(p & 63)
                if (alive[w] >> shift) & one:
                    e = 0
                    for b in range(PLANES):
                        e |= np.int64((planes[b, w] >> shift) & one) << b
                    histogram[e] += 1
            continue
        # Thin: a path of exponent e > cut survives with probability 2^(cut - e).
        top = 0
        masks[:] = 0
        for w in range(WORDS):
            word = alive[w]
            while word:
                lowest = word & (~word + one)
                shift = np.uint64(popcount(lowest - one))
                word ^= lowest
                e = 0
                for b in range(PLANES):
                    e |= np.int64((planes[b, w] >> shift) & one) << b
                if e > cut:
                    if np.random.random() * 2.0 ** (e - cut) >= 1.0:
                        alive[w] &= ~lowest
                        continue
                    e = cut
                height = min(cut - e, LEVELS - 1)
                top = max(top, height)
                masks[height, w] |= lowest
        _chains(x, z, alive, chain_start, chain_code, chain_row, chain_tables, anti)
        for height in range(top + 1):
            weight = 2.0**height
            some = np.int64(0)
            for w in range(WORDS):
                some += np.int64(popcount(masks[height, w]))
            if some == 0:
                continue
            cost[0] += weight * some
            cost[1] += weight * weight * some
            cost[2] += some
            for r in range(rows):
                s = np.uint64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & masks[height, w])
                if s:
                    ones[r] += weight * s
                    squares[r] += weight * weight * s
                    seen[r] += np.int64(s)


@njit(cache=True, nogil=True)
def _chains(x, z, alive, chain_start, chain_code, chain_row, chain_tables, anti):
    """Draw the averaged steps of the paths that count, given that they count; mark their rotations."""
    one = np.uint64(1)
    for r in chain_row:
        if r >= 0:
            for w in range(WORDS):
                anti[r, w] = np.uint64(0)
    for q in range(x.shape[0]):
        if chain_start[q] == chain_start[q + 1]:
            continue
        for w in range(WORDS):
            word = alive[w] & (x[q, w] | z[q, w])
            while word:
                lowest = word & (~word + one)
                word ^= lowest
                v = 0
                if x[q, w] & lowest:
                    v = 1
                if z[q, w] & lowest:
                    v |= 2
                for j in range(chain_start[q], chain_start[q + 1]):
                    c = chain_code[j]
                    if c <= 2:
                        if v != c + 1:
                            anti[chain_row[j], w] |= lowest
                            stay = chain_tables[j, v]
                            move = chain_tables[j, v ^ (c + 1)]
                            if np.random.random() * (stay + move) < move:
                                v ^= c + 1
                    elif c == 5:
                        v = (v >> 1) | ((v & 1) << 1)
                    elif c == 6:
                        v ^= (v & 1) << 1
                    else:
                        v ^= v >> 1

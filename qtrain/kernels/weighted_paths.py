"""Bit-sliced paths whose last rotations before the input are averaged instead of drawn.

What one qubit's rotations next to the input do to a letter is summed exactly (Rao-Blackwell): a path
counts 2^-e instead of 0 or 1. Exponents are added up bit by bit in planes; paths of small weight are
thinned, so that a few levels of equal weight are left to count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from qtrain.kernels.bits import PATHS, WORDS, lowest, popcount, seed_lanes
from qtrain.kernels.clifford import IMAGES
from qtrain.kernels.opcodes import ROTATION
from qtrain.kernels.pauli_paths import next_block, start_block, walk

PLANES = 12
LEVELS = 64
DEAD = 99


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


class Averaged(NamedTuple):
    """What is averaged at the input side of a tape.

    exponent: (qubits, 4) int64 of the letters' weights 2^-e where the tape without it ends, DEAD for weight 0.
    start: (qubits + 1,) int64, CSR by qubit of the averaged steps; opcode, letter: (steps,) int8, a rotation's
    letter; row: (steps,) int32; behind: (steps, 4) float64, weights of the letters behind each step.
    """

    exponent: np.ndarray
    start: np.ndarray
    opcode: np.ndarray
    letter: np.ndarray
    row: np.ndarray
    behind: np.ndarray


class WeightedSums(NamedTuple):
    """Sums over the paths that counted, added to by every batch.

    ones, squares: (rows,) float64, of weight * 2^cut and of its square; seen: (rows,) int64, how many;
    cost: (3,) float64, the same three for the cost.
    """

    ones: np.ndarray
    squares: np.ndarray
    seen: np.ndarray
    cost: np.ndarray


@njit(cache=True, nogil=True)
def _chains(x, z, alive, averaged, anti):
    """Draw the averaged steps of the paths that count, given that they count; mark their rotations."""
    one = np.uint64(1)
    for r in averaged.row:
        if r >= 0:
            for w in range(WORDS):
                anti[r, w] = np.uint64(0)
    for q in range(x.shape[0]):
        if averaged.start[q] == averaged.start[q + 1]:
            continue
        for w in range(WORDS):
            word = alive[w] & (x[q, w] | z[q, w])
            while word:
                bit = word & (~word + one)
                word ^= bit
                v = 0
                if x[q, w] & bit:
                    v = 1
                if z[q, w] & bit:
                    v |= 2
                for j in range(averaged.start[q], averaged.start[q + 1]):
                    if averaged.opcode[j] != ROTATION:
                        v = np.int64(IMAGES[averaged.opcode[j], v, 0, 0])
                        continue
                    letter = np.int64(averaged.letter[j])
                    if v != letter:
                        anti[averaged.row[j], w] |= bit
                        stay = averaged.behind[j, v]
                        move = averaged.behind[j, v ^ letter]
                        if np.random.random() * (stay + move) < move:
                            v ^= letter


@njit(cache=True, nogil=True)
def sample_weighted(steps, averaged, class_x, class_z, counts, seed, cut, sums, histogram, touched):
    """Weighted hits of every rotation over ``counts.sum()`` paths.

    Args:
        steps: `Steps` without the averaged steps; class_x, class_z, counts: as in ``pauli_paths.sample``.
        cut: exponent above which paths are thinned to weight 2^-cut; -1: only fill ``histogram``.
        sums: `WeightedSums`, added to.
        histogram: (2^PLANES,) int64 of exponents; touched: (qubits,) bool, set where any path acts at the input side.
    """
    np.random.seed(np.uint32(seed & np.uint64(0xFFFFFFFF)))
    num_classes, n = class_x.shape
    ones, squares, seen, cost = sums
    rows = ones.shape[0]
    x = np.zeros((n, WORDS), np.uint64)
    z = np.zeros((n, WORDS), np.uint64)
    anti = np.zeros((rows + 1, WORDS), np.uint64)
    planes = np.zeros((PLANES, WORDS), np.uint64)
    owner = np.zeros(PATHS, np.int64)
    alive = np.zeros(WORDS, np.uint64)
    used = np.zeros(WORDS, np.uint64)
    masks = np.zeros((LEVELS, WORDS), np.uint64)
    r0 = np.zeros(WORDS, np.uint64)
    r1 = np.zeros(WORDS, np.uint64)
    seed_lanes(seed, r0, r1)
    one = np.uint64(1)
    current = np.int64(0)  # typed: a literal would be compiled for
    left = counts[0]
    while True:
        filled, current, left = next_block(counts, current, left, owner)
        if filled == 0:
            return
        start_block(owner, filled, class_x, class_z, x, z, used)
        walk(steps, x, z, anti, r0, r1)
        for w in range(WORDS):
            alive[w] = used[w]
        _exponents(x, z, averaged.exponent, planes, alive)
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
                shift = np.uint64(lowest(word))
                bit = one << shift
                word ^= bit
                e = 0
                for b in range(PLANES):
                    e |= np.int64((planes[b, w] >> shift) & one) << b
                if e > cut:
                    if np.random.random() * 2.0 ** (e - cut) >= 1.0:
                        alive[w] &= ~bit
                        continue
                    e = cut
                height = min(cut - e, LEVELS - 1)
                top = max(top, height)
                masks[height, w] |= bit
        _chains(x, z, alive, averaged, anti)
        for height in range(top + 1):
            weight = 2.0**height
            some = np.int64(0)
            for w in range(WORDS):
                some += popcount(masks[height, w])
            if some == 0:
                continue
            cost[0] += weight * some
            cost[1] += weight * weight * some
            cost[2] += some
            for r in range(rows):
                s = np.int64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & masks[height, w])
                if s:
                    ones[r] += weight * s
                    squares[r] += weight * weight * s
                    seen[r] += s

"""Bit-sliced Pauli paths: 64 paths in a word, one X and one Z plane for each qubit.

The tape of a circuit is data, read from the measurement to the input: the same compiled kernel
serves every circuit. Second moments of circuits with independent Pauli rotations equal averages
over random Pauli paths (2302.04649, 2309.12681): at a rotation whose Pauli anticommutes with the
path, the path stays or branches; at the input a path counts if it has an expectation there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import ONES, PATHS, WORDS, coins, fill, popcount, seed_lanes
from qtrain.kernels.clifford import act, meet, multiply
from qtrain.kernels.opcodes import QUARTER_TURN, ROTATION, SWAP


@njit(cache=True, nogil=True)
def walk(steps, x, z, anti, r0, r1):
    """Walk one block of ``PATHS`` paths through the tape, in place.

    Args:
        steps: `Steps`; its ``row`` is a rotation's row of ``anti``.
        x, z: (qubits, WORDS) uint64 planes, overwritten by the Paulis at the input.
        anti: (rows + 1, WORDS) uint64, set to where the path anticommutes with the rotation; the last row is scratch.
        r0, r1: (WORDS,) uint64 random state, advanced.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    coin = np.empty((1, WORDS), np.uint64)
    for i in range(opcode.shape[0]):
        op = opcode[i]
        if op == ROTATION or op == QUARTER_TURN:
            r = row[i] if op == ROTATION else anti.shape[0] - 1
            if meet(start, support, letters, i, x, z, anti, r, None, WORDS):
                if op == ROTATION:
                    coins(r0, r1, coin)
                else:
                    for w in range(WORDS):
                        coin[0, w] = ONES
                multiply(start, support, letters, i, x, z, anti, r, coin, WORDS)
        elif op > ROTATION and op <= SWAP:  # as `conjugate`, whose reference counts would cost more than the gate
            act(op, q0[i], q1[i], x, z, None, WORDS)


@njit(cache=True, nogil=True)
def start_block(owner, filled, class_x, class_z, x, z, used):
    """Planes of the first ``filled`` paths of a block, each at the Pauli of its class; mark them in ``used``."""
    n = class_x.shape[1]
    fill(used, filled)
    first = owner[0]
    if first == owner[filled - 1]:
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
def next_block(counts, current, left, owner):
    """Classes of the next paths, up to a block: (how many, class it ends in, what is left of that class)."""
    filled = 0
    while filled < PATHS and current < counts.shape[0]:
        if left == 0:
            current += 1
            if current < counts.shape[0]:
                left = counts[current]
            continue
        take = min(left, PATHS - filled)
        for p in range(filled, filled + take):
            owner[p] = current
        filled += take
        left -= take
    return filled, current, left


@njit(cache=True, nogil=True)
def sample(steps, class_x, class_z, target, counts, seed, with_beta, hits, betas):
    """Hits of every rotation over ``counts.sum()`` paths; returns the hits of the cost itself.

    Args:
        class_x, class_z: (classes, qubits) uint8, the Pauli a class of paths starts from.
        target: (classes, qubits) uint8, the X bits that count at the input.
        counts: (classes,) int64, paths of each class.
        seed: uint64; with_beta: also count anticommuting paths.
        hits, betas: (rows,) int64, added to.
    """
    num_classes, n = class_x.shape
    rows = hits.shape[0]
    x = np.zeros((n, WORDS), np.uint64)
    z = np.zeros((n, WORDS), np.uint64)
    anti = np.zeros((rows + 1, WORDS), np.uint64)
    owner = np.zeros(PATHS, np.int64)
    alive = np.zeros(WORDS, np.uint64)
    used = np.zeros(WORDS, np.uint64)
    r0 = np.zeros(WORDS, np.uint64)
    r1 = np.zeros(WORDS, np.uint64)
    seed_lanes(seed, r0, r1)
    total = np.int64(0)
    current = np.int64(0)  # typed: a literal would be compiled for
    left = counts[0]
    while True:
        filled, current, left = next_block(counts, current, left, owner)
        if filled == 0:
            break
        lowest = owner[0]
        highest = owner[filled - 1]
        start_block(owner, filled, class_x, class_z, x, z, used)
        walk(steps, x, z, anti, r0, r1)
        for w in range(WORDS):
            alive[w] = used[w]
        if lowest == highest:
            for q in range(n):
                if target[lowest, q]:
                    for w in range(WORDS):
                        alive[w] &= x[q, w]
                else:
                    for w in range(WORDS):
                        alive[w] &= ~x[q, w]
        else:
            for p in range(filled):
                c = owner[p]
                w = p >> 6
                shift = np.uint64(p & 63)
                for q in range(n):
                    if ((x[q, w] >> shift) & np.uint64(1)) != target[c, q]:
                        alive[w] &= ~(np.uint64(1) << shift)
                        break
        some = np.uint64(0)
        for w in range(WORDS):
            some |= alive[w]
            total += popcount(alive[w])
        if some:
            for r in range(rows):
                s = np.int64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & alive[w])
                hits[r] += s
        if with_beta:
            for r in range(rows):
                s = np.int64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & used[w])
                betas[r] += s
    return total

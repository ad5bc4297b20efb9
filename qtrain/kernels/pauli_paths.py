"""Bit-sliced Pauli paths: 64 paths in a word, one X and one Z plane for each qubit.

The tape of a circuit is data, read from the measurement to the input: the same compiled kernel
serves every circuit. Second moments of circuits with independent Pauli rotations equal averages
over random Pauli paths (2302.04649, 2309.12681): at a rotation whose Pauli anticommutes with the
path, the path stays or branches; at the input a path counts if it has an expectation there.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

WORDS = 32
PATHS = 64 * WORDS  # per block; 32 words amortise the dispatch of a gate best (measured: 8, 16, 32)

# Tape codes. Rotations carry their parameter's row; Cliffords act as Q -> C^dagger Q C.
ROT_X, ROT_Z, ROT_Y, ROT_MANY, TURN_MANY = 0, 1, 2, 3, 4
SWAP_XZ, ADD_X_TO_Z, ADD_Z_TO_X = 5, 6, 7
CX, CZ, SWAP = 8, 9, 10
NOISE_1, NOISE_2 = 11, 12


@intrinsic
def popcount(typingctx, word):  # type: ignore[no-untyped-def]
    """Number of set bits of a 64-bit word, as the machine's own instruction."""
    if isinstance(word, types.Integer):

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return builder.ctpop(args[0])

        return types.uint64(types.uint64), codegen
    return None


@njit(cache=True, nogil=True)
def seed_lanes(seed, r0, r1):
    """Fill xorshift128+ lanes from one 64-bit seed by splitmix64."""
    state = np.uint64(seed)
    for w in range(r0.shape[0]):
        for half in range(2):
            state += np.uint64(0x9E3779B97F4A7C15)
            v = state
            v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            v = v ^ (v >> np.uint64(31))
            if half == 0:
                r0[w] = v
            else:
                r1[w] = v | np.uint64(1)


@njit(cache=True, inline="always")
def _coins(r0, r1, out):
    """One fair coin for each path (xorshift128+)."""
    for w in range(WORDS):
        a = r0[w]
        b = r1[w]
        r0[w] = b
        a ^= a << np.uint64(23)
        a = a ^ b ^ (a >> np.uint64(18)) ^ (b >> np.uint64(5))
        r1[w] = a
        out[w] = a + b


@njit(cache=True, nogil=True)
def walk(tape, x, z, anti, r0, r1):
    """Walk one block of ``PATHS`` paths through the tape, in place.

    Args:
        tape: `Steps`; its ``row`` is a rotation's row of ``anti`` or -1.
        x, z: (qubits, WORDS) uint64 planes, overwritten by the Paulis at the input.
        anti: (rows, WORDS) uint64, set to where the path anticommutes with the rotation.
        r0, r1: (WORDS,) uint64 random state, advanced.
    """
    code, q0, q1, row, start, support, letters = tape[:7]
    coin = np.empty(WORDS, np.uint64)
    a = np.empty(WORDS, np.uint64)
    for i in range(code.shape[0]):
        c = code[i]
        if c < 0:
            continue
        q = q0[i]
        if c <= ROT_Y:
            r = row[i]
            hit = np.uint64(0)
            if c == ROT_Z:
                for w in range(WORDS):
                    v = x[q, w]
                    anti[r, w] = v
                    hit |= v
                if hit:
                    _coins(r0, r1, coin)
                    for w in range(WORDS):
                        z[q, w] ^= x[q, w] & coin[w]
            elif c == ROT_X:
                for w in range(WORDS):
                    v = z[q, w]
                    anti[r, w] = v
                    hit |= v
                if hit:
                    _coins(r0, r1, coin)
                    for w in range(WORDS):
                        x[q, w] ^= z[q, w] & coin[w]
            else:
                for w in range(WORDS):
                    v = x[q, w] ^ z[q, w]
                    anti[r, w] = v
                    hit |= v
                if hit:
                    _coins(r0, r1, coin)
                    for w in range(WORDS):
                        b = (x[q, w] ^ z[q, w]) & coin[w]
                        x[q, w] ^= b
                        z[q, w] ^= b
        elif c == CX:
            t = q1[i]
            for w in range(WORDS):
                x[t, w] ^= x[q, w]
                z[q, w] ^= z[t, w]
        elif c == CZ:
            t = q1[i]
            for w in range(WORDS):
                z[t, w] ^= x[q, w]
                z[q, w] ^= x[t, w]
        elif c == SWAP_XZ:
            for w in range(WORDS):
                v = x[q, w]
                x[q, w] = z[q, w]
                z[q, w] = v
        elif c == ADD_X_TO_Z:
            for w in range(WORDS):
                z[q, w] ^= x[q, w]
        elif c == ADD_Z_TO_X:
            for w in range(WORDS):
                x[q, w] ^= z[q, w]
        elif c == SWAP:
            t = q1[i]
            for w in range(WORDS):
                v = x[q, w]
                x[q, w] = x[t, w]
                x[t, w] = v
                v = z[q, w]
                z[q, w] = z[t, w]
                z[t, w] = v
        else:
            for w in range(WORDS):
                a[w] = np.uint64(0)
            for j in range(start[i], start[i + 1]):
                s = support[j]
                if letters[j] & 1:
                    for w in range(WORDS):
                        a[w] ^= z[s, w]
                if letters[j] & 2:
                    for w in range(WORDS):
                        a[w] ^= x[s, w]
            if c == ROT_MANY:
                r = row[i]
                for w in range(WORDS):
                    anti[r, w] = a[w]
                _coins(r0, r1, coin)
                for w in range(WORDS):
                    a[w] &= coin[w]
            for j in range(start[i], start[i + 1]):
                s = support[j]
                if letters[j] & 1:
                    for w in range(WORDS):
                        x[s, w] ^= a[w]
                if letters[j] & 2:
                    for w in range(WORDS):
                        z[s, w] ^= a[w]


@njit(cache=True, nogil=True)
def sample(tape, class_x, class_z, target, counts, seed, with_beta, hits, betas):
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
    anti = np.zeros((rows, WORDS), np.uint64)
    owner = np.zeros(PATHS, np.int64)
    alive = np.zeros(WORDS, np.uint64)
    used = np.zeros(WORDS, np.uint64)
    r0 = np.zeros(WORDS, np.uint64)
    r1 = np.zeros(WORDS, np.uint64)
    seed_lanes(seed, r0, r1)
    total = np.int64(0)
    current = 0
    left = counts[0]
    while True:
        filled = 0
        for w in range(WORDS):
            used[w] = np.uint64(0)
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
            break
        lowest = owner[0]
        highest = owner[filled - 1]
        for w in range(WORDS):
            full = min(max(filled - 64 * w, 0), 64)
            if full == 64:
                used[w] = np.uint64(0xFFFFFFFFFFFFFFFF)
            elif full > 0:
                used[w] = (np.uint64(1) << np.uint64(full)) - np.uint64(1)
        if lowest == highest:
            for q in range(n):
                vx = np.uint64(0)
                vz = np.uint64(0)
                if class_x[lowest, q]:
                    vx = np.uint64(0xFFFFFFFFFFFFFFFF)
                if class_z[lowest, q]:
                    vz = np.uint64(0xFFFFFFFFFFFFFFFF)
                for w in range(WORDS):
                    x[q, w] = vx & used[w]
                    z[q, w] = vz & used[w]
        else:
            x[:] = 0
            z[:] = 0
            for p in range(filled):
                c = owner[p]
                w = p >> 6
                bit = np.uint64(1) << np.uint64(p & 63)
                for q in range(n):
                    if class_x[c, q]:
                        x[q, w] |= bit
                    if class_z[c, q]:
                        z[q, w] |= bit
        walk(tape, x, z, anti, r0, r1)
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
            total += np.int64(popcount(alive[w]))
        if some:
            for r in range(rows):
                s = np.uint64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & alive[w])
                hits[r] += np.int64(s)
        if with_beta:
            for r in range(rows):
                s = np.uint64(0)
                for w in range(WORDS):
                    s += popcount(anti[r, w] & used[w])
                betas[r] += np.int64(s)
    return total

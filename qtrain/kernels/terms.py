"""One Pauli at a time through a tape without branching: signs, syndromes and interference."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _letters_product_phase(x, z, start, end, support, letters):
    """Exponent of i in i * P * Q = i^k * (Hermitian Pauli), for a P that anticommutes with Q."""
    power = 1
    for j in range(start, end):
        q = support[j]
        px = letters[j] & 1
        pz = letters[j] >> 1
        qx = x[q]
        qz = z[q]
        rx = px ^ qx
        rz = pz ^ qz
        power += px * pz + qx * qz - rx * rz + 2 * (pz & qx)
    return power & 3


@njit(cache=True, nogil=True)
def anticommutes(tape, i, x, z):
    """1 where the rotation at tape place ``i`` anticommutes with the Pauli (x, z)."""
    code, q0, q1, row, start, support, letters = tape[:7]
    c = code[i]
    q = q0[i]
    if c == 0:
        return np.int64(z[q])
    if c == 1:
        return np.int64(x[q])
    if c == 2:
        return np.int64(x[q] ^ z[q])
    parity = 0
    for j in range(start[i], start[i + 1]):
        s = support[j]
        parity ^= ((letters[j] & 1) & z[s]) ^ ((letters[j] >> 1) & x[s])
    return np.int64(parity)


@njit(cache=True, nogil=True)
def clifford_step(tape, i, x, z):
    """Q -> C^dagger Q C at tape place ``i``, in place; returns 1 where the sign flips."""
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    op = opcode[i]
    q = q0[i]
    flip = 0
    if op == 1:
        flip = x[q] & z[q]
        v = x[q]
        x[q] = z[q]
        z[q] = v
    elif op == 2:
        flip = x[q] & (1 - z[q])
        z[q] ^= x[q]
    elif op == 3:
        flip = x[q] & z[q]
        z[q] ^= x[q]
    elif op == 4:
        flip = z[q]
    elif op == 5:
        flip = x[q] ^ z[q]
    elif op == 6:
        flip = x[q]
    elif op == 7:
        flip = x[q] & z[q]
        x[q] ^= z[q]
    elif op == 8:
        flip = z[q] & (1 - x[q])
        x[q] ^= z[q]
    elif op == 9:
        t = q1[i]
        flip = x[q] & z[t] & (1 - (x[t] ^ z[q]))
        x[t] ^= x[q]
        z[q] ^= z[t]
    elif op == 10:
        t = q1[i]
        flip = x[q] & x[t] & (z[q] ^ z[t])
        z[t] ^= x[q]
        z[q] ^= x[t]
    elif op == 11:
        t = q1[i]
        v = x[q]
        x[q] = x[t]
        x[t] = v
        v = z[q]
        z[q] = z[t]
        z[t] = v
    elif code[i] == 4 and anticommutes(tape, i, x, z):
        if turns[i] == 2:
            flip = 1
        elif turns[i] == 1 or turns[i] == 3:
            power = _letters_product_phase(x, z, start[i], start[i + 1], support, letters)
            flip = (power >> 1) & 1
            if turns[i] == 3:
                flip ^= 1
            for j in range(start[i], start[i + 1]):
                x[support[j]] ^= letters[j] & 1
                z[support[j]] ^= letters[j] >> 1
    return flip


@njit(cache=True, nogil=True)
def evolve_terms(tape, keys, x, z, sign, syndrome):
    """Walk each term back through the Cliffords alone, past every rotation.

    Args:
        keys: (rows, 2) uint64 random words; x, z: (terms, qubits) uint8, in place.
        sign: (terms,) int8, multiplied; syndrome: (terms, 2) uint64, XORed with the keys of the
            rotations that anticommute: equal for two terms exactly where they interfere.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    for t in range(x.shape[0]):
        tx = x[t]
        tz = z[t]
        for i in range(code.shape[0]):
            if row[i] >= 0:
                if anticommutes(tape, i, tx, tz):
                    syndrome[t, 0] ^= keys[row[i], 0]
                    syndrome[t, 1] ^= keys[row[i], 1]
            elif opcode[i] >= 0 and clifford_step(tape, i, tx, tz):
                sign[t] = -sign[t]


@njit(cache=True, nogil=True)
def active_rows(tape, x, z, active):
    """Mark the rotations that anticommute with a Pauli walked through the Cliffords alone.

    Args:
        x, z: (qubits,) uint8, in place; active: (rows,) uint8, overwritten.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    for i in range(code.shape[0]):
        if row[i] >= 0:
            active[row[i]] = anticommutes(tape, i, x, z)
        elif opcode[i] >= 0:
            clifford_step(tape, i, x, z)


@njit(cache=True, nogil=True)
def trace_weights(tape, class_x, class_z, counts, seed, weights, seen):
    """Mean weight of the path Pauli at each rotation it anticommutes with, one path at a time.

    Args:
        class_x, class_z, counts: as in ``paths.sample``.
        weights: (rows,) float64, added to; seen: (rows,) int64, paths that anticommuted.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    np.random.seed(seed)
    n = class_x.shape[1]
    x = np.zeros(n, np.uint8)
    z = np.zeros(n, np.uint8)
    for c in range(class_x.shape[0]):
        for _ in range(counts[c]):
            weight = 0
            for q in range(n):
                x[q] = class_x[c, q]
                z[q] = class_z[c, q]
                weight += np.int64(x[q] | z[q])
            for i in range(code.shape[0]):
                r = row[i]
                lo = start[i]
                hi = start[i + 1]
                if r >= 0:
                    if anticommutes(tape, i, x, z):
                        weights[r] += weight
                        seen[r] += 1
                        if np.random.random() < 0.5:
                            if lo == hi:
                                q = q0[i]
                                letter = code[i] + 1
                                x[q] ^= letter & 1
                                z[q] ^= letter >> 1  # anticommuting letters stay letters: no weight changes
                            else:
                                for j in range(lo, hi):
                                    q = support[j]
                                    weight -= np.int64(x[q] | z[q])
                                    x[q] ^= letters[j] & 1
                                    z[q] ^= letters[j] >> 1
                                    weight += np.int64(x[q] | z[q])
                elif opcode[i] >= 0:
                    if lo == hi:
                        q = q0[i]
                        t = max(q1[i], 0) if opcode[i] >= 9 else q
                        before = np.int64(x[q] | z[q]) + np.int64(x[t] | z[t])
                        clifford_step(tape, i, x, z)
                        if t != q:
                            weight += np.int64(x[q] | z[q]) + np.int64(x[t] | z[t]) - before
                    else:
                        for j in range(lo, hi):
                            weight -= np.int64(x[support[j]] | z[support[j]])
                        clifford_step(tape, i, x, z)
                        for j in range(lo, hi):
                            weight += np.int64(x[support[j]] | z[support[j]])

"""Pauli paths of pairs of terms under noise, non-uniform angles and product input states.

Away from uniform angles two terms interfere even where they would not average out: a pair (a, b)
walks as the path of a, while the product R of both only meets the Cliffords. Where R anticommutes
with a rotation the pair cannot branch. Paths are thinned: what would weigh less counts less often.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.pauli_paths import PATHS, WORDS, popcount, seed_lanes
from qtrain.kernels.terms import anticommutes, clifford_step
from qtrain.kernels.thinning import ONES, biased, finish


@njit(cache=True, nogil=True)
def _step(
    tape,
    branch,
    i,
    swap,
    x,
    z,
    rx,
    rz,
    alive,
    anti,
    coin,
    out,
    r0,
    r1,
):
    """One tape entry for a block of pairs; ``swap``: this rotation is the differentiated one."""
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    c = code[i]
    q = q0[i]
    if row[i] >= 0:
        for w in range(WORDS):
            anti[w] = np.uint64(0)
        if anticommutes(tape, i, rx, rz):
            return  # exactly one of the pair anticommutes: it can only stay
        if c <= 2:
            for w in range(WORDS):
                if c != 1:
                    anti[w] ^= z[q, w]
                if c != 0:
                    anti[w] ^= x[q, w]
        else:
            for j in range(start[i], start[i + 1]):
                s = support[j]
                for w in range(WORDS):
                    if letters[j] & 1:
                        anti[w] ^= z[s, w]
                    if letters[j] & 2:
                        anti[w] ^= x[s, w]
        some = np.uint64(0)
        for w in range(WORDS):
            some |= anti[w]
        if some == 0:
            return
        p = branch[row[i]]
        biased(1.0 - p if swap else p, r0, r1, coin, out)
        if c <= 2:
            for w in range(WORDS):
                b = anti[w] & out[w]
                if c != 1:
                    x[q, w] ^= b
                if c != 0:
                    z[q, w] ^= b
        else:
            for j in range(start[i], start[i + 1]):
                s = support[j]
                for w in range(WORDS):
                    b = anti[w] & out[w]
                    if letters[j] & 1:
                        x[s, w] ^= b
                    if letters[j] & 2:
                        z[s, w] ^= b
        return
    if c == 11 or c == 12:
        t = q1[i]
        for side in range(2):
            biased(1.0 - rate[i], r0, r1, coin, out)
            mx = ONES if side == 1 and rx[q] else np.uint64(0)
            mz = ONES if side == 1 and rz[q] else np.uint64(0)
            nx = ONES if side == 1 and rx[t] else np.uint64(0)
            nz = ONES if side == 1 and rz[t] else np.uint64(0)
            for w in range(WORDS):
                touched = (x[q, w] ^ mx) | (z[q, w] ^ mz) | (x[t, w] ^ nx) | (z[t, w] ^ nz)
                alive[w] &= ~(touched & out[w])
        return
    if opcode[i] < 0 or c < 0:
        return
    if c == 8:
        t = q1[i]
        for w in range(WORDS):
            x[t, w] ^= x[q, w]
            z[q, w] ^= z[t, w]
    elif c == 9:
        t = q1[i]
        for w in range(WORDS):
            z[t, w] ^= x[q, w]
            z[q, w] ^= x[t, w]
    elif c == 10:
        t = q1[i]
        for w in range(WORDS):
            v = x[q, w]
            x[q, w] = x[t, w]
            x[t, w] = v
            v = z[q, w]
            z[q, w] = z[t, w]
            z[t, w] = v
    elif c == 5:
        for w in range(WORDS):
            v = x[q, w]
            x[q, w] = z[q, w]
            z[q, w] = v
    elif c == 6:
        for w in range(WORDS):
            z[q, w] ^= x[q, w]
    elif c == 7:
        for w in range(WORDS):
            x[q, w] ^= z[q, w]
    elif c == 4 and turns[i] % 2:
        for w in range(WORDS):
            anti[w] = np.uint64(0)
        for j in range(start[i], start[i + 1]):
            s = support[j]
            for w in range(WORDS):
                if letters[j] & 1:
                    anti[w] ^= z[s, w]
                if letters[j] & 2:
                    anti[w] ^= x[s, w]
        for j in range(start[i], start[i + 1]):
            s = support[j]
            for w in range(WORDS):
                if letters[j] & 1:
                    x[s, w] ^= anti[w]
                if letters[j] & 2:
                    z[s, w] ^= anti[w]
    clifford_step(tape, i, rx, rz)


@njit(cache=True, nogil=True)
def sample_pairs(
    tape,
    branch,
    class_x,
    class_z,
    diff_x,
    diff_z,
    power,
    sign,
    counts,
    bloch,
    seed,
    mode,
    plus_hits,
    minus_hits,
    flip_plus,
    flip_minus,
    cost_hits,
):
    """Signed hits of every rotation over ``counts.sum()`` paths.

    Args:
        rate: (ops,) damping of touched Paulis at a noise entry; branch: (rows,) E sin^2.
        class_x, class_z, diff_x, diff_z: (classes, qubits) uint8: first term, and product of both.
        power: (classes,) exponent of i of the product at the unbranched input; sign: (classes,) +-1.
        counts: (classes,); bloch: (samples, qubits, 3) in the order X, Z, Y.
        mode: how a rotation is differentiated, which exchanges E cos^2 and E sin^2. 0: they are equal, each hit
            counts. 1: a walk of its own from each rotation on. 2: hits that stayed and hits that flipped are counted
            apart, for the caller to weight with sin^2/cos^2 and cos^2/sin^2.
        plus_hits, minus_hits, flip_plus, flip_minus: (rows,) int64, the last two for mode 2; cost_hits: (2,)
            int64; all added to.
    """
    fork = mode == 1
    np.random.seed(np.uint32(seed))
    n = class_x.shape[1]
    rows = plus_hits.shape[0]
    row = tape.row
    ops = row.shape[0]
    x = np.zeros((n, WORDS), np.uint64)
    z = np.zeros((n, WORDS), np.uint64)
    fx = np.zeros((n, WORDS), np.uint64)
    fz = np.zeros((n, WORDS), np.uint64)
    marks = np.zeros((rows if not fork else 1, WORDS), np.uint64)
    flips = np.zeros((rows if mode == 2 else 1, WORDS), np.uint64)
    anti = np.zeros(WORDS, np.uint64)
    scratch = np.zeros(WORDS, np.uint64)
    alive = np.zeros(WORDS, np.uint64)
    live = np.zeros(WORDS, np.uint64)
    plus = np.zeros(WORDS, np.uint64)
    minus = np.zeros(WORDS, np.uint64)
    coin = np.zeros(WORDS, np.uint64)
    out = np.zeros(WORDS, np.uint64)
    r0 = np.zeros(WORDS, np.uint64)
    r1 = np.zeros(WORDS, np.uint64)
    seed_lanes(seed, r0, r1)
    for k in range(class_x.shape[0]):
        left = counts[k]
        while left > 0:
            take = min(left, PATHS)
            left -= take
            for w in range(WORDS):
                full = min(max(take - 64 * w, 0), 64)
                alive[w] = ONES if full == 64 else (np.uint64(1) << np.uint64(full)) - np.uint64(1)
            for q in range(n):
                for w in range(WORDS):
                    x[q, w] = ONES if class_x[k, q] else np.uint64(0)
                    z[q, w] = ONES if class_z[k, q] else np.uint64(0)
            rx = diff_x[k].copy()
            rz = diff_z[k].copy()
            for i in range(ops):
                r = row[i]
                if r >= 0 and fork:
                    for q in range(n):
                        for w in range(WORDS):
                            fx[q, w] = x[q, w]
                            fz[q, w] = z[q, w]
                    _step(
                        tape,
                        branch,
                        i,
                        True,
                        fx,
                        fz,
                        rx,
                        rz,
                        alive,
                        anti,
                        coin,
                        out,
                        r0,
                        r1,
                    )
                    some = np.uint64(0)
                    for w in range(WORDS):
                        live[w] = alive[w] & anti[w]
                        some |= live[w]
                    if some:
                        sx = rx.copy()
                        sz = rz.copy()
                        for j in range(i + 1, ops):
                            _step(
                                tape,
                                branch,
                                j,
                                False,
                                fx,
                                fz,
                                sx,
                                sz,
                                live,
                                scratch,
                                coin,
                                out,
                                r0,
                                r1,
                            )
                        finish(fx, fz, sx, sz, power[k], bloch, live, plus, minus)
                        for w in range(WORDS):
                            good = popcount(plus[w]) if sign[k] > 0 else popcount(minus[w])
                            bad = popcount(minus[w]) if sign[k] > 0 else popcount(plus[w])
                            plus_hits[r] += np.int64(good)
                            minus_hits[r] += np.int64(bad)
                _step(
                    tape,
                    branch,
                    i,
                    False,
                    x,
                    z,
                    rx,
                    rz,
                    alive,
                    anti,
                    coin,
                    out,
                    r0,
                    r1,
                )
                if r >= 0 and mode == 0:
                    for w in range(WORDS):
                        marks[r, w] = anti[w]
                elif r >= 0 and mode == 2:
                    for w in range(WORDS):
                        marks[r, w] = anti[w] & ~out[w]
                        flips[r, w] = anti[w] & out[w]
            finish(x, z, rx, rz, power[k], bloch, alive, plus, minus)
            for w in range(WORDS):
                if sign[k] < 0:
                    v = plus[w]
                    plus[w] = minus[w]
                    minus[w] = v
                cost_hits[0] += np.int64(popcount(plus[w]))
                cost_hits[1] += np.int64(popcount(minus[w]))
            if not fork:
                for r in range(rows):
                    for w in range(WORDS):
                        plus_hits[r] += np.int64(popcount(marks[r, w] & plus[w]))
                        minus_hits[r] += np.int64(popcount(marks[r, w] & minus[w]))
                        if mode == 2:
                            flip_plus[r] += np.int64(popcount(flips[r, w] & plus[w]))
                            flip_minus[r] += np.int64(popcount(flips[r, w] & minus[w]))

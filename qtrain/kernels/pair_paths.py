"""Pauli paths of pairs of terms under noise, non-uniform angles and product input states.

Away from uniform angles two terms interfere even where they would not average out: a pair (a, b)
walks as the path of a, while the product R of both only meets the Cliffords. Where R anticommutes
with a rotation the pair cannot branch. Paths are thinned: what would weigh less counts less often.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from qtrain.kernels.bits import ONES, PATHS, WORDS, biased, fill, popcount, seed_lanes
from qtrain.kernels.clifford import act, conjugate, meet, multiply, turn
from qtrain.kernels.opcodes import NOISE_1, NOISE_2, NOISE_LETTERS, QUARTER_TURN, ROTATION, SWAP


class Pairs(NamedTuple):
    """Pairs of terms; a class is the path of its first term.

    x, z: (classes, qubits) uint8, the first term; diff_x, diff_z: the product of both.
    power: (classes,) exponent of i of the product at the unbranched input; sign: (classes,) +-1.
    """

    x: np.ndarray
    z: np.ndarray
    diff_x: np.ndarray
    diff_z: np.ndarray
    power: np.ndarray
    sign: np.ndarray


class SignedHits(NamedTuple):
    """Hits of positive and of negative sign, (rows,) int64; flip_plus, flip_minus for mode 2; cost: (2,)."""

    plus: np.ndarray
    minus: np.ndarray
    flip_plus: np.ndarray
    flip_minus: np.ndarray
    cost: np.ndarray


class _Lanes(NamedTuple):
    """Work space of a block: random state and (WORDS,) uint64 scratch; what a step leaves in ``out`` are its flips."""

    r0: np.ndarray
    r1: np.ndarray
    coin: np.ndarray
    out: np.ndarray
    single: np.ndarray


@njit(cache=True, nogil=True)
def _step(steps, branch, i, swap, x, z, rx, rz, alive, anti, lanes):
    """One place of the tape for a block of pairs; ``swap``: this rotation is the differentiated one.

    rx, rz: (qubits, 1) uint64, the product of both terms. anti: (1, WORDS), overwritten at a rotation.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    op = opcode[i]
    out = lanes.out
    if op == ROTATION:
        if meet(start, support, letters, i, rx, rz, lanes.single, 0, None, rx.shape[1]):
            for w in range(WORDS):
                anti[0, w] = np.uint64(0)
            return  # exactly one of the pair anticommutes: it can only stay
        if not meet(start, support, letters, i, x, z, anti, 0, None, WORDS):
            return
        p = branch[row[i]]
        biased(1.0 - p if swap else p, lanes.r0, lanes.r1, lanes.coin, out)
        for w in range(WORDS):
            lanes.coin[0, w] = anti[0, w] & out[w]
        multiply(start, support, letters, i, x, z, lanes.coin, 0, None, WORDS)
    elif op == NOISE_1 or op == NOISE_2 or op == NOISE_LETTERS:
        q = q0[i]
        t = q1[i]
        code = np.int64(turns[i])
        ax = ONES if code & 1 else np.uint64(0)
        az = ONES if code & 2 else np.uint64(0)
        bx = ONES if code & 4 else np.uint64(0)
        bz = ONES if code & 8 else np.uint64(0)
        for side in range(2):
            biased(1.0 - rate[i], lanes.r0, lanes.r1, lanes.coin, out)
            mx = ONES if side == 1 and rx[q, 0] else np.uint64(0)
            mz = ONES if side == 1 and rz[q, 0] else np.uint64(0)
            nx = ONES if side == 1 and rx[t, 0] else np.uint64(0)
            nz = ONES if side == 1 and rz[t, 0] else np.uint64(0)
            for w in range(WORDS):
                # against the letters that are meant, or against the identity
                other = (x[q, w] ^ mx ^ ax) | (z[q, w] ^ mz ^ az) | (x[t, w] ^ nx ^ bx) | (z[t, w] ^ nz ^ bz)
                alive[w] &= ~((~other if op == NOISE_LETTERS else other) & out[w])
    elif op > ROTATION and op <= SWAP:
        act(op, q0[i], q1[i], x, z, None, WORDS)
        act(op, q0[i], q1[i], rx, rz, None, rx.shape[1])
    elif op == QUARTER_TURN:
        turn(op, turns[i], start, support, letters, i, x, z, None, lanes.coin, None, WORDS)
        turn(op, turns[i], start, support, letters, i, rx, rz, None, lanes.single, None, rx.shape[1])


@njit(cache=True, nogil=True)
def _finish(x, z, rx, rz, power, bloch, alive, plus, minus):
    """Thin the paths by their expectation at the product input; split them by the pair's sign."""
    n = x.shape[0]
    for w in range(WORDS):
        plus[w] = np.uint64(0)
        minus[w] = np.uint64(0)
    for q in range(n):
        zero = True
        for d in range(bloch.shape[0]):
            zero = zero and bloch[d, q, 0] == 0.0 and bloch[d, q, 2] == 0.0
        if zero:
            if rx[q, 0]:
                return
            for w in range(WORDS):
                alive[w] &= ~x[q, w]
    one = np.uint64(1)
    for w in range(WORDS):
        if alive[w] == 0:
            continue
        for b in range(64):
            shift = np.uint64(b)
            if (alive[w] >> shift) & one == 0:
                continue
            value = 1.0
            phase = power
            data = np.random.randint(0, bloch.shape[0])
            for q in range(n):
                a = np.int64((x[q, w] >> shift) & one)
                c = np.int64((z[q, w] >> shift) & one)
                d = a ^ np.int64(rx[q, 0])
                e = c ^ np.int64(rz[q, 0])
                if a or c:
                    value *= bloch[data, q, a + 2 * c - 1]
                if d or e:
                    value *= bloch[data, q, d + 2 * e - 1]
                phase += a * c + np.int64(rx[q, 0] & rz[q, 0]) - d * e + 2 * (c & np.int64(rx[q, 0]))
                if value == 0.0:
                    break
            if (phase & 3) == 2:
                value = -value
            if np.random.random() < abs(value):
                if value > 0:
                    plus[w] |= one << shift
                else:
                    minus[w] |= one << shift


@njit(cache=True, nogil=True)
def sample_pairs(steps, branch, pairs, counts, bloch, seed, mode, hits):
    """Signed hits of every rotation over ``counts.sum()`` paths.

    Args:
        steps: with noise places; branch: (rows,) E sin^2; pairs: `Pairs`.
        counts: (classes,); bloch: (samples, qubits, 3) in the order X, Z, Y.
        mode: how a rotation is differentiated, which exchanges E cos^2 and E sin^2. 0: they are equal, each hit
            counts. 1: a walk of its own from each rotation on. 2: hits that stayed and hits that flipped are counted
            apart, for the caller to weight with sin^2/cos^2 and cos^2/sin^2.
        hits: `SignedHits`, added to.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    fork = mode == 1
    np.random.seed(np.uint32(seed))
    n = pairs.x.shape[1]
    rows = hits.plus.shape[0]
    ops = opcode.shape[0]
    x = np.zeros((n, WORDS), np.uint64)
    z = np.zeros((n, WORDS), np.uint64)
    fx = np.zeros((n, WORDS), np.uint64)
    fz = np.zeros((n, WORDS), np.uint64)
    marks = np.zeros((rows if not fork else 1, WORDS), np.uint64)
    flips = np.zeros((rows if mode == 2 else 1, WORDS), np.uint64)
    anti = np.zeros((1, WORDS), np.uint64)
    scratch = np.zeros((1, WORDS), np.uint64)
    alive = np.zeros(WORDS, np.uint64)
    live = np.zeros(WORDS, np.uint64)
    plus = np.zeros(WORDS, np.uint64)
    minus = np.zeros(WORDS, np.uint64)
    lanes = _Lanes(
        np.zeros(WORDS, np.uint64), np.zeros(WORDS, np.uint64), np.zeros((1, WORDS), np.uint64),
        np.zeros(WORDS, np.uint64), np.zeros((1, 1), np.uint64),
    )  # fmt: skip
    out = lanes.out
    rx = np.zeros((n, 1), np.uint64)
    rz = np.zeros((n, 1), np.uint64)
    sx = np.zeros((n, 1), np.uint64)
    sz = np.zeros((n, 1), np.uint64)
    seed_lanes(seed, lanes.r0, lanes.r1)
    for k in range(pairs.x.shape[0]):
        left = counts[k]
        while left > 0:
            take = min(left, PATHS)
            left -= take
            fill(alive, take)
            for q in range(n):
                for w in range(WORDS):
                    x[q, w] = ONES if pairs.x[k, q] else np.uint64(0)
                    z[q, w] = ONES if pairs.z[k, q] else np.uint64(0)
                rx[q, 0] = np.uint64(pairs.diff_x[k, q])
                rz[q, 0] = np.uint64(pairs.diff_z[k, q])
            for i in range(ops):
                r = row[i]
                if r >= 0 and fork:
                    for q in range(n):
                        for w in range(WORDS):
                            fx[q, w] = x[q, w]
                            fz[q, w] = z[q, w]
                    _step(steps, branch, i, True, fx, fz, rx, rz, alive, anti, lanes)
                    some = np.uint64(0)
                    for w in range(WORDS):
                        live[w] = alive[w] & anti[0, w]
                        some |= live[w]
                    if some:
                        for q in range(n):
                            sx[q, 0] = rx[q, 0]
                            sz[q, 0] = rz[q, 0]
                        for j in range(i + 1, ops):
                            _step(steps, branch, j, False, fx, fz, sx, sz, live, scratch, lanes)
                        _finish(fx, fz, sx, sz, pairs.power[k], bloch, live, plus, minus)
                        for w in range(WORDS):
                            good = popcount(plus[w]) if pairs.sign[k] > 0 else popcount(minus[w])
                            bad = popcount(minus[w]) if pairs.sign[k] > 0 else popcount(plus[w])
                            hits.plus[r] += good
                            hits.minus[r] += bad
                _step(steps, branch, i, False, x, z, rx, rz, alive, anti, lanes)
                if r >= 0 and mode == 0:
                    for w in range(WORDS):
                        marks[r, w] = anti[0, w]
                elif r >= 0 and mode == 2:
                    for w in range(WORDS):
                        marks[r, w] = anti[0, w] & ~out[w]
                        flips[r, w] = anti[0, w] & out[w]
            _finish(x, z, rx, rz, pairs.power[k], bloch, alive, plus, minus)
            for w in range(WORDS):
                if pairs.sign[k] < 0:
                    v = plus[w]
                    plus[w] = minus[w]
                    minus[w] = v
                hits.cost[0] += popcount(plus[w])
                hits.cost[1] += popcount(minus[w])
            if not fork:
                for r in range(rows):
                    for w in range(WORDS):
                        hits.plus[r] += popcount(marks[r, w] & plus[w])
                        hits.minus[r] += popcount(marks[r, w] & minus[w])
                        if mode == 2:
                            hits.flip_plus[r] += popcount(flips[r, w] & plus[w])
                            hits.flip_minus[r] += popcount(flips[r, w] & minus[w])


@njit(cache=True, nogil=True)
def _stay(steps, keep, i, x, z, value, anti, plus, flip):
    """``value`` times what place ``i`` does to the mean of a term that does not branch there."""
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    op = opcode[i]
    if op == ROTATION:
        met = meet(start, support, letters, i, x, z, anti, 0, None, x.shape[1])
        return value * keep[row[i]] if met else value
    if op == NOISE_1 or op == NOISE_2:
        q = q0[i]
        t = q1[i]
        return value * rate[i] if x[q, 0] | z[q, 0] | x[t, 0] | z[t, 0] else value
    if op == NOISE_LETTERS:
        code = x[q0[i], 0] | z[q0[i], 0] << np.uint64(1) | x[q1[i], 0] << np.uint64(2) | z[q1[i], 0] << np.uint64(3)
        return value * rate[i] if np.int64(code) == np.int64(turns[i]) else value
    flip[0] = np.uint64(0)
    conjugate(opcode, q0, q1, start, support, letters, turns, i, x, z, flip, anti, plus, x.shape[1])
    return -value if flip[0] else value


@njit(cache=True, nogil=True)
def _expectation(x, z, bloch):
    value = 1.0
    for q in range(x.shape[0]):
        if x[q, 0] | z[q, 0]:
            value *= bloch[q, np.int64(x[q, 0]) + 2 * np.int64(z[q, 0]) - 1]
    return value


@njit(cache=True, nogil=True)
def mean_gradients(steps, keep, class_x, class_z, coefficient, bloch, mean, gradient):
    """E f and every E d_k f where E sin = 0: a term either stays everywhere or branches once, at k.

    Args:
        keep: (rows,) E cos; class_x, class_z: (terms, qubits) uint8; coefficient: (terms,).
        bloch: (qubits, 3) in the order X, Z, Y; mean: (1,) and gradient: (rows,), added to.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    n = class_x.shape[1]
    ops = opcode.shape[0]
    x = np.zeros((n, 1), np.uint64)
    z = np.zeros((n, 1), np.uint64)
    bx = np.zeros((n, 1), np.uint64)
    bz = np.zeros((n, 1), np.uint64)
    anti = np.zeros((1, 1), np.uint64)
    plus = np.zeros(1, np.uint64)
    flip = np.zeros(1, np.uint64)
    for t in range(class_x.shape[0]):
        for q in range(n):
            x[q, 0] = np.uint64(class_x[t, q])
            z[q, 0] = np.uint64(class_z[t, q])
        value = coefficient[t]
        for i in range(ops):
            if opcode[i] == ROTATION:
                if not meet(start, support, letters, i, x, z, anti, 0, plus, x.shape[1]):
                    continue
                for q in range(n):
                    bx[q, 0] = x[q, 0]
                    bz[q, 0] = z[q, 0]
                multiply(start, support, letters, i, bx, bz, anti, 0, None, x.shape[1])
                r = row[i]
                branched = value * keep[r] if plus[0] else -value * keep[r]
                for j in range(i + 1, ops):
                    branched = _stay(steps, keep, j, bx, bz, branched, anti, plus, flip)
                    if branched == 0.0:
                        break
                gradient[r] += branched * _expectation(bx, bz, bloch)
                value *= keep[r]
            else:
                value = _stay(steps, keep, i, x, z, value, anti, plus, flip)
        mean[0] += value * _expectation(x, z, bloch)

"""Pauli paths as weighted particles: a product guide steers them to where the input can feel them.

Sequential Monte Carlo with twisted proposals and resampling. Each run gives unbiased estimates of
every path sum, however small: signals of 1e-30 come out where a plain path would never hit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from qtrain.kernels.clifford import IMAGES
from qtrain.kernels.opcodes import CX, CZ, QUARTER_TURN, ROTATION, SWAP


class Guide(NamedTuple):
    """A product function of the letters I, X, Z, Y that approximates the chance of a hit.

    before, after: (ops, 2, 4), the weights of the letters on an op's qubits on both sides of it.
    string_before, string_after: (entries of the CSR, 4), the same for rotations.
    """

    before: np.ndarray
    after: np.ndarray
    string_before: np.ndarray
    string_after: np.ndarray


@njit(cache=True, nogil=True)
def build_guide(steps, end, reach, guide):
    """Walk the guide back from the input.

    Args:
        end: (qubits, 4) weights of the letters at the input; overwritten by the guide at the measurement.
        reach: gates on several qubits, counted from the input, behind which the guide is flat.
        guide: `Guide`, overwritten.
    """
    opcode, q0, q1, start, support, letters = steps[:6]
    before, after, string_before, string_after = guide
    n = end.shape[0]
    g = end.copy()
    m = np.zeros((4, 4))
    level = np.zeros(n, np.int64)
    for i in range(opcode.shape[0] - 1, -1, -1):
        op = opcode[i]
        if op == ROTATION or op == QUARTER_TURN:
            single = start[i + 1] - start[i] == 1
            deepest = 0
            for j in range(start[i], start[i + 1]):
                deepest = max(deepest, level[support[j]] + 1)
            for j in range(start[i], start[i + 1]):
                s = support[j]
                if not single:
                    level[s] = deepest
                    if deepest > reach:
                        string_after[j] = g[s]
                        string_before[j] = 0.5
                        g[s] = 0.5
                        continue
                for v in range(4):
                    string_after[j, v] = g[s, v]
                    u = v ^ letters[j]
                    if not single:  # positive wherever the rotation may lead to something live
                        string_before[j, v] = (2 * g[s, v] + g[s, u]) / 3
                    elif v == 0 or u == 0:
                        string_before[j, v] = g[s, v]
                    elif op == ROTATION:
                        string_before[j, v] = 0.5 * (g[s, v] + g[s, u])
                    else:
                        string_before[j, v] = g[s, u]
                g[s] = string_before[j]
        elif op == CX or op == CZ or op == SWAP:
            q = q0[i]
            t = q1[i]
            after[i, 0] = g[q]
            after[i, 1] = g[t]
            deepest = max(level[q], level[t]) + 1
            level[q] = deepest
            level[t] = deepest
            if deepest > reach:
                before[i] = 0.5
            elif op == SWAP:
                before[i, 0] = after[i, 1]
                before[i, 1] = after[i, 0]
            else:
                total = 0.0
                for a in range(4):
                    for b in range(4):
                        m[a, b] = after[i, 0, IMAGES[op, a, b, 0]] * after[i, 1, IMAGES[op, a, b, 1]]
                        total += m[a, b]
                root = np.sqrt(total)
                for a in range(4):
                    u = 0.0
                    v = 0.0
                    for b in range(4):
                        u += m[a, b]
                        v += m[b, a]
                    before[i, 0, a] = u / root
                    before[i, 1, a] = v / root
            g[q] = before[i, 0]
            g[t] = before[i, 1]
        elif op > ROTATION and op < CX:
            q = q0[i]
            for v in range(4):
                after[i, 0, v] = g[q, v]
            for v in range(4):
                before[i, 0, v] = after[i, 0, IMAGES[op, v, 0, 0]]
            g[q] = before[i, 0]
    for q in range(n):
        for v in range(4):
            end[q, v] = g[q, v]


class History(NamedTuple):
    """Work space: which particles anticommuted, and whom they descend from.

    bits: (rows, N) bool; epoch: (rows,) int32, resamplings before the row; ancestors: (epochs, N) int32.
    """

    bits: np.ndarray
    epoch: np.ndarray
    ancestors: np.ndarray


@njit(cache=True, nogil=True)
def run_particles(steps, guide, class_letters, owner, seed, history, marked):
    """One run; returns (log, value): value * exp(log) is the sum over paths over the guide of the start.

    Args:
        guide: `Guide` from `build_guide`.
        class_letters: (classes, qubits) uint8; owner: (N,) class of each particle.
        history: `History`, overwritten.
        marked: (rows,) float64, overwritten with the same sum over anticommuting paths
            (to be multiplied by exp(log) too).
    """
    opcode, q0, q1, start, support, letters, row = steps[:7]
    before, after, string_before, string_after = guide
    bits, epoch, ancestors = history
    np.random.seed(seed)
    size = owner.shape[0]
    n = class_letters.shape[1]
    state = np.zeros((n, size), np.uint8)
    spare = np.zeros(size, np.uint8)
    weight = np.ones(size)
    for p in range(size):
        for q in range(n):
            state[q, p] = class_letters[owner[p], q]
    log = 0.0
    now = 0
    capacity = ancestors.shape[0]
    ratio = np.zeros(4)
    factor = np.zeros(16)
    for i in range(opcode.shape[0]):
        op = opcode[i]
        changed = False
        if op == ROTATION or op == QUARTER_TURN:
            lo = start[i]
            hi = start[i + 1]
            r = row[i]
            if r >= 0:
                epoch[r] = now
            if hi - lo == 1:
                s = state[support[lo]]
                letter = letters[lo]
                if op == QUARTER_TURN:
                    for p in range(size):
                        v = s[p]
                        if v != 0 and v != letter:
                            s[p] = v ^ letter
                    continue
                for v in range(4):
                    both = string_after[lo, v] + string_after[lo, v ^ letter]
                    ratio[v] = string_after[lo, v ^ letter] / both if both > 0 else 0.5
                some = False
                for p in range(size):
                    v = s[p]
                    anti = v != 0 and v != letter
                    bits[r, p] = anti
                    some = some or anti
                if some:
                    for p in range(size):
                        v = s[p]
                        if bits[r, p] and np.random.random() < ratio[v]:
                            s[p] = v ^ letter
                continue
            for p in range(size):
                parity = 0
                base = 1.0
                stay = 1.0
                move = 1.0
                for j in range(lo, hi):
                    v = state[support[j], p]
                    parity ^= v != 0 and v != letters[j]
                    base *= string_before[j, v]
                    stay *= string_after[j, v]
                    move *= string_after[j, v ^ letters[j]]
                branch = False
                top = stay
                if r >= 0:
                    bits[r, p] = parity == 1
                    if parity:
                        branch = np.random.random() * (stay + move) < move
                        top = 0.5 * (stay + move)
                elif parity:
                    branch = True
                    top = move
                weight[p] *= top / base if base > 0 else 0.0
                if branch:
                    for j in range(lo, hi):
                        state[support[j], p] ^= letters[j]
            changed = True
        elif op > ROTATION and op < CX:
            s = state[q0[i]]
            for p in range(size):
                s[p] = IMAGES[op, s[p], 0, 0]
        elif op >= CX and op <= SWAP:
            s = state[q0[i]]
            u = state[q1[i]]
            lowest = np.inf
            highest = 0.0
            for a in range(4):
                for b in range(4):
                    top = after[i, 0, IMAGES[op, a, b, 0]] * after[i, 1, IMAGES[op, a, b, 1]]
                    bottom = before[i, 0, a] * before[i, 1, b]
                    f = top / bottom if bottom > 0 else 0.0
                    factor[a * 4 + b] = f
                    lowest = min(lowest, f)
                    highest = max(highest, f)
            for p in range(size):
                a = s[p]
                b = u[p]
                weight[p] *= factor[a * 4 + b]
                s[p] = IMAGES[op, a, b, 0]
                u[p] = IMAGES[op, a, b, 1]
            changed = highest > lowest * (1 + 1e-12)
        if changed:
            total = 0.0
            square = 0.0
            for p in range(size):
                total += weight[p]
                square += weight[p] * weight[p]
            if total == 0.0:
                marked[:] = 0.0
                return 0.0, 0.0
            if total * total < 0.5 * size * square and now < capacity:
                step = total / size
                point = np.random.random() * step
                reach = 0.0
                source = -1
                for p in range(size):
                    while reach <= point and source < size - 1:
                        source += 1
                        reach += weight[source]
                    ancestors[now, p] = source
                    point += step
                for k in range(n):
                    line = state[k]
                    for p in range(size):
                        spare[p] = line[ancestors[now, p]]
                    line[:] = spare
                weight[:] = 1.0
                log += np.log(step)
                now += 1
            elif total < 1e-100 or total > 1e100:
                step = total / size
                log += np.log(step)
                for p in range(size):
                    weight[p] /= step
    total = 0.0
    for p in range(size):
        total += weight[p]
    rows = epoch.shape[0]
    turn = np.argsort(epoch)[::-1]
    at = now
    older = np.zeros(size)
    for k in range(rows):
        r = turn[k]
        while at > epoch[r]:
            at -= 1
            older[:] = 0.0
            for p in range(size):
                older[ancestors[at, p]] += weight[p]
            weight[:] = older
        sum_ = 0.0
        for p in range(size):
            if bits[r, p]:
                sum_ += weight[p]
        marked[r] = sum_ / size
    return log, total / size

"""Pauli paths as weighted particles: a product guide steers them to where the input can feel them.

Sequential Monte Carlo with twisted proposals and resampling. Each run gives unbiased estimates of
every path sum, however small: signals of 1e-30 come out where a plain path would never hit.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def build_guide(tape, end, reach, before, after, many_before, many_after):
    """A product function of the letters that approximates the hit probability, walked back from the input.

    Args:
        end: (qubits, 4) weights of the letters I, X, Z, Y at the input.
        reach: gates on several qubits, counted from the input, behind which the guide is flat.
        before, after: (ops, 2, 4), overwritten: the guide of the op's qubits on both sides.
        many_before, many_after: (entries of the CSR, 4), the same for many-qubit rotations.

    ``end`` is overwritten by the guide at the measurement.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    n = end.shape[0]
    g = end.copy()
    m = np.zeros((4, 4))
    level = np.zeros(n, np.int64)
    for i in range(code.shape[0] - 1, -1, -1):
        c = code[i]
        if c < 0 or c > 10:
            continue
        if c == 3 or c == 4:
            deepest = 0
            for j in range(start[i], start[i + 1]):
                deepest = max(deepest, level[support[j]] + 1)
            for j in range(start[i], start[i + 1]):
                s = support[j]
                level[s] = deepest
                if deepest > reach:
                    many_after[j] = g[s]
                    many_before[j] = 0.5
                    g[s] = 0.5
                    continue
                for v in range(4):  # positive wherever the rotation may lead to something live
                    many_after[j, v] = g[s, v]
                    many_before[j, v] = (2 * g[s, v] + g[s, v ^ letters[j]]) / 3
                g[s] = many_before[j]
            continue
        q = q0[i]
        if c <= 2:
            letter = c + 1
            after[i, 0] = g[q]
            for v in range(4):
                if v != 0 and v != letter:
                    before[i, 0, v] = 0.5 * (g[q, v] + g[q, v ^ letter])
                else:
                    before[i, 0, v] = g[q, v]
            g[q] = before[i, 0]
        elif c == 5 or c == 6 or c == 7:
            after[i, 0] = g[q]
            for v in range(4):
                if c == 5:
                    image = (v >> 1) | ((v & 1) << 1)
                elif c == 6:
                    image = v ^ ((v & 1) << 1)
                else:
                    image = v ^ (v >> 1)
                before[i, 0, v] = after[i, 0, image]
            g[q] = before[i, 0]
        elif c >= 8:
            t = q1[i]
            after[i, 0] = g[q]
            after[i, 1] = g[t]
            deepest = max(level[q], level[t]) + 1
            level[q] = deepest
            level[t] = deepest
            if deepest > reach:
                before[i] = 0.5
            elif c == 10:
                before[i, 0] = after[i, 1]
                before[i, 1] = after[i, 0]
            else:
                total = 0.0
                for a in range(4):
                    for b in range(4):
                        if c == 8:
                            m[a, b] = after[i, 0, a ^ (b & 2)] * after[i, 1, b ^ (a & 1)]
                        else:
                            m[a, b] = after[i, 0, a ^ ((b & 1) << 1)] * after[i, 1, b ^ ((a & 1) << 1)]
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
    for q in range(n):
        for v in range(4):
            end[q, v] = g[q, v]


@njit(cache=True, nogil=True)
def run_particles(
    tape,
    before,
    after,
    many_before,
    many_after,
    class_letters,
    owner,
    seed,
    bits,
    epoch,
    ancestors,
    marked,
):
    """One run; returns (log, value): value * exp(log) is the sum over paths over the guide of the start.

    Args:
        before, after, many_before, many_after: from `build_guide`.
        class_letters: (classes, qubits) uint8; owner: (N,) class of each particle.
        bits: (rows, N) bool; epoch: (rows,) int32; ancestors: (epochs, N) int32: work space.
        marked: (rows,) float64, overwritten with the same sum over anticommuting paths
            (to be multiplied by exp(log) too).
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
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
    for i in range(code.shape[0]):
        c = code[i]
        if c < 0:
            continue
        q = q0[i]
        changed = False
        if c <= 2:
            letter = c + 1
            s = state[q]
            r = row[i]
            epoch[r] = now
            ratio = np.zeros(4)
            for v in range(4):
                both = after[i, 0, v] + after[i, 0, v ^ letter]
                ratio[v] = after[i, 0, v ^ letter] / both if both > 0 else 0.5
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
        elif c <= 4:
            lo = start[i]
            hi = start[i + 1]
            if c == 3:
                epoch[row[i]] = now
            for p in range(size):
                parity = 0
                for j in range(lo, hi):
                    v = state[support[j], p]
                    parity ^= ((letters[j] & 1) & (v >> 1)) ^ ((letters[j] >> 1) & (v & 1))
                if c == 3:
                    bits[row[i], p] = parity == 1
                base = 1.0
                stay = 1.0
                move = 1.0
                for j in range(lo, hi):
                    v = state[support[j], p]
                    base *= many_before[j, v]
                    stay *= many_after[j, v]
                    move *= many_after[j, v ^ letters[j]]
                turned = c == 4 and turns[i] % 2 == 1
                branch = False
                if parity == 1 and c == 3:
                    branch = np.random.random() * (stay + move) < move
                    top = 0.5 * (stay + move)
                elif parity == 1 and turned:
                    branch = True
                    top = move
                else:
                    top = stay
                weight[p] *= top / base if base > 0 else 0.0
                changed = True
                if branch:
                    for j in range(lo, hi):
                        state[support[j], p] ^= letters[j]
        elif c <= 7:
            s = state[q]
            for p in range(size):
                v = s[p]
                if c == 5:
                    s[p] = (v >> 1) | ((v & 1) << 1)
                elif c == 6:
                    s[p] = v ^ ((v & 1) << 1)
                else:
                    s[p] = v ^ (v >> 1)
        elif c <= 10:
            t = q1[i]
            s = state[q]
            u = state[t]
            factor = np.zeros(16)
            lowest = np.inf
            highest = 0.0
            for a in range(4):
                for b in range(4):
                    if c == 8:
                        top = after[i, 0, a ^ (b & 2)] * after[i, 1, b ^ (a & 1)]
                    elif c == 9:
                        top = after[i, 0, a ^ ((b & 1) << 1)] * after[i, 1, b ^ ((a & 1) << 1)]
                    else:
                        top = after[i, 0, b] * after[i, 1, a]
                    bottom = before[i, 0, a] * before[i, 1, b]
                    f = top / bottom if bottom > 0 else 0.0
                    factor[a * 4 + b] = f
                    lowest = min(lowest, f)
                    highest = max(highest, f)
            for p in range(size):
                a = s[p]
                b = u[p]
                weight[p] *= factor[a * 4 + b]
                if c == 8:
                    s[p] = a ^ (b & 2)
                    u[p] = b ^ (a & 1)
                elif c == 9:
                    s[p] = a ^ ((b & 1) << 1)
                    u[p] = b ^ ((a & 1) << 1)
                else:
                    s[p] = b
                    u[p] = a
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

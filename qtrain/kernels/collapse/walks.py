"""Pauli propagation that collapses: second moments of circuits with shared angles and fixed rotations, no sign problem.

An operator, few Pauli strings with real coefficients, walks from the measurement to the input. Behind the last rotation
of a parameter it is A_0 + sum_k (C_k cos k theta + S_k sin k theta), and over a full period
E f^2 = E f[A_0]^2 + 1/2 sum_k E (f[C_k]^2 + f[S_k]^2): one of the parts is drawn by its norm and divided by its
probability, and counts k^2 times as much for the derivative. What is added is never negative. While a parameter is
open, terms are strings with the trigonometric function that they go with, as digits of a slot.

Parameters of other distributions, or with angles that are no multiples of one, are drawn once for each walk; the
derivatives by them are columns beside the coefficients. A walk that grows beyond its cap ends as a bound.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.collapse.records import CLOSE, FIXED, MEASURE, SAMPLED, STOP, WINDOW
from qtrain.kernels.collapse.terms import (
    copy,
    damp,
    drop,
    expectation,
    gate,
    grow,
    meet,
    multiply,
    pull,
    settle,
    worth_of,
)
from qtrain.kernels.opcodes import NOISE_1, NOISE_2, NOISE_LETTERS, NOISE_SHIFT, ROTATION, SWAP


@njit(cache=True, nogil=True, error_model="numpy")
def _add(powers, felt, j, y):
    powers[0, j] += y
    powers[1, j] += y * y
    powers[2, j] += y * y * y
    felt[j] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _reach(x, z, b, e, felt):
    """The largest root mean square that a string can have where a walk stops."""
    square = 1.0
    for q in range(felt.shape[0]):
        s = np.uint64(q & 63)
        bit_x, bit_z = (x[b, e, q >> 6] >> s) & np.uint64(1), (z[b, e, q >> 6] >> s) & np.uint64(1)
        square *= felt[q, np.int64(bit_x) + 2 * np.int64(bit_z)]
    return np.sqrt(square)


@njit(cache=True, nogil=True, error_model="numpy")
def sample(
    walk, terms_x, terms_z, coefficients, points, drawn, theta, seed, cap, effort, mixture, floor, first, scratch, sums
):
    """Second moments of the cost and of its derivatives, walk by walk.

    Args:
        terms_x, terms_z: (terms, words) uint64, packed; coefficients: (terms,).
        points: (walks,) int64, the data point of each. drawn: (weights,) int64, column of ``theta`` or -1;
        theta: (walks, drawn) float64. cap: most terms of a walk; effort: most steps times
        terms. mixture: (weights,) what a squared derivative counts
        where branches are drawn. floor: share of branches drawn by what they are worth to the derivative.
        first: average over what branches instead, for first moments of the cost; only ``sums.means`` is added to.
        scratch: `Scratch`; sums: `Sums`, added to.
    """
    np.random.seed(np.uint32(seed & np.uint64(0xFFFFFFFF)))
    words, weights = terms_x.shape[1], drawn.shape[0]
    x, z, slot, values, flips, mass, table, ratio, scalars, column, owner, mix, masks, generation = scratch
    one = np.uint64(1)
    for t in range(points.shape[0]):
        point = points[t]
        b = np.int64(0)
        count = np.int64(terms_x.shape[0])
        columns = np.int64(1)
        front, weight = 1.0, 1.0
        num_open = np.int64(0)
        for k in range(weights):
            ratio[k] = 0.0
            scalars[k] = 0.0
            column[k] = 0
        for e in range(count):
            for w in range(words):
                x[b, e, w] = terms_x[e, w]
                z[b, e, w] = terms_z[e, w]
            slot[b, e] = 0
            values[b, e, 0] = coefficients[e]
        end = -1
        spent = 0
        for i in range(walk.kind.shape[0]):
            op = walk.kind[i]
            spent += count
            if spent > effort:
                end = i
                break
            if op > ROTATION and op <= SWAP:
                gate(op, walk.q0[i], walk.q1[i], x, z, values, b, count, columns)
                continue
            if op == STOP:
                end = i
                break
            if op == NOISE_1 or op == NOISE_2 or op == NOISE_LETTERS:
                damp(op, walk.q0[i], walk.q1[i], walk.multiple[i], walk.rate[i], x, z, values, b, count, columns)
                continue
            if op == NOISE_SHIFT:
                generation[0] += 1
                total = pull(
                    walk.q0[i], walk.rate[i], x, z, slot, values, b, count, columns, cap, table, generation[0]
                )
                if total < 0:
                    end = i
                    break
                b = 1 - b
                count = total
                continue
            if op == MEASURE:
                generation[0] += 1
                most = 0.0
                for e in range(count):
                    most += abs(values[b, e, 0])
                sums.peak[0] = max(sums.peak[0], weight * front * front * most * most)
                total = np.int64(0)
                for e in range(count):
                    value = expectation(x, z, b, e, walk.bloch, point)
                    if value != 0.0:
                        copy(x, z, slot, values, b, e, 1 - b, total, value, columns)
                        for w in range(words):
                            x[1 - b, total, w] = np.uint64(0)
                            z[1 - b, total, w] = np.uint64(0)
                        total = settle(x, z, slot, values, 1 - b, total, columns, table, generation[0])
                b = 1 - b
                count = total
                if count == 0:
                    break
                continue
            branch = -1
            j = walk.weight[i]
            if op == CLOSE:
                opened = False
                for k in range(num_open):
                    if masks[k] == walk.mask[i] << walk.shift[i]:
                        opened = True
                if not opened:
                    continue
                for v in range(walk.mask[i] + 1):
                    mass[v] = 0.0
                whole = 0.0
                for e in range(count):
                    worth = worth_of(slot, values, b, e, columns, masks, num_open, mix)
                    mass[(slot[b, e] >> walk.shift[i]) & walk.mask[i]] += worth
                    whole += worth
                for k in range(num_open):
                    if masks[k] == walk.mask[i] << walk.shift[i]:
                        masks[k] = masks[num_open - 1]
                        num_open -= 1
                        break
                if whole == 0.0:
                    count = 0
                    break
                if first:
                    branch = 0
                else:
                    u = np.random.random() * whole
                    for v in range(walk.mask[i] + 1):
                        if mass[v] > 0.0:
                            branch = v
                            u -= mass[v]
                            if u < 0.0:
                                break
                    weight *= (1.0 if branch == 0 else 0.5) * whole / mass[branch]
                harmonic = ((branch + 1) >> 1) * walk.unit[j]
                ratio[j] = harmonic * harmonic
                kept = np.int64(0)
                for e in range(count):
                    if (slot[b, e] >> walk.shift[i]) & walk.mask[i] == branch:
                        copy(x, z, slot, values, b, e, b, kept, 1.0, columns)
                        slot[b, kept] &= ~(walk.mask[i] << walk.shift[i])
                        kept += 1
                count = kept
            else:
                if meet(walk.start, walk.support, walk.letters, i, x, z, b, count, flips) == 0:
                    continue
                if op == ROTATION:
                    mean, spread, sine = walk.mean[i], walk.spread[i], walk.sine[i]
                    g = walk.guide[i]
                    stay, cosine, moved = 0.0, 0.0, 0.0
                    for e in range(count):
                        worth = worth_of(slot, values, b, e, columns, masks, num_open, mix)
                        here, there = 1.0, 1.0
                        if g >= 0:
                            w, s = walk.q0[i] >> 6, np.uint64(walk.q0[i] & 63)
                            letter = np.int64((x[b, e, w] >> s) & one) | np.int64((z[b, e, w] >> s) & one) << 1
                            here = walk.guides[g, letter]
                            there = walk.guides[g, letter ^ np.int64(walk.letters[walk.start[i]])]
                        if flips[e] == 0:
                            stay += worth * here
                        else:
                            stay += mean * mean * worth * here
                            cosine += worth * here
                            moved += worth * there
                    whole = stay + spread * cosine + sine * moved
                    other = sine * cosine + (1.0 - sine) * moved
                    if whole == 0.0 and other == 0.0 and not first:
                        count = 0
                        break
                    some = floor if other > 0.0 and floor > 0.0 else 0.0
                    if whole == 0.0:
                        some = 1.0
                    keep = (1.0 - some) / whole if whole > 0.0 else 0.0
                    lift = some / other if some > 0.0 else 0.0
                    p0 = keep * stay
                    p1 = keep * spread * cosine + lift * sine * cosine
                    p2 = keep * sine * moved + lift * (1.0 - sine) * moved
                    u = np.random.random() * (p0 + p1 + p2)
                    branch = 0
                    if u >= p0 or p0 == 0.0:
                        branch = 1 if (u < p0 + p1 and p1 > 0.0) or p2 == 0.0 else 2
                    if first:
                        branch = 0
                    elif branch == 0:
                        weight /= p0
                        ratio[j] = 0.0
                    elif branch == 1:
                        weight *= spread / p1
                        ratio[j] = sine / spread
                    else:
                        weight *= sine / p2
                        ratio[j] = (1.0 - sine) / sine
                    ratio[j] *= walk.slope[j] * walk.slope[j]
                    kept = np.int64(0)
                    for e in range(count):
                        if flips[e] == 0 and branch > 0:
                            continue
                        share = 1.0
                        if flips[e] != 0:
                            share = mean if branch == 0 else 1.0 if branch == 1 else np.float64(flips[e])
                        if share == 0.0:
                            continue
                        copy(x, z, slot, values, b, e, b, kept, share, columns)
                        if branch == 2:
                            multiply(walk.start, walk.support, walk.letters, i, x, z, b, kept)
                        kept += 1
                    count = kept
                else:
                    cos, sin, factor, own = 0.0, 0.0, 0.0, 0
                    if op == WINDOW:
                        opened = False
                        for k in range(num_open):
                            opened |= masks[k] == walk.mask[i] << walk.shift[i]
                        if not opened:
                            masks[num_open] = walk.mask[i] << walk.shift[i]
                            num_open += 1
                    else:
                        angle = walk.angles[point, walk.angle[i]]
                        if op == SAMPLED:
                            factor = walk.factors[point, walk.angle[i]]
                            angle += factor * theta[t, drawn[j]]
                            if front != 0.0 and not first:
                                if column[j] == 0:
                                    column[j] = columns
                                    owner[columns] = j
                                    mix[columns] = mixture[j]
                                    for e in range(count):
                                        values[b, e, columns] = 0.0
                                    columns += 1
                                own = column[j]
                        cos, sin = np.cos(angle), np.sin(angle)
                        if op == FIXED:  # exactly a Clifford
                            if abs(cos) < 1e-12:
                                cos, sin = 0.0, (1.0 if sin > 0.0 else -1.0)
                            elif abs(sin) < 1e-12:
                                cos, sin = (1.0 if cos > 0.0 else -1.0), 0.0
                    if op == FIXED and (cos == 0.0 or sin == 0.0):
                        for e in range(count):
                            if flips[e]:
                                for c in range(columns):
                                    values[b, e, c] *= cos + sin * flips[e]
                                if cos == 0.0:
                                    multiply(walk.start, walk.support, walk.letters, i, x, z, b, e)
                        continue
                    generation[0] += 1
                    total = grow(
                        walk.start, walk.support, walk.letters, i, op == WINDOW, walk.shift[i], walk.mask[i],
                        walk.multiple[i], cos, sin, factor, own, flips, x, z, slot, values, b, count, columns, cap,
                        table, generation[0],
                    )  # fmt: skip
                    if total < 0:
                        end = i
                        break
                    b = 1 - b
                    count = drop(x, z, slot, values, b, total, columns)
                    sums.size[0] = max(sums.size[0], count)
                    continue
            if first:
                if count == 0:
                    break
                continue
            # Collapsed: norms back to 1, or a thousand rotations would underflow; one term leaves nothing to derive.
            norm = 0.0
            for e in range(count):
                norm += worth_of(slot, values, b, e, columns, masks, num_open, mix)
            if norm == 0.0:
                count = 0
                break
            weight *= norm
            for e in range(count):
                for c in range(columns):
                    values[b, e, c] /= np.sqrt(norm)
            if count == 1 and columns > 1:
                value = values[b, 0, 0]
                for k in range(weights):
                    scalars[k] *= value
                for c in range(1, columns):
                    scalars[owner[c]] += front * values[b, 0, c]
                    column[owner[c]] = 0
                front *= value
                values[b, 0, 0] = 1.0
                columns = 1
        if first:
            sums.means[2] += 1
            sums.means[3] += end >= 0
            total_value = 0.0
            for e in range(count if end < 0 else 0):
                total_value += values[b, e, 0]
            sums.means[0] += total_value
            sums.means[1] += total_value * total_value
            continue
        sums.counts[0] += 1
        if end >= 0:
            sums.counts[1] += 1
            size_0 = 0.0
            for e in range(count):
                if walk.kind[end] == STOP:
                    reached = _reach(x, z, b, e, walk.felt)
                    for c in range(columns):
                        values[b, e, c] *= reached
                size_0 += abs(values[b, e, 0])
            sums.peak[0] = max(sums.peak[0], weight * front * front * size_0 * size_0)
            for k in range(weights):
                if drawn[k] >= 0:
                    reach = (abs(scalars[k]) + abs(front) * walk.slope[k]) * size_0
                    if column[k]:
                        for e in range(count):
                            reach += abs(front) * abs(values[b, e, column[k]])
                    _add(sums.lost, sums.felt, k, weight * reach * reach)
                else:
                    most = ratio[k] if walk.last[k] < end else walk.slope[k] * walk.slope[k]
                    _add(sums.lost, sums.felt, k, weight * front * front * size_0 * size_0 * most)
            _add(sums.lost, sums.felt, weights, weight * front * front * size_0 * size_0)
            continue
        if count == 0:
            continue
        value = 0.0
        for c in range(columns):
            mass_c = 0.0
            for e in range(count):  # strings are identities behind MEASURE
                mass_c += values[b, e, c]
            if c == 0:
                value = mass_c
                for k in range(weights):
                    scalars[k] *= value
            else:
                scalars[owner[c]] += front * mass_c
        cost = weight * front * front * value * value
        if cost > 0.0:
            _add(sums.powers, sums.felt, weights, cost)
        for k in range(weights):
            y = weight * scalars[k] * scalars[k] if drawn[k] >= 0 else cost * ratio[k]
            if y > 0.0:
                _add(sums.powers, sums.felt, k, y)

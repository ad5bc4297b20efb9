"""Batched statevector and adjoint differentiation of every parameter (one numba kernel).

Eight parameter vectors share one pass: amplitude p of all of them lies at ``[16 p, 16 p + 16)``, first
the eight real, then the eight imaginary parts. The circuit is a ``Plan`` (see ``plan.py``); a pass
reads each amplitude from memory once per segment, not once per gate. The backward pass carries psi
and lambda = O psi; a run of rotations on one qubit needs only Im<lambda|X, Y, Z|psi> after the run,
because within it these three numbers rotate as a vector. Adjoint method: Jones and Gacon,
arXiv 2009.02823.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from qtrain.kernels.opcodes import SDG, SX, SXDG, S, X, Y, Z
from qtrain.kernels.plan import DIAGONAL, REAL, RUN
from qtrain.kernels.simd import LANES, load, popcount, splat, store

AMPLITUDE = 2 * LANES  # doubles per amplitude
_PIO2_HIGH, _PIO2_MIDDLE, _PIO2_LOW = 1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer


@njit(cache=True, nogil=True, inline="never")
def _cos_sin(angles, out, at):  # type: ignore[no-untyped-def]
    """out[at:at+8] = cos(angles / 2), out[at+8:at+16] = sin(angles / 2), below 1 ulp (fdlibm's polynomials)."""
    large = False
    for lane in range(LANES):
        if not abs(angles[lane]) < 1e6:
            large = True
    if large:
        for lane in range(LANES):
            out[at + lane] = math.cos(angles[lane] / 2)
            out[at + LANES + lane] = math.sin(angles[lane] / 2)
        return
    magic = splat(_ROUND)
    one = splat(1.0)
    half = splat(0.5)
    x = load(angles, 0) * half
    k = (x * splat(2 / math.pi) + magic) - magic
    r = ((x - k * splat(_PIO2_HIGH)) - k * splat(_PIO2_MIDDLE)) - k * splat(_PIO2_LOW)
    q = r * r
    s = splat(-2.50507602534068634195e-08) + q * splat(1.58969099521155010221e-10)
    s = splat(2.75573137070700676789e-06) + q * s
    s = splat(-1.98412698298579493134e-04) + q * s
    s = splat(8.33333333332248946124e-03) + q * s
    s = splat(-1.66666666666666324348e-01) + q * s
    s = r + r * q * s
    c = splat(2.08757232129817482790e-09) + q * splat(-1.13596475577881948265e-11)
    c = splat(-2.75573143513906633035e-07) + q * c
    c = splat(2.48015872894767294178e-05) + q * c
    c = splat(-1.38888888888741095749e-03) + q * c
    c = splat(4.16666666666666019037e-02) + q * c
    c = one - (half * q - q * q * c)
    m = k - splat(2.0) * ((k * half + magic) - magic)
    m = m * m  # 1 in odd quadrants
    h = (k - m) * half
    p = h - splat(2.0) * ((h * half + magic) - magic)
    sign = one - splat(2.0) * p * p
    store(out, at, sign * ((one - m) * c - m * s))
    store(out, at + LANES, sign * ((one - m) * s + m * c))


@njit(cache=True, nogil=True)
def _fixed(code):  # type: ignore[no-untyped-def]
    """A fixed gate as (letter, angle): exp(-i angle P / 2) up to phase; letter 1 X, 2 Z, 3 Y, 0 H."""
    if code == X:
        return 1, math.pi
    if code == SX:
        return 1, math.pi / 2
    if code == SXDG:
        return 1, -math.pi / 2
    if code == Y:
        return 3, math.pi
    if code == Z:
        return 2, math.pi
    if code == S:
        return 2, math.pi / 2
    if code == SDG:
        return 2, -math.pi / 2
    return 0, math.pi


@njit(cache=True, nogil=True)
def _coefficients(n, item_start, gates, kind, sign, letter, parameter, coefficient, offset, row,
                  row_coefficient, row_offset, weights, begin, half, coef, angles):  # type: ignore[no-untyped-def]  # fmt: skip
    """Half-angle cosines and sines per gate, and the 4 (a, b of SU(2)) or 2 (c, s) numbers per item."""
    last = weights.shape[0] - 1
    for t in range(kind.shape[0]):
        if kind[t] != RUN:
            for lane in range(LANES):
                angles[LANES + lane] = 0.0
        qw, qx, qy, qz = splat(1.0), splat(0.0), splat(0.0), splat(0.0)
        for g in range(item_start[t], item_start[t + 1]):
            op = gates[g]
            code = 0
            if op >= 0:
                code = letter[op]
                k = parameter[op]
                r = row[op]
                for lane in range(LANES):
                    b = min(begin + lane, last)
                    w = weights[b, k] if k >= 0 else 0.0
                    if r >= 0:
                        angles[lane] = row_coefficient[r, b] * w + row_offset[r, b]
                    else:
                        angles[lane] = coefficient[op] * w + offset[op]
            else:
                code, angle = _fixed((-1 - op) // n)
                for lane in range(LANES):
                    angles[lane] = angle
            if kind[t] != RUN:
                store(angles, LANES, load(angles, LANES) + load(angles, 0))
                continue
            if code == 0:  # H: rotation by pi about (X + Z) / sqrt 2
                c, s = splat(0.0), splat(math.sqrt(0.5))
                qw, qx, qy, qz = (
                    splat(0.0) - s * qx - s * qz,
                    s * qw - s * qy,
                    s * qx - s * qz,
                    s * qw + s * qy,
                )
                continue
            _cos_sin(angles, half, g * AMPLITUDE)
            c, s = load(half, g * AMPLITUDE), load(half, g * AMPLITUDE + LANES)
            if code == 1:
                qw, qx, qy, qz = c * qw - s * qx, c * qx + s * qw, c * qy - s * qz, c * qz + s * qy
            elif code == 2:
                qw, qx, qy, qz = c * qw - s * qz, c * qx - s * qy, c * qy + s * qx, c * qz + s * qw
            else:
                qw, qx, qy, qz = c * qw - s * qy, c * qx + s * qz, c * qy + s * qw, c * qz - s * qx
        at = t * 4 * LANES
        if kind[t] == RUN:
            store(coef, at, qw)
            store(coef, at + LANES, splat(0.0) - qz)
            store(coef, at + 2 * LANES, qy)
            store(coef, at + 3 * LANES, splat(0.0) - qx)
        else:
            for lane in range(LANES):
                angles[lane] = sign[t] * angles[LANES + lane]
            _cos_sin(angles, coef, at)


@njit(cache=True, nogil=True)
def _tables(columns, quadratic, linear, block, source, signs):  # type: ignore[no-untyped-def]
    """Image under M and sign bit of every position inside a block."""
    source[0] = 0
    signs[0] = 0
    for k in range(block):
        bit = 1 << k
        single = (linear >> k) & 1
        row = quadratic[k]
        for i in range(bit):
            source[bit | i] = source[i] ^ columns[k]
            signs[bit | i] = signs[i] ^ single ^ (popcount(row & i) & 1)


@njit(cache=True, nogil=True)
def _block_origin(base, columns, offset, quadratic, linear, block, n):  # type: ignore[no-untyped-def]
    """Source of the block's first position, its sign bit, and the mask that couples to inner bits."""
    at = offset
    sign = popcount(linear & base)
    mask = 0
    for k in range(block, n):
        if (base >> k) & 1:
            at ^= columns[k]
            sign += popcount(quadratic[k] & base & ((1 << k) - 1))
            mask ^= quadratic[k]
    return at, sign & 1, mask & ((1 << block) - 1)


@njit(cache=True, nogil=True)
def _gather(old, new, base, origin, sign, mask, source, signs, block):  # type: ignore[no-untyped-def]
    for i in range(1 << block):
        p = (base | i) * AMPLITUDE
        q = (origin ^ source[i]) * AMPLITUDE
        s = splat(1.0 - 2.0 * ((signs[i] ^ sign ^ popcount(mask & i)) & 1))
        store(new, p, s * load(old, q))
        store(new, p + LANES, s * load(old, q + LANES))


@njit(cache=True, nogil=True)
def _scatter(new, old, base, origin, sign, mask, source, signs, block):  # type: ignore[no-untyped-def]
    for i in range(1 << block):
        p = (base | i) * AMPLITUDE
        q = (origin ^ source[i]) * AMPLITUDE
        s = splat(1.0 - 2.0 * ((signs[i] ^ sign ^ popcount(mask & i)) & 1))
        store(old, q, s * load(new, p))
        store(old, q + LANES, s * load(new, p + LANES))


@njit(cache=True, nogil=True)
def _forward_item(psi, base, block, kind, bit, x, z, coef, at):  # type: ignore[no-untyped-def]
    c = load(coef, at)
    s = load(coef, at + LANES)
    if kind == RUN:
        br = load(coef, at + 2 * LANES)
        bi = load(coef, at + 3 * LANES)
        step = 1 << bit
        for high in range(base, base + (1 << block), 2 * step):
            for i in range(high, high + step):
                p = i * AMPLITUDE
                q = (i + step) * AMPLITUDE
                xr, xi = load(psi, p), load(psi, p + LANES)
                yr, yi = load(psi, q), load(psi, q + LANES)
                store(psi, p, c * xr - s * xi - br * yr - bi * yi)
                store(psi, p + LANES, c * xi + s * xr - br * yi + bi * yr)
                store(psi, q, br * xr - bi * xi + c * yr + s * yi)
                store(psi, q + LANES, br * xi + bi * xr + c * yi - s * yr)
    elif kind == DIAGONAL:
        for i in range(base, base + (1 << block)):
            p = i * AMPLITUDE
            t = s * splat(1.0 - 2.0 * (popcount(z & i) & 1))
            xr, xi = load(psi, p), load(psi, p + LANES)
            store(psi, p, c * xr + t * xi)
            store(psi, p + LANES, c * xi - t * xr)
    else:
        low = (1 << bit) - 1
        for k in range(1 << (block - 1)):
            i = base | ((k & ~low) << 1) | (k & low)
            p = i * AMPLITUDE
            q = (i ^ x) * AMPLITUDE
            t = s * splat(1.0 - 2.0 * (popcount(z & i) & 1))
            xr, xi = load(psi, p), load(psi, p + LANES)
            yr, yi = load(psi, q), load(psi, q + LANES)
            if kind == REAL:
                store(psi, p, c * xr + t * yi)
                store(psi, p + LANES, c * xi - t * yr)
                store(psi, q, c * yr + t * xi)
                store(psi, q + LANES, c * yi - t * xr)
            else:
                store(psi, p, c * xr - t * yr)
                store(psi, p + LANES, c * xi - t * yi)
                store(psi, q, c * yr + t * xr)
                store(psi, q + LANES, c * yi + t * xi)


@njit(cache=True, nogil=True)
def _backward_item(psi, lam, base, block, kind, bit, x, z, coef, at, inner, to):  # type: ignore[no-untyped-def]
    """Add Im<lambda|P|psi> to ``inner``, then undo the item on psi and lambda."""
    zero = splat(0.0)
    c = load(coef, at)
    s = zero - load(coef, at + LANES)
    ax = load(inner, to)
    if kind == RUN:
        br = zero - load(coef, at + 2 * LANES)
        bi = zero - load(coef, at + 3 * LANES)
        ay = load(inner, to + LANES)
        az = load(inner, to + 2 * LANES)
        step = 1 << bit
        for high in range(base, base + (1 << block), 2 * step):
            for i in range(high, high + step):
                p = i * AMPLITUDE
                q = (i + step) * AMPLITUDE
                xr, xi = load(psi, p), load(psi, p + LANES)
                yr, yi = load(psi, q), load(psi, q + LANES)
                ur, ui = load(lam, p), load(lam, p + LANES)
                vr, vi = load(lam, q), load(lam, q + LANES)
                ax = ax + ur * yi - ui * yr + vr * xi - vi * xr
                ay = ay + vr * xr + vi * xi - ur * yr - ui * yi
                az = az + ur * xi - ui * xr - vr * yi + vi * yr
                store(psi, p, c * xr - s * xi - br * yr - bi * yi)
                store(psi, p + LANES, c * xi + s * xr - br * yi + bi * yr)
                store(psi, q, br * xr - bi * xi + c * yr + s * yi)
                store(psi, q + LANES, br * xi + bi * xr + c * yi - s * yr)
                store(lam, p, c * ur - s * ui - br * vr - bi * vi)
                store(lam, p + LANES, c * ui + s * ur - br * vi + bi * vr)
                store(lam, q, br * ur - bi * ui + c * vr + s * vi)
                store(lam, q + LANES, br * ui + bi * ur + c * vi - s * vr)
        store(inner, to + LANES, ay)
        store(inner, to + 2 * LANES, az)
    elif kind == DIAGONAL:
        for i in range(base, base + (1 << block)):
            p = i * AMPLITUDE
            e = splat(1.0 - 2.0 * (popcount(z & i) & 1))
            t = s * e
            xr, xi = load(psi, p), load(psi, p + LANES)
            ur, ui = load(lam, p), load(lam, p + LANES)
            ax = ax + e * (ur * xi - ui * xr)
            store(psi, p, c * xr + t * xi)
            store(psi, p + LANES, c * xi - t * xr)
            store(lam, p, c * ur + t * ui)
            store(lam, p + LANES, c * ui - t * ur)
    else:
        low = (1 << bit) - 1
        for k in range(1 << (block - 1)):
            i = base | ((k & ~low) << 1) | (k & low)
            p = i * AMPLITUDE
            q = (i ^ x) * AMPLITUDE
            e = splat(1.0 - 2.0 * (popcount(z & i) & 1))
            t = s * e
            xr, xi = load(psi, p), load(psi, p + LANES)
            yr, yi = load(psi, q), load(psi, q + LANES)
            ur, ui = load(lam, p), load(lam, p + LANES)
            vr, vi = load(lam, q), load(lam, q + LANES)
            if kind == REAL:
                ax = ax + e * (ur * yi - ui * yr + vr * xi - vi * xr)
                store(psi, p, c * xr + t * yi)
                store(psi, p + LANES, c * xi - t * yr)
                store(psi, q, c * yr + t * xi)
                store(psi, q + LANES, c * yi - t * xr)
                store(lam, p, c * ur + t * vi)
                store(lam, p + LANES, c * ui - t * vr)
                store(lam, q, c * vr + t * ui)
                store(lam, q + LANES, c * vi - t * ur)
            else:
                ax = ax + e * (vr * xr + vi * xi - ur * yr - ui * yi)
                store(psi, p, c * xr - t * yr)
                store(psi, p + LANES, c * xi - t * yi)
                store(psi, q, c * yr + t * xr)
                store(psi, q + LANES, c * yi + t * xi)
                store(lam, p, c * ur - t * vr)
                store(lam, p + LANES, c * ui - t * vi)
                store(lam, q, c * vr + t * ur)
                store(lam, q + LANES, c * vi + t * ui)
    store(inner, to, ax)


@njit(cache=True, nogil=True)
def _observe(psi, lam, n, diagonal, group, xs, zs, terms, keep, value):  # type: ignore[no-untyped-def]
    """value[:8] = <psi|O|psi>; lambda = O psi where ``keep``.

    ``diagonal`` (2**n,) the terms without X; ``group`` (G + 1,) ranges of terms with equal ``xs``
    (T,), ``zs`` (T,), ``terms`` (T, 2) real and imaginary part of coefficient * i^(number of Y).
    """
    total = splat(0.0)
    for i in range(1 << n):
        p = i * AMPLITUDE
        xr, xi = load(psi, p), load(psi, p + LANES)
        d = splat(diagonal[i])
        ur, ui = d * xr, d * xi
        for g in range(group.shape[0] - 1):
            j = i ^ xs[group[g]]
            dr = 0.0
            di = 0.0
            for t in range(group[g], group[g + 1]):
                e = 1.0 - 2.0 * (popcount(zs[t] & j) & 1)
                dr += e * terms[t, 0]
                di += e * terms[t, 1]
            q = j * AMPLITUDE
            yr, yi = load(psi, q), load(psi, q + LANES)
            cr, ci = splat(dr), splat(di)
            ur = ur + cr * yr - ci * yi
            ui = ui + cr * yi + ci * yr
        total = total + xr * ur + xi * ui
        if keep:
            store(lam, p, ur)
            store(lam, p + LANES, ui)
    store(value, 0, total)


@njit(cache=True, nogil=True)
def _chain(n, item_start, gates, kind, sign, letter, parameter, coefficient, row, row_coefficient,
           begin, half, inner, angles, gradients):  # type: ignore[no-untyped-def]  # fmt: skip
    """Add each rotation's derivative to its weight's, from Im<lambda|P|psi> after each item."""
    count = min(LANES, gradients.shape[0] - begin)
    for t in range(kind.shape[0]):
        to = t * 3 * LANES
        vx, vy, vz = load(inner, to), load(inner, to + LANES), load(inner, to + 2 * LANES)
        for g in range(item_start[t + 1] - 1, item_start[t] - 1, -1):
            op = gates[g]
            if op >= 0:
                code = letter[op]
                k = parameter[op]
                if k >= 0:
                    if kind[t] != RUN or code == 1:
                        store(angles, 0, vx)
                    elif code == 2:
                        store(angles, 0, vz)
                    else:
                        store(angles, 0, vy)
                    scale = coefficient[op] * (1.0 if kind[t] == RUN else sign[t])
                    r = row[op]
                    for lane in range(count):
                        if r >= 0:
                            scale = row_coefficient[r, begin + lane] * (1.0 if kind[t] == RUN else sign[t])
                        gradients[begin + lane, k] += scale * angles[lane]
            else:
                code, _ = _fixed((-1 - op) // n)
            if kind[t] != RUN:
                continue
            if code == 0:
                vx, vy, vz = vz, splat(0.0) - vy, vx
                continue
            c, s = load(half, g * AMPLITUDE), load(half, g * AMPLITUDE + LANES)
            c, s = c * c - s * s, splat(2.0) * c * s
            if code == 1:
                vy, vz = c * vy + s * vz, c * vz - s * vy
            elif code == 2:
                vx, vy = c * vx + s * vy, c * vy - s * vx
            else:
                vz, vx = c * vz + s * vx, c * vx - s * vz


@njit(cache=True, nogil=True)
def run(n, block, segment, columns, offset, quadratic, linear, copy, item_start, gates, kind, bit, x, z,
        sign, letter, parameter, coefficient, phase, row, row_coefficient, row_offset, weights, begin, end,
        diagonal, groups, first, xs, zs, terms, buffers, values, gradients, states):  # type: ignore[no-untyped-def]  # fmt: skip
    """Values, gradients and states of samples [begin, end), eight at a time.

    Args (shapes; n qubits, W weights, B samples, K observables, R rows of per-sample angles):
        n .. sign: a Plan. letter (ops,) of single-qubit rotations; parameter, coefficient, phase
            (ops,): angle = coefficient * weight + phase, or with row[op] >= 0 from
            row_coefficient, row_offset (R, B). weights (B, W).
        diagonal (K, 2**n); groups (K + 1,) ranges into first (groups + 1,), the ranges of terms of
            equal X part: xs, zs (T,), terms (T, 2), see ``_observe``.
        buffers (2 or 4, 16 * 2**n): psi, its copy, and for gradients lambda, its copy.
        values (B, K) out; gradients (B, W) out, zeros on entry, of observable 0, or (0, 0) for none;
            states (B, 2 * 2**n) out, real and imaginary parts interleaved, or (0, 0) for none.
    """
    items = kind.shape[0]
    size = 1 << n
    differentiate = gradients.shape[0] > 0
    coef = np.empty(max(1, items) * 4 * LANES)
    half = np.empty(max(1, gates.shape[0]) * AMPLITUDE)
    inner = np.empty(max(1, items) * 3 * LANES if differentiate else 0)
    angles = np.empty(2 * LANES)
    source = np.empty(1 << block, np.int64)
    signs = np.empty(1 << block, np.int64)
    for group_begin in range(begin, end, LANES):
        count = min(LANES, end - group_begin)
        _coefficients(n, item_start, gates, kind, sign, letter, parameter, coefficient, phase, row,
                      row_coefficient, row_offset, weights, group_begin, half, coef, angles)  # fmt: skip
        psi, psi_copy = buffers[0], buffers[1]
        psi[:] = 0.0
        psi[:LANES] = 1.0
        for s in range(segment.shape[0] - 1):
            if copy[s]:
                _tables(columns[s], quadratic[s], linear[s], block, source, signs)
                psi, psi_copy = psi_copy, psi
            for base in range(0, size, 1 << block):
                if copy[s]:
                    at, flip, mask = _block_origin(base, columns[s], offset[s], quadratic[s], linear[s], block, n)
                    _gather(psi_copy, psi, base, at, flip, mask, source, signs, block)
                for t in range(segment[s], segment[s + 1]):
                    _forward_item(psi, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES)
        if states.shape[0] > 0:
            for i in range(size):
                for lane in range(count):
                    states[group_begin + lane, 2 * i] = psi[i * AMPLITUDE + lane]
                    states[group_begin + lane, 2 * i + 1] = psi[i * AMPLITUDE + LANES + lane]
        for k in range(values.shape[1]):
            lam = buffers[2] if differentiate else psi
            _observe(psi, lam, n, diagonal[k], first[groups[k] : groups[k + 1] + 1], xs, zs, terms,
                     differentiate, angles)  # fmt: skip
            for lane in range(count):
                values[group_begin + lane, k] = angles[lane]
        if not differentiate:
            continue
        lam, lam_copy = buffers[2], buffers[3]
        inner[:] = 0.0
        for s in range(segment.shape[0] - 2, -1, -1):
            if copy[s]:
                _tables(columns[s], quadratic[s], linear[s], block, source, signs)
            for base in range(0, size, 1 << block):
                for t in range(segment[s + 1] - 1, segment[s] - 1, -1):
                    _backward_item(psi, lam, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES,
                                   inner, t * 3 * LANES)  # fmt: skip
                if copy[s] and s > 0:
                    at, flip, mask = _block_origin(base, columns[s], offset[s], quadratic[s], linear[s], block, n)
                    _scatter(psi, psi_copy, base, at, flip, mask, source, signs, block)
                    _scatter(lam, lam_copy, base, at, flip, mask, source, signs, block)
            if copy[s]:
                psi, psi_copy = psi_copy, psi
                lam, lam_copy = lam_copy, lam
        _chain(n, item_start, gates, kind, sign, letter, parameter, coefficient, row, row_coefficient,
               group_begin, half, inner, angles, gradients)  # fmt: skip


@njit(cache=True, nogil=True)
def walsh_hadamard(vector):  # type: ignore[no-untyped-def]
    """In place: out[i] = sum_z (-1)^{z.i} vector[z], for a length that is a power of two."""
    step = 1
    while step < vector.shape[0]:
        for high in range(0, vector.shape[0], 2 * step):
            for i in range(high, high + step):
                a, b = vector[i], vector[i + step]
                vector[i], vector[i + step] = a + b, a - b
        step *= 2

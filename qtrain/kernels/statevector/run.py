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
from qtrain.kernels.statevector.passes import (
    AMPLITUDE,
    backward_item,
    block_origin,
    forward_item,
    gather,
    observe,
    scatter,
    tables,
)
from qtrain.kernels.statevector.plan import RUN
from qtrain.kernels.statevector.simd import LANES, load, splat, store

_PIO2_HIGH, _PIO2_MIDDLE, _PIO2_LOW = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624879595063154e-21,
)
_ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer


@njit(cache=True, nogil=True, inline="never")
def cos_sin(
    angles: np.ndarray,
    out: np.ndarray,
    at: int,
) -> None:
    """out[at:at+8] = cos(angles / 2), out[at+8:at+16] = sin(angles / 2), by fdlibm's polynomials."""
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
def _fixed(
    code: int,
) -> tuple[int, float]:
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
def coefficients(
    n: int,
    item_start: np.ndarray,
    gates: np.ndarray,
    kind: np.ndarray,
    sign: np.ndarray,
    letter: np.ndarray,
    parameter: np.ndarray,
    coefficient: np.ndarray,
    offset: np.ndarray,
    row: np.ndarray,
    row_coefficient: np.ndarray,
    row_offset: np.ndarray,
    weights: np.ndarray,
    begin: int,
    half: np.ndarray,
    coef: np.ndarray,
    angles: np.ndarray,
) -> None:
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
            cos_sin(angles, half, g * AMPLITUDE)
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
            cos_sin(angles, coef, at)


@njit(cache=True, nogil=True)
def chain(
    n: int,
    item_start: np.ndarray,
    gates: np.ndarray,
    kind: np.ndarray,
    sign: np.ndarray,
    letter: np.ndarray,
    parameter: np.ndarray,
    coefficient: np.ndarray,
    row: np.ndarray,
    row_coefficient: np.ndarray,
    begin: int,
    half: np.ndarray,
    inner: np.ndarray,
    angles: np.ndarray,
    gradients: np.ndarray,
) -> None:
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
def run(
    n: int,
    block: int,
    segment: np.ndarray,
    columns: np.ndarray,
    offset: np.ndarray,
    quadratic: np.ndarray,
    linear: np.ndarray,
    copy: np.ndarray,
    item_start: np.ndarray,
    gates: np.ndarray,
    kind: np.ndarray,
    bit: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    sign: np.ndarray,
    letter: np.ndarray,
    parameter: np.ndarray,
    coefficient: np.ndarray,
    phase: np.ndarray,
    row: np.ndarray,
    row_coefficient: np.ndarray,
    row_offset: np.ndarray,
    weights: np.ndarray,
    begin: int,
    end: int,
    diagonal: np.ndarray,
    groups: np.ndarray,
    first: np.ndarray,
    xs: np.ndarray,
    zs: np.ndarray,
    terms: np.ndarray,
    buffers: np.ndarray,
    values: np.ndarray,
    gradients: np.ndarray,
    states: np.ndarray,
    start: np.ndarray,
) -> None:
    """Values, gradients and states of samples [begin, end), eight at a time.

    Args (shapes; n qubits, W weights, B samples, K observables, R rows of per-sample angles):
        n .. sign: a Plan. letter (ops,) of single-qubit rotations; parameter, coefficient, phase
            (ops,): angle = coefficient * weight + phase, or with row[op] >= 0 from
            row_coefficient, row_offset (R, B). weights (B, W).
        diagonal (K, 2**n); groups (K + 1,) ranges into first (groups + 1,), the ranges of terms of
            equal X part: xs, zs (T,), terms (T, 2), see ``observe``.
        buffers (2 or 4, 16 * 2**n): psi, its copy, and for gradients lambda, its copy.
        values (B, K) out; gradients (B, W) out, zeros on entry, of observable 0, or (0, 0) for none;
            states (B, 2 * 2**n) out, real and imaginary parts interleaved, or (0, 0) for none.
        start (B, 2 * 2**n): the input states, interleaved likewise; (0, 0): |0...0>.
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
        coefficients(n, item_start, gates, kind, sign, letter, parameter, coefficient, phase, row,
                      row_coefficient, row_offset, weights, group_begin, half, coef, angles)  # fmt: skip
        psi, psi_copy = buffers[0], buffers[1]
        psi[:] = 0.0
        if start.shape[0] == 0:
            psi[:LANES] = 1.0
        else:
            for i in range(size):
                for lane in range(count):
                    psi[i * AMPLITUDE + lane] = start[group_begin + lane, 2 * i]
                    psi[i * AMPLITUDE + LANES + lane] = start[group_begin + lane, 2 * i + 1]
        for s in range(segment.shape[0] - 1):
            if copy[s]:
                tables(columns[s], quadratic[s], linear[s], block, source, signs)
                psi, psi_copy = psi_copy, psi
            for base in range(0, size, 1 << block):
                if copy[s]:
                    at, flip, mask = block_origin(
                        base, columns[s], offset[s], quadratic[s], linear[s], block, n
                    )
                    gather(psi_copy, psi, base, at, flip, mask, source, signs, block)
                for t in range(segment[s], segment[s + 1]):
                    forward_item(psi, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES)
        if states.shape[0] > 0:
            for i in range(size):
                for lane in range(count):
                    states[group_begin + lane, 2 * i] = psi[i * AMPLITUDE + lane]
                    states[group_begin + lane, 2 * i + 1] = psi[i * AMPLITUDE + LANES + lane]
        for k in range(values.shape[1] - 1, -1, -1):  # the first one last: lambda stays as it leaves it
            lam = buffers[2] if differentiate else psi
            observe(psi, lam, n, diagonal[k], first[groups[k] : groups[k + 1] + 1], xs, zs, terms,
                     differentiate, angles)  # fmt: skip
            for lane in range(count):
                values[group_begin + lane, k] = angles[lane]
        if not differentiate:
            continue
        lam, lam_copy = buffers[2], buffers[3]
        inner[:] = 0.0
        for s in range(segment.shape[0] - 2, -1, -1):
            if copy[s]:
                tables(columns[s], quadratic[s], linear[s], block, source, signs)
            for base in range(0, size, 1 << block):
                for t in range(segment[s + 1] - 1, segment[s] - 1, -1):
                    backward_item(psi, lam, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES,
                                   inner, t * 3 * LANES)  # fmt: skip
                if copy[s] and s > 0:
                    at, flip, mask = block_origin(
                        base, columns[s], offset[s], quadratic[s], linear[s], block, n
                    )
                    scatter(psi, psi_copy, base, at, flip, mask, source, signs, block)
                    scatter(lam, lam_copy, base, at, flip, mask, source, signs, block)
            if copy[s]:
                psi, psi_copy = psi_copy, psi
                lam, lam_copy = lam_copy, lam
        chain(n, item_start, gates, kind, sign, letter, parameter, coefficient, row, row_coefficient,
               group_begin, half, inner, angles, gradients)  # fmt: skip

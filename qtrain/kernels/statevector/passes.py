"""Passes over a cache block of the batched statevector: gathers, items forward and backward, observables.

Layout: amplitude p of eight samples lies at ``[16 p, 16 p + 16)``, eight real parts, then eight imaginary.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount
from qtrain.kernels.statevector.plan import DIAGONAL, REAL, RUN
from qtrain.kernels.statevector.simd import LANES, load, splat, store

AMPLITUDE = 2 * LANES  # doubles per amplitude


@njit(cache=True, nogil=True)
def tables(
    columns: np.ndarray,
    quadratic: np.ndarray,
    linear: int,
    block: int,
    source: np.ndarray,
    signs: np.ndarray,
) -> None:
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
def block_origin(
    base: int,
    columns: np.ndarray,
    offset: int,
    quadratic: np.ndarray,
    linear: int,
    block: int,
    n: int,
) -> tuple[int, int, int]:
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
def gather(
    old: np.ndarray,
    new: np.ndarray,
    base: int,
    origin: int,
    sign: int,
    mask: int,
    source: np.ndarray,
    signs: np.ndarray,
    block: int,
) -> None:
    for i in range(1 << block):
        p = (base | i) * AMPLITUDE
        q = (origin ^ source[i]) * AMPLITUDE
        s = splat(1.0 - 2.0 * ((signs[i] ^ sign ^ popcount(mask & i)) & 1))
        store(new, p, s * load(old, q))
        store(new, p + LANES, s * load(old, q + LANES))


@njit(cache=True, nogil=True)
def scatter(
    new: np.ndarray,
    old: np.ndarray,
    base: int,
    origin: int,
    sign: int,
    mask: int,
    source: np.ndarray,
    signs: np.ndarray,
    block: int,
) -> None:
    for i in range(1 << block):
        p = (base | i) * AMPLITUDE
        q = (origin ^ source[i]) * AMPLITUDE
        s = splat(1.0 - 2.0 * ((signs[i] ^ sign ^ popcount(mask & i)) & 1))
        store(old, q, s * load(new, p))
        store(old, q + LANES, s * load(new, p + LANES))


@njit(cache=True, nogil=True)
def forward_item(
    psi: np.ndarray,
    base: int,
    block: int,
    kind: int,
    bit: int,
    x: int,
    z: int,
    coef: np.ndarray,
    at: int,
) -> None:
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
def backward_item(
    psi: np.ndarray,
    lam: np.ndarray,
    base: int,
    block: int,
    kind: int,
    bit: int,
    x: int,
    z: int,
    coef: np.ndarray,
    at: int,
    inner: np.ndarray,
    to: int,
) -> None:
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
def observe(
    psi: np.ndarray,
    lam: np.ndarray,
    n: int,
    diagonal: np.ndarray,
    group: np.ndarray,
    xs: np.ndarray,
    zs: np.ndarray,
    terms: np.ndarray,
    keep: int,
    value: np.ndarray,
) -> None:
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
def walsh_hadamard(
    vector: np.ndarray,
) -> None:
    """In place: out[i] = sum_z (-1)^{z.i} vector[z], for a length that is a power of two."""
    step = 1
    while step < vector.shape[0]:
        for high in range(0, vector.shape[0], 2 * step):
            for i in range(high, high + step):
                a, b = vector[i], vector[i + step]
                vector[i], vector[i + step] = a + b, a - b
        step *= 2

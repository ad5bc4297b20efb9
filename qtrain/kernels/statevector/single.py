"""One sample at a time: the eight lanes of a vector are eight amplitudes of the same state.

Lane l of vector p is position ``l << (n - 3) | p``: the three highest positions of a segment, which none of its items
mixes, so that items of X parts work on whole vectors as they do on eight samples. What they see of a lane is the sign
of the Z part on its three positions, which goes into their coefficients beforehand and into their sums behind.
Gathers between segments move single amplitudes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount
from qtrain.kernels.statevector.passes import (
    AMPLITUDE,
    backward_item,
    block_origin,
    forward_item,
    tables,
)
from qtrain.kernels.statevector.plan import RUN
from qtrain.kernels.statevector.run import chain, coefficients
from qtrain.kernels.statevector.simd import LANES, load, splat, store, swap1, swap2, swap4

LANE_BITS = 3


@njit(cache=True, nogil=True)
def _exchange(
    new: np.ndarray,
    old: np.ndarray,
    base: int,
    low: int,
    columns: np.ndarray,
    offset: int,
    quadratic: np.ndarray,
    linear: int,
    block: int,
    source: np.ndarray,
    signs: np.ndarray,
    back: bool,
) -> None:
    """A block of ``new`` from wherever it lies in ``old``; ``back``: to there."""
    inside = (1 << low) - 1
    plain = linear == 0
    for k in range(quadratic.shape[0]):
        plain = plain and quadratic[k] == 0
    for lane in range(LANES):
        at, flip, mask = block_origin(
            base | (lane << low), columns, offset, quadratic, linear, block, low + LANE_BITS
        )
        sign = 1.0
        for i in range(1 << block):
            q = at ^ source[i]
            p = (base | i) * AMPLITUDE + lane
            r = (q & inside) * AMPLITUDE + (q >> low)
            if not plain:
                sign = 1.0 - 2.0 * ((signs[i] ^ flip ^ popcount(mask & i)) & 1)
            if back:
                old[r] = sign * new[p]
                old[r + LANES] = sign * new[p + LANES]
            else:
                new[p] = sign * old[r]
                new[p + LANES] = sign * old[r + LANES]


@njit(cache=True, nogil=True)
def _observe(
    psi: np.ndarray,
    lam: np.ndarray,
    low: int,
    diagonal: np.ndarray,
    group: np.ndarray,
    xs: np.ndarray,
    zs: np.ndarray,
    terms: np.ndarray,
    keep: bool,
    lane_signs: np.ndarray,
    value: np.ndarray,
) -> None:
    """value[:8] = <psi|O|psi> in parts; lambda = O psi where ``keep``; see ``passes.observe``."""
    inside = (1 << low) - 1
    total = splat(0.0)
    for i in range(1 << low):
        p = i * AMPLITUDE
        xr, xi = load(psi, p), load(psi, p + LANES)
        d = load(diagonal, i * LANES)
        ur, ui = d * xr, d * xi
        for g in range(group.shape[0] - 1):
            x = xs[group[g]]
            j = i ^ (x & inside)
            lanes = x >> low
            q = j * AMPLITUDE
            yr, yi = load(psi, q), load(psi, q + LANES)
            if lanes & 1:
                yr, yi = swap1(yr), swap1(yi)
            if lanes & 2:
                yr, yi = swap2(yr), swap2(yi)
            if lanes & 4:
                yr, yi = swap4(yr), swap4(yi)
            there = j | (lanes << low)
            for t in range(group[g], group[g + 1]):
                e = 1.0 - 2.0 * (popcount(zs[t] & there) & 1)
                sign = load(lane_signs, (zs[t] >> low) * LANES)
                cr, ci = sign * splat(e * terms[t, 0]), sign * splat(e * terms[t, 1])
                ur = ur + cr * yr - ci * yi
                ui = ui + cr * yi + ci * yr
        total = total + xr * ur + xi * ui
        if keep:
            store(lam, p, ur)
            store(lam, p + LANES, ui)
    store(value, 0, total)


@njit(cache=True, nogil=True)
def run_single(
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
    diagonal: np.ndarray,
    groups: np.ndarray,
    first: np.ndarray,
    xs: np.ndarray,
    zs: np.ndarray,
    terms: np.ndarray,
    buffers: np.ndarray,
    values: np.ndarray,
    gradients: np.ndarray,
    start: np.ndarray,
) -> None:
    """Values and gradient of one sample; arguments as of ``run``, with these differences.

    Args:
        n .. sign: a Plan with ``block`` at most n - 3. weights (8, W), row_coefficient, row_offset (R, 8): the sample
            eight times. diagonal (K, 2**n), position ``l << (n - 3) | p`` at ``8 p + l``.
        buffers (2 or 4, 2 * 2**n). values (8, K) and gradients (8, W): parts that are to be summed. start
            (1, 2 * 2**n) or (0, 0).
    """
    items = kind.shape[0]
    low = n - LANE_BITS
    size = 1 << low
    differentiate = gradients.shape[0] > 0
    coef = np.empty(max(1, items) * 4 * LANES)
    half = np.empty(max(1, gates.shape[0]) * AMPLITUDE)
    inner = np.zeros(max(1, items) * 3 * LANES if differentiate else 0)
    angles = np.empty(2 * LANES)
    source = np.empty(1 << block, np.int64)
    signs = np.empty(1 << block, np.int64)
    lane_signs = np.empty(LANES * LANES)
    for k in range(LANES):
        for lane in range(LANES):
            lane_signs[k * LANES + lane] = 1.0 - 2.0 * (popcount(k & lane) & 1)
    coefficients(n, item_start, gates, kind, sign, letter, parameter, coefficient, phase, row,
                 row_coefficient, row_offset, weights, 0, half, coef, angles)  # fmt: skip
    for t in range(items):
        if kind[t] != RUN:
            for lane in range(LANES):
                coef[t * 4 * LANES + LANES + lane] *= lane_signs[(z[t] >> low) * LANES + lane]
    psi, psi_copy = buffers[0], buffers[1]
    psi[:] = 0.0
    if start.shape[0] == 0:
        psi[0] = 1.0
    else:
        for lane in range(LANES):
            for i in range(size):
                psi[i * AMPLITUDE + lane] = start[0, 2 * (lane * size + i)]
                psi[i * AMPLITUDE + LANES + lane] = start[0, 2 * (lane * size + i) + 1]
    for s in range(segment.shape[0] - 1):
        if copy[s]:
            tables(columns[s], quadratic[s], linear[s], block, source, signs)
            psi, psi_copy = psi_copy, psi
        for base in range(0, size, 1 << block):
            if copy[s]:
                _exchange(psi, psi_copy, base, low, columns[s], offset[s], quadratic[s], linear[s], block,
                          source, signs, False)  # fmt: skip
            for t in range(segment[s], segment[s + 1]):
                forward_item(psi, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES)
    for k in range(values.shape[1] - 1, -1, -1):  # the first one last: lambda stays as it leaves it
        lam = buffers[2] if differentiate else psi
        _observe(psi, lam, low, diagonal[k], first[groups[k] : groups[k + 1] + 1], xs, zs, terms,
                 differentiate, lane_signs, angles)  # fmt: skip
        for lane in range(LANES):
            values[lane, k] = angles[lane]
    if not differentiate:
        return
    lam, lam_copy = buffers[2], buffers[3]
    for s in range(segment.shape[0] - 2, -1, -1):
        if copy[s]:
            tables(columns[s], quadratic[s], linear[s], block, source, signs)
        for base in range(0, size, 1 << block):
            for t in range(segment[s + 1] - 1, segment[s] - 1, -1):
                backward_item(psi, lam, base, block, kind[t], bit[t], x[t], z[t], coef, t * 4 * LANES,
                              inner, t * 3 * LANES)  # fmt: skip
            if copy[s] and s > 0:
                _exchange(psi, psi_copy, base, low, columns[s], offset[s], quadratic[s], linear[s], block,
                          source, signs, True)  # fmt: skip
                _exchange(lam, lam_copy, base, low, columns[s], offset[s], quadratic[s], linear[s], block,
                          source, signs, True)  # fmt: skip
        if copy[s]:
            psi, psi_copy = psi_copy, psi
            lam, lam_copy = lam_copy, lam
    for t in range(items):
        if kind[t] != RUN:
            for lane in range(LANES):
                inner[t * 3 * LANES + lane] *= lane_signs[(z[t] >> low) * LANES + lane]
    chain(n, item_start, gates, kind, sign, letter, parameter, coefficient, row, row_coefficient,
          0, half, inner, angles, gradients)  # fmt: skip

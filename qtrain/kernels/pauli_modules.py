"""Closure of Pauli strings under generators, and rotations of a coefficient vector on it (g-sim kernels).

In the Heisenberg picture exp(i t P / 2) Q exp(-i t P / 2) = cos t Q + sin t (i P Q) where P and Q
anticommute, so a rotation about P is a set of plane rotations on disjoint pairs of a closed set of strings.
Rows are packed as everywhere: x, z (rows, words) uint64; a row stands for the Hermitian string.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount
from qtrain.kernels.statevector.run import cos_sin
from qtrain.kernels.statevector.simd import LANES, load, splat, store


@njit(cache=True, nogil=True)
def _hash(x: np.ndarray, z: np.ndarray) -> np.uint64:
    h = np.uint64(0x9E3779B97F4A7C15)
    for w in range(x.shape[0]):
        h = (h ^ x[w]) * np.uint64(0xFF51AFD7ED558CCD)
        h ^= h >> np.uint64(29)
        h = (h ^ z[w]) * np.uint64(0xC4CEB9FE1A85EC53)
        h ^= h >> np.uint64(32)
    return h


@njit(cache=True, nogil=True)
def _find(slots: np.ndarray, xs: np.ndarray, zs: np.ndarray, x: np.ndarray, z: np.ndarray) -> int:
    """Slot of the row, or the free slot where it belongs (linear probing)."""
    mask = np.uint64(slots.shape[0] - 1)
    at = _hash(x, z) & mask
    while slots[at] >= 0:
        k = slots[at]
        same = True
        for w in range(x.shape[0]):
            if xs[k, w] != x[w] or zs[k, w] != z[w]:
                same = False
                break
        if same:
            break
        at = (at + np.uint64(1)) & mask
    return int(at)


@njit(cache=True, nogil=True)
def anticommutes(ax: np.ndarray, az: np.ndarray, bx: np.ndarray, bz: np.ndarray) -> bool:
    word = np.uint64(0)
    for w in range(ax.shape[0]):
        word ^= (ax[w] & bz[w]) ^ (az[w] & bx[w])
    return popcount(word) & 1 == 1


@njit(cache=True, nogil=True)
def product_phase(ax: np.ndarray, az: np.ndarray, bx: np.ndarray, bz: np.ndarray) -> int:
    """k of A B = i^k C for Hermitian strings."""
    k = 0
    for w in range(ax.shape[0]):
        k += popcount(ax[w] & az[w]) + popcount(bx[w] & bz[w]) + 2 * popcount(az[w] & bx[w])
        k -= popcount((ax[w] ^ bx[w]) & (az[w] ^ bz[w]))
    return k & 3


@njit(cache=True, nogil=True)
def _put(xs: np.ndarray, zs: np.ndarray, k: int, x: np.ndarray, z: np.ndarray) -> None:
    for w in range(x.shape[0]):  # assigning rows would compile numba's text of shape errors
        xs[k, w] = x[w]
        zs[k, w] = z[w]


@njit(cache=True, nogil=True)
def close(
    seed_x: np.ndarray, seed_z: np.ndarray, gen_x: np.ndarray, gen_z: np.ndarray, limit: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Component of the seeds under Q -> i P Q for anticommuting generators P.

    Args:
        seed_x, seed_z: (seeds, words), distinct; gen_x, gen_z: (generators, words); limit: rows at most.

    Returns:
        x, z: (rows, words), the seeds first; slots: hash table of the rows; whether the component was
        followed to its end.
    """
    seeds, words = seed_x.shape
    gens = gen_x.shape[0]
    size = 16
    while size < 4 * seeds:
        size *= 2
    slots = np.full(size, -1, np.int64)
    room = max(64, 2 * seeds)
    xs = np.empty((room, words), np.uint64)
    zs = np.empty((room, words), np.uint64)
    count = 0
    for k in range(seeds):
        _put(xs, zs, k, seed_x[k], seed_z[k])
        slots[_find(slots, xs, zs, xs[k], zs[k])] = k
        count += 1
    complete = count <= limit
    x = np.empty(words, np.uint64)
    z = np.empty(words, np.uint64)
    k = 0
    while k < count and complete:
        for g in range(gens):
            if not anticommutes(gen_x[g], gen_z[g], xs[k], zs[k]):
                continue
            for w in range(words):
                x[w] = xs[k, w] ^ gen_x[g, w]
                z[w] = zs[k, w] ^ gen_z[g, w]
            at = _find(slots, xs, zs, x, z)
            if slots[at] < 0:
                if count == limit:
                    complete = False
                    break
                if count == room:
                    room *= 2
                    more_x = np.empty((room, words), np.uint64)
                    more_z = np.empty((room, words), np.uint64)
                    for j in range(count):
                        _put(more_x, more_z, j, xs[j], zs[j])
                    xs, zs = more_x, more_z
                _put(xs, zs, count, x, z)
                slots[at] = count
                count += 1
                if 2 * count > size:
                    size *= 2
                    slots = np.full(size, -1, np.int64)
                    for j in range(count):
                        slots[_find(slots, xs, zs, xs[j], zs[j])] = j
        k += 1
    return xs[:count].copy(), zs[:count].copy(), slots, complete


@njit(cache=True, nogil=True)
def count_pairs(x: np.ndarray, z: np.ndarray, gen_x: np.ndarray, gen_z: np.ndarray) -> np.ndarray:
    """(generators + 1,) where each generator's plane rotations start: half the rows it anticommutes with."""
    start = np.zeros(gen_x.shape[0] + 1, np.int64)
    for g in range(gen_x.shape[0]):
        count = 0
        for k in range(x.shape[0]):
            if anticommutes(gen_x[g], gen_z[g], x[k], z[k]):
                count += 1
        start[g + 1] = start[g] + count // 2
    return start


@njit(cache=True, nogil=True)
def pair_up(
    x: np.ndarray, z: np.ndarray, gen_x: np.ndarray, gen_z: np.ndarray, slots: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The plane rotations of each generator: pairs (P, 2) int32, signs (P,).

    Pair (a, b) with sign s: i P Q_a = s Q_b.
    """
    words = x.shape[1]
    pairs = np.empty((start[-1], 2), np.int32)
    signs = np.empty(start[-1])
    px = np.empty(words, np.uint64)
    pz = np.empty(words, np.uint64)
    for g in range(gen_x.shape[0]):
        at = start[g]
        for k in range(x.shape[0]):
            if not anticommutes(gen_x[g], gen_z[g], x[k], z[k]):
                continue
            for w in range(words):
                px[w] = x[k, w] ^ gen_x[g, w]
                pz[w] = z[k, w] ^ gen_z[g, w]
            other = slots[_find(slots, x, z, px, pz)]
            if other > k:
                pairs[at, 0] = k
                pairs[at, 1] = other
                signs[at] = 1.0 if product_phase(gen_x[g], gen_z[g], x[k], z[k]) == 3 else -1.0
                at += 1
    return pairs, signs


@njit(cache=True, nogil=True)
def stabilizer_expectations(
    x: np.ndarray, z: np.ndarray, stab_x: np.ndarray, stab_z: np.ndarray, stab_sign: np.ndarray,
    flip_x: np.ndarray, flip_z: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Tr[rho Q] (+1, -1, 0) of each row for the stabiliser state of the rows stab.

    ``flip`` (n rows) anticommutes with its own stabiliser and commutes with the others.
    """
    rows, words = x.shape
    out = np.zeros(rows)
    px = np.empty(words, np.uint64)
    pz = np.empty(words, np.uint64)
    for r in range(rows):
        inside = True
        for q in range(stab_x.shape[0]):
            if anticommutes(stab_x[q], stab_z[q], x[r], z[r]):
                inside = False
                break
        if not inside:
            continue
        px[:] = np.uint64(0)
        pz[:] = np.uint64(0)
        phase = 0
        for q in range(stab_x.shape[0]):
            if anticommutes(flip_x[q], flip_z[q], x[r], z[r]):
                phase += product_phase(px, pz, stab_x[q], stab_z[q]) + (0 if stab_sign[q] > 0 else 2)
                for w in range(words):
                    px[w] ^= stab_x[q, w]
                    pz[w] ^= stab_z[q, w]
        out[r] = 1.0 if phase & 3 == 0 else -1.0
    return out


@njit(cache=True, nogil=True)
def propagate(
    start: np.ndarray, pairs: np.ndarray, signs: np.ndarray, generator: np.ndarray, parameter: np.ndarray,
    coefficient: np.ndarray, offset: np.ndarray, initial: np.ndarray, expectation: np.ndarray,
    weights: np.ndarray, begin: int, end: int, v: np.ndarray, u: np.ndarray, values: np.ndarray,
    gradients: np.ndarray,
) -> None:  # fmt: skip
    """Values and gradients of samples [begin, end), eight at a time.

    Args:
        start, pairs, signs: of ``pair_up``. generator, parameter (-1: fixed), coefficient, offset
            (rotations,) in time order, signs of the frame included. initial, expectation (rows,):
            the observable and the state on the module. weights (B, W).
        v, u: (8 * rows,) scratch. values (B,), gradients (B, W) out; gradients zero on entry.
    """
    rows = initial.shape[0]
    rotations = generator.shape[0]
    angles = np.empty(LANES)
    turn = np.empty(2 * LANES * max(1, rotations))
    last = weights.shape[0] - 1
    for group in range(begin, end, LANES):
        count = min(LANES, end - group)
        for i in range(rows):
            store(v, i * LANES, splat(initial[i]))
        for r in range(rotations - 1, -1, -1):
            k = parameter[r]
            for lane in range(LANES):
                w = weights[min(group + lane, last), k] if k >= 0 else 0.0
                angles[lane] = 2 * (coefficient[r] * w + offset[r])
            cos_sin(angles, turn, r * 2 * LANES)
            c, s = load(turn, r * 2 * LANES), load(turn, r * 2 * LANES + LANES)
            g = generator[r]
            for p in range(start[g], start[g + 1]):
                a, b = pairs[p, 0] * LANES, pairs[p, 1] * LANES
                va, vb = load(v, a), load(v, b)
                t = s * splat(signs[p])
                store(v, a, c * va - t * vb)
                store(v, b, c * vb + t * va)
        total = splat(0.0)
        for i in range(rows):
            e = splat(expectation[i])
            total = total + e * load(v, i * LANES)
            store(u, i * LANES, e)
        store(angles, 0, total)
        for lane in range(count):
            values[group + lane] = angles[lane]
        for r in range(rotations):
            c, s = load(turn, r * 2 * LANES), load(turn, r * 2 * LANES + LANES)
            g = generator[r]
            total = splat(0.0)
            for p in range(start[g], start[g + 1]):
                a, b = pairs[p, 0] * LANES, pairs[p, 1] * LANES
                e = splat(signs[p])
                va, vb, ua, ub = load(v, a), load(v, b), load(u, a), load(u, b)
                total = total + e * (ub * va - ua * vb)
                t = s * e
                store(v, a, c * va + t * vb)
                store(v, b, c * vb - t * va)
                store(u, a, c * ua + t * ub)
                store(u, b, c * ub - t * ua)
            k = parameter[r]
            if k >= 0:
                store(angles, 0, total)
                for lane in range(count):
                    gradients[group + lane, k] += coefficient[r] * angles[lane]

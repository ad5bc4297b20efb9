"""Coins of any bias for every path of a block, and thinning by a product input's expectation."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.pauli_paths import WORDS, _coins

ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True, nogil=True)
def biased(p, r0, r1, coin, out):
    """Each bit of ``out`` is 1 with probability ``p``, exact to the last bit of ``p``."""
    left = np.empty(WORDS, np.uint64)
    for w in range(WORDS):
        out[w] = ONES if p >= 1.0 else np.uint64(0)
        left[w] = ONES
    if p >= 1.0:
        return
    while p > 0.0:
        p *= 2.0
        _coins(r0, r1, coin)
        some = np.uint64(0)
        if p >= 1.0:
            p -= 1.0
            for w in range(WORDS):
                out[w] |= left[w] & ~coin[w]
                left[w] &= coin[w]
                some |= left[w]
        else:
            for w in range(WORDS):
                left[w] &= ~coin[w]
                some |= left[w]
        if some == 0:
            return


@njit(cache=True, nogil=True)
def finish(x, z, rx, rz, power, bloch, alive, plus, minus):
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
            if rx[q]:
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
                d = a ^ np.int64(rx[q])
                e = c ^ np.int64(rz[q])
                if a or c:
                    value *= bloch[data, q, a + 2 * c - 1]
                if d or e:
                    value *= bloch[data, q, d + 2 * e - 1]
                phase += a * c + np.int64(rx[q] & rz[q]) - d * e + 2 * (c & np.int64(rx[q]))
                if value == 0.0:
                    break
            if (phase & 3) == 2:
                value = -value
            if np.random.random() < abs(value):
                if value > 0:
                    plus[w] |= one << shift
                else:
                    minus[w] |= one << shift

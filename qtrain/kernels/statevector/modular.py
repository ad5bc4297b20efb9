"""Statevectors over a prime field: derivatives of an expectation value without any rounding.

Everything is a Pauli rotation c - i s P with c, s in the field; amplitudes are numbers below 2^31, so
that products fit in 64 bits. A ket and a bra are evolved apart, as complex conjugation is no map of
the field: the bra's rotations have -i for i.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount


@njit(cache=True, nogil=True)
def add_pauli(source, x_mask, z_mask, factor, iota, prime, target):
    """target += factor * P source, with P = i^|xz| X^x Z^z and ``iota`` the root of -1 to take for i."""
    phase = factor % prime
    for _ in range(np.int64(popcount(x_mask & z_mask))):
        phase = phase * iota % prime
    opposite = (prime - phase) % prime
    for b in range(source.shape[0]):
        f = opposite if popcount(np.uint64(b) & z_mask) & np.uint64(1) else phase
        to = np.int64(np.uint64(b) ^ x_mask)
        target[to] = (target[to] + f * source[b]) % prime


@njit(cache=True, nogil=True)
def rotate(v, x_mask, z_mask, cosine, sine, iota, prime, scratch):
    """v <- (cosine - iota sine P) v."""
    for b in range(v.shape[0]):
        scratch[b] = v[b]
        v[b] = v[b] * cosine % prime
    add_pauli(scratch, x_mask, z_mask, (prime - iota * sine % prime) % prime, iota, prime, v)


@njit(cache=True, nogil=True)
def _between(left, x_mask, z_mask, right, iota, prime, scratch):
    """left^T P right."""
    scratch[:] = np.uint64(0)
    add_pauli(right, x_mask, z_mask, np.uint64(1), iota, prime, scratch)
    total = np.uint64(0)
    for b in range(left.shape[0]):
        total = (total + left[b] * scratch[b]) % prime
    return total


@njit(cache=True, nogil=True)
def derivatives(x_mask, z_mask, cosine, sine, slot, slope, term_x, term_z, term_c, iota, prime, ket, bra, out):
    """Derivatives of bra^T O ket by groups of rotations, in the field; up to a common factor.

    Args:
        x_mask, z_mask, cosine, sine: (rotations,) uint64, in time order; slot: (rotations,) int64, group or -1;
            slope: (rotations,) uint64, d(angle) / d(group's variable). term_x, term_z, term_c: (terms,) of O.
        iota: a root of -1; prime: below 2^31. ket, bra: (2^n,) uint64, the input; overwritten.
        out: (groups,) uint64, added to.
    """
    minus = prime - iota
    scratch = np.zeros_like(ket)
    count = x_mask.shape[0]
    for j in range(count):
        rotate(ket, x_mask[j], z_mask[j], cosine[j], sine[j], iota, prime, scratch)
        rotate(bra, x_mask[j], z_mask[j], cosine[j], sine[j], minus, prime, scratch)
    right = np.zeros_like(ket)  # O ket
    left = np.zeros_like(bra)  # O^T bra, which conjugates i
    for t in range(term_x.shape[0]):
        add_pauli(ket, term_x[t], term_z[t], term_c[t], iota, prime, right)
        add_pauli(bra, term_x[t], term_z[t], term_c[t], minus, prime, left)
    for j in range(count - 1, -1, -1):
        if slot[j] >= 0:
            ahead = _between(left, x_mask[j], z_mask[j], ket, iota, prime, scratch)
            behind = _between(right, x_mask[j], z_mask[j], bra, minus, prime, scratch)
            gain = (behind + prime - ahead) % prime * slope[j] % prime
            out[slot[j]] = (out[slot[j]] + gain) % prime
        back = (prime - sine[j]) % prime
        rotate(ket, x_mask[j], z_mask[j], cosine[j], back, iota, prime, scratch)
        rotate(bra, x_mask[j], z_mask[j], cosine[j], back, minus, prime, scratch)
        rotate(right, x_mask[j], z_mask[j], cosine[j], back, iota, prime, scratch)
        rotate(left, x_mask[j], z_mask[j], cosine[j], back, minus, prime, scratch)

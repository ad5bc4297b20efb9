"""Generators at a Clifford point, pulled back to the input: what the Fisher matrix there needs."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _odd(v):
    """Parity of the bits of a word."""
    for shift in (32, 16, 8, 4, 2, 1):
        v ^= v >> np.uint64(shift)
    return np.int64(v & np.uint64(1))


@njit(cache=True, nogil=True)
def _read(x, z, a, px, pz):
    for w in range(px.shape[0]):  # assigning rows would compile numba's text of shape errors
        px[w] = x[a, w]
        pz[w] = z[a, w]


@njit(cache=True, nogil=True)
def _times(x, z, phase, a, bx, bz, bphase):
    """Row a := B * row a, for B = i^bphase X^bx Z^bz; rows are i^phase X^x Z^z."""
    swaps = np.uint64(0)
    for w in range(x.shape[1]):
        swaps ^= bz[w] & x[a, w]
        x[a, w] ^= bx[w]
        z[a, w] ^= bz[w]
    phase[a] = (phase[a] + bphase + 2 * _odd(swaps)) & 3


@njit(cache=True, nogil=True)
def _image(x, z, phase, n, support, letters, lo, hi, ox, oz):
    """C^dagger P C as i^phase X^ox Z^oz; rows q and n + q are the images of X_q and Z_q."""
    total = 0
    ox[:] = 0
    oz[:] = 0
    for j in range(lo, hi):
        for half in range(2):
            if not letters[j] >> half & 1:
                continue
            r = np.int64(support[j]) + half * n
            swaps = np.uint64(0)
            for w in range(ox.shape[0]):
                swaps ^= oz[w] & x[r, w]
                ox[w] ^= x[r, w]
                oz[w] ^= z[r, w]
            total += phase[r] + 2 * _odd(swaps)
        if letters[j] == 3:
            total += 1  # Y = i X Z
    return total & 3


@njit(cache=True, nogil=True)
def pull_back(n, opcode, qubits, start, support, letters, turns, rotation, out_x, out_phase):
    """X bits and phases of every rotation's generator, pulled back through all that stands before it.

    Args:
        turns: (ops,) quarter turns of each rotation at this point; rotation: (ops,) row or -1.
        out_x: (rows, words) uint64, out_phase: (rows,) int64: generator |0> = i^phase |x>; overwritten.
    """
    words = out_x.shape[1]
    x = np.zeros((2 * n, words), np.uint64)
    z = np.zeros((2 * n, words), np.uint64)
    phase = np.zeros(2 * n, np.int64)
    px = np.zeros(words, np.uint64)
    pz = np.zeros(words, np.uint64)
    one = np.uint64(1)
    for q in range(n):
        x[q, q >> 6] = one << np.uint64(q & 63)
        z[n + q, q >> 6] = one << np.uint64(q & 63)
    for i in range(opcode.shape[0]):
        op = opcode[i]
        if op == 0:
            lo = start[i]
            hi = start[i + 1]
            power = _image(x, z, phase, n, support, letters, lo, hi, px, pz)
            if rotation[i] >= 0:
                for w in range(words):
                    out_x[rotation[i], w] = px[w]
                out_phase[rotation[i]] = power
            if turns[i] == 0:
                continue
            for j in range(lo, hi):
                for half in range(2):
                    # X anticommutes with Z and Y, Z with X and Y
                    if not letters[j] >> (1 - half) & 1:
                        continue
                    r = np.int64(support[j]) + half * n
                    if turns[i] == 2:
                        phase[r] = (phase[r] + 2) & 3
                    else:
                        _times(x, z, phase, r, px, pz, power + turns[i])
            continue
        q = np.int64(qubits[i, 0])
        a = q
        b = n + q
        if op == 1:
            for w in range(words):
                v = x[a, w]
                x[a, w] = x[b, w]
                x[b, w] = v
                v = z[a, w]
                z[a, w] = z[b, w]
                z[b, w] = v
            p = phase[a]
            phase[a] = phase[b]
            phase[b] = p
        elif op == 2 or op == 3:
            _read(x, z, b, px, pz)
            # X -> -+ Y = -+ i X Z = +- i Z X
            _times(x, z, phase, a, px, pz, phase[b] + (1 if op == 2 else 3))
        elif op == 4:
            phase[b] = (phase[b] + 2) & 3
        elif op == 5:
            phase[a] = (phase[a] + 2) & 3
            phase[b] = (phase[b] + 2) & 3
        elif op == 6:
            phase[a] = (phase[a] + 2) & 3
        elif op == 7 or op == 8:
            _read(x, z, a, px, pz)
            # Z -> +- Y = +- i X Z
            _times(x, z, phase, b, px, pz, phase[a] + (1 if op == 7 else 3))
        else:
            t = np.int64(qubits[i, 1])
            if op == 9:
                _read(x, z, t, px, pz)
                _times(x, z, phase, q, px, pz, phase[t])
                _read(x, z, n + q, px, pz)
                _times(x, z, phase, n + t, px, pz, phase[n + q])
            elif op == 10:
                _read(x, z, n + t, px, pz)
                _times(x, z, phase, q, px, pz, phase[n + t])
                _read(x, z, n + q, px, pz)
                _times(x, z, phase, t, px, pz, phase[n + q])
            else:
                for half in range(2):
                    u = q + half * n
                    v_ = t + half * n
                    for w in range(words):
                        v = x[u, w]
                        x[u, w] = x[v_, w]
                        x[v_, w] = v
                        v = z[u, w]
                        z[u, w] = z[v_, w]
                        z[v_, w] = v
                    p = phase[u]
                    phase[u] = phase[v_]
                    phase[v_] = p

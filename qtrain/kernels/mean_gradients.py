"""Mean cost and mean gradients where angles are not uniform: terms that branch at most once."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.terms import anticommutes, clifford_step


@njit(cache=True, nogil=True)
def mean_gradients(
    tape,
    keep,
    class_x,
    class_z,
    coefficient,
    bloch,
    mean,
    gradient,
):
    """E f and every E d_k f where E sin = 0: a term either stays everywhere or branches once, at k.

    Args:
        keep: (rows,) E cos; class_x, class_z: (terms, qubits) uint8; coefficient: (terms,).
        mean: (1,) and gradient: (rows,), added to.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    terms, n = class_x.shape
    ops = code.shape[0]
    for t in range(terms):
        x = class_x[t].copy()
        z = class_z[t].copy()
        value = coefficient[t]
        for i in range(ops):
            r = row[i]
            if r >= 0:
                if not anticommutes(tape, i, x, z):
                    continue
                bx = x.copy()
                bz = z.copy()
                sign = 1.0
                power = 1
                if start[i] == start[i + 1]:
                    q = q0[i]
                    letter = np.int64(code[i]) + 1
                    px, pz = letter & 1, letter >> 1
                    power += px * pz + bx[q] * bz[q] + 2 * (pz & bx[q])
                    bx[q] ^= px
                    bz[q] ^= pz
                    power -= bx[q] * bz[q]
                else:
                    for j in range(start[i], start[i + 1]):
                        q = support[j]
                        px, pz = np.int64(letters[j] & 1), np.int64(letters[j] >> 1)
                        power += px * pz + bx[q] * bz[q] + 2 * (pz & bx[q])
                        bx[q] ^= px
                        bz[q] ^= pz
                        power -= bx[q] * bz[q]
                if (power & 3) == 2:
                    sign = -1.0
                branched = value * sign * keep[r]
                for j in range(i + 1, ops):
                    if row[j] >= 0:
                        if anticommutes(tape, j, bx, bz):
                            branched *= keep[row[j]]
                    elif code[j] == 11 or code[j] == 12:
                        if bx[q0[j]] | bz[q0[j]] | bx[q1[j]] | bz[q1[j]]:
                            branched *= rate[j]
                    elif opcode[j] >= 0 and clifford_step(tape, j, bx, bz):
                        branched = -branched
                    if branched == 0.0:
                        break
                for q in range(n):
                    if bx[q] | bz[q]:
                        branched *= bloch[q, bx[q] + 2 * bz[q] - 1]
                gradient[r] += branched
                value *= keep[r]
            elif code[i] == 11 or code[i] == 12:
                if x[q0[i]] | z[q0[i]] | x[q1[i]] | z[q1[i]]:
                    value *= rate[i]
            elif opcode[i] >= 0 and clifford_step(tape, i, x, z):
                value = -value
        for q in range(n):
            if x[q] | z[q]:
                value *= bloch[q, x[q] + 2 * z[q] - 1]
        mean[0] += value

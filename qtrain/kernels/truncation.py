"""Largest weight and number of branchings of Pauli paths: what truncated propagations lose."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.terms import anticommutes, clifford_step


@njit(cache=True, nogil=True)
def _weight(x, z, qubits):
    total = 0
    for q in qubits:
        total += np.int64(x[q] | z[q])
    return total


@njit(cache=True, nogil=True)
def path_weights(
    tape,
    term_x,
    term_z,
    group,
    owner,
    place,
    seed,
    largest,
    branches,
    hit,
):
    """Walk one path for each entry of ``owner``; the terms of one group share its branches.

    Args:
        term_x, term_z: (terms, qubits) uint8, sorted by group; group: (groups + 1,) int64, their bounds. The
            terms of a group anticommute with the same rotations at every branch: they interfere.
        owner: (paths,) int64, group of each path; place: (paths + 1,) int64, bounds of its entries below.
        largest: (entries,) int64, overwritten: largest weight of each term anywhere on the path.
        branches: (paths,) int64, overwritten: anticommuting rotations met.
        hit: (entries,) bool, overwritten: whether the term has an expectation at the input.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    np.random.seed(seed)
    n = term_x.shape[1]
    widest = 1
    for g in range(group.shape[0] - 1):
        widest = max(widest, group[g + 1] - group[g])
    x = np.zeros((widest, n), np.uint8)
    z = np.zeros((widest, n), np.uint8)
    weight = np.zeros(widest, np.int64)
    everywhere = np.arange(n)
    pair = np.zeros(2, np.int64)
    for p in range(owner.shape[0]):
        first = group[owner[p]]
        size = group[owner[p] + 1] - first
        out = place[p]
        for m in range(size):
            for q in range(n):  # assigning rows would compile numba's text of shape errors
                x[m, q] = term_x[first + m, q]
                z[m, q] = term_z[first + m, q]
            weight[m] = _weight(x[m], z[m], everywhere)
            largest[out + m] = weight[m]
        met = 0
        for i in range(code.shape[0]):
            lo = start[i]
            hi = start[i + 1]
            if row[i] >= 0:
                if not anticommutes(tape, i, x[0], z[0]):
                    continue
                met += 1
                if np.random.random() < 0.5:
                    continue
                for m in range(size):
                    if lo == hi:
                        letter = code[i] + 1
                        weight[m] -= np.int64(x[m, q0[i]] | z[m, q0[i]])
                        x[m, q0[i]] ^= letter & 1
                        z[m, q0[i]] ^= letter >> 1
                        weight[m] += np.int64(x[m, q0[i]] | z[m, q0[i]])
                    else:
                        weight[m] -= _weight(x[m], z[m], support[lo:hi])
                        for j in range(lo, hi):
                            x[m, support[j]] ^= letters[j] & 1
                            z[m, support[j]] ^= letters[j] >> 1
                        weight[m] += _weight(x[m], z[m], support[lo:hi])
                    largest[out + m] = max(largest[out + m], weight[m])
            elif opcode[i] >= 9 or code[i] == 4:
                pair[0] = q0[i]
                pair[1] = q1[i]
                for m in range(size):
                    if code[i] == 4:
                        weight[m] -= _weight(x[m], z[m], support[lo:hi])
                    else:
                        weight[m] -= _weight(x[m], z[m], pair)
                    clifford_step(tape, i, x[m], z[m])
                    if code[i] == 4:
                        weight[m] += _weight(x[m], z[m], support[lo:hi])
                    else:
                        weight[m] += _weight(x[m], z[m], pair)
                    largest[out + m] = max(largest[out + m], weight[m])
            elif opcode[i] >= 1:
                for m in range(size):
                    clifford_step(tape, i, x[m], z[m])
        branches[p] = met
        for m in range(size):
            ok = True
            for q in range(n):
                ok = ok and x[m, q] == 0
            hit[out + m] = ok

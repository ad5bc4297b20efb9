"""Largest weight and number of branchings of Pauli paths: what truncated propagations lose."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.terms import anticommutes, clifford_step


@njit(cache=True, nogil=True)
def path_weights(
    code,
    q0,
    q1,
    row,
    start,
    support,
    letters,
    opcode,
    turns,
    class_x,
    class_z,
    target,
    owner,
    seed,
    largest,
    branches,
    hit,
):
    """Walk one path for each entry of ``owner``.

    Args:
        class_x, class_z, target: (classes, qubits) uint8; owner: (paths,) class of each path.
        largest, branches: (paths,) int64, overwritten: largest weight anywhere, anticommuting rotations met.
        hit: (paths,) bool, overwritten: whether the path has an expectation at the input.
    """
    np.random.seed(seed)
    n = class_x.shape[1]
    x = np.zeros(n, np.uint8)
    z = np.zeros(n, np.uint8)
    for p in range(owner.shape[0]):
        c = owner[p]
        for q in range(n):
            x[q] = class_x[c, q]
            z[q] = class_z[c, q]
        weight = np.int64(0)
        for q in range(n):
            weight += np.int64(x[q] | z[q])
        top = weight
        met = 0
        for i in range(code.shape[0]):
            lo = start[i]
            hi = start[i + 1]
            if row[i] >= 0:
                if not anticommutes(code, q0, i, start, support, letters, x, z):
                    continue
                met += 1
                if np.random.random() < 0.5:
                    continue
                if lo == hi:
                    letter = code[i] + 1
                    x[q0[i]] ^= letter & 1
                    z[q0[i]] ^= letter >> 1
                for j in range(lo, hi):
                    x[support[j]] ^= letters[j] & 1
                    z[support[j]] ^= letters[j] >> 1
                if lo == hi:
                    continue
            elif opcode[i] >= 9 or (code[i] == 4 and turns[i] % 2):
                clifford_step(code, q0, q1, opcode, turns, start, support, letters, i, x, z)
            else:
                if opcode[i] >= 0:
                    clifford_step(code, q0, q1, opcode, turns, start, support, letters, i, x, z)
                continue
            weight = np.int64(0)
            for q in range(n):
                weight += np.int64(x[q] | z[q])
            top = max(top, weight)
        largest[p] = top
        branches[p] = met
        ok = True
        for q in range(n):
            ok = ok and x[q] == target[c, q]
        hit[p] = ok

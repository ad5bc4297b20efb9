"""Weights along Pauli paths: what truncated propagations lose, and where a signal is spread over many qubits."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.clifford import act, meet, multiply, turn
from qtrain.kernels.opcodes import CX, QUARTER_TURN, ROTATION, SWAP

_LESS, _MORE = np.int64(-1), np.int64(1)  # typed: literals would each be compiled for


@njit(cache=True, nogil=True)
def _weigh(op, a, b, start, support, i, x, z, weight, factor, lanes):
    """Add ``factor`` times the letters on the qubits of place ``i``; one letter that moves stays a letter."""
    if op >= CX and op <= SWAP:
        for m in range(lanes):
            weight[m] += factor * np.int64((x[a, m] | z[a, m]) + (x[b, m] | z[b, m]))
    elif start[i + 1] - start[i] > 1:
        for j in range(start[i], start[i + 1]):
            q = support[j]
            for m in range(lanes):
                weight[m] += factor * np.int64(x[q, m] | z[q, m])


@njit(cache=True, nogil=True)
def _load(term_x, term_z, first, x, z, weight, lanes):
    """Terms ``first`` and behind, one a word, and their weights."""
    weight[:] = 0
    for q in range(x.shape[0]):
        for m in range(lanes):
            x[q, m] = np.uint64(term_x[first + m, q])
            z[q, m] = np.uint64(term_z[first + m, q])
            weight[m] += np.int64(x[q, m] | z[q, m])


@njit(cache=True, nogil=True)
def path_weights(
    steps, term_x, term_z, group, owner, place, seed, chance, largest, branches, sines, hit, weights, seen
):  # fmt: skip
    """Walk one path for each entry of ``owner``; the terms of one group share its branches.

    Args:
        term_x, term_z: (terms, qubits) uint8, sorted by group; group: (groups + 1,) int64, their bounds. The
            terms of a group anticommute with the same rotations at every branch: they interfere.
        owner: (paths,) int64, group of each path; place: (paths + 1,) int64, bounds of its entries below.
        chance: (rows,) float64, E sin^2 of each rotation's angle: how often a string becomes the other one.
        largest: (entries,) int64, overwritten: largest weight of each term anywhere on the path.
        branches: (paths,) int64, overwritten: anticommuting rotations met.
        sines: (paths,) int64, overwritten: at how many of them the string became the other one.
        hit: (entries,) bool, overwritten: whether the term has an expectation at the input.
        weights: (rows,) float64, seen: (rows,) int64, added to: weights of the first terms of paths where these
            anticommute with a rotation, and how often they do; or (0,) where that is not wanted.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    np.random.seed(seed)
    n = term_x.shape[1]
    widest = 1
    for g in range(group.shape[0] - 1):
        widest = max(widest, group[g + 1] - group[g])
    x = np.zeros((n, widest), np.uint64)
    z = np.zeros((n, widest), np.uint64)
    anti = np.zeros((1, widest), np.uint64)
    weight = np.zeros(widest, np.int64)
    sign = np.zeros(widest, np.uint64)  # not asked for: so gates are those that others have compiled
    plus = np.zeros(widest, np.uint64)
    for p in range(owner.shape[0]):
        first = group[owner[p]]
        size = group[owner[p] + 1] - first
        out = place[p]
        _load(term_x, term_z, first, x, z, weight, size)
        for m in range(size):
            largest[out + m] = weight[m]
        met = 0
        moved = 0
        for i in range(opcode.shape[0]):
            op = opcode[i]
            r = row[i]
            if r >= 0:
                meet(start, support, letters, i, x, z, anti, 0, None, size)
                if not anti[0, 0]:
                    continue
                met += 1
                if seen.shape[0]:
                    weights[r] += weight[0]
                    seen[r] += 1
                if np.random.random() >= chance[r]:
                    continue
                moved += 1
            elif op <= ROTATION or op > QUARTER_TURN:
                continue
            _weigh(op, q0[i], q1[i], start, support, i, x, z, weight, _LESS, size)
            if r >= 0:
                multiply(start, support, letters, i, x, z, anti, 0, None, size)
            elif op == QUARTER_TURN:
                turn(op, turns[i], start, support, letters, i, x, z, sign, anti, plus, size)
            else:
                act(op, q0[i], q1[i], x, z, sign, size)
            _weigh(op, q0[i], q1[i], start, support, i, x, z, weight, _MORE, size)
            for m in range(size):
                largest[out + m] = max(largest[out + m], weight[m])
        branches[p] = met
        sines[p] = moved
        for m in range(size):
            ok = True
            for q in range(n):
                ok = ok and x[q, m] == 0
            hit[out + m] = ok

"""The lowest cost of rotations by quarter turns: annealing and coordinate descent on Pauli strings.

A rotation by k quarter turns takes a string Q that anticommutes with its own P to Q, iPQ, -Q or -iPQ. The string of
each term is kept as it stands at each rotation, so that another angle only walks on with the terms it meets.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount


@njit(cache=True, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _anticommutes(px, pz, i, path_x, path_z, t, place):
    word = np.uint64(0)
    for w in range(px.shape[1]):
        word ^= (px[i, w] & path_z[t, place, w]) ^ (pz[i, w] & path_x[t, place, w])
    return popcount(word) & 1


@njit(cache=True, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _walk(px, pz, turns, path_x, path_z, path_sign, t, top, room):
    """From the front of rotation ``top`` to the input; returns the term's mean there: -1, 0 or 1.

    Args:
        path_x, path_z: (terms, rotations + 1 + 1, words), path_sign: (terms, rotations + 2): row i + 1 is the string
            that meets rotation i, row 0 what reaches the input; the last row is room for what is not kept.
        room: True: walk in the last row alone, nothing else changes.
    """
    words = px.shape[1]
    last = path_x.shape[1] - 1
    here = last if room else top + 1
    if room:
        for w in range(words):
            path_x[t, last, w] = path_x[t, top + 1, w]
            path_z[t, last, w] = path_z[t, top + 1, w]
        path_sign[t, last] = path_sign[t, top + 1]
    for i in range(top, -1, -1):
        after = last if room else i
        meets = turns[i] != 0 and _anticommutes(px, pz, i, path_x, path_z, t, here)
        exponent = 0
        if meets and turns[i] != 2:
            exponent = 1 if turns[i] == 1 else 3
            for w in range(words):
                qx = path_x[t, here, w]
                qz = path_z[t, here, w]
                exponent += popcount(px[i, w] & pz[i, w]) + popcount(qx & qz) + 2 * popcount(pz[i, w] & qx)
                qx ^= px[i, w]
                qz ^= pz[i, w]
                exponent -= popcount(qx & qz)
                path_x[t, after, w] = qx
                path_z[t, after, w] = qz
        elif not room:
            for w in range(words):
                path_x[t, after, w] = path_x[t, here, w]
                path_z[t, after, w] = path_z[t, here, w]
        flipped = (exponent & 3) == 2 or (meets and turns[i] == 2)
        path_sign[t, after] = -path_sign[t, here] if flipped else path_sign[t, here]
        here = after
    for w in range(words):
        if path_x[t, here, w]:
            return 0
    return np.int64(path_sign[t, here])


@njit(cache=True, nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _change(parameter, value, circuit, terms, point, commit):
    """By how much the cost changes where a parameter takes another value."""
    px, pz, factor, offset, first, own = circuit
    path_x, path_z, path_sign, mean, coefficient = terms
    values, turns = point
    before = values[parameter]
    for k in range(first[parameter], first[parameter + 1]):
        turns[own[k]] = (factor[own[k]] * value + offset[own[k]]) & 3
    change = 0.0
    for t in range(mean.shape[0]):
        for k in range(first[parameter], first[parameter + 1]):  # the last rotation first
            i = own[k]
            moved = turns[i] != (factor[i] * before + offset[i]) & 3
            if moved and _anticommutes(px, pz, i, path_x, path_z, t, i + 1):
                found = _walk(px, pz, turns, path_x, path_z, path_sign, t, i, not commit)
                change += coefficient[t] * (found - mean[t])
                if commit:
                    mean[t] = found
                break
    if commit:
        values[parameter] = value
    else:
        for k in range(first[parameter], first[parameter + 1]):
            turns[own[k]] = (factor[own[k]] * before + offset[own[k]]) & 3
    return change


@njit(cache=True, nogil=True)
def lower_cost(circuit, terms, values, proposed, step, chance, temperature, least, limit):
    """Anneal, then descend by one parameter at a time until none helps, with as few turns as the cost allows.

    Returns (cost, evaluations).

    Args:
        circuit: px, pz (rotations, words) uint64, factor, offset (rotations,) int64 quarter turns by a parameter's
            value and without it, first, own: CSR of the rotations of each parameter, the last in time first.
        terms: path_x, path_z, path_sign (see `_walk`; filled at row ``rotations``), mean (terms,) int64, coefficient.
        values: (parameters,) int64, changed in place.
        proposed, step: (proposals,) the parameter, and 1 to 3 to add to its value; chance: (proposals,) in [0, 1);
            temperature: (proposals,). least: a change below -least is one. limit: of the evaluations.
    """
    px, pz, factor, offset, first, own = circuit
    path_x, path_z, path_sign, mean, coefficient = terms
    rotations = px.shape[0]
    commit = limit > 0  # variables: each literal would be compiled for itself
    trial = not commit
    p = np.int64(0)
    turns = np.empty(rotations, np.int64)
    for i in range(rotations):
        turns[i] = offset[i] & 3
    for q in range(values.shape[0]):
        for k in range(first[q], first[q + 1]):
            turns[own[k]] = (factor[own[k]] * values[q] + offset[own[k]]) & 3
    for t in range(mean.shape[0]):
        mean[t] = _walk(px, pz, turns, path_x, path_z, path_sign, t, rotations - 1, trial)
    point = (values, turns)
    used = 1
    for a in range(proposed.shape[0]):
        if used >= limit:
            break
        value = (values[proposed[a]] + step[a]) & 3
        change = _change(proposed[a], value, circuit, terms, point, trial)
        used += 1
        if change <= 0.0 or chance[a] < math.exp(-change / temperature[a]):
            _change(proposed[a], value, circuit, terms, point, commit)
    settled = False
    while not settled and used < limit:
        quiet = 0
        while quiet < values.shape[0] and used < limit:
            best, best_change = values[p], -least
            for value in range(4):
                if value != values[p] and used < limit:
                    change = _change(p, value, circuit, terms, point, trial)
                    used += 1
                    if change < best_change:
                        best, best_change = value, change
            if best != values[p]:
                _change(p, best, circuit, terms, point, commit)
                quiet = 0
            else:
                quiet += 1
            p = (p + 1) % values.shape[0]
        settled = True
        for q in range(values.shape[0]):  # of points alike, the one of fewest turns
            if values[q] != 0 and used < limit:
                used += 1
                if _change(q, np.int64(0), circuit, terms, point, trial) <= least:
                    _change(q, np.int64(0), circuit, terms, point, commit)
                    settled = False
    cost = 0.0
    for t in range(mean.shape[0]):
        cost += coefficient[t] * mean[t]
    return cost, used

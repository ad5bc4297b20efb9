"""Loops over the basis states of a sector: which can be reached, and rotations as turns of pairs of amplitudes.

A *move* is x (a flip of bits) with strings z and numbers c: it takes the state s to s ^ x with the number
d(s) = sum of c (-1)^(z . s), and nowhere where that is 0. Amplitudes are (states, columns) float64 with ``lanes`` real
parts, then as many imaginary ones; or real parts alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount

DIAGONAL, REAL, IMAGINARY = 0, 1, 2  # what a generator's matrix elements are, without and with a flip
EMPTY = np.int64(-1)


@njit(cache=True, nogil=True)
def _slot(table, states, count, row):
    """Where a bit string stands in the table, or the empty place where it would."""
    mask = table.shape[0] - 1
    key = np.uint64(0)
    for w in range(row.shape[0]):
        key = (key ^ row[w]) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    at = np.int64(key & np.uint64(mask))
    while table[at] != EMPTY:
        found = table[at]
        same = True
        for w in range(row.shape[0]):
            if states[found, w] != row[w]:
                same = False
                break
        if same:
            return at
        at = (at + 1) & mask
    return at


@njit(cache=True, nogil=True)
def _element(states, i, z, c, first, end):
    total = 0.0
    for t in range(first, end):
        word = np.uint64(0)
        for w in range(z.shape[1]):
            word ^= states[i, w] & z[t, w]
        total += c[t] * (1.0 - 2.0 * (popcount(word) & 1))
    return total


@njit(cache=True, nogil=True)
def reach(x, first, z, c, least, capacity):
    """Bit strings that moves can reach from 0...0.

    Args:
        x: (moves, words) uint64; first: (moves + 1,) int64, strings ``z[first[m]:first[m + 1]]`` and ``c`` of move m.
        least: (moves,) numbers up to this are 0. capacity: most strings to find.

    Returns:
        states: (found, words) uint64, 0...0 first; table: int64, its hash table. No states above the capacity.
    """
    words = x.shape[1]
    size = 16
    while size < 2 * capacity:
        size *= 2
    table = np.full(size, EMPTY)
    states = np.zeros((capacity, words), np.uint64)
    row = np.zeros(words, np.uint64)
    table[_slot(table, states, 0, row)] = 0
    count = 1
    i = 0
    while i < count:
        for m in range(x.shape[0]):
            if abs(_element(states, i, z, c, first[m], first[m + 1])) <= least[m]:
                continue
            for w in range(words):
                row[w] = states[i, w] ^ x[m, w]
            at = _slot(table, states, count, row)
            if table[at] == EMPTY:
                if count == capacity:
                    return states[:0], table
                states[count] = row
                table[at] = count
                count += 1
        i += 1
    return states[:count].copy(), table


@njit(cache=True, nogil=True)
def link(states, table, x, z, c, least, target, value):
    """Where one move takes each state, -1 for nowhere or out of the sector, and with what number.

    Args:
        target: (states,) int64 and value: (states,) float64, both overwritten.
    """
    words = states.shape[1]
    row = np.zeros(words, np.uint64)
    for i in range(states.shape[0]):
        value[i] = _element(states, i, z, c, 0, z.shape[0])
        target[i] = -1
        if abs(value[i]) > least:
            for w in range(words):
                row[w] = states[i, w] ^ x[w]
            target[i] = table[_slot(table, states, states.shape[0], row)]


@njit(cache=True, nogil=True)
def _turn(psi, lanes, kind, first, end, a, b, cos, sin):
    """exp(-i angle G / 2) on the pairs of one segment; cos, sin: (columns,), of value * angle / 2."""
    columns = psi.shape[1]
    if kind == IMAGINARY:
        for e in range(first, end):
            i, j = a[e], b[e]
            for k in range(columns):
                u, v = psi[i, k], psi[j, k]
                psi[i, k] = cos[k] * u - sin[k] * v
                psi[j, k] = cos[k] * v + sin[k] * u
    elif kind == REAL:
        for e in range(first, end):
            i, j = a[e], b[e]
            for k in range(lanes):
                ur, ui, vr, vi = psi[i, k], psi[i, lanes + k], psi[j, k], psi[j, lanes + k]
                psi[i, k] = cos[k] * ur + sin[k] * vi
                psi[i, lanes + k] = cos[k] * ui - sin[k] * vr
                psi[j, k] = cos[k] * vr + sin[k] * ui
                psi[j, lanes + k] = cos[k] * vi - sin[k] * ur
    else:
        for e in range(first, end):
            i = a[e]
            for k in range(lanes):
                ur, ui = psi[i, k], psi[i, lanes + k]
                psi[i, k] = cos[k] * ur + sin[k] * ui
                psi[i, lanes + k] = cos[k] * ui - sin[k] * ur


@njit(cache=True, nogil=True)
def _slope(psi, dual, lanes, kind, first, end, a, b, out):
    """out[lane] += Im <dual| G |psi> / value over the pairs of one segment; out: (columns,), lanes of it matter."""
    columns = psi.shape[1]
    if kind == IMAGINARY:
        for e in range(first, end):
            i, j = a[e], b[e]
            for k in range(columns):
                out[k] += dual[j, k] * psi[i, k] - dual[i, k] * psi[j, k]
    elif kind == REAL:
        for e in range(first, end):
            i, j = a[e], b[e]
            for k in range(lanes):
                h = lanes + k
                out[k] += (
                    dual[i, k] * psi[j, h]
                    - dual[i, h] * psi[j, k]
                    + dual[j, k] * psi[i, h]
                    - dual[j, h] * psi[i, k]
                )
    else:
        for e in range(first, end):
            i = a[e]
            for k in range(lanes):
                out[k] += dual[i, k] * psi[i, lanes + k] - dual[i, lanes + k] * psi[i, k]


@njit(cache=True, nogil=True)
def evolve(psi, lanes, move, angle, segments, kind, value, first, a, b):
    """All steps on the amplitudes, in place.

    Args:
        psi: (states, columns). move: (steps,) int64; angle: (steps, lanes).
        segments: (moves + 1,) int64, segments of each move; kind, value: (segments,); first: (segments + 1,), pairs of
            each; a, b: (pairs,) int32. An imaginary pair has <b|G|a> = i value, a real one value.
    """
    columns = psi.shape[1]
    cos, sin = np.empty(columns), np.empty(columns)
    for t in range(move.shape[0]):
        for g in range(segments[move[t]], segments[move[t] + 1]):
            for k in range(columns):
                half = 0.5 * value[g] * angle[t, k % lanes]
                cos[k], sin[k] = np.cos(half), np.sin(half)
            _turn(psi, lanes, kind[g], first[g], first[g + 1], a, b, cos, sin)


@njit(cache=True, nogil=True)
def devolve(psi, dual, lanes, move, angle, segments, kind, value, first, a, b, slope):
    """Undo all steps on the state and on the observable times it, and note the slope of the cost by each angle.

    Args:
        dual: (states, columns), the observable times psi. slope: (steps, lanes), overwritten. Others as in `evolve`.
    """
    columns = psi.shape[1]
    cos, sin, out = np.empty(columns), np.empty(columns), np.empty(columns)
    for back in range(move.shape[0]):
        t = move.shape[0] - 1 - back
        slope[t] = 0.0
        for g in range(segments[move[t]], segments[move[t] + 1]):
            out[:] = 0.0
            _slope(psi, dual, lanes, kind[g], first[g], first[g + 1], a, b, out)
            for k in range(columns if kind[g] == IMAGINARY else lanes):
                slope[t, k % lanes] += value[g] * out[k]
            for k in range(columns):
                half = -0.5 * value[g] * angle[t, k % lanes]
                cos[k], sin[k] = np.cos(half), np.sin(half)
            _turn(psi, lanes, kind[g], first[g], first[g + 1], a, b, cos, sin)
            _turn(dual, lanes, kind[g], first[g], first[g + 1], a, b, cos, sin)


@njit(cache=True, nogil=True)
def add_tangent(psi, lanes, lane, factor, kind, value, first, a, b, begin, end):
    """Add factor * (-i / 2) G times lane 0 to another lane; segments begin to end are those of G."""
    for g in range(begin, end):
        r = 0.5 * factor * value[g]
        for e in range(first[g], first[g + 1]):
            i, j = a[e], b[e]
            if kind[g] == IMAGINARY:
                psi[j, lane] += r * psi[i, 0]
                psi[j, lanes + lane] += r * psi[i, lanes]
                psi[i, lane] -= r * psi[j, 0]
                psi[i, lanes + lane] -= r * psi[j, lanes]
            else:
                psi[i, lane] += r * psi[j, lanes]
                psi[i, lanes + lane] -= r * psi[j, 0]
                if kind[g] == REAL:
                    psi[j, lane] += r * psi[i, lanes]
                    psi[j, lanes + lane] -= r * psi[i, 0]

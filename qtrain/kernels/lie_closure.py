"""Closure of a space of vectors under matrices modulo a prime near 2^61: what Lie closures need.

A float is a whole number times a power of two, so it has an exact residue, and rounding plays no part. Products of
two residues add up in 128 bits and are reduced once for a whole dot product. A random functional that vanishes on the
space tells vectors that are new from those that are not (it errs with probability 2^-61).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from qtrain.kernels.bits import lowest

SHORT = (1, 31, 45)  # 2^61 - c is prime for each of them
CLOSED, LIMIT, ROOM, PAUSE = range(4)
_BITS = 61
_BLOCK = 32  # products below 2^122 that 128 bits can add up, and to spare
_WIDE = ir.IntType(128)
_ZERO, _ONE = np.uint64(0), np.uint64(1)


def prime(short: int) -> int:
    return int(2**_BITS - short)


def _multiply_add(typingctx: Any, high: Any, low: Any, a: Any, b: Any) -> Any:
    """(high, low) of the 128-bit sum high * 2^64 + low + a * b."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        top, bottom, x, y = (builder.zext(value, _WIDE) for value in args)
        shift = ir.Constant(_WIDE, 64)
        total = builder.add(builder.or_(builder.shl(top, shift), bottom), builder.mul(x, y))
        word = ir.IntType(64)
        parts = [builder.trunc(builder.lshr(total, shift), word), builder.trunc(total, word)]
        return context.make_tuple(builder, sig.return_type, parts)

    return types.UniTuple(types.uint64, 2)(  # type: ignore[attr-defined]
        types.uint64, types.uint64, types.uint64, types.uint64
    ), codegen


def _fold(typingctx: Any, high: Any, low: Any, short: Any) -> Any:
    """The residue of high * 2^64 + low modulo 2^61 - short."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        top, bottom, c = (builder.zext(value, _WIDE) for value in args)
        shift, mask = ir.Constant(_WIDE, _BITS), ir.Constant(_WIDE, 2**_BITS - 1)
        value = builder.or_(builder.shl(top, ir.Constant(_WIDE, 64)), bottom)
        for _ in range(2):  # 2^61 = short: 128 bits, 73 bits, hardly more than 61 bits
            value = builder.add(builder.and_(value, mask), builder.mul(builder.lshr(value, shift), c))
        p = builder.sub(ir.Constant(_WIDE, 2**_BITS), c)
        large = builder.icmp_unsigned(">=", value, p)
        return builder.trunc(builder.select(large, builder.sub(value, p), value), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64, types.uint64), codegen


_madd: Any = intrinsic(_multiply_add)
_mod: Any = intrinsic(_fold)


@njit(cache=True, nogil=True)
def _times(a, b, short):
    high, low = _madd(_ZERO, _ZERO, a, b)
    return _mod(high, low, short)


@njit(cache=True, nogil=True)
def _inverse(a, short):
    """1 / a, by Fermat."""
    result = np.uint64(1)
    power = np.uint64((1 << 61) - 2) - short
    while power:
        if power & np.uint64(1):
            result = _times(result, a, short)
        a = _times(a, a, short)
        power >>= np.uint64(1)
    return result


@njit(cache=True, nogil=True)
def _dot_at(places, values, first, last, dense, short):
    """Sum of values[k] dense[places[k]] for first <= k < last."""
    high, low = _ZERO, _ZERO
    while last - first >= _BLOCK:
        for k in range(first, first + _BLOCK):
            high, low = _madd(high, low, values[k], dense[places[k]])
        high, low = _ZERO, _mod(high, low, short)
        first += _BLOCK
    for k in range(first, last):
        high, low = _madd(high, low, values[k], dense[places[k]])
    return _mod(high, low, short)


@njit(cache=True, nogil=True)
def brackets(places, values, start, place, term, sign, uses, matrix, weights, short, ends):
    """Images of one vector under all matrices: (places, residues), those of matrix g from ends[g] to ends[g + 1].

    Args:
        places, values: nonzero entries of the vector. start: (size + 1,), place, term, sign: for every column of the
            matrices its entries sign * weight of the term, at ``place``. uses: (terms + 1,), matrix, weights: the
            matrices that have a term, and with which residue. ends: (matrices + 2,) int64, overwritten.

    A place may come several times.
    """
    ends[:] = 0
    for i in range(places.shape[0]):
        for e in range(start[places[i]], start[places[i] + 1]):
            for u in range(uses[term[e]], uses[term[e] + 1]):
                ends[matrix[u] + 2] += 1
    for g in range(1, ends.shape[0]):
        ends[g] += ends[g - 1]
    out = np.empty(ends[-1], np.int32)
    residues = np.empty(ends[-1], np.uint64)
    p = np.uint64(1 << 61) - short
    for i in range(places.shape[0]):
        v = values[i]
        for e in range(start[places[i]], start[places[i] + 1]):
            f = v if sign[e] > 0 else p - v
            for u in range(uses[term[e]], uses[term[e] + 1]):
                at = ends[matrix[u] + 1]
                out[at] = place[e]
                residues[at] = f if weights[u] == _ONE else _times(f, weights[u], short)
                ends[matrix[u] + 1] = at + 1
    return out, residues


@njit(cache=True, nogil=True)
def _reduce(row, high, marks, ends, places, values, lead, short):
    """Subtract lines from ``row`` until its first entry is at no line's pivot; that place, and the products taken.

    ``marks``: bits of the places where ``row`` may have entries; at the end what is left of them, from the place
    returned on, where ``high`` is still to be folded into ``row``.
    """
    waiting = 0
    taken = 0
    for w in range(marks.shape[0]):
        while marks[w]:
            c = 64 * w + lowest(marks[w])
            f = _mod(high[c], row[c], short)
            row[c] = f
            high[c] = _ZERO
            j = lead[c]
            if f and j < 0:
                return c, taken
            marks[w] &= marks[w] - _ONE
            row[c] = _ZERO
            if f == _ZERO:
                continue
            f = np.uint64(1 << 61) - short - f
            for k in range(ends[j] + 1, ends[j + 1]):
                at = places[k]
                high[at], row[at] = _madd(high[at], row[at], values[k], f)
                marks[at >> 6] |= _ONE << np.uint64(at & 63)
            taken += ends[j + 1] - ends[j]
            waiting += 1
            if waiting == _BLOCK:
                waiting = 0
                for v in range(w, marks.shape[0]):
                    word = marks[v]
                    while word:
                        k = 64 * v + lowest(word)
                        word &= word - _ONE
                        high[k], row[k] = _ZERO, _mod(high[k], row[k], short)
    return -1, taken


@njit(cache=True, nogil=True)
def _keep_null(null, first, change, delta, ends, places, values, lead, short):
    """Add ``change`` to ``null`` at the newest pivot, and at earlier columns what makes it vanish on their lines."""
    p = np.uint64(1 << 61) - short
    delta[:] = _ZERO
    for c in range(first, -1, -1):
        j = lead[c]
        if j < 0:
            continue
        f = change
        if c < first:
            f = _dot_at(places, values, ends[j], ends[j + 1], delta, short)
            f = p - f if f else f
        delta[c] = f
        f += null[c]
        null[c] = f - p if f >= p else f


@njit(cache=True, nogil=True)
def close_span(
    start, place, term, sign, uses, matrix, weights, safe, seed_ends, seed_places, seed_values, ends, places, entries,
    lead, null, state, limit, work, short
):
    """Grow the smallest space that holds the seeds and is closed under the matrices, as far as room and work allow.

    Args:
        start, place, term, sign, uses, matrix, weights: matrices of ``brackets``, all (size, size). safe: (size,) bool,
            the columns whose images are known; vectors beyond them are kept, but not moved. seed_ends: (seeds + 1,),
            seed_places, seed_values: nonzero residues of each seed.
        ends: (limit + 1,) int64, zeros at first; places, entries: nonzero entries ends[j] to ends[j + 1] of line j,
            the first of which, its pivot, is 1 and at no other line's pivot.
        lead: (size,) int64, -1 at first: the line whose pivot is there. null: (size,) random residues at first.
        state: (4,) int64, zeros at first: lines found; seeds tried; brackets tried; vectors not moved. All are changed
            in place, so that the next call goes on from there. limit: lines at most; work: products before a pause.

    Returns:
        CLOSED, LIMIT (there are more lines than that), ROOM (``places`` is full) or PAUSE.
    """
    size = lead.shape[0]
    seeds = seed_ends.shape[0] - 1
    p = np.uint64(1 << 61) - short
    row, high, delta = np.zeros(size, np.uint64), np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    marks = np.zeros((size + 63) // 64, np.uint64)
    matrices = 0
    for u in range(matrix.shape[0]):
        matrices = max(matrices, matrix[u] + 1)
    bounds = np.zeros(matrices + 2, np.int64)
    where = np.empty(0, np.int32)
    what = np.empty(0, np.uint64)
    loaded = -1
    while state[0] < size:
        count = state[0]
        if state[1] < seeds:
            first, last = seed_ends[state[1]], seed_ends[state[1] + 1]
            near, far = seed_places, seed_values
        else:
            k = state[2] // matrices if matrices else count
            if k == count:
                return CLOSED
            if loaded != k:
                known = True
                for i in range(ends[k], ends[k + 1]):
                    known = known and safe[places[i]]
                if not known:
                    state[2] += matrices
                    state[3] += 1
                    continue
                where, what = brackets(
                    places[ends[k] : ends[k + 1]], entries[ends[k] : ends[k + 1]], start, place, term, sign, uses,
                    matrix, weights, short, bounds
                )
                loaded = k
                work -= 2 * where.shape[0] + ends[k + 1] - ends[k]
            g = state[2] % matrices
            first, last = bounds[g], bounds[g + 1]
            near, far = where, what
        work -= last - first + 1
        if first < last:
            if _dot_at(near, far, first, last, null, short):
                if count == limit:
                    return LIMIT
                used = ends[count]
                if used + size > places.shape[0]:
                    return ROOM
                for i in range(first, last):
                    total = row[near[i]] + far[i]
                    row[near[i]] = total - p if total >= p else total
                    marks[near[i] >> 6] |= _ONE << np.uint64(near[i] & 63)
                pivot, taken = _reduce(row, high, marks, ends, places, entries, lead, short)
                scale = _inverse(row[pivot], short)
                change, much = _ZERO, _ZERO
                for w in range(pivot >> 6, marks.shape[0]):
                    while marks[w]:
                        c = 64 * w + lowest(marks[w])
                        marks[w] &= marks[w] - _ONE
                        f = _mod(high[c], row[c], short)
                        row[c], high[c] = _ZERO, _ZERO
                        if f:
                            places[used] = c
                            entries[used] = _times(f, scale, short)
                            much, change = _madd(much, change, entries[used], null[c])
                            much, change = _ZERO, _mod(much, change, short)
                            used += 1
                work -= 2 * (taken + used - ends[count]) + ends[count] + size // 8
                ends[count + 1] = used
                lead[pivot] = count
                _keep_null(null, pivot, p - change, delta, ends, places, entries, lead, short)
                state[0] += 1
        state[1 if state[1] < seeds else 2] += 1
        if work < 0:
            return PAUSE
    return CLOSED

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

SHORT = (1, 31, 45)  # 2^61 - c is prime for each of them
CLOSED, LIMIT, ROOM, PAUSE = range(4)
_BITS = 61
_BLOCK = 32  # products below 2^122 that 128 bits can add up, and to spare
_WIDE = ir.IntType(128)
_ZERO = np.uint64(0)


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
def _dot(a, b, short):
    high, low = _ZERO, _ZERO
    for k in range(a.shape[0]):
        if k % _BLOCK == _BLOCK - 1:
            high, low = _ZERO, _mod(high, low, short)
        high, low = _madd(high, low, a[k], b[k])
    return _mod(high, low, short)


@njit(cache=True, nogil=True)
def add_entries(start, term, other, sign, coefficients, short, starts, columns, values):
    """CSR matrices of sums over terms: entry (k, other[i]) of matrix g is the sum of sign[i] coefficients[g, term[i]].

    Args:
        start: (rows + 1,), term, other, sign: entries of every row. coefficients: (matrices, terms) uint64 residues.
        starts: (matrices, rows + 1) int64, columns, values: (matrices * entries,), overwritten.

    Returns:
        Number of entries written.
    """
    rows = start.shape[0] - 1
    p = np.uint64(1 << 61) - short
    place = np.full(rows, -1, np.int64)
    count = 0
    for g in range(coefficients.shape[0]):
        for k in range(rows):
            starts[g, k] = count
            for i in range(start[k], start[k + 1]):
                c = coefficients[g, term[i]]
                if c == _ZERO:
                    continue
                if sign[i] < 0:
                    c = p - c
                at = place[other[i]]
                if at < starts[g, k]:
                    place[other[i]] = count
                    columns[count] = other[i]
                    values[count] = c
                    count += 1
                else:
                    total = values[at] + c
                    values[at] = total - p if total >= p else total
        starts[g, rows] = count
        place[:] = -1
    return count


@njit(cache=True, nogil=True)
def bracket(start, column, value, row, short):
    """A row for a CSR matrix A."""
    out = np.empty_like(row)
    for i in range(out.shape[0]):
        out[i] = _dot_at(column, value, start[i], start[i + 1], row, short)
    return out


@njit(cache=True, nogil=True)
def _reduce(row, high, ends, places, values, lead, short):
    """Subtract lines from ``row`` until its first entry is at no line's pivot; that place, and the products taken."""
    size = row.shape[0]
    high[:] = _ZERO
    waiting = 0
    taken = 0
    for c in range(size):
        f = _mod(high[c], row[c], short)
        row[c] = f
        high[c] = _ZERO
        if f == _ZERO:
            continue
        j = lead[c]
        if j < 0:
            for k in range(c + 1, size):
                row[k] = _mod(high[k], row[k], short)
            return c, taken
        f = np.uint64(1 << 61) - short - f
        for k in range(ends[j], ends[j + 1]):
            at = places[k]
            high[at], row[at] = _madd(high[at], row[at], values[k], f)
        row[c] = _ZERO
        high[c] = _ZERO
        taken += ends[j + 1] - ends[j]
        waiting += 1
        if waiting == _BLOCK:
            waiting = 0
            for k in range(c + 1, size):
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
    starts, columns, values, safe, seeds, ends, places, entries, lead, null, state, limit, work, short
):
    """Grow the smallest space that holds the seeds and is closed under the matrices, as far as room and work allow.

    Args:
        starts, columns, values: matrices of ``add_entries``, all (size, size). safe: (size,) bool, the columns whose
            images are known; vectors beyond them are kept, but not moved. seeds: (seeds, size) residues.
        ends: (limit + 1,) int64, zeros at first; places, entries: nonzero entries ends[j] to ends[j + 1] of line j,
            the first of which, its pivot, is 1 and at no other line's pivot.
        lead: (size,) int64, -1 at first: the line whose pivot is there. null: (size,) random residues at first.
        state: (4,) int64, zeros at first: lines found; seeds tried; brackets tried; vectors not moved. All are changed
            in place, so that the next call goes on from there. limit: lines at most; work: products before a pause.

    Returns:
        CLOSED, LIMIT (there are more lines than that), ROOM (``places`` is full) or PAUSE.
    """
    size = lead.shape[0]
    matrices = starts.shape[0]
    p = np.uint64(1 << 61) - short
    source = np.empty(size, np.uint64)
    scratch = np.empty(size, np.uint64)
    loaded = -1
    while state[0] < size:
        count = state[0]
        if state[1] < seeds.shape[0]:
            row = seeds[state[1]].copy()
        else:
            k = state[2] // matrices
            if k == count:
                return CLOSED
            if loaded != k:
                source[:] = _ZERO
                known = True
                for i in range(ends[k], ends[k + 1]):
                    source[places[i]] = entries[i]
                    known = known and safe[places[i]]
                if not known:
                    state[2] += matrices
                    state[3] += 1
                    continue
                loaded = k
            g = state[2] % matrices
            row = bracket(starts[g], columns, values, source, short)
            work -= starts[g, size] - starts[g, 0]
        work -= size
        if _dot(null, row, short):
            if count == limit:
                return LIMIT
            used = ends[count]
            if used + size > places.shape[0]:
                return ROOM
            first, taken = _reduce(row, scratch, ends, places, entries, lead, short)
            work -= 2 * taken + size
            scale = _inverse(row[first], short)
            for c in range(first, size):
                if row[c]:
                    row[c] = _times(row[c], scale, short)
                    places[used] = c
                    entries[used] = row[c]
                    used += 1
            ends[count + 1] = used
            lead[first] = count
            _keep_null(null, first, p - _dot(null, row, short), scratch, ends, places, entries, lead, short)
            state[0] += 1
        state[1 if state[1] < seeds.shape[0] else 2] += 1
        if work < 0:
            return PAUSE
    return CLOSED

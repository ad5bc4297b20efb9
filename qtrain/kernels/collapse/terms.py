"""Terms of a collapsing operator: Pauli strings, packed in words, with trigonometric digits and coefficients.

A row is a term: ``x``, ``z`` (2, rows, words) uint64, ``slot`` (2, rows) int64 digits of the open parameters,
``values`` (2, rows, columns) its coefficient and the derivatives of it; of the two halves, one holds the operator and
the other what it becomes. Equal terms are found by a table of open addresses that is never cleared: a generation marks
what is new. Arrays stand apart and halves are numbers, which halves what numba takes to compile.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.opcodes import CX, CZ, NOISE_LETTERS, SDG, SWAP, SX, SXDG, H, S, X, Y, Z

# Power i^e of a product of two letters (1 X, 2 Z, 3 Y) other than its letter: X Y = i Z.
EPS = np.zeros((4, 4), np.int64)
EPS[1, 3] = EPS[3, 2] = EPS[2, 1] = 1
EPS[3, 1] = EPS[2, 3] = EPS[1, 2] = -1


@njit(cache=True, nogil=True, error_model="numpy")
def gate(op, q0, q1, x, z, values, b, count, columns):
    """A -> C^dagger A C, term by term; see `clifford.act`."""
    one = np.uint64(1)
    wa, sa = q0 >> 6, np.uint64(q0 & 63)
    wb, sb = max(q1, 0) >> 6, np.uint64(max(q1, 0) & 63)
    for e in range(count):
        xa, za = (x[b, e, wa] >> sa) & one, (z[b, e, wa] >> sa) & one
        flip = np.uint64(0)
        if op == CX or op == CZ or op == SWAP:
            xb, zb = (x[b, e, wb] >> sb) & one, (z[b, e, wb] >> sb) & one
            if op == CX:
                flip = xa & zb & ~(xb ^ za)
                x[b, e, wb] ^= xa << sb
                z[b, e, wa] ^= zb << sa
            elif op == CZ:
                flip = xa & xb & (za ^ zb)
                z[b, e, wb] ^= xa << sb
                z[b, e, wa] ^= xb << sa
            else:
                x[b, e, wa] ^= (xa ^ xb) << sa
                x[b, e, wb] ^= (xa ^ xb) << sb
                z[b, e, wa] ^= (za ^ zb) << sa
                z[b, e, wb] ^= (za ^ zb) << sb
        elif op == H:
            flip = xa & za
            x[b, e, wa] ^= (xa ^ za) << sa
            z[b, e, wa] ^= (xa ^ za) << sa
        elif op == S or op == SDG:
            flip = xa & (za if op == SDG else ~za)
            z[b, e, wa] ^= xa << sa
        elif op == SX or op == SXDG:
            flip = za & (xa if op == SX else ~xa)
            x[b, e, wa] ^= za << sa
        elif op == X:
            flip = za
        elif op == Y:
            flip = xa ^ za
        elif op == Z:
            flip = xa
        if flip & one:
            for c in range(columns):
                values[b, e, c] = -values[b, e, c]


@njit(cache=True, nogil=True, error_model="numpy")
def meet(start, support, letters, i, x, z, b, count, flips):
    """Sign of i P Q for the terms Q that anticommute with the rotation's P, 0 for the others; how many do."""
    one = np.uint64(1)
    some = 0
    for e in range(count):
        power = 1
        for j in range(start[i], start[i + 1]):
            w, s = support[j] >> 6, np.uint64(support[j] & 63)
            letter = np.int64((x[b, e, w] >> s) & one) | np.int64((z[b, e, w] >> s) & one) << 1
            power += EPS[letters[j], letter]
        flips[e] = 0 if power & 1 else 1 - (power & 3)
        some += 1 - (power & 1)
    return some


@njit(cache=True, nogil=True, error_model="numpy")
def multiply(start, support, letters, i, x, z, b, e):
    """Q -> P Q without its phase."""
    for j in range(start[i], start[i + 1]):
        w, s = support[j] >> 6, np.uint64(support[j] & 63)
        x[b, e, w] ^= np.uint64(letters[j] & 1) << s
        z[b, e, w] ^= np.uint64(letters[j] >> 1) << s


@njit(cache=True, nogil=True, error_model="numpy")
def copy(x, z, slot, values, b, e, to, k, factor, columns):
    """Row e of half b times a factor, into row k of half ``to``."""
    for w in range(x.shape[2]):
        x[to, k, w] = x[b, e, w]
        z[to, k, w] = z[b, e, w]
    slot[to, k] = slot[b, e]
    for c in range(columns):
        values[to, k, c] = factor * values[b, e, c]


@njit(cache=True, nogil=True, error_model="numpy")
def settle(x, z, slot, values, b, count, columns, table, generation):
    """Add the term in row ``count`` to an equal one, or keep it; the new count."""
    h = np.uint64(slot[b, count]) * np.uint64(0x9E3779B97F4A7C15)
    for w in range(x.shape[2]):
        h = (h ^ x[b, count, w]) * np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(31)
        h = (h ^ z[b, count, w]) * np.uint64(0x94D049BB133111EB)
        h ^= h >> np.uint64(29)
    mask = table.shape[0] - 1
    place = np.int64(h & np.uint64(mask))
    while table[place] >> 32 == generation:
        k = table[place] & 0xFFFFFFFF
        same = slot[b, k] == slot[b, count]
        for w in range(x.shape[2]):
            same &= x[b, k, w] == x[b, count, w] and z[b, k, w] == z[b, count, w]
        if same:
            for c in range(columns):
                values[b, k, c] += values[b, count, c]
            return count
        place = (place + 1) & mask
    table[place] = generation << 32 | count
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def damp(op, q0, q1, code, rate, x, z, values, b, count, columns):
    """Noise that multiplies what touches its qubits, or what has the letters of ``code`` there."""
    one = np.uint64(1)
    for e in range(count):
        first = np.int64((x[b, e, q0 >> 6] >> np.uint64(q0 & 63)) & one)
        first |= np.int64((z[b, e, q0 >> 6] >> np.uint64(q0 & 63)) & one) << 1
        second = np.int64((x[b, e, q1 >> 6] >> np.uint64(q1 & 63)) & one)
        second |= np.int64((z[b, e, q1 >> 6] >> np.uint64(q1 & 63)) & one) << 1
        met = first | second << 2
        if met == code if op == NOISE_LETTERS else met != 0:
            for c in range(columns):
                values[b, e, c] *= rate


@njit(cache=True, nogil=True, error_model="numpy")
def pull(q, rate, x, z, slot, values, b, count, columns, cap, table, generation):
    """Noise that pulls Z on a qubit towards a constant: Z -> Z + rate I. The new count, -1 above the cap."""
    w, bit = q >> 6, np.uint64(1) << np.uint64(q & 63)
    total = np.int64(0)
    for e in range(count):
        for part in range(2):
            if part == 1 and (x[b, e, w] & bit or not z[b, e, w] & bit):
                continue
            if total == cap:
                return -1
            copy(x, z, slot, values, b, e, 1 - b, total, rate if part else 1.0, columns)
            if part:
                z[1 - b, total, w] ^= bit
            total = settle(x, z, slot, values, 1 - b, total, columns, table, generation)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _trig(digit, m, part):
    """Part 0, 1 of the function times cos m t; 2, 3 of it times sin m t: new digit and factor, -1 for none.

    Digits: 0 for 1, 2 k - 1 for cos k t, 2 k for sin k t.
    """
    if digit == 0:
        return (2 * m - 1 if part == 0 else 2 * m if part == 2 else -1), 1.0
    k = (digit + 1) >> 1
    is_cos = digit & 1 == 1
    gap = abs(k - m)
    if part & 1 == 0:
        if part == 0:
            return (2 * (k + m) - 1 if is_cos else 2 * (k + m)), 0.5
        return (2 * (k + m), 0.5) if is_cos else (2 * (k + m) - 1, -0.5)
    if is_cos == (part == 1):  # cos cos, sin sin
        return max(2 * gap - 1, 0), 0.5
    if gap == 0:
        return -1, 0.0
    sign = 0.5 if (k > m) == (part == 1) else -0.5
    return 2 * gap, sign


@njit(cache=True, nogil=True, error_model="numpy")
def grow(
    start, support, letters, i, window, shift, mask, multiple, cos, sin, factor, own, flips, x, z, slot, values, b,
    count, columns, cap, table, generation,
):  # fmt: skip
    """Rotate: terms that anticommute become two (or four, of an open parameter). The new count, -1 above the cap.

    Args:
        window, shift, mask, multiple: of an open parameter, its digit and frequency; else cos, sin of the angle,
        factor: its derivative, own: the column for it, or 0. b: the half to read; the other is written.
    """
    to = 1 - b
    m, sense = abs(multiple), (1.0 if multiple > 0 else -1.0)
    total = np.int64(0)
    for e in range(count):
        for part in range(4):
            anti = flips[e] != 0
            moved = anti and part >= 2
            share = 1.0
            digit = np.int64(0)
            if not anti:
                if part:
                    break
            elif window:
                digit, share = _trig((slot[b, e] >> shift) & mask, m, part)
                if digit < 0:
                    continue
                share *= sense * flips[e] if moved else 1.0
            elif part & 1:
                continue
            else:
                share = sin * flips[e] if moved else cos
            if total == cap:
                return -1
            copy(x, z, slot, values, b, e, to, total, share, columns)
            if anti and window:
                slot[to, total] = (slot[b, e] & ~(mask << shift)) | (digit << shift)
            if anti and own:
                values[to, total, own] += factor * values[b, e, 0] * (cos * flips[e] if moved else -sin)
            if moved:
                multiply(start, support, letters, i, x, z, to, total)
            total = settle(x, z, slot, values, to, total, columns, table, generation)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def drop(x, z, slot, values, b, count, columns):
    """Leave out what cancelled to rounding."""
    kept = np.int64(0)
    for c in range(columns):
        top = 0.0
        for e in range(count):
            top = max(top, abs(values[b, e, c]))
        for e in range(count):
            if abs(values[b, e, c]) <= 1e-15 * top:
                values[b, e, c] = 0.0
    for e in range(count):
        some = False
        for c in range(columns):
            some |= values[b, e, c] != 0.0
        if some:
            if kept < e:
                copy(x, z, slot, values, b, e, b, kept, 1.0, columns)
            kept += 1
    return kept


@njit(cache=True, nogil=True, error_model="numpy")
def worth_of(slot, values, b, e, columns, masks, num_open, mix):
    """Squared norm of a term, averaged over the open parameters, with a share of its derivatives."""
    result = values[b, e, 0] * values[b, e, 0]
    for c in range(1, columns):
        result += mix[c] * values[b, e, c] * values[b, e, c]
    for k in range(num_open):
        if slot[b, e] & masks[k]:
            result *= 0.5
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def expectation(x, z, b, e, bloch, point):
    """Of a string in a product state."""
    one = np.uint64(1)
    value = 1.0
    for w in range(x.shape[2]):
        word = x[b, e, w] | z[b, e, w]
        q = 64 * w
        while word:
            while not word & one:
                word >>= one
                q += 1
            s = np.uint64(q & 63)
            value *= bloch[point, q, np.int64((x[b, e, w] >> s) & one) + 2 * np.int64((z[b, e, w] >> s) & one) - 1]
            if value == 0.0:
                return 0.0
            word &= ~one
    return value

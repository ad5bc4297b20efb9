"""Exact linear algebra modulo a prime, and the Arf invariant: what Lie closures need."""

from __future__ import annotations

import numpy as np
from numba import njit

FOLD = 128  # products of two 28-bit residues that a 64-bit word can add up


@njit(cache=True, nogil=True)
def reduce_row(rows, pivots, count, row, p):
    """Subtract from ``row`` what the first ``count`` reduced rows explain; returns its first column, or -1.

    Args:
        rows: (max, columns) uint32, reduced echelon form; pivots: (max,) int64 its pivot columns.
        row: (columns,) uint64 residues, in place. p: a prime below 2^28.
    """
    columns = row.shape[0]
    work = np.zeros(columns, np.uint64)
    folded = 0
    factors = np.zeros(count, np.uint64)
    for j in range(count):
        factors[j] = row[pivots[j]]
    for j in range(count):
        if factors[j] == 0:
            continue
        f = np.uint64(p) - factors[j]
        line = rows[j]
        for c in range(columns):
            work[c] += f * np.uint64(line[c])
        folded += 1
        if folded == FOLD:
            for c in range(columns):
                work[c] %= np.uint64(p)
            folded = 0
    first = -1
    for c in range(columns):
        row[c] = (row[c] + work[c]) % np.uint64(p)
        if first < 0 and row[c] != 0:
            first = c
    return first


@njit(cache=True, nogil=True)
def inverse(a, p):
    """1 / a modulo the prime p, by Fermat."""
    result = np.uint64(1)
    base = np.uint64(a)
    power = np.uint64(p - 2)
    while power:
        if power & np.uint64(1):
            result = result * base % np.uint64(p)
        base = base * base % np.uint64(p)
        power >>= np.uint64(1)
    return result


@njit(cache=True, nogil=True)
def insert_row(rows, pivots, count, row, first, p):
    """Add a reduced row with its first column and clear that column elsewhere."""
    columns = row.shape[0]
    f = inverse(row[first], p)
    for c in range(columns):
        rows[count, c] = np.uint32(row[c] * f % np.uint64(p))
    pivots[count] = first
    for j in range(count):
        f = np.uint64(rows[j, first])
        if f:
            f = np.uint64(p) - f
            for c in range(columns):
                if rows[count, c]:
                    rows[j, c] = np.uint32(
                        (np.uint64(rows[j, c]) + f * np.uint64(rows[count, c])) % np.uint64(p)
                    )


@njit(cache=True, nogil=True)
def bracket(start, column, value, row, out, p):
    """out = A row modulo p for a CSR matrix with residues ``value``."""
    for i in range(out.shape[0]):
        total = np.uint64(0)
        for k in range(start[i], start[i + 1]):
            v = row[column[k]]
            if v:
                total = (total + value[k] * v) % np.uint64(p)
        out[i] = total


@njit(cache=True, nogil=True)
def lie_rank(starts, columns, values, generators, limit, p):
    """Dimension of the Lie algebra that ``generators`` span under brackets with themselves, at most ``limit``.

    Args:
        starts: (generators, columns + 1) int64, columns, values: CSR of every ad_G, in one array each.
        generators: (generators, columns) uint64 residues.
    """
    count_g, size = generators.shape
    rows = np.zeros((limit, size), np.uint32)
    pivots = np.zeros(limit, np.int64)
    elements = np.zeros((limit, size), np.uint32)
    row = np.zeros(size, np.uint64)
    count = 0
    for g in range(count_g):
        row[:] = generators[g]
        first = reduce_row(rows, pivots, count, row, p)
        if first >= 0:
            if count == limit:
                return count, False
            for c in range(size):
                elements[count, c] = np.uint32(generators[g, c])
            insert_row(rows, pivots, count, row, first, p)
            count += 1
    done = 0
    fresh = np.zeros(size, np.uint64)
    source = np.zeros(size, np.uint64)
    while done < count:
        for c in range(size):
            source[c] = elements[done, c]
        done += 1
        for g in range(count_g):
            bracket(starts[g], columns, values, source, fresh, p)
            row[:] = fresh
            first = reduce_row(rows, pivots, count, row, p)
            if first >= 0:
                if count == limit:
                    return count, False
                for c in range(size):
                    elements[count, c] = np.uint32(fresh[c])
                insert_row(rows, pivots, count, row, first, p)
                count += 1
    return count, True


@njit(cache=True, nogil=True)
def arf(gram, values):
    """Arf invariant of a quadratic form with values on a basis and a nondegenerate polar form.

    Args:
        gram: (m, words) uint64 rows of the alternating form, overwritten; values: (m,) uint8, overwritten.
    """
    m = values.shape[0]
    words = gram.shape[1]
    used = np.zeros(m, np.bool_)
    total = 0
    a = np.zeros(words, np.uint64)
    b = np.zeros(words, np.uint64)
    one = np.uint64(1)
    for i in range(m):
        if used[i]:
            continue
        j = -1
        for k in range(m):
            if not used[k] and (gram[i, k >> 6] >> np.uint64(k & 63)) & one:
                j = k
                break
        if j < 0:
            continue
        used[i] = True
        used[j] = True
        total ^= values[i] & values[j]
        a[:] = gram[j]
        b[:] = gram[i]
        for k in range(m):
            if used[k]:
                continue
            ak = (a[k >> 6] >> np.uint64(k & 63)) & one
            bk = (b[k >> 6] >> np.uint64(k & 63)) & one
            if ak:
                for w in range(words):
                    gram[k, w] ^= b[w]
            if bk:
                for w in range(words):
                    gram[k, w] ^= a[w]
            values[k] ^= (
                (np.uint8(ak) & values[i]) ^ (np.uint8(bk) & values[j]) ^ (np.uint8(ak) & np.uint8(bk))
            )
    return total

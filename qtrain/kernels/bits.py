"""Words of 64 bits inside compiled functions: counts, parities, and coins for a block of paths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

WORDS = 32
PATHS = 64 * WORDS  # per block; 32 words amortise the dispatch of a gate best (measured: 8, 16, 32)
ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


@intrinsic
def popcount(typingctx: Any, word: Any) -> Any:
    """Number of set bits of an integer's 64 bits, as an int64: the machine's own instruction."""
    if isinstance(word, types.Integer):

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.ctpop(context.cast(builder, args[0], word, types.int64))

        return types.int64(word), codegen
    return None


@njit(cache=True, nogil=True)
def lowest(word):
    """Place of the lowest set bit of a word other than 0."""
    return popcount((word & (~word + np.uint64(1))) - np.uint64(1))


@njit(cache=True, nogil=True)
def fill(used, count):
    """Set the first ``count`` bits of (words,) uint64, clear the others."""
    for w in range(used.shape[0]):
        full = min(max(count - 64 * w, 0), 64)
        used[w] = ONES if full == 64 else (np.uint64(1) << np.uint64(full)) - np.uint64(1)


@njit(cache=True, nogil=True)
def seed_lanes(seed, r0, r1):
    """Fill xorshift128+ lanes from one 64-bit seed by splitmix64."""
    state = np.uint64(seed)
    for w in range(r0.shape[0]):
        for half in range(2):
            state += np.uint64(0x9E3779B97F4A7C15)
            v = state
            v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            v = v ^ (v >> np.uint64(31))
            if half == 0:
                r0[w] = v
            else:
                r1[w] = v | np.uint64(1)


@njit(cache=True, nogil=True, inline="always")
def coins(r0, r1, out):
    """One fair coin for each path (xorshift128+): (1, WORDS) uint64, overwritten."""
    for w in range(WORDS):
        a = r0[w]
        b = r1[w]
        r0[w] = b
        a ^= a << np.uint64(23)
        a = a ^ b ^ (a >> np.uint64(18)) ^ (b >> np.uint64(5))
        r1[w] = a
        out[0, w] = a + b


@njit(cache=True, nogil=True)
def biased(p, r0, r1, coin, out):
    """Each bit of ``out`` (WORDS,) is 1 with probability ``p``, exact to the last bit of ``p``; coin: (1, WORDS)."""
    left = np.empty(WORDS, np.uint64)
    for w in range(WORDS):
        out[w] = ONES if p >= 1.0 else np.uint64(0)
        left[w] = ONES
    if p >= 1.0:
        return
    while p > 0.0:
        p *= 2.0
        coins(r0, r1, coin)
        some = np.uint64(0)
        if p >= 1.0:
            p -= 1.0
            for w in range(WORDS):
                out[w] |= left[w] & ~coin[0, w]
                left[w] &= coin[0, w]
                some |= left[w]
        else:
            for w in range(WORDS):
                left[w] &= ~coin[0, w]
                some |= left[w]
        if some == 0:
            return

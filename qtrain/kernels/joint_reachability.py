"""Both ends at once: Paulis that the observable may become and that the input state may carry.

Rows are (x | z) packed: ``words`` of x bits, then ``words`` of z bits, in the frame behind all Cliffords.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.gf2 import popcount


@njit(cache=True, nogil=True)
def _anticommute(a, b):
    words = a.shape[0] // 2
    word = np.uint64(0)
    for w in range(words):
        word ^= (a[w] & b[words + w]) ^ (a[words + w] & b[w])
    return popcount(word) & 1


@njit(cache=True, nogil=True)
def _reduce(v, basis, pivots, count):
    """Clear the pivots of a basis from ``v``: each of its rows has zeros at the pivots of the rows before."""
    for j in range(count):
        p = pivots[j]
        if (v[p >> 6] >> np.uint64(p & 63)) & np.uint64(1):
            for w in range(v.shape[0]):
                v[w] ^= basis[j, w]


@njit(cache=True, nogil=True)
def _pivot(v):
    """Place of the lowest set bit, or -1."""
    for w in range(v.shape[0]):
        if v[w]:
            bit = 0
            while not (v[w] >> np.uint64(bit)) & np.uint64(1):
                bit += 1
            return 64 * w + bit
    return -1


@njit(cache=True, nogil=True)
def _copy(v, into):
    for w in range(v.shape[0]):  # assigning slices would compile numba's text of shape errors
        into[w] = v[w]


@njit(cache=True, nogil=True)
def _insert(v, basis, pivots, count):
    """Add ``v`` to the span (``v`` is overwritten); the new number of rows."""
    _reduce(v, basis, pivots, count)
    p = _pivot(v)
    if p >= 0:
        _copy(v, basis[count])
        pivots[count] = p
        count += 1
    return count


@njit(cache=True, nogil=True)
def _meets(p, basis, count):
    for j in range(count):
        if _anticommute(basis[j], p):
            return True
    return False


@njit(cache=True, nogil=True)
def settle(generators, terms, stabilizers, alive, max_rounds):
    """Clear ``alive`` for rotations that no Pauli path of weight other than zero can feel.

    At rotation k the observable lies in terms + span(active generators behind), the state in the span of
    its stabilisers and the active generators before: a path needs a Pauli in both that anticommutes with
    P_k. The cost does not depend on a dead rotation, so it is taken out and the rest is looked at again.

    Args:
        generators: (rotations, 2 words) uint64, in time order; terms: (terms, 2 words), one term keeps the
            affine set, several their span; stabilizers: (qubits, 2 words) of the input state.
        alive: (rotations,) bool, updated; max_rounds: of taking out and looking again.
    """
    rotations, width = generators.shape
    n = stabilizers.shape[0]
    full = 2 * n
    front = np.zeros((full + 1, width), np.uint64)
    front_pivots = np.zeros(full + 1, np.int64)
    back = np.zeros((full + 1, width), np.uint64)
    back_pivots = np.zeros(full + 1, np.int64)
    rest = np.zeros((full + 1, width), np.uint64)
    tags = np.zeros((full + 1, width), np.uint64)
    rest_pivots = np.zeros(full + 1, np.int64)
    both = np.zeros((full + 1, width), np.uint64)
    size = np.zeros(rotations, np.int64)
    felt = np.zeros(rotations, np.bool_)
    v = np.zeros(width, np.uint64)
    tag = np.zeros(width, np.uint64)
    point = np.zeros(width, np.uint64)
    single = terms.shape[0] == 1
    for _ in range(max_rounds):
        changed = False
        ahead = np.int64(0)
        for q in range(n):
            _copy(stabilizers[q], v)
            ahead = _insert(v, front, front_pivots, ahead)
        for k in range(rotations):
            size[k] = ahead
            if alive[k]:
                felt[k] = ahead == full or _meets(generators[k], front, ahead)
                if felt[k] and ahead < full:
                    _copy(generators[k], v)
                    ahead = _insert(v, front, front_pivots, ahead)
        behind = np.int64(0)
        if not single:
            for t in range(terms.shape[0]):
                _copy(terms[t], v)
                behind = _insert(v, back, back_pivots, behind)
        seen_size = -1
        seen_behind = -1
        common = 0
        empty = False
        for k in range(rotations - 1, -1, -1):
            if not alive[k]:
                continue
            active = behind == full or _meets(generators[k], back, behind)
            if single and not active:
                active = _anticommute(terms[0], generators[k]) == 1
            if not active or not felt[k]:
                alive[k] = False
                changed = True
                continue
            if behind < full:
                _copy(generators[k], v)
                behind = _insert(v, back, back_pivots, behind)
            if size[k] == full or behind == full:
                continue
            if size[k] != seen_size or behind != seen_behind:
                # the rows of ``back`` that lie in the first rows of ``front``, and a point of the affine set
                seen_size, seen_behind = size[k], behind
                common = 0
                count = 0
                for j in range(behind):
                    _copy(back[j], v)
                    _copy(back[j], tag)
                    _reduce(v, front, front_pivots, seen_size)
                    for i in range(count):
                        p = rest_pivots[i]
                        if (v[p >> 6] >> np.uint64(p & 63)) & np.uint64(1):
                            for w in range(width):
                                v[w] ^= rest[i, w]
                                tag[w] ^= tags[i, w]
                    p = _pivot(v)
                    if p < 0:
                        _copy(tag, both[common])
                        common += 1
                    else:
                        _copy(v, rest[count])
                        _copy(tag, tags[count])
                        rest_pivots[count] = p
                        count += 1
                empty = False
                if single:
                    _copy(terms[0], v)
                    _copy(terms[0], point)
                    _reduce(v, front, front_pivots, seen_size)
                    for i in range(count):
                        p = rest_pivots[i]
                        if (v[p >> 6] >> np.uint64(p & 63)) & np.uint64(1):
                            for w in range(width):
                                v[w] ^= rest[i, w]
                                point[w] ^= tags[i, w]
                    empty = _pivot(v) >= 0
            if not empty and single and _anticommute(point, generators[k]):
                continue
            if empty or not _meets(generators[k], both, common):
                alive[k] = False
                changed = True
        if not changed:
            break

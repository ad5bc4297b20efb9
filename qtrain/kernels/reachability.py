"""Which rotations can meet something they move: affine sets of Paulis from one end, or from both at once.

Through a tape each lane is one Pauli of a spanning set: a rotation that commutes with every lane does nothing; one
that does not adds its own Pauli as a lane. From both ends (`settle`) rows are (x | z) packed, ``words`` of x bits,
then ``words`` of z bits, in the frame behind all Cliffords.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels.bits import lowest, popcount
from qtrain.kernels.clifford import act, meet, multiply
from qtrain.kernels.opcodes import CX, HALF_TURN, NOISE_SHIFT, QUARTER_TURN, ROTATION, SWAP


@njit(cache=True, nogil=True)
def _gate_changes(op, q, t, x, z, bx, bz, sign, words):
    """Conjugate by a gate; whether that changed some lane, its sign included. bx, bz (2, words), sign: scratch."""
    sides = 2 if op >= CX else 1
    for w in range(words):
        sign[w] = np.uint64(0)
        for side in range(sides):
            bx[side, w] = x[t if side else q, w]
            bz[side, w] = z[t if side else q, w]
    act(op, q, t, x, z, sign, words)
    some = np.uint64(0)
    for w in range(words):
        some |= sign[w]
    for side in range(sides):
        for w in range(words):
            some |= (bx[side, w] ^ x[t if side else q, w]) | (bz[side, w] ^ z[t if side else q, w])
    return some != 0


@njit(cache=True, nogil=True)
def meets(steps, forward, x, z, lanes, alive, kept):
    """Mark the rows of rotations that anticommute with some lane, walking from one end to the other.

    Args:
        steps: `Steps` that may hold fixed rotations (row -1).
        forward: walk from the input to the measurement instead.
        x, z: (qubits, words) uint64 planes with the first ``lanes`` lanes filled and room for one more
            for each rotation and each shift of noise, overwritten.
        alive: (rows,) bool, overwritten.
        kept: (ops,) bool, set where the op changes some lane, its sign included.
    """
    opcode, q0, q1, start, support, letters, row, turns, rate = steps
    ops = opcode.shape[0]
    anti = np.zeros((1, x.shape[1]), np.uint64)
    bx = np.zeros((2, x.shape[1]), np.uint64)
    bz = np.zeros((2, x.shape[1]), np.uint64)
    sign = np.zeros(x.shape[1], np.uint64)
    for step in range(ops):
        i = ops - 1 - step if forward else step
        op = opcode[i]
        words = (lanes + 63) >> 6
        if op > ROTATION and op <= SWAP:
            # a gate and its inverse change the same lanes of the set in the same way, up to signs
            kept[i] |= _gate_changes(op, q0[i], q1[i], x, z, bx, bz, sign, words)
        elif op == ROTATION or op == QUARTER_TURN or op == HALF_TURN:
            met = meet(start, support, letters, i, x, z, anti, 0, None, words)
            if row[i] >= 0:
                alive[row[i]] = met
            if not met:
                continue
            kept[i] = True
            if op == HALF_TURN:
                continue
            if op == ROTATION:  # the set may branch: the Pauli itself becomes a lane
                word = lanes >> 6
                words = word + 1
                for w in range(words):
                    anti[0, w] = np.uint64(0)
                anti[0, word] = np.uint64(1) << np.uint64(lanes & 63)
                lanes += 1
            multiply(start, support, letters, i, x, z, anti, 0, None, words)
        elif op == NOISE_SHIFT:  # Z and I on a qubit mix, where the set has letters there or, forward, anywhere
            some = np.uint64(1) if forward else np.uint64(0)
            for w in range(words):
                some |= x[q0[i], w] | z[q0[i], w]
            if some:
                z[q0[i], lanes >> 6] |= np.uint64(1) << np.uint64(lanes & 63)
                lanes += 1


@njit(cache=True, nogil=True)
def reach(num_ops, opcode, qubits, start, support, seen, kept):
    """Backward reachability on the graph: mark the ops of a program that touch a seen qubit.

    Args:
        seen: (qubits,) bool, the observable's support at first, the cone's qubits at last.
        kept: (ops,) bool, overwritten.
    """
    for i in range(num_ops - 1, -1, -1):
        hit = False
        if opcode[i] == 0:
            for j in range(start[i], start[i + 1]):
                hit = hit or seen[support[j]]
            if hit:
                for j in range(start[i], start[i + 1]):
                    seen[support[j]] = True
        else:
            a, b = qubits[i, 0], qubits[i, 1]
            hit = seen[a] or (b >= 0 and seen[b])
            if hit:
                seen[a] = True
                if b >= 0:
                    seen[b] = True
        kept[i] = hit


@njit(cache=True, nogil=True)
def depth(num_ops, opcode, qubits, start, support, gate, kept, level):
    """Layers of the kept ops, all ops of one gate counting once.

    Args:
        gate: (ops,) index of the gate an op belongs to, ascending; kept: (ops,) bool.
        level: (qubits,) int64, zeros at first, overwritten.
    """
    mark = np.full(level.shape[0], -1, np.int64)
    touched = np.zeros(level.shape[0], np.int64)
    i = 0
    while i < num_ops:
        j = i
        count = 0
        top = np.int64(0)
        while j < num_ops and gate[j] == gate[i]:
            if kept[j]:
                if opcode[j] == 0:
                    for k in range(start[j], start[j + 1]):
                        q = support[k]
                        if mark[q] != i:
                            mark[q] = i
                            touched[count] = q
                            count += 1
                            top = max(top, level[q])
                else:
                    for side in range(2):
                        q = qubits[j, side]
                        if q >= 0 and mark[q] != i:
                            mark[q] = i
                            touched[count] = q
                            count += 1
                            top = max(top, level[q])
            j += 1
        for k in range(count):
            level[touched[k]] = top + 1
        i = j


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
            return 64 * w + lowest(v[w])
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

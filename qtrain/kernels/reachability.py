"""Affine sets of Paulis through a tape, bit-sliced: which rotations can meet something they move.

Each lane is one Pauli of a spanning set. A rotation that commutes with every lane does nothing;
one that does not adds its own Pauli as a lane.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _changes(c, x, z, q, t, words):
    """Whether a one- or two-qubit Clifford changes some lane: if not, it commutes with all of them."""
    some = np.uint64(0)
    for w in range(words):
        if c == 5:  # H: Y goes to -Y
            some |= x[q, w] | z[q, w]
        elif c == 6:
            some |= x[q, w]
        elif c == 7:
            some |= z[q, w]
        elif c == 8:
            some |= x[q, w] | z[t, w]
        elif c == 9:
            some |= x[q, w] | x[t, w]
        else:
            some |= (x[q, w] ^ x[t, w]) | (z[q, w] ^ z[t, w])
    return some != 0


@njit(cache=True, nogil=True)
def meets(tape, forward, x, z, lanes, alive, kept):
    """Mark the rows of rotations that anticommute with some lane, walking from one end to the other.

    Args:
        tape: `Steps` that may hold fixed rotations (row -1).
        forward: walk from the input to the measurement instead.
        x, z: (qubits, words) uint64 planes with the first ``lanes`` lanes filled and room for one more
            for each rotation, overwritten.
        alive: (rows,) bool, overwritten.
        kept: (ops,) bool, set where the op changes some lane, its sign included.
    """
    code, q0, q1, row, start, support, letters, opcode, turns, rate = tape
    ops = code.shape[0]
    one = np.uint64(1)
    for step in range(ops):
        i = ops - 1 - step if forward else step
        c = code[i]
        words = (lanes + 63) >> 6
        q = q0[i]
        if c < 0 or c > 10:
            if 4 <= opcode[i] <= 6:  # a Pauli: signs alone
                some = np.uint64(0)
                for w in range(words):
                    if opcode[i] != 6:
                        some |= z[q, w] ^ (x[q, w] if opcode[i] == 5 else np.uint64(0))
                    else:
                        some |= x[q, w]
                kept[i] |= some != 0
            continue
        if 5 <= c:
            kept[i] |= _changes(c, x, z, q, q1[i], words)
        if c <= 3:
            some = np.uint64(0)
            if c == 0:
                for w in range(words):
                    some |= z[q, w]
            elif c == 1:
                for w in range(words):
                    some |= x[q, w]
            elif c == 2:
                for w in range(words):
                    some |= x[q, w] ^ z[q, w]
            else:
                for w in range(words):
                    v = np.uint64(0)
                    for j in range(start[i], start[i + 1]):
                        if letters[j] & 1:
                            v ^= z[support[j], w]
                        if letters[j] & 2:
                            v ^= x[support[j], w]
                    some |= v
            if row[i] >= 0:
                alive[row[i]] = some != 0
            if some:
                kept[i] = True
                word = lanes >> 6
                bit = one << np.uint64(lanes & 63)
                lanes += 1
                if c <= 2:
                    if c != 1:
                        x[q, word] |= bit
                    if c != 0:
                        z[q, word] |= bit
                else:
                    for j in range(start[i], start[i + 1]):
                        if letters[j] & 1:
                            x[support[j], word] |= bit
                        if letters[j] & 2:
                            z[support[j], word] |= bit
        elif c == 4:
            if turns[i]:
                for w in range(words):
                    v = np.uint64(0)
                    for j in range(start[i], start[i + 1]):
                        if letters[j] & 1:
                            v ^= z[support[j], w]
                        if letters[j] & 2:
                            v ^= x[support[j], w]
                    if v:
                        kept[i] = True
                    if turns[i] == 2:
                        continue
                    for j in range(start[i], start[i + 1]):
                        if letters[j] & 1:
                            x[support[j], w] ^= v
                        if letters[j] & 2:
                            z[support[j], w] ^= v
        elif c == 5:
            for w in range(words):
                v = x[q, w]
                x[q, w] = z[q, w]
                z[q, w] = v
        elif c == 6:
            for w in range(words):
                z[q, w] ^= x[q, w]
        elif c == 7:
            for w in range(words):
                x[q, w] ^= z[q, w]
        else:
            t = q1[i]
            for w in range(words):
                if c == 8:
                    x[t, w] ^= x[q, w]
                    z[q, w] ^= z[t, w]
                elif c == 9:
                    z[t, w] ^= x[q, w]
                    z[q, w] ^= x[t, w]
                else:
                    v = x[q, w]
                    x[q, w] = x[t, w]
                    x[t, w] = v
                    v = z[q, w]
                    z[q, w] = z[t, w]
                    z[t, w] = v


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

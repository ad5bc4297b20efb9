"""Schedule of a Pauli program for the statevector kernel: blocks that stay in cache.

A plan cuts the program into segments. A segment first applies a layer of CX, CZ, SWAP, X, Y, Z at
once, as ``psi'[i] = (-1)^{Q(i)} psi[M i + t]`` over GF(2) (one gather, however long the chain),
then items whose X parts lie on at most ``block`` qubits; these are the low bits of the segment's
positions, so every item works inside contiguous pieces of ``2**block`` amplitudes. Items are runs
of single-qubit gates fused on one qubit, or one Pauli rotation. Gates are only moved past gates on
other qubits. Everything is data: a new circuit compiles nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount
from qtrain.kernels.opcodes import CX, CZ, ROTATION, SDG, SWAP, SX, SXDG, H, S, X, Y, Z

DIAGONAL, REAL, IMAGINARY, RUN = range(4)  # kinds of items


class Plan(NamedTuple):
    """Arrays the kernel reads; S segments, I items, R scheduled gates, n qubits.

    ``segment`` (S + 1,) items of each; ``columns`` (S, n) image of each position bit under M,
    ``offset`` (S,) t, ``quadratic`` (S, n) rows and ``linear`` (S,) bits of Q, ``copy`` (S,) whether
    the gather is not the identity; ``item_start`` (I + 1,) into ``gates`` (R,); ``kind`` (I,);
    ``bit`` (I,) position bit of a run, or the highest X bit; ``x``, ``z`` (I,) masks over positions;
    ``sign`` (I,) +1 or -1 of a Pauli rotation; ``block`` low bits that an item may mix.
    """

    num_qubits: int
    block: int
    segment: np.ndarray
    columns: np.ndarray
    offset: np.ndarray
    quadratic: np.ndarray
    linear: np.ndarray
    copy: np.ndarray
    item_start: np.ndarray
    gates: np.ndarray
    kind: np.ndarray
    bit: np.ndarray
    x: np.ndarray
    z: np.ndarray
    sign: int


@njit(cache=True, nogil=True)
def _cx(control: int, target: int, columns: np.ndarray, rows: np.ndarray, linear: int, n: int) -> int:
    """Substitute i_t -> i_t + i_c in M and Q; returns the new linear part."""
    columns[control] ^= columns[target]
    c, t = 1 << control, 1 << target
    if (linear & t) != 0:
        linear ^= c
    if (rows[target] & c) != 0:
        linear ^= c
    others = rows[target] & ~c
    rows[control] ^= others
    for q in range(n):
        if (others >> q) & 1:
            rows[q] ^= c
    return linear


@njit(cache=True, nogil=True)
def _expand(
    n: int,
    block: int,
    opcode: np.ndarray,
    qubits: np.ndarray,
    start: np.ndarray,
    support: np.ndarray,
    letters: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Gates as masks; a rotation whose X part is wider than a block is conjugated by CX on one qubit."""
    ops = opcode.shape[0]
    room = ops
    for i in range(ops):
        if opcode[i] == ROTATION and start[i + 1] - start[i] > block:
            room += 2 * (start[i + 1] - start[i])
    code = np.empty(room, np.int8)
    a = np.empty(room, np.int64)
    b = np.empty(room, np.int64)
    xs = np.zeros(room, np.int64)
    zs = np.zeros(room, np.int64)
    signs = np.empty(room, np.float64)
    source = np.empty(room, np.int64)
    k = 0
    for i in range(ops):
        if opcode[i] != ROTATION:
            code[k] = opcode[i]
            a[k] = qubits[i, 0]
            b[k] = qubits[i, 1]
            signs[k] = 1.0
            source[k] = -1
            k += 1
            continue
        x = 0
        z = 0
        for j in range(start[i], start[i + 1]):
            if letters[j] & 1:
                x |= 1 << support[j]
            if letters[j] & 2:
                z |= 1 << support[j]
        if x == 0 and z == 0:
            continue
        sign = 1.0
        wide = popcount(x) > block
        root = -1
        first = k
        if wide:
            for q in range(n):
                if (x >> q) & 1 == 0:
                    continue
                if root < 0:
                    root = q
                    continue
                # CX(root, q) turns X_root X_q into X_root; the usual sign of a conjugated Pauli
                if (z >> q) & 1 and ((x >> q) & 1) ^ ((z >> root) & 1) ^ 1:
                    sign = -sign
                x ^= 1 << q
                z ^= ((z >> q) & 1) << root
                code[k] = CX
                a[k] = root
                b[k] = q
                source[k] = -1
                k += 1
        code[k] = ROTATION
        xs[k] = x
        zs[k] = z
        a[k] = -1
        b[k] = -1
        source[k] = i
        # Y = i X Z: i^(number of Y) = sign * (1 or i)
        signs[k] = sign if popcount(x & z) & 2 == 0 else -sign
        here = k
        k += 1
        for j in range(here - 1, first - 1, -1):
            code[k] = CX
            a[k] = a[j]
            b[k] = b[j]
            source[k] = -1
            k += 1
    return code[:k], a[:k], b[:k], xs[:k], zs[:k], signs[:k], source[:k]


@njit(cache=True, nogil=True)
def _schedule(
    n: int,
    block: int,
    opcode: np.ndarray,
    qubits: np.ndarray,
    start: np.ndarray,
    support: np.ndarray,
    letters: np.ndarray,
) -> tuple[Any, ...]:
    """How many segments and items, then the arrays of a plan, which may have room for more."""
    code, qa, qb, xs, zs, signs, source = _expand(n, block, opcode, qubits, start, support, letters)
    m = code.shape[0]
    full = (1 << n) - 1
    after = np.empty(m + 1, np.int64)  # linked list of gates not yet scheduled
    for g in range(m + 1):
        after[g] = g + 1
    after[m] = m
    head = 0
    # a segment takes at least one gate, a run at least one
    columns = np.empty((m + 2, n), np.int64)
    quadratic = np.zeros((m + 2, n), np.int64)
    offset = np.zeros(m + 2, np.int64)
    linear = np.zeros(m + 2, np.int64)
    copy = np.zeros(m + 2, np.bool_)
    segment = np.zeros(m + 3, np.int64)
    item = np.empty(m, np.int64)  # item of each scheduled gate, then a stable sort by item
    chosen = np.empty(m, np.int64)
    kind = np.empty(m, np.int8)
    bit = np.zeros(m, np.int64)
    xm = np.zeros(m, np.int64)
    zm = np.zeros(m, np.int64)
    sg = np.empty(m, np.float64)
    top = np.empty(n, np.int64)
    order = np.empty(n, np.int64)  # qubit at each position
    place = np.empty(n, np.int64)  # position of each qubit
    last_place = np.empty(n, np.int64)
    for q in range(n):
        order[q] = place[q] = last_place[q] = q
    cols = np.empty(n, np.int64)
    rows = np.empty(n, np.int64)
    s = 0
    items = 0
    count = 0
    while True:
        done = head == m
        for q in range(n):
            cols[q] = 1 << q
            rows[q] = 0
            top[q] = -1
        lin = 0
        off = 0
        blocked = 0
        touched = 0
        mixed = 0
        first_item = items
        previous = -1
        g = head
        while g != m and blocked != full:
            c = code[g]
            follow = after[g]
            accept = False
            if c == CX or c == CZ or c == SWAP:
                sup = (1 << qa[g]) | (1 << qb[g])
                if sup & (blocked | touched) == 0:
                    accept = True
                    if c == CZ:
                        rows[qa[g]] ^= 1 << qb[g]
                        rows[qb[g]] ^= 1 << qa[g]
                    else:
                        control, target = qa[g], qb[g]
                        for _ in range(3 if c == SWAP else 1):
                            lin = _cx(control, target, cols, rows, lin, n)
                            control, target = target, control
            else:
                x = xs[g]
                z = zs[g]
                if c != ROTATION:
                    x = 0 if c == S or c == SDG or c == Z else 1 << qa[g]
                    z = 0 if c == X or c == SX or c == SXDG else 1 << qa[g]
                sup = x | z
                if sup & blocked == 0:
                    single = sup & (sup - 1) == 0
                    q = 0
                    while (sup >> q) & 1 == 0:
                        q += 1
                    if (c == X or c == Y or c == Z) and sup & touched == 0:
                        accept = True
                        if x != 0:
                            off ^= cols[q]
                            lin ^= rows[q]
                        if z != 0:
                            lin ^= 1 << q
                    elif popcount(mixed | x) <= block:
                        accept = True
                        mixed |= x
                        touched |= sup
                        if single and top[q] >= 0:
                            t = top[q]
                            if kind[t] != RUN and (xm[t] != x or zm[t] != z):
                                kind[t] = RUN
                            if c == H:
                                kind[t] = RUN
                            xm[t] |= x
                            zm[t] |= z
                        else:
                            t = items
                            items += 1
                            xm[t] = x
                            zm[t] = z
                            sg[t] = signs[g]
                            if c == H:
                                kind[t] = RUN
                            elif x == 0:
                                kind[t] = DIAGONAL
                            else:
                                kind[t] = IMAGINARY if popcount(x & z) & 1 else REAL
                            for p in range(n):
                                if (sup >> p) & 1:
                                    top[p] = t if single else -1
                        item[count] = t
                        chosen[count] = source[g] if c == ROTATION else -1 - (c * n + q)
                        count += 1
            if accept:
                if previous < 0:
                    head = follow
                else:
                    after[previous] = follow
            else:
                blocked |= sup
                previous = g
            g = follow
        # positions: block qubits first (the mixed ones, then any), ascending
        for q in range(n):
            last_place[q] = place[q]
        if n > block and not done:
            k = 0
            for turn in range(2):
                for q in range(n):
                    if (mixed >> q) & 1 == 1 - turn:
                        order[k] = q
                        k += 1
        else:
            for q in range(n):
                order[q] = q
        identity = off == 0 and lin == 0
        for k in range(n):
            place[order[k]] = k
        for k in range(n):
            image = 0
            row = 0
            for q in range(n):
                if (cols[order[k]] >> q) & 1:
                    image |= 1 << last_place[q]
                if (rows[order[k]] >> q) & 1:
                    row |= 1 << place[q]
            columns[s, k] = image
            quadratic[s, k] = row
            identity = identity and image == 1 << k and row == 0
            if (off >> k) & 1:
                offset[s] |= 1 << last_place[k]
            if (lin >> k) & 1:
                linear[s] |= 1 << place[k]
        copy[s] = not identity
        for t in range(first_item, items):
            x = 0
            z = 0
            high = -1
            for q in range(n):
                if (xm[t] >> q) & 1:
                    x |= 1 << place[q]
                    high = max(high, place[q])
                if (zm[t] >> q) & 1:
                    z |= 1 << place[q]
            xm[t] = x
            zm[t] = z
            bit[t] = high
        segment[s + 1] = items
        s += 1
        if done:
            break
    if not copy[s - 1]:  # the closing segment only restores the natural order
        s -= 1
    item_start = np.zeros(items + 1, np.int64)
    for k in range(count):
        item_start[item[k] + 1] += 1
    cursor = np.empty(items, np.int64)
    for t in range(items):
        item_start[t + 1] += item_start[t]
        cursor[t] = item_start[t]
    gates = np.empty(count, np.int64)
    for k in range(count):
        gates[cursor[item[k]]] = chosen[k]
        cursor[item[k]] += 1
    return s, items, segment, columns, offset, quadratic, linear, copy, item_start, gates, kind, bit, xm, zm, sg


def schedule(
    num_qubits: int,
    opcode: np.ndarray,
    qubits: np.ndarray,
    start: np.ndarray,
    support: np.ndarray,
    letters: np.ndarray,
    *,
    block: int = 10,
) -> Plan:
    """Cut a program into cache-sized segments of fused items.

    Args:
        num_qubits: n, at most 30.
        opcode: (ops,) int8; qubits: (ops, 2) int32; start: (ops + 1,) int64; support, letters: CSR of
            the rotations, as in a PauliProgram.
        block: qubits that one segment may mix (2**block amplitudes are worked on at a time).

    Returns:
        Plan; its ``gates`` hold op indices, or ``-1 - (code * n + qubit)`` for a fixed gate in a run.

    Example:
        >>> import numpy as np
        >>> from qtrain.kernels.statevector.plan import schedule
        >>> p = schedule(2, np.array([1, 9], np.int8), np.array([[0, -1], [0, 1]], np.int32),
        ...              np.zeros(3, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))
        >>> len(p.segment) - 1, len(p.kind)
        (2, 1)
    """
    n = int(num_qubits)
    size = max(1, min(block, n))
    s, items, segment, columns, offset, quadratic, linear, copy, item_start, gates, *rest = _schedule(
        n,
        size,
        np.ascontiguousarray(opcode, np.int8),
        np.ascontiguousarray(qubits, np.int32).reshape(-1, 2),
        np.ascontiguousarray(start, np.int64),
        np.ascontiguousarray(support, np.int32),
        np.ascontiguousarray(letters, np.int8),
    )
    columns, quadratic = columns[:s].copy(), quadratic[:s].copy()  # wide: what they had room for is given back
    return Plan(
        n, size, segment[: s + 1], columns, offset[:s], quadratic, linear[:s], copy[:s], item_start, gates,
        *(part[:items] for part in rest),
    )  # fmt: skip

"""What a fixed gate does to a Pauli string, said once: kernels and tables alike take it from here.

Paulis are lanes: bit k of ``x[q, w]`` and ``z[q, w]`` is the letter of lane k of word w on qubit q (uint64 words
of 64 lanes, or uint8 "words" of one lane each). Signs are lanes too; kernels of second moments do without
(``sign`` None, which leaves no trace in the compiled code).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from qtrain.kernels.bits import popcount
from qtrain.kernels.opcodes import (
    CX,
    CZ,
    HALF_TURN,
    LETTER_X,
    LETTER_Y,
    LETTER_Z,
    QUARTER_TURN,
    ROTATION,
    SDG,
    SWAP,
    SX,
    SXDG,
    H,
    S,
    X,
    Y,
    Z,
)  # fmt: skip


class Steps(NamedTuple):
    """A circuit from the measurement to the input, as every kernel of Pauli paths takes it.

    opcode: (ops,) int8, see ``opcodes``; a ROTATION is one that branches, or fixed and no Clifford (row -1).
    q0, q1: (ops,) int32, qubits of a gate; q0 of a rotation is the first of its support.
    start, support, letters: CSR of the rotations' Paulis, ascending in the qubits.
    row: (ops,) int32, number of a weighted rotation, else -1.
    turns: (ops,) int8, quarter turns of a fixed rotation: its sign; letters of a NOISE_LETTERS entry.
    rate: (ops,) float64, of a noise entry the factor of the Paulis it means, or its shift; 1 elsewhere.
    """

    opcode: np.ndarray
    q0: np.ndarray
    q1: np.ndarray
    start: np.ndarray
    support: np.ndarray
    letters: np.ndarray
    row: np.ndarray
    turns: np.ndarray
    rate: np.ndarray


@njit(cache=True, nogil=True, forceinline=True)
def act(op, a, b, x, z, sign, words):
    """Q -> C^dagger Q C in every lane, for the gate C = ``op`` on qubit ``a`` (and ``b``)."""
    if op == CX:
        for w in range(words):
            if sign is not None:
                sign[w] ^= x[a, w] & z[b, w] & ~(x[b, w] ^ z[a, w])
            x[b, w] ^= x[a, w]
            z[a, w] ^= z[b, w]
    elif op == CZ:
        for w in range(words):
            if sign is not None:
                sign[w] ^= x[a, w] & x[b, w] & (z[a, w] ^ z[b, w])
            z[b, w] ^= x[a, w]
            z[a, w] ^= x[b, w]
    elif op == H:
        for w in range(words):
            v = x[a, w]
            if sign is not None:
                sign[w] ^= v & z[a, w]
            x[a, w] = z[a, w]
            z[a, w] = v
    elif op == S or op == SDG:
        for w in range(words):
            if sign is not None:
                sign[w] ^= x[a, w] & (z[a, w] if op == SDG else ~z[a, w])
            z[a, w] ^= x[a, w]
    elif op == SX or op == SXDG:
        for w in range(words):
            if sign is not None:
                sign[w] ^= z[a, w] & (x[a, w] if op == SX else ~x[a, w])
            x[a, w] ^= z[a, w]
    elif op == SWAP:
        for w in range(words):
            v = x[a, w]
            x[a, w] = x[b, w]
            x[b, w] = v
            v = z[a, w]
            z[a, w] = z[b, w]
            z[b, w] = v
    elif sign is not None:
        for w in range(words):
            if op == X:
                sign[w] ^= z[a, w]
            elif op == Y:
                sign[w] ^= x[a, w] ^ z[a, w]
            elif op == Z:
                sign[w] ^= x[a, w]


@njit(cache=True, nogil=True, inline="always")
def meet(start, support, letters, i, x, z, anti, r, plus, words):
    """Lanes that anticommute with the Pauli P of the rotation at place ``i``; returns whether there are any.

    Args:
        anti: (rows, words), its row ``r`` is overwritten.
        plus: (words,), overwritten, or None: where of these lanes i P Q is a Hermitian string with sign +1. Counted
            in two bits over the letters, i for X Y = i Z and -i for Y X = -i Z.
    """
    lo = start[i]
    hi = start[i + 1]
    some = np.uint64(0)
    if plus is None and hi - lo == 1:  # most of them: one pass over the lanes
        s = support[lo]
        if letters[lo] == LETTER_Z:
            for w in range(words):
                here = x[s, w]
                anti[r, w] = here
                some |= here
        elif letters[lo] == LETTER_X:
            for w in range(words):
                here = z[s, w]
                anti[r, w] = here
                some |= here
        else:
            for w in range(words):
                here = x[s, w] ^ z[s, w]
                anti[r, w] = here
                some |= here
    else:
        for w in range(words):
            anti[r, w] = np.uint64(0)
            if plus is not None:
                plus[w] = np.uint64(0)
        for j in range(lo, hi):
            s = support[j]
            px = np.uint64(0) - np.uint64(letters[j] & 1)
            pz = np.uint64(0) - np.uint64(letters[j] >> 1)
            for w in range(words):
                here = (z[s, w] & px) ^ (x[s, w] & pz)
                if plus is not None:
                    minus = (px & pz & x[s, w]) | (~px & z[s, w]) | (~pz & ~x[s, w])
                    plus[w] ^= here & (anti[r, w] ^ minus)
                anti[r, w] ^= here
        for w in range(words):
            some |= anti[r, w]
    return some != 0


@njit(cache=True, nogil=True, inline="always")
def multiply(start, support, letters, i, x, z, mask, r, coin, words):
    """Q -> P Q up to a phase in the lanes of row ``r`` of ``mask``, and of row 0 of ``coin`` where it is not None."""
    for j in range(start[i], start[i + 1]):
        s = support[j]
        letter = letters[j]
        if letter == LETTER_X:
            for w in range(words):
                x[s, w] ^= mask[r, w] if coin is None else mask[r, w] & coin[0, w]
        elif letter == LETTER_Z:
            for w in range(words):
                z[s, w] ^= mask[r, w] if coin is None else mask[r, w] & coin[0, w]
        else:
            for w in range(words):
                here = mask[r, w] if coin is None else mask[r, w] & coin[0, w]
                x[s, w] ^= here
                z[s, w] ^= here


@njit(cache=True, nogil=True, inline="never")
def turn(op, turns, start, support, letters, i, x, z, sign, anti, plus, words):
    """Q -> C^dagger Q C in every lane, for the fixed rotation at place ``i``; see `conjugate`."""
    meet(start, support, letters, i, x, z, anti, 0, plus, words)
    if sign is not None:
        for w in range(words):  # exp(i t P) Q = cos(t) Q + i sin(t) P Q, which at half a turn is -Q
            flipped = anti[0, w]
            if op == QUARTER_TURN:
                flipped &= plus[w] if turns == 3 else ~plus[w]
            sign[w] ^= flipped
    if op == QUARTER_TURN:
        multiply(start, support, letters, i, x, z, anti, 0, None, words)


@njit(cache=True, nogil=True, forceinline=True)
def conjugate(opcode, q0, q1, start, support, letters, turns, i, x, z, sign, anti, plus, words):
    """Q -> C^dagger Q C in every lane, for the fixed operation at place ``i``; noise and rotations do nothing.

    Args:
        sign: (words,), flipped, or None; anti: (1, words) scratch; plus: (words,) scratch, None without ``sign``.
    """
    op = opcode[i]
    if op == QUARTER_TURN or op == HALF_TURN:
        turn(op, turns[i], start, support, letters, i, x, z, sign, anti, plus, words)
    elif op > ROTATION and op <= SWAP:
        act(op, q0[i], q1[i], x, z, sign, words)


@njit(cache=True, nogil=True)
def conjugate_lanes(steps, i, x, z, sign, anti, plus):
    """`conjugate` for callers outside compiled code."""
    opcode, q0, q1, start, support, letters, _, turns, _ = steps
    conjugate(opcode, q0, q1, start, support, letters, turns, i, x, z, sign, anti, plus, x.shape[1])


@njit(cache=True, nogil=True)
def meet_lanes(steps, i, x, z, anti, plus):
    """`meet` for callers outside compiled code."""
    meet(steps.start, steps.support, steps.letters, i, x, z, anti, 0, plus, x.shape[1])


# --------------------------------------------------------------------------- tables of the letters I, X, Z, Y


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Every gate on every pair of letters (lanes 4 a + b), and on X_a, Z_a, X_b, Z_b with their phases."""
    images = np.zeros((SWAP + 1, 4, 4, 2), np.uint8)
    generators = np.zeros((SWAP + 1, 4, 5), np.int64)
    first, second = np.divmod(np.arange(16, dtype=np.uint8), np.uint8(4))
    for op in range(SWAP + 1):
        x = np.array([first & 1, second & 1])
        z = np.array([first >> 1, second >> 1])
        sign = np.zeros(16, np.uint8)
        act.py_func(op, 0, 1, x, z, sign, 16)
        letters = (x | z << 1).reshape(2, 4, 4)
        images[op] = np.moveaxis(letters, 0, 2)
        for k, lane in enumerate((4 * LETTER_X, 4 * LETTER_Z, LETTER_X, LETTER_Z)):
            phase = int((x[:, lane] & z[:, lane]).sum()) + 2 * int(sign[lane])
            generators[op, k] = x[0, lane], x[1, lane], z[0, lane], z[1, lane], phase & 3
    return images, generators


# IMAGES[op, a, b]: letters of C^dagger (a b) C; one-qubit gates act on the first and leave b.
# _GENERATORS[op, k]: bits x_a, x_b, z_a, z_b and phase p of C^dagger G C = i^p X^x Z^z for G = X_a, Z_a, X_b, Z_b.
IMAGES, _GENERATORS = _tables()
_INVERSE = np.arange(SWAP + 1)
_INVERSE[[S, SDG, SX, SXDG]] = SDG, S, SXDG, SX


# --------------------------------------------------------------------------- Cliffords composed: tableaux


@njit(cache=True, nogil=True)
def _times(x, z, phase, into, row):
    """Row into := row into * row; a row is i^phase X^x Z^z."""
    crossings = np.uint64(0)
    for w in range(x.shape[1]):
        crossings ^= z[into, w] & x[row, w]
        x[into, w] ^= x[row, w]
        z[into, w] ^= z[row, w]
    phase[into] = (phase[into] + phase[row] + 2 * (popcount(crossings) & 1)) & 3


@njit(cache=True, nogil=True)
def _clear(x, z, phase, row):
    for w in range(x.shape[1]):  # assigning rows would compile numba's text of shape errors
        x[row, w] = np.uint64(0)
        z[row, w] = np.uint64(0)
    phase[row] = 0


@njit(cache=True, nogil=True)
def compose(num_qubits, opcode, qubits, start, support, letters, turns, slot, num_slots, outward):
    """Paulis of rotations, conjugated by all Cliffords on one side of them; and of X_q, Z_q by all Cliffords.

    Keeps T(Q) for Q = X_q (row q) and Z_q (row n + q) while Cliffords join on the inner side, which costs
    O(words) for each of them and for each letter of a rotation.

    Args:
        opcode, qubits, start, support, letters: a program's, in time order.
        turns: (ops,) int8, quarter turns (1 to 3) of a rotation that counts as a Clifford, else 0.
        slot: (ops,) int64, row of the result a rotation is written to, or -1.
        outward: True: T(Q) = W Q W^dagger for the Cliffords W behind; False: W^dagger Q W for those before.

    Returns:
        x, z, phase of the slots; x, z, phase of the 2 n images (X_0 ... X_{n-1}, Z_0 ... Z_{n-1}): i^phase X^x Z^z.
    """
    n = num_qubits
    words = (n + 63) // 64
    p = 2 * n  # this row and the next four are scratch
    x = np.zeros((p + 5, words), np.uint64)
    z = np.zeros((p + 5, words), np.uint64)
    phase = np.zeros(p + 5, np.int64)
    for q in range(n):
        x[q, q >> 6] = np.uint64(1) << np.uint64(q & 63)
        z[n + q, q >> 6] = np.uint64(1) << np.uint64(q & 63)
    out_x = np.zeros((num_slots, words), np.uint64)
    out_z = np.zeros((num_slots, words), np.uint64)
    out_phase = np.zeros(num_slots, np.int64)
    rows = np.zeros(4, np.int64)
    order = np.array([0, 2, 1, 3])  # of the bits x_a, x_b, z_a, z_b among X_a, Z_a, X_b, Z_b
    ops = opcode.shape[0]
    for step in range(ops):
        i = ops - 1 - step if outward else step
        if opcode[i] == ROTATION:
            if turns[i] == 0 and slot[i] < 0:
                continue
            _clear(x, z, phase, p)
            for j in range(start[i], start[i + 1]):
                q = np.int64(support[j])
                if letters[j] & LETTER_X:
                    _times(x, z, phase, p, q)
                if letters[j] & LETTER_Z:
                    _times(x, z, phase, p, n + q)
                if letters[j] == LETTER_Y:
                    phase[p] += 1
            if slot[i] >= 0:
                for w in range(words):
                    out_x[slot[i], w] = x[p, w]
                    out_z[slot[i], w] = z[p, w]
                out_phase[slot[i]] = phase[p] & 3
            if turns[i] == 0:
                continue
            for j in range(start[i], start[i + 1]):
                for half in range(2):
                    if letters[j] == (LETTER_Z if half else LETTER_X):
                        continue
                    r = half * n + np.int64(support[j])
                    if turns[i] == 2:
                        phase[r] = (phase[r] + 2) & 3
                        continue
                    _clear(x, z, phase, p + 1)
                    _times(x, z, phase, p + 1, p)
                    _times(x, z, phase, p + 1, r)
                    _clear(x, z, phase, r)
                    _times(x, z, phase, r, p + 1)
                    phase[r] = (phase[r] + (4 - turns[i] if outward else turns[i])) & 3
            continue
        op = _INVERSE[opcode[i]] if outward else np.int64(opcode[i])
        a = np.int64(qubits[i, 0])
        b = np.int64(qubits[i, 1]) if op >= CX else a
        rows[0], rows[1], rows[2], rows[3] = a, n + a, b, n + b
        sides = 4 if op >= CX else 2
        for k in range(sides):
            _clear(x, z, phase, p + 1 + k)
            _times(x, z, phase, p + 1 + k, rows[k])
        for k in range(sides):
            _clear(x, z, phase, rows[k])
            for bit in range(4):
                if _GENERATORS[op, k, bit]:
                    _times(x, z, phase, rows[k], p + 1 + order[bit])
            phase[rows[k]] = (phase[rows[k]] + _GENERATORS[op, k, 4]) & 3
    return out_x, out_z, out_phase, x[:p], z[:p], phase[:p]


# --------------------------------------------------------------------------- terms that do not branch


@njit(cache=True, nogil=True)
def evolve_terms(steps, keys, x, z, sign, syndrome, active):
    """Walk each term back through the Cliffords alone, past every rotation, 64 terms at a time.

    Args:
        keys: (rows, 2) uint64 random words; x, z: (terms, qubits) uint8, in place.
        sign: (terms,) int8, multiplied; syndrome: (terms, 2) uint64, XORed with the keys of the
            rotations that anticommute: equal for two terms exactly where they interfere.
        active: (terms, rows) uint8, set to 1 at these rotations; or (0, rows) where it is not wanted.
    """
    opcode, q0, q1, start, support, letters, row, turns, _ = steps
    terms, n = x.shape
    one = np.uint64(1)
    px = np.zeros((n, 1), np.uint64)
    pz = np.zeros((n, 1), np.uint64)
    flip = np.zeros(1, np.uint64)
    anti = np.zeros((1, 1), np.uint64)
    plus = np.zeros(1, np.uint64)
    for first in range(0, terms, 64):
        count = min(64, terms - first)
        flip[0] = np.uint64(0)
        for q in range(n):
            px[q, 0] = np.uint64(0)
            pz[q, 0] = np.uint64(0)
            for t in range(count):
                px[q, 0] |= np.uint64(x[first + t, q]) << np.uint64(t)
                pz[q, 0] |= np.uint64(z[first + t, q]) << np.uint64(t)
        for i in range(opcode.shape[0]):
            r = row[i]
            if r < 0:
                conjugate(opcode, q0, q1, start, support, letters, turns, i, px, pz, flip, anti, plus, px.shape[1])
                continue
            if meet(start, support, letters, i, px, pz, anti, 0, None, px.shape[1]):
                for t in range(count):
                    if (anti[0, 0] >> np.uint64(t)) & one:
                        syndrome[first + t, 0] ^= keys[r, 0]
                        syndrome[first + t, 1] ^= keys[r, 1]
                        if active.shape[0]:
                            active[first + t, r] = 1
        for t in range(count):
            if (flip[0] >> np.uint64(t)) & one:
                sign[first + t] = -sign[first + t]
            for q in range(n):
                x[first + t, q] = (px[q, 0] >> np.uint64(t)) & one
                z[first + t, q] = (pz[q, 0] >> np.uint64(t)) & one

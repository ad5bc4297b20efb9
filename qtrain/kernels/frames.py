"""Cliffords pushed through a circuit: Pauli strings of its rotations, seen at the output."""

from __future__ import annotations

import numpy as np
from numba import njit

from qtrain.kernels import opcodes as op
from qtrain.kernels.gf2 import popcount


@njit(cache=True)
def _times(x: np.ndarray, z: np.ndarray, k: np.ndarray, into: int, left: int, right: int) -> None:
    """Row into = row left * row right; a row is i^k X^x Z^z."""
    crossings = np.uint64(0)
    for w in range(x.shape[1]):
        crossings ^= z[left, w] & x[right, w]
        x[into, w] = x[left, w] ^ x[right, w]
        z[into, w] = z[left, w] ^ z[right, w]
    k[into] = (k[left] + k[right] + 2 * (popcount(crossings) & 1)) & 3


@njit(cache=True)
def _swap(x: np.ndarray, z: np.ndarray, k: np.ndarray, a: int, b: int) -> None:
    for w in range(x.shape[1]):
        x[a, w], x[b, w] = x[b, w], x[a, w]
        z[a, w], z[b, w] = z[b, w], z[a, w]
    k[a], k[b] = k[b], k[a]


@njit(cache=True)
def _sign(x: np.ndarray, z: np.ndarray, k: np.ndarray, r: int) -> int:
    ys = 0
    for w in range(x.shape[1]):
        ys += popcount(x[r, w] & z[r, w])
    return 1 - ((k[r] - ys) & 3)  # 0 -> +1, 2 -> -1


@njit(cache=True)
def push(
    num_qubits: int,
    words: int,
    opcode: np.ndarray,
    qubits: np.ndarray,
    start: np.ndarray,
    support: np.ndarray,
    letters: np.ndarray,
    turns: np.ndarray,
    slot: np.ndarray,
    num_slots: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images under all later Cliffords of the rotations' Paulis, and of X_q, Z_q at the input.

    Walks from the output to the input and keeps T(Q) = W Q W^dagger for Q = X_q (row q) and Z_q (row n + q),
    where W is the Cliffords met so far: O(words) per Clifford and per letter.

    Args:
        turns: (ops,) int8, quarter turns (1 to 3) of a fixed rotation that counts as a Clifford, else 0.
        slot: (ops,) int64, row of the result a rotation is written to, or -1.

    Returns:
        x, z, signs of the slots; x, z, signs of the 2 n images (X_0 ... X_{n-1}, Z_0 ... Z_{n-1}).
    """
    n = num_qubits
    x = np.zeros((2 * n + 1, words), np.uint64)  # the last row is scratch
    z = np.zeros((2 * n + 1, words), np.uint64)
    k = np.zeros(2 * n + 1, np.int64)
    for q in range(n):
        x[q, q >> 6] = np.uint64(1) << np.uint64(q & 63)
        z[n + q, q >> 6] = np.uint64(1) << np.uint64(q & 63)
    out_x = np.zeros((num_slots, words), np.uint64)
    out_z = np.zeros((num_slots, words), np.uint64)
    out_sign = np.ones(num_slots, np.int8)
    p = 2 * n
    for i in range(len(opcode) - 1, -1, -1):
        # one integer type, so that each helper is compiled once
        code, a, b = opcode[i], np.int64(qubits[i, 0]), np.int64(qubits[i, 1])
        if code == op.ROTATION:
            if turns[i] == 0 and slot[i] < 0:
                continue
            for w in range(words):
                x[p, w] = np.uint64(0)
                z[p, w] = np.uint64(0)
            k[p] = 0
            for j in range(start[i], start[i + 1]):
                q = np.int64(support[j])
                if letters[j] & 1:
                    _times(x, z, k, p, p, q)
                if letters[j] & 2:
                    _times(x, z, k, p, p, n + q)
                if letters[j] == op.LETTER_Y:
                    k[p] = (k[p] + 1) & 3
            if slot[i] >= 0:
                for w in range(words):  # assigning rows would compile numba's text of shape errors
                    out_x[slot[i], w] = x[p, w]
                    out_z[slot[i], w] = z[p, w]
                out_sign[slot[i]] = _sign(x, z, k, p)
            if turns[i] > 0:
                # exp(-i t P/2) Q exp(i t P/2) = cos(t) Q - i sin(t) P Q for Q anticommuting with P
                for j in range(start[i], start[i + 1]):
                    for half in range(2):
                        if (letters[j] & (1 if half else 2)) == 0:
                            continue
                        r = half * n + np.int64(support[j])
                        if turns[i] == 2:
                            k[r] = (k[r] + 2) & 3
                        else:
                            _times(x, z, k, r, p, r)
                            k[r] = (k[r] + (3 if turns[i] == 1 else 1)) & 3
        elif code == op.H:
            _swap(x, z, k, a, n + a)
        elif code == op.S or code == op.SDG:  # X -> +-Y = +-i X Z
            _times(x, z, k, a, a, n + a)
            k[a] = (k[a] + (1 if code == op.S else 3)) & 3
        elif code == op.SX or code == op.SXDG:  # Z -> -+Y
            _times(x, z, k, n + a, a, n + a)
            k[n + a] = (k[n + a] + (3 if code == op.SX else 1)) & 3
        elif code == op.X or code == op.Y or code == op.Z:
            if code != op.X:
                k[a] = (k[a] + 2) & 3
            if code != op.Z:
                k[n + a] = (k[n + a] + 2) & 3
        elif code == op.CX:
            _times(x, z, k, a, a, b)
            _times(x, z, k, n + b, n + a, n + b)
        elif code == op.CZ:
            _times(x, z, k, a, a, n + b)
            _times(x, z, k, b, n + a, b)
        elif code == op.SWAP:
            _swap(x, z, k, a, b)
            _swap(x, z, k, n + a, n + b)
    signs = np.ones(2 * n, np.int8)
    for r in range(2 * n):
        signs[r] = _sign(x, z, k, r)
    return out_x, out_z, out_sign, x[:p], z[:p], signs

"""Slow, obvious twins of the simulators: dense matrices, one gate and one sample at a time."""

from __future__ import annotations

import numpy as np

PAULI = {
    0: np.eye(2, dtype=complex),
    1: np.array([[0, 1], [1, 0]], dtype=complex),
    2: np.array([[1, 0], [0, -1]], dtype=complex),
    3: np.array([[0, -1j], [1j, 0]]),
}
LETTER = {"I": 0, "X": 1, "Z": 2, "Y": 3}
_S = np.diag([1, 1j])
_SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
SINGLE = {
    1: np.array([[1, 1], [1, -1]]) / np.sqrt(2), 2: _S, 3: _S.conj(), 4: PAULI[1], 5: PAULI[3], 6: PAULI[2],
    7: _SX, 8: _SX.conj().T,
}  # fmt: skip


def pauli(num_qubits: int, letters: dict[int, int]) -> np.ndarray:
    """Dense Pauli string; qubit 0 is the rightmost factor (Qiskit's order)."""
    matrix = np.eye(1)
    for q in range(num_qubits):
        matrix = np.kron(PAULI[letters.get(q, 0)], matrix)
    return matrix


def label(text: str) -> np.ndarray:
    return pauli(len(text), {q: LETTER[c] for q, c in enumerate(reversed(text))})


def single(num_qubits: int, matrix: np.ndarray, qubit: int) -> np.ndarray:
    return np.kron(np.eye(2 ** (num_qubits - 1 - qubit)), np.kron(matrix, np.eye(2**qubit)))


def two_qubit(num_qubits: int, code: int, a: int, b: int) -> np.ndarray:
    matrix = np.zeros((2**num_qubits, 2**num_qubits))
    for i in range(2**num_qubits):
        p, q = i >> a & 1, i >> b & 1
        j, sign = i, 1
        if code == 9:
            j = i ^ (p << b)
        elif code == 10:
            sign = -1 if p and q else 1
        else:
            j = i & ~(1 << a) & ~(1 << b) | p << b | q << a
        matrix[j, i] = sign
    return matrix


def state(program, weights) -> np.ndarray:
    """(2**n,) output state of one parameter vector."""
    n = program.num_qubits
    psi = np.zeros(2**n, dtype=complex)
    psi[0] = 1
    for i, code in enumerate(program.opcode):
        if code == 0:
            span = slice(program.start[i], program.start[i + 1])
            k = program.parameter[i]
            angle = program.offset[i] + (program.coefficient[i] * weights[k] if k >= 0 else 0.0)
            generator = pauli(n, dict(zip(program.support[span].tolist(), program.letters[span].tolist())))
            psi = np.cos(angle / 2) * psi - 1j * np.sin(angle / 2) * (generator @ psi)
        elif code < 9:
            psi = single(n, SINGLE[int(code)], int(program.qubits[i, 0])) @ psi
        else:
            psi = two_qubit(n, int(code), *map(int, program.qubits[i])) @ psi
    return psi


def value(program, matrix, weights) -> float:
    psi = state(program, weights)
    return float((psi.conj() @ matrix @ psi).real)


def gradient(program, matrix, weights, step: float = 1e-5) -> np.ndarray:
    """(num_weights,) by fourth-order central differences (about 1e-10 off)."""
    weights = np.asarray(weights, dtype=float)
    out = np.empty(len(weights))
    step = max(step, 1e-3)
    for k in range(len(weights)):
        e = np.zeros(len(weights))
        e[k] = step
        f = [value(program, matrix, weights + m * e) for m in (-3, -2, -1, 1, 2, 3)]
        out[k] = (-f[0] + 9 * f[1] - 45 * f[2] + 45 * f[3] - 9 * f[4] + f[5]) / (60 * step)
    return out

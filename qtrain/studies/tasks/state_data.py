"""Quantum states as data: a preparation circuit whose rotation angles are the inputs.

The circuit is the same for every state (uniformly controlled RY, then RZ where phases are needed; quant-ph/0407010), so
that a data set of states enters a circuit exactly as a table of features does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def prepare_states(states: np.ndarray) -> tuple[QuantumCircuit, np.ndarray]:
    """A circuit with inputs ``x`` and the inputs that prepare each state, up to its global phase.

    Args:
        states: (samples, 2**n) real or complex, normalised.

    Returns:
        circuit on n qubits, angles (samples, num_inputs) in the order of ``circuit.parameters``.

    Example:
        >>> circuit, angles = prepare_states(np.array([[1.0, 1.0]]) / np.sqrt(2))
        >>> circuit.count_ops()["ry"], angles.round(4).tolist()
        (1, [[1.5708]])
    """
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    table = np.asarray(states, dtype=complex)
    if table.ndim != 2 or table.shape[1] < 2 or table.shape[1] & (table.shape[1] - 1):
        raise QTrainError(f"states should have shape (samples, 2**n). Got {table.shape}.")
    norms = np.linalg.norm(table, axis=1, keepdims=True)
    if not np.allclose(norms, 1.0, atol=1e-6):
        raise QTrainError("states should be normalised. Got norms that differ from 1.")
    n = table.shape[1].bit_length() - 1
    largest = np.take_along_axis(table, np.abs(table).argmax(axis=1)[:, None], axis=1)
    table = table / norms * (np.abs(largest) / largest)
    real = bool(np.abs(table.imag).max() < 1e-9)
    magnitudes = table.real if real else np.abs(table)
    y = _ry_angles(magnitudes, n)
    z = [] if real else _rz_angles(np.angle(table), n)
    columns = [*y, *z]
    vector = ParameterVector("x", sum(c.shape[1] for c in columns))
    circuit, used = QuantumCircuit(n), 0
    for axis, column in [("ry", c) for c in y] + [("rz", c) for c in z]:
        level = column.shape[1].bit_length() - 1
        for i in range(column.shape[1]):
            getattr(circuit, axis)(vector[used], n - 1 - level)
            used += 1
            if level:  # the Gray code's bit that flips next
                flipped = level - 1 if i + 1 == column.shape[1] else ((i + 1) & -(i + 1)).bit_length() - 1
                circuit.cx(n - level + flipped, n - 1 - level)
    return circuit, np.concatenate([_multiplexed(c) for c in columns], axis=1)


def _ry_angles(amplitudes: np.ndarray, n: int) -> list[np.ndarray]:
    """For each qubit from n − 1 down: its angle given the qubits above, (samples, 2**level)."""
    angles = []
    for level in range(n):
        blocks = amplitudes.reshape(len(amplitudes), 2**level, 2, -1)
        if blocks.shape[-1] == 1:  # the last qubit carries the signs of real states
            zero, one = blocks[:, :, 0, 0], blocks[:, :, 1, 0]
        else:
            zero, one = np.linalg.norm(blocks[:, :, 0], axis=-1), np.linalg.norm(blocks[:, :, 1], axis=-1)
        angles.append(2 * np.arctan2(one, zero))
    return angles


def _rz_angles(phases: np.ndarray, n: int) -> list[np.ndarray]:
    angles = []
    for level in reversed(range(n)):
        pairs = phases.reshape(len(phases), 2**level, 2)
        angles.append(pairs[:, :, 1] - pairs[:, :, 0])
        phases = pairs.mean(axis=2)
    return angles[::-1]


def _multiplexed(angles: np.ndarray) -> np.ndarray:
    """Angles of the 2**k rotations between CX that add up to ``angles`` for each setting of k controls."""
    size = angles.shape[1]
    settings = np.arange(size)
    gray = settings ^ (settings >> 1)
    signs = 1 - 2 * (np.bitwise_count(settings[:, None] & gray[None, :]) & 1).astype(float)
    return angles @ signs / size

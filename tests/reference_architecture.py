"""Slow twin of the QCNN: the circuit of Qiskit's tutorial, gate by gate."""

from __future__ import annotations

import math

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector


def _convolution(angles):
    block = QuantumCircuit(2)
    block.rz(-math.pi / 2, 1)
    block.cx(1, 0)
    block.rz(angles[0], 0)
    block.ry(angles[1], 1)
    block.cx(0, 1)
    block.ry(angles[2], 1)
    block.cx(1, 0)
    block.rz(math.pi / 2, 0)
    return block


def _pooling(angles):
    block = QuantumCircuit(2)
    block.rz(-math.pi / 2, 1)
    block.cx(1, 0)
    block.rz(angles[0], 0)
    block.ry(angles[1], 1)
    block.cx(0, 1)
    block.ry(angles[2], 1)
    return block


def tutorial_qcnn(num_qubits: int) -> QuantumCircuit:
    """Convolution on neighbours around the ring, pooling of the first half into the second, until one is left."""
    circuit = QuantumCircuit(num_qubits)
    angles = iter(ParameterVector("t", 200))
    left = list(range(num_qubits))
    while len(left) > 1:
        ring = list(zip(left[0::2], left[1::2])) + list(
            zip(left[1::2], [*left[2::2], left[0]] if len(left) > 2 else [])
        )
        for pair in ring:
            circuit.compose(_convolution([next(angles) for _ in range(3)]), pair, inplace=True)
        half = len(left) // 2
        for source, sink in zip(left[:half], left[half:]):
            circuit.compose(_pooling([next(angles) for _ in range(3)]), (source, sink), inplace=True)
        left = left[half:]
    return circuit

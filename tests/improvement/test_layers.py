"""Layers put together again are the circuit."""

from __future__ import annotations

import hypothesis
import numpy as np
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Operator
from random_circuits import random_circuit

from qtrain.improvement.layers import Repetition, layers, repetition


@hypothesis.settings(max_examples=25)
@hypothesis.given(st.integers(0, 2**31))
def test_layers_are_the_circuit_again(seed):
    circuit = random_circuit(seed, n=4, rotations=6, gates=12)
    circuit.barrier()
    found = layers(circuit)
    assert all(len(item.qubits) == 1 for part in found.singles for item in part)
    assert all(block.items and min(map(len, block.pairs)) > 1 for block in found.blocks)
    assert len(found.singles) == len(found.blocks) + 1
    again = found.rebuilt([block.items for block in found.blocks])
    angles = np.random.default_rng(seed).uniform(-3, 3, circuit.num_parameters)
    assert Operator(again.assign_parameters(angles)).equiv(Operator(circuit.assign_parameters(angles)))


def test_measurements_stay_at_the_end():
    circuit = efficient_su2(3, reps=2)
    circuit.measure_all()
    found = layers(circuit)
    again = found.rebuilt([block.items for block in found.blocks])
    assert [item.name for item in again.data[-3:]] == ["measure"] * 3


def test_repetitions_are_found_whatever_the_period():
    assert repetition(layers(efficient_su2(3, reps=4))) == Repetition(0, 1, 4)
    assert repetition(layers(efficient_su2(3, reps=1))) is None
    circuit = QuantumCircuit(4)
    for k in range(6):
        for q in range(4):
            circuit.ry(Parameter(f"t{len(circuit.data)}"), q)
        for pair in [(0, 1), (2, 3)] if k % 2 else [(1, 2)]:
            circuit.cx(*pair)
    assert repetition(layers(circuit)) == Repetition(0, 2, 3)

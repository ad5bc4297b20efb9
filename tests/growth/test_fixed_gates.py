"""Circuits as fixed gates: the same unitary up to a phase."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import QFTGate, efficient_su2, n_local, qaoa_ansatz, quantum_volume
from qiskit.circuit.random import random_circuit
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.errors import QTrainError
from qtrain.growth.fixed_gates import fixed_gates


def same(circuit):
    gates = fixed_gates(circuit)
    Architecture(
        (), grown=(*gates, Gate("rx", (0,), (0,))), num_qubits=circuit.num_qubits
    )  # every gate is known
    assert Operator(build(gates, circuit.num_qubits)).equiv(Operator(circuit))


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 6))
def test_random_circuits(seed, n, depth):
    same(random_circuit(n, depth, max_operands=3, seed=seed))


@pytest.mark.parametrize(
    "circuit",
    [
        QuantumCircuit(3).compose(QFTGate(3)),
        quantum_volume(3, seed=1).decompose(),
        efficient_su2(3),
        n_local(3, ["rx", "ry"], "crz", reps=1),
        qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ"]), reps=1),
    ],
)
def test_library(circuit):
    rng = np.random.default_rng(0)
    same(circuit.assign_parameters(rng.uniform(-3, 3, circuit.num_parameters)))


def test_prepared_states():
    state = np.arange(1, 9) / np.linalg.norm(np.arange(1, 9))
    circuit = QuantumCircuit(3)
    circuit.initialize(state)
    circuit.barrier()
    prepared = Statevector(build(fixed_gates(circuit), 3))
    assert prepared.equiv(Statevector(state))


def test_refusals():
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("a"), 0)
    with pytest.raises(QTrainError, match="no free parameters to be a reference state. Got a."):
        fixed_gates(circuit)
    measured = QuantumCircuit(1, 1)
    measured.h(0)
    measured.measure(0, 0)
    with pytest.raises(QTrainError, match="made of gates to be a reference state. Got measure."):
        fixed_gates(measured)
    again = QuantumCircuit(1)
    again.h(0)
    again.reset(0)
    with pytest.raises(QTrainError, match="Got reset."):
        fixed_gates(again)

"""The installed package is found, is what it was, and fits into Qiskit's transpiler."""

import numpy as np
import qtrain
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import Operator
from qiskit.transpiler.passes import HLSConfig


def test_the_entry_is_found_and_unaltered():
    entry = qtrain.load("tfim-heavy-hex")
    assert entry.architecture.content_id == "139c0735ed62ca89"
    assert "tfim-heavy-hex" in qtrain.names()


def test_it_transpiles_to_the_same_unitary():
    entry = qtrain.load("tfim-heavy-hex")
    width = entry.num_qubits if entry.num_qubits <= 8 else entry.architecture.num_qubits or 4
    circuit = QuantumCircuit(width)
    circuit.append(qtrain.TrainableAnsatz(width, "tfim-heavy-hex"), range(width))
    config = HLSConfig(trainable_ansatz=["tfim-heavy-hex"])
    done = transpile(circuit, basis_gates=["rz", "sx", "x", "cz"], hls_config=config, optimization_level=1)
    assert list(done.parameters) == list(circuit.parameters)
    if width <= 8:
        angles = np.random.default_rng(0).uniform(-3, 3, circuit.num_parameters)
        expected = Operator(entry.circuit(width).assign_parameters(angles))
        assert Operator(done.assign_parameters(angles)).equiv(expected)

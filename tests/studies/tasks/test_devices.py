"""What a circuit costs on a device."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.circuit.random import random_circuit

from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.studies.spec.tables import DeviceSpec
from qtrain.studies.tasks import devices

NAMES = ("rx", "rz", "rxx", "rzz", "rxy", "rzx", "ryz", "rxzy", "cz")
LINE = devices.build_device(DeviceSpec(topology="line", optimization_level=2), 4)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rotations_cost_what_their_sparse_exponentials_cost(seed):
    rng = np.random.default_rng(seed)
    gates = []
    for k in range(int(rng.integers(1, 12))):
        name = NAMES[rng.integers(len(NAMES))]
        width = 2 if name == "cz" else len(name) - 1
        first = int(rng.integers(0, 5 - width))
        angle = (k, float(rng.choice([-1.0, 0.5, 2.0])))
        gates.append(Gate(name, tuple(range(first, first + width)), () if name == "cz" else (angle,)))
    numbers = sorted({angle[0] for gate in gates for angle in gate.angles})
    gates = [gate.renumbered(numbers.index) for gate in gates]
    angles = np.random.default_rng(7).uniform(-np.pi, np.pi, len(numbers))  # those of the cost
    circuit = build(gates, 4)
    for item in devices._with_matrices(circuit.assign_parameters(angles)).data:
        if isinstance(item.operation, devices._Rotation):
            slow = PauliEvolutionGate.to_matrix(item.operation)
            np.testing.assert_allclose(item.operation.to_matrix(), slow, atol=1e-12)
    compiled = LINE._pass_manager.run(circuit.assign_parameters(angles))
    found = LINE.cost(circuit)
    two = [item for item in compiled.data if len(item.qubits) == 2]
    assert found["two_qubit_gates"] == len(two)
    assert found["two_qubit_depth"] == compiled.depth(lambda item: len(item.qubits) == 2)


def test_a_barrier_is_no_gate():
    circuit = random_circuit(4, 3, max_operands=2, seed=1)
    barred = circuit.copy()
    barred.barrier(0, 1)
    assert LINE.cost(barred) == LINE.cost(circuit)


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_the_compiled_circuit(seed):
    device = devices.build_device(DeviceSpec(name="FakeTorino", optimization_level=2), 5)
    circuit = random_circuit(5, 6, max_operands=2, seed=seed)
    compiled = device._pass_manager.run(circuit)
    found = device.cost(circuit)
    errors = [
        device.target[item.operation.name][tuple(compiled.find_bit(q).index for q in item.qubits)].error or 0.0
        for item in compiled.data
    ]
    assert found["depth"] == compiled.depth()
    assert found["two_qubit_depth"] == compiled.depth(lambda item: len(item.qubits) == 2)
    assert found["two_qubit_gates"] == compiled.num_nonlocal_gates()
    assert np.isclose(found["implied_error"], 1 - np.prod(1 - np.array(errors)), rtol=1e-9)

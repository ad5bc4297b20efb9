"""Sectors counted, and named, without listing their states."""

import math

import numpy as np
import pytest
from conserving_circuits import conserving_circuit, excitation, hop
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.circuit.library import (
    XXPlusYYGate,
    evolved_operator_ansatz,
    excitation_preserving,
    real_amplitudes,
)
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.simulators.sectors.find import sector
from qtrain.simulators.table import plans


def found_in(circuit):
    return sector(lower(circuit), SparsePauliOp("I" * circuit.num_qubits))


def prepared(circuit, *ones):
    start = circuit.copy_empty_like()
    for q in ones:
        start.x(q)
    return start.compose(circuit)


def test_particles_are_counted_through_swaps_and_hops():
    n = 6
    circuit = QuantumCircuit(n)
    circuit.x([0, 1])
    circuit.swap(1, 2)
    for q in range(n - 1):
        circuit.append(XXPlusYYGate(Parameter(f"a{q}"), 0.3), [q, q + 1])
        circuit.rz(Parameter(f"b{q}"), q)
        circuit.rzz(Parameter(f"c{q}"), q, q + 1)
    found = found_in(circuit)
    assert found.log2 == pytest.approx(math.log2(math.comb(n, 2)))
    assert found.detail == "2 particles on 6 qubits"


def test_unequal_hops_break_the_number():
    circuit = QuantumCircuit(4)
    circuit.x(0)
    circuit.rxx(Parameter("a"), 0, 1)
    circuit.ryy(Parameter("b"), 0, 1)
    circuit.rzz(Parameter("c"), 1, 2)
    circuit.rx(Parameter("d"), 2)
    circuit.rx(Parameter("e"), 3)
    found = found_in(circuit)
    assert (found.log2, found.detail) == (3.0, "1 Pauli symmetry")


@pytest.mark.parametrize("mode", ["iswap", "fsim"])
@pytest.mark.parametrize("entanglement", ["full", "linear", "circular", "sca"])
def test_the_librarys_circuits(mode, entanglement):
    found = found_in(prepared(excitation_preserving(6, mode=mode, entanglement=entanglement, reps=2), 1, 4))
    assert (found.dimension, found.detail) == (15, "2 particles on 6 qubits")


@pytest.mark.parametrize("kind", range(8))
def test_hops_for_a_device(kind):
    """RY as SX and RZ by shifted angles, gates cancelled: the charge is still there."""
    circuit, angle = QuantumCircuit(3), Parameter("a")
    circuit.x(1)
    for a, b in [(0, 1), (2, 1)]:
        hop(circuit, np.random.default_rng(0), angle, a, b, kind=kind)
    found = found_in(transpile(circuit, basis_gates=["rz", "sx", "x", "cx"], optimization_level=1))
    assert found.log2 <= math.log2(3)


def test_evolved_operators():
    n = 6
    moves = [([4], [0]), ([5], [1]), ([4, 5], [0, 1]), ([2], [0]), ([3], [1])]
    operators = [excitation(n, *move) for move in moves]
    found = found_in(prepared(evolved_operator_ansatz(operators, reps=2), 0, 1))
    assert (found.dimension, found.detail) == (9, "1 particle on 3 qubits and 1 particle on 3 qubits")


def test_doubles_alone_keep_more_than_the_number():
    """Pairs that move together: what charges allow is counted, what is reached is less."""
    n = 8
    circuit = QuantumCircuit(n)
    circuit.x([0, 1, 2, 3])
    for k, (created, destroyed) in enumerate([([4, 5], [0, 1]), ([6, 7], [2, 3]), ([4, 5], [2, 3])]):
        operator = excitation(n, created, destroyed)
        circuit.compose(evolved_operator_ansatz([operator], parameter_prefix=f"t{k}"), inplace=True)
    found = found_in(circuit)
    assert found.steps is not None
    assert len(found.surrogate(2**30).basis) <= 6 <= found.dimension


def test_a_rotated_number():
    """Hops of XX + ZZ keep the Y component: seen in the frame where the input has it."""
    circuit = QuantumCircuit(4)
    circuit.sx(range(4))
    circuit.x(0)
    circuit.z(1)
    for k in range(6):
        angle = Parameter(f"t{k}")
        circuit.rxx(angle, k % 4, (k + 1) % 4)
        circuit.rzz(angle, k % 4, (k + 1) % 4)
        circuit.ry(Parameter(f"u{k}"), k % 4)
    found = found_in(circuit)
    assert found.steps is not None
    assert found.dimension in (1, 4, 6)


def test_a_thousand_qubits_are_quick_and_large_sectors_are_refused_by_memory():
    n = 1000
    circuit = prepared(excitation_preserving(n, entanglement="linear", reps=1), *range(0, n, 2))
    found = found_in(circuit)
    assert found.dimension == math.comb(n, n // 2)
    assert found.memory_bytes > 1e100
    assert found_in(real_amplitudes(n, reps=2)).log2 == n


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.integers(3, 7))
def test_the_row_gives_what_the_statevector_gives(seed, n):
    circuit, _ = conserving_circuit(seed, n=n)
    problem = pose(circuit, "Z" * n)
    rows = plans(problem)
    point = np.random.default_rng(seed).normal(size=problem.program.num_weights)
    value, gradient = rows["sector"].build().value_and_gradient(point)
    expected, slopes = rows["statevector"].build().value_and_gradient(point)
    assert value == pytest.approx(expected, abs=1e-10)
    assert np.allclose(gradient, slopes, atol=1e-10)

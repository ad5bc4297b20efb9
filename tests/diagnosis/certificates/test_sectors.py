"""Sectors that hold the state: dimensions counted, and the dense state lies inside."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import XXPlusYYGate
from random_circuits import random_circuit

from qtrain.circuits.program import lower
from qtrain.diagnosis.certificates.sectors import sector_log2
from qtrain.simulators.statevector import states


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_states_span_no_more_than_the_sector(seed):
    program = lower(random_circuit(seed, n=3, rotations=3, gates=6))
    log, _ = sector_log2(program)
    angles = np.random.default_rng(seed).uniform(0, 6, (20, program.num_weights))
    rank = np.linalg.matrix_rank(np.asarray(states(program, angles)), tol=1e-8)
    assert rank <= 2**log + 1e-9


def test_particles_are_counted_through_swaps_and_hops():
    n = 6
    circuit = QuantumCircuit(n)
    circuit.x([0, 1])
    circuit.swap(1, 2)
    for q in range(n - 1):
        circuit.append(XXPlusYYGate(Parameter(f"a{q}"), 0.3), [q, q + 1])
        circuit.rz(Parameter(f"b{q}"), q)
        circuit.rzz(Parameter(f"c{q}"), q, q + 1)
    log, name = sector_log2(lower(circuit))
    assert log == pytest.approx(math.log2(math.comb(n, 2)))
    assert name == "2 particles on 6 qubits"


def test_unequal_hops_break_the_number():
    circuit = QuantumCircuit(4)
    circuit.x(0)
    circuit.rxx(Parameter("a"), 0, 1)
    circuit.ryy(Parameter("b"), 0, 1)
    circuit.rzz(Parameter("c"), 1, 2)
    circuit.rx(Parameter("d"), 2)
    circuit.rx(Parameter("e"), 3)
    log, name = sector_log2(lower(circuit))
    assert (log, name) == (3.0, "1 Pauli symmetries")

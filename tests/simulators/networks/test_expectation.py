"""Networks of expectation values hold what the observable sees, and no more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from random_circuits import random_circuit, random_observable

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.program import lower
from qtrain.simulators.networks.expectation import expectation_network, plain_ops
from qtrain.simulators.statevector import values


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_one_sum_over_all_labels_is_the_expectation(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4))
    program = lower(random_circuit(seed, n=n, rotations=4, gates=5))
    observable = random_observable(seed, n=n, terms=1)
    x, z, c = unpack_terms(observable)
    angles = rng.uniform(0, 7, program.num_weights)
    network = expectation_network(n, plain_ops(program), x[0], z[0], most=1000)
    turned, operands, place = program.angles(angles), [], {}
    for leaf in network.leaves:
        tensor = leaf.even
        if leaf.odd is not None:
            tensor = np.cos(turned[leaf.op] / 2) * leaf.even - 1j * np.sin(turned[leaf.op] / 2) * leaf.odd
        operands += [tensor.conj() if leaf.adjoint else tensor, [place.setdefault(v, len(place)) for v in leaf.labels]]
    found = np.einsum(*operands, [], optimize="greedy")
    assert c[0] * found == pytest.approx(values(program, observable, angles[None])[0], abs=1e-10)


def test_what_cancels_is_left_out():
    t = ParameterVector("t", 6)
    circuit = QuantumCircuit(4)
    circuit.rx(t[0], 0)
    circuit.rx(t[1], 3)  # not connected
    circuit.rzz(t[2], 0, 1)
    circuit.rx(t[3], 1)  # behind it nothing sees qubit 1
    circuit.cz(0, 2)
    circuit.rz(t[4], 0)
    circuit.cx(0, 3)
    network = expectation_network(4, plain_ops(lower(circuit)), np.zeros(4, int), np.array([1, 0, 0, 0]), most=99)
    program = lower(circuit)
    assert {program.weights[program.parameter[leaf.op]] for leaf in network.leaves if leaf.odd is not None} == {"t[0]"}
    assert expectation_network(4, plain_ops(program), np.ones(4, int), np.zeros(4, int), most=3) is None

"""One collective spin against statevectors, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import lower
from qtrain.gradients.variance import gradient_variance
from qtrain.simulators.collective_spin import CollectiveSpin, collective_spin
from qtrain.simulators.statevector import values_and_gradients

PAIRS = {"rxx": "XX", "ryy": "YY", "rzz": "ZZ"}


def alike(n, seed, layers=5):
    """Layers on all qubits or all pairs, in any order of the gates; shared parameters, offsets, fixed angles."""
    rng, t = np.random.default_rng(seed), ParameterVector("t", 3)
    circuit = QuantumCircuit(n)
    if seed % 2:
        circuit.h(range(n))
    circuit.ry(float(rng.uniform(-3, 3)), range(n))
    circuit.rz(float(rng.uniform(-3, 3)), range(n))
    for k in range(layers):
        angle = [t[k % 3], 2 * t[k % 3] - 0.4, 0.7][rng.integers(3)] if k > 2 else t[k]
        name = str(rng.choice(["rx", "ry", "rz", *PAIRS]))
        qubits = rng.permutation(n).tolist()
        if name in PAIRS:
            for i, a in enumerate(qubits):
                for b in qubits[:i]:
                    getattr(circuit, name)(angle, a, b)
        else:
            getattr(circuit, name)(angle, qubits)
    return circuit


def all_terms(n, seed):
    rng, terms = np.random.default_rng(seed), [("", [], 0.3)]
    for letters in rng.permutation(["X", "Y", "Z", "XX", "YY", "ZZ"])[:3]:
        c = float(rng.normal())
        places = [[q] for q in range(n)] if len(letters) == 1 else [[a, b] for a in range(n) for b in range(a)]
        terms += [(str(letters), place, c) for place in places]
    return SparsePauliOp.from_sparse_list(terms, n)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**31))
def test_values_and_gradients_are_those_of_statevectors(n, seed):
    program, operator = lower(alike(n, seed)), all_terms(n, seed)
    spin = collective_spin(program, operator)
    assert isinstance(spin, CollectiveSpin)
    points = np.random.default_rng(seed).uniform(-4, 4, (3, program.num_weights))
    f, g = values_and_gradients(program, operator, points)
    values, slopes = spin.values_and_gradients(points)
    np.testing.assert_allclose(values, f, atol=1e-10)
    np.testing.assert_allclose(slopes, g, atol=1e-10)
    np.testing.assert_allclose(spin.costs(points), f, atol=1e-10)


@pytest.mark.parametrize("change", ["gate", "pair", "twice", "angle", "input", "letters", "observable"])
def test_what_tells_qubits_apart_is_refused(change):
    n, t = 4, ParameterVector("t", 2)
    circuit = QuantumCircuit(n)
    circuit.h(range(n if change != "input" else n - 1))
    for a in range(n):
        for b in range(a):
            if change != "pair" or (a, b) != (1, 0):
                circuit.rzz(t[0] * (2 if change == "angle" and (a, b) == (2, 0) else 1), a, b)
    if change == "twice":
        circuit.rzz(t[0], 0, 1)
    circuit.rx(t[1], range(n - (change == "gate")))
    if change == "letters":
        circuit.cx(0, 1)
    weights = [1.0, 1.0, 1.0, 1.0 + 1e-15 * 2 * (change == "observable")]
    operator = SparsePauliOp.from_sparse_list([("Z", [q], w) for q, w in enumerate(weights)], n)
    assert isinstance(collective_spin(lower(circuit), operator), str)


def test_deep_circuits_on_complete_graphs_of_a_hundred_qubits_have_values():
    n, t = 100, ParameterVector("t", 10)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    pairs = [[a, b] for a in range(n) for b in range(a)]
    for k in range(5):
        for a, b in pairs:
            circuit.rzz(t[2 * k], a, b)
        circuit.rx(t[2 * k + 1], range(n))
    cut = SparsePauliOp.from_sparse_list([("ZZ", pair, 0.5) for pair in pairs], n)
    stats = gradient_variance(circuit, cut, samples=64)
    assert stats.method == "angles"
    assert np.all(np.isfinite(stats.second_moment)) and np.all(stats.lower > 0)

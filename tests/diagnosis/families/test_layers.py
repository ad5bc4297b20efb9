"""Layers that no library names are read from their gates, and go on; circuits without a pattern are not recognised."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.random import random_circuit
from same_circuit import same

from qtrain.diagnosis.families import recognize

COLUMNS = ("rx", "ry", "rz", "p", "h", "sx")
COUPLERS = ("cx", "cz", "rzz", "rxx", "crz", "cp", "swap")
PATTERNS = {
    "line": lambda n: [(q, q + 1) for q in range(n - 1)],
    "backwards": lambda n: [(q, q + 1) for q in reversed(range(n - 1))],
    "flipped": lambda n: [(q + 1, q) for q in range(n - 1)],
    "ring": lambda n: [(q, (q + 1) % n) for q in range(n)],
    "pairs": lambda n: [(q, q + 1) for q in (*range(0, n - 1, 2), *range(1, n - 1, 2))],
    "star": lambda n: [(0, q) for q in range(1, n)],
    "all": lambda n: [(a, b) for a in range(n) for b in range(a + 1, n)],
}
ANGLES = {"rx": 1, "ry": 1, "rz": 1, "p": 1, "rzz": 1, "rxx": 1, "crz": 1, "cp": 1}


def layered(n, layers, reps, shared):
    """Each layer a gate on every qubit, or on every edge of a pattern; one angle a layer, or one a gate."""
    circuit, count = QuantumCircuit(n), 0
    for round_ in range(reps):
        for k, (name, pattern) in enumerate(layers):
            own = Parameter(f"s{round_},{k}")
            for place in [(q,) for q in range(n)] if pattern is None else PATTERNS[pattern](n):
                angle = own if shared else Parameter(f"a{count}")
                count += 1
                getattr(circuit, name)(*([2 * angle] if name in ANGLES else []), *place)
    return circuit


LAYER = st.one_of(
    st.tuples(st.sampled_from(COLUMNS), st.none()), st.tuples(st.sampled_from(COUPLERS), st.sampled_from(sorted(PATTERNS)))
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(LAYER, min_size=1, max_size=4), st.integers(1, 3), st.booleans(), st.integers(5, 7), st.integers(5, 9))
def test_layers_go_on(layers, reps, shared, n, wider):
    assume(any(name in ANGLES for name, _ in layers))
    columns = [name for name, pattern in layers if pattern is None]
    assume(len(columns) > 0 or len(layers) == 1)
    family = recognize(layered(n, layers, reps, shared))
    if family is None:  # two patterns side by side may be taken apart in another way: then nothing is claimed
        assert sum(pattern is not None for _, pattern in layers * reps) > 1
        return
    assert same(family.at(n), layered(n, layers, reps, shared))
    assert same(family.at(wider), layered(wider, layers, reps, shared))


def test_tied_over_repetitions():
    def make(n):
        gamma, beta, circuit = Parameter("gamma"), Parameter("beta"), QuantumCircuit(n)
        for _ in range(3):
            for q in range(n):
                circuit.rzz(2 * gamma, q, (q + 1) % n)
            circuit.rx(2 * beta, range(n))
        return circuit

    family = recognize(make(6))
    assert family.at(6).num_parameters == 2
    assert all(same(family.at(n), make(n)) for n in (5, 9))


def test_classes_by_even_and_odd_bonds():
    def make(n):
        angles, circuit = ParameterVector("a", 4), QuantumCircuit(n)
        for first in (0, 1):
            for q in range(first, n - 1, 2):
                circuit.rxx(angles[2 * first], q, q + 1)
                circuit.ryy(angles[2 * first], q, q + 1)
                circuit.rzz(angles[2 * first + 1], q, q + 1)
        return circuit

    family = recognize(make(6))
    assert all(same(family.at(n), make(n)) for n in (4, 7, 8))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 6), st.integers(3, 8))
def test_random_circuits_are_not_recognised(seed, n, depth):
    circuit = random_circuit(n, depth, max_operands=2, seed=seed)
    first = next((k for k, item in enumerate(circuit.data) if item.operation.params), None)
    assume(first is not None)
    free = circuit.copy_empty_like()
    for k, item in enumerate(circuit.data):
        params = item.operation.params
        gate = item.operation.to_mutable()
        if params:
            gate.params = [Parameter(f"a{k},{i}") for i in range(len(params))]
        free.append(gate, item.qubits)
    assert recognize(free) is None


@pytest.mark.parametrize("change", ["gate", "missing", "angle"])
def test_one_gate_off_is_not_recognised(change):
    circuit = layered(6, [("ry", None), ("cz", "line")], 3, False)
    other = circuit.copy_empty_like()
    for k, item in enumerate(circuit.data):
        if k != 14:  # a rotation in the middle
            other.append(item)
        elif change == "gate":
            other.rx(item.operation.params[0], 3)
        elif change == "angle":
            other.append(circuit.data[13].operation, item.qubits)
    assert recognize(circuit) is not None and recognize(other) is None


def test_without_parameters_or_with_functions_of_them():
    plain, function = QuantumCircuit(4), QuantumCircuit(4)
    plain.h(range(4))
    angle = Parameter("a")
    for q in range(4):
        function.rx(angle**2, q)
    assert recognize(plain) is None and recognize(function) is None

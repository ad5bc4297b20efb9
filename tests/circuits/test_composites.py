"""Gates that are known by their definition alone: written out, they do the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import OPERATIONS, circuit_with
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter
from qiskit.quantum_info import Operator

from qtrain.circuits.composites import expand, find_inputs, free_parameters, joined_parameters, unfold
from qtrain.circuits.noise.placement import unwrap


def _same(one: QuantumCircuit, other: QuantumCircuit) -> bool:
    angles = np.random.default_rng(0).uniform(-3, 3, one.num_parameters)
    by_name = dict(zip((p.name for p in one.parameters), angles))
    return Operator(one.assign_parameters(by_name)).equiv(Operator(other.assign_parameters(by_name)))


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_is_written_out_is_the_same_unitary(name, seed):
    circuit = circuit_with(name, seed)
    narrow, whole = unwrap(circuit), expand(circuit)
    assert all(len(item.qubits) <= 2 or item.name == "barrier" for item in narrow.data)
    assert _same(circuit, narrow) and _same(circuit, whole)


def test_a_gate_whose_code_raises_stays():
    class Broken(Gate):
        def _define(self):
            raise RuntimeError("no definition today")

    circuit = QuantumCircuit(3)
    circuit.append(Broken("broken", 3, []), range(3))
    assert [item.name for item in unfold(circuit, lambda item: True).data] == ["broken"]


def test_parameters_are_found_in_every_kind_of_operation():
    circuit = circuit_with("clifford", 0)
    x, y = Parameter("x[0]"), Parameter("y")
    circuit.rz(x * y, 0)
    assert free_parameters(circuit.data[3]) == set()
    assert joined_parameters(circuit) == {x, y}
    assert find_inputs(circuit, "x") == [x] and find_inputs(circuit, ["y"]) == [y]

"""Certificates and surrogates: exact where they say so, as wrong as they say elsewhere."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes, zz_feature_map
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.program import lower
from qtrain.diagnosis.results import Simulability
from qtrain.diagnosis.simulability import simulability
from qtrain.errors import QTrainError
from qtrain.gradients.variance import paths_apply
from qtrain.simulators.pauli_propagation import propagate
from qtrain.simulators.statevector import values_and_gradients


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_propagation_without_truncation_is_exact(seed):
    circuit, observable = random_circuit(seed, n=4, rotations=8, gates=14), random_observable(seed, n=4)
    program = lower(circuit)
    tape = paths_apply(program, Initialization("uniform"), [], None)[1]
    surrogate = propagate(program, tape, observable, 4)
    point = np.random.default_rng(seed).uniform(0, 6, (1, len(program.weights)))
    value, gradient = values_and_gradients(program, observable, point)
    found, slope = surrogate.value_and_gradient(point[0])
    assert found == pytest.approx(float(value[0]), abs=1e-9)
    assert slope == pytest.approx(np.asarray(gradient).reshape(-1), abs=1e-9)
    assert surrogate.value(point[0]) == pytest.approx(found)


def test_truncation_errs_as_its_certificate_says():
    """E (f - f_l)^2 over held-out angles equals E[w over paths heavier than l]."""
    circuit = efficient_su2(6, reps=2, entanglement="linear")
    observable = SparsePauliOp("ZIIIII")
    program = lower(circuit)
    result = simulability(circuit, observable, tolerance=0.9)
    row = next(r for r in result.certificates if r.check == "low-weight Pauli propagation")
    weight = int(row.detail.split("up to ")[1].split(";")[0])
    assert weight < 6
    tape = paths_apply(program, Initialization("uniform"), [], None)[1]
    surrogate = propagate(program, tape, observable, weight)
    angles = np.random.default_rng(3).uniform(0, 2 * math.pi, (3000, len(program.weights)))
    exact, _ = values_and_gradients(program, observable, angles)
    squares = (np.array([surrogate.value(a) for a in angles]) - np.asarray(exact)) ** 2
    spread = squares.std() / math.sqrt(len(squares))
    assert squares.mean() <= row.error**2 * 1.5 + 4 * spread
    assert squares.mean() >= row.error**2 / 4 - 4 * spread


def test_ising_is_simulated_in_its_module():
    n, theta = 12, ParameterVector("t", 8)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(4):
        for i in range(n - 1):
            circuit.rzz(theta[2 * layer], i, i + 1)
        for i in range(n):
            circuit.rx(theta[2 * layer + 1], i)
    observable = SparsePauliOp.from_sparse_list([("ZZ", [i, i + 1], 1.0) for i in range(n - 1)], n)
    result = simulability(circuit, observable)
    assert result.simulable
    point = np.linspace(0.1, 0.9, 8)
    value, gradient = values_and_gradients(lower(circuit), observable, point[None])
    found, slope = result.surrogate.value_and_gradient(point)
    assert found == pytest.approx(float(value[0]), abs=1e-8)
    assert slope == pytest.approx(np.asarray(gradient).reshape(-1), abs=1e-8)


def test_a_deep_wide_circuit_is_not_certified():
    result = simulability(
        efficient_su2(60, reps=60, entanglement="linear"), "Z" * 60, budget=Budget(max_dimension=512)
    )
    assert not result.simulable
    assert result.surrogate is None
    assert {"g-sim", "light cone", "matrix-product state", "near-Clifford", "free fermion"} <= {
        row.check for row in result.certificates
    }


def test_the_cone_of_a_shallow_circuit_is_small():
    n = 200
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(Parameter(f"a{q:03d}"), q)
    for q in range(0, n - 1, 2):
        circuit.cx(q, q + 1)
    result = simulability(circuit, "I" * (n - 2) + "ZI")
    row = next(r for r in result.certificates if r.check == "light cone")
    assert result.simulable
    assert row.cost <= 2**2 * 3
    assert next(r for r in result.certificates if r.check == "matrix-product state").cost == 3 * 8


def row_of(result, check):
    return next(row for row in result.certificates if row.check == check)


def test_shared_angles_and_t_gates_count_as_often_as_they_stand():
    theta = Parameter("a")
    circuit = QuantumCircuit(2)
    for _ in range(5):
        circuit.rx(theta, 0)
        circuit.t(0)
        circuit.cx(0, 1)
    result = simulability(circuit, "ZI")
    assert row_of(result, "near-Clifford").cost == 2**9  # the last T commutes with what CX leaves of Z
    assert row_of(result, "near-Clifford").detail.startswith("9 ")


def test_data_from_a_device_where_only_the_preparation_is_hard():
    n, angles = 40, ParameterVector("t", 8)
    circuit = QuantumCircuit(n)
    for _ in range(60):
        for q in range(n):
            circuit.h(q)
            circuit.t(q)
        for q in range(n - 1):
            circuit.cx(q, q + 1)
    for k in range(8):
        circuit.rx(angles[k], k)
    observable = SparsePauliOp.from_sparse_list([("Z", [q], 1.0) for q in range(8)], n)
    result = simulability(circuit, observable)
    row = row_of(result, "g-sim from measured data")
    assert not result.simulable
    assert (row.kind, row.applies, row.cost) == ("needs quantum data", True, 16 * 8)
    assert "needs quantum data" in result.verdict


def test_free_inputs_are_refused():
    program = lower(zz_feature_map(2, reps=1), inputs="x")
    with pytest.raises(QTrainError, match="inputs bound"):
        simulability(program, "ZZ")


def test_json_round_trip():
    result = simulability(real_amplitudes(3, reps=1), "ZII")
    assert Simulability.from_json(result.to_json()).to_json() == result.to_json()

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
from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.diagnosis.results import Simulability
from qtrain.diagnosis.simulability import simulability
from qtrain.errors import QTrainError
from qtrain.light_cones.light_cone import effective_program
from qtrain.simulators.pauli_propagation import low_weight
from qtrain.simulators.statevector import values_and_gradients


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_propagation_without_truncation_is_exact(seed):
    circuit, observable = random_circuit(seed, n=4, rotations=8, gates=14), random_observable(seed, n=4)
    program = lower(circuit)
    tape = build_tape(program)
    surrogate = low_weight(program, tape, observable, 4)
    point = np.random.default_rng(seed).uniform(0, 6, (1, len(program.weights)))
    value, gradient = values_and_gradients(program, observable, point)
    found, slope = surrogate.value_and_gradient(point[0])
    assert found == pytest.approx(float(value[0]), abs=1e-9)
    assert slope == pytest.approx(np.asarray(gradient).reshape(-1), abs=1e-9)
    assert surrogate.value(point[0]) == pytest.approx(found)


def test_truncation_errs_as_its_certificate_says():
    """E (f - f_l)^2 over held-out angles equals E[w over paths heavier than l]."""
    circuit = real_amplitudes(6, reps=2, entanglement="linear")
    observable = SparsePauliOp("ZIIIII")
    program = lower(circuit)
    result = simulability(circuit, observable, tolerance=0.9)
    row = row_of(result, "low-weight Pauli propagation")
    weight = int(row.detail.split("up to ")[1].split(";")[0])
    assert weight < 6
    tape = build_tape(program)
    surrogate = low_weight(program, tape, observable, weight)
    angles = np.random.default_rng(3).uniform(0, 2 * math.pi, (3000, len(program.weights)))
    exact, _ = values_and_gradients(program, observable, angles)
    squares = (np.array([surrogate.value(a) for a in angles]) - np.asarray(exact)) ** 2
    spread = squares.std() / math.sqrt(len(squares))
    assert row.error_lower**2 - 4 * spread <= squares.mean() <= row.error_upper**2 + 4 * spread
    assert row.error_lower < row.error < row.error_upper
    assert row.error_upper < 1.5 * row.error_lower  # the interval says something


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 7), st.sampled_from([0.02, 0.1, 0.5]))
def test_every_surrogate_is_what_its_certificate_says(seed, n, tolerance):
    """Values at random points: exact ones to rounding, others within the error that is certified."""
    rng = np.random.default_rng(seed)
    circuit = random_circuit(seed, n=n, rotations=int(rng.integers(1, 14)), gates=int(rng.integers(0, 14)))
    if rng.random() < 0.5:  # parameters that are shared
        names = list(circuit.parameters)
        circuit = circuit.assign_parameters({p: names[int(rng.integers(len(names)))] for p in names[1:]})
    if rng.random() < 0.3:
        circuit.t(int(rng.integers(n)))
    observable = random_observable(seed, n=n, terms=int(rng.integers(1, 5))) + SparsePauliOp("I" * n, [0.3])
    program = lower(circuit)
    result = simulability(program, observable, tolerance=tolerance, seed=seed % 1000)
    best = min((r for r in result.certificates if r.applies), key=lambda r: r.cost)
    assert result.verdict.startswith(f"{best.check}:")
    if result.surrogate is not None:
        assert result.surrogate is result.surrogates[best.check]
        assert result.surrogate.method == best.check
    points = rng.uniform(0, 2 * np.pi, (40, program.num_weights))
    exact, slopes = values_and_gradients(program, observable, points)
    for name, surrogate in result.surrogates.items():
        row = row_of(result, name)
        assert (surrogate.method, surrogate.error) == (name, row.error) and row.applies
        found = np.array([surrogate.value(point) for point in points])
        if row.error == 0:
            assert found == pytest.approx(np.asarray(exact), abs=1e-9)
            value, slope = surrogate.value_and_gradient(points[0])
            assert value == pytest.approx(float(exact[0]), abs=1e-9)
            assert slope == pytest.approx(np.asarray(slopes)[0], abs=1e-8)
        else:  # mean of 40 squares, each at most this many times their mean
            assert np.mean((found - exact) ** 2) <= 12 * row.error_upper**2


def test_wide_circuits_are_evaluated_by_contraction():
    """40 qubits, 5 layers: the bond's bound, and the same cost as from its light cone alone."""
    circuit = efficient_su2(40, reps=5, entanglement="pairwise")
    observable = "I" * 20 + "Z" + "I" * 19
    result = simulability(circuit, observable)
    assert set(result.surrogates) >= {"tensor network", "matrix-product state", "light cone"}
    program = lower(circuit)
    inner, operator = effective_program(program, observable)
    points = np.random.default_rng(0).uniform(0, 7, (2, program.num_weights))
    exact, slopes = values_and_gradients(inner, operator, points)
    found, gradients = result.surrogates["matrix-product state"].values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-9)
    assert gradients == pytest.approx(slopes, abs=1e-9)
    row = row_of(result, "matrix-product state")
    assert row.detail == "bond dimension at most 2^5" and row.cost >= row_of(result, "tensor network").cost


def test_what_memory_cannot_hold_is_not_certified():
    result = simulability(efficient_su2(24, reps=1, entanglement="full"), "Z" * 24, budget=Budget(memory_bytes=10**6))
    row = row_of(result, "light cone")
    assert not row.applies and "above the budget's 1e+06" in row.detail
    assert "light cone" not in result.surrogates


def test_the_error_is_not_that_of_the_paths_that_chose_the_cut():
    """Only paths that lose less than usual choose weight 1 here; the printed error covers the true one all the same."""
    circuit = real_amplitudes(6, reps=2, entanglement="linear")
    program = lower(circuit)
    tape = build_tape(program)
    angles = np.random.default_rng(4).uniform(0, 2 * math.pi, (4000, program.num_weights))
    exact = np.asarray(values_and_gradients(program, "ZIIIII", angles)[0])
    truth, missed, judged = {}, 0, 0
    for seed in range(80):
        row = row_of(simulability(program, "ZIIIII", tolerance=0.74, seed=seed), "low-weight Pauli propagation")
        if row.detail.endswith("all of them"):
            assert row.error == row.error_upper == 0.0
            continue
        judged += 1
        weight = int(row.detail.split("up to ")[1].split(";")[0])
        if weight not in truth:
            surrogate = low_weight(program, tape, SparsePauliOp("ZIIIII"), weight)
            truth[weight] = float(np.mean((exact - [surrogate.value(a) for a in angles]) ** 2))
        missed += not row.error_lower**2 * 0.95 <= truth[weight] <= row.error_upper**2 * 1.05
    assert 15 <= judged <= 60
    assert missed <= 0.1 * judged


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
    found, slope = result.surrogates["g-sim"].value_and_gradient(point)
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
    row = row_of(result, "matrix-product state")
    assert row.detail == "bond dimension at most 2^1" and 3 * 8 <= row.cost < 1e4


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
    assert row_of(result, "near-Clifford").cost <= 2**9  # the last T commutes with what CX leaves of Z
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


def test_errors_are_averaged_over_the_start():
    """Deep, scrambling circuits: no truncation follows them at uniform angles, few sines do close to a Clifford point."""
    n = 14
    circuit = QuantumCircuit(n)
    circuit.h(range(n))  # so that the cost is linear there
    angles = iter(ParameterVector("t", 2 * n * n))
    for _ in range(n):
        for q in range(n):
            circuit.ry(next(angles), q)
            circuit.rx(next(angles), q)
        for q in range(n - 1):
            circuit.cz(q, q + 1)
    everywhere, near = (
        {row.check: row for row in simulability(circuit, "Z6", initialization=start, tolerance=0.2).certificates}
        for start in ("uniform", "gaussian:0.03")
    )
    assert not everywhere["low Fourier degree"].applies and near["low Fourier degree"].applies
    assert 0 < near["low Fourier degree"].error < 0.2 and "sines up to" in near["low Fourier degree"].detail
    assert everywhere["light cone"] == near["light cone"]
    with pytest.raises(QTrainError, match="identity-block"):
        simulability(circuit, "Z6", initialization="identity-block")

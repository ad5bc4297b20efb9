"""Surrogates: exact where nothing is cut, and as wrong as their certificates say where something is."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators import pauli_propagation as module
from qtrain.simulators.evaluators import ModuleSurrogate
from qtrain.simulators.gsim import module as close
from qtrain.simulators.pauli_propagation import LazyPropagation, propagate
from qtrain.simulators.statevector import values, values_and_gradients


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_gradients_of_truncated_costs_are_their_own(seed, weight):
    """Against the exact derivative of a polynomial of degree one in cos and sin of each angle."""
    circuit, observable = random_circuit(seed, n=4, gates=12), random_observable(seed, n=4)
    program = lower(circuit)
    surrogate = LazyPropagation(program, build_tape(program), observable, weight)
    point = np.random.default_rng(seed).uniform(0, 6, program.num_weights)
    value, gradient = surrogate.value_and_gradient(point)
    assert value == pytest.approx(surrogate.value(point), abs=1e-12)
    for k in range(program.num_weights):
        step = np.zeros(program.num_weights)
        step[k] = math.pi / 2
        shift = (surrogate.value(point + step) - surrogate.value(point - step)) / 2
        assert gradient[k] == pytest.approx(shift, abs=1e-10)


def test_the_error_falls_to_zero_with_the_weight():
    circuit = real_amplitudes(4, reps=1, entanglement="linear")
    observable = SparsePauliOp(["ZIII", "IXXI", "IIII"], [1.0, 0.5, 2.0])
    program = lower(circuit)
    angles = np.array(list(itertools.product([0.2, 2.4], repeat=8)))
    exact = np.asarray(values(program, observable, angles)).ravel()
    errors = []
    for weight in range(5):
        surrogate = propagate(program, build_tape(program), observable, weight)
        errors.append(float(np.mean((exact - [surrogate.value(point) for point in angles]) ** 2)))
    assert errors[-1] < 1e-20
    assert errors[0] > errors[3]
    assert (
        propagate(program, build_tape(program), observable, 0).value(angles[0]) == 2.0
    )  # the constant alone


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_module_gives_the_cost_itself(seed):
    circuit, observable = random_circuit(seed), random_observable(seed)
    program = lower(circuit)
    surrogate = ModuleSurrogate(close(program, observable))
    point = np.random.default_rng(seed).uniform(0, 6, (1, program.num_weights))
    value, gradient = values_and_gradients(program, observable, point)
    cost, slope = surrogate.value_and_gradient(point[0])
    assert cost == surrogate.value(point[0]) == pytest.approx(float(np.ravel(value)[0]), abs=1e-9)
    assert slope == pytest.approx(np.asarray(gradient).reshape(-1), abs=1e-9)


def test_too_many_strings(monkeypatch):
    monkeypatch.setattr(module, "MAX_TERMS", 20)
    program = lower(efficient_su2(5, reps=3))
    surrogate = LazyPropagation(program, build_tape(program), SparsePauliOp("ZIIII"), 5)
    with pytest.raises(QTrainError, match="at most 20 strings of weight up to 5"):
        surrogate.value(np.zeros(program.num_weights))
    monkeypatch.setattr(module, "MAX_TERMS", 10**6)
    monkeypatch.setattr(module, "MAX_ENTRIES", 200)
    assert propagate(program, build_tape(program), SparsePauliOp("ZIIII"), 5) is None

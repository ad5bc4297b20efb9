"""Surrogates: exact where nothing is cut, and as wrong as their certificates say where something is."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import Pauli, SparsePauliOp, StabilizerState
from random_circuits import random_circuit, random_observable

from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.simulators import pauli_propagation as module
from qtrain.simulators.evaluators import ModuleSurrogate
from qtrain.simulators.gsim import module as close
from qtrain.simulators.pauli_propagation import low_degree, low_weight
from qtrain.simulators.statevector import values, values_and_gradients


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.booleans())
def test_gradients_of_truncated_costs_are_their_own(seed, cut, by_weight):
    """Against the exact derivative of a polynomial of degree one in cos and sin of each angle."""
    circuit, observable = random_circuit(seed, n=4, gates=12), random_observable(seed, n=4)
    program = lower(circuit)
    surrogate = (
        low_weight(program, build_tape(program), observable, cut) if by_weight else low_degree(program, observable, cut)
    )
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
        surrogate = low_weight(program, build_tape(program), observable, weight)
        errors.append(float(np.mean((exact - [surrogate.value(point) for point in angles]) ** 2)))
    assert errors[-1] < 1e-20
    assert errors[0] > errors[3]
    assert (
        low_weight(program, build_tape(program), observable, 0).value(angles[0]) == 2.0
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


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_every_degree_is_the_cost_itself(seed):
    """Shared and scaled angles, fixed rotations: nothing is cut at the highest degree; batches and points agree."""
    circuit = random_circuit(seed, n=4, rotations=8)
    circuit.t(0)
    names = list(circuit.parameters)
    circuit = circuit.assign_parameters({names[0]: 2 * names[1] + 0.3})
    circuit.sx(1)
    program, observable = lower(circuit), random_observable(seed, n=4)
    surrogate = low_degree(program, observable, len(program.rotations) + 1)
    points = np.random.default_rng(seed).uniform(0, 6, (5, program.num_weights))
    exact, slopes = values_and_gradients(program, observable, points)
    found, gradients = surrogate.values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients == pytest.approx(slopes, abs=1e-10)
    assert surrogate.value(points[2]) == pytest.approx(exact[2], abs=1e-10)


def by_paths(program, observable, point, degree):
    """Every path of its own, as a recursion over the rotations: the slow twin of a cut by degree."""
    table, angles = program.generators(), program.angles(point)
    generators = [
        (Pauli(label), sign, angles[op]) for label, sign, op in zip(table.labels, table.signs, table.index, strict=True)
    ]
    stabilizers = StabilizerState.from_stabilizer_list(
        [("-" if sign < 0 else "") + label for label, sign in zip(program.frame().labels, program.frame().signs, strict=True)]
    )

    def follow(string, k, met):
        if k < 0:
            return float(np.real(stabilizers.expectation_value(string)))
        generator, sign, angle = generators[k]
        if string.commutes(generator):
            return follow(string, k - 1, met)
        if met == degree:
            return 0.0
        turned = generator @ string  # i P Q
        turned.phase -= 1
        return np.cos(angle) * follow(string, k - 1, met + 1) + sign * np.sin(angle) * follow(turned, k - 1, met + 1)

    return sum(
        c.real * follow(Pauli(label), len(generators) - 1, 0) for label, c in observable.to_list()
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 6))
def test_the_cut_by_degree_is_one_of_paths(seed, degree):
    program, observable = lower(random_circuit(seed, n=3, rotations=7)), random_observable(seed, n=3)
    point = np.random.default_rng(seed).uniform(0, 6, program.num_weights)
    wanted = by_paths(program, observable, point, degree)
    assert low_degree(program, observable, degree).value(point) == pytest.approx(wanted, abs=1e-10)


def test_too_many_strings(monkeypatch):
    program = lower(efficient_su2(5, reps=3))
    operator = SparsePauliOp("ZIIII")
    assert low_weight(program, build_tape(program), operator, 5, most=200) is None
    assert low_degree(program, operator, 9, most=200) is None
    monkeypatch.setattr(module, "MAX_STRINGS", 20)
    assert low_weight(program, build_tape(program), operator, 5) is None
    assert low_degree(program, operator, 9) is None

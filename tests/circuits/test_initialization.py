"""Angles around a Clifford point are angles around 0 of the circuit with that point's gates in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import random_circuit, random_observable

import qtrain
from qtrain.circuits.initialization import Initialization, centred
from qtrain.circuits.program import lower
from qtrain.simulators.statevector import values


def around_a_clifford_point(seed, n=4, gates=12):
    """A random circuit with its angles shifted by quarter turns, and the shifts."""
    circuit = random_circuit(seed, n=n, gates=gates)
    point = np.random.default_rng(seed).integers(-2, 6, circuit.num_parameters) * np.pi / 2
    return circuit.assign_parameters({p: p + float(a) for p, a in zip(circuit.parameters, point)}), circuit, point


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_cost_and_second_moment_as_a_slow_twin(seed):
    shifted, plain, point = around_a_clifford_point(seed)
    observable = random_observable(seed, n=4, terms=1)
    program = centred(lower(shifted), Initialization("gaussian", 0.4))
    assert not program.offset[program.rotations].any()
    angles = np.random.default_rng(seed + 1).normal(size=(5, len(point)))
    assert values(program, observable, angles) == pytest.approx(values(lower(plain), observable, angles + point), abs=1e-12)
    if plain.num_parameters > 4:
        return
    found = qtrain.gradient_variance(shifted, observable, initialization="gaussian:0.4")
    nodes, weights = np.polynomial.hermite_e.hermegauss(10)  # exact to rounding for these low frequencies
    grid = np.array(np.meshgrid(*[0.4 * nodes] * len(point), indexing="ij")).reshape(len(point), -1).T
    mass = np.prod(np.array(np.meshgrid(*[weights / weights.sum()] * len(point), indexing="ij")).reshape(len(point), -1), axis=0)
    _, slopes = qtrain.values_and_gradients(lower(plain), observable, grid + point)
    exact = mass @ slopes**2
    close = np.abs(found.second_moment - exact) <= 1e-9 + (0 if found.exact.all() else 6 * np.nan_to_num(found.standard_error))
    assert "offset" not in found.reason and close.all()


def test_only_quarter_turns_of_symmetric_starts_are_taken_apart():
    shifted, _, _ = around_a_clifford_point(3)
    program = lower(shifted)
    assert centred(program, Initialization("uniform")) is program
    odd = lower(shifted.assign_parameters({p: p + 0.1 for p in shifted.parameters}))
    assert centred(odd, Initialization("small", 0.4)) is odd

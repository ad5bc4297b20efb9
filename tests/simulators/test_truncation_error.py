"""What truncations lose, against the truncated propagation itself on a full grid of angles."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.simulators.pauli_propagation import low_degree, low_weight
from qtrain.simulators.statevector import values
from qtrain.simulators.truncation_error import sample_paths

GRID = np.array(list(itertools.product([0.3, 0.3 + 2 * math.pi / 3, 0.3 + 4 * math.pi / 3], repeat=4)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 30]))
def test_lost_by_weight_is_the_mean_squared_error(seed, terms):
    """Three angles each integrate squares exactly; with 30 terms many interfere, some never move."""
    circuit, observable = random_circuit(seed, n=4, gates=12), random_observable(seed, n=4, terms=terms)
    program = lower(circuit)
    tape = build_tape(program)
    sample = sample_paths(tape, observable, seed=seed)
    exact = np.asarray(values(program, observable, GRID)).ravel()
    if sample is None:
        assert np.ptp(exact) < 1e-9
        return
    for weight in range(4):
        squares = _squares(program, tape, observable, weight, exact)
        lost = sample.lost_by_weight(weight)
        width = lost.upper - lost.lower  # of 95 %: three of them are never left
        assert lost.value == pytest.approx(squares, abs=3 * width + 1e-12)
        assert lost.lower <= lost.value <= lost.upper
    assert sample.second_moment == pytest.approx(exact.var(), abs=6 * sample.scale / math.sqrt(sample.paths))


def _squares(program, tape, observable, weight, exact):
    surrogate = low_weight(program, tape, observable, weight)
    return float(np.mean((exact - [surrogate.value(point) for point in GRID]) ** 2))


@pytest.mark.parametrize("terms", [3, 30])
def test_intervals_cover_the_true_loss(terms):
    """Where some strings are cut and some are not; few paths, so that the intervals are wide and could miss."""
    missed = tried = 0
    for seed in range(60):
        circuit, observable = random_circuit(seed, n=4, gates=12), random_observable(seed, n=4, terms=terms)
        program = lower(circuit)
        tape = build_tape(program)
        exact = np.asarray(values(program, observable, GRID)).ravel()
        truth = [_squares(program, tape, observable, weight, exact) for weight in (1, 2, 3)]
        for again in range(3):
            sample = sample_paths(tape, observable, seed=1000 * seed + again, paths=250)
            for weight, true in zip((1, 2, 3), truth):
                if sample is None or not 1e-9 < true:
                    continue
                lost = sample.lost_by_weight(weight)
                missed += not lost.lower - 1e-12 <= true <= lost.upper + 1e-12
                tried += 1
    assert tried > 100
    assert missed <= 0.06 * tried


def test_lost_by_degree_is_the_rest_of_the_fourier_series():
    """f = cos a cos b of RY on two qubits and ZZ: all of it has degree 2."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter

    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    sample = sample_paths(build_tape(lower(circuit)), SparsePauliOp("ZZ", 2.0), seed=0)
    assert sample.second_moment == pytest.approx(1.0, rel=0.05)
    assert sample.lost_by_degree(1).value == pytest.approx(1.0, rel=0.05)
    none = sample.lost_by_degree(2)
    assert (none.value, none.lower) == (0.0, 0.0)
    assert none.upper == pytest.approx(4.0 * (1 - 0.025 ** (1 / sample.paths)))
    assert sample.smallest(sample.lost_by_degree, 0.1) == 2
    assert sample.smallest(sample.lost_by_weight, 0.1) == 2


def test_nothing_moves():
    program = lower(real_amplitudes(2, reps=1))
    assert sample_paths(build_tape(program), SparsePauliOp("II"), seed=0) is None


NODES, MASS = np.polynomial.hermite_e.hermegauss(8)
NORMAL = np.array(list(itertools.product(NODES, repeat=4)))  # of unit width; exact to rounding for what is asked
SHARE = np.prod(list(itertools.product(MASS / MASS.sum(), repeat=4)), axis=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.2, 0.7]))
def test_lost_around_a_point_is_the_mean_squared_error(seed, width):
    circuit, observable = random_circuit(seed, n=4, gates=12), random_observable(seed, n=4, terms=1)
    program, start = lower(circuit), Initialization("gaussian", width)
    tape, angles = build_tape(program), width * NORMAL
    sample = sample_paths(tape, observable, seed=seed, start=start)
    exact = np.asarray(values(program, observable, angles)).ravel()
    if sample is None:
        assert np.ptp(exact) < 1e-9
        return
    variance = SHARE @ exact**2 - (SHARE @ exact) ** 2
    assert sample.second_moment == pytest.approx(variance, abs=6 * sample.scale / math.sqrt(sample.paths))
    for cut in range(4):
        by_weight, by_sines = low_weight(program, tape, observable, cut), low_degree(program, observable, cut, sines=True)
        for surrogate, lost in ((by_weight, sample.lost_by_weight(cut)), (by_sines, sample.lost_by_sines(cut))):
            squares = float(SHARE @ (exact - surrogate.costs(angles)) ** 2)
            assert lost.value == pytest.approx(squares, abs=3 * (lost.upper - lost.lower) + 1e-9)
    whole = low_degree(program, observable, 4, sines=True)
    assert whole.costs(angles) == pytest.approx(exact, abs=1e-10)


def test_terms_that_meet_different_rotations_are_not_judged_around_a_point():
    program = lower(real_amplitudes(2, reps=1))
    both = SparsePauliOp(["IZ", "ZI"], [1.0, 0.5])
    assert sample_paths(build_tape(program), both, seed=0) is not None
    assert sample_paths(build_tape(program), both, seed=0, start=Initialization("gaussian", 0.1)) is None

"""Moments under noise of every kind: sampled angles and collapsing operators against grids of density matrices."""

import numpy as np
import pytest
import reference_noise
import reference_paths
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Kraus
from random_circuits import random_circuit, random_observable

from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import effective, effective_channels
from qtrain.simulators.density import NoisyCost

NOT_UNITAL = [name for name in reference_noise.NOISES if name not in reference_noise.UNITAL]


def grid_moments(circuit, operator, behind):
    """(E f, E f^2, E g^2) where each angle is in one rotation."""
    kraus = reference_paths.behind_gates(
        lambda name, qubits: [(Kraus(error.to_quantumchannel()).data, where) for error, where in behind(name, qubits)]
    )
    mean, square, _, second = reference_paths.moments(circuit, operator, behind=kraus)
    return mean, square, second


def shared_circuit():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.rzz(a, 0, 1)
    circuit.rx(b, 0)
    circuit.rx(2 * b, 1)
    circuit.cx(1, 2)
    circuit.rzz(a, 1, 2)
    circuit.ry(b, 2)
    return circuit


@pytest.mark.parametrize("method, samples", [("density", 3000), ("collapse", 6000)])
@pytest.mark.parametrize("name", NOT_UNITAL)
def test_independent_angles(name, method, samples):
    noise, behind = reference_noise.NOISES[name]
    circuit = random_circuit(13, rotations=3, gates=6, first_cliffords=False)
    observable = random_observable(13, terms=3)
    mean, square, second = grid_moments(circuit, observable, behind)
    stats = gradient_variance(circuit, observable, noise=noise, method=method, samples=samples, seed=1)
    assert np.all(np.abs(stats.second_moment - second) <= 5 * stats.standard_error + 1e-9)
    assert abs(stats.cost_variance - (square - mean**2)) <= 5 * stats.cost_standard_error + 1e-9
    assert np.all(second[stats.proven_zero] < 1e-12)


@pytest.mark.parametrize("name", reference_noise.NOISES)
def test_shared_angles_by_a_full_grid(name):
    """24 points an angle: more than twice every frequency, so that averages over the grid are exact."""
    noise, _ = reference_noise.NOISES[name]
    circuit, operator = shared_circuit(), "ZII + 0.5*IXZ + 0.25*IZI"
    posed = pose(circuit, operator, noise=noise)
    cost = NoisyCost(posed.program, posed.traceless, posed.channels)
    points = 2 * np.pi * np.arange(24) / 24
    grid = np.array([(a, b) for a in points for b in points])
    values, slopes = cost.values_and_gradients(grid)
    for method, samples in (("density", 3000), ("collapse", 3000)):
        stats = gradient_variance(circuit, operator, noise=noise, method=method, samples=samples, seed=2)
        assert np.all(np.abs(stats.second_moment - (slopes**2).mean(axis=0)) <= 5 * stats.standard_error)
        assert abs(stats.cost_variance - values.var()) <= 5 * stats.cost_standard_error


@pytest.mark.parametrize("name", ["depolarizing", "amplitude damping", "all of them"])
def test_intervals_cover(name):
    """95 % intervals of 60 seeds; 50 or more hold each moment (fewer than 1 in 10^3 by chance)."""
    noise, _ = reference_noise.NOISES[name]
    circuit, operator = shared_circuit(), "ZII + 0.5*IXZ"
    posed = pose(circuit, operator, noise=noise)
    points = 2 * np.pi * np.arange(24) / 24
    grid = np.array([(a, b) for a in points for b in points])
    second = (NoisyCost(posed.program, posed.traceless, posed.channels).values_and_gradients(grid)[1] ** 2).mean(axis=0)
    runs = [gradient_variance(circuit, operator, noise=noise, method="density", samples=100, seed=s) for s in range(60)]
    held = sum((run.lower <= second) & (second <= run.upper) for run in runs)
    assert held.min() >= 50


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(list(reference_noise.NOISES)))
def test_nothing_that_lives_under_noise_is_called_dead(seed, name):
    """The light cone, and the proofs of both ends: the reduced problem is the same, what is dead has no slope."""
    noise, _ = reference_noise.NOISES[name]
    circuit, observable = random_circuit(seed, n=4, rotations=6), random_observable(seed, n=4, terms=2)
    if name == "two-qubit pauli" and not circuit.num_nonlocal_gates():
        return
    problem = pose(circuit, observable, noise=noise)
    points = np.random.default_rng(seed).uniform(-3, 3, (4, circuit.num_parameters))
    whole = NoisyCost(problem.program, problem.traceless, problem.channels)
    cone = NoisyCost(*effective(problem), effective_channels(problem))
    values, slopes = whole.values_and_gradients(points)
    for mine, theirs in zip(cone.values_and_gradients(points), (values, slopes), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
    assert np.abs(slopes[:, dead(problem)]).max(initial=0.0) < 1e-12


def test_damping_wakes_what_is_dead_without_it():
    """XX commutes with ZZ, not with the Z that is left where the other decayed; |+> that decayed feels RX."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.ry(b, 0)
    circuit.rxx(a, 0, 1)
    circuit.id(0)
    assert dead(pose(circuit, "ZZ")).tolist() == [True, False]
    noisy = pose(circuit, "ZZ", noise={"id": {"amplitude_damping": 0.3}})
    assert dead(noisy).tolist() == [False, False]
    slopes = NoisyCost(noisy.program, noisy.traceless, noisy.channels).value_and_gradient(np.array([0.4, 0.7]))[1]
    assert abs(slopes[0]) > 0.05
    bound = gradient_variance(circuit, "ZZ", noise={"id": {"amplitude_damping": 0.3}}, method="bound")
    assert bound.upper[0] >= slopes[0] ** 2
    state = QuantumCircuit(1)
    state.h(0)
    state.rx(a, 0)
    assert dead(pose(state, "Z")).tolist() == [True]
    assert dead(pose(state, "Z", noise={"h": {"amplitude_damping": 0.3}})).tolist() == [False]


def test_auto_takes_what_fits():
    shared = gradient_variance(shared_circuit(), "ZII", noise=0.01, samples=200)
    assert shared.method == "density"
    wide = efficient_su2(12, reps=4)
    stats = gradient_variance(wide, "Z" * 12, noise={"amplitude_damping": 0.01}, budget=Budget(seconds=2))
    assert stats.method in ("collapse", "none") and "light cone holds 12 qubits" in stats.reason


def test_what_stays_dead_where_qubits_decay():
    """A phase in front of a measured Z commutes with all that decay makes of it; a phase on |0...0> as well."""
    circuit = QuantumCircuit(2)
    for k, q in enumerate((0, 1)):
        circuit.rz(Parameter(f"a{k}"), q)
    circuit.ry(Parameter("b"), 0)
    circuit.cx(0, 1)
    circuit.rz(Parameter("c"), 1)
    assert dead(pose(circuit, "ZI", noise={"amplitude_damping": 0.1})).tolist() == [True, True, False, True]

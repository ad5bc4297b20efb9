"""Exact second moments with shared angles: against whole Fourier series, plain paths, and at a hundred qubits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from random_circuits import random_observable
from reference_fourier import UNIT, moments, series, shared_circuit

from qtrain import Budget, gradient_variance
from qtrain.circuits.initialization import parse_initialization
from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.paths import fourier_pairs
from qtrain.gradients.paths.pair_walk import _distinct


def _question(seed):
    rng = np.random.default_rng(seed)
    n, weights = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    circuit = shared_circuit(rng, n, weights, int(rng.integers(2, 9)))
    return circuit, random_observable(seed, n=n, terms=min(3, 4**n - 1))


def _series(program, observable):
    ops = program.rotations
    slopes = np.bincount(program.parameter[ops], np.abs(program.coefficient[ops]), len(program.weights))
    return series(program, observable, np.round(slopes / UNIT))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), start=st.sampled_from(["uniform", "gaussian:0.4", "small:1.1", "small:0.05"]))
def test_moments_are_those_of_the_whole_fourier_series(seed, start):
    circuit, observable = _question(seed)
    terms = _series(lower(circuit), observable) if circuit.num_parameters else None
    if not terms:
        return
    law = parse_initialization(start)
    plain = (lambda f: (np.abs(f) < 1e-9).astype(float)) if start == "uniform" else lambda f: law.moments(f)[0]
    mean, second, slopes = moments(terms, plain, circuit.num_parameters)
    found = gradient_variance(circuit, observable, method="pairs", initialization=start)
    known = found.exact
    np.testing.assert_allclose(found.second_moment[known], slopes[known], rtol=1e-9, atol=1e-11)
    assert (slopes[~known] <= found.upper[~known] + 1e-12).all() and (found.upper[~known] < 1e-10).all()
    assert found.cost_mean == pytest.approx(mean, abs=1e-11)
    assert found.cost_variance == pytest.approx(second - mean**2, abs=1e-11)
    assert not (found.proven_zero & (slopes > 1e-9)).any() and known[slopes > 1e-9].all()


@pytest.mark.parametrize("start", ["uniform", "gaussian:0.2"])
def test_independent_angles_give_what_all_pauli_paths_give(start):
    circuit = efficient_su2(5, reps=2)
    pairs = gradient_variance(circuit, "ZZIIX + 0.5*IXIIY", method="pairs", initialization=start)
    paths = gradient_variance(circuit, "ZZIIX + 0.5*IXIIY", method="exact", initialization=start)
    np.testing.assert_allclose(pairs.variance, paths.variance, rtol=1e-10, atol=1e-14)
    assert pairs.cost_variance == pytest.approx(paths.cost_variance, rel=1e-10)
    assert (pairs.proven_zero == paths.proven_zero).all()


def _layers(n, reps, gate, pairs):
    circuit, angles = QuantumCircuit(n), iter(ParameterVector("a", 3 * n * reps))
    for _ in range(reps):
        for q in range(n):
            circuit.rx(next(angles), q)
            circuit.rz(next(angles), q)
        for a, b in pairs:
            getattr(circuit, gate)(next(angles), a, b)
    return circuit


@pytest.mark.parametrize("gate", ["crx", "crz"])
def test_bricks_of_controlled_rotations_at_a_hundred_qubits(gate):
    """A local observable sees ten qubits around it: a circuit of twelve has the same moments."""

    def bricks(n):
        return [(q, q + 1) for first in (0, 1) for q in range(first, n - 1, 2)]

    wide = gradient_variance(_layers(100, 2, gate, bricks(100)), "I" * 48 + "Z" + "I" * 51)
    narrow = gradient_variance(_layers(12, 2, gate, bricks(12)), "I" * 4 + "Z" + "I" * 7, method="pairs")
    assert wide.exact.all()
    assert wide.cost_variance == pytest.approx(narrow.cost_variance, rel=1e-12)
    first, second = (np.sort(s.variance[s.variance > 0]) for s in (wide, narrow))
    np.testing.assert_allclose(first, second, rtol=1e-10)


def test_values_far_below_what_a_float_resolves_beside_one():
    n = 40
    ring = [(q, (q + 1) % n) for q in reversed(range(n))]
    stats = gradient_variance(_layers(n, 2, "crx", ring), "I" * (n - 1) + "Z", method="pairs")
    live = stats.variance[~stats.proven_zero]
    assert stats.exact.all() and 0 < live.min() < 1e-16


def test_an_echo_is_zero_by_proof():
    circuit, angles = QuantumCircuit(3), [Parameter(f"t{k}") for k in range(6)]
    gates = [("rx", [0]), ("ry", [1]), ("rz", [2]), ("rxx", [0, 1]), ("rzz", [1, 2])]
    for angle, (gate, qubits) in zip(angles, gates):
        getattr(circuit, gate)(angle, *qubits)
    for angle, (gate, qubits) in reversed(list(zip(angles, gates))):
        getattr(circuit, gate)(-angle, *qubits)
    circuit.ry(angles[5], 1)
    stats = gradient_variance(circuit, "IZI + 0.3*ZZZ", method="pairs")
    assert stats.proven_zero.tolist() == [True] * 5 + [False]
    np.testing.assert_allclose(stats.variance, [0, 0, 0, 0, 0, 0.5 * 1.3**2], atol=1e-12)


def test_what_cannot_be_summed_is_refused_or_given_up():
    circuit, a = QuantumCircuit(2), Parameter("a")
    circuit.rx(a, 0)
    circuit.rx(np.sqrt(2) * a, 1)
    with pytest.raises(QTrainError, match="without a common unit"):
        gradient_variance(circuit, "ZZ", method="pairs")
    wide = _layers(30, 4, "crx", [(q, (q + 7) % 30) for q in range(30)])
    assert fourier_pairs.run(pose(wide, "Z" * 30, budget=Budget(memory_bytes=2**22))) is None


@given(seed=st.integers(0, 2**31))
def test_equal_rows_merge_and_no_others(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, (int(rng.integers(1, 60)), int(rng.integers(1, 4)))).astype(np.uint64)
    first, which = _distinct(rows)
    assert (rows[first][which] == rows).all()
    assert len(first) == len(np.unique(rows, axis=0))

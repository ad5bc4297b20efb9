"""Light-cone sensitivities: what they call certain is true, and what they cannot tell stays open."""

import re

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from random_circuits import echo, random_circuit
from scipy import stats

from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import Problem, path_tape
from qtrain.circuits.program import lower
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.sensitivity import _fewest, _most, by_angles, by_paths
from qtrain.gradients.variance import gradient_variance
from qtrain.kernels import pauli_paths as path_kernel
from qtrain.simulators.statevector import values_and_gradients


def product(m):
    """Weight a on qubit 0, then m controlled turns: (d<P>/da)^2 has mean 2^-(m+1) under the Pauli that sees it best."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    for k in range(m):
        circuit.ry(Parameter(f"b{k:02d}"), 1)
        circuit.rzz(Parameter(f"c{k:02d}"), 0, 1)
        circuit.rx(Parameter(f"d{k:02d}"), 0)
    return circuit


def exact_moments(program):
    """(3 n, weights) of every single-qubit Pauli, on a grid that integrates squares exactly."""
    points = np.stack(np.meshgrid(*[2 * np.pi * np.arange(3) / 3 + 0.1] * program.num_weights), -1)
    points = points.reshape(-1, program.num_weights)
    labels = [(q, letter) for q in range(program.num_qubits) for letter in "XZY"]
    found = []
    for q, letter in labels:
        label = "".join(letter if p == q else "I" for p in reversed(range(program.num_qubits)))
        found.append((np.asarray(values_and_gradients(program, label, points)[1]) ** 2).mean(axis=0))
    return np.array(found)


@pytest.mark.parametrize("way", ["paths", "angles"])
@pytest.mark.parametrize("ratio", [0.6, 0.85, 0.999, 1.18, 1.7])
def test_what_is_certain_is_true(way, ratio):
    """Thresholds close to the largest moment, on either side: at most one verdict in twenty is wrong."""
    wrong = certain = 0
    for seed in range(24):
        program = lower(random_circuit(seed, n=3, rotations=5, gates=10))
        truth = exact_moments(program).max(axis=0)
        if not (truth > 1e-12).any():
            continue
        weight = int(np.argmax(np.where(truth > 1e-12, truth, 0)))
        threshold = float(truth[weight]) * ratio
        candidates = np.arange(program.num_weights) == weight
        problem = Problem(program, as_observable("ZZZ"), seed=seed)
        if way == "paths":
            tape = path_tape(problem).tape
            found = by_paths(problem, tape, candidates, threshold, seconds=10)
        else:
            found = by_angles(problem, candidates, threshold, seconds=0.2)
        certain += found.felt[weight] or found.unfelt[weight]
        wrong += found.felt[weight] and ratio > 1
        wrong += found.unfelt[weight] and ratio <= 1
        assert not (found.felt & found.unfelt).any()
    assert wrong <= 2
    if ratio in (0.6, 1.7):
        assert certain >= 12  # far from the threshold the samples do tell


def test_a_rare_signal_is_not_called_scrambled():
    """Most samples of a product of many cosines are tiny; few samples must not call it unfelt where it is felt."""
    program = lower(product(4))
    truth = float(exact_moments(lower(product(1))).max(axis=0)[0])
    assert truth > 0  # the family is alive
    wrong = 0
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, (200_000, program.num_weights))
    moments = [
        (np.asarray(values_and_gradients(program, label, angles)[1])[:, 0] ** 2).mean()
        for label in ("IX", "IY", "IZ", "XI", "YI", "ZI")
    ]
    threshold = 0.8 * max(moments)
    candidates = np.arange(program.num_weights) == 0
    for seed in range(60):
        found = by_angles(Problem(program, as_observable("ZZ"), seed=seed), candidates, threshold, seconds=1e-6)
        wrong += bool(found.unfelt[0])
    assert wrong <= 3


def test_own_gate_names_its_pauli():
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    problem = Problem(lower(circuit), as_observable("ZI"))
    found = by_paths(problem, path_tape(problem).tape, np.array([True]), 1e-3, seconds=5)
    assert found.felt[0] and not found.unfelt[0]
    assert found.best[0] == pytest.approx(0.5, abs=0.05)
    assert (found.qubit[0], found.count[0]) == (0, 2)


def test_out_of_time_nothing_is_called_unfelt():
    problem = Problem(lower(product(2)), as_observable("ZZ"))
    candidates = np.ones(problem.program.num_weights, bool)
    found = by_paths(problem, path_tape(problem).tape, candidates, 2.0, seconds=-1.0)
    assert not found.unfelt.any() and not found.felt.any()
    assert by_paths(problem, path_tape(problem).tape, candidates, 2.0, seconds=5.0).unfelt.all()


@pytest.mark.parametrize("share", [1e-4, 0.003, 0.4, 0.99])
@pytest.mark.parametrize("count", [64, path_kernel.PATHS])
def test_bounds_of_hits_are_the_exact_binomial_ones(share, count):
    hits = np.arange(count + 1)
    above = stats.binom.sf(hits - 1, count, share) <= 0.01
    assert _fewest(count, share, 0.01) == (int(np.argmax(above)) if above.any() else count + 1)
    below = stats.binom.cdf(hits, count, share) < 0.01
    assert _most(count, share, 0.01) == int(below.sum()) - 1


def _ladder(n, layers=2):
    """Blocks from the last pair of qubits to the first: what the first ones do stays behind."""
    circuit, count = QuantumCircuit(n), 0
    for k in range(n - 2, -1, -1):
        for layer in range(layers + 1):
            for q in (k, k + 1):
                for gate in (circuit.rz, circuit.ry):
                    gate(Parameter(f"t{count:05d}"), q)
                    count += 1
            if layer < layers:
                circuit.cx(*((k, k + 1) if layer % 2 == 0 else (k + 1, k)))
    return circuit


def test_long_ladders_are_decided_and_the_named_qubit_sees_it():
    """Every early parameter is felt beside its own place; the exact variance under the Pauli named is what is said."""
    n, shots = 120, 10_000
    circuit = _ladder(n)
    report = diagnose(circuit, "I" * (n - 1) + "Z", shots=shots)
    quiet = [v for v in report.verdicts if v.cause != "healthy" and not v.cause.startswith("dead")]
    assert len(quiet) > 1000
    assert np.mean([v.cause == "information lost" for v in quiet]) > 0.95
    for verdict in quiet[:: len(quiet) // 8]:
        letter, qubit = re.match(r"measure ([XYZ]) on qubit (\d+)", verdict.advice).groups()
        named = SparsePauliOp.from_sparse_list([(letter, [int(qubit)], 1.0)], n)
        exact = gradient_variance(circuit, named)
        assert exact.variance[verdict.index] >= 1 / shots


def test_an_echo_that_scrambles_is_called_so():
    """Its angles are shared: derivatives at random angles tell that no Pauli on any qubit feels its first layers."""
    n, circuit = 9, echo(9, 15, 3)
    first = np.array([name in {f"w{k:03d}" for k in range(2 * n)} for name in lower(circuit).parameters])
    found = by_angles(Problem(lower(circuit), as_observable("I" * (n - 1) + "Z")), first, 3 * 2.0**-n, seconds=60)
    assert not found.felt[first].any()
    assert found.unfelt[first].mean() >= 0.9

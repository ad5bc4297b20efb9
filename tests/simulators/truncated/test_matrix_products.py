"""Matrix-product states against the statevector, and against other exact evaluators where that one cannot go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, random_pauli_list

from qtrain.architecture.hva import hva
from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.table import SIMULATORS
from qtrain.simulators.truncated.matrix_products import MOST_CHANNELS, MatrixProduct
from qtrain.studies.tasks.spin_models import spin_model

GATES = ("h", "s", "sx", "t", "x", "cx", "cz", "swap", "rx", "ry", "rz", "rzz", "ryy", "xxy")


@st.composite
def circuits(draw):
    n = draw(st.integers(3, 6))
    names = draw(st.lists(st.sampled_from(GATES), min_size=3, max_size=24))
    circuit, angles = QuantumCircuit(n), ParameterVector("t", 8)
    circuit.ry(angles[0], 0)
    for name in names:
        qubits = draw(st.permutations(range(n)))
        angle = angles[draw(st.integers(0, 7))]
        if name in ("rx", "ry", "rz"):
            getattr(circuit, name)(angle, qubits[0])
        elif name in ("rzz", "ryy"):
            getattr(circuit, name)(angle, *qubits[:2])
        elif name == "xxy":  # a wide rotation about one string, by CX around it
            circuit.cx(qubits[0], qubits[1])
            circuit.rzz(2 * angle, qubits[1], qubits[-1])
            circuit.cx(qubits[0], qubits[1])
        else:
            gate = getattr(circuit, name)
            gate(*qubits[: 2 if name in ("cx", "cz", "swap") else 1])
    return circuit, draw(st.integers(0, 2**32 - 1))


@settings(max_examples=25, deadline=None)
@given(circuits())
def test_no_truncation_is_exact(case):
    circuit, seed = case
    rng, n = np.random.default_rng(seed), circuit.num_qubits
    observable = SparsePauliOp(random_pauli_list(n, 4, seed=seed, phase=False), rng.normal(size=4))
    program = lower(circuit)
    points = rng.uniform(-np.pi, np.pi, (2, program.num_weights))
    values, slopes = StatevectorSurrogate(program, observable, 2**30).values_and_gradients(points)
    found = MatrixProduct(program, observable, 2**n, cutoff=0.0)
    many, gradients = found.values_and_gradients(points)
    np.testing.assert_allclose(many, values, rtol=0, atol=1e-10)
    np.testing.assert_allclose(gradients, slopes, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.costs(points), values, rtol=0, atol=1e-10)


def test_a_truncation_notes_what_it_drops_and_a_larger_one_is_closer():
    circuit = efficient_su2(10, reps=4, entanglement="linear")
    observable = spin_model(10, [(q, q + 1) for q in range(9)], z=-1.0, field_x=-1.0)
    program = lower(circuit)
    point = np.random.default_rng(3).uniform(-np.pi, np.pi, (1, program.num_weights))
    exact = StatevectorSurrogate(program, observable, 2**30).costs(point)[0]
    errors, lost = [], []
    for bond in (2, 8, 32):
        found = MatrixProduct(program, observable, bond)
        errors.append(abs(found.costs(point)[0] - exact))
        lost.append(found.state(point[0]).lost)
    assert errors[0] > 1e-3 > 1e-6 > errors[2]
    assert lost[0] > lost[1] > lost[2]


@pytest.mark.parametrize("sites", [[0], [1, 3], [0, 2, 5]])
def test_reduced_states(sites):
    circuit = efficient_su2(6, reps=2, entanglement="full")
    program = lower(circuit)
    point = np.random.default_rng(1).uniform(-np.pi, np.pi, program.num_weights)
    _, reduced = MatrixProduct(program, SparsePauliOp("Z" * 6), 64, cutoff=0.0).local_states(point)
    rho = reduced(sites)
    for seed in range(4):
        label = random_pauli_list(len(sites), 1, seed=seed, phase=False)[0].to_label()
        whole = SparsePauliOp.from_sparse_list([(label, sites, 1.0)], 6)
        matrix = SparsePauliOp(label).to_matrix()  # the first letter is the most significant bit, as in the state
        value = StatevectorSurrogate(program, whole, 2**30).costs(point[None])[0]
        assert np.trace(rho @ matrix).real == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("n", [40, 100])
def test_agrees_with_exact_evaluators_at_size(n):
    """Two independent methods: strings that are followed backwards, and a state that goes forwards."""
    observable = spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-1.0)
    program = lower(hva(observable, reps=2, sharing="independent", initial="h").circuit(n))
    plan = SIMULATORS["near-Clifford"].plan(Problem(program, observable))
    assert not isinstance(plan, str)
    point = np.random.default_rng(n).normal(0, 0.4, (1, program.num_weights))
    values, slopes = plan.build().values_and_gradients(point)
    many, gradients = MatrixProduct(program, observable, 16).values_and_gradients(point)
    np.testing.assert_allclose(many, values, rtol=1e-9)
    np.testing.assert_allclose(gradients, slopes, rtol=0, atol=1e-5)  # of an image that drops 1e-15 of its norm


def test_too_many_terms_across_a_cut_are_one_sentence():
    n = MOST_CHANNELS
    text = SparsePauliOp.from_sparse_list([("ZZ", [q, n], 1.0) for q in range(n)], n + 1)
    dense = text + SparsePauliOp.from_sparse_list([("XX", [q, n], 1.0) for q in range(n)], n + 1)
    circuit = QuantumCircuit(n + 1)
    circuit.ry(ParameterVector("t", 1)[0], 0)
    with pytest.raises(QTrainError, match="cross one cut, above 96"):
        MatrixProduct(lower(circuit), dense, 4).costs(np.zeros((1, 1)))


def test_points_of_another_shape_are_refused():
    found = MatrixProduct(lower(efficient_su2(2, reps=1)), as_observable("ZZ"), 4)
    with pytest.raises(QTrainError, match="shape"):
        found.value(np.zeros(3))

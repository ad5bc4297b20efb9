"""Light cones: exact numbers, and never a live parameter killed."""

import numpy as np
import pytest
import reference_light_cone as slow
import reference_paths as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliGate, efficient_su2, n_local, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector
from random_circuits import random_circuit, random_observable

from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.variance import gradient_variance
from qtrain.kernels.paulis import pack_labels
from qtrain.light_cones.dead_parameters import felt, provably_zero
from qtrain.light_cones.light_cone import effective_program, light_cone
from qtrain.simulators.statevector import values_and_gradients


def test_default_efficient_su2_has_15_dead_of_24():
    cone = light_cone(efficient_su2(4, reps=2), "ZIII")
    assert (~cone.effective).sum() == 15
    assert cone.structural.sum() > cone.effective.sum()


def test_real_amplitudes_names_the_dead():
    assert np.flatnonzero(~light_cone(real_amplitudes(4, reps=2), "ZIII").effective).tolist() == [
        0,
        4,
        5,
        8,
        9,
        10,
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_nothing_alive_is_killed(seed, terms):
    circuit, observable = random_circuit(seed), random_observable(seed, terms=terms)
    second = reference.moments(circuit, observable)[3]
    cone = light_cone(circuit, observable)
    assert np.all(second[~cone.effective] < 1e-12)
    assert np.all(second[provably_zero(lower(circuit), observable)] < 1e-12)
    assert np.all(cone.structural | ~cone.effective)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_many_terms_share_one_set_and_kill_nothing(seed):
    circuit, observable = random_circuit(seed), random_observable(seed, terms=30)
    assert len(observable) > 16
    second = reference.moments(circuit, observable)[3]
    assert np.all(second[~light_cone(circuit, observable).effective] < 1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([3, 8, 16]), st.sampled_from([1, 3, 30]))
def test_the_gates_of_the_effective_cone_keep_the_cost(seed, gates, terms):
    circuit = random_circuit(seed, gates=gates)
    for q in range(3):  # Paulis, which change signs alone
        circuit.append(PauliGate("XYZ"[(seed + q) % 3]), [q])
    observable = random_observable(seed, terms=terms)
    smaller = circuit.copy_empty_like()
    for gate in light_cone(circuit, observable).effective_gates:
        smaller.append(circuit.data[gate])
    alive = light_cone(circuit, observable).effective
    assert set(smaller.parameters) == {p for p, kept in zip(circuit.parameters, alive, strict=True) if kept}
    angles = dict(
        zip(circuit.parameters, np.random.default_rng(seed).normal(size=circuit.num_parameters), strict=True)
    )
    kept = {p: v for p, v in angles.items() if p in set(smaller.parameters)}
    expected = Statevector(circuit.assign_parameters(angles)).expectation_value(observable)
    assert Statevector(smaller.assign_parameters(kept)).expectation_value(observable) == pytest.approx(
        expected, abs=1e-10
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_both_ends_against_sets_of_strings(seed):
    n = 3
    program = lower(random_circuit(seed, rotations=7, gates=12))
    label = ("XYZ"[seed % 3] + "IXYZ"[seed % 4] + "IXYZ"[seed % 7 % 4])[::-1]
    x, z = pack_labels([label])
    term = int(x[0, 0]) | int(z[0, 0]) << n
    table = program.generators()
    alive = slow.alive_rotations(slow.numbers(table, n), term, slow.numbers(program.frame(), n), n)
    expected = np.ones(program.num_weights, bool)
    expected[program.parameter[table.index[alive]]] = False
    assert provably_zero(program, label).tolist() == expected.tolist()


def test_both_ends_prove_more_than_either():
    """The state keeps its parity Z_0 Z_1, X_0 changes it: no angle is felt by X_0, though each end alone allows two."""
    circuit = QuantumCircuit(2)
    circuit.rxx(Parameter("a"), 0, 1)
    circuit.rz(Parameter("b"), 0)
    circuit.rxx(Parameter("c"), 0, 1)
    program = lower(circuit)
    assert light_cone(circuit, "IX").effective.tolist() == [True, True, False]
    assert felt(Problem(program, as_observable("IX"))).all()
    assert provably_zero(program, "IX").all()
    assert not provably_zero(program, "IZ").any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_shared_parameters_and_t_gates_are_never_killed(seed):
    rng = np.random.default_rng(seed)
    theta = ParameterVector("t", 3)
    circuit = QuantumCircuit(3)
    for _ in range(10):
        q, r = (int(v) for v in rng.permutation(3)[:2])
        kind = int(rng.integers(7))
        if kind < 3:
            getattr(circuit, ("rx", "ry", "rz")[kind])(theta[int(rng.integers(3))], q)
        elif kind == 3:
            circuit.rzx(theta[int(rng.integers(3))], q, r)
        elif kind == 4:
            circuit.t(q)
        else:
            getattr(circuit, ("cx", "cz")[kind - 5])(q, r)
    if not circuit.parameters:
        circuit.rx(theta[0], 0)
    program, label = lower(circuit), "IXYZ"[seed % 4] + "XYZ"[seed % 3] + "IZ"[seed % 2]
    _, gradients = values_and_gradients(program, label, rng.uniform(0, 6, (5, program.num_weights)))
    zero = provably_zero(program, label)
    assert np.abs(np.asarray(gradients).reshape(5, -1)[:, zero]).max(initial=0.0) < 1e-10


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_effective_program_has_the_values_and_gradients_of_the_whole(seed):
    """Shared parameters, fixed rotations, inputs and several terms; most of six qubits lie outside the cone."""
    rng = np.random.default_rng(seed)
    theta, x = ParameterVector("t", 4), ParameterVector("x", 2)
    circuit = QuantumCircuit(6)
    for _ in range(int(rng.integers(0, 14))):
        q, r = (int(v) for v in rng.permutation(6)[:2])
        kind = int(rng.integers(8))
        if kind < 3:
            getattr(circuit, ("rx", "ry", "rz")[kind])(theta[int(rng.integers(4))], q)
        elif kind == 3:
            circuit.crx(theta[int(rng.integers(4))], q, r)
        elif kind == 4:
            circuit.t(q)
        elif kind == 5:
            circuit.ry(theta[0] * x[int(rng.integers(2))] + x[0], q)
        else:
            getattr(circuit, ("cx", "cz")[kind - 6])(q, r)
    circuit.rz(theta[3], 5)
    circuit.rz(x[1], 4)
    circuit.rz(x[0], 4)
    labels = ["I" * (5 - q) + rng.choice(list("XYZ")) + "I" * q for q in rng.permutation(6)[:2]]
    observable = SparsePauliOp(["IIIIII", *labels], [0.5, 1.0, -0.7])
    program = lower(circuit, inputs=list(x))
    smaller, moved = effective_program(program, observable)
    assert smaller.num_qubits == moved.num_qubits <= 6
    assert smaller.weights == program.weights
    weights, data = rng.uniform(0, 6, (3, program.num_weights)), rng.uniform(0, 6, (3, 2))
    values, gradients = values_and_gradients(program, observable, weights, data)
    fewer = values_and_gradients(smaller, moved, weights, data)
    np.testing.assert_allclose(fewer[0], values, atol=1e-12)
    np.testing.assert_allclose(fewer[1], gradients, atol=1e-12)


def test_sampled_angles_need_only_the_cone():
    """60 qubits, shared angles, no small module: the five qubits that the observable sees are enough."""
    circuit = n_local(60, ["ry"], "crz", entanglement="linear", reps=2)
    stats = gradient_variance(circuit, "I" * 30 + "Z" + "I" * 29, samples=64)
    assert stats.method == "statevector"
    assert (stats.variance > 0).sum() == 15


def test_fixed_gates_open_the_cone():
    """A T gate between a rotation and a measurement that would commute with it."""
    circuit = QuantumCircuit(1)
    circuit.rz(Parameter("a"), 0)
    circuit.h(0)
    circuit.t(0)
    circuit.rz(Parameter("b"), 0)
    cone = light_cone(circuit, "Z")
    assert cone.effective.tolist() == [True, False]
    assert felt(Problem(lower(circuit), as_observable("Z"))).tolist() == [False, True]


def test_width_depth_and_gates():
    circuit = QuantumCircuit(4)
    for q in range(4):
        circuit.ry(Parameter(f"a{q}"), q)
    circuit.cx(0, 1)
    circuit.cx(2, 3)
    cone = light_cone(circuit, "IIZI")
    assert cone.qubits == (0, 1)
    assert (cone.width, cone.depth) == (2, 2)
    assert cone.gates == (0, 1, 4)
    assert cone.structural.tolist() == [True, True, False, False]


def test_the_effective_cone_is_narrower_than_the_graph():
    """CZ gates commute with the measured Z; behind them one qubit is left."""
    circuit = QuantumCircuit(5)
    for q in range(5):
        circuit.ry(Parameter(f"a{q}"), q)
    for q in range(4):
        circuit.cz(q, q + 1)
    circuit.x(2)
    cone = light_cone(circuit, "IIZII")
    assert (cone.width, cone.effective_width) == (4, 1)
    assert cone.effective_gates == (2, 9)
    assert cone.effective.tolist() == [False, False, True, False, False]


def test_wrong_width():
    with pytest.raises(QTrainError, match="observable"):
        light_cone(real_amplitudes(2, reps=1), SparsePauliOp("ZZZ"))

"""Free fermions: Pfaffians against statevectors, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp, random_clifford

from qtrain.budget import Budget
from qtrain.circuits.program import lower
from qtrain.diagnosis.simulability import simulability
from qtrain.simulators.free_fermions import free_fermions, pfaffian
from qtrain.simulators.statevector import values_and_gradients


def chain(n, seed, kind, *, shared=False, hidden=False, plus=True):
    """Ising layers, with signs, a ring, a field on one end, on |+>, |0> or a random stabiliser state."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n)
    if hidden:
        circuit.append(random_clifford(n, seed=seed).to_instruction(), range(n))
    elif plus:
        circuit.h(range(n))
    count = 0

    def angle():
        nonlocal count
        count += 1
        return Parameter(f"t{count:03d}") * int(rng.choice([-1, 1]))

    for layer in range(3):
        for q in range(n if kind == "ring" else n - 1):
            circuit.rzz(angle(), q, (q + 1) % n)
        common = Parameter(f"s{layer}")
        for q in range(n):
            circuit.rx(common if shared else angle(), q)
        if kind == "end":
            circuit.rz(angle(), 0)
    return circuit


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from(["open", "ring", "end"]), st.booleans(), st.booleans(),
    st.booleans(), st.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip
def test_against_statevectors(seed, kind, shared, hidden, plus, filled):
    """Also where angles are zero and the matrices singular."""
    n = 4
    rng = np.random.default_rng(seed)
    circuit = chain(n, seed, kind, shared=shared, hidden=hidden, plus=plus)
    labels = ["".join(rng.choice(list("IXYZ"), n)), "".join(rng.choice(list("IX"), n)), "I" * n]
    observable = SparsePauliOp(labels, [0.7, -0.4, 0.3]).simplify()
    program = lower(circuit)
    found = free_fermions(program, observable)
    if found is None:
        return  # refused: the next test names what must not be
    point = rng.uniform(0, 6, (1, program.num_weights)) * (rng.random((1, program.num_weights)) < filled)
    value, gradient = values_and_gradients(program, observable, point)
    cost, slope = found.value_and_gradient(point[0])
    assert cost == pytest.approx(float(np.ravel(value)[0]), abs=1e-9)
    assert slope == pytest.approx(np.asarray(gradient).reshape(-1), abs=1e-8)
    assert found.value(point[0]) == cost


@pytest.mark.parametrize(
    ("kind", "label"), [("open", "IXXI"), ("end", "ZIIX"), ("open", "ZZII"), ("open", "YXXY")]
)
def test_chains_are_recognised(kind, label):
    for seed in range(5):
        assert free_fermions(lower(chain(4, seed, kind, hidden=False)), SparsePauliOp(label)) is not None


def test_what_is_no_free_fermion():
    assert free_fermions(lower(real_amplitudes(4, reps=3)), SparsePauliOp("ZIII")) is None


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4), st.booleans())
def test_pfaffian(seed, half, singular):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(2 * half, 2 * half))
    a = a - a.T
    if singular and half:
        a[0] = a[:, 0] = 0
    value, adjugate = pfaffian(a)
    assert value**2 == pytest.approx(np.linalg.det(a), abs=1e-9)
    assert a @ adjugate == pytest.approx(value * np.eye(2 * half), abs=1e-9)
    if half == 2:
        expected = a[0, 1] * a[2, 3] - a[0, 2] * a[1, 3] + a[0, 3] * a[1, 2]
        assert value == pytest.approx(expected, abs=1e-9)


def test_a_large_chain_beyond_its_module():
    n, layers = 60, 4
    angles = ParameterVector("t", 2 * layers)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(layers):
        for q in range(n - 1):
            circuit.rzz(angles[2 * layer], q, q + 1)
        circuit.rx(angles[2 * layer + 1], range(n))
    far = SparsePauliOp.from_sparse_list([("XX", [20, 40], 1.0)], n)  # 4 of 120 Majoranas: module C(120, 4)
    result = simulability(circuit, far, budget=Budget(max_dimension=4096))
    row = next(r for r in result.certificates if r.check == "free fermion")
    assert row.applies
    assert not next(r for r in result.certificates if r.check == "g-sim").applies
    point = np.full(2 * layers, 0.1)
    both = result.surrogate.value(point)
    assert 0 < both < 1
    step = np.zeros(2 * layers)
    step[3] = 1e-5
    slope = (result.surrogate.value(point + step) - result.surrogate.value(point - step)) / 2e-5
    assert result.surrogate.value_and_gradient(point)[1][3] == pytest.approx(slope, abs=1e-7)

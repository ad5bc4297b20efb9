"""g-sim against the statevector and dense matrices; free-fermion circuits at sizes no statevector reaches."""

from __future__ import annotations

import numpy as np
import pytest
import reference_simulator as reference
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import XXPlusYYGate, efficient_su2, zz_feature_map
from qiskit.quantum_info import Operator

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.sampled_angles import sample_moments
from qtrain.simulators.evaluators import ModuleSurrogate
from qtrain.simulators.gsim import gsim_values_and_gradients, module
from qtrain.simulators.statevector import values_and_gradients


def tfim(n: int, reps: int, *, ring: bool = False, plus: bool = True) -> QuantumCircuit:
    """Transverse-field Ising ansatz: one parameter for all bonds and one for all fields of a layer."""
    p, circuit = ParameterVector("p", 2 * reps), QuantumCircuit(n)
    if plus:
        circuit.h(range(n))
    for r in range(reps):
        for i in range(n if ring else n - 1):
            circuit.rzz(p[2 * r], i, (i + 1) % n)
        for i in range(n):
            circuit.rx(p[2 * r + 1], i)
    return circuit


@st.composite
def circuits(draw) -> QuantumCircuit:
    n = draw(st.integers(2, 4))
    p = ParameterVector("p", 3)
    circuit = QuantumCircuit(n)
    for k in range(draw(st.integers(1, 12))):
        a, b = draw(st.permutations(range(n)))[:2]
        kind = draw(st.integers(0, 8))
        angle = draw(st.sampled_from([p[k % 3], 2 * p[k % 3], 0.4 - p[k % 3]]))
        if kind < 3:
            [circuit.rx, circuit.ry, circuit.rz][kind](angle, a)
        elif kind < 6:
            [circuit.rzz, circuit.rzx, circuit.cry][kind - 3](angle, a, b)
        elif kind == 6:
            circuit.append(XXPlusYYGate(angle), [a, b])
        elif kind == 7:
            circuit.t(a)
            circuit.sx(b)
        else:
            circuit.cx(a, b)
            circuit.h(a)
    return circuit


@given(circuits(), st.data(), st.integers(0, 2**32 - 1))
def test_module_equals_statevector(circuit, data, seed):
    n = circuit.num_qubits
    labels = data.draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=3, unique=True))
    observable = " + ".join(f"{0.5 + k}*{text}" for k, text in enumerate(labels))
    program = lower(circuit)
    weights = np.random.default_rng(seed).uniform(0, 2 * np.pi, size=(2, len(program.weights)))
    got = gsim_values_and_gradients(module(program, observable), weights)
    want = values_and_gradients(program, observable, weights)
    np.testing.assert_allclose(got[0], want[0], atol=1e-11)
    np.testing.assert_allclose(got[1], want[1], atol=1e-11)


def test_module_equals_dense_matrices():
    program = lower(tfim(3, 2, plus=False))
    weights = np.random.default_rng(0).normal(size=(1, 4))
    f, g = gsim_values_and_gradients(module(program, "ZZI + 0.5*IXX"), weights)
    matrix = reference.label("ZZI") + 0.5 * reference.label("IXX")
    assert f[0] == pytest.approx(reference.value(program, matrix, weights[0]), abs=1e-12)
    np.testing.assert_allclose(g[0], reference.gradient(program, matrix, weights[0]), atol=1e-9)


@pytest.mark.parametrize(
    ("circuit", "observable", "dimension"),
    [
        (tfim(5, 2), "X2", 45),  # so(2n): n(2n - 1)
        (tfim(5, 2), "Z2 Z3", 45),
        (tfim(8, 1), "Z0 Z1", 120),
        (tfim(5, 2), "Z0", 10),  # one Majorana operator: 2n
        (tfim(100, 1), "X50", 19_900),
    ],
)
def test_dimension_of_free_fermion_modules(circuit, observable, dimension):
    assert module(lower(circuit), observable).dimension == dimension


def test_deep_limit_of_a_cz_line():
    """RY and CZ on a line: |0> sees a share 1 / C(n + 1, q + 1) of the module of Z_q."""
    n = 6
    circuit, p = QuantumCircuit(n), ParameterVector("p", 12 * n)
    for r in range(12):
        for q in range(n):
            circuit.ry(p[r * n + q], q)
        for q in range(n - 1):
            circuit.cz(q, q + 1)
    program = lower(circuit)
    for q, binomial in enumerate([7, 21, 35, 35, 21, 7]):
        closed = module(program, f"Z{q}")
        assert (closed.expectation**2).sum() / closed.dimension == pytest.approx(1 / binomial, rel=1e-9)


def test_a_hundred_qubits_against_a_light_cone():
    """Two layers of a 100-qubit ansatz: X_50 sees only the qubits near it, which a statevector can hold."""
    wide, narrow = lower(tfim(100, 2)), lower(tfim(12, 2))
    weights = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(3, 4))
    f, g = gsim_values_and_gradients(module(wide, "X50"), weights)
    want_f, want_g = values_and_gradients(narrow, "X6", weights)
    np.testing.assert_allclose(f, want_f, atol=1e-12)
    np.testing.assert_allclose(g, want_g, atol=1e-11)


def test_energy_of_a_hundred_qubits_at_known_angles():
    n = 100
    program = lower(tfim(n, 10))
    energy = " + ".join(
        [f"Z{i} Z{i + 1}" for i in range(n - 1)] + [f"2*X{i}" for i in range(n)] + ["3*" + "I" * n]
    )
    closed = module(program, energy)
    f, g = gsim_values_and_gradients(closed, np.zeros((1, 20)))
    assert f[0] == pytest.approx(2 * n + 3)  # |+...+>
    np.testing.assert_allclose(g, 0, atol=1e-9)
    rng = np.random.default_rng(1)
    w, step = rng.uniform(0, 2 * np.pi, size=20), 1e-4
    _, g = gsim_values_and_gradients(closed, w[None])
    for k in (0, 7, 19):
        e = np.eye(20)[k] * step
        ends, _ = gsim_values_and_gradients(closed, np.stack([w + e, w - e]))
        assert g[0, k] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-4)


def test_moments_from_the_module_are_the_statevectors():
    program = lower(tfim(5, 3, ring=True))
    want = sample_moments(program, "X0", samples=100, seed=4)
    got = sample_moments(program, "X0", samples=100, seed=4, evaluator=ModuleSurrogate(module(program, "X0")))
    np.testing.assert_allclose(got.gradient, want.gradient, atol=1e-9)
    np.testing.assert_allclose(got.cost, want.cost, atol=1e-9)


def test_strings_are_heisenberg_observables():
    """v on the module's strings is U^dagger O U in the frame behind the Cliffords."""
    circuit = efficient_su2(2, reps=1)
    program = lower(circuit)
    closed = module(program, "ZX")
    assert closed.dimension <= 15
    full = np.zeros((4, 4), complex)
    for k in range(closed.dimension):
        letters = {q: int(closed.x[k, 0] >> q & 1) | int(closed.z[k, 0] >> q & 1) << 1 for q in range(2)}
        full += closed.initial[k] * reference.pauli(2, letters)
    np.testing.assert_allclose(full, Operator.from_label("ZX").data, atol=1e-15)


def test_a_module_beyond_the_limit_is_none():
    program = lower(efficient_su2(6, reps=3))
    assert module(program, "Z0", max_dimension=500) is None
    assert module(program, "Z0", max_dimension=4**6) is not None


def test_the_identity_needs_no_module():
    closed = module(lower(tfim(3, 1)), "2*III")
    assert closed.dimension == 0
    f, g = gsim_values_and_gradients(closed, np.ones((2, 2)))
    assert f.tolist() == [2.0, 2.0]
    assert not g.any()
    f, g = gsim_values_and_gradients(module(lower(QuantumCircuit(2)), "2*II"), np.zeros((1, 0)))
    assert f.tolist() == [2.0]


def test_wrong_input_is_named():
    program = lower(tfim(3, 1))
    with pytest.raises(QTrainError, match="max_dimension should be"):
        module(program, "X0", max_dimension=0)
    with pytest.raises(QTrainError, match="weights should have shape"):
        gsim_values_and_gradients(module(program, "X0"), np.zeros((2, 5)))
    with pytest.raises(QTrainError, match="memory budget of 1,000 bytes"):
        gsim_values_and_gradients(module(program, "X0"), np.zeros((2, 2)), memory_bytes=1000)
    with pytest.raises(QTrainError, match="inputs bound"):
        module(lower(zz_feature_map(2, reps=1), inputs="x"), "ZZ")

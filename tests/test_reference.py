"""The slow twins against closed forms, and against each other: the numbers every fast criterion must meet."""

from __future__ import annotations

import itertools
import math
from functools import reduce

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import CX, CZ, lower


def on(n, letters, *qubits):
    """A Pauli label with ``letters`` on ``qubits``."""
    label = ["I"] * n
    for letter, q in zip(letters, qubits):
        label[n - 1 - q] = letter
    return "".join(label)


def rx_layer(n):
    circuit, theta = QuantumCircuit(n), ParameterVector("t", n)
    for q in range(n):
        circuit.rx(theta[q], q)
    return lower(circuit)


def both(program, observable):
    """Moments by quadrature and by enumerated paths, which must agree."""
    dense, paths = reference.moments(program, observable), reference.path_moments(program, observable)
    assert dense.mean == pytest.approx(paths.mean, abs=1e-12)
    assert dense.second == pytest.approx(paths.second, abs=1e-12)
    assert dense.gradients == pytest.approx(paths.gradients, abs=1e-12)
    return paths


# --------------------------------------------------------------------------- dense twins


def test_values_and_gradients_are_qiskits():
    circuit = efficient_su2(3, reps=1)
    program, observable = lower(circuit), as_observable("ZIX + 0.5*IYY - III", 3)
    rng = np.random.default_rng(0)
    weights = rng.uniform(-3, 3, (4, program.num_weights))
    expected = [Statevector(circuit.assign_parameters(w)).expectation_value(observable).real for w in weights]
    assert reference.values(program, observable, weights) == pytest.approx(expected)
    shift = [(reference.values(program, observable, weights[0] + e)[0]
              - reference.values(program, observable, weights[0] - e)[0]) / 2
             for e in np.pi / 2 * np.eye(program.num_weights)]  # fmt: skip
    assert reference.gradient(program, observable, weights[0]) == pytest.approx(shift, abs=1e-8)


def test_unitary_is_qiskits():
    circuit = efficient_su2(3, reps=1)
    w = np.linspace(-2, 3, circuit.num_parameters)
    assert reference.same_up_to_phase(reference.unitary(lower(circuit), w), Operator(circuit.assign_parameters(w)).data)
    assert not reference.same_up_to_phase(reference.unitary(lower(circuit), w + 0.01),
                                          Operator(circuit.assign_parameters(w)).data)  # fmt: skip


# --------------------------------------------------------------------------- exact second moments


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_rotations_of_single_qubits(n):
    program = rx_layer(n)
    # 1 - prod cos^2(t/2) = 1 - prod (1 + Z_q)/2
    infidelity = SparsePauliOp("I" * n) - reduce(SparsePauliOp.tensor, [SparsePauliOp(["I", "Z"], [0.5, 0.5])] * n)
    local = SparsePauliOp(["I" * n] + [on(n, "Z", q) for q in range(n)], [0.5] + [-0.5 / n] * n)
    parity, first = SparsePauliOp("Z" * n), SparsePauliOp(on(n, "Z", 0))
    assert both(program, as_observable(infidelity)).gradients == pytest.approx(np.full(n, (1 / 8) * (3 / 8) ** (n - 1)))
    assert both(program, as_observable(local)).gradients == pytest.approx(np.full(n, 1 / (8 * n**2)))
    assert both(program, parity).gradients == pytest.approx(np.full(n, 2.0**-n))
    assert both(program, parity).variance == pytest.approx(2.0**-n)
    assert both(program, first).gradients == pytest.approx([0.5] + [0] * (n - 1))
    assert both(program, first).variance == pytest.approx(0.5)


@pytest.mark.parametrize("n, variance, gradients", [
    (2, 3 / 8, [3 / 8, 1 / 8, 3 / 8, 0]),
    (3, 5 / 16, [5 / 16, 1 / 16, 1 / 16, 5 / 16, 0, 0]),
])  # fmt: skip
def test_real_amplitudes(n, variance, gradients):
    moments = both(lower(real_amplitudes(n, reps=1)), SparsePauliOp(on(n, "Z", 0)))
    assert moments.variance == pytest.approx(variance) and moments.gradients == pytest.approx(gradients)


@pytest.mark.parametrize("circuit, variance, dead", [
    (real_amplitudes(4, reps=2), 19 / 64, {0, 4, 5, 8, 9, 10}),
    (efficient_su2(4, reps=2), 11 / 64, 15),
], ids=["real_amplitudes", "efficient_su2"])  # fmt: skip
def test_dead_parameters(circuit, variance, dead):
    moments = reference.path_moments(lower(circuit), SparsePauliOp("ZIII"))
    zeros = {k for k, v in enumerate(moments.gradients) if v == 0}
    assert moments.variance == pytest.approx(variance)
    assert (zeros == dead) if isinstance(dead, set) else (len(zeros) == dead)


@st.composite
def path_circuits(draw):
    """At most 5 parameters of their own, Cliffords and a few fixed rotations; a sum of Paulis that may interfere."""
    n = draw(st.integers(1, 3))
    circuit, k = QuantumCircuit(n), 0
    for _ in range(draw(st.integers(1, 10))):
        q = draw(st.permutations(range(n)))
        kind = draw(st.sampled_from(["rx", "ry", "rz", "rzz", "rxx", "h", "s", "sx", "t", "cx", "cz"]))
        if kind in ("rzz", "rxx", "cx", "cz") and n == 1:
            continue
        angle = ()
        if kind.startswith("r"):
            if k == 5:
                continue
            angle, k = (Parameter(f"p{k}"),), k + 1
        getattr(circuit, kind)(*angle, *q[: 2 if kind in ("rzz", "rxx", "cx", "cz") else 1])
    labels = draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=3, unique=True))
    return lower(circuit), SparsePauliOp(labels, [draw(st.sampled_from([1.0, -0.5, 2.0])) for _ in labels])


@settings(max_examples=60)
@given(path_circuits())
def test_paths_quadrature_and_grid_agree(case):
    program, observable = case
    moments, grid = both(program, observable), reference.clifford_grid_moments(program, observable)
    assert grid.second == pytest.approx(moments.second, abs=1e-12)
    assert grid.gradients == pytest.approx(moments.gradients, abs=1e-12)
    # max V_k <= Var f <= sum V_k
    assert moments.gradients.max(initial=0.0) <= moments.variance + 1e-12
    assert moments.variance <= moments.gradients.sum() + 1e-12


def test_beta_is_the_probability_of_being_seen():
    program = lower(real_amplitudes(2, reps=1))
    # Z on qubit 0 stays on qubit 0 until the CX (control 0): RY(2) sees it always, RY(3) never
    beta = reference.path_moments(program, SparsePauliOp("IZ")).beta
    assert beta.tolist() == [1.0, 0.5, 1.0, 0.0]


def test_a_shared_parameter_needs_a_finer_grid():
    """f = cos(2 t): E f^2 = 1/2, and E (f')^2 = 2; the grid of Clifford angles says 1."""
    t, circuit = Parameter("t"), QuantumCircuit(1)
    circuit.rx(t, 0)
    circuit.rx(t, 0)
    program, observable = lower(circuit), SparsePauliOp("Z")
    exact = reference.moments(program, observable, points=5)
    assert (exact.second, exact.gradients[0]) == pytest.approx((0.5, 2.0))
    assert reference.clifford_grid_moments(program, observable).second == pytest.approx(1.0)


def test_diagonal_circuits_and_diagonal_ends_have_no_gradient():
    a, b, c = (Parameter(x) for x in "abc")
    diagonal = QuantumCircuit(2)
    diagonal.rz(a, 0)
    diagonal.rzz(b, 0, 1)
    diagonal.cp(c, 0, 1)
    assert reference.moments(lower(diagonal), SparsePauliOp("ZZ"), points=5).gradients == pytest.approx([0, 0, 0])
    end = QuantumCircuit(2)
    end.ry(a, 0)
    end.cx(0, 1)
    end.rz(b, 1)
    assert both(lower(end), SparsePauliOp("ZI")).gradients == pytest.approx([0.5, 0])


# --------------------------------------------------------------------------- deep circuits


def tfim(n):
    return [on(n, "ZZ", q, q + 1) for q in range(n - 1)] + [on(n, "X", q) for q in range(n)]


@pytest.mark.parametrize("letters, qubits, state, expected", [
    ("X", (0,), "+", 1 / 11), ("Z", (0,), "0", 1 / 12), ("XX", (0, 1), "+", 1 / 33), ("ZZ", (0, 1), "0", 5 / 66),
])  # fmt: skip
def test_deep_transverse_field_ising(letters, qubits, state, expected):
    assert reference.deep_second_moment(on(6, letters, *qubits), tfim(6), state) == pytest.approx(expected)


@pytest.mark.parametrize("n", [4, 6])
def test_deep_ry_cz_line(n):
    layer = [(CZ, (q, q + 1)) for q in range(n - 1)]
    generators = reference.clifford_orbit([on(n, "Y", q) for q in range(n)], *zip(*layer))
    for q in range(n):
        expected = 1 / math.comb(n + 1, q + 1)
        assert reference.deep_second_moment(on(n, "Z", q), generators) == pytest.approx(expected)


@pytest.mark.parametrize("letters, expected", [
    ("YZ", lambda n: 1 / (2**n + 1)), ("Y", lambda n: 1 / (2 ** (n - 1) + 1)),
])  # fmt: skip
def test_deep_rotations_and_cx(letters, expected):
    n = 3
    layer = [(CX, (q, q + 1)) for q in range(n - 1)]
    labels = [on(n, letter, q) for letter in letters for q in range(n)]
    generators = reference.clifford_orbit(labels, *zip(*layer))
    assert reference.deep_second_moment(on(n, "Z", 0), generators) == pytest.approx(expected(n))


def haar_block(distribution, n, a, b):
    """Pauli weights after averaging over a Haar-random unitary on qubits a, b: spread over the 15 others."""
    out = {}
    for label, weight in distribution.items():
        letters = list(label)
        pairs = [p for p in itertools.product("IXYZ", repeat=2) if p != ("I", "I")]
        if label[n - 1 - a] == label[n - 1 - b] == "I":
            pairs = [("I", "I")]
        for p in pairs:
            letters[n - 1 - a], letters[n - 1 - b] = p
            key = "".join(letters)
            out[key] = out.get(key, 0.0) + weight / len(pairs)
    return out


def diagonal_part(distribution):
    return sum(weight for label, weight in distribution.items() if set(label) <= {"I", "Z"})


def test_tree_of_haar_blocks():
    """g_0 = 1/3 after a last single-qubit Haar; g_{k+1} = (2/5) g_k + (3/5) g_k^2."""
    g = 1 / 3
    for levels in (1, 2):
        n, g = 2**levels, 0.4 * g + 0.6 * g**2
        distribution, stride = {on(n, "Z", 0): 1.0}, n // 2
        while stride:
            for a in range(0, n, 2 * stride):
                distribution = haar_block(distribution, n, a, a + stride)
            stride //= 2
        assert diagonal_part(distribution) == pytest.approx(g)
    assert g == pytest.approx(0.104)


def test_ladder_without_concentration():
    """Haar blocks (n-2, n-1), ..., (0, 1), then Z on qubit 0: h_0 = 1/3, h_k = 1/15 + (2/5) h_{k-1} -> 1/9."""
    h = 1 / 3
    for n in (2, 3, 4):
        h = 1 / 15 + 0.4 * h
        distribution = {on(n, "Z", 0): 1.0}
        for a in range(n - 1):
            distribution = haar_block(distribution, n, a, a + 1)
        assert diagonal_part(distribution) == pytest.approx(h)


# --------------------------------------------------------------------------- algebras


@pytest.mark.parametrize("labels, dimension", [
    (["XX", "ZI", "IZ"], 6), (["X"], 1), (["X", "Z"], 3), (tfim(3), 15), (tfim(4), 28),
    ([*tfim(3), "IIZ"], 21),
    ([on(3, p, q, q + 1) for q in range(2) for p in ("XX", "YY")], 6),
    ([on(3, p, q, q + 1) for q in range(2) for p in ("XX", "YY", "ZZ")], 15),
    ([on(2, "ZZ", 0, 1)] + [on(2, p, q) for q in range(2) for p in "XZ"], 15),
    (["ZZ", "ZI"], 2),
], ids=str)  # fmt: skip
def test_closures_agree_and_match_the_theorems(labels, dimension):
    strings = reference.pauli_lie_closure(labels)
    assert len(strings) == dimension
    assert reference.lie_closure_dimension([SparsePauliOp(label) for label in labels]) == dimension


@pytest.mark.parametrize("n", [2, 3, 4])
def test_shared_generators(n):
    line = SparsePauliOp([on(n, "ZZ", q, q + 1) for q in range(n - 1)])
    field = SparsePauliOp([on(n, "X", q) for q in range(n)])
    assert reference.lie_closure_dimension([line, field]) == n**2
    hop = SparsePauliOp([on(n, p, q, q + 1) for q in range(n - 1) for p in ("XX", "YY")])
    assert reference.lie_closure_dimension([hop, line]) == {2: 2, 3: 4, 4: 19}[n]


@pytest.mark.parametrize("n", [2, 3])
def test_permutation_symmetric_generators(n):
    pairs = itertools.combinations(range(n), 2)
    operators = [SparsePauliOp([on(n, p, q) for q in range(n)]) for p in "XY"]
    operators.append(SparsePauliOp([on(n, "ZZ", *pair) for pair in pairs]))
    assert reference.lie_closure_dimension(operators) == math.comb(n + 3, 3) - n // 2


@settings(max_examples=30)
@given(st.integers(1, 3).flatmap(
    lambda n: st.lists(st.text("IXYZ", min_size=n, max_size=n).filter(lambda s: set(s) != {"I"}),
                       min_size=1, max_size=4, unique=True)))  # fmt: skip
def test_string_closure_is_dense_closure(labels):
    dense = reference.lie_closure_dimension([SparsePauliOp(label) for label in labels])
    assert len(reference.pauli_lie_closure(labels)) == dense


def test_module_is_what_the_algebra_reaches():
    assert reference.module(["Z"], ["X"]) == {"Z", "Y"}
    algebra = sorted(reference.pauli_lie_closure(tfim(4)))
    assert reference.module([on(4, "Z", 0)], tfim(4)) == reference.module([on(4, "Z", 0)], algebra)
    assert len(reference.module([on(6, "X", 0)], tfim(6))) == 66  # so(12)


def test_orbit_of_a_layer():
    assert reference.clifford_orbit(["IY"], [CZ], [(0, 1)]) == {"IY", "ZY"}

"""Non-uniform starts of every width against dense quadrature; and that no rounding is called a proof."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import XXPlusYYGate, excitation_preserving
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable
from reference_paths import moments

from qtrain.circuits.initialization import Initialization
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import mean_interval
from qtrain.gradients.draws import draw_weights
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.dead_parameters import provably_zero
from qtrain.light_cones.vanishing_gradients import vanishing_weights
from qtrain.simulators.statevector import values_and_gradients

WIDTHS = st.one_of(
    st.tuples(st.just("gaussian"), st.floats(-3, 1).map(lambda e: 10.0**e)),
    st.tuples(st.just("small"), st.floats(1e-3, 3 * math.pi)),
    st.tuples(st.just("small"), st.sampled_from([math.pi / 2, math.pi, 4.0, 2 * math.pi, 3 * math.pi])),
)
COEFFICIENTS = st.lists(st.sampled_from([0.5, -0.5, 1.0, 2.0, 3.0]), min_size=3, max_size=3)


def characteristic(start, scale):
    """E cos(scale * theta), by its textbook formula."""
    kind, width = start
    return math.exp(-((scale * width) ** 2) / 2) if kind == "gaussian" else math.sin(scale * width) / (scale * width)


def scaled(circuit, coefficients):
    names = sorted(circuit.parameters, key=lambda p: p.name)
    return circuit.assign_parameters(
        {p: c * Parameter(f"s{i}") for i, (p, c) in enumerate(zip(names, coefficients, strict=True))}
    )


@settings(max_examples=40)
@given(st.integers(0, 10**6), WIDTHS, COEFFICIENTS)
@example(0, ("small", math.pi), [2.0, 2.0, 2.0])
@example(1, ("small", 4.0), [1.0, 1.0, 1.0])
def test_every_start_and_method_equals_quadrature(seed, start, coefficients):
    plain = random_circuit(seed, n=2, rotations=3, gates=5)
    operator = random_observable(seed, n=2, terms=2)
    sizes = np.abs(coefficients)
    _, cost, mean, second = moments(
        plain, operator, cosine=[characteristic(start, c) for c in sizes],
        cosine2=[characteristic(start, 2 * c) for c in sizes],
    )  # fmt: skip
    second = second * sizes**2
    circuit = scaled(plain, coefficients)
    tried = []
    for method in ("exact", "auto"):
        try:
            found = gradient_variance(circuit, operator, method=method, initialization=start)
        except QTrainError:
            assert method == "exact"  # terms interfere
            continue
        tried.append(method)
        live = found.exact & ~found.proven_zero
        np.testing.assert_allclose(found.second_moment[live], second[live], rtol=1e-6, atol=1e-13)
        assert np.all(second[found.proven_zero] < 1e-12)
        if method == "exact":
            assert found.cost_second_moment == pytest.approx(cost, abs=1e-9)
            assert found.mean == pytest.approx(mean * np.array(coefficients), abs=1e-9)
    assert "auto" in tried
    for method in ("paths", "statevector"):
        found = gradient_variance(circuit, operator, method=method, initialization=start, samples=4096, seed=seed)
        assert np.all(second[found.proven_zero] < 1e-12)
        live = ~found.proven_zero
        # five times the interval's own reach: never by chance, always by a wrong sign
        reach = 5 * (found.upper - found.lower) + 1e-9
        assert np.all(np.abs(found.second_moment - second)[live] <= reach[live])


def sinc(v):
    """sin(v) / v by its series, in the digits of the context."""
    total, term = Decimal(1), Decimal(1)
    for k in range(1, 500):
        term *= -v * v / (2 * k * (2 * k + 1))
        total += term
    return total


@given(st.sampled_from(["gaussian", "small"]), st.floats(1e-9, 30), st.sampled_from([0.5, 1.0, 2.0, 3.0]))
def test_moments_keep_their_digits(kind, width, coefficient):
    with localcontext() as context:
        context.prec = 200
        s = Decimal(width) * Decimal(coefficient)
        f = (lambda v: (-v * v / 2).exp()) if kind == "gaussian" else sinc
        cosine, sine2 = f(s), (1 - f(2 * s)) / 2
        log = float(abs(cosine).ln())
    got, got2 = Initialization(kind, width).moments(np.array([coefficient]))
    sign, log_got = Initialization(kind, width).log_cosine(np.array([coefficient]))
    assert got[0] == pytest.approx(float(cosine), rel=1e-9, abs=1e-15)  # near a multiple of pi the float is all
    assert got2[0] == pytest.approx(float(sine2), rel=1e-13)
    assert sign[0] == (1 if cosine > 0 else -1)
    assert log_got[0] == pytest.approx(log, abs=1e-7)


def test_tiny_gradients_are_not_dead():
    """Eight RY of width 0.01 under X on all: V is near 1e-28, and none of the nine gradients vanishes."""
    circuit = QuantumCircuit(8)
    for q in range(8):
        circuit.ry(Parameter(f"a{q}"), q)
    circuit.crx(Parameter("b"), 0, 1)
    found = gradient_variance(circuit, "X" * 8, initialization="gaussian:0.01", seed=1)
    assert not found.proven_zero.any() and np.all((found.upper > 0) & (found.second_moment < 1e-25))
    sampled = gradient_variance(circuit, "X" * 8, initialization="gaussian:0.01", seed=1, method="statevector")
    assert not sampled.proven_zero.any() and np.all((sampled.upper > 0) & (sampled.second_moment < 1e-25))


@pytest.mark.parametrize("n", [4, 60, 400])
@pytest.mark.parametrize("start", ["uniform", "gaussian:0.001", "gaussian:1e-200", "small:1e-9"])
def test_underflow_is_not_a_proof(n, start):
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(Parameter(f"a{q:03d}"), q)
    found = gradient_variance(circuit, "X" * n, initialization=start, method="exact")
    assert not found.proven_zero.any()
    assert np.all(found.second_moment > 0)


def test_small_weights_of_an_observable_are_exact():
    """Weights over five decades: each parameter sees its own term alone."""
    circuit = QuantumCircuit(6)
    for q in range(6):
        circuit.rx(Parameter(f"a{q}"), q)
    weights = 10.0 ** -np.arange(6)
    operator = SparsePauliOp.from_sparse_list([("Z", [q], w) for q, w in enumerate(weights)], 6)
    for start, half in (("uniform", 0.5), ("gaussian:10", 0.5)):
        found = gradient_variance(circuit, operator, initialization=start, method="exact")
        np.testing.assert_allclose(found.second_moment, half * weights**2, rtol=1e-12)


GATES = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2),
        st.sampled_from([0.5, -1.0, 1.0, 2.0, 3.0]), st.sampled_from([0.0, 0.0, 0.3, math.pi / 4]),
    ),
    max_size=14,
)  # fmt: skip


def shared_circuit(gates):
    """Shared weights, controlled rotations, XX + YY, T gates and offsets on four qubits."""
    weights = [Parameter(f"w{i}") for i in range(3)]
    circuit = QuantumCircuit(4)
    circuit.ry(weights[0], 0)
    for kind, q, t, w, coefficient, offset in gates:
        angle = coefficient * weights[w] + offset
        if kind < 3:
            [circuit.rx, circuit.ry, circuit.rz][kind](angle, q)
        elif kind < 5:
            [circuit.t, circuit.sx][kind - 3](q)
        elif q == t:
            circuit.h(q)
        elif kind == 5:
            circuit.append(XXPlusYYGate(angle), [q, t])
        elif kind == 6:
            circuit.crx(angle, q, t)
        else:
            [circuit.cx, circuit.cz, circuit.swap][kind - 7](q, t)
    return circuit


@settings(max_examples=150)
@given(GATES, st.integers(0, 10**6))
def test_vanishing_weights_vanish(gates, seed):
    program, operator = lower(shared_circuit(gates)), random_observable(seed, n=4, terms=2)
    claimed = vanishing_weights(program, operator, seed=seed)
    anywhere = vanishing_weights(program, operator, any_input=True, seed=seed)
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 4 * math.pi, (8, len(program.weights)))
    _, slopes = values_and_gradients(program, operator, angles)
    assert np.all(np.abs(slopes[:, claimed]) < 1e-12 * np.abs(operator.coeffs).sum())
    assert not (anywhere & ~claimed).any()
    qubits = rng.normal(size=(8, 16)) + 1j * rng.normal(size=(8, 16))
    qubits /= np.linalg.norm(qubits, axis=1, keepdims=True)
    _, slopes = values_and_gradients(program, operator, angles, start=qubits)
    assert np.all(np.abs(slopes[:, anywhere]) < 1e-12 * np.abs(operator.coeffs).sum())


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_the_identity_test_knows_what_the_reach_of_both_ends_knows(seed):
    program = lower(random_circuit(seed, n=3, rotations=5))
    operator = random_observable(seed, n=3, terms=1)
    assert not (provably_zero(program, operator) & ~vanishing_weights(program, operator, seed=seed)).any()


def test_a_symmetry_that_no_reach_shows_is_proven():
    """On |0...0> a circuit that keeps the excitations does nothing, at any angle."""
    circuit = excitation_preserving(5, reps=2)
    found = gradient_variance(circuit, "ZIIII")
    assert found.proven_zero.all()
    hidden = QuantumCircuit(2)
    hidden.ry(1e-9 * Parameter("a"), 0)
    hidden.append(XXPlusYYGate(Parameter("b")), [0, 1])
    found = gradient_variance(hidden, "IZ", initialization="small:0.001", samples=64)
    assert not found.proven_zero.any()  # slopes of 1e-24 and below
    assert np.all(found.upper > 0)


@pytest.mark.parametrize("start", ["small:0.1", "gaussian:0.1", "gaussian:0.5", "small:2", "uniform"])
def test_intervals_of_sampled_angles_cover(start):
    """400 samples each: a log-normal interval covered 78 to 91 % of these at the worst parameter."""
    circuit = QuantumCircuit(4)
    for q in range(4):
        circuit.ry(Parameter(f"y{q}"), q)
    for q in range(3):
        circuit.crx(Parameter(f"z{q}"), q, q + 1)
    program, rng = lower(circuit), np.random.default_rng(3)
    weights = draw_weights(program, 160_000, rng, initialization=start)
    squares = values_and_gradients(program, "XXXX", weights)[1] ** 2
    truth = squares.mean(axis=0)  # its own error is 20 times below the intervals'
    parts = squares.reshape(400, 400, -1)
    covered = []
    for part in parts:
        low, high = mean_interval(400, part.mean(axis=0), (part**2).mean(axis=0), (part**3).mean(axis=0))
        covered.append((low <= truth) & (truth <= high))
    share = np.mean(covered, axis=0)
    assert np.all((share > 0.915) & (share < 0.995)), share  # 93 to 98 % within three standard errors
    assert 0.935 < share.mean() < 0.985

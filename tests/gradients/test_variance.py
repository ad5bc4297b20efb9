"""Second moments by every method against a dense twin, closed forms and exact numbers."""

import numpy as np
import pytest
import reference_paths as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, pauli_two_design, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.budget import Budget
from qtrain.circuits.initialization import parse_initialization
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import SignedPairs
from qtrain.gradients.paths import paired_paths
from qtrain.gradients.statistics import GradientStats
from qtrain.gradients.variance import gradient_variance

EXACT = [
    (real_amplitudes(2, reps=1), "IZ", 3 / 8, np.array([3, 1, 3, 0]) / 8),
    (real_amplitudes(3, reps=1), "IIZ", 5 / 16, np.array([5, 1, 1, 5, 0, 0]) / 16),
]


def sums(stats, kind):
    """The accumulator of a kind."""
    return next(item for item in stats.accumulators if isinstance(item, kind))


def largest(stats):
    """What the cost's second moment would be if every path counted."""
    return next(item.unit[-1] for item in stats.accumulators if hasattr(item, "unit"))


@pytest.mark.parametrize("method", ["exact", "paths", "particles"])
@pytest.mark.parametrize(("circuit", "observable", "cost", "variance"), EXACT)
def test_exact_numbers(circuit, observable, cost, variance, method):
    stats = gradient_variance(circuit, observable, method=method)
    allowed = 5 * stats.standard_error + 1e-12
    assert np.all(np.abs(stats.variance - variance) <= allowed)
    assert abs(stats.cost_variance - cost) <= 5 * stats.cost_standard_error + 1e-12


def test_exact_numbers_of_larger_ansatze():
    stats = gradient_variance(real_amplitudes(4, reps=2), "ZIII")
    assert stats.cost_variance == pytest.approx(19 / 64)
    assert set(np.flatnonzero(stats.variance == 0)) == {0, 4, 5, 8, 9, 10}
    stats = gradient_variance(efficient_su2(4, reps=2), "ZIII")
    assert stats.cost_variance == pytest.approx(11 / 64)
    assert (stats.variance == 0).sum() == 15


def test_product_circuit_closed_forms():
    n = 6
    circuit = QuantumCircuit(n)
    for q, theta in enumerate(ParameterVector("t", n)):
        circuit.rx(theta, q)
    stats = gradient_variance(circuit, "Z" * n)
    assert stats.cost_variance == pytest.approx(2.0**-n)
    assert stats.variance == pytest.approx(np.full(n, 2.0**-n))
    local = gradient_variance(circuit, "I" * (n - 1) + "Z")
    assert local.variance == pytest.approx([0.5] + [0] * (n - 1))
    average = SparsePauliOp.from_sparse_list([("Z", [q], 0.5 / n) for q in range(n)], n)
    assert gradient_variance(circuit, average).variance == pytest.approx(np.full(n, 1 / (8 * n**2)))
    # 1 - prod cos^2(theta/2) expanded: every subset of Z, all interfering with none
    subsets = SparsePauliOp(
        ["".join("Z" if b >> q & 1 else "I" for q in range(n)) for b in range(2**n)], [-(2.0**-n)] * 2**n
    )
    assert gradient_variance(circuit, subsets).variance == pytest.approx(
        np.full(n, (1 / 8) * (3 / 8) ** (n - 1))
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_uniform_paths_match_the_grid(seed):
    """Interfering terms and Cliffords before the first rotation among them."""
    circuit, observable = random_circuit(seed), random_observable(seed)
    mean, square, _, second = reference.moments(circuit, observable)
    exact = gradient_variance(circuit, observable, method="exact")
    assert exact.cost_mean == pytest.approx(mean, abs=1e-9)
    assert exact.cost_variance == pytest.approx(square - mean**2, abs=1e-9)
    assert exact.variance == pytest.approx(second, abs=1e-9)
    assert exact.variance.max() <= exact.cost_variance + 1e-9 <= exact.variance.sum() + 2e-9
    sampled = gradient_variance(circuit, observable, method="paths", samples=20_000, seed=seed)
    assert np.all(np.abs(sampled.variance - second) <= 6 * sampled.standard_error + 1e-3 * sampled.scale)
    assert np.all(sampled.variance[sampled.proven_zero] == 0)
    assert np.all(second[sampled.proven_zero] < 1e-9)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_particles_match_exact_sums(seed):
    circuit, observable = (
        random_circuit(seed, n=4, rotations=8, gates=12),
        random_observable(seed, n=4, terms=2),
    )
    exact = gradient_variance(circuit, observable, method="exact")
    sampled_small = gradient_variance(circuit, observable, method="particles", seed=seed)
    assert np.all(
        np.abs(sampled_small.variance - exact.variance) <= 7 * sampled_small.standard_error + 2e-3 * exact.scale
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["gaussian:0.4", "small:0.7"]))
def test_non_uniform_angles_match_the_grid(seed, start):
    circuit, observable = random_circuit(seed), random_observable(seed, terms=3)
    cosine, sine2 = parse_initialization(start).moments(np.ones(1))
    mean, square, first, second = reference.moments(
        circuit, observable, cosine=cosine[0], cosine2=1 - 2 * sine2[0]
    )
    stats = gradient_variance(circuit, observable, initialization=start, samples=100_000, seed=seed)
    assert stats.cost_mean == pytest.approx(mean, abs=1e-9)
    assert stats.mean == pytest.approx(first, abs=1e-9)
    total = largest(stats)
    assert np.all(np.abs(stats.second_moment - second) <= 6 * stats.standard_error + 3e-4 * total)
    assert abs(stats.cost_second_moment - square) <= 6 * stats.cost_standard_error + 3e-4 * total


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_noise_matches_density_matrices(seed):
    circuit, observable = random_circuit(seed, first_cliffords=False), random_observable(seed, terms=3)
    _, square, _, second = reference.moments(circuit, observable, p1=0.03, p2=0.1)
    stats = gradient_variance(
        circuit, observable, noise={"one_qubit": 0.03, "two_qubit": 0.1}, samples=100_000, seed=seed
    )
    total = largest(stats)
    assert np.all(np.abs(stats.second_moment - second) <= 6 * stats.standard_error + 3e-4 * total)
    assert abs(stats.cost_second_moment - square) <= 6 * stats.cost_standard_error + 3e-4 * total


def lone_term(seed, n=3):
    """One Pauli string with a coefficient: nothing interferes."""
    label = random_observable(seed, n, terms=1).paulis[0].to_label()
    return SparsePauliOp(label, 0.3 + seed % 7)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.booleans(), st.booleans(),
    st.sampled_from(["uniform", "gaussian:0.4", "small:1.1", "gaussian:0.01"]),
)  # fmt: skip
def test_exact_under_noise_from_product_states_and_for_any_angles(seed, noisy, turned, start):
    """Sums over all paths against density matrices, to rounding."""
    rng = np.random.default_rng(seed)
    inputs = QuantumCircuit(3)
    if turned:
        for q in range(3):
            inputs.ry(rng.uniform(-3, 3), q)
            inputs.rz(rng.uniform(-3, 3), q)
    circuit, observable = inputs.compose(random_circuit(seed, first_cliffords=False)), lone_term(seed)
    cosine, sine2 = parse_initialization(start).moments(np.ones(1))
    p1, p2 = (0.03, 0.1) if noisy else (0.0, 0.0)
    if noisy and turned:
        p1 = 0.0  # an input layer with noise is no pure product state: the noise stays behind the entanglers
    noise = {"one_qubit": p1, "two_qubit": p2} if noisy else None
    mean, square, first, second = reference.moments(
        circuit, observable, cosine=cosine[0], cosine2=1 - 2 * sine2[0], p1=p1, p2=p2
    )
    stats = gradient_variance(circuit, observable, initialization=start, noise=noise)
    assert stats.method == "exact"
    assert np.all(stats.exact)
    assert stats.second_moment == pytest.approx(second, abs=1e-12 * observable.coeffs[0].real ** 2)
    assert stats.mean == pytest.approx(first, abs=1e-9)
    assert stats.cost_mean == pytest.approx(mean, abs=1e-9)
    assert stats.cost_variance == pytest.approx(square - mean**2, abs=1e-9)
    assert stats.lower.tolist() == stats.second_moment.tolist() == stats.upper.tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("start", ["gaussian:0.5", "small:1.2"])
def test_weighted_flips_match_the_quadrature(seed, start, monkeypatch):
    """What stayed and what flipped, weighted, is what a rotation differentiated on a walk of its own gives."""
    circuit, observable = random_circuit(seed), random_observable(seed, terms=3)
    cosine, sine2 = parse_initialization(start).moments(np.ones(1))
    _, square, _, second = reference.moments(circuit, observable, cosine=cosine[0], cosine2=1 - 2 * sine2[0])
    found = {}
    for mode in (1, 2):
        monkeypatch.setattr(paired_paths, "_mode", lambda start, branch, mode=mode: mode)
        stats = gradient_variance(circuit, observable, initialization=start, method="paths", samples=200_000, seed=seed)
        total = largest(stats)
        assert np.all(np.abs(stats.second_moment - second) <= 6 * stats.standard_error + 3e-4 * total)
        assert abs(stats.cost_second_moment - square) <= 6 * stats.cost_standard_error + 3e-4 * total
        found[mode] = stats
    assert sums(found[2], SignedPairs).flip_weight.any()
    assert not sums(found[1], SignedPairs).flip_weight.any()


def test_small_angles_of_a_larger_circuit():
    """Sampled against exact; two seeds add up; rare flips widen the interval instead of hiding."""
    circuit, start = efficient_su2(8, reps=3, entanglement="linear"), "gaussian:0.4"
    exact = gradient_variance(circuit, "ZIIIIIII", initialization=start)
    assert exact.method == "exact"
    a, b = (
        gradient_variance(circuit, "ZIIIIIII", initialization=start, method="paths", samples=400_000, seed=seed)
        for seed in (1, 2)
    )
    both = a + b
    assert sums(both, SignedPairs).flip_weight.any()
    assert both.num_samples == 800_000
    live = exact.second_moment > 1e-4
    assert live.any()
    assert np.all(np.abs(both.second_moment - exact.second_moment) <= 6 * both.standard_error + 1e-5)
    assert np.median(both.standard_error[live]) < 0.8 * np.median(a.standard_error[live])
    inside = (both.lower <= exact.second_moment) & (exact.second_moment <= both.upper)
    assert inside.mean() > 0.9
    few = gradient_variance(circuit, "ZIIIIIII", initialization=start, method="paths", samples=64)
    assert np.all(few.upper >= exact.second_moment)


def test_a_thousand_qubits_with_small_angles_within_the_budget():
    """Every rotation once had a walk of its own: one block of paths took minutes here."""
    circuit = efficient_su2(1000, reps=3, entanglement="linear")
    stats = gradient_variance(circuit, "Z" * 1000, initialization="gaussian:0.05", method="paths", budget=Budget(seconds=2))
    assert stats.num_samples >= 2048
    assert stats.num_samples < 10**7


def test_terms_that_interfere_under_noise_are_sampled():
    circuit = real_amplitudes(3, reps=1)
    alone = gradient_variance(circuit, "IIZ + 0.5*IXI", noise=0.01)  # another pattern of rotations
    assert alone.method == "exact"
    both = gradient_variance(circuit, "IIZ + 0.5*IIZ + 0.2*IIX", initialization="gaussian:0.3", samples=2000)
    assert both.method == "paths"
    free = QuantumCircuit(2)
    free.ry(Parameter("t"), 0)
    with pytest.raises(QTrainError, match="terms of the observable interfere"):
        gradient_variance(free, "IZ + ZZ", noise=0.01, method="exact")
    assert gradient_variance(free, "IZ + ZZ", noise=0.01, samples=20_000).method == "paths"


def test_noise_makes_small_signals_smaller_by_a_known_factor():
    """Depolarizing behind every rotation of a product circuit: V_k loses (1 - p)^2 for each qubit."""
    n, p = 40, 0.1
    circuit = QuantumCircuit(n)
    for q, theta in enumerate(ParameterVector("t", n)):
        circuit.rx(theta, q)
    stats = gradient_variance(circuit, "Z" * n, noise=p)
    assert stats.method == "exact"
    assert stats.variance == pytest.approx(np.full(n, 2.0**-n * (1 - p) ** (2 * n)), rel=1e-12)


def test_mcclean_circuits_are_exact():
    """RY(pi/4) in front makes a product state; nothing needs to be sampled (arXiv 1803.11173)."""
    stats = gradient_variance(pauli_two_design(6, reps=3, seed=1), "IIIIZZ")
    assert stats.method == "exact"
    sampled = gradient_variance(pauli_two_design(6, reps=3, seed=1), "IIIIZZ", method="paths", samples=1_000_000)
    assert np.all(np.abs(sampled.variance - stats.variance) <= 5 * sampled.standard_error + 1e-5)
    assert stats.variance.max() > 0.01


def test_product_input_states_and_data():
    data = np.array([[0.3, 1.1], [0.9, -0.4], [2.0, 0.2]])
    x = ParameterVector("x", 2)
    theta = ParameterVector("t", 4)
    circuit = QuantumCircuit(2)
    for q in range(2):
        circuit.h(q)
        circuit.rz(x[q], q)
        circuit.rx(0.7 * x[q], q)
    body = QuantumCircuit(2)
    for layer in range(2):
        for q in range(2):
            body.ry(theta[2 * layer + q], q)
        body.cx(0, 1)
    observable = SparsePauliOp(["IZ", "ZI", "XX"], [0.5, -0.3, 0.8])
    expected = np.zeros(4)
    for row in data:
        bound = circuit.assign_parameters(dict(zip(x, row, strict=True))).compose(body)
        expected += reference.moments(bound, observable)[3] / len(data)
    stats = gradient_variance(circuit.compose(body), observable, inputs=list(x), data=data, samples=400_000)
    assert stats.method == "paths"
    assert np.all(np.abs(stats.second_moment - expected) <= 5 * stats.standard_error + 1e-4)


def test_small_signals_to_rounding():
    """A global observable at n = 30: exact sums against themselves by particles."""
    circuit = efficient_su2(30, reps=5, entanglement="linear")
    stats = gradient_variance(circuit, "Z" * 30)
    assert stats.method == "exact"
    assert stats.cost_variance == pytest.approx(1.7123723648e-09, rel=1e-9)
    sampled_small = gradient_variance(circuit, "Z" * 30, method="particles", samples=8)
    assert np.all(sampled_small.lower <= stats.variance)
    assert np.all(sampled_small.upper >= stats.variance)


def test_particles_are_unbiased_and_their_intervals_cover():
    """Signals near 10^-3 of the scale, at 40 seeds: right on average, and by as much as they say."""
    program = lower(efficient_su2(10, reps=3, entanglement="linear"))
    exact = gradient_variance(program, "Z" * 10)
    runs = [gradient_variance(program, "Z" * 10, method="particles", samples=4, seed=seed) for seed in range(40)]
    live = exact.variance > 0
    values = np.array([stats.variance for stats in runs])[:, live]
    scatter = values.std(axis=0, ddof=1)
    assert np.all(np.abs(values.mean(axis=0) - exact.variance[live]) <= 5 * scatter / np.sqrt(40))
    assert np.all(scatter <= 0.15 * exact.variance[live])
    told = np.median([stats.standard_error for stats in runs], axis=0)[live]
    assert np.all((0.5 * scatter <= told) & (told <= 2 * scatter))
    inside = [(stats.lower <= exact.variance) & (exact.variance <= stats.upper) for stats in runs]
    assert np.all(np.mean(inside, axis=0) >= 0.95)
    merged = sum(runs[1:], start=runs[0])
    assert merged.num_samples == 160
    assert np.all(np.abs(merged.variance - exact.variance) <= 5 * merged.standard_error)


def test_the_identity_is_a_constant_of_the_cost():
    circuit = real_amplitudes(3, reps=1)
    plain = gradient_variance(circuit, "IIZ", initialization="gaussian:0.3", samples=10_000)
    moved = gradient_variance(circuit, "IIZ + 2*III", initialization="gaussian:0.3", samples=10_000)
    assert moved.cost_mean == pytest.approx(plain.cost_mean + 2)
    assert moved.cost_variance == pytest.approx(plain.cost_variance)
    assert gradient_variance(circuit, "III").variance.tolist() == [0.0] * 6


def test_coefficients_enter_squared():
    theta = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(3 * theta, 0)
    assert gradient_variance(circuit, "Z").variance == pytest.approx([4.5])


def test_shared_parameters_leave_the_paths():
    theta = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(theta, 0)
    circuit.rx(theta, 0)
    stats = gradient_variance(circuit, "Z", samples=20_000)
    assert "used in 2 rotations" in stats.reason
    assert stats.cost_second_moment == pytest.approx(0.5, abs=5 * stats.cost_standard_error + 1e-9)
    assert stats.variance[0] == pytest.approx(2.0, abs=5 * stats.standard_error[0])
    with pytest.raises(QTrainError, match="'a' is used in 2|parameter a is used in 2"):
        gradient_variance(circuit, "Z", method="paths")


def test_echoes_are_recognised():
    """Forward block, probe, backward block: E (d f / d theta)^2 from continuous angles, not from a Clifford grid."""
    theta, probe = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.ry(theta, 0)
    circuit.rz(probe, 0)
    circuit.ry(-theta, 0)
    stats = gradient_variance(circuit, "Z", samples=40_000)
    assert "an echo" in stats.reason
    grid = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    a, b = np.meshgrid(grid, grid)
    # <Z> = cos^2 a + sin^2 a cos b
    expected = [np.mean((np.sin(2 * a) * (np.cos(b) - 1)) ** 2), np.mean((np.sin(a) ** 2 * np.sin(b)) ** 2)]
    assert np.all(np.abs(stats.second_moment - expected) <= 5 * stats.standard_error)


def test_fixed_non_clifford_gates_leave_the_paths():
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.t(1)
    circuit.rx(Parameter("b"), 1)
    stats = gradient_variance(circuit, "ZI", samples=30_000)
    assert stats.method == "statevector"
    grid = reference.moments(circuit, SparsePauliOp("ZI"))[3]
    assert np.all(np.abs(stats.second_moment - grid) <= 5 * stats.standard_error + 1e-9)


def test_merging_is_exact_and_refuses_what_is_not_the_same():
    circuit = real_amplitudes(3, reps=2)
    a, b = (gradient_variance(circuit, "IZZ", method="paths", samples=10_000, seed=s) for s in (1, 2))
    both = a + b
    assert both.num_samples == 20_000
    assert both.variance == pytest.approx((a.variance + b.variance) / 2)
    with pytest.raises(QTrainError, match="other seeds"):
        a + a
    with pytest.raises(QTrainError, match="same circuit"):
        a + gradient_variance(circuit, "IIZ", method="paths", samples=10_000, seed=3)


def test_json_round_trip():
    stats = gradient_variance(real_amplitudes(3, reps=2), "IZZ", method="paths", samples=10_000)
    again = GradientStats.from_json(stats.to_json())
    assert np.array_equal(again.variance, stats.variance)
    assert np.array_equal(again.upper, stats.upper)
    assert again.to_json() == stats.to_json()
    more = gradient_variance(real_amplitudes(3, reps=2), "IZZ", method="paths", samples=10_000, seed=9)
    assert (again + more).num_samples == 20_000


def test_intervals_cover():
    """Pooled coverage of the 95 % intervals, and of the bounds at zero hits."""
    inside = total = bounded = none = 0
    for seed in range(200):
        circuit, observable = (
            random_circuit(seed, n=4, rotations=8, gates=10),
            random_observable(seed, n=4, terms=3),
        )
        exact = gradient_variance(circuit, observable, method="exact")
        stats = gradient_variance(circuit, observable, method="paths", samples=1_000, seed=seed)
        expected = 1_000 * exact.variance / max(largest(stats), 1e-300)  # hits of a plain path
        enough = (expected >= 20) & (expected < 1_000)
        inside += int(((stats.lower <= exact.variance) & (exact.variance <= stats.upper))[enough].sum())
        total += int(enough.sum())
        rare = (exact.variance > 0) & (stats.second_moment == 0)
        bounded += int((exact.variance <= stats.upper)[rare].sum())
        none += int(rare.sum())
    assert total > 300
    assert 0.93 <= inside / total <= 0.98
    assert none == 0 or bounded / none >= 0.95


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"samples": 1}, "samples should be at least 2. Got 1."),
        ({"samples": 2.5}, "samples should be a whole number"),
        ({"method": "magic"}, "method should be one of"),
        ({"initialization": "gaussian"}, "initialization should be"),
        ({"initialization": "gaussian:-1"}, "positive width"),
        ({"noise": 1.5}, "between 0 and 1"),
        ({"noise": {"cy": 0.1}}, "gates of the circuit"),
        ({"seed": -1}, "seed should be"),
        ({"data": [[1.0]]}, "without inputs"),
    ],
)
def test_wrong_options(options, sentence):
    with pytest.raises(QTrainError, match=sentence):
        gradient_variance(real_amplitudes(2, reps=1), "IZ", **options)


def test_no_parameters():
    with pytest.raises(QTrainError, match="at least one parameter"):
        gradient_variance(QuantumCircuit(1), "Z")


def test_budget_rejects_nonsense():
    for value in (0, -1, "much", True):
        with pytest.raises(QTrainError, match="seconds should be"):
            Budget(seconds=value)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 4, 48]))
def test_the_ceiling_holds(seed, rank):
    """Also where the trains are cut hard."""
    from qtrain.circuits.interference import path_classes
    from qtrain.circuits.pauli_tape import build_tape
    from qtrain.gradients.paths.tensor_train_bound import ceiling

    rng = np.random.default_rng(seed)
    n = 6
    circuit = QuantumCircuit(n)
    for k in range(5):
        for q in range(n):
            getattr(circuit, rng.choice(["rx", "ry", "rz"]))(Parameter(f"t{k}{q}"), q)
            if rng.random() < 0.3:
                circuit.h(q)
        for q in rng.permutation(n - 1):
            getattr(circuit, rng.choice(["cx", "cz"]))(int(q), int(q) + 1)
    label = "".join(rng.choice(list("IXYZ"), n))
    if set(label) == {"I"}:
        label = "Z" * n
    exact = gradient_variance(circuit, label, method="exact")
    tape = build_tape(lower(circuit))
    bound = ceiling(tape, path_classes(tape, SparsePauliOp(label)), rank=rank)
    assert bound >= exact.cost_variance * (1 - 1e-9)
    assert bound >= exact.variance.max() * (1 - 1e-9)


def test_deep_and_small_is_certified():
    """100 qubits, 50 layers: no plain path would ever hit."""
    stats = gradient_variance(
        efficient_su2(100, reps=50, entanglement="linear"),
        "Z" * 100,
        method="particles",
        samples=4,
        budget=Budget(seconds=10),
    )
    assert np.all(stats.upper < 1e-12)
    assert np.all(stats.upper >= stats.lower)
    assert 1e-3 * 2.0**-100 < stats.cost_variance < 1e3 * 2.0**-100


def test_a_circuit_on_a_device_has_the_same_variances_and_less_under_its_noise():
    from qiskit import transpile
    from qiskit_ibm_runtime.fake_provider import FakeTorino

    backend, source = FakeTorino(), efficient_su2(5, reps=2)
    placed = transpile(source, backend, optimization_level=1, seed_transpiler=0)
    observable = SparsePauliOp("IIIIZ")
    moved = observable.apply_layout(placed.layout)
    ideal = gradient_variance(source, observable)
    there = gradient_variance(placed, moved)
    order = [there.parameters.index(p) for p in ideal.parameters]
    assert there.variance[order] == pytest.approx(ideal.variance, abs=1e-12)
    noisy = gradient_variance(placed, moved, noise=backend, samples=1500)
    live = ideal.variance > 1e-3
    assert np.all(
        noisy.second_moment[order][live] < ideal.variance[live] + 4 * noisy.standard_error[order][live]
    )
    assert noisy.second_moment.sum() < 0.99 * ideal.variance.sum()
    with pytest.raises(QTrainError, match="transpile the circuit to the target first"):
        gradient_variance(source, observable, noise=backend)


def test_noise_meets_library_blocks():
    from qiskit.circuit.library import EfficientSU2

    blocks = gradient_variance(EfficientSU2(3, reps=1), "ZII", noise=0.02, samples=100_000)
    flat = gradient_variance(efficient_su2(3, reps=1), "ZII", noise=0.02, samples=100_000, seed=1)
    assert np.all(np.abs(blocks.second_moment - flat.second_moment) <= 5 * flat.standard_error + 1e-3)

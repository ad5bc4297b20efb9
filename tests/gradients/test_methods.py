"""Every row of the table of methods on every problem it does not refuse, against dense twins; merging; a row of others."""

import dataclasses
import json
import math

import numpy as np
import pytest
import reference
import reference_paths
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable
from shared_angles import shared_circuit

from qtrain.budget import Budget
from qtrain.circuits.initialization import parse_initialization
from qtrain.circuits.problem import pose, stream
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.errors import QTrainError
from qtrain.gradients.accumulators import ACCUMULATORS, Accumulator, Estimate, register_accumulator
from qtrain.gradients.methods import METHODS, Method, register_method
from qtrain.gradients.statistics import GradientStats, merged
from qtrain.gradients.variance import gradient_variance
from qtrain.simulators.statevector import values_and_gradients
from qtrain.testing import check_method

ROWS = [
    "exact", "quadrature", "paths", "particles", "pairs", "angles", "density", "gsim", "statevector", "collapse", "bound",
]  # fmt: skip
SEEDS = 40
SAMPLES = 4000


def product_input():
    circuit = QuantumCircuit(3)
    for q, (a, b) in enumerate([(0.4, 1.1), (2.0, -0.7), (-1.3, 0.2)]):
        circuit.ry(a, q)
        circuit.rz(b, q)
    return circuit


def shared():
    """Two weights in five rotations, one of them with half its angle."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.ry(a, 0)
    circuit.rx(b, 1)
    circuit.cx(0, 1)
    circuit.rzz(a, 0, 1)
    circuit.ry(2 * b, 1)
    circuit.t(0)
    circuit.rx(a, 0)
    return circuit


PROBLEMS = {
    "uniform": (random_circuit(10, n=3, rotations=4), random_observable(10), {}),
    "interfering": (random_circuit(11, n=3, rotations=4), random_observable(11, terms=6), {}),
    "gaussian": (random_circuit(1, n=3), random_observable(1, terms=2), {"initialization": "gaussian:0.5"}),
    "small": (random_circuit(11, n=3), random_observable(11, terms=1), {"initialization": "small:1.4"}),
    "noise": (random_circuit(8, n=3), random_observable(8, terms=2), {"noise": {"one_qubit": 0.02, "two_qubit": 0.08}}),
    "product input": (product_input().compose(random_circuit(13, n=3, first_cliffords=False)), random_observable(13, terms=2), {}),
    "shared": (shared(), SparsePauliOp(["ZI", "XX"], [0.8, -0.5]), {}),
}


def shared_moments(circuit, operator, points=24):
    """E f, E f^2, E g, E g^2 from a full grid, the derivative by Fourier series."""
    from qtrain.circuits.program import lower

    program = lower(circuit)
    axis = 2 * np.pi * np.arange(points) / points
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    f = reference.values(program, operator, grid).reshape(points, points)
    wave = 1j * np.fft.fftfreq(points, 1 / points)
    slopes = [
        np.fft.ifft(np.fft.fft(f, axis=k) * (wave[:, None] if k == 0 else wave), axis=k).real for k in (0, 1)
    ]
    return f.mean(), (f**2).mean(), np.array([g.mean() for g in slopes]), np.array([(g**2).mean() for g in slopes])


@pytest.fixture(scope="module")
def truths():
    """(E f, E f^2, E g, E g^2) of every problem."""
    found = {}
    for name, (circuit, operator, options) in PROBLEMS.items():
        if name == "shared":
            found[name] = shared_moments(circuit, operator)
            continue
        cosine, sine2 = parse_initialization(options.get("initialization", "uniform")).moments(np.ones(1))
        rates = options.get("noise", {"one_qubit": 0.0, "two_qubit": 0.0})
        found[name] = reference_paths.moments(
            circuit, operator, cosine=cosine[0], cosine2=1 - 2 * sine2[0], p1=rates["one_qubit"], p2=rates["two_qubit"]
        )
    return found


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("row", ROWS)
def test_every_row_on_every_problem(row, problem, truths):
    circuit, operator, options = PROBLEMS[problem]
    mean, square, first, second = truths[problem]
    # time must not decide how many runs there are
    posed = pose(circuit, operator, method=row, samples=SAMPLES, budget=Budget(seconds=3600), **options)
    if METHODS[row].refuses(posed) is not None:
        with pytest.raises(QTrainError, match="should be one that treats this circuit"):
            gradient_variance(circuit, operator, method=row, **options)
        return
    runs = [METHODS[row].run(posed.again(seed=seed)) for seed in range(SEEDS)]
    if runs[0] is None:
        assert row == "exact" and len(operator) > 1  # terms interfere
        return
    scale = float(np.abs(operator.coeffs).sum()) ** 2
    for stats in runs:
        assert np.all(second[stats.proven_zero] < 1e-12 * scale)
        np.testing.assert_allclose(stats.second_moment[stats.exact], second[stats.exact], atol=1e-12 * scale)
        if row in ("exact", "quadrature", "paths", "pairs"):
            np.testing.assert_allclose(stats.mean, first, atol=1e-12 * scale)
            assert stats.cost_mean == pytest.approx(mean, abs=1e-12 * scale)
    slack = 1e-12 * scale
    inside = [(s.lower <= second + slack) & (second <= s.upper + slack) for s in runs]
    live = ~runs[0].proven_zero
    if row in ("exact", "quadrature", "pairs", "bound"):
        assert np.all(inside)
        assert row == "bound" or runs[0].cost_variance == pytest.approx(square - mean**2, abs=1e-12 * scale)
        return
    # 95 %: of 40 runs at least 33 hold for each parameter unless in one of 10^4 tables; the pooled share is near it
    assert live.any()
    assert np.all(np.sum(inside, axis=0) >= 33)
    assert np.mean(np.array(inside)[:, live]) >= 0.9
    values = np.array([s.variance for s in runs])[:, live]
    errors = np.array([s.standard_error for s in runs])[:, live]
    scatter = values.std(axis=0, ddof=1)
    variance = (second - first**2)[live]
    unseen = 8 * scale / (SEEDS * SAMPLES) if row == "paths" else 0.0  # what no path of any seed need have hit
    assert np.all(np.abs(values.mean(axis=0) - variance) <= 5 * scatter / math.sqrt(SEEDS) + slack + unseen)
    assert np.all(scatter < 0.5 * variance + 0.02 * scale)  # and they tell something
    told = np.median(errors, axis=0)
    moving = scatter > 1e-3 * variance
    assert np.all((0.5 * scatter < told)[moving]) and np.all((told < 2 * scatter)[moving])


@pytest.mark.parametrize("row", ROWS)
def test_built_in_rows_keep_their_promises(row):
    check_method(row)


def test_the_table_is_all_there_is():
    assert [name for name in METHODS if not name.startswith("toy")] == ROWS


# --------------------------------------------------------------------------- a row of another package


@register_accumulator
@dataclasses.dataclass(frozen=True, eq=False)
class Draws(Accumulator):
    """Sums of squared finite differences."""

    kind = "toy draws"
    adds = ("count", "first", "second")
    count: int
    first: np.ndarray
    second: np.ndarray

    @property
    def num_samples(self):
        return self.count

    def estimate(self):
        mean = self.first / self.count
        error = np.sqrt(np.maximum(self.second / self.count - mean**2, 0) / self.count)
        return Estimate.of(
            len(mean), second=mean, error=error, lower=np.maximum(mean - 2.2 * error - 1e-9, 0),
            upper=mean + 2.2 * error + 1e-9, support=np.full(len(mean), float(self.count)),
        )  # fmt: skip


def toy_run(problem):
    from qtrain.simulators.statevector import values_and_gradients

    count, rng = problem.samples or 1000, problem.rng("toy")
    weights = rng.uniform(0, 4 * np.pi, (count, len(problem.program.weights)))
    f, g = values_and_gradients(problem.program, problem.traceless, weights)
    squares = np.column_stack([g, f]) ** 2
    sums = Draws(count, squares.sum(axis=0), (squares**2).sum(axis=0))
    nothing = np.zeros(len(problem.program.weights), bool)
    return GradientStats.of(problem, [sums], method="toy", reason="drawn at random", proven_zero=nothing)


def toy_refuses(problem):
    plain = problem.start.kind == "uniform" and not problem.channels and problem.data is None
    return None if plain else "it is a toy"


@pytest.fixture
def toy():
    row = register_method(Method("toy", toy_refuses, toy_run, (Draws,)))
    yield row
    METHODS.remove("toy")


def test_a_row_from_outside(toy):
    check_method(toy)
    circuit, operator, _ = PROBLEMS["shared"]
    stats = gradient_variance(circuit, operator, method="toy", samples=500)
    assert (stats.method, stats.reason, stats.num_samples) == ("toy", "asked for: toy; drawn at random", 500)
    again = GradientStats.from_json(stats.to_json())
    assert again.upper.tolist() == stats.upper.tolist()
    assert ACCUMULATORS["toy draws"] is Draws
    with pytest.raises(QTrainError, match="but it is a toy. Use method='auto'"):
        gradient_variance(circuit, operator, method="toy", initialization="small:0.3")
    with pytest.raises(QTrainError, match="did you mean 'toy'"):
        gradient_variance(circuit, operator, method="toyy")
    assert list(METHODS).index("toy") < list(METHODS).index("bound")


def test_auto_asks_a_row_from_outside_first_where_it_stands_first():
    row = register_method(Method("toy first", toy_refuses, toy_run, (Draws,)), before="exact")
    try:
        assert gradient_variance(*PROBLEMS["uniform"][:2]).method == "toy"
        assert gradient_variance(*PROBLEMS["uniform"][:2], initialization="small:0.3").method != "toy"
    finally:
        METHODS.remove(row.name)
    with pytest.raises(QTrainError, match="Got 'auto'"):
        register_method(dataclasses.replace(row, name="auto"))


def test_conformance_notices_what_is_wrong(toy):
    def halved(problem):
        stats = toy_run(problem)
        (sums,) = stats.accumulators
        return dataclasses.replace(stats, accumulators=(dataclasses.replace(sums, first=0.5 * sums.first),))

    def unseeded(problem):
        return dataclasses.replace(toy_run(problem.again(seed=int(np.random.default_rng().integers(2**40)))), seeds=(problem.seed,))

    def certain(problem):
        stats = toy_run(problem)
        return dataclasses.replace(stats, proven_zero=stats.second_moment < 0.1)

    def overconfident(problem):
        stats = toy_run(problem)
        (sums,) = stats.accumulators
        second = sums.first**2 / sums.count + 0.01 * (sums.second - sums.first**2 / sums.count)
        return dataclasses.replace(stats, accumulators=(dataclasses.replace(sums, second=second),))

    def missing(problem):
        return dataclasses.replace(toy_run(problem), accumulators=())

    for wrong in (halved, unseeded, certain, overconfident, missing):
        with pytest.raises(AssertionError, match="should|proven dead"):
            check_method(dataclasses.replace(toy, run=wrong), seeds=12)
    with pytest.raises(AssertionError, match="clause"):
        check_method(dataclasses.replace(toy, refuses=lambda problem: "No."))


# --------------------------------------------------------------------------- merging, seeds, files


@given(st.integers(0, 10**6), st.lists(st.integers(0, 2**62), min_size=3, max_size=3, unique=True))
def test_sums_of_seeds_do_not_care_for_order(seed, seeds):
    circuit, operator = random_circuit(seed), random_observable(seed)
    for row, options in (("paths", {}), ("paths", {"initialization": "gaussian:0.4"}), ("statevector", {})):
        a, b, c = (gradient_variance(circuit, operator, method=row, samples=300, seed=s, **options) for s in seeds)
        left, right = (a + b) + c, c + (b + a)
        assert left.seeds == right.seeds == tuple(sorted(seeds))
        assert left.num_samples == 900
        for column in ("second_moment", "variance", "lower", "upper", "standard_error", "mean"):
            np.testing.assert_allclose(getattr(left, column), getattr(right, column), rtol=1e-9, atol=1e-15)
        assert left.second_moment == pytest.approx((a.second_moment + b.second_moment + c.second_moment) / 3, abs=1e-12)


def test_exact_and_sampled_results_merge_and_the_exact_one_answers():
    circuit, operator, _ = PROBLEMS["uniform"]
    exact = gradient_variance(circuit, operator, method="exact", seed=1)
    for row in ("paths", "particles", "statevector"):
        other = gradient_variance(circuit, operator, method=row, samples=200, seed=2)
        for both in (exact + other, other + exact):
            assert both.second_moment.tolist() == exact.second_moment.tolist()
            assert both.cost_variance == exact.cost_variance
            assert both.exact.all()


def test_accumulators_of_other_sizes_do_not_add():
    a, b = (gradient_variance(random_circuit(0, rotations=r), random_observable(0), method="paths", samples=64) for r in (3, 4))
    with pytest.raises(QTrainError, match="as many parameters"):
        merged(a.accumulators, b.accumulators)


SEED = st.one_of(st.integers(0, 3), st.integers(0, 2**62), st.integers(0, 2**30).map(lambda k: k << 32))
WORDS = st.one_of(st.sampled_from(["paths", "pairs", "particles", "pilots", "angles", "loss"]), st.integers(0, 3))


@given(st.lists(st.tuples(SEED, st.lists(WORDS, max_size=3).map(tuple)), min_size=2, max_size=40, unique=True))
def test_streams_never_meet(pairs):
    """Neither stages of one seed nor seeds of one stage: a list of numbers would let [5] meet [5, 0]."""
    drawn = {tuple(stream(seed, *stage).integers(2**63, size=2).tolist()) for seed, stage in pairs}
    assert len(drawn) == len(pairs)


def test_old_reports_load_with_equal_estimates(repository):
    folder = repository / "tests" / "data" / "reports"
    for path in sorted(folder.glob("gradients_*.json")):
        text = path.read_text()
        old, stats = json.loads(text), GradientStats.from_json(text)
        assert "sums" in old and old["format"] == 1
        intervals = () if stats.method == "statevector" else ("lower", "upper")  # a better interval since
        for column in ("variance", "standard_error", "second_moment", "cost_variance", "num_samples", *intervals):
            want = np.array(old["estimates"][column], float)
            np.testing.assert_allclose(getattr(stats, column), want, rtol=1e-12, err_msg=path.name)
        assert stats.cost_mean == pytest.approx(old["cost_mean"])
        again = GradientStats.from_json(stats.to_json())
        assert again.to_json() == stats.to_json()
        assert "sums" not in json.loads(stats.to_json())
    report = TrainabilityReport.from_json((folder / "report_exact.json").read_text())
    assert report.gradients.variance == pytest.approx([v.variance for v in report.verdicts])
    assert report.gradients.exact.all()
    assert report.gradients.beta == pytest.approx([v.beta for v in report.verdicts], nan_ok=True)
    assert TrainabilityReport.from_json(report.to_json()).to_json() == report.to_json()


def test_samples_of_an_old_report_merge_with_new_ones(repository):
    from qiskit.circuit.library import real_amplitudes

    old = GradientStats.from_json((repository / "tests/data/reports/gradients_paths.json").read_text())
    new = gradient_variance(real_amplitudes(3, reps=2), "ZZZ", method="paths", samples=4000, seed=77)
    both = old + new
    assert both.num_samples == old.num_samples + 4000
    weights = np.array([old.num_samples, 4000]) / both.num_samples
    mixed = weights[0] * old.second_moment + weights[1] * new.second_moment
    assert both.second_moment == pytest.approx(mixed)


def test_large_numbers_of_shared_rotations_are_bounded_honestly():
    """No method fits: ``auto`` says so in one sentence, ``bound`` tells what is known."""
    circuit = QuantumCircuit(30)
    a = Parameter("a")
    for _ in range(3):
        for q in range(30):
            circuit.ry(a, q)
        for q in range(30):
            for step in (1, 7, 11):  # no line of qubits: networks are dear to contract
                circuit.cz(q, (q + step) % 30)
    for q in range(30):
        circuit.t(q)
        circuit.rx(a, q)
    with pytest.raises(QTrainError, match="30 qubits, above 22") as refusal:
        gradient_variance(circuit, "Z" * 30)
    assert "parameter a is used in 120 rotations" in str(refusal.value)
    stats = gradient_variance(circuit, "Z" * 30, method="bound")
    assert stats.upper.tolist() == [120.0**2]
    assert stats.lower.tolist() == [0.0]
    assert np.isnan(stats.variance).all()


@given(st.integers(0, 10**6))
def test_no_slope_exceeds_its_bound(seed):
    """At random angles, not on average only; and no bound is above that by all terms and all rotations."""
    program = shared_circuit(seed)
    observable = random_observable(seed, n=4)
    problem = pose(program, observable, method="bound")
    stats = METHODS["bound"].run(problem)
    points = np.random.default_rng(seed).uniform(0, 8 * np.pi, (50, len(problem.program.weights)))
    _, slopes = values_and_gradients(problem.program, observable, points)
    assert (np.max(np.asarray(slopes) ** 2, axis=0) <= stats.upper + 1e-9).all()
    uses = np.bincount(
        problem.program.parameter[problem.program.rotations],
        np.abs(problem.program.coefficient[problem.program.rotations]), minlength=len(problem.program.weights),
    )  # fmt: skip
    assert (stats.upper <= (uses * np.abs(problem.traceless.coeffs).sum()) ** 2 + 1e-9).all()


@pytest.mark.parametrize("data", [[[0.0], [1.7]], [[1.7], [0.0]], [[0.35]], [[3.0]]])
@pytest.mark.parametrize("row", ROWS)
def test_data_that_scale_a_weight(row, data):
    """Weights then have no period of their own: every row draws them from [0, 2 pi), and bounds know the data."""
    x, a, b = Parameter("x"), Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rx(x * a, 0)
    circuit.ry(b, 1)
    posed = pose(circuit, "ZZ + 0.7*ZI", inputs="x", data=data, method=row, samples=SAMPLES)
    nodes, share = np.polynomial.legendre.leggauss(40)
    points = np.pi * (1 + np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2))
    squares = [values_and_gradients(posed.program.bind_inputs(point), posed.observable, points)[1] ** 2 for point in data]
    truth = np.mean([np.outer(share, share).ravel() / 4 @ square for square in squares], axis=0)
    if METHODS[row].refuses(posed) is not None:
        return
    stats = METHODS[row].run(posed)
    if row == "bound":
        assert (truth <= stats.upper + 1e-9).all()
    else:
        assert (abs(stats.second_moment - truth) <= 5 * stats.standard_error + 1e-9).all()


def test_many_data_points_in_order():
    """The first 256 of them, all of one class, are not the data."""
    x, w = Parameter("x"), Parameter("w")
    circuit = QuantumCircuit(1)
    circuit.rx(x, 0)
    circuit.ry(w, 0)
    data = np.repeat([0.0, np.pi / 2], [256, 768])[:, None]  # E (dZ/dw)^2 = 1/2 or 0
    for row in ("auto", "collapse", "statevector"):
        stats = gradient_variance(circuit, "Z", inputs="x", data=data, method=row, samples=SAMPLES)
        assert abs(stats.second_moment[0] - 0.125) <= 5 * stats.standard_error[0] + 1e-12

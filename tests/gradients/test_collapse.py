"""Collapsing Pauli propagation against dense quadrature, its own slow twin, and paths where nothing is shared."""

import itertools

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_observable

from qtrain.architecture.catalogue import sim_template
from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.gradients import collapse, collapse_tape
from qtrain.gradients.collapsed_walks import CollapsedWalks
from qtrain.gradients.methods import METHODS
from qtrain.simulators.statevector import values_and_gradients

LONG = Budget(seconds=3600)


def shared_circuit(seed, n=3, params=3, gates=12, uses=3):
    """Rotations, controlled rotations, excitations and T gates that share a few parameters, anywhere."""
    rng = np.random.default_rng(seed)
    thetas = ParameterVector("t", params)
    left = [uses] * params
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(0.4 + 0.3 * q, q)
    for _ in range(gates):
        q, r = (int(v) for v in rng.permutation(n)[:2])
        open_ = [k for k in range(params) if left[k]]
        if rng.random() < 0.4 or not open_:
            name = rng.choice(["h", "s", "t", "sx", "cx", "cz", "tdg"])
            getattr(circuit, name)(*((q,) if name not in ("cx", "cz") else (q, r)))
            continue
        k = int(rng.choice(open_))
        left[k] -= 1
        name = rng.choice(["rx", "ry", "rz", "rzz", "ryy", "crx", "cry", "crz", "cp", "xx"])
        factor = float(rng.choice([1, -1, 0.5])) if len(name) == 2 and name != "xx" else 1.0
        angle = factor * thetas[k] + float(rng.choice([0.0, 0.3]))
        if name == "xx":
            circuit.rxx(thetas[k], q, r)
            circuit.ryy(thetas[k], q, r)
        else:
            getattr(circuit, name)(angle, *((q,) if name in ("rx", "ry", "rz") else (q, r)))
    for k in range(params):
        if left[k] == uses:
            circuit.rx(thetas[k], 0)
    return circuit


def quadrature(problem):
    """E (df)^2 and E f^2, E f of a uniform start, by a grid on which the average is exact."""
    program = problem.program
    ops = program.rotations
    axes = []
    for k in range(len(program.weights)):
        c = np.abs(program.coefficient[ops[program.parameter[ops] == k]])
        points = int(np.ceil(2 * c.sum() * 4)) + 1  # frequencies are multiples of 1/4
        axes.append(np.arange(points) * 8 * np.pi / points)
    grid = np.array(list(itertools.product(*axes)))
    points = [None] if problem.data is None else problem.data
    seconds, costs, means = [], [], []
    for point in points:
        bound = program if point is None else program.bind_inputs(point)
        f, g = values_and_gradients(bound, problem.traceless, grid)
        seconds.append((g**2).mean(0)), costs.append((f**2).mean()), means.append(f.mean())
    return np.mean(seconds, axis=0), np.mean(costs), np.mean(means)


def _run(problem, seed, samples):
    stats = collapse.run(problem.again(seed=seed, samples=samples, budget=LONG, method="collapse"))
    assert stats is not None
    return stats


def _assert_agree(problem, truth, samples=3000, seeds=1):
    """Shares of intervals that hold the truth, as a list of bools; far off fails at once."""
    second, cost, mean = truth
    inside = []
    for seed in range(seeds):
        stats = _run(problem, seed, samples)
        live = second > 1e-12
        error = np.maximum(stats.standard_error, (stats.upper - stats.lower) / 6)
        assert np.all(np.abs(stats.second_moment - second)[live] <= 6 * error[live] + 1e-9)
        assert np.all(stats.lower[~live] <= 1e-12)
        assert abs(stats.cost_second_moment - cost) <= 6 * stats.cost_standard_error + 0.05 * cost + 1e-9
        inside += list(((stats.lower <= second) & (second <= stats.upper))[live & ~stats.proven_zero])
    return inside


@pytest.mark.parametrize("seed", range(8))
def test_shared_angles_agree_with_quadrature(seed):
    many = seed < 2
    circuit = shared_circuit(seed, params=3 if many else 2, uses=2 if many else 3)
    problem = pose(circuit, random_observable(seed, 3, 3), budget=LONG)
    _assert_agree(problem, quadrature(problem))


@pytest.mark.parametrize("way", ["window", "drawn"])
def test_intervals_cover(way, monkeypatch):
    """Of at least 300 intervals that could fail, 93 to 98 % hold the truth; both ways to average a shared angle."""
    if way == "drawn":
        monkeypatch.setattr(collapse_tape, "_unit", lambda coefficients: 0.0)
    inside = []
    for seed in range(100, 160):
        problem = pose(shared_circuit(seed, params=2, gates=10, uses=2), random_observable(seed, 3, 3), budget=LONG)
        second, _, _ = quadrature(problem)
        for run in range(3):
            stats = _run(problem, run, 1000)
            samples = (second > 1e-12) & (stats.standard_error > 1e-6 * second)  # the others are exact
            inside += list(((stats.lower <= second) & (second <= stats.upper))[samples])
    assert len(inside) >= 300
    assert 0.93 <= np.mean(inside) <= 0.985


def test_first_moments_of_the_cost_are_exact_where_no_angle_is_drawn():
    for seed in range(8):
        problem = pose(shared_circuit(seed, params=2, gates=10, uses=2), random_observable(seed, 3, 3), budget=LONG)
        _, cost, mean = quadrature(problem)
        stats = _run(problem, 0, 4000)
        assert stats.cost_mean - problem.offset == pytest.approx(mean, abs=1e-9)
        assert abs(stats.cost_variance - (cost - mean**2)) < 6 * stats.cost_standard_error + 1e-9


def test_data_that_enter_anywhere():
    circuit = QuantumCircuit(2)
    x, t = ParameterVector("x", 2), ParameterVector("t", 2)
    circuit.ry(x[0], 0)
    circuit.crx(t[0], 0, 1)
    circuit.rz(x[1], 1)
    circuit.ry(t[1], 1)
    circuit.ry(x[0] * x[1], 0)
    circuit.cry(t[1], 1, 0)
    data = np.array([[0.3, 1.1], [2.0, -0.4], [-1.0, 0.9]])
    problem = pose(circuit, "ZZ", inputs="x", data=data, budget=LONG)
    _assert_agree(problem, quadrature(problem), samples=20000)


def test_an_observable_that_no_gate_reaches():
    circuit = QuantumCircuit(2)
    circuit.rz(ParameterVector("t", 1)[0], 0)
    assert _run(pose(circuit, "ZI", budget=LONG), 0, 10).proven_zero.all()


def test_plain_paths_agree_where_nothing_is_shared():
    problem = pose(efficient_su2(6, reps=2), "IIIZII", budget=LONG)
    stats, truth = _run(problem, 0, 20000), METHODS["paths"].run(problem.again(samples=200000))
    live = ~truth.proven_zero
    error = np.hypot(stats.standard_error, truth.standard_error)
    far = np.abs(stats.second_moment - truth.second_moment) > 5 * error + 1e-9
    assert not far[live].any() and stats.second_moment[live].all()


def test_a_walk_that_outgrows_its_cap_widens_the_interval():
    """Whatever the cap, the truth stays between the ends."""
    problem = pose(shared_circuit(5, params=2), random_observable(5, 3, 3), budget=LONG)
    second, _, _ = quadrature(problem)
    lost = []
    for cap in (6, 40, 200, 8192):
        sampler = collapse.Sampler(problem, collapse_tape.collapse_tape(problem), cap)
        sampler.draw(4000)
        found = sampler.sums().estimate()
        lost.append(sampler.counts[1])
        slack = 3 * (found.upper - found.lower)[:-1] / 4 + 1e-9
        assert np.all(found.lower[:-1] - slack <= second) and np.all(second <= found.upper[:-1] + slack)
    assert lost[0] > lost[-1] == 0


def test_sixty_qubits_against_their_light_cone():
    n = 60
    circuit = QuantumCircuit(n)
    thetas = ParameterVector("t", 4 * n)
    for q in range(n):
        circuit.rx(thetas[q], q)
    for q in range(n - 1):
        circuit.crx(thetas[n + q], q, q + 1) if q % 3 else circuit.t(q)
    for q in range(n):
        circuit.ry(thetas[2 * n + q], q)
    for q in range(0, n - 1, 2):
        circuit.rxx(thetas[3 * n + q], q, q + 1)
        circuit.ryy(thetas[3 * n + q], q, q + 1)
    problem = pose(circuit, SparsePauliOp.from_sparse_list([("ZZ", [30, 33], 1.0)], n), budget=LONG)
    stats = _run(problem, 0, 40000)
    truth = METHODS["statevector"].run(problem.again(samples=40000, method="statevector"))
    error = np.hypot(stats.standard_error, truth.standard_error)
    live = ~(stats.proven_zero | truth.proven_zero)
    assert live.sum() > 10
    assert np.all(np.abs(stats.second_moment - truth.second_moment)[live] <= 5 * error[live] + 1e-9)


def test_identity_blocks():
    """Angles that undo each other are drawn together; each derivative is of its own rotation."""
    first = ParameterVector("a", 4)
    circuit, block = QuantumCircuit(3), QuantumCircuit(3)
    for q, theta in enumerate(first[:3]):
        block.ry(theta, q)
    block.cx(0, 1)
    block.rzz(first[3], 1, 2)
    second = ParameterVector("b", 4)
    circuit.h(range(3))
    circuit.compose(block, inplace=True)
    circuit.compose(block.assign_parameters(dict(zip(first, second, strict=True))).inverse(), inplace=True)
    circuit.sx(1)
    problem = pose(circuit, "XXI", initialization="identity-block", budget=LONG)
    stats = _run(problem, 0, 40000)
    truth = METHODS["statevector"].run(problem.again(samples=40000, method="statevector"))
    error = np.hypot(stats.standard_error, truth.standard_error)
    assert (stats.second_moment > 0).sum() >= 4
    assert np.all(np.abs(stats.second_moment - truth.second_moment) <= 5 * error + 1e-9)


def before_a_product(seed, n=4):
    """One-qubit rotations, diagonal gates whose angles are shared, fixed or own, and a layer in front of the observable."""
    rng, own = np.random.default_rng(seed), iter(ParameterVector("t", 99))
    shared = ParameterVector("s", 2)
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(0.7 * rng.integers(2), q)
        for name in rng.choice(["rx", "ry", "rz"], rng.integers(1, 4)):
            getattr(circuit, name)(float(rng.choice([1, 2])) * next(own), q)
    for name in rng.choice(["cz", "crz", "rzz", "rz", "cp", "s", "t", "shared rz", "shared rzz"], 12):
        a, b = (int(q) for q in rng.permutation(n)[:2])
        kind, angle = name.removeprefix("shared "), shared[int(name.endswith("zz"))] if " " in name else next(own)
        angles = [] if kind in ("cz", "s", "t") else [angle]
        getattr(circuit, kind)(*angles, *((a,) if kind in ("rz", "s", "t") else (a, b)))
    for q in range(n):
        circuit.rx(shared[0] if rng.random() < 0.3 else next(own), q)
    circuit.cx(0, 1)
    return circuit


@pytest.mark.parametrize("seed", range(12))
def test_walks_that_stop_before_diagonal_gates_on_a_product_are_bounds(seed):
    problem = pose(before_a_product(seed), random_observable(seed, 4, 2), budget=LONG)
    tape = collapse_tape.bounding_tape(problem)
    assert tape is not None
    sampler = collapse.Sampler(problem, tape, 1024)
    sampler.draw(3000)
    theta = np.random.default_rng(seed).uniform(0, 8 * np.pi, (4000, len(problem.program.weights)))
    f, g = values_and_gradients(problem.program, problem.traceless, theta)
    squares = np.column_stack([g, f]) ** 2
    least = squares.mean(0) - 4 * squares.std(0) / np.sqrt(len(theta))
    assert np.all(sampler.sums().estimate().upper >= least - 1e-12)


@pytest.mark.parametrize("n", [4, 40])
def test_parity_behind_all_to_all_controlled_phases_is_bounded_by_a_product(n):
    """RX RZ, then CRZ, then RX: a letter is Z, worth 1, or Y, worth E sin^2 / 2 = 1/4, each with probability 1/2."""
    problem = pose(sim_template(5).circuit(n), SparsePauliOp("Z" * n), budget=LONG)
    tape = collapse_tape.bounding_tape(problem)
    assert tape is not None
    sampler = collapse.Sampler(problem, tape, 64)
    sampler.draw(20)
    assert sampler.sums().estimate().upper[-1] == pytest.approx((5 / 8) ** n)
    stats = collapse.bounded(problem)
    if n == 4:  # not below the resolution: walks tell more
        assert stats is None
    else:
        assert stats is not None
        assert np.all(stats.upper <= (5 / 8) ** n * 1.0001) and stats.cost_second_moment <= (5 / 8) ** n


def test_walks_that_were_all_the_same_may_have_missed_a_rare_one():
    """Out of 300 walks, a kind with a share of 1 % is missed by one run in twenty: no interval may be a point."""
    same = np.array([[150.0], [75.0], [37.5]])
    sums = CollapsedWalks(300.0, np.full(1, 300.0), same, np.zeros((3, 1)), np.zeros(4), np.ones(1))
    found = sums.estimate()
    for rare in (0.0, 1.0):
        assert found.lower[0] <= 0.99 * 0.5 + 0.01 * rare <= found.upper[0]

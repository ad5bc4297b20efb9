"""Fourier series of the cost: against dense grids, closed forms and drawn angles."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_observable
from shared_angles import dense_moments, qaoa, shared_circuit, triangle_free

import qtrain
from qtrain.budget import Budget
from qtrain.circuits.problem import pose
from qtrain.gradients import fourier_grids, quadrature
from qtrain.gradients.fourier_grids import frequencies
from qtrain.simulators.statevector import values_and_gradients

seeds = st.integers(0, 2**32 - 1)
PLENTY = Budget(seconds=3600)


def exactly(circuit, observable, **options):
    stats = qtrain.gradient_variance(circuit, observable, method="quadrature", budget=PLENTY, **options)
    assert stats.exact.all()
    return stats


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(2, 5), st.integers(1, 2), st.integers(1, 6))
def test_moments_are_those_of_a_dense_grid(seed, n, weights, terms):
    circuit = shared_circuit(seed, n, weights, 6, 8)
    observable = random_observable(seed, n, terms)
    problem = pose(circuit, observable)
    mean, square, slope, power = dense_moments(problem.program, observable, frequencies(problem.program))
    stats = exactly(circuit, observable)
    np.testing.assert_allclose(stats.second_moment, power, atol=1e-9 * max(power.max(), 1))
    np.testing.assert_allclose(stats.variance, power, atol=1e-9 * max(power.max(), 1))
    assert stats.cost_mean == pytest.approx(mean, abs=1e-10)
    assert stats.cost_variance == pytest.approx(square - mean**2, abs=1e-9)
    assert stats.cost_second_moment == pytest.approx(square, abs=1e-9)
    assert np.abs(slope).max() < 1e-9


@settings(deadline=None, max_examples=25)
@given(seeds, st.sampled_from(["gaussian:0.4", "small:0.9"]))
def test_other_starts_are_those_of_gauss_quadrature(seed, start):
    circuit = shared_circuit(seed, 3, 2, 5, 5)
    observable = random_observable(seed, 3, 3)
    problem = pose(circuit, observable)
    width = float(start.partition(":")[2])
    if start.startswith("gaussian"):
        nodes, shares = np.polynomial.hermite_e.hermegauss(48)
    else:
        nodes, shares = np.polynomial.legendre.leggauss(48)
    shares = shares / shares.sum()
    points = np.array(list(itertools.product(width * nodes, repeat=2)))
    share = np.array([a * b for a, b in itertools.product(shares, repeat=2)])
    f, g = values_and_gradients(problem.program, observable, points)
    stats = quadrature.run(pose(circuit, observable, initialization=start, method="quadrature", budget=PLENTY))
    if stats is None:
        moving = share @ g**2 - (share @ g) ** 2
        scale = np.abs(observable.coeffs).sum()
        assert min(moving.min(), share @ f**2 - (share @ f) ** 2) < 1e-3 * scale**2  # small: digits would be lost
        return
    live = ~stats.proven_zero
    np.testing.assert_allclose(stats.second_moment[live], (share @ g**2)[live], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(stats.mean[live], (share @ g)[live], atol=1e-10)
    assert stats.cost_mean == pytest.approx(share @ f, abs=1e-10)
    assert stats.cost_variance == pytest.approx(share @ f**2 - (share @ f) ** 2, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("n", [16, 100, 1000])
def test_qaoa_of_one_layer_has_its_closed_form(n):
    """arXiv 1706.02998: on triangle-free 3-regular graphs all edges move together."""
    circuit, observable = qaoa(triangle_free(n, seed=n), 1)
    stats = qtrain.gradient_variance(circuit, observable)
    assert stats.method == "quadrature" and stats.exact.all()
    assert stats.cost_variance == pytest.approx(9 / 512 * n**2, rel=1e-9)
    np.testing.assert_allclose(stats.variance, [9 / 32 * n**2, 45 / 512 * n**2], rtol=1e-9)  # beta, gamma


def edge_value(graph, edge, gamma, beta):
    """<ZZ> of an edge behind one layer of QAOA, by the closed form of arXiv 1706.02998 (14)."""
    u, v = edge
    d, e = graph.degree(u) - 1, graph.degree(v) - 1
    triangles = len(set(graph[u]) & set(graph[v]))
    direct = np.sin(4 * beta) * np.sin(gamma) * (np.cos(gamma) ** d + np.cos(gamma) ** e) / 2
    around = np.sin(2 * beta) ** 2 * np.cos(gamma) ** (d + e - 2 * triangles) * (1 - np.cos(2 * gamma) ** triangles) / 2
    return direct + around


@pytest.mark.parametrize("n, seed", [(16, 1), (16, 5), (200, 2)])
def test_qaoa_of_one_layer_with_triangles(n, seed):
    graph = nx.random_regular_graph(3, n, seed=seed)
    graph.add_edges_from([(0, 1), (1, 2), (0, 2)])
    circuit, observable = qaoa(graph, 1)
    beta, gamma = np.meshgrid(np.arange(12) * math.pi / 24, np.arange(40) * math.pi / 20, indexing="ij")
    value = sum(edge_value(graph, edge, gamma, beta) for edge in graph.edges) / 2
    stats = exactly(circuit, observable)
    assert stats.cost_variance == pytest.approx(value.var(), rel=1e-9)
    assert stats.cost_mean == pytest.approx(value.mean(), rel=1e-9)
    spectrum = np.abs(np.fft.fft2(value) / value.size) ** 2
    high = [np.fft.fftfreq(12, 1 / 12) * 4, np.fft.fftfreq(40, 1 / 40)]
    powers = [(spectrum.sum(axis=1 - axis) * high[axis] ** 2).sum() for axis in (0, 1)]
    np.testing.assert_allclose(stats.variance, powers, rtol=1e-9)


def test_qaoa_of_two_layers_agrees_with_statevectors():
    """The split grid against angles drawn on the whole circuit."""
    circuit, observable = qaoa(nx.random_regular_graph(3, 12, seed=4), 2)
    stats = qtrain.gradient_variance(circuit, observable, budget=PLENTY)
    assert stats.method == "quadrature"
    drawn = qtrain.gradient_variance(circuit, observable, method="statevector", samples=3000, seed=8)
    assert (np.abs(drawn.variance - stats.variance) < 5 * drawn.standard_error).all()
    assert abs(drawn.cost_variance - stats.cost_variance) < 5 * drawn.cost_standard_error


@settings(deadline=None, max_examples=40)
@given(seeds)
def test_split_grids_are_whole_grids(seed):
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(5)
    for layer in range(3):  # each weight in one layer: every border splits
        angle = Parameter(f"w{layer}")
        for q in range(5):
            getattr(circuit, rng.choice(["rx", "ry", "rz"]))(angle * rng.choice([0.5, 1.0]), q)
        circuit.cx(*(int(q) for q in rng.permutation(5)[:2]))
        circuit.rzz(angle, *(int(q) for q in rng.permutation(5)[:2]))
    problem = pose(circuit, SparsePauliOp(["IIZIX", "YIIIZ"], [1.0, -0.5]))
    for item in quadrature.pieces(problem).pieces:
        series = fourier_grids.series_of(problem, item)
        whole = fourier_grids._plain_values(series, math.inf)
        for place in fourier_grids._places(item.program):
            if math.isinf(fourier_grids._split_cost(item, series.bound, place, 1e9)):
                continue
            split = fourier_grids.Series(item, series.unit, series.bound, 1.0, place, None)
            table = fourier_grids._split_values(split, math.inf)
            np.testing.assert_allclose(table.ravel(), whole, atol=1e-12)


@pytest.mark.parametrize("start", ["uniform", "gaussian:0.3"])
def test_rounding_is_no_variance_of_a_constant_cost(start):
    """A flip of all qubits turns the sign of the sum: the cost is 0 at every angle."""
    circuit, _ = qaoa(nx.cycle_graph(6), 2)
    total = SparsePauliOp.from_sparse_list([("Z", [q], 1) for q in range(6)], 6)
    stats = exactly(circuit, total, initialization=start)
    assert stats.proven_zero.all() and stats.cost_variance == 0.0


def test_refusals_are_clauses():
    a = Parameter("a")
    odd = QuantumCircuit(1)
    odd.rx(a, 0)
    odd.ry(math.sqrt(2) * a, 0)
    assert "no common divisor" in quadrature.refuses(pose(odd, "Z"))
    wide = QuantumCircuit(1)
    for k in range(20):
        wide.rx(Parameter(f"w{k:02d}"), 0)
        wide.ry(Parameter(f"v{k:02d}"), 0)
    assert "one light cone holds 40 parameters" in quadrature.refuses(pose(wide, "Z"))
    fine = QuantumCircuit(1)
    fine.rx(a, 0)
    fine.ry(a / 3, 0)
    assert quadrature.refuses(pose(fine, "Z")) is None
    assert "noise" in quadrature.refuses(pose(fine, "Z", noise=0.1))
    assert "tie" in quadrature.refuses(pose(fine, "Z", initialization="identity-block"))


def test_what_misses_the_deadline_is_left_to_others():
    circuit, observable = qaoa(nx.random_regular_graph(3, 16, seed=4), 2)
    problem = pose(circuit, observable)
    assert fourier_grids.coefficients(quadrature.series(problem)[0], -math.inf) is None
    assert "operations" in quadrature.passes(problem.but(budget=Budget(seconds=1e-3)))

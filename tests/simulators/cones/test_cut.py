"""Costs cut into cones: the sum of the pieces is the cost, shapes merge where programs are equal and nowhere else."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_observable
from shared_angles import qaoa, shared_circuit, triangle_free

from qtrain.circuits.problem import pose
from qtrain.circuits.program import lower
from qtrain.simulators.cones.cut import ConesSurrogate, Pieces, cut
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.statevector import values_and_gradients
from qtrain.simulators.table import plans

seeds = st.integers(0, 2**32 - 1)


def by_statevectors(found):
    return ConesSurrogate(
        found, tuple(StatevectorSurrogate(p.program, p.observable, 2**30) for p in found.pieces)
    )


def weights_of(program, seed, count=5):
    return np.random.default_rng(seed).normal(scale=2, size=(count, len(program.weights)))


@settings(deadline=None, max_examples=150)
@given(seeds, st.integers(2, 5), st.integers(0, 9), st.integers(0, 9), st.integers(1, 8))
def test_pieces_add_up_to_the_cost(seed, n, rotations, cliffords, terms):
    program = lower(shared_circuit(seed, n, 3, rotations, cliffords))
    observable = random_observable(seed, n, terms) + SparsePauliOp("I" * n, 0.3)
    found = cut(program, observable.simplify())
    points = weights_of(program, seed) if program.weights else np.zeros((1, 0))
    value, slope = values_and_gradients(program, observable, points)
    surrogate = by_statevectors(found)
    np.testing.assert_allclose(surrogate.costs(points), value, atol=1e-12)
    got, slopes = surrogate.values_and_gradients(points)
    np.testing.assert_allclose(got, value, atol=1e-12)
    np.testing.assert_allclose(slopes, slope, atol=1e-11)
    np.testing.assert_allclose(surrogate.value_and_gradient(points[0])[1], slope[0], atol=1e-11)


def side_by_side(first, second):
    """Two circuits of n qubits on 2 n qubits, and an observable of each."""
    n = first.num_qubits
    both = QuantumCircuit(2 * n)
    both.compose(first, range(n), inplace=True)
    both.compose(second, range(n, 2 * n), inplace=True)
    return both


def renamed(circuit, names):
    return QuantumCircuit(circuit.num_qubits).compose(circuit, [int(q) for q in names])


@settings(deadline=None, max_examples=100)
@given(seeds, st.integers(2, 5))
def test_renamed_qubits_are_one_shape(seed, n):
    rng = np.random.default_rng(seed)
    names = rng.permutation(n)
    circuit = shared_circuit(seed, n, 2, 8, 6)
    both = side_by_side(circuit, renamed(circuit, names))
    letters = rng.choice(list("XYZ"), n)
    terms = [("".join(letters), list(range(n)), 0.5), ("".join(letters), [n + int(q) for q in names], 0.25)]
    found = cut(lower(both), SparsePauliOp.from_sparse_list(terms, 2 * n))
    if not found.pieces:
        return  # the cost is a constant
    (piece,) = found.pieces
    assert piece.terms == 2 and piece.factor == 0.75


@settings(deadline=None, max_examples=60)
@given(seeds)
def test_the_order_of_what_commutes_is_no_part_of_the_shape(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(6, 0.5, seed=seed % 2**31)
    angle, other = Parameter("a"), Parameter("b")

    def layer(edges):
        circuit = QuantumCircuit(6)
        circuit.h(range(6))
        for a, b in edges:
            circuit.rzz(angle, *((a, b) if rng.integers(2) else (b, a)))
        for q in rng.permutation(6):
            circuit.rx(other, int(q))
        return circuit

    edges = list(graph.edges)
    both = side_by_side(layer(edges), layer([edges[k] for k in rng.permutation(len(edges))]))
    observable = SparsePauliOp.from_sparse_list([("ZZ", [0, 1], 1.0), ("ZZ", [6, 7], 1.0)], 12)
    assert len(cut(lower(both), observable).pieces) <= 1


@settings(deadline=None, max_examples=100)
@given(seeds, st.integers(2, 4), st.sampled_from(["coefficient", "place", "letter", "parameter"]))
def test_near_misses_are_evaluated_apart(seed, n, change):
    """One number, one place or one letter changed: the sum of both is right, whether they merge or not."""
    rng = np.random.default_rng(seed)
    program = lower(shared_circuit(seed, n, 2, 7, 5, fixed=0))
    both = lower(side_by_side(*[shared_circuit(seed, n, 2, 7, 5, fixed=0)] * 2))
    op = int(rng.choice(both.rotations[len(program.rotations) :]))
    changed = dataclasses.replace(
        both, coefficient=both.coefficient.copy(), letters=both.letters.copy(), support=both.support.copy(),
        parameter=both.parameter.copy(),
    )  # fmt: skip
    span = slice(both.start[op], both.start[op + 1])
    if change == "coefficient":
        changed.coefficient[op] += rng.choice([1e-9, 1.0])
    elif change == "parameter":
        changed.parameter[op] = 1 - changed.parameter[op]
    elif change == "letter":
        changed.letters[span] = rng.integers(1, 4, len(changed.letters[span]))
    else:
        changed.support[span] = n + np.sort(rng.permutation(n)[: len(changed.support[span])])
    terms = [("ZX", [0, 1], 1.0), ("ZX", [n, n + 1], 1.0)]
    observable = SparsePauliOp.from_sparse_list(terms, 2 * n)
    points = weights_of(changed, seed)
    value, slope = values_and_gradients(changed, observable, points)
    got, slopes = by_statevectors(cut(changed, observable)).values_and_gradients(points)
    np.testing.assert_allclose(got, value, atol=1e-12)
    np.testing.assert_allclose(slopes, slope, atol=1e-11)


def test_a_changed_weight_or_a_moved_edge_is_another_shape():
    ring = nx.cycle_graph(12)
    assert len(cut(*lowered(ring, 1)).pieces) == 1
    weights = np.ones(12)
    weights[3] = 1.25
    assert len(cut(*lowered(ring, 1, weights)).pieces) == 3  # the edge, its neighbours, all others
    ring.remove_edge(0, 1)
    ring.add_edge(0, 2)
    assert len(cut(*lowered(ring, 1)).pieces) > 1


def lowered(graph, layers, weights=None):
    circuit, observable = qaoa(graph, layers, weights)
    return lower(circuit), observable


@pytest.mark.parametrize("layers, width", [(1, 6), (2, 14)])
def test_regular_graphs_have_few_shapes_at_any_size(layers, width):
    program, observable = lowered(triangle_free(300, seed=3), layers)
    # a walk through the whole circuit for each edge would look at 450 * 1050 operations and more
    found = cut(program, observable, most_visits=70_000)
    assert isinstance(found, Pieces) and found.width == width
    assert sum(piece.terms for piece in found.pieces) == 450
    assert len(found.pieces) <= 12


def test_what_needs_no_cut_is_said_in_a_clause():
    circuit, observable = qaoa(nx.complete_graph(6), 2)
    assert "walks" in cut(lower(circuit), observable, most_visits=20)
    data = QuantumCircuit(1)
    data.rx(Parameter("x"), 0)
    assert "inputs" in cut(lower(data, inputs=["x"]), SparsePauliOp("Z"))


def test_cones_are_a_row_of_the_simulators():
    circuit, observable = qaoa(triangle_free(40), 1)
    problem = pose(circuit, observable)
    name, plan = next(iter(plans(problem).items()))
    assert name == "cones" and "60 terms" in plan.detail
    there = pose(*qaoa(triangle_free(8), 1))
    points = weights_of(there.program, 1)
    got, slopes = plans(there)["cones"].build().values_and_gradients(points)
    value, slope = values_and_gradients(there.program, there.observable, points)
    np.testing.assert_allclose(got, value, atol=1e-12)
    np.testing.assert_allclose(slopes, slope, atol=1e-12)

"""Contracted networks: the statevector's values and gradients, in any order and in little memory."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.budget import Budget
from qtrain.circuits.problem import Problem, pose
from qtrain.circuits.program import lower
from qtrain.light_cones.light_cone import effective_program
from qtrain.simulators.networks import contraction
from qtrain.simulators.networks.contraction import plan_contraction
from qtrain.simulators.statevector import values_and_gradients


def any_circuit(seed):
    """Shared and scaled angles, offsets, fixed rotations, wide rotations, every Clifford."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    circuit = random_circuit(seed, n=n, rotations=int(rng.integers(1, 14)), gates=int(rng.integers(0, 20)))
    names = list(circuit.parameters)
    if rng.random() < 0.5:
        circuit = circuit.assign_parameters(
            {p: names[int(rng.integers(len(names)))] * float(rng.choice([1, 0.5, -2])) + 0.2 for p in names}
        )
    if rng.random() < 0.5:
        circuit.t(0)
        circuit.rx(0.3, 1)
    if rng.random() < 0.5:
        for name, label in (("y", "".join(rng.choice(list("IXYZ"), n))), ("z", "Z" * n)):
            circuit.append(PauliEvolutionGate(SparsePauliOp(label), time=Parameter(name)), range(n))
        circuit.h(0)
        circuit.rx(Parameter("x"), n - 1)
    return circuit, random_observable(seed, n=n) + SparsePauliOp("I" * n, [0.3])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.booleans(), st.sampled_from([1, 2 * 1024**3]))
def test_networks_give_the_cost_and_its_gradient(seed, in_line, memory):
    circuit, observable = any_circuit(seed)
    program = lower(circuit)
    problem = Problem(program, observable, budget=Budget(memory_bytes=memory))
    swept = plan_contraction(problem, in_line=True, limit=1e6) if in_line else ""
    cost = (plan_contraction(problem) if isinstance(swept, str) else swept).build()
    points = np.random.default_rng(seed).uniform(0, 7, (5, program.num_weights))
    exact, slopes = values_and_gradients(program, observable, points)
    found, gradients = cost.values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients == pytest.approx(slopes, abs=1e-10)
    assert cost.costs(points) == pytest.approx(exact, abs=1e-10)
    value, gradient = cost.value_and_gradient(points[0])
    assert cost.value(points[0]) == pytest.approx(exact[0], abs=1e-10) == value
    assert gradient == pytest.approx(slopes[0], abs=1e-10)


def qaoa(graph, p):
    n, t = len(graph), ParameterVector("t", 2 * p)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(p):
        for a, b in graph.edges:
            circuit.rzz(t[2 * layer], a, b)
        circuit.rx(t[2 * layer + 1], range(n))
    return circuit


def edge_problem(graph, p, edge):
    """ZZ of one edge of MaxCut QAOA, on its cone."""
    circuit = qaoa(graph, p)
    observable = SparsePauliOp.from_sparse_list([("ZZ", list(edge), 1.0)], len(graph))
    return Problem(*effective_program(lower(circuit), observable))


def tree(depth):
    """The surroundings of an edge of a 3-regular graph without short cycles."""
    graph, tips = nx.Graph([(0, 1)]), [0, 1]
    for _ in range(depth):
        grown = []
        for tip in tips:
            for _ in range(2):
                grown.append(len(graph))
                graph.add_edge(tip, grown[-1])
        tips = grown
    return graph


def test_trees_of_qaoa():
    problem = edge_problem(tree(2), 2, (0, 1))
    assert problem.program.num_qubits == 14
    points = np.random.default_rng(1).uniform(0, 7, (4, 4))
    exact, slopes = values_and_gradients(problem.program, problem.observable, points)
    found, gradients = plan_contraction(problem).build().values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients == pytest.approx(slopes, abs=1e-10)


def test_thirty_qubits_of_qaoa():
    """p = 3: with the angles of the first layer at 0 it is p = 2, whose cone a statevector holds."""
    problem, inner = edge_problem(tree(3), 3, (0, 1)), edge_problem(tree(2), 2, (0, 1))
    plan = plan_contraction(problem)
    assert problem.program.num_qubits == 30
    assert plan.operations < 1e5
    cost, rng = plan.build(), np.random.default_rng(2)
    points = rng.uniform(0, 7, (3, 6))
    points[:, 0] = 0.0
    exact, slopes = values_and_gradients(inner.program, inner.observable, points[:, 2:])
    found, gradients = cost.values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients[:, 2:] == pytest.approx(slopes, abs=1e-10)
    point, step = rng.uniform(0, 7, 6), 1e-5
    _, gradient = cost.value_and_gradient(point)
    for k in range(6):
        ahead, behind = (cost.value(point + sign * step * np.eye(6)[k]) for sign in (1, -1))
        assert gradient[k] == pytest.approx((ahead - behind) / (2 * step), abs=1e-8)


def test_equal_shapes_are_contracted_once():
    """A ring of 200: all 200 terms have one shape."""
    ring = nx.cycle_graph(200)
    observable = SparsePauliOp.from_sparse_list([("ZZ", list(edge), 0.5) for edge in ring.edges], 200)
    whole = plan_contraction(pose(qaoa(ring, 2), observable))
    one = plan_contraction(edge_problem(ring, 2, (3, 4)))
    assert whole.operations < 6 * one.operations  # where the circuit's order of edges turns, shapes are contracted anew
    point = np.array([0.3, 1.1, 0.7, 0.4])
    assert whole.build().value(point) == pytest.approx(100 * one.build().value(point), abs=1e-9)


def test_what_is_beyond_it_is_said(monkeypatch):
    deep = pose(efficient_su2(30, reps=30, entanglement="linear"), "Z" + "I" * 29)
    assert plan_contraction(deep) == "its networks take more than 1e+11 operations to contract"
    monkeypatch.setattr(contraction, "MAX_TENSORS", 50)
    assert plan_contraction(deep) == "its networks hold more than 50 tensors"
    monkeypatch.setattr(contraction, "MAX_VISITS", 100)
    assert plan_contraction(deep).startswith("1 terms on")


def test_less_memory_costs_time_alone():
    """A ladder whose nodes do not fit at once: the pass back starts from places in between."""
    circuit = efficient_su2(8, reps=4, entanglement="linear")
    problem = pose(circuit, "IIIZIIII", budget=Budget(memory_bytes=2 * 1024**2))
    cost = plan_contraction(problem, in_line=True).build()
    segments, each = contraction._segments(cost.steps, cost.memory_bytes)
    whole = 16 * sum(2 ** len(step.out) for step in cost.steps)
    assert len(segments) > 2 and each < whole / 2
    points = np.random.default_rng(0).uniform(0, 7, (3, problem.program.num_weights))
    exact, slopes = values_and_gradients(problem.program, problem.observable, points)
    found, gradients = cost.values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients == pytest.approx(slopes, abs=1e-10)

"""Conformance of simulators."""

from __future__ import annotations

import itertools
import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, excitation_preserving

from qtrain.circuits.problem import Problem, pose
from qtrain.errors import QTrainError
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.table import SIMULATORS, Plan, Simulator

POINTS = 3
ATOL = 1e-8  # of values and gradients of observables with coefficients near 1


def small_costs() -> dict[str, Problem]:
    """Costs of few qubits and of every kind: independent and shared angles, particles, fermions, fixed gates.

    Example:
        >>> sorted(small_costs())
        ['excitations', 'fermions', 'fixed gates', 'independent', 'matchings', 'one qubit', 'permutations', 'shared']
    """
    one = QuantumCircuit(1)
    one.rx(Parameter("a"), 0)
    particles = QuantumCircuit(4)
    particles.x([0, 1])
    particles.compose(excitation_preserving(4, reps=1, entanglement="linear"), inplace=True)
    matchings = QuantumCircuit(4)
    t = ParameterVector("t", 8)
    for q in range(4):
        matchings.ry(t[q], q)
        matchings.rz(t[4 + q], q)
    matchings.cx([0, 2], [1, 3])
    alike = QuantumCircuit(4)
    alike.h(range(4))
    gamma, beta = Parameter("gamma"), Parameter("beta")
    for a, b in itertools.combinations(range(4), 2):
        alike.rzz(gamma, a, b)
    alike.rx(beta, range(4))
    fixed = QuantumCircuit(3)
    w = ParameterVector("w", 3)
    for q in range(3):
        fixed.ry(w[q], q)
        fixed.t(q)
    fixed.ccx(0, 1, 2)
    return {
        "one qubit": pose(one, "Z - 2*I"),
        "independent": pose(efficient_su2(3, reps=1), "ZII + 0.5*IXX - YYI"),
        "shared": pose(_ising(4, periodic=True), "ZZII + IZZI + IIZZ + ZIIZ"),
        "fermions": pose(_ising(4, periodic=False), "XIII - 0.5*IZZI"),
        "excitations": pose(particles, "IIIZ + ZZII"),
        "permutations": pose(alike, " + ".join(f"Z{a} Z{b}" for a, b in itertools.combinations(range(4), 2))),
        "matchings": pose(matchings, "ZIII + IIXX"),
        "fixed gates": pose(fixed, "ZIZ"),
    }


def _ising(num_qubits: int, *, periodic: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.h(range(num_qubits))
    angles = ParameterVector("a", 4)
    for layer in range(2):
        for q in range(num_qubits if periodic else num_qubits - 1):
            circuit.rzz(2 * angles[2 * layer], q, (q + 1) % num_qubits)
        circuit.rx(angles[2 * layer + 1], range(num_qubits))
    return circuit


def check_simulator(simulator: Simulator | str, *, seed: int = 0) -> None:
    """What every simulator promises: a plan or a clause that refuses; values and gradients as statevectors have them.

    Args:
        simulator: a row, or the name of one. seed: of the angles.

    Raises:
        AssertionError: says which cost, and what is wrong.

    Example:
        >>> check_simulator("statevector")
    """
    row = SIMULATORS[simulator] if isinstance(simulator, str) else simulator
    rng, treated = np.random.default_rng(seed), 0
    for name, problem in small_costs().items():
        plan = row.plan(problem)
        if isinstance(plan, str):
            assert plan and not plan.endswith("."), f"{name}: a refusal should be a clause"
            continue
        treated += 1
        _check_plan(name, plan)
        _check_values(name, problem, plan, rng)
    assert treated, "it should treat one of the costs at least"


def _check_plan(name: str, plan: Plan) -> None:
    assert plan.detail and not plan.detail.endswith("."), f"{name}: the detail should be a clause"
    assert 0 < plan.operations < math.inf, f"{name}: operations should be positive and finite"
    assert 0 <= plan.memory_bytes < math.inf, f"{name}: memory_bytes should be finite"


def _check_values(name: str, problem: Problem, plan: Plan, rng: np.random.Generator) -> None:
    count = len(problem.program.weights)
    points = rng.uniform(-math.pi, math.pi, (POINTS, count))
    slow = StatevectorSurrogate(problem.program, problem.observable, problem.budget.memory_bytes)
    values, slopes = slow.values_and_gradients(points)
    evaluator = plan.build()
    many, gradients = evaluator.values_and_gradients(points)
    assert np.shape(gradients) == (POINTS, count), f"{name}: gradients should have shape (points, weights)"
    np.testing.assert_allclose(many, values, rtol=0, atol=ATOL, err_msg=f"{name}: values")
    np.testing.assert_allclose(gradients, slopes, rtol=0, atol=ATOL, err_msg=f"{name}: gradients")
    np.testing.assert_allclose(evaluator.costs(points), values, rtol=0, atol=ATOL, err_msg=f"{name}: costs")
    for k, point in enumerate(points):
        value, gradient = evaluator.value_and_gradient(point)
        assert np.shape(gradient) == (count,), f"{name}: a gradient should have an entry for each weight"
        np.testing.assert_allclose(value, values[k], rtol=0, atol=ATOL, err_msg=f"{name}: value of one point")
        np.testing.assert_allclose(gradient, slopes[k], rtol=0, atol=ATOL, err_msg=f"{name}: gradient of one point")
        np.testing.assert_allclose(evaluator.value(point), values[k], rtol=0, atol=ATOL, err_msg=f"{name}: value")
    try:
        evaluator.value(np.zeros(count + 1))
    except QTrainError:
        return
    raise AssertionError(f"{name}: a point of another shape should be a QTrainError")

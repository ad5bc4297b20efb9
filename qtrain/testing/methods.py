"""Conformance of gradient methods."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.problem import Problem, pose
from qtrain.gradients.methods import METHODS, Method
from qtrain.gradients.statistics import GradientStats


@dataclass(frozen=True, eq=False)
class Known:
    """A problem whose second moments and variances are known in closed form."""

    problem: Problem
    second: np.ndarray
    variance: np.ndarray
    cost_variance: float


def known_problems() -> dict[str, Known]:
    """Small problems of every kind: uniform, shared, narrow starts, noise, data, small signals.

    Example:
        >>> known_problems()["shared"].second.tolist()
        [2.0]
    """
    a = Parameter("a")
    found = {}

    def add(name: str, problem: Problem, second: list[float], cost: float, mean: float = 0.0) -> None:
        moments = np.array(second)
        found[name] = Known(problem, moments, moments - mean**2, cost)

    add("uniform", pose(real_amplitudes(2, reps=1), "IZ + 0.5*II"), [3 / 8, 1 / 8, 3 / 8, 0.0], 3 / 8)
    terms = SparsePauliOp(["IZ", "ZZ"], [1.0, 0.5])
    add("two terms", pose(_turned(2), terms), [9 / 16, 1 / 16], 9 / 16)
    add("small signals", pose(_turned(10), "Z" * 10), [2.0**-10] * 10, 2.0**-10)
    shared = QuantumCircuit(1)
    shared.rx(a, 0)
    shared.rx(a, 0)
    add("shared", pose(shared, "Z"), [2.0], 0.5)
    single, width = QuantumCircuit(1), 0.5
    single.ry(a, 0)
    mean = math.exp(-(width**2) / 2)
    start = pose(single, "X", initialization=("gaussian", width))
    damped = math.exp(-2 * width**2)
    add("narrow start", start, [(1 + damped) / 2], (1 - damped) / 2, mean)
    add("noise", pose(_turned(3), "ZZZ", noise=0.1), [0.9**6 / 8] * 3, 0.9**6 / 8)
    loaded = QuantumCircuit(1)
    loaded.ry(Parameter("x"), 0)
    loaded.ry(a, 0)
    add("data", pose(loaded, "Z", inputs=["x"], data=np.array([[0.3], [1.1]])), [0.5], 0.5)
    return found


def _turned(num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    for q, angle in enumerate(ParameterVector("t", num_qubits)):
        circuit.rx(angle, q)
    return circuit


def check_method(method: Method | str, *, seeds: int = 20, samples: int = 2000) -> None:
    """What every method promises: refusals are clauses, samples of other seeds add up, intervals cover the truth.

    Args:
        method: a row, or the name of one. seeds: runs of each problem. samples: of each run.

    Raises:
        AssertionError: says which problem, and what is wrong.

    Example:
        >>> check_method("exact", seeds=2)
    """
    row = METHODS[method] if isinstance(method, str) else method
    treated = 0
    inside: list[np.ndarray] = []
    for name, known in known_problems().items():
        problem = known.problem.again(method=row.name, samples=samples, budget=Budget(seconds=3600))
        why = row.refuses(problem)
        if why is not None:
            assert isinstance(why, str) and why and not why.endswith("."), f"{name}: a refusal should be a clause"
            continue
        runs = [row.run(problem.again(seed=seed)) for seed in range(seeds)]
        if any(stats is None for stats in runs):
            assert all(stats is None for stats in runs), f"{name}: whether it fits should not depend on the seed"
            continue
        treated += 1
        inside += _check_runs(name, row, known, problem, [stats for stats in runs if stats is not None])
    assert treated, "it should treat one of the problems at least"
    share = float(np.mean(np.concatenate(inside)))
    assert share >= 0.9, f"95 % intervals should cover the truth. They did in {share:.0%} of {len(inside)} runs"


def _check_runs(name: str, row: Method, known: Known, problem: Problem, runs: list[GradientStats]) -> list[np.ndarray]:
    """(parameters,) bool for each run: the truth is in its interval."""
    count = len(problem.program.weights)
    first, again = runs[0], row.run(problem.again(seed=0))
    assert again is not None
    for column in ("second_moment", "variance", "standard_error", "lower", "upper", "mean", "beta", "phi"):
        values = getattr(first, column)
        assert np.shape(values) == (count,), f"{name}: {column} should have one entry for each parameter"
        same = np.array_equal(values, getattr(again, column), equal_nan=True)
        assert same, f"{name}: {column} should be a function of the seed"
    text = first.to_json()
    assert GradientStats.from_json(text).to_json() == text, f"{name}: reports should read back"
    for item in first.accumulators:
        assert isinstance(item, row.accumulators), f"{name}: {type(item).__name__} should be in its row"
    merged = runs[0]
    for stats in runs[1:]:
        merged = merged + stats
    for stats in (*runs, merged):
        seen = ~np.isnan(stats.second_moment)
        assert np.all((stats.lower <= stats.second_moment * (1 + 1e-9))[seen]), f"{name}: lower above the value"
        assert np.all((stats.second_moment <= stats.upper * (1 + 1e-9))[seen]), f"{name}: upper below the value"
        assert not (stats.proven_zero & (known.second > 0)).any(), f"{name}: a live parameter was proven dead"
        np.testing.assert_allclose(stats.second_moment[stats.exact], known.second[stats.exact], rtol=1e-9, err_msg=name)
    assert merged.num_samples == sum(stats.num_samples for stats in runs), f"{name}: samples should add up"
    both, turned = runs[0] + runs[-1], runs[-1] + runs[0]
    np.testing.assert_allclose(both.second_moment, turned.second_moment, rtol=1e-12, err_msg=name)
    seen = ~np.isnan(merged.variance) & ~merged.exact
    far = np.abs(merged.variance - known.variance) > 6 * merged.standard_error + 1e-12
    assert not (far & seen).any(), f"{name}: {merged.variance} should be {known.variance}"
    if not np.isnan(merged.cost_variance):
        reach = 6 * merged.cost_standard_error + 1e-9
        assert abs(merged.cost_variance - known.cost_variance) <= reach, f"{name}: the cost's variance"
    slack = 1e-9 * known.second
    return [(s.lower <= known.second + slack) & (known.second <= s.upper + slack) for s in runs]

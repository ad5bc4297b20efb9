"""Figures of a candidate: from the criteria's results to the few numbers a search compares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.budget import Budget
from qtrain.circuits.problem import Problem, path_tape, pose
from qtrain.gradients import quadrature
from qtrain.gradients.methods import answer
from qtrain.gradients.sampled_angles import PER_SECOND, simulator
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.light_cone import effective, light_cone
from qtrain.studies.criteria.figure import untied
from qtrain.studies.tasks.task import Task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.circuits.program import PauliProgram
    from qtrain.gradients.statistics import GradientStats

SMALLEST = 1e-16  # a variance below this is called this
STATEVECTOR_QUBITS = 12
SAMPLES_OF_DATA = 16
PLANNED_PER_SECOND = 3000  # gates of cones and networks that are looked at, on one slow core
VECTORS = 64  # gradients at random angles, below which they tell too little


def dead_parameters(ansatz: QuantumCircuit, task: Task) -> np.ndarray:
    """(num_parameters,) bool: outside the effective light cone of every observable of the task."""
    alive = np.zeros(ansatz.num_parameters, bool)
    for observable in task.observables:
        alive |= light_cone(ansatz, observable).effective
    return ~alive


def work_budget(seconds: float, relative_error: float) -> Budget:
    """What one criterion of a trial may take, counted in work: the digits have to be the same on every machine.

    A quarter of the trial's seconds on a slow core: what simulators do, and what planners of them look at.
    """
    return Budget(
        seconds=max(3600.0, 100 * seconds), relative_error=relative_error, max_samples=2_000_000,
        max_operations=PER_SECOND * seconds / 4, max_planning=PLANNED_PER_SECOND * seconds / 4, max_dimension=512,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Profile:
    """Variances of the derivatives by each parameter, and of the cost.

    Attributes:
        estimate: all angles were taken as independent, fixed ones as random, as all else takes more than the budget's
            operations: the squared derivatives of a parameter's rotations are added, without what these have in common.
    """

    variance: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    proven_zero: np.ndarray
    cost_variance: float
    method: str
    reason: str
    num_samples: int
    estimate: bool = False


def variance_profile(
    circuit: QuantumCircuit | PauliProgram, task: Task, observable: SparsePauliOp, *, seed: int, budget: Budget
) -> Profile:
    """V_k of an observable on a task's circuit; a classifier's is averaged over some of its training data."""
    if task.is_classifier:
        rows = np.random.default_rng(0).permutation(len(task.train))[:SAMPLES_OF_DATA]
        found = gradient_variance(
            circuit, observable, seed=seed, budget=budget, inputs=task.inputs, data=task.train[rows]
        )
        return _profile(found)
    problem = pose(circuit, observable, seed=seed, budget=budget)
    if not _affordable(problem):
        return _untied_profile(problem)
    return _profile(answer(problem))


def _affordable(problem: Problem) -> bool:
    """Whether some method tells the gradients within the budget's work: Pauli paths, a Fourier series, or a simulator
    of ``VECTORS`` gradients."""
    if path_tape(problem).tape is not None:
        return True
    if effective(problem).program.num_qubits <= STATEVECTOR_QUBITS:
        return True
    if quadrature.refuses(problem) is None and quadrature.passes(problem) is None:
        return True
    found = simulator(problem)
    return found is not None and VECTORS * found[1].operations <= problem.budget.max_operations


def _profile(found: GradientStats) -> Profile:
    return Profile(
        found.variance, found.lower, found.upper, found.proven_zero, float(found.cost_variance), found.method,
        found.reason, found.num_samples,
    )  # fmt: skip


def _untied_profile(problem: Problem) -> Profile:
    """Every rotation by an angle of its own, and the squares added up for each parameter."""
    program = problem.program
    found = answer(problem.but(program=untied(program)), or_bound=True)
    own = np.isin(np.union1d(program.rotations, program.fixed_rotations), program.rotations)  # not what is fixed
    weight, slopes = program.parameter[program.rotations], program.coefficient[program.rotations] ** 2

    def added(values: np.ndarray) -> np.ndarray:
        return np.bincount(weight, slopes * values[own], minlength=len(program.weights))

    dead = np.bincount(weight, ~found.proven_zero[own], minlength=len(program.weights)) == 0
    reason = f"shared angles taken as independent, as what else there is takes too much; {found.reason}"
    return Profile(
        added(found.variance), added(found.lower), added(found.upper), dead, float(found.cost_variance), found.method,
        reason, found.num_samples, estimate=True,
    )  # fmt: skip


def trainability(variance: np.ndarray, live: np.ndarray, quantile: float) -> float:
    """log₁₀ of the low quantile of V_k over the live parameters; −∞ if none is live.

    Example:
        >>> trainability(np.array([0.1, 0.01, 0.0]), np.array([True, True, False]), 0.0)
        -2.0
    """
    if not live.any():
        return -math.inf
    return float(np.quantile(np.log10(np.maximum(variance[live], SMALLEST)), quantile))


def shots_per_step(variance: np.ndarray, live: np.ndarray) -> float:
    """Shots for one gradient by parameter shift with a signal-to-noise ratio of 1 at the median live parameter."""
    if not live.any():
        return math.inf
    return float(2 * len(variance) / max(float(np.median(variance[live])), SMALLEST))


def expressivity_ratio(program: PauliProgram, *, seed: int) -> tuple[float, dict[str, Any]]:
    """QFIM rank over min(parameters, 2·2ⁿ − 2): 1 if every parameter moves the state in a direction of its own.

    At generic angles up to ``STATEVECTOR_QUBITS`` qubits, beyond by the rank at a Clifford point (a lower bound).
    """
    from qtrain.diagnosis.expressivity import expressivity, fisher, rank_of

    if program.num_qubits <= STATEVECTOR_QUBITS:
        angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, len(program.weights))
        rank, exact = rank_of(fisher(program, angles, num_threads=1)), True
        most = min(len(program.weights), 2 * 2**program.num_qubits - 2)
    else:
        found = expressivity(program, seed=seed, parts=["qfim"])
        rank, exact, most = found.qfim_rank, found.qfim_rank_exact, int(found.qfim_max)
    ratio = rank / most if most else 0.0
    return ratio, {"qfim_rank": rank, "qfim_rank_exact": exact, "qfim_max": most}


def decay_per_qubit(sizes: list[int], values: list[float]) -> float:
    """How much log₁₀ of the low quantile falls with each qubit (least squares); positive: gradients shrink.

    Example:
        >>> round(decay_per_qubit([4, 6, 8], [-1.0, -2.0, -3.0]), 6)
        0.5
    """
    return -float(np.polyfit(sizes, values, 1)[0])


def short(values: np.ndarray, digits: int = 6) -> list[float | None]:
    """Numbers for a report: rounded, None for what is no finite number."""
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in np.asarray(values, float)]


def spread(losses: np.ndarray) -> dict[str, float]:
    """Mean, best and standard deviation over the starts."""
    return {
        "task_loss_mean": float(losses.mean()), "task_loss_best": float(losses.min()),
        "task_loss_std": float(losses.std()),
    }  # fmt: skip

"""Figures of a candidate: from the criteria's results to the few numbers a search compares."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.budget import Budget
from qtrain.gradients.sampled_angles import PER_SECOND
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.light_cone import light_cone
from qtrain.simulators.statevector import states
from qtrain.studies.tasks.task import Task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.circuits.program import PauliProgram
    from qtrain.gradients.statistics import GradientStats

SMALLEST = 1e-16  # a variance below this is called this
STATEVECTOR_QUBITS = 12
SAMPLES_OF_DATA = 16


def dead_parameters(ansatz: QuantumCircuit, task: Task) -> np.ndarray:
    """(num_parameters,) bool: outside the effective light cone of every observable of the task."""
    alive = np.zeros(ansatz.num_parameters, bool)
    for observable in task.observables:
        alive |= light_cone(ansatz, observable).effective
    return ~alive


def gradient_budget(seconds: float, relative_error: float) -> Budget:
    """Time never decides how many samples are drawn: the digits have to be the same on every machine.

    What simulators do is counted instead, for a quarter of a trial's seconds on a slow core.
    """
    return Budget(
        seconds=max(3600.0, 100 * seconds), relative_error=relative_error, max_samples=2_000_000,
        max_operations=PER_SECOND * seconds / 4,
    )  # fmt: skip


def variance_profile(
    circuit: QuantumCircuit | PauliProgram, task: Task, observable: SparsePauliOp, *, seed: int, budget: Budget
) -> GradientStats:
    """V_k of an observable on a task's circuit; a classifier's is averaged over some of its training data."""
    if not task.is_classifier:
        return gradient_variance(circuit, observable, seed=seed, budget=budget)
    rows = np.random.default_rng(0).permutation(len(task.train))[:SAMPLES_OF_DATA]
    return gradient_variance(circuit, observable, seed=seed, budget=budget, inputs=task.inputs, data=task.train[rows])


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
    if program.num_qubits <= STATEVECTOR_QUBITS:
        rank, exact = qfim_rank(program, seed=seed), True
        most = min(len(program.weights), 2 * 2**program.num_qubits - 2)
    else:
        from qtrain.diagnosis.expressivity import expressivity

        found = expressivity(program, seed=seed)
        rank, exact, most = found.qfim_rank, found.qfim_rank_exact, int(found.qfim_max)
    ratio = rank / most if most else 0.0
    return ratio, {"qfim_rank": rank, "qfim_rank_exact": exact, "qfim_max": most}


def qfim_rank(program: PauliProgram, *, seed: int) -> int:
    """Rank of the quantum Fisher information at random angles: F_kl = Re⟨∂_kψ|∂_lψ⟩ − ⟨∂_kψ|ψ⟩⟨ψ|∂_lψ⟩.

    ∂ψ by the angle of one rotation is ½ψ with that angle larger by π, so one batch of states holds them all; weights
    that drive several rotations add theirs up.
    """
    moving = np.flatnonzero(program.parameter >= 0)
    if len(moving) == 0:
        return 0
    parameter = np.full_like(program.parameter, -1)
    parameter[moving] = np.arange(len(moving))
    single = dataclasses.replace(
        program, parameter=parameter, coefficient=np.where(parameter >= 0, 1.0, program.coefficient),
        weights=tuple(f"r{i}" for i in range(len(moving))),
    )  # fmt: skip
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, len(program.weights))
    rotation = program.coefficient[moving] * angles[program.parameter[moving]]
    batch = np.concatenate([rotation[None, :], rotation[None, :] + np.pi * np.eye(len(moving))])
    vectors = states(single, batch, num_threads=1)
    state, moved = vectors[0], 0.5 * vectors[1:]
    jacobian = np.zeros((len(program.weights), len(state)), complex)
    np.add.at(jacobian, program.parameter[moving], program.coefficient[moving, None] * moved)
    jacobian -= np.outer(jacobian @ state.conj(), state)  # without the direction of the global phase
    real = np.concatenate([jacobian.real, jacobian.imag], axis=1)
    values = np.linalg.svd(real, compute_uv=False)
    return int((values > 1e-7 * max(values[0], 1e-300)).sum()) if values[0] > 1e-9 else 0


def decay_per_qubit(sizes: list[int], values: list[float]) -> float:
    """How much log₁₀ of the low quantile falls with each qubit (least squares); positive: gradients shrink.

    Example:
        >>> round(decay_per_qubit([4, 6, 8], [-1.0, -2.0, -3.0]), 6)
        0.5
    """
    return -float(np.polyfit(sizes, values, 1)[0])

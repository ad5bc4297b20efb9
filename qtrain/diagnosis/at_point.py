"""Diagnosis at given angles: a checkpoint's gradient, its Fisher information, the shots that a step costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget, as_budget
from qtrain.circuits.observables import measured
from qtrain.circuits.program import PauliProgram, lower
from qtrain.diagnosis.expressivity import SPEED, fisher, one_weight_per_rotation
from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.json_results import JsonResult, Shown, count, number
from qtrain.simulators.statevector import values, values_and_gradients


@dataclass(frozen=True, eq=False, repr=False)
class LocalDiagnosis(Shown, JsonResult):
    """What an optimiser meets at one point; arrays follow ``circuit.parameters``.

    Attributes:
        parameters: names; ``angles``: the point, in radians.
        value: the cost there; ``gradient``: its exact derivatives.
        shots: for each parameter, shots (over all its shifted circuits) at which the parameter-shift estimate has
            a signal-to-noise ratio of 1; infinite where the gradient is zero.
        step_shots: shots of one step in which every parameter with a gradient is resolved that well.
        resolved: which gradients ``shots_per_value`` shots per expectation value resolve.
        shots_per_value: the budget that was asked about.
        qfim_rank: rank of the quantum Fisher information at the point, None where too large to compute.
        qfim_condition: its largest over its smallest non-zero eigenvalue; NaN where not computed.
        qfim_eigenvalues: (num_parameters,) ascending, None where not computed.
    """

    parameters: tuple[str, ...]
    angles: np.ndarray
    value: float
    gradient: np.ndarray
    shots: np.ndarray
    step_shots: float
    shots_per_value: int
    resolved: np.ndarray = field(metadata={"dtype": "bool"})
    qfim_rank: int | None = None
    qfim_condition: float = math.nan
    qfim_eigenvalues: np.ndarray | None = None

    def _brief(self) -> str:
        return (
            f"cost {number(self.value, 6)}, gradient norm {number(float(np.linalg.norm(self.gradient)))}, "
            f"{int(self.resolved.sum())} of {count(len(self.parameters), 'gradient')} resolved by "
            f"{self.shots_per_value:,} shots per value"
        )


def local(
    circuit: QuantumCircuit,
    observable: SparsePauliOp | str,
    angles: Sequence[float] | np.ndarray,
    *,
    shots: int = 10_000,
    budget: Budget | None = None,
) -> LocalDiagnosis:
    """Gradient, shot noise and Fisher information at ``angles``, exactly, by state vectors (n up to about 20).

    The noise is that of the parameter-shift rule (1811.11184) in which every Pauli term is measured on its own and
    gets shots in proportion to |c_a| sigma_a, the best split. The Fisher information uses
    |d psi / d theta> = |psi(theta + pi)> / 2, which holds for each rotation exp(-i theta P / 2) by itself.

    Args:
        circuit: with free parameters. observable: what is measured.
        angles: (num_parameters,) radians, in the order of ``circuit.parameters``.
        shots: per expectation value that one can afford.
        budget: its memory and seconds decide whether the Fisher information is computed.

    Raises:
        QTrainError: a wrong number of angles, angles that are not finite, no shots, too many qubits.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> result = local(real_amplitudes(2, reps=1), "IZ", [0.0, 0.0, 0.0, 0.5])
        >>> round(result.value, 6), result.qfim_rank
        (1.0, 3)
    """
    if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 1:
        raise QTrainError(f"shots should be a whole number, at least 1. Got {shots!r}.")
    check_whole("shots", shots)
    budget = as_budget(budget)
    program = lower(circuit)
    operator = measured(observable, program.num_qubits)
    try:
        point = np.asarray(angles, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"angles should be numbers, one per parameter. Got {shortened(angles)}.") from None
    if point.shape != (len(program.weights),):
        raise QTrainError(f"angles should be of shape ({len(program.weights)},), one per parameter. Got {point.shape}.")
    if not np.isfinite(point).all():
        raise QTrainError(f"angles should be finite. Got {point[~np.isfinite(point)][0]}.")
    value, gradient = values_and_gradients(program, operator, point[None])
    gradient = np.asarray(gradient)[0]
    single, slope, owner = one_weight_per_rotation(program)
    at = program.angles(point)[program.rotations]
    noise = _shift_noise(single, operator, at)
    size = len(program.weights)
    variance = np.bincount(owner, weights=slope**2 * noise, minlength=size)
    uses = np.bincount(owner, minlength=size)
    live = np.abs(gradient) > 1e-12 * max(1.0, float(np.abs(operator.coeffs).sum()))
    with np.errstate(divide="ignore"):
        per_value = np.where(live, variance / np.where(live, gradient, 1.0) ** 2, np.inf)
    needed = np.where(live, np.maximum(np.ceil(per_value), 1.0) * 2 * uses, np.inf)
    held = (len(at) + size + 2) * 16 * 2**program.num_qubits
    work = len(program) * (len(at) + 1) * 2.0**program.num_qubits
    fits = held <= budget.memory_bytes and work <= SPEED * budget.seconds
    spectrum = np.linalg.eigvalsh(fisher(program, point)) if size and fits else None
    kept = None if spectrum is None else spectrum[spectrum > 1e-9 * max(1.0, float(spectrum[-1]))]
    return LocalDiagnosis(
        parameters=program.weights, angles=point, value=float(np.asarray(value)[0]), gradient=gradient, shots=needed,
        step_shots=float(needed[live].sum()), shots_per_value=int(shots), resolved=live & (per_value <= shots),
        qfim_rank=None if kept is None else len(kept), qfim_eigenvalues=spectrum,
        qfim_condition=math.nan if kept is None or not len(kept) else float(kept[-1] / kept[0]),
    )  # fmt: skip


def _shift_noise(single: PauliProgram, operator: SparsePauliOp, at: np.ndarray) -> np.ndarray:
    """(rotations,) variance of (f(+) - f(-)) / 2 when each of the two values gets one shot."""
    count = len(at)
    shifted = np.concatenate([at + math.pi / 2 * np.eye(count), at - math.pi / 2 * np.eye(count)])
    terms = [SparsePauliOp([pauli], [1.0]) for pauli in operator.paulis]
    means = np.asarray(values(single, terms, shifted)).reshape(2 * count, len(terms))
    spread = np.sqrt(np.maximum(1.0 - means**2, 0.0)) @ np.abs(operator.coeffs)
    return np.asarray((spread.reshape(2, count) ** 2).sum(axis=0) / 4.0)

"""Angles to begin with on a device, found without one: from Clifford points, from a descent, or given ones.

A circuit that is trained classically first starts where its cost is low already (CAFQA, arXiv 2202.12924). What matters
then is whether it still trains from there: the variance of its gradient over Gaussian angles around that very point,
and the shots that one step of it takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.budget import Budget, as_budget
from qtrain.circuits.files import read_circuit
from qtrain.circuits.observables import varying
from qtrain.circuits.problem import pose
from qtrain.errors import QTrainError, check_number, check_whole, shortened
from qtrain.gradients.variance import gradient_variance
from qtrain.growth.clifford_points import clifford_point
from qtrain.growth.wide.suggest import problem_of
from qtrain.json_results import JsonResult, Shown, count, number
from qtrain.pretraining.kept import Kept, Over
from qtrain.simulators.truncated.choice import Chosen, choose
from qtrain.simulators.truncated.followed import TOLERANCE
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.task import Task
from qtrain.studies.training import train

if TYPE_CHECKING:
    from os import PathLike

    from qiskit import QuantumCircuit
    from qiskit.quantum_info import SparsePauliOp

WAYS = ("clifford", "surrogate")
POINTS = 48  # around the start, where no exact method takes the circuit


@dataclass(frozen=True, eq=False, repr=False)
class Pretrained(Shown, JsonResult):
    """Angles to begin with; arrays follow ``circuit.parameters``.

    Attributes:
        parameters: names; ``angles``: in radians.
        loss: the cost there, ``error``: of it (0: exact; else the difference to a larger truncation, an estimate).
        evaluator: what gave it. way: how the angles were found; ``evaluations``: costs or gradients that took.
        width: of the Gaussian around the angles, in radians (NaN: nothing was measured there);
            ``second_moment``: of each derivative over it, E[(∂f)²], with ``standard_error``; 0 where it is exact.
            method: that gave it.
        shots_per_step: of one gradient by parameter shift, at which the median of the derivatives that are not 0 has a
            signal-to-noise ratio of 1; the cost counted in units of its norm √Σc².
    """

    parameters: tuple[str, ...]
    angles: np.ndarray
    loss: float
    error: float
    evaluator: str
    way: str
    evaluations: int
    width: float
    second_moment: np.ndarray
    standard_error: np.ndarray
    method: str
    shots_per_step: float

    def _brief(self) -> str:
        about = f" ± {number(self.error)}" if self.error else ""
        return (
            f"{count(len(self.angles), 'angle')}, cost {number(self.loss, 6)}{about} ({self.evaluator}), found by "
            f"{self.way} in {count(self.evaluations, 'evaluation')}{self._around()}"
        )

    def _around(self) -> str:
        if math.isnan(self.width):
            return ""
        return (
            f"; within ±{self.width:g} of it the median gradient "
            f"is {number(math.sqrt(max(float(np.median(self.second_moment)), 0.0)))} ({self.method}), "
            f"{number(self.shots_per_step)} shots a step"
        )

    def assign(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit at these angles.

        Raises:
            QTrainError: another number of parameters.
        """
        if circuit.num_parameters != len(self.angles):
            raise QTrainError(
                f"circuit should have {len(self.angles)} parameters, as when it was pre-trained. "
                f"Got {circuit.num_parameters}."
            )
        return circuit.assign_parameters(self.angles)


def pretrain(
    circuit: QuantumCircuit | str | PathLike[str], hamiltonian: SparsePauliOp | str, *,
    start: str | Sequence[float] | np.ndarray = "surrogate", width: float | None = 0.1, steps: int = 200,
    seconds: float | None = None, keep: str | PathLike[str] | None = None, budget: Budget | None = None,
    seed: int = 0,
) -> Pretrained:  # fmt: skip
    """Find angles to begin with, and say how well the circuit trains from there.

    Args:
        circuit: or a .qasm or .qpy file. hamiltonian: whose value is lowered.
        start: "clifford": the best point by quarter turns (exact at any size); "surrogate": a descent from near that
            point by the cheapest evaluator, checked at the angles it ends at; or angles (num_parameters,), from growth
            or a registered winner, which the descent begins with.
        width: standard deviation, in radians, of the angles around the point that gradients are measured over; None:
            they are not (NaN), which saves up to 48 gradients.
        steps: gradients of the descent, at most; 0: none. seconds: after which it ends where it is best; None: no end.
        keep: a file for the best angles so far, written every two seconds. Where it is there already the descent goes
            on from it, with the steps that are left: a call that was killed is repeated as it was.
        budget: its memory, and its seconds for the variance around the angles. seed: of all randomness.

    Raises:
        QTrainError: no parameter, another start, a Hamiltonian whose terms no evaluator takes, a file of other angles.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> found = pretrain(real_amplitudes(3, reps=1), "ZZI + IZZ + 0.5*XXX", start="clifford")
        >>> round(found.loss, 6), found.error, found.way
        (-2.5, 0.0, 'clifford')
    """
    wide = width is not None and (isinstance(width, bool) or not isinstance(width, (int, float)))
    if wide or not (width is None or 0 < width <= math.pi):
        raise QTrainError(f"width should be a number of radians above 0, at most π. Got {shortened(width)}.")
    check_whole("steps", steps, least=0, most=10**6)
    check_whole("seed", seed, least=0)
    if seconds is not None:
        check_number("seconds", seconds, above=0)
    budget = as_budget(budget)
    whole = read_circuit(circuit)
    operator = varying(hamiltonian, "hamiltonian", whole.num_qubits)
    problem = pose(whole, operator, budget=budget, seed=seed)
    program = problem.program
    kept = Kept(keep, program, operator, seconds)
    if kept.angles is None:
        way, point, spent = _begun(start, program, operator, seed)
    else:
        way, point, spent = "angles on file", kept.angles, kept.gradients
    if way != "clifford" and steps > kept.gradients:
        point, more = _descended(program, operator, point, steps - kept.gradients, kept, budget, seed)
        spent += more
    loss, off, clause = _judged(choose(problem_of(program, operator, budget), 1), point)
    moment = error = np.full(len(point), np.nan)
    method, shots = "not measured", math.nan
    if width is not None:
        moment, error, method = _around(whole, operator, point, width, budget, seed)
        shots = _shots(moment, operator)
    return Pretrained(
        tuple(program.parameters), point, loss, off, clause, way, spent,
        math.nan if width is None else float(width), moment, error, method, shots,
    )  # fmt: skip


def _descended(
    program: Any, operator: SparsePauliOp, point: np.ndarray, steps: int, kept: Kept, budget: Budget, seed: int
) -> tuple[np.ndarray, int]:
    """The best angles, and how many gradients that took."""
    training = TrainingSpec(optimizer="lbfgs", steps=int(steps), starts=1, aggregate="best")
    task, before = Task("pretrain", operator.num_qubits, (operator,), lowest=None), kept.gradients
    try:
        trained = train(program, task, training, seed=seed, start=point, note=kept.note, budget=budget)
        point = trained.weights[trained.best]
    except Over:
        point = point if kept.angles is None else kept.angles
    except MemoryError:
        place = "keep= would have them on file" if kept.path is None else f"the best angles are in {kept.path}"
        raise QTrainError(
            f"budget should allow no more memory than there is. Got none left behind {kept.gradients} gradients: "
            f"{place}."
        ) from None
    finally:
        kept.write()  # whatever ended it: a key, a lack of memory
    return point, kept.gradients - before


def _judged(chosen: Chosen, point: np.ndarray) -> tuple[float, float, str]:
    """The cost at a point, its error and what gave it; by one truncation larger where the first is too small."""
    values, errors, clause = chosen.check(point[None])
    larger = None if errors[0] <= TOLERANCE * max(1.0, abs(values[0])) else chosen.larger()
    if larger is not None and larger.larger() is not None:
        values, errors, clause = larger.check(point[None])
    return float(values[0]), float(errors[0]), clause


def _begun(start: Any, program: Any, operator: SparsePauliOp, seed: int) -> tuple[str, np.ndarray, int]:
    """How, where, and what it took."""
    size = len(program.parameters)
    if isinstance(start, str):
        if start not in WAYS:
            raise QTrainError(f"start should be 'clifford', 'surrogate' or angles. Got {start!r}.")
        found = clifford_point(program, operator, seed=seed)
        if start == "clifford":
            return start, found.angles, found.evaluations
        jitter = np.random.default_rng([seed, 21]).normal(0.0, 0.05, size)  # slopes often vanish at the point itself
        return start, found.angles + jitter, found.evaluations
    try:
        point = np.asarray(start, float)
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"start should be 'clifford', 'surrogate' or angles. Got {shortened(start)}.") from None
    if point.shape != (size,) or not np.isfinite(point).all():
        raise QTrainError(f"start should be {size} finite angles, one for each parameter. Got {shortened(start)}.")
    return "given angles", point, 0


def _around(
    circuit: QuantumCircuit, operator: SparsePauliOp, point: np.ndarray, width: float, budget: Budget, seed: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """E[(∂f)²] over Gaussian angles around a point: exact where a method takes it, else by angles that are drawn."""
    shifted = circuit.assign_parameters(
        {p: p + float(a) for p, a in zip(circuit.parameters, point, strict=True)}
    )
    try:
        found = gradient_variance(
            shifted, operator, initialization=f"gaussian:{width:g}", budget=budget, seed=seed
        )
        if found.method not in ("bound", "angles", "statevector"):
            return found.second_moment, found.standard_error, found.method
    except QTrainError:
        pass
    problem = problem_of(pose(circuit, operator).program, operator, budget)
    chosen = choose(problem, POINTS)
    angles = point + np.random.default_rng([seed, 22]).normal(0.0, width, (POINTS, len(point)))
    squares = chosen.evaluator.values_and_gradients(angles)[1] ** 2
    return squares.mean(axis=0), squares.std(axis=0, ddof=1) / math.sqrt(POINTS), f"{POINTS} points by {chosen.name}"


def _shots(moment: np.ndarray, operator: SparsePauliOp) -> float:
    norm = float(np.sum(np.abs(operator.coeffs) ** 2))
    live = moment[moment > 1e-12 * max(norm, 1e-300)]
    return float(2 * len(moment) * norm / np.median(live)) if len(live) else math.inf

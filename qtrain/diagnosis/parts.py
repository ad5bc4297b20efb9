"""What the criteria of a diagnosis compute, each once: parts of one question that the others build on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import PathClasses
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.problem import Problem, classes, part, path_tape
from qtrain.diagnosis import causes
from qtrain.diagnosis.expressivity import expressivity as express
from qtrain.diagnosis.families.trend import trend as family_trend
from qtrain.diagnosis.results import Expressivity, Scaling, Simulability, Verdict
from qtrain.diagnosis.sensitivity import light_cone_sensitivity
from qtrain.diagnosis.simulability import certify, on_its_cone
from qtrain.errors import QTrainError
from qtrain.gradients.methods import answer
from qtrain.gradients.qnn_loss import MAX_POINTS, check_targets, loss_variance
from qtrain.gradients.statistics import GradientStats
from qtrain.lie.dla import algebra as lie_algebra
from qtrain.lie.result import DLAResult
from qtrain.light_cones.dead_parameters import dead
from qtrain.light_cones.light_cone import cone
from qtrain.light_cones.vanishing_gradients import vanishing_weights

TREND = 0.5  # of the seconds that the criteria before it leave
TREND_MOST = 0.2  # of all seconds: more would rarely say more, and a verdict that is there should not wait
LEAST = 0.05  # seconds, below which other sizes are not begun


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a QNN is trained on.

    Attributes:
        observables: one for each output. targets: (points, outputs). loss: ``"squared_error"`` or ``"cross_entropy"``.
    """

    observables: Sequence[SparsePauliOp]
    targets: Any
    loss: str


@dataclass(frozen=True, eq=False)
class Diagnosis(Problem):
    """The question that every criterion gets: a problem, the shots one can afford, and the circuit it was lowered from.

    Attributes:
        circuit: as given; as it runs, where it was transpiled for its noise. shots: per expectation value.
        outputs: of a QNN, whose loss is then what the gradients are of; None: the observable's expectation value.
        notes: what was refused or cut short, and why; a criterion adds its own.
    """

    circuit: QuantumCircuit = field(default_factory=lambda: QuantumCircuit(1))
    shots: int = 10_000
    outputs: Outputs | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def ideal(self) -> Diagnosis:
        """The question without its noise; itself where there is none."""
        if self.noise is None:
            return self
        return self.but(observable=self.noise.asked, channels=(), noise=None)  # type: ignore[return-value]

    def first_point(self, criterion: str) -> Diagnosis:
        """The question with its inputs bound, for a criterion that looks at one point of the data, and says so."""
        bound = self.at_first_point
        if bound is not self and self.data is not None and len(self.data) > 1:
            self.notes.append(f"{criterion}: looked at the first of {len(self.data)} data points.")
        return bound  # type: ignore[return-value]


@part
def gradients(problem: Diagnosis) -> GradientStats:
    """Variances of the gradients; what is known of them where no method reaches them."""
    if problem.outputs is not None:
        return _loss(problem)[0]
    found = answer(problem.hurried(0.5), or_bound=True)
    if found.method == "none":
        problem.notes.append(f"gradients: {found.reason}")
    return found


@part
def _loss(problem: Diagnosis) -> tuple[GradientStats, float]:
    """Statistics of a QNN's loss gradient, and the mean squared slope of the loss in its outputs."""
    asked = problem.outputs
    assert asked is not None
    if problem.data is None:
        raise QTrainError("circuit should have input parameters where it is a QNN. Got none.")
    wanted = check_targets(problem.data, asked.targets, len(asked.observables), asked.loss)
    return loss_variance(problem, asked.observables, wanted, loss=asked.loss)


def _paths(problem: Problem) -> tuple[Tape, PathClasses] | None:
    """What plain Pauli paths walk on, and the observable's terms by interference; None where paths do not apply."""
    cone = on_its_cone(problem.at_first_point)
    found = path_tape(cone)
    if found.tape is None or found.bloch is not None:
        return None
    return found.tape, classes(cone)


@part
def threshold(problem: Diagnosis) -> float:
    """The smallest variance that the shots resolve: S / shots, with S of the terms as they are read."""
    read: Problem = problem
    if problem.noise is not None and problem.noise.asked != problem.observable:
        read = problem.but(observable=problem.noise.asked)  # flips shrink the signal, not the spread of the outcomes
    paths = _paths(read)
    scale = float(np.sum(np.abs(read.traceless.coeffs) ** 2)) or 1.0
    if paths is not None:
        scale = paths[1].scale or scale
    if problem.outputs is not None:
        # shot noise of the outputs, through the slope of the loss, averaged over the points
        assert problem.data is not None
        scale *= _loss(problem)[1] / min(len(problem.data), MAX_POINTS)
    return scale / problem.shots


@part
def evidence(problem: Diagnosis) -> causes.Evidence:
    """What the causes follow from, as far as it does not ask what else could have been measured."""
    stats, seen = gradients(problem), cone(problem)
    zero = (stats.proven_zero | dead(problem)) & seen.effective
    blind = np.zeros_like(zero)
    if zero.any() and path_tape(problem).refusal:
        every = vanishing_weights(
            problem.program, problem.observable, any_input=True, seed=problem.seed, seconds=problem.share(0.2)
        )
        blind = zero & ~problem.program.of_parameters(~every)
    return causes.Evidence(stats, seen, zero, blind, threshold(problem))


@part
def verdicts(problem: Diagnosis) -> tuple[Verdict, ...]:
    """The cause of each parameter, with advice."""
    found = evidence(problem)
    if found.quiet.any() and not (found.flat or found.hazy):
        sensed = light_cone_sensitivity(problem, found.quiet, 1 / problem.shots, seconds=problem.share(0.5))
        found = replace(found, sensitivity=sensed)
    return causes.verdicts(problem.program, found, _path_weights(problem))


def _path_weights(problem: Diagnosis) -> np.ndarray:
    paths, size = _paths(problem), len(problem.program.parameters)
    if paths is None:
        return np.full(size, np.nan)
    tape, terms = paths
    return causes.path_weights(tape, terms.x, terms.z, size=size, seed=problem.seed)


@part
def algebra(problem: Diagnosis) -> DLAResult:
    """The circuit's Lie algebra: data count as fixed rotations, whatever they are, where they only shift angles."""
    asked = problem = problem.ideal
    if problem.data is not None and not np.isfinite(problem.program.coefficient).all():
        asked = problem.first_point("dla")
    return lie_algebra(asked)


@part
def certificates(problem: Diagnosis) -> Simulability:
    """Classical simulations of the cost."""
    try:
        name = algebra(problem).algebra
    except QTrainError:
        name = None
    return certify(problem.ideal.first_point("simulability"), algebra=name)


@part
def trend(problem: Diagnosis) -> Scaling | None:
    """How the gradients go on with the number of qubits; None where that is not known, or not asked of one circuit."""
    if problem.noise is not None or problem.outputs is not None or problem.data is not None:
        return None
    seconds = min(problem.share(TREND), TREND_MOST * problem.budget.seconds)
    if seconds < LEAST:
        return None
    return family_trend(
        problem.circuit, problem.observable, initialization=problem.start, shots=problem.shots,
        budget=replace(problem.budget, seconds=seconds), seed=problem.seed,
    )  # fmt: skip


@part
def expressivity(problem: Diagnosis) -> Expressivity:
    """How much of the state space the circuit reaches."""
    first = problem.first_point("expressivity")
    rest = replace(problem.budget, seconds=max(problem.share(), 0.01))
    return express(first.program, budget=rest, seed=problem.seed)

"""A circuit that somebody hands in, trained as well as its evaluations allow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.circuits.program import PauliProgram
from qtrain.studies.comparison.fronts import front_of
from qtrain.studies.comparison.rivals import Contest, Delivered
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.task import Task
from qtrain.studies.training import train

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

ROUNDING = 1e-12  # relative error below which nothing is left to train
PATIENCE = 8  # rounds without a lower loss
STARTS = 8  # of Adam: as many as the simulator runs at the price of one
STEPS, POLISH = 150, 400  # of Adam and L-BFGS in a round, at most


@dataclass(frozen=True)
class Fit:
    """The best that a training found: ``loss`` as circuits are chosen by (validation, where there are data)."""

    loss: float
    angles: np.ndarray
    evaluations: int


def fit(
    program: PauliProgram, task: Task, training: TrainingSpec, *, evaluations: int, seed: int,
    angles: np.ndarray | None = None, enough: float = 0.0,
) -> Fit:  # fmt: skip
    """Train in rounds, by Adam and by L-BFGS, from narrow and from wide starts, until the evaluations are spent.

    It ends early where the relative error is ``enough``, or where eight rounds in a row brought nothing.

    Args:
        evaluations: gradients at most; angles: of a first start, else all are drawn.
    """
    rounds = _rounds_on_data if task.is_classifier else _rounds
    best, spent, stale = Fit(np.inf, np.zeros(len(program.weights)), 0), 0, 0
    for number, plan in enumerate(rounds(training)):
        if spent >= evaluations or stale >= PATIENCE or _solved(task, best, enough):
            break
        start = angles if number == 0 else None
        found = _round(program, task, plan, evaluations - spent, child_seed(seed, number), start)
        spent += found.evaluations
        stale = 0 if found.loss < best.loss else stale + 1
        best = min(best, found, key=lambda item: item.loss)
    return Fit(best.loss, best.angles, spent)


def _solved(task: Task, best: Fit, enough: float) -> bool:
    return bool(task.lowest) and not task.is_classifier and best.loss < max(enough, ROUNDING)


def _rounds(training: TrainingSpec) -> Iterator[TrainingSpec]:
    """Adam and L-BFGS, from the spec's starts and from uniform ones."""
    common: dict[str, Any] = {"aggregate": "best", "halving": 1}
    for kind in itertools.cycle((training.initialization, "uniform")):
        base = common | {"initialization": kind}
        yield training.model_copy(update=base | {"optimizer": "adam", "starts": STARTS, "steps": STEPS})
        yield training.model_copy(update=base | {"optimizer": "lbfgs", "starts": 2, "steps": POLISH})


def _rounds_on_data(training: TrainingSpec) -> Iterator[TrainingSpec]:
    """The spec's own training, then longer ones: chosen by the validation loss as everything else."""
    steps = training.full_steps or training.steps
    for factor in itertools.cycle((1, 2, 4)):
        for kind in dict.fromkeys((training.initialization, "uniform")):
            for optimizer in ("adam", "lbfgs"):
                yield training.model_copy(
                    update={"optimizer": optimizer, "initialization": kind, "steps": factor * steps}
                )


def _round(
    program: PauliProgram, task: Task, plan: TrainingSpec, left: int, seed: int, angles: np.ndarray | None
) -> Fit:
    starts = 1 if angles is not None else max(1, min(plan.starts, left // 10))
    polishes = plan.optimizer == "adam" and not task.is_classifier and angles is None
    share = left if not polishes else max(starts, 4 * left // 5)
    plan = plan.model_copy(update={"starts": starts, "steps": max(1, min(plan.steps, share // starts))})
    if angles is not None:
        plan = plan.model_copy(update={"optimizer": "lbfgs"})
    trained = train(program, task, plan, seed=seed, start=angles)
    found = Fit(trained.loss, trained.weights[trained.best], trained.evaluations)
    left -= found.evaluations
    if not polishes or left < 1:
        return found
    polish = plan.model_copy(update={"optimizer": "lbfgs", "starts": 1, "steps": min(POLISH, left)})
    again = train(program, task, polish, seed=seed, start=found.angles)
    spent = found.evaluations + again.evaluations
    if again.loss < found.loss:
        return Fit(again.loss, again.weights[again.best], spent)
    return Fit(found.loss, found.angles, spent)


def deliver_template(contest: Contest, candidate: Architecture | QuantumCircuit, *, label: str) -> Delivered:
    """The circuit, trained with all that the contest allows."""
    setup = contest.setup
    found = fit(
        contest.program(candidate),
        setup.task,
        setup.spec.training,
        evaluations=contest.left,
        enough=contest.enough,
        seed=contest.seed,
    )
    contest.spend(found.evaluations)
    front = None
    if not setup.task.is_classifier:
        front = front_of([(contest.cost(candidate)["two_qubit_gates"], found.loss)])
    return Delivered(candidate, found.angles, label, front)

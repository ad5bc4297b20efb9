"""Random draws from the search's own space, each pruned, trained and judged as the search does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.studies.comparison.fronts import front_of
from qtrain.studies.comparison.rivals import Contest, Delivered, Rival, register_rival
from qtrain.studies.comparison.templates import fit
from qtrain.studies.evaluate import evaluate
from qtrain.studies.propose.proposals import child_seed, propose
from qtrain.studies.run.spent import evaluations_of

SHARE = 0.8  # of the evaluations for draws; the rest trains the best one further
BATCH = 64
MOST = 20_000  # draws in all: nearly all of a space may break the limits


def drawn(contest: Contest) -> Iterator[tuple[int, Architecture]]:
    """Different architectures of the space, numbered as they were drawn."""
    known: set[str] = set()
    for batch in range(MOST // BATCH):
        proposals = propose(
            contest.setup.space.draw, [], directions=contest.setup.spec.directions, sampler="random",
            seed=contest.seed, batch=batch, size=BATCH,
        )  # fmt: skip
        for k, (architecture, _) in enumerate(proposals):
            if architecture.content_id not in known:
                known.add(architecture.content_id)
                yield batch * BATCH + k, architecture


def run(contest: Contest) -> Delivered:
    """Draw and train until the evaluations are spent; the best, trained further, is delivered."""
    setup, training = contest.setup, contest.setup.spec.training
    price = training.steps * training.starts  # of a draw, at most
    best: tuple[float, Architecture, dict[str, Any]] | None = None
    points, trained, number = [], 0, 0
    for number, architecture in drawn(contest):
        if price > contest.left or (best is not None and contest.spent + price > SHARE * contest.evaluations):
            break
        answer = evaluate(
            setup, contest.circuit(architecture), architecture, seed=child_seed(contest.seed, 5, number), bar=-np.inf
        )  # fmt: skip
        if answer["state"] != "complete":
            continue
        trained += 1
        contest.spend(evaluations_of(answer["metrics"], training))
        points.append((answer["metrics"]["two_qubit_gates"], answer["metrics"]["task_loss_best"]))
        loss = answer["objectives"]["task_loss"]
        if best is None or loss < best[0]:
            best = loss, architecture, answer["report"]["training"]
    if best is None:
        raise QTrainError(f"the space should hold a circuit within the limits. Got none among {number + 1} draws.")
    return _deliver(contest, best[1], best[2]["weights"], points, trained)


def _deliver(
    contest: Contest, architecture: Architecture, weights: Any, points: list[tuple[float, float]], trained: int
) -> Delivered:
    """Train the best one with what is left, from its own angles and from new ones."""
    setup, angles = contest.setup, np.array(weights, float)
    if contest.left:
        own = None if setup.task.is_classifier else angles
        found = fit(
            contest.program(architecture), setup.task, setup.spec.training,
            evaluations=contest.left, enough=contest.enough, seed=child_seed(contest.seed, 6), angles=own,
        )  # fmt: skip
        contest.spend(found.evaluations)
        angles = found.angles
        points.append((contest.cost(architecture)["two_qubit_gates"], found.loss))
    front = None if setup.task.is_classifier else front_of(points)
    return Delivered(architecture, angles, str(architecture), front, {"draws": trained})


register_rival(Rival("random", run))

"""The shelf as a rival: all that a search may start from, the best of it picked on other seeds than it is judged on."""

from __future__ import annotations

import dataclasses

from qtrain.errors import QTrainError
from qtrain.studies.comparison.rivals import Contest, Delivered, Rival, register_rival
from qtrain.studies.comparison.templates import deliver_template, fit
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.propose.shelf import Template
from qtrain.studies.propose.starts import shelf_of

STAGES = ((320, 24), (1200, 4), (4000, 1))
"""(evaluations for each, how many go on) of the stages in which the best is picked."""
REPETITIONS = (1, 2, 3, 4, 5, 6)


def templates(contest: Contest) -> list[Template]:
    """Everything that ``start = ["shelf"]`` stands for, at 1 to 6 repetitions, as far as the device takes it."""
    spec = contest.setup.spec
    repetitions = tuple(dict.fromkeys((*REPETITIONS, *spec.space.repetitions)))
    wide = spec.model_copy(update={"space": spec.space.model_copy(update={"repetitions": repetitions})})
    return [t for t in shelf_of(wide, contest.setup.task) if contest.fits(t.architecture)]


def pick(contest: Contest, left: list[Template], *, seed: int) -> list[tuple[float, Template]]:
    """The last of the shelf with their losses, the best first, by trainings that cost the contest nothing."""
    scores: list[tuple[float, int, Template]] = []
    for stage, (evaluations, keep) in enumerate(STAGES):
        scores = []
        for place, template in enumerate(left):
            found = fit(
                contest.program(template.architecture), contest.setup.task, contest.setup.spec.training,
                evaluations=min(evaluations, contest.evaluations), enough=contest.enough,
                seed=child_seed(seed, stage, place),
            )  # fmt: skip
            scores.append((found.loss, place, template))
        scores.sort(key=lambda item: item[:2])
        left = [template for _, _, template in scores[:keep]]
    return [(loss, template) for loss, _, template in scores]


def run(contest: Contest) -> Delivered:
    """Pick the best template by one seed, then train it by another with all evaluations."""
    left = templates(contest)
    if not left:
        raise QTrainError("the shelf should hold a circuit within the device's limits. Got none.")
    last = pick(contest, left, seed=child_seed(contest.seed, 1))
    best = last[0][1]
    delivered = deliver_template(contest, best.architecture, label=_named(best))
    runners_up = [[_named(template), float(f"{loss:.3g}")] for loss, template in last[1:4]]
    return dataclasses.replace(delivered, notes={"picked_from": len(left), "runners_up": runners_up})


def _named(template: Template) -> str:
    times = template.architecture.repetitions
    return f"{template.family} × {times}" if template.architecture.layers and times != 1 else template.family


register_rival(Rival("shelf", run))

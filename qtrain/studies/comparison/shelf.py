"""The shelf as a rival: all that a search may start from, the best of it picked on other seeds than it is judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import Architecture
from qtrain.studies.comparison.rivals import Contest, Delivered, Rival, register_rival
from qtrain.studies.comparison.templates import deliver_template, fit
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.propose.starts import STARTS

if TYPE_CHECKING:
    from qtrain.studies.spec.search_spec import SearchSpec

STAGES = ((320, 24), (1200, 4), (4000, 1))
"""(evaluations for each, how many go on) of the stages in which the best is picked."""
REPETITIONS = (1, 2, 3, 4, 5, 6)


def families(spec: SearchSpec) -> tuple[Architecture, ...]:
    """Everything that ``start = ["shelf"]`` stands for, at 1 to 6 repetitions."""
    wide = spec.model_copy(update={"space": spec.space.model_copy(update={"repetitions": REPETITIONS})})
    return tuple(STARTS["shelf"](wide))


def pick(contest: Contest, *, seed: int) -> tuple[Architecture, list[tuple[str, float]]]:
    """The best of the shelf that fits the device, by trainings that cost the contest nothing; the last four."""
    left: list[Any] = [a for a in families(contest.setup.spec) if contest.fits(a)]
    scores: list[tuple[float, int, Architecture]] = []
    for stage, (evaluations, keep) in enumerate(STAGES):
        scores = []
        for place, family in enumerate(left):
            found = fit(
                contest.program(family), contest.setup.task, contest.setup.spec.training,
                evaluations=min(evaluations, contest.evaluations), seed=child_seed(seed, stage, place),
            )  # fmt: skip
            scores.append((found.loss, place, family))
        scores.sort(key=lambda item: item[:2])
        left = [family for _, _, family in scores[:keep]]
    return left[0], [(str(family), loss) for loss, _, family in scores[:4]]


def run(contest: Contest) -> Delivered:
    """Pick the best template by one seed, then train it by another with all evaluations."""
    best, last = pick(contest, seed=child_seed(contest.seed, 1))
    delivered = deliver_template(contest, best, label=str(best))
    return Delivered(
        best, delivered.angles, delivered.label, delivered.front,
        {"picked_from": len(families(contest.setup.spec)), "runners_up": [list(item) for item in last[1:]]},
    )  # fmt: skip


register_rival(Rival("shelf", run))

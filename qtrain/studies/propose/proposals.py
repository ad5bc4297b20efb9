"""Proposals: a sampler that is a function of the finished trials, the seed and the batch, and of nothing else.

A batch is asked from a study in memory that holds the finished trials of all earlier batches in order of their
numbers. So neither the order in which trials finished, nor a kill between two of them, changes what is proposed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np

from qtrain.studies.objectives import signs
from qtrain.studies.propose.growing import Grower
from qtrain.studies.propose.samplers import SAMPLERS, make_sampler
from qtrain.studies.propose.variation import vary
from qtrain.studies.run import record
from qtrain.studies.trials import TrialRecord, pareto_front

CHILDREN = 0.85  # of the proposals of a sampler with children
FIRST_PARENTS = 6  # feasible trials before there are children
ATTEMPTS = 10  # at an architecture that was not proposed before


def child_seed(*key: int) -> int:
    """A seed that depends on all of ``key``, independent for different keys.

    Example:
        >>> child_seed(0, 1) == child_seed(0, 1), child_seed(0, 1) == child_seed(1, 0)
        (True, False)
    """
    return int(np.random.SeedSequence(list(key)).generate_state(1, np.uint32)[0])


def propose(
    draw: Callable[[Any], Any], finished: Sequence[Any], *, directions: Sequence[str], sampler: str, seed: int,
    batch: int, size: int, objectives: Sequence[str] = (), grower: Grower | None = None,
    fits: Callable[[Any], bool] = lambda architecture: True,
) -> list[tuple[Any, Any]]:  # fmt: skip
    """``size`` proposals: (what ``draw(trial)`` returned, the frozen Optuna trial), or (a grown candidate, None).

    An architecture that was proposed before is drawn again, a few times: the last attempt stands.

    Args:
        draw: reads its choices from an Optuna trial (``trial.suggest_…``).
        finished: frozen trials of all earlier batches, in order of their numbers.
        directions: "minimize" or "maximize" per objective; objectives: their names, needed for children.
        grower: gives its share of the proposals.
        fits: False for an architecture that plainly breaks a limit, which is drawn again likewise.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)  # nobody needs to hear of studies in memory
    study = optuna.create_study(
        directions=cast(Any, list(directions)), sampler=make_sampler(sampler, seed=child_seed(seed, batch))
    )
    for trial in shown(drawn_ones(finished), SAMPLERS[sampler].history, directions):
        study.add_trial(_bare(trial))
    rng = np.random.default_rng([seed, batch, 3])
    family = Parents(finished, objectives) if SAMPLERS[sampler].children else None
    nursery = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=child_seed(seed, batch, 4)))
    seen = {t.user_attrs.get(record.BEGUN, {}).get("architecture_id") for t in finished}
    asked: list[tuple[Any, Any]] = []
    growth = None if grower is None else grower.children([record.to_record(t) for t in finished])
    for _ in range(size):
        if grower is not None and growth is not None and rng.random() < grower.share:
            children = (growth.child(rng) for _ in range(ATTEMPTS))
            able = (g for g in children if g is not None and (g.same or g.content_id not in seen))
            grown = next((g for g in able if fits(g.architecture)), None)
            if grown is not None:
                seen.add(grown.content_id)
                asked.append((grown, None))
                continue
        for _ in range(ATTEMPTS):
            source = study
            if family is not None and family.grown and rng.random() < CHILDREN:
                source = nursery
                source.enqueue_trial(family.child(rng))
            trial = source.ask()
            drawn = draw(trial)
            if drawn.content_id not in seen and fits(drawn):
                break
        seen.add(drawn.content_id)
        asked.append((drawn, source.get_trials(deepcopy=False)[trial.number]))
    return asked


def drawn_ones(finished: Sequence[Any]) -> list[Any]:
    """Without what was grown: it has no choices that a sampler could learn from."""
    return [t for t in finished if record.GROWN not in t.user_attrs.get(record.BEGUN, {})]


BEST = 4  # one in so many of the trials that a sampler is shown, where it is not shown all


def shown(finished: Sequence[Any], history: int | None, directions: Sequence[str]) -> list[Any]:
    """At most ``history`` of the finished trials, in their order: the best by the first objective, and the latest."""
    if history is None or len(finished) <= history:
        return list(finished)
    sign = 1.0 if directions[0] == "minimize" else -1.0
    scored = [k for k, trial in enumerate(finished) if trial.values]
    best = sorted(scored, key=lambda k: (sign * finished[k].values[0], k))[: history // BEST]
    taken = set(best)
    late = [k for k in reversed(range(len(finished))) if k not in taken][: history - len(best)]
    return [finished[k] for k in sorted([*best, *late])]


@lru_cache(maxsize=1)
def _past() -> type[Any]:
    import optuna

    class Past(optuna.trial.FrozenTrial):
        """A finished trial, which nobody changes: a study that is given it copies every distribution otherwise."""

        @cached_property
        def constraints(self) -> Any:  # type: ignore[override]
            return super().constraints

        def __deepcopy__(self, memo: dict[int, Any]) -> Past:
            return copy.copy(self)

    return Past


def _bare(trial: Any) -> Any:
    """What samplers read of a finished trial, cheap to add to a study."""
    bare = copy.copy(trial)
    bare.__class__ = _past()
    bare._user_attrs = {}
    return bare


def replay(draw: Callable[[Any], Any], choices: Mapping[str, Any] | None) -> Any:
    """The frozen Optuna trial that draws with these choices; None without choices."""
    import optuna

    if choices is None:
        return None
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial(dict(choices))
    draw(study.ask())
    return study.get_trials(deepcopy=False)[0]


class Parents:
    """The trials that children come from.

    Three fifths by the first objective; one from the front; one by the first objective among one pool's trials, each
    pool alike: pools are islands that no child leaves, and the best one need not be the one that leads now.

    ``finished``: frozen trials; ``objectives``: names, the most important first.
    """

    def __init__(self, finished: Sequence[Any], objectives: Sequence[str]) -> None:
        records = {t.number: record.to_record(t) for t in finished}
        drawn = {t.number: t for t in finished if t.params}
        able = [r for r in records.values() if r.feasible and r.duplicate_of is None and r.number in drawn]
        (sign,) = signs(objectives[:1]) or (1.0,)

        def loss(trial: TrialRecord) -> tuple[float, int]:
            return sign * trial.objectives[objectives[0]], trial.number

        self.ranked = [drawn[r.number] for r in sorted(able, key=loss)]
        self.front = [drawn[n] for n in pareto_front(able, objectives)]
        self.islands: dict[Any, list[Any]] = {}
        for trial in self.ranked:
            self.islands.setdefault(trial.params.get("pool"), []).append(trial)

    @property
    def grown(self) -> bool:
        """Whether there are enough of them."""
        return len(self.ranked) >= FIRST_PARENTS

    def child(self, rng: np.random.Generator) -> dict[str, Any]:
        """Fixed choices of one child."""
        whence = rng.random()
        if whence < 0.2:
            group = self.front
            parent = group[int(rng.integers(len(group)))]
        else:
            group = (
                self.ranked
                if whence < 0.8
                else list(self.islands.values())[int(rng.integers(len(self.islands)))]
            )
            parent = group[min(int(rng.geometric(0.3)) - 1, len(group) - 1)]
        return vary(parent, group[:12], rng)

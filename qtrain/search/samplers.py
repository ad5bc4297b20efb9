"""Proposals: a sampler that is a function of the finished trials, the seed and the batch, and of nothing else.

A batch is asked from a study in memory that holds the finished trials of all earlier batches in order of their
numbers. So neither the order in which trials finished, nor a kill between two of them, changes what is proposed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from qtrain.errors import QTrainError


def child_seed(*key: int) -> int:
    """A seed that depends on all of ``key``, independent for different keys.

    Example:
        >>> child_seed(0, 1) == child_seed(0, 1), child_seed(0, 1) == child_seed(1, 0)
        (True, False)
    """
    return int(np.random.SeedSequence(list(key)).generate_state(1, np.uint32)[0])


def make_sampler(name: str, *, seed: int, population: int = 24) -> Any:
    """The Optuna sampler called ``name`` in a spec.

    Raises:
        QTrainError: "gp" where torch is not installed.
    """
    from optuna import samplers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental options, chosen on purpose
        if name == "tpe":
            return samplers.TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=16)
        if name == "nsga2":
            return samplers.NSGAIISampler(seed=seed, population_size=population)
        if name == "nsga3":
            return samplers.NSGAIIISampler(seed=seed, population_size=population)
        if name == "gp":
            try:
                import torch  # noqa: F401
            except ImportError:
                raise QTrainError(
                    "sampler 'gp' needs torch. Install it: pip install 'qtrain[torch]'."
                ) from None
            return samplers.GPSampler(seed=seed)
        return samplers.RandomSampler(seed=seed)


def propose(
    draw: Callable[[Any], Any],
    finished: Sequence[Any],
    *,
    directions: Sequence[str],
    sampler: str,
    seed: int,
    batch: int,
    size: int,
) -> list[tuple[Any, Any]]:
    """``size`` proposals: (what ``draw(trial)`` returned, the frozen Optuna trial it was drawn with).

    Args:
        draw: reads its choices from an Optuna trial (``trial.suggest_…``).
        finished: frozen trials of all earlier batches, in order of their numbers.
        directions: "minimize" or "maximize" per objective.
    """
    import optuna

    study = optuna.create_study(
        directions=cast(Any, list(directions)), sampler=make_sampler(sampler, seed=child_seed(seed, batch))
    )
    for trial in finished:
        study.add_trial(trial)
    asked = []
    for _ in range(size):
        trial = study.ask()
        drawn = draw(trial)
        asked.append((drawn, study.get_trials(deepcopy=False)[trial.number]))
    return asked

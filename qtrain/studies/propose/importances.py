"""Which choices of a search moved its objectives."""

from __future__ import annotations

import math
import warnings
from typing import Any

from qtrain.studies.result import SearchResult
from qtrain.studies.trials import MOVE, PARENT, TrialRecord

ENOUGH = 8  # complete trials with drawn choices, below which shares would be noise


def importances(result: SearchResult) -> dict[str, dict[str, float]]:
    """By objective, the share of each drawn choice in what tells good trials from the others (sums to 1).

    Optuna's PED-ANOVA (2304.10255), over the complete trials that the sampler drew: grown ones and starts have no
    choices of their own. Empty where these are fewer than eight, or where an objective has one value only.
    """
    drawn = [t for t in result.trials if t.state == "complete" and t.duplicate_of is None and _choices(t)]
    if len(drawn) < ENOUGH:
        return {}
    found = {}
    for name in result.objectives:
        values = [float(t.objectives.get(name, math.nan)) for t in drawn]
        known = [math.isfinite(v) for v in values]
        rows = [(t, v) for t, v, k in zip(drawn, values, known) if k]
        if len(rows) >= ENOUGH and len({v for _, v in rows}) > 1:
            shares = _shares(rows, dict(zip(result.objectives, result.directions))[name])
            if shares:
                found[name] = shares
    return found


def _choices(trial: TrialRecord) -> dict[str, Any]:
    plain = (str, bool, int, float)
    return {k: v for k, v in trial.params.items() if k not in (MOVE, PARENT) and isinstance(v, plain)}


def _shares(rows: list[tuple[TrialRecord, float]], direction: str) -> dict[str, float]:
    import optuna

    seen: dict[str, set[Any]] = {}
    for trial, _ in rows:
        for key, value in _choices(trial).items():
            seen.setdefault(key, set()).add(value)
    kinds = {
        key: optuna.distributions.CategoricalDistribution(sorted(values, key=lambda v: (str(type(v)), v)))
        for key, values in seen.items() if len(values) > 1
    }  # fmt: skip
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        return _assessed(optuna, rows, kinds, direction)
    finally:
        optuna.logging.set_verbosity(before)


def _assessed(optuna: Any, rows: Any, kinds: dict[str, Any], direction: str) -> dict[str, float]:
    study = optuna.create_study(direction=direction)
    for trial, value in rows:
        params = {key: v for key, v in _choices(trial).items() if key in kinds}
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions={k: kinds[k] for k in params}, value=value)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = optuna.importance.get_param_importances(study)
        except (ValueError, RuntimeError):  # too few trials with one of the choices
            return {}
    return {key: float(share) for key, share in found.items() if math.isfinite(share) and share > 0}

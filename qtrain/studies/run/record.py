"""Trials in an Optuna study: begun with everything that decides them, ended in one order that a kill cannot break.

A trial is created as RUNNING with its parameters, architecture and seed, so an interrupted one is simply evaluated
again. What it gave is written before its state: a trial that is finished is whole.
"""

from __future__ import annotations

import dataclasses
import errno
import logging
import math
import time
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.registry.registry import current_versions
from qtrain.studies.run.supervise import Outcome
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.trials import TrialRecord

log = logging.getLogger("qtrain")
T = TypeVar("T")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL_SECONDS = 5.0
BEGUN, ENDED = "qtrain:begun", "qtrain:ended"
GROWN = "grown"  # within what was begun: how a grown candidate came to be


versions = lru_cache(maxsize=1)(current_versions)


def patiently(action: Callable[[], T], *, repair: Callable[[], Any] | None = None, patience: float = 600.0) -> T:
    """``action()``, repeated while a database is away (up to ``patience`` seconds); it must be safe to repeat.

    Raises:
        QTrainError: the disk is full or read-only, or the database did not come back.
    """
    import sys

    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import DBAPIError

    away: tuple[type[Exception], ...] = (StorageInternalError, DBAPIError)
    if "grpc" in sys.modules:  # only then is the storage a proxy, perhaps
        away += (sys.modules["grpc"].RpcError,)

    since, pause, said = time.monotonic(), 0.5, False
    while True:
        try:
            result = action()
            if said:
                log.warning("The study's storage answers again.")
            return result
        except OSError as error:
            if repair is not None:
                repair()
            if error.errno in FULL and time.monotonic() - since < min(FULL_SECONDS, patience):
                time.sleep(pause)
                continue
            raise QTrainError(
                f"the study's storage should take records. Got: {error.strerror or error}. Finished trials stay: make "
                "room and start the same search again."
            ) from None
        except away as error:
            if time.monotonic() - since > patience:
                raise QTrainError(
                    f"the study's storage should answer within {patience:g} s. "
                    f"Got: {_said(error)}. "
                    "Finished trials stay: start the same search again when it is back."
                ) from None
            if not said:
                log.warning("The study's storage does not answer; waiting for it (up to %g s).", patience)
            said = True
            time.sleep(pause)
            pause = min(2 * pause, 5.0)


def _said(error: Any) -> str:
    """Its first line; of a gRPC error, what the server said."""
    text = str(error.details() if hasattr(error, "details") else error)
    return (text.strip().splitlines() or [type(error).__name__])[0]


def open_study(storage: Any, spec: SearchSpec, *, mode: str = "batches") -> Any:
    """The study of ``spec`` in ``storage``, made if it is not there.

    Args:
        mode: "batches" (one search) or "workers" (many); a study is run in the mode it was begun in.

    Raises:
        QTrainError: the study there was made from another spec; every key that differs is named.
    """
    import uuid

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions: Any = list(spec.directions)
    # Proposals come from a study in memory; the sampler here is never asked.
    if isinstance(storage, optuna.study.Study):
        study = _checked(storage, spec)
    else:
        study = optuna.create_study(
            storage=storage, study_name=spec.name, directions=directions, load_if_exists=True,
            sampler=optuna.samplers.RandomSampler(seed=0),
        )  # fmt: skip
    attributes = study.user_attrs
    if "qtrain:spec" not in attributes:
        if study.get_trials(deepcopy=False):
            raise QTrainError(
                f"storage should hold no foreign study of the name {study.study_name!r}. Got one: choose another name."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # marked experimental, and chosen on purpose
            study.set_metric_names(list(spec.objectives.use))  # what Optuna's plots and dashboard call the values
        study.set_user_attr("qtrain:mode", mode)
        study.set_user_attr("qtrain:uid", uuid.uuid4().hex)
        study.set_user_attr("qtrain:spec", spec.identity())
        if mode == "workers":
            time.sleep(1.0)  # several may begin it at once: the last to write names it
        return study
    there = attributes["qtrain:spec"]
    try:  # keys that came with a later release have their defaults
        there = read_spec(there).identity()
    except QTrainError:
        pass
    differing = sorted(_differences(there, spec.identity()))
    if differing:
        raise QTrainError(
            f"the spec should be the one study {spec.name!r} was begun with. "
            f"Got other values for {', '.join(differing)}: "
            "give the search another name or storage."
        )
    return study


def _checked(study: Any, spec: SearchSpec) -> Any:
    """A study of the user's, if it can hold the search's trials."""
    there = tuple(direction.name.lower() for direction in study.directions)
    if there != spec.directions:
        wanted = ", ".join(f"{d} {name}" for d, name in zip(spec.directions, spec.objectives.use))
        raise QTrainError(f"study should have the directions of the objectives, {wanted}. Got {', '.join(there)}.")
    return study


def check_mode(study: Any, mode: str) -> None:
    """Refuse to add trials to a study that was begun in the other mode."""
    begun = study.user_attrs.get("qtrain:mode", mode)
    if begun != mode:
        how = {"batches": "qtrain search", "workers": "qtrain worker"}
        raise QTrainError(
            f"study {study.study_name!r} should go on with {how[begun]}, as it was begun. Got {how[mode]}: give the "
            "search another name."
        )


def _differences(there: Any, here: Any, where: str = "") -> list[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        keys = there.keys() | here.keys()
        return [d for k in keys for d in _differences(there.get(k), here.get(k), f"{where}.{k}" if where else k)]
    return [] if there == here else [where]


def running(frozen: Any, begun: Mapping[str, Any], **attributes: Any) -> Any:
    """A RUNNING trial with the proposal's parameters (``frozen``, or None for a start outside the space)."""
    import optuna

    drawn = {} if frozen is None else {
        "params": frozen.params, "distributions": frozen.distributions, "system_attrs": dict(frozen.system_attrs),
    }  # fmt: skip
    attributes[BEGUN] = {**begun, "time": time.time()}
    attributes |= legible(begun)
    return optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, user_attrs=attributes, **drawn)


def legible(begun: Mapping[str, Any]) -> dict[str, Any]:
    """What people read of a trial in Optuna's dashboard and data frames."""
    plain = begun.get("architecture", {})
    if "circuit" in plain:
        return {"architecture": str(plain.get("name", "circuit"))}
    try:
        return {"architecture": Architecture.from_dict(plain).summary, **begun.get(GROWN, {})}
    except QTrainError:  # not of ours
        return {}


def ended_dict(outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome: plain data, JSON."""
    now = time.time()
    if outcome.kind == "ok":
        return {**outcome.value, "time": now, "versions": versions()}
    empty: dict[str, Any] = {"constraints": {}, "metrics": {}, "report": {}, "timings": {}}
    found = {**empty, **(outcome.value if isinstance(outcome.value, Mapping) else {})}  # up to where it got
    rest = max(0.0, outcome.seconds - sum(found["timings"].values()))
    return {
        "state": "failed", "reason": outcome.reason, "objectives": {}, **{key: found[key] for key in empty},
        "timings": {**found["timings"], "evaluation": rest}, "time": now, "versions": versions(),
    }  # fmt: skip


def settled(ended: Mapping[str, Any], objectives: Sequence[str]) -> dict[str, Any]:
    """What a trial gave, as it is kept: failed where an objective of a complete one is no finite number."""
    bad = [name for name in objectives if not math.isfinite(float(ended["objectives"].get(name, math.nan)))]
    if ended["state"] != "complete" or not bad:
        return dict(ended)
    reason = f"{', '.join(bad)} came out as no finite number"
    return {**ended, "state": "failed", "reason": reason, "objectives": {}}


def end(study: Any, number: int, ended: Mapping[str, Any], objectives: Sequence[str]) -> bool:
    """Write what trial ``number`` gave (:func:`settled`), then its state; safe to repeat.

    Straight to the storage: ``study.tell`` reads the whole trial three times, which a database answers in queries.

    Returns:
        False where the trial had ended already.
    """
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
    storage = study._storage
    trial_id = storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    values = [float(ended["objectives"][name]) for name in objectives] if ended["state"] == "complete" else None
    try:
        storage.set_trial_user_attr(trial_id, ENDED, ended)
        if ended["reason"]:
            storage.set_trial_user_attr(trial_id, "reason", ended["reason"])
        losses = (ended["report"].get("pruning") or {}).get("losses", {})
        if losses and len(objectives) > 1:  # Optuna's samplers take intermediate values for those of one objective
            storage.set_trial_user_attr(trial_id, "losses", losses)
        for step, loss in losses.items() if len(objectives) == 1 else ():
            storage.set_trial_intermediate_value(trial_id, int(step), loss)
        for name, value in ended["constraints"].items():
            if math.isfinite(value):  # as Trial.set_constraint does
                storage.set_trial_system_attr(trial_id, f"constraints:{name}", float(value))
        return bool(storage.set_trial_state_values(trial_id, states[ended["state"]], values))
    except UpdateFinishedTrialError:
        return False


_GIVEN = ("state", "reason", "duplicate_of", "objectives", "constraints", "metrics", "timings", "report", "versions")


def with_end(trial: TrialRecord, ended: Mapping[str, Any]) -> TrialRecord:
    """The record of a running trial, once it has ended so."""
    return dataclasses.replace(trial, **{k: ended[k] for k in _GIVEN if k in ended}, ended=ended["time"])


_KNOWN: dict[int, tuple[weakref.ref[Any], TrialRecord]] = {}  # by the id of a frozen trial while it lives


def to_record(frozen: Any) -> TrialRecord:
    """A frozen Optuna trial as a TrialRecord; of a finished one, which stays as it is, the same each time."""
    known = _KNOWN.get(id(frozen))
    if known is not None and known[0]() is frozen:
        return known[1]
    found = _read(frozen)
    if frozen.state.is_finished():
        key = id(frozen)
        _KNOWN[key] = (weakref.ref(frozen, lambda _: _KNOWN.pop(key, None)), found)
    return found


def _read(frozen: Any) -> TrialRecord:
    begun, ended = frozen.user_attrs.get(BEGUN, {}), {"state": "running"}
    since = begun.get("time", 0.0)
    known = {k: begun[k] for k in ("batch", "seed", "architecture", "architecture_id") if k in begun}
    known |= {"angles": tuple(begun.get("angles", ())), "bar": begun.get("bar"), "steps": begun.get("steps")}
    if frozen.state.is_finished():
        ended = frozen.user_attrs.get(ENDED, {"state": "failed", "reason": "its worker stopped answering"})
    params = {**frozen.params, **begun.get(GROWN, {})}
    trial = TrialRecord(frozen.number, "running", params=params, begun=since, **known)
    return with_end(trial, {"time": since, **ended})

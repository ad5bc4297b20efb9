"""The winner becomes a registry entry, with its full report as evidence."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.registry import registry
from qtrain.studies.result import SearchResult
from qtrain.studies.run.supervise import Pool
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.trials import TrialRecord

log = logging.getLogger("qtrain")


def check_name(spec: SearchSpec, name: str | None) -> str:
    """The name the winner will be registered under; refused before the search if it belongs to another study.

    Raises:
        QTrainError: not a slug, or taken.
    """
    chosen = registry.check_name(name) if name is not None else registry.slug(spec.winner.name or spec.name)
    if chosen in registry.names():
        study = registry.load(chosen).study
        if study != spec.name:
            raise QTrainError(
                f"name should be free for the winner. Got {chosen!r}, registered from study {study!r}: choose another "
                "with name=… (--name on the command line)."
            )
    return chosen


def keep_other(name: str, trials: Iterable[TrialRecord]) -> None:
    """Before a winner is registered: one of that name that an equally named study found elsewhere keeps its entry.

    It moves to the name with its content id behind it. A winner among these trials is a study that went on.
    """
    if name not in registry.names():
        return
    other = registry.load(name)
    known = other.architecture.content_id
    if known not in {trial.architecture_id for trial in trials}:
        kept = f"{name[:47]}-{known}"
        registry.register(dataclasses.replace(other, name=kept), overwrite=True)
        log.warning("The winner that another study registered as %s is kept as %s.", name, kept)


def register_winner(result: SearchResult, setup: Setup, pool: Pool, name: str) -> SearchResult:
    """Diagnose and register the winner; a search without a winner is returned as it is."""
    if result.winner is None:
        return result
    plain: Any = result.winner.architecture
    outcome = pool.call({"do": "diagnose", "architecture": plain})
    report = outcome.value["report"] if outcome.kind == "ok" else dict(result.winner.report)
    if outcome.kind != "ok":
        log.warning("The winner's full report was not made (%s); its trial's figures stand in.", outcome.reason)
    observable = " + ".join(f"{complex(c).real:.12g}*{label}" for label, c in setup.task.observables[0].to_list())
    trained = result.full.get(result.winner.number) or result.winner.report.get("training") or {}
    keep_other(name, result.trials)
    registry.register(
        registry.RegistryEntry(
            name, Architecture.from_dict(plain), setup.spec.qubits, observable=observable.replace("+ -", "- "),
            report=report, objectives=dict(result.winner.objectives), study=result.study, angles=trained.get("weights"),
        ), overwrite=True,
    )  # fmt: skip
    return dataclasses.replace(result, name=name)


def note_run(name: str, run_id: str) -> None:
    """Add the winner's MLflow run to its entry: known only once it is delivered."""
    registry.register(dataclasses.replace(registry.load(name), run_id=run_id), overwrite=True)

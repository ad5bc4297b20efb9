"""Gradients that a search has taken: what its budget counts, and what a comparison gives to everyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from qtrain.studies.trials import TrialRecord

if TYPE_CHECKING:
    from qtrain.studies.spec.search_spec import SearchSpec
    from qtrain.studies.spec.tables import TrainingSpec


def evaluations_of(metrics: Mapping[str, float], training: TrainingSpec) -> int:
    """Gradients that a training took: on record, else all that its spec asks for."""
    return int(metrics.get("gradient_evaluations", training.steps * training.starts))


def gradients_of(trials: Iterable[TrialRecord], spec: SearchSpec) -> int:
    """Gradients of a whole circuit: of all trainings, and of the sweeps of the growth's pool.

    A sweep counts as one at each place where gates were tried, as it does for ADAPT; on data for each start.
    """
    trained = [t for t in trials if "task_loss_best" in t.metrics and t.duplicate_of is None]
    looked = [len(t.report["training"].get("starts", "1")) for t in trained if "growth" in t.report]
    return sum(evaluations_of(t.metrics, spec.training) for t in trained) + sum(looked) * (1 + spec.growth.places)


def used_up(trials: Iterable[TrialRecord], spec: SearchSpec) -> bool:
    """Whether the gradients that the spec allows are spent."""
    return spec.gradients is not None and gradients_of(trials, spec) >= spec.gradients

"""What is measured of one model: first what trains, then the trend, Fisher rank, certificates, as time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from qtrain.budget import Budget, clock
from qtrain.circuits.composites import entangling
from qtrain.diagnosis import causes, parts
from qtrain.diagnosis.diagnose import question
from qtrain.diagnosis.expressivity import expressivity
from qtrain.diagnosis.families import recognize
from qtrain.diagnosis.parts import Diagnosis
from qtrain.diagnosis.results import kind
from qtrain.errors import QTrainError
from qtrain.improvement.results import Tried
from qtrain.improvement.table import Model
from qtrain.improvement.trends import tendency


@dataclass(frozen=True)
class Setting:
    """What all models of one table share: as the options of `qtrain.diagnose`."""

    noise: Any = None
    shots: int = 10_000
    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    data: np.ndarray | None = None


@dataclass
class Row:
    """A model that is tried: how it was made, and what is known of it by now."""

    model: Model
    tried: Tried
    question: Diagnosis | None = None


def begin(model: Model, edits: Sequence[str] = (), names: Sequence[str] = (), *, keeps_function: bool = True) -> Row:
    """A row of which nothing is known yet."""
    return Row(model, Tried(
        tuple(edits), tuple(names), (), keeps_function, model.circuit, model.observable, str(model.start),
        parameters=model.circuit.num_parameters - len(model.inputs),
    ))  # fmt: skip


def measure(row: Row, setting: Setting, seconds: float) -> None:
    """Gradients: how many parameters train, and how large they are."""
    began, model = time.monotonic(), row.model
    limits = replace(setting.budget, seconds=max(seconds, 0.05))
    try:
        asked, _ = question(
            model.circuit, model.observable, initialization=model.start, noise=setting.noise, shots=setting.shots,
            budget=limits, seed=setting.seed, inputs=model.inputs, data=setting.data,
        )  # fmt: skip
        stats, evidence = parts.gradients(asked), parts.evidence(asked)
    except QTrainError as error:
        row.tried = replace(row.tried, failed=str(error), seconds=_since(began))
        return
    found = causes.causes(evidence)
    live = np.array([not cause.startswith("dead") for cause in found])
    scale = evidence.threshold * asked.shots
    known = stats.second_moment[live]
    known = known[np.isfinite(known)] / scale
    trains, total = found.count(causes.HEALTHY), len(found)
    depth, gates = entangling(asked.circuit)
    row.question = asked
    row.tried = replace(
        row.tried, verdicts=dict(zip(stats.parameters, map(kind, found), strict=True)),
        parameters=total, trains=trains, share=trains / total,
        median_variance=_median(known),
        cost_variance=stats.cost_variance / scale if stats.cost_upper <= 2 * stats.cost_variance else math.nan,
        method=stats.method,
        exact=bool((stats.exact | ~live).all()), notes=tuple(dict.fromkeys(asked.notes)),
        two_qubit_depth=depth, two_qubit_gates=gates,
        seconds=_since(began),
    )  # fmt: skip


def add_trend(row: Row, setting: Setting, seconds: float) -> None:
    """How the gradients of the model's family shrink with n; nothing where it is no member of a known one."""
    if setting.noise is not None or row.model.inputs:
        return
    family = recognize(row.model.circuit)
    if family is None:
        return
    found = tendency(
        row.model, family, shots=setting.shots, budget=_limits(setting, seconds), seed=setting.seed
    )
    row.tried = replace(row.tried, family=family.name)
    if found is not None:
        row.tried = replace(row.tried, trend=found.words, law=found.law)


def add_rank(row: Row, setting: Setting, seconds: float) -> None:
    """The rank of the quantum Fisher information: directions in which the parameters move the state."""
    assert row.question is not None
    asked = row.question.ideal.first_point("expressivity")
    limits = _limits(setting, seconds)
    found = expressivity(asked.program, budget=limits, seed=setting.seed, parts=["qfim"])
    if found.qfim_rank or found.qfim_rank_exact:
        row.tried = replace(
            row.tried, qfim_rank=found.qfim_rank, qfim_exact=found.qfim_rank_exact,
            expressivity=found.qfim_rank / max(found.qfim_max, 1.0),
        )  # fmt: skip


def add_certificate(row: Row, setting: Setting, seconds: float) -> None:
    """The cheapest certificate of classical simulation."""
    assert row.question is not None
    asked = _again(row.question.ideal, setting, seconds)
    found = parts.certificates(asked)
    usable = [c for c in found.certificates if c.applies]
    best = min(usable, key=lambda c: (c.kind != "classical", c.cost), default=None)
    text = None if best is None else f"{best.check}, 10^{math.log10(max(best.cost, 1.0)):.1f} operations"
    row.tried = replace(row.tried, simulation=text)


def add_survival(row: Row, setting: Setting, seconds: float) -> None:
    """What the noise leaves of the cost's variance."""
    assert row.question is not None
    if row.question.noise is None:
        return
    ideal = _again(row.question.ideal, setting, seconds)
    whole = float(parts.gradients(ideal).cost_variance)
    left = float(parts.gradients(row.question).cost_variance)
    if whole > 0 and math.isfinite(left):
        row.tried = replace(row.tried, noise_survival=left / whole)


DETAILS: tuple[tuple[str, Callable[[Row, Setting, float], None], float, float], ...] = (
    ("trend", add_trend, 0.8, 3.0),
    ("noise", add_survival, 0.85, 1.0),
    ("rank", add_rank, 0.9, 0.5),
    ("simulation", add_certificate, 1.0, 1.0),
)
"""What is added to rows that were measured, in this order: its name, what adds it, the share of the budget by which it
ends, and the seconds that one row may take where there are no more for each."""


def _again(asked: Diagnosis, setting: Setting, seconds: float) -> Diagnosis:
    """The same question with a clock of its own."""
    return replace(asked, budget=_limits(setting, seconds), started=clock(), parts={})


def _median(known: np.ndarray) -> float:
    """NaN where most gradients were never seen: no sample is no proof of zero."""
    return float(np.median(known)) if known.size and np.median(known) > 0 else math.nan


def _limits(setting: Setting, seconds: float) -> Budget:
    return replace(setting.budget, seconds=max(seconds, 0.05))


def _since(began: float) -> float:
    return round(time.monotonic() - began, 4)

"""The table of criteria: what a diagnosis computes, says in its table, and lets conditions compare.

A criterion is a row. Its result is a field of the report, or, of a criterion from another package, an entry of
``report.extra``; its facts stand in the table of the terminal and of the page, its quantities behind ``--fail-if``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qtrain.diagnosis import facts
from qtrain.diagnosis.facts import CAUSES, fraction
from qtrain.errors import QTrainError
from qtrain.extensions import Table

if TYPE_CHECKING:
    from qtrain.diagnosis.parts import Diagnosis
    from qtrain.diagnosis.report import TrainabilityReport

    Run = Callable[[Diagnosis], Any]
    Facts = Callable[[TrainabilityReport], Sequence[tuple[str, str]]]
    Quantity = Callable[[TrainabilityReport], float | None]


def _no_facts(report: TrainabilityReport) -> list[tuple[str, str]]:
    return []


@dataclass(frozen=True)
class Criterion:
    """One row of the table.

    Attributes:
        name: of the result in the report; letters, digits, "_" and spaces.
        run: :class:`~qtrain.diagnosis.parts.Diagnosis` -> result: numbers, text, lists and dicts of them, or a
            dataclass of such. A QTrainError becomes a note of the report.
        facts: report -> (name, text) of each line in the table. Not asked where there is no result.
        quantities: by name, report -> number, for conditions such as ``dead > 0.1``; None: not known.
        field: of the report that takes the result; None: ``report.extra[name]``, as plain data.
        needed: without its result there is no report: its errors are raised.
        silent: it may have nothing to say of a circuit, and then no note says why.
    """

    name: str
    run: Run
    facts: Facts = _no_facts
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    field: str | None = None
    needed: bool = False
    silent: bool = False

    def result(self, report: TrainabilityReport) -> Any:
        """What it found; None where it found nothing, or did not run."""
        return report.extra.get(self.name) if self.field is None else getattr(report, self.field)


CRITERIA: Table[Criterion] = Table("criterion")


def register_criterion(row: Criterion, *, replace: bool = False) -> Criterion:
    """Add a criterion to every diagnosis from now on.

    `qtrain.testing.criteria.check_criterion` tells whether it keeps what a criterion promises.

    Raises:
        QTrainError: a name that is taken; quantities that no condition could name, or that another row has.

    Example:
        >>> gates = Criterion(
        ...     "gates", lambda problem: {"count": len(problem.circuit.data)},
        ...     facts=lambda report: [("gates", str(report.extra["gates"]["count"]))],
        ...     quantities={"gate_count": lambda report: report.extra["gates"]["count"]},
        ... )
        >>> register_criterion(gates) is CRITERIA.remove("gates")
        True
    """
    for name in row.quantities:
        if not re.fullmatch("[a-z_]+", name):
            raise QTrainError(f"quantities should have names of small letters and '_'. Got {name!r}.")
        others = [other.name for other in CRITERIA.values() if name in other.quantities and other.name != row.name]
        if others:
            raise QTrainError(f"quantities should have names that are free. Got {name!r}, of {others[0]!r}.")
    return CRITERIA.add(row.name, row, replace=replace)


def _part(name: str) -> Run:
    """A part of a diagnosis, imported when first asked for: who reads reports needs no kernels."""

    def run(problem: Diagnosis) -> Any:
        from qtrain.diagnosis import parts

        return getattr(parts, name)(problem)

    return run


def _share(word: str) -> Quantity:
    return lambda report: fraction(report, word)


for _row in (
    Criterion(
        "gradients", _part("gradients"), facts.of_gradients, {
            "cost_variance": lambda report: report.gradients.cost_variance,
            "median_variance": lambda report: facts.live_variances(report)[0],
            "min_variance": lambda report: facts.live_variances(report)[1],
        }, "gradients", needed=True,
    ),
    Criterion(
        "light cone", _part("cone"), facts.of_light_cone, {
            "width": lambda report: report.light_cone.width, "depth": lambda report: report.light_cone.depth,
        }, "light_cone", needed=True,
    ),
    Criterion(
        "causes", _part("verdicts"), quantities={
            **{word: _share(word) for word in CAUSES},
            "untrainable": lambda report: 1.0 - fraction(report, "healthy"),
            "parameters": lambda report: len(report.verdicts),
        }, field="verdicts", needed=True,
    ),
    Criterion(
        "dla", _part("algebra"), facts.of_algebra, {
            "dimension": lambda report: report.dla.dimension if report.dla else None,
            "module_dimension": lambda report: report.dla.module_dimension if report.dla else None,
        }, "dla",
    ),
    Criterion("simulability", _part("certificates"), quantities={
        "simulation_cost": lambda report: report.frontier.log10_operations if report.simulability else None,
    }, field="simulability"),
    Criterion("trend", _part("trend"), facts.of_trend, {
        "rate": lambda report: report.trend.rate if report.trend else None,
    }, "trend", silent=True),
    Criterion("expressivity", _part("expressivity"), facts.of_expressivity, field="expressivity"),
):  # fmt: skip
    register_criterion(_row)

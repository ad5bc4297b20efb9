"""What ``diagnose`` found out about one circuit and one observable."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qtrain.circuits.drawing.gates import Drawing
from qtrain.diagnosis.frontier import Frontier, frontier
from qtrain.diagnosis.results import CAUSES, Expressivity, Scaling, Simulability, Verdict, kind
from qtrain.gradients.statistics import GradientStats
from qtrain.json_results import PAGE, PLOT, JsonResult, Shown, count, number, view
from qtrain.lie.result import DLAResult
from qtrain.light_cones.result import LightCone


@dataclass(frozen=True, eq=False, repr=False)
class TrainabilityReport(Shown, JsonResult):
    """Which parameters train, which do not, why, and what to change.

    Attributes:
        num_qubits, num_parameters, num_gates, two_qubit_depth: of the circuit.
        observable: its terms as text; shots: per expectation value; threshold: S / shots, the
            smallest variance these shots resolve.
        light_cone, gradients, dla, simulability, expressivity: the criteria; None where one could
            not be evaluated, with the reason in ``notes``.
        noise: one line about it; empty without. Lie algebra, simulability and expressivity are of the circuit without.
        extra: results of criteria that other packages added, by name, as plain data.
        verdicts: one for each parameter, in the order of ``circuit.parameters``.
        summary: one sentence. notes: what was refused or cut short, and why.
        versions: of qtrain and qiskit. seconds: wall time by criterion.
        trend: how its gradients go on with the number of qubits, where the circuit is a member of a known family.
        drawing: the circuit's gates, for pictures of it; None in reports of earlier releases.
    """

    num_qubits: int
    num_parameters: int
    num_gates: int
    two_qubit_depth: int
    observable: str
    initialization: str
    shots: int
    threshold: float
    light_cone: LightCone
    gradients: GradientStats
    dla: DLAResult | None
    simulability: Simulability | None
    expressivity: Expressivity | None
    verdicts: tuple[Verdict, ...]
    summary: str
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    noise: str = ""
    trend: Scaling | None = None
    drawing: Drawing | None = field(default=None, repr=False)

    @cached_property
    def frontier(self) -> Frontier:
        """Whether it trains, and the classical shortcut: both in one line."""
        return frontier(
            self.verdicts, self.simulability, shots=self.shots, initialization=self.initialization, trend=self.trend
        )

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"frontier": self.frontier.to_dict()}  # for readers of the file

    plot = view("figures.profile", "plot_profile", f"The variance profile. {PLOT}")
    to_html = view("page", "circuit_page", PAGE)

    def _brief(self) -> str:
        kinds = Counter(kind(v.cause) for v in self.verdicts)
        causes = ", ".join(f"{kinds[word]} {text}" for word, text in CAUSES.items() if kinds[word])
        text = f"{count(self.num_qubits, 'qubit')}, {count(self.num_parameters, 'parameter')}"
        text += f" ({causes})" if causes else ""
        live = [v.variance for v in self.verdicts if kind(v.cause) != "dead" and math.isfinite(v.variance)]
        text += f"; median V {number(statistics.median(live) if live else None)}"
        text += f", {number(self.threshold)} resolved by {self.shots:,} shots"
        return text if self.trend is None else f"{text}; over n {self.trend.law}"

    def fraction(self, cause: str) -> float:
        """Share of parameters whose cause starts with this text, e.g. ``"dead"`` or ``"healthy"``."""
        return sum(v.cause.startswith(cause) for v in self.verdicts) / max(len(self.verdicts), 1)

"""What the criteria of a diagnosis return; read from JSON without any kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from qtrain.json_results import PLOT, JsonResult, Shown, count, number, view

CAUSES = {  # the short word of each kind of verdict, and how its cause begins
    "healthy": "healthy",
    "dead": "dead",
    "concentrated": "observable concentration",
    "lost": "information lost",
    "scrambled": "scrambled",
    "below": "below the threshold",
    "unknown": "unknown",
}


AFFORDABLE = 1e12  # elementary operations for one value of the cost: what a certificate may take
CLASSICAL, QUANTUM = "classical", "needs quantum data"  # kinds of certificates


def kind(cause: str) -> str:
    """The short word of a verdict's cause.

    Example:
        >>> kind("dead: outside the light cone"), kind("information lost")
        ('dead', 'lost')
    """
    return next((word for word, start in CAUSES.items() if cause.startswith(start)), "below")


@dataclass(frozen=True, repr=False)
class Certificate(Shown, JsonResult):
    """One way to simulate the cost classically: a row of the certificate table.

    Attributes:
        check: e.g. ``"g-sim"``, ``"light cone"``, ``"low-weight Pauli propagation"``.
        applies: whether its preconditions hold and its cost fits the budget.
        cost: elementary operations for one evaluation of the cost (log10 may be huge: float).
        error: root of the angle-averaged mean squared error; 0 where exact. error_lower, error_upper: its 95 %
            interval, from other paths than those that chose the cut; NaN in reports of earlier releases.
        kind: ``"classical"`` or ``"needs quantum data"``.
        detail: one sentence with the figures.
    """

    check: str
    applies: bool
    cost: float
    error: float
    kind: str
    detail: str
    error_lower: float = math.nan
    error_upper: float = math.nan

    def _brief(self) -> str:
        if not self.applies:
            return f"{self.check} does not apply"
        return f"{self.check}, {number(self.cost, 2)} operations, error {number(self.error)}, {self.kind}"


@dataclass(frozen=True, repr=False)
class Simulability(Shown, JsonResult):
    """Whether the cost is certified classically simulable, and the cheapest certificate.

    ``surrogate`` evaluates cost and gradient classically, by the method of the verdict; None where that has no
    evaluator. ``surrogates``: those of every method that applies and has one, by name. Neither JSON nor a pickle
    holds them: `qtrain.simulability` makes them again. ``untried``: methods that the budget's seconds did not reach.
    """

    simulable: bool
    verdict: str
    certificates: tuple[Certificate, ...]
    surrogate: Any = field(default=None, compare=False, repr=False, metadata={"json": False})
    surrogates: dict[str, Any] = field(
        default_factory=dict, compare=False, repr=False, metadata={"json": False}
    )
    untried: tuple[str, ...] = ()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "surrogate": None, "surrogates": {}}  # they hold plans, which are functions

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # nothing of it changes; what a pickle leaves out stays

    def _brief(self) -> str:
        applying = sum(c.applies for c in self.certificates)
        of = f"{applying} of {count(len(self.certificates), 'certificate')}"
        return f"{self.verdict.rstrip('.')}; {of} {'applies' if applying == 1 else 'apply'}"


@dataclass(frozen=True, repr=False)
class Expressivity(Shown, JsonResult):
    """Quantities that keep trivial circuits out; NaN or None where not computed.

    Attributes:
        expressibility: KL divergence from Haar fidelities (small is expressive).
        qfim_rank: generic rank of the quantum Fisher information, or a lower bound of it.
        qfim_rank_exact: False where it is the Clifford-point lower bound.
        qfim_max: min(num_parameters, 2 * 2**n - 2).
        entangling_capability: mean Meyer-Wallach measure.
        effective_dimension: normalised effective dimension of Abbas et al. (2011.00027).
        expressibility_low, expressibility_high: 95 % interval of the expressibility.
    """

    qfim_rank: int
    qfim_rank_exact: bool
    qfim_max: float
    expressibility: float = math.nan
    entangling_capability: float = math.nan
    effective_dimension: float = math.nan
    expressibility_low: float = math.nan
    expressibility_high: float = math.nan

    def _brief(self) -> str:
        least = "" if self.qfim_rank_exact else "at least "
        return (
            f"QFIM rank {least}{self.qfim_rank} of {number(self.qfim_max)}, expressibility "
            f"{number(self.expressibility)}, entangling capability {number(self.entangling_capability)}"
        )


@dataclass(frozen=True, repr=False)
class Verdict(Shown, JsonResult):
    """Why one parameter trains or does not.

    Attributes:
        parameter: its name; ``index``: its place in ``circuit.parameters``.
        cause: ``"healthy"``, ``"dead: ..."``, ``"observable concentration"``,
            ``"information lost"``, ``"scrambled"``, ``"below the threshold, cause not resolved within the
            budget"`` or ``"unknown: ..."``.
        beta: P(the backward-evolved observable anticommutes with the generator).
        phi: E[w | it does]; ``variance``: V_k, with its 95 % interval ``lower``, ``upper``.
        advice: one line; ``gate``: index in ``circuit.data``; ``qubits``: it acts on.
        path_weight: mean weight of the path Pauli at the gate.
    """

    parameter: str
    index: int
    cause: str
    beta: float
    phi: float
    variance: float
    lower: float
    upper: float
    advice: str
    gate: int
    qubits: tuple[int, ...]
    path_weight: float = math.nan

    def _brief(self) -> str:
        where = f"qubit{'' if len(self.qubits) == 1 else 's'} {', '.join(map(str, self.qubits))}"
        return f"{self.parameter} on {where}, {self.cause}, V = {number(self.variance)}"


@dataclass(frozen=True, eq=False, repr=False)
class Scaling(Shown, JsonResult):
    """Decay of gradient variances over the number of qubits n.

    Attributes:
        sizes, variance, low, error: n; median V over live parameters, its lower quartile, and the standard
            error of log V; scale: S at each n.
        law: ``"exponential"`` (V ~ e^(-rate n)), ``"polynomial"`` (V ~ n^(-rate)), ``"constant"``, or
            ``"undecided"`` where these sizes do not tell.
        rate, rate_low, rate_high: with its 95 % interval; negative where V grows. aicc: of each law.
        barren_plateau: exponential decay, told from every other law, whose rate is above zero at 95 %.
        shots, largest_size: shots per value, and the n from which they no longer resolve the median gradient.
        summary: one sentence.
        low_law, low_rate: the same fit of the lower quartile; NaN where its gradients were not all seen.
        unresolved: sizes left out because more than half of the live gradients were not seen there.
        family: whose circuits these are, where it has a name.
        fitted: sizes that the law rests on: where depth and observable do not grow, only those past the
            light cone, which is then at most ``cone_width`` qubits wide (0 where it is not bounded).
    """

    sizes: tuple[int, ...]
    variance: np.ndarray
    low: np.ndarray
    error: np.ndarray
    scale: np.ndarray
    law: str
    rate: float
    rate_low: float
    rate_high: float
    aicc: dict[str, float]
    barren_plateau: bool
    shots: int
    largest_size: float
    summary: str
    low_law: str = ""
    low_rate: float = math.nan
    unresolved: tuple[int, ...] = ()
    fitted: tuple[int, ...] = ()
    cone_width: int = 0
    family: str = ""

    plot = view("figures.scaling", "plot_scaling", f"V over the number of qubits. {PLOT}")

    def _brief(self) -> str:
        of = f"{self.family}, " if self.family else ""
        return f"{of}n = {', '.join(map(str, self.sizes))}: {self.summary.rstrip('.')}"


def trend_words(found: Scaling) -> str:
    """A law in a few words, as ``"exponential, e^(-0.69 n)"``: what the variance is proportional to."""
    if found.law == "exponential":
        return f"exponential, e^({number(-found.rate, 2)} n)"
    if found.law == "polynomial":
        return f"polynomial, n^{number(-found.rate, 2)}"
    return "constant in n" if found.law == "constant" else "not decided"

"""The table of classical simulations: a certificate for each method, from one call.

A method is a row: whether it applies to a cost, what one value takes, how wrong it is, and what evaluates it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from qtrain.circuits.problem import Problem, part
from qtrain.diagnosis.results import AFFORDABLE, CLASSICAL, Certificate
from qtrain.extensions import Table
from qtrain.simulators.evaluators import Evaluator as Batched
from qtrain.simulators.table import SIMULATORS, Plan

TOLERANCE = 0.1  # root-mean-square error, as a share of the cost's standard deviation, that counts as simulated


@dataclass(frozen=True, eq=False)
class Cost(Problem):
    """What a method looks at: the observable's effective cone alone, as the cost is the same at every angle.

    Attributes:
        tolerance: root-mean-square error that counts as simulated, as a share of the cost's standard deviation.
        algebra: name of the circuit's Lie algebra where it is known, such as ``"so(12)"``.
    """

    tolerance: float = TOLERANCE
    algebra: str | None = None

    @property
    def gates(self) -> int:
        return max(len(self.program.opcode), 1)

    @property
    def branchings(self) -> int:
        """Rotations that are no Cliffords."""
        return len(self.program.rotations) + len(self.program.fixed_rotations)


class Evaluator(Protocol):
    """A cost and its gradient at one point (weights,), in radians."""

    def value(self, weights: np.ndarray, /) -> float: ...

    def value_and_gradient(self, weights: np.ndarray, /) -> tuple[float, np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class Assessment:
    """What a method says of one cost.

    Attributes:
        detail: one sentence with the figures. operations: of one value; infinite where it does not apply.
        error: root of the angle-averaged mean squared error, with its 95 % interval; 0 where exact.
        certain: False where its preconditions, or its error, are not certain.
        kind: ``"classical"`` or ``"needs quantum data"``.
        evaluator: builds what computes values by this very method, where there is such a thing.
    """

    detail: str
    operations: float = math.inf
    error: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    certain: bool = True
    kind: str = CLASSICAL
    evaluator: Callable[[], Evaluator] | None = None


@dataclass(frozen=True)
class SimulationMethod:
    """One row of the table.

    Attributes:
        name: ``check`` of its certificate.
        assess: :class:`Cost` -> :class:`Assessment`; None where there is nothing to say.
    """

    name: str
    assess: Callable[[Cost], Assessment | None]

    def certify(self, cost: Cost) -> tuple[Certificate, Surrogate | None] | None:
        """The certificate, and what evaluates the cost by this method where it applies."""
        found = self.assess(cost)
        if found is None:
            return None
        applies = found.certain and found.operations <= AFFORDABLE
        certificate = Certificate(
            self.name, applies, float(found.operations), float(found.error), found.kind, found.detail,
            *(float(end) for end in found.interval),
        )  # fmt: skip
        if not applies or found.evaluator is None:
            return certificate, None
        return certificate, Surrogate(self.name, certificate.error, found.evaluator)


class Surrogate:
    """A cost evaluated classically, by the method of its certificate and no other.

    Attributes:
        method: name of the certificate. error: its root-mean-square error over uniform angles, 0 where exact.
    """

    def __init__(self, method: str, error: float, build: Callable[[], Evaluator]) -> None:
        self.method, self.error, self._build = method, error, build

    def __repr__(self) -> str:
        return f"Surrogate(method={self.method!r}, error={self.error:g})"

    @cached_property
    def evaluator(self) -> Any:
        """What computes the values, built when first asked for."""
        return self._build()

    def value(self, weights: np.ndarray) -> float:
        """The cost at one point (weights,), in radians."""
        return float(self.evaluator.value(weights))

    def value_and_gradient(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and its derivatives (weights,)."""
        value, gradient = self.evaluator.value_and_gradient(weights)
        return float(value), gradient

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Costs (points,) and their derivatives (points, weights) at the rows of ``weights``."""
        if isinstance(self.evaluator, Batched):
            return self.evaluator.values_and_gradients(weights)
        found = [self.value_and_gradient(row) for row in np.atleast_2d(weights)]
        return np.array([value for value, _ in found]), np.array([slopes for _, slopes in found])


def planned(simulator: str) -> Callable[[Cost], Plan | str]:
    """What a simulator would take for a cost, asked once.

    Args:
        simulator: name of a row of ``qtrain.simulators.table``.
    """

    @part
    def ask(cost: Cost) -> Plan | str:  # type: ignore[type-var]
        return SIMULATORS[simulator].plan(cost)

    return ask


def exactly(ask: Callable[[Cost], Plan | str]) -> Callable[[Cost], Assessment]:
    """The certificate of a simulator that is exact: its own clause, operations and evaluator, where memory holds it.

    Args:
        ask: from `planned`.
    """

    def assess(cost: Cost) -> Assessment:
        plan = ask(cost)
        if isinstance(plan, str):
            return Assessment(plan)
        if plan.memory_bytes > cost.budget.memory_bytes:
            more = f"{plan.memory_bytes:.2g} bytes, above the budget's {cost.budget.memory_bytes:.2g}"
            return Assessment(f"{plan.detail}: {more}", plan.operations, certain=False)
        return Assessment(plan.detail, plan.operations, evaluator=plan.build)

    return assess


CERTIFICATES: Table[SimulationMethod] = Table("certificate")


def register_certificate(row: SimulationMethod, *, replace: bool = False) -> SimulationMethod:
    """Add a method that `simulability` asks.

    Raises:
        QTrainError: a name that is taken.

    Example:
        >>> row = register_certificate(SimulationMethod("lookup", lambda cost: Assessment("a table", 1.0)))
        >>> CERTIFICATES.remove("lookup") is row
        True
    """
    return CERTIFICATES.add(row.name, row, replace=replace)

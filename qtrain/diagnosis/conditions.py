"""Conditions on a report, for continuous integration: ``dead > 0.1``.

A condition is ``QUANTITY OPERATOR NUMBER``. Quantities are those of the table of criteria. Shares of all parameters,
by the verdict's cause: ``healthy``, ``dead``, ``concentrated``, ``lost``, ``scrambled``, ``below`` (below the
threshold, cause not resolved), ``unknown`` (no method reaches it) and ``untrainable`` (everything that is not healthy).
Numbers: ``cost_variance``, ``median_variance`` and ``min_variance`` (over the parameters that are not dead),
``parameters``, ``width``, ``depth``, ``dimension``, ``module_dimension``. And what other packages add.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.facts import CAUSES
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq,
    "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """One parsed condition.

    Example:
        >>> condition = Condition.parse("dead > 0.1")
        >>> condition.quantity, condition.operator, condition.number
        ('dead', '>', 0.1)
        >>> condition.holds({"dead": 0.25})
        True
    """

    quantity: str
    operator: str
    number: float

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read ``"dead > 0.1"``; QTrainError names what is not understood."""
        names = known_quantities()
        known = ", ".join(names)
        match = re.fullmatch(r"\s*([a-z_]+)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*", text)
        if match is None:
            raise QTrainError(f"fail-if should read like 'dead > 0.1'. Got {text!r}. Quantities: {known}.")
        quantity, sign, number = match.groups()
        if quantity not in names:
            raise QTrainError(f"fail-if should name one of {known}. Got {quantity!r}.")
        try:
            value = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
            if math.isnan(value):
                raise ValueError
        except ValueError:
            raise QTrainError(
                f"fail-if should end in a number, as in 'dead > 0.1'. Got {number!r}."
            ) from None
        return cls(quantity, sign, value)

    def __str__(self) -> str:
        return f"{self.quantity} {self.operator} {self.number:g}"

    def holds(self, values: dict[str, float]) -> bool:
        """Whether it holds; a quantity that was not computed (NaN) never does."""
        value = values[self.quantity]
        return not math.isnan(value) and _COMPARE[self.operator](value, self.number)


def quantities(report: TrainabilityReport) -> dict[str, float]:
    """Every quantity a condition can name, of one report; NaN where it was not computed."""
    values = {}
    for row in CRITERIA.values():
        known = row.result(report) is not None
        for name, of in row.quantities.items():
            value = of(report) if known else None
            values[name] = math.nan if value is None else float(value)
    return values


def known_quantities() -> list[str]:
    """What a condition may name: the verdicts' causes first."""
    names = [name for row in CRITERIA.values() for name in row.quantities]
    return sorted(names, key=lambda name: list(CAUSES).index(name) if name in CAUSES else len(CAUSES))

"""Conditions on a report, for continuous integration: ``dead > 0.1``.

A condition is ``QUANTITY OPERATOR NUMBER``. Shares of all parameters, by the verdict's cause: ``healthy``,
``dead``, ``concentrated``, ``lost``, ``scrambled``, ``below`` (below the bound), ``unknown`` (no method
reaches it) and ``untrainable`` (everything that is not healthy). Numbers: ``cost_variance``,
``median_variance`` and ``min_variance`` (over the parameters that are not dead), ``parameters``, ``width``,
``depth``, ``dimension``, ``module_dimension``.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport

CAUSES = {
    "healthy": "healthy",
    "dead": "dead",
    "concentrated": "observable concentration",
    "lost": "information lost",
    "scrambled": "scrambled",
    "below": "below the bound",
    "unknown": "unknown",
}
NUMBERS = (
    "cost_variance", "median_variance", "min_variance", "parameters", "width", "depth", "dimension",
    "module_dimension",
)  # fmt: skip
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
        known = ", ".join([*CAUSES, "untrainable", *NUMBERS])
        match = re.fullmatch(r"\s*([a-z_]+)\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*", text)
        if match is None:
            raise QTrainError(f"fail-if should read like 'dead > 0.1'. Got {text!r}. Quantities: {known}.")
        quantity, sign, number = match.groups()
        if quantity not in CAUSES and quantity not in NUMBERS and quantity != "untrainable":
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


def kind(cause: str) -> str:
    """The short word of a verdict's cause.

    Example:
        >>> kind("dead: outside the light cone"), kind("information lost")
        ('dead', 'lost')
    """
    for word, start in CAUSES.items():
        if cause.startswith(start):
            return word
    return "below"


def quantities(report: TrainabilityReport) -> dict[str, float]:
    """Every quantity a condition can name, of one report; NaN where it was not computed."""
    kinds = [kind(v.cause) for v in report.verdicts]
    share = 1.0 / len(kinds) if kinds else math.nan
    values = {word: share * kinds.count(word) for word in CAUSES}
    values["untrainable"] = 1.0 - values["healthy"]
    live = np.array([v.variance for v, k in zip(report.verdicts, kinds) if k != "dead"], dtype=float)
    live = live[np.isfinite(live)]
    dla = report.dla
    cone = report.light_cone
    module = None if dla is None else dla.module_dimension
    return values | {
        "cost_variance": float(report.gradients.cost_variance),
        "median_variance": float(np.median(live)) if live.size else math.nan,
        "min_variance": float(live.min()) if live.size else math.nan,
        "parameters": float(len(kinds)),
        "width": float(cone.width) if cone is not None else math.nan,
        "depth": float(cone.depth) if cone is not None else math.nan,
        "dimension": float(dla.dimension) if dla is not None else math.nan,
        "module_dimension": float(module) if module is not None else math.nan,
    }

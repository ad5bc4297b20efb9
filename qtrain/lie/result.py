"""What `dla` returns; read from JSON without any kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.json_results import JsonResult, Shown, whole


@dataclass(frozen=True, repr=False)
class DLAResult(Shown, JsonResult):
    """Dynamical Lie algebra of the circuit's generators.

    Attributes:
        dimension: of the algebra; a lower bound where ``complete`` is False.
        complete: whether the closure finished within its budget.
        algebra: e.g. ``"so(12)"`` or ``"2 su(4) + u(1)"``; None where it is not known.
        module_dimension: |C(O)|, dimension of the observable's module; None without observable.
        method: how it was found, in words.
        module_complete: False where ``module_dimension`` is a lower bound.
        deep_cost_second_moment: E f^2 of the infinitely deep circuit, where theory gives it.
        deep_variance: (num_parameters,) deep-limit V_k, NaN where theory gives none.
        preconditions: what the deep-limit numbers assume, and what was checked of it.
    """

    dimension: int
    complete: bool
    algebra: str | None
    module_dimension: int | None
    method: str
    module_complete: bool = True
    deep_cost_second_moment: float = math.nan
    deep_variance: np.ndarray | None = None
    preconditions: tuple[str, ...] = ()

    def _brief(self) -> str:
        text = f"dimension {'' if self.complete else 'at least '}{whole(self.dimension)}"
        text += f", {self.algebra}" if self.algebra else ""
        if self.module_dimension is not None:
            least = "" if self.module_complete else "at least "
            text += f"; the observable's module {least}{whole(self.module_dimension)}"
        return text

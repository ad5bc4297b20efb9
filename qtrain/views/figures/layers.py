"""Layers of the gates that have parameters, from where a report says they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from qtrain.diagnosis.results import Verdict


def layers(verdicts: Sequence[Verdict]) -> np.ndarray:
    """(verdicts,) the layer of each: the first one behind all earlier gates that share a qubit with it.

    Gates without parameters are not known to a report. A shared parameter stands where its first gate is.

    Example:
        >>> from qtrain.diagnosis.results import Verdict
        >>> gates = [("a", 0, (0,)), ("b", 1, (1,)), ("c", 2, (0, 1)), ("d", 3, (2,))]
        >>> layers([Verdict(p, k, "healthy", 1, 1, 1, 1, 1, "", k, q) for p, k, q in gates]).tolist()
        [0, 0, 1, 0]
    """
    order = sorted(range(len(verdicts)), key=lambda k: (verdicts[k].gate, verdicts[k].index))
    found = np.zeros(len(verdicts), dtype=int)
    found[order] = first_free([verdicts[k].qubits for k in order])
    return found


def first_free(gates: Sequence[Sequence[int]]) -> list[int]:
    """The layer of each gate, given by its qubits in time order."""
    found: list[int] = []
    free: dict[int, int] = {}
    for qubits in gates:
        found.append(max((free.get(q, 0) for q in qubits), default=0))
        free |= dict.fromkeys(qubits, found[-1] + 1)
    return found

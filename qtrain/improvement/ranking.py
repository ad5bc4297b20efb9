"""Which row of the table is better: what trains, the trend, how little was changed, the cost."""

from __future__ import annotations

import math
from typing import Any

from qtrain.improvement.results import Tried

STEPS = 10  # counts of training parameters that differ by less than one in so many are alike
LAWS = ("constant", "flat", "polynomial", "undecided", "exponential")
"""Trends, the best first; a row without one stands where "undecided" does."""


def ranked(rows: list[Tried], wanted: float = math.inf) -> list[Tried]:
    """The best first; those that failed last.

    Args:
        wanted: parameters that the model as given has: to train more of them is no merit.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> model = {"circuit": QuantumCircuit(1), "observable": SparsePauliOp("Z"), "initialization": "uniform"}
        >>> made = [Tried((), (name,), (), True, **model, trains=trains, law=law)
        ...         for name, trains, law in [("a", 100, "exponential"), ("b", 99, "constant")]]
        >>> [row.names for row in ranked(made)]
        [('b',), ('a',)]
    """
    most = max((min(row.trains, wanted) for row in rows if not row.failed), default=0)

    def key(row: Tried) -> tuple[Any, ...]:
        tenth = round(STEPS * min(row.trains, wanted) / most) if most else 0
        size = -math.floor(math.log10(row.median_variance)) if row.median_variance > 0 else 1000
        return (
            bool(row.failed), -tenth, LAWS.index(row.law or "undecided"), len(row.names), -min(row.trains, wanted),
            size, row.two_qubit_depth, row.parameters, -row.share, row.names,
        )  # fmt: skip

    return sorted(rows, key=key)

"""Which row of the table is better: what trains, the trend, how little was changed, the cost."""

from __future__ import annotations

from typing import Any

from qtrain.improvement.results import Tried

STEPS = 10  # counts of training parameters that differ by less than one in so many are alike
_TRENDS = {"constant": 0, "polynomial": 1, "exponential": 3}
_UNKNOWN = 2


def trend_rank(tried: Tried) -> int:
    """0 constant (or growing), 1 polynomial, 2 not known, 3 exponential."""
    if tried.trend is None or tried.trend_rate < 0:
        return _UNKNOWN if tried.trend is None else 0
    return _TRENDS.get(tried.trend.split()[0].strip(","), _UNKNOWN)


def ranked(rows: list[Tried]) -> list[Tried]:
    """The best first; those that failed last.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> made = [Tried((), (name,), (), True, QuantumCircuit(1), SparsePauliOp("Z"), "uniform", trains=trains, trend=trend)
        ...         for name, trains, trend in [("a", 100, "exponential, 0.7 per qubit"), ("b", 99, "constant in n")]]
        >>> [row.names for row in ranked(made)]
        [('b',), ('a',)]
    """
    most = max((row.trains for row in rows if not row.failed), default=0)

    def key(row: Tried) -> tuple[Any, ...]:
        tenth = round(STEPS * row.trains / most) if most else 0
        return (
            bool(row.failed), -tenth, trend_rank(row), len(row.names), -row.trains, row.two_qubit_depth, row.parameters,
            -row.share, row.names,
        )  # fmt: skip

    return sorted(rows, key=key)

"""Error against two-qubit gates: the front that a method leaves, and whether one is never above another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qtrain.studies.comparison.intervals import SOLVED, TIE

Front = list[tuple[int, float]]


@dataclass(frozen=True)
class FrontCheck:
    """Whether the search's error is at no count of gates above another method's.

    Attributes:
        never_worse: at no count. gates, ratio: where the search does worst: its error over the other's.
        counts: how many counts of the other method's front were looked at.
    """

    never_worse: bool
    gates: int
    ratio: float
    counts: int


def front_of(points: Iterable[tuple[float, float]]) -> Front:
    """The (gates, error) points that no other one undercuts, by rising gates.

    Example:
        >>> front_of([(4, 0.1), (2, 0.3), (6, 0.2), (4, 0.05)])
        [(2, 0.3), (4, 0.05)]
    """
    front: Front = []
    for gates, error in sorted((int(g), float(e)) for g, e in points if math.isfinite(e)):
        if not front or error < front[-1][1]:
            front.append((gates, error))
    return front


def error_at(front: Sequence[tuple[int, float]], gates: int) -> float:
    """The lowest error with at most so many gates, infinite where there is none."""
    return min((error for count, error in front if count <= gates), default=math.inf)


def check_front(
    search: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]], *, solved: float = SOLVED,
    tie: float = TIE,
) -> FrontCheck:  # fmt: skip
    """Compare at every count of gates where the other method's error falls; lower errors than ``solved`` are that one.

    Example:
        >>> check_front([(0, 0.5), (4, 0.1)], [(0, 0.5), (2, 0.2), (6, 0.1)])
        FrontCheck(never_worse=False, gates=2, ratio=2.5, counts=3)
    """
    worst, where = 0.0, 0
    for gates, error in other:
        ratio = max(error_at(search, gates), solved) / max(error, solved)
        if ratio > worst:
            worst, where = ratio, gates
    return FrontCheck(worst <= 1 + tie, where, worst, len(other))

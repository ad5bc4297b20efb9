"""The numbers that an experiment must come out with: rows of its ``expected.json``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import read_json

KINDS = ("absolute", "relative", "at_least", "at_most", "exact")
_ROW = (
    '{"name": "part.number", "value": 1.5, "relative": 0.05, "source": "..."}, where "absolute", "at_least", "at_most" '
    'or "exact": true may take the place of "relative"'
)


@dataclass(frozen=True)
class Row:
    """One number that is expected.

    Attributes:
        name: the part, then where in its numbers, with dots: ``"depth.slope"``, ``"depth.variances.0"``.
        value: what is expected; for bounds the bound.
        kind: "absolute" or "relative" (``tolerance`` is the width), "at_least", "at_most", "exact".
        source: where the value is from: a paper with its equation, a closed form, an earlier run.
        paper: what the paper says, as it is shown beside ours; None where it says nothing.
    """

    name: str
    value: Any
    kind: str
    tolerance: float
    source: str
    paper: Any = None

    def holds(self, found: Any) -> bool:
        """Whether a number that came out is as expected; NaN never is.

        Example:
            >>> Row("a.b", 2.0, "relative", 0.1, "").holds(2.19), Row("a.b", 2.0, "at_most", 0, "").holds(2.19)
            (True, False)
        """
        if self.kind == "exact":
            return bool(type(found) is type(self.value) and found == self.value)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return False
        if self.kind == "at_least":
            return found >= self.value
        if self.kind == "at_most":
            return found <= self.value
        width = self.tolerance * (abs(self.value) if self.kind == "relative" else 1.0)
        return abs(found - self.value) <= width

    @property
    def wanted(self) -> str:
        """The value with its tolerance, for tables.

        Example:
            >>> Row("a.b", 2.0, "relative", 0.1, "").wanted, Row("a.b", 2.0, "at_most", 0, "").wanted
            ('2 ± 10%', '≤ 2')
        """
        if self.kind == "exact":
            return shown(self.value)
        if self.kind in ("at_least", "at_most"):
            return f"{'≥' if self.kind == 'at_least' else '≤'} {shown(self.value)}"
        width = f"{self.tolerance:.3g}" if self.kind == "absolute" else f"{100 * self.tolerance:.3g}%"
        return f"{shown(self.value)} ± {width}"


def shown(value: Any) -> str:
    """A number in four digits, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)


def read_rows(path: Path, size: str) -> list[Row]:
    """The rows of ``size`` in an ``expected.json``: ``{"quick": [row, ...], "full": [row, ...]}``.

    Raises:
        QTrainError: a file without that size, a row that is none, two rows of one name.
    """
    data = read_json(path, "expected.json")
    if not isinstance(data, dict) or not isinstance(data.get(size), list) or not data[size]:
        raise QTrainError(f"expected.json should hold a list of rows for the size {size!r}. Got none in {path}.")
    rows = [_row(entry) for entry in data[size]]
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise QTrainError(f"expected.json should have one row for each number of a size. Got {name!r} twice.")
    return rows


def _row(entry: Any) -> Row:
    kinds = [kind for kind in KINDS if isinstance(entry, dict) and kind in entry]
    good = len(kinds) == 1 and isinstance(entry.get("name"), str) and isinstance(entry.get("source"), str)
    kind = kinds[0] if kinds else ""
    width = kind in ("absolute", "relative")
    if good and width:
        good = all(_number(entry.get(key)) for key in ("value", kind)) and entry[kind] >= 0
    if good and not width:
        exact = "value" in entry and entry[kind] is True
        good = exact if kind == "exact" else "value" not in entry and _number(entry[kind])
    if not good or not entry["source"].strip():
        raise QTrainError(f"A row of expected.json should be like {_ROW}. Got {shortened(entry, longest=200)}.")
    value = entry["value"] if "value" in entry else entry[kind]
    return Row(entry["name"], value, kind, entry[kind] if width else 0.0, entry["source"], entry.get("paper"))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def flat(numbers: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every number of nested tables and lists by its name with dots.

    Example:
        >>> dict(flat({"a": [1, 2], "b": {"c": 3}}, "part"))
        {'part.a.0': 1, 'part.a.1': 2, 'part.b.c': 3}
    """
    if isinstance(numbers, (Mapping, list, tuple)):
        for key, value in numbers.items() if isinstance(numbers, Mapping) else enumerate(numbers):
            yield from flat(value, f"{name}.{key}")
    else:
        yield name, numbers


def compare(rows: Sequence[Row], parts: Mapping[str, Any]) -> tuple[list[tuple[Row, Any, bool]], list[str]]:
    """Each row of one of the ``parts``, what came out and whether it holds; and a sentence for each failure."""
    found = dict(pair for part, numbers in parts.items() for pair in flat(numbers, part))
    table, failures = [], []
    for row in rows:
        part = row.name.partition(".")[0]
        if part not in parts:
            continue
        value = found.get(row.name)
        holds = row.holds(value)
        table.append((row, value, holds))
        if row.name not in found:
            failures.append(f"{row.name} should be a number of the part {part!r}: the part gave none of that name.")
        elif not holds:
            failures.append(f"{row.name} should be {row.wanted}. Got {shown(value)}.")
    for part in parts.keys() - {row.name.partition(".")[0] for row in rows}:
        failures.append(f"The part {part!r} should have a row in expected.json. Got none.")
    return table, failures

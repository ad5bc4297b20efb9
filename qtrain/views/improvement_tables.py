"""What ``qtrain improve`` prints: what was tried and what trains, then what it costs."""

from __future__ import annotations

import math
import re
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from qtrain.diagnosis.facts import number
from qtrain.improvement.advice import helps
from qtrain.improvement.results import Improvements, Tried
from qtrain.json_results import count
from qtrain.views.tables import PLAIN

FEW = 3  # rows that are shown where no parameter trains in any


def improvements_view(found: Improvements, *, title: str, most: int | None = 12) -> RenderableType:
    """The table of a colleague, the best row first; row 0 is the model as it was given.

    Args:
        most: rows that are shown, fewer where nothing trains in any; None: all.
    """
    if most is not None and not any(row.trains for row in (found.before, *found.tried)):
        most = min(most, FEW)
    rows = list(enumerate([found.before, *found.tried[:most]]))
    parts: list[RenderableType] = [
        Text(title, style="bold cyan"), Text(headline(found)), "", _trainable(rows), "", _costs(rows)
    ]
    hidden = len(found.tried) - len(rows) + 1
    hints = [f"{count(hidden, 'more row')}: --all."] if hidden > 0 else []
    if found.tried:
        hints.append("Write the circuit of a row: --apply 1 -o better.qasm (or .qpy).")
    hints.append("median V: of live gradients, for an observable with S = 1.")
    parts += ["", Text(" ".join(hints), style="dim")]
    parts += [Text(f"note: {note}", style="dim") for note in found.notes]
    return Group(*parts)


def best_edits(found: Improvements, most: int = 3) -> RenderableType:
    """The best of what was tried under the model as it is; rows are numbered as in the whole table."""
    better = [(k, row) for k, row in enumerate(found.tried, 1) if helps(found.before, row)]
    head = "What would help" if better else "Nothing that was tried helps"
    return Group(
        Text(head, style="bold cyan"), _trainable([(0, found.before), *better[:most]]),
        Text("All that was tried, and the circuits: qtrain improve", style="dim"),
    )  # fmt: skip


def headline(found: Improvements) -> str:
    """One sentence: what trains now, and what the best row makes of it."""
    before = f"As it is, {found.before.effect} at {found.shots} shots"
    if not found.tried:
        return f"{before}; there was nothing to try."
    best = next((row for row in found.tried if helps(found.before, row)), None)
    if best is None:  # as many may train of fewer
        best = next((row for row in found.tried if row.keeps_function and row.share > found.before.share), None)
    if best is None:
        return f"{before}; {count(len(found.tried), 'change')} tried, none does better."
    return f"{before}; with the best of {count(len(found.tried), 'change')}, {best.effect}."


def _trainable(rows: list[tuple[int, Tried]]) -> Table:
    table = Table(
        Column("#", justify="right", no_wrap=True), Column("what is changed", overflow="fold", ratio=1),
        Column("train", justify="right", no_wrap=True), Column("share", justify="right", no_wrap=True),
        Column("median V", justify="right", no_wrap=True), Column("with n", no_wrap=True), **PLAIN,
        expand=True,
    )  # fmt: skip
    for k, row in rows:
        if row.failed:
            table.add_row(str(k), escape(f"{_change(row)}: {row.failed}"), "failed", "–", "–", "–", style="dim")
            continue
        table.add_row(
            str(k), escape(_change(row)), f"{row.trains}/{row.parameters}", f"{100 * row.share:.0f} %",
            _about(row) + number(row.median_variance), _law(row.trend or "–"),
            style="bold" if k == 1 else None,
        )  # fmt: skip
    return table


def _change(row: Tried) -> str:
    """What was changed; row 0 and the title say what it was before."""
    if not row.names:
        return f"as it is: {row.family}" if row.family else "as it is"
    return "; ".join(map(shorter, row.edits)) + (" (keeps the function)" if row.keeps_function else "")


def _about(row: Tried) -> str:
    return "" if row.exact or math.isnan(row.median_variance) else "~"


def _law(trend: str) -> str:
    """``e^(-0.65 n)`` of ``exponential, e^(-0.65 n)``; a ratio between two sizes is left to the sentence above."""
    return trend.partition(":")[0].rpartition(", ")[2]


def shorter(edit: str) -> str:
    """An edit without what it replaces, and without how Python says it.

    Example:
        >>> shorter("measure the sum of Z on each qubit instead of the parity")
        'measure the sum of Z on each qubit'
        >>> shorter('entanglement="linear" instead of "circular" (CX from the first qubit to the last)')
        'entanglement="linear" (CX from the first qubit to the last)'
    """
    return re.sub(r" instead of (?!\d).*?(?= \(|: |$)| \(initialization=[^)]*\)", "", edit)


def _costs(rows: list[tuple[int, Tried]]) -> Table:
    noisy = any(row.noise_survival is not None for _, row in rows)
    names = ["#", "2q depth", "2q gates", "Fisher rank", *(["left by noise"] if noisy else []), "cheapest certificate"]
    table = Table(*(Column(name, justify="left" if name == names[-1] else "right") for name in names), **PLAIN)
    for k, row in rows:
        if row.failed:
            continue
        least = "" if row.qfim_exact else "≥ "
        rank = "–" if row.qfim_rank is None else f"{least}{row.qfim_rank} of {row.parameters}"
        cells: list[Any] = [str(k), str(row.two_qubit_depth), str(row.two_qubit_gates), rank]
        if noisy:
            cells.append("–" if row.noise_survival is None else f"{100 * row.noise_survival:.0f} %")
        table.add_row(*cells, escape(row.simulation or "–"))
    return table

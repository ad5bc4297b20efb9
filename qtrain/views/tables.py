"""What the command line prints of circuits: Rich tables of reports.

Plain functions from results to renderables; nothing here computes physics.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.facts import CAUSES, interval, kind, number

if TYPE_CHECKING:
    from qtrain.diagnosis.at_point import LocalDiagnosis
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.diagnosis.results import Scaling, Verdict

STYLES = {
    "healthy": "green", "dead": "red", "concentrated": "yellow", "lost": "blue", "scrambled": "magenta",
    "below": "bright_black", "unknown": "bright_black",
}  # fmt: skip
PLAIN: dict[str, Any] = {"box": None, "pad_edge": False, "padding": (0, 2, 0, 0)}


def name_value(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, escape(text))
    return table


def _ranges(indices: Sequence[int], limit: int = 6) -> str:
    """``0–5, 8, 10`` for [0, 1, 2, 3, 4, 5, 8, 10]."""
    runs: list[list[int]] = []
    for index in sorted(indices):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    parts = [str(a) if a == b else f"{a}–{b}" for a, b in runs[:limit]]
    return ", ".join(parts) + (f", … ({len(indices)} in all)" if len(runs) > limit else "")


def facts(report: TrainabilityReport) -> list[tuple[str, str]]:
    """The key figures of a report, as (name, text): a few lines of each criterion."""
    size = f"{report.num_qubits} qubits, {report.num_gates} gates, two-qubit depth {report.two_qubit_depth}"
    rows = [("circuit", size)] + ([("noise", report.noise)] if report.noise else [])
    for row in CRITERIA.values():
        if row.result(report) is not None:
            rows += [(name, text) for name, text in row.facts(report)]
    return rows


def cause_table(verdicts: Sequence[Verdict]) -> Table:
    """One row per cause: how many parameters, which, how small, what to do."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.cause, []).append(verdict)
    table = Table(
        Column("cause", overflow="fold"), Column("count", justify="right"),
        Column("parameters (by #)", overflow="fold"), Column("median V", justify="right", no_wrap=True),
        Column("advice", overflow="fold"), **PLAIN,
    )  # fmt: skip
    order = list(CAUSES)
    for cause, members in sorted(groups.items(), key=lambda item: (order.index(kind(item[0])), -len(item[1]))):
        variances = [v.variance for v in members if not math.isnan(v.variance)]
        table.add_row(
            Text(cause, style=STYLES[kind(cause)]),
            str(len(members)),
            _ranges([v.index for v in members]),
            number(float(np.median(variances))) if variances else f"≤ {number(max(v.upper for v in members))}",
            escape(_advice(members)),
        )
    return table


def _advice(members: Sequence[Verdict]) -> str:
    """What all of them are told, or what the one with the largest variance is told."""
    if kind(members[0].cause) == "healthy":
        return ""
    if len({v.advice for v in members}) == 1:
        return members[0].advice
    best = max(members, key=lambda v: -math.inf if math.isnan(v.variance) else v.variance)
    return f"#{best.index}: {best.advice}"


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """One row per parameter."""
    figures = ("#", "V", "β", "φ")
    names = ("#", "parameter", "qubits", "V", "95 % interval", "β", "φ")
    columns = [Column(name, justify="right" if name in figures else "left", no_wrap=True) for name in names]
    table = Table(*columns, Column("cause", overflow="fold"), **PLAIN)
    for v in verdicts:
        table.add_row(
            str(v.index),
            escape(v.parameter),
            ",".join(map(str, v.qubits)),
            number(v.variance),
            interval(v.variance, v.lower, v.upper),
            number(v.beta, 2),
            number(v.phi, 2),
            Text(v.cause, style=STYLES[kind(v.cause)]),
        )
    return table


def report_view(report: TrainabilityReport, *, title: str, all_parameters: bool = False) -> RenderableType:
    """The whole of ``qtrain diagnose``: summary, key figures, causes, and the parameters when few or asked for."""
    parts: list[RenderableType] = [
        Text(title, style="bold cyan"), Text(report.summary), "", name_value(facts(report))
    ]
    if report.verdicts:
        parts += ["", cause_table(report.verdicts)]
    parts += [Text(f"note: {note}", style="dim") for note in report.notes]
    if all_parameters:
        parts += ["", verdict_table(report.verdicts)]
    return Group(*parts)


def scaling_view(found: Scaling, *, title: str, remark: str = "") -> RenderableType:
    """The law of a family's gradients, and the figures that it rests on."""
    rows = [
        [n, float(v), float(low), "yes" if n in found.fitted else "no"]
        for n, v, low in zip(found.sizes, found.variance, found.low, strict=True)
    ]
    parts: list[RenderableType] = [Text(title, style="bold cyan"), Text(found.summary[:1].upper() + found.summary[1:])]
    parts += [Text(f"note: {remark}.", style="dim")] if remark else []
    return Group(*parts, "", grid(["qubits", "median V", "lower quartile", "in the fit"], rows))


def comparison(reports: Mapping[str, TrainabilityReport]) -> Table:
    """Two or more reports side by side, a column each."""
    table = Table(**PLAIN)
    table.add_column("", style="bold")
    columns = [dict(facts(report)) for report in reports.values()]
    for name in reports:
        table.add_column(name, overflow="fold")
    for row in dict.fromkeys(key for column in columns for key in column):
        table.add_row(row, *(escape(column.get(row, "–")) for column in columns))
    table.add_row("summary", *(escape(report.summary) for report in reports.values()))
    return table


def shortened(observable: str | None, *, widest: int = 24) -> str | None:
    """An observable's text where a column has room for it, else how many terms it has.

    Example:
        >>> shortened("ZZI + 0.5*IXX"), shortened(" + ".join(["ZZIIIIII"] * 15))
        ('ZZI + 0.5*IXX', '15 terms')
    """
    if observable is None or len(observable) <= widest:
        return observable
    return f"{len(re.split(r' [+-] ', observable))} terms"


def headline(name: str, observable: str, *, widest: int = 72) -> str:
    """What a report is about, on one line: long observables by their first terms, wide ones by their qubits.

    Example:
        >>> headline("a.qasm", "ZZI + 0.5*IXX")
        'a.qasm, ZZI + 0.5*IXX'
        >>> headline("a.qasm", " + ".join(["2*ZZ" + 38 * "I"] * 15), widest=20)
        'a.qasm, 2*Z38 Z39 + … (15 terms)'
    """
    if len(observable) <= widest:
        return f"{name}, {observable}"
    terms = re.split(r" (?=[+-] )", re.sub(r"[IXYZ]{8,}", _sparse, observable).strip())
    shown = list(itertools.accumulate(terms, lambda text, term: f"{text} {term}"))
    fits = [text for text in shown if len(text) <= widest] or [terms[0][: widest - 2] + "…"]
    rest = f" + … ({len(terms)} terms)" if len(fits) < len(terms) else ""
    return f"{name}, {fits[-1]}{rest}"


def _sparse(label: re.Match[str]) -> str:
    """``Z0 Z9`` for the letters of a wide Pauli string."""
    letters = label[0][::-1]
    return " ".join(f"{letter}{q}" for q, letter in enumerate(letters) if letter != "I") or label[0]


def grid(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A plain table; figures are right-aligned and formatted by :func:`number`."""
    rows = [list(row) for row in rows]
    table = Table(**PLAIN)
    for i, column in enumerate(columns):
        figures = bool(rows) and all(isinstance(row[i], (int, float, type(None))) for row in rows)
        table.add_column(column, justify="right" if figures else "left", overflow="fold", no_wrap=figures)
    for row in rows:
        cells = ["–" if v is None else number(v) if isinstance(v, (int, float)) else escape(str(v)) for v in row]
        table.add_row(*cells)
    return table


def pairs(data: Mapping[str, Any]) -> Table:
    """Names and values, one row each."""
    return name_value((name, number(v) if isinstance(v, (int, float)) else str(v)) for name, v in data.items())


def local_view(local: LocalDiagnosis, *, all_parameters: bool = False) -> RenderableType:
    """The diagnosis at given angles: key figures, then the parameters that cost most (or all)."""
    size = len(local.parameters)
    live = np.flatnonzero(np.isfinite(local.shots))
    rows = [
        ("cost", number(local.value, 6)),
        ("gradient norm", number(float(np.linalg.norm(local.gradient)), 4)),
        ("resolved", f"{int(local.resolved.sum())} of {size} gradients by {local.shots_per_value:,} shots per value"),
        (
            "shots of one step",
            f"{number(local.step_shots)} for a signal-to-noise ratio of 1 ({len(live)} parameters)",
        ),
    ]
    if local.qfim_rank is not None:
        text = f"rank {local.qfim_rank} of {size}, condition number {number(local.qfim_condition)}"
        rows.append(("Fisher information", text))
    order = live[np.argsort(-local.shots[live], kind="stable")]
    shown = range(size) if all_parameters else order[:10]
    slopes = np.where(np.isfinite(local.shots), local.gradient, 0.0)  # rounding is not a gradient
    table = grid(
        ["#", "parameter", "angle", "gradient", "shots"],
        [[int(k), local.parameters[k], float(local.angles[k]), float(slopes[k]), float(local.shots[k])] for k in shown],
    )  # fmt: skip
    head = Text("At the given angles", style="bold cyan")
    note = "All parameters:" if all_parameters else f"The {len(shown)} parameters that need most shots:"
    return Group(head, name_value(rows), "", Text(note), table)

"""What the command line prints of circuits: Rich tables of reports.

Plain functions from results to renderables; nothing here computes physics.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.facts import CAUSES, count, interval, kind, number
from qtrain.views.fitting import FittingTable

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
    size = f"{count(report.num_qubits, 'qubit')}, {count(report.num_gates, 'gate')}"
    size += f", two-qubit depth {report.two_qubit_depth}"
    rows = [("circuit", size)] + ([("noise", report.noise)] if report.noise else [])
    rows.append(("trains", report.frontier.text))
    for row in CRITERIA.values():
        if row.result(report) is not None:
            rows += [(name, text) for name, text in row.facts(report)]
    return rows


class ByWidth:
    """A table where it has room, else the same as lines of text: columns that are squeezed lose what they say."""

    def __init__(self, table: Table, lines: Sequence[Text], *, least: int) -> None:
        self.table, self.lines, self.least = table, lines, least

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        return [self.table] if options.max_width >= self.least else self.lines


def cause_table(verdicts: Sequence[Verdict]) -> ByWidth:
    """One row per cause: how many parameters, which, how small, what to do."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(verdict.cause, []).append(verdict)
    table = FittingTable(
        Column("cause", overflow="fold"), Column("count", justify="right"),
        Column("parameters (by #)", overflow="fold"), Column("median V", justify="right", no_wrap=True),
        Column("advice", overflow="fold"), **PLAIN,
    )  # fmt: skip
    order, lines = list(CAUSES), []
    for cause, members in sorted(groups.items(), key=lambda item: (order.index(kind(item[0])), -len(item[1]))):
        variances = [v.variance for v in members if not math.isnan(v.variance)]
        which, advice, style = _ranges([v.index for v in members]), _advice(members), STYLES[kind(cause)]
        middle = number(float(np.median(variances))) if variances else f"≤ {number(max(v.upper for v in members))}"
        table.add_row(Text(cause, style=style), str(len(members)), which, middle, escape(advice))
        lines += [Text(f"{cause}: {len(members)}", style=style), Text(f"  # {which}; median V {middle}")]
        lines += [Text(f"  {advice}")] if advice else []
    return ByWidth(table, lines, least=72)


def _advice(members: Sequence[Verdict]) -> str:
    """What all of them are told, or what the one with the largest variance is told."""
    if kind(members[0].cause) == "healthy":
        return ""
    if len({v.advice for v in members}) == 1:
        return members[0].advice
    best = max(members, key=lambda v: -math.inf if math.isnan(v.variance) else v.variance)
    return f"#{best.index}: {best.advice}"


def verdict_table(verdicts: Sequence[Verdict]) -> ByWidth:
    """One row per parameter."""
    figures = ("#", "V", "β", "φ")
    names = ("#", "parameter", "qubits", "V", "95 % interval", "β", "φ")
    columns = [Column(name, justify="right" if name in figures else "left", no_wrap=True) for name in names]
    table = FittingTable(*columns, Column("cause", overflow="fold"), **PLAIN)
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
    lines = [
        Text(f"#{v.index} {v.parameter}: ").append(v.cause, STYLES[kind(v.cause)]).append(f", V {number(v.variance)}")
        for v in verdicts
    ]
    return ByWidth(table, lines, least=96)


def report_view(
    report: TrainabilityReport, *, title: str, picture: RenderableType | None = None, all_parameters: bool = False
) -> RenderableType:
    """The whole of ``qtrain diagnose``: summary, key figures, the circuit, causes; every parameter when asked for."""
    parts: list[RenderableType] = [
        Text(title, style="bold cyan"), Text(report.summary), "", name_value(facts(report))
    ]
    if picture is not None:
        parts += ["", picture]
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


def comparison(reports: Mapping[str, TrainabilityReport]) -> RenderableType:
    """Two reports by what differs: their summaries, the figures that are not the same, how many have which cause."""
    (first, before), (second, after) = reports.items()
    rows = [dict(facts(report)) for report in (before, after)]
    names = list(dict.fromkeys(name for column in rows for name in column))
    texts = {name: [column.get(name, "–") for column in rows] for name in names}
    same = [name for name, (one, other) in texts.items() if one == other]
    figures = FittingTable(Column("", style="bold", overflow="fold"), Column(escape(first), overflow="fold"),
                    Column(escape(second), overflow="fold"), **PLAIN)  # fmt: skip
    for name, pair in texts.items():
        if name not in same:
            figures.add_row(name, *map(escape, pair))
    counts = [Counter(verdict.cause for verdict in report.verdicts) for report in (before, after)]
    order = list(CAUSES)
    shown = sorted(set(counts[0]) | set(counts[1]), key=lambda cause: (order.index(kind(cause)), cause))
    columns = [Column(escape(name), justify="right", overflow="fold") for name in reports]
    causes = FittingTable(
        Column("cause", overflow="fold"), *columns, Column("change", justify="right", no_wrap=True), **PLAIN
    )  # fmt: skip
    for cause in shown:
        one, other = counts[0][cause], counts[1][cause]
        change = f"{other - one:+d}" if other != one else "same"
        causes.add_row(Text(cause, style=STYLES[kind(cause)]), str(one), str(other), change)
    parts: list[RenderableType] = [Text(f"{first} against {second}", style="bold cyan")]
    parts += [Text.assemble((f"{name}: ", "bold"), report.summary) for name, report in reports.items()]
    parts += ["", figures] if figures.row_count else []
    parts += [Text(f"the same: {', '.join(same)}", style="dim")] if same else []
    parts += ["", causes]
    for name, report in reports.items():
        parts += [Text(f"note, {name}: {note}", style="dim") for note in report.notes]
    return Group(*parts)


def shortened(observable: str | None, *, widest: int = 24) -> str | None:
    """An observable's text where a column has room for it, else how many terms it has.

    Example:
        >>> shortened("ZZI + 0.5*IXX"), shortened(" + ".join(["ZZIIIIII"] * 15))
        ('ZZI + 0.5*IXX', '15 terms')
    """
    if observable is None or len(observable) <= widest:
        return observable
    return count(len(re.split(r" [+-] ", observable)), "term")


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
    table = FittingTable(**PLAIN)
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


def _most_shots(count: int) -> str:
    return "The parameter that needs most shots:" if count == 1 else f"The {count} parameters that need most shots:"


def local_view(local: LocalDiagnosis, *, all_parameters: bool = False) -> RenderableType:
    """The diagnosis at given angles: key figures, then the parameters that cost most (or all)."""
    size = len(local.parameters)
    live = np.flatnonzero(np.isfinite(local.shots))
    rows = [
        ("cost", number(local.value, 6)),
        ("gradient norm", number(float(np.linalg.norm(local.gradient)), 4)),
        ("resolved", f"{int(local.resolved.sum())} of {count(size, 'gradient')} by "
                     f"{count(local.shots_per_value, 'shot')} per value"),
        (
            "shots of one step",
            f"{number(local.step_shots)} for a signal-to-noise ratio of 1 ({count(len(live), 'parameter')})",
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
    note = "All parameters:" if all_parameters else _most_shots(len(shown))
    return Group(head, name_value(rows), "", Text(note), table)

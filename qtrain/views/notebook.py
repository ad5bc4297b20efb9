"""What a notebook shows of a result: a small table, readable on light and on dark ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from qtrain.json_results import number

Rows = list[tuple[str, str]]
MOST = 8  # rows of a list that is cut

# Colours are the notebook's own: text as it is, lines half seen through.
_TABLE = "border-collapse:collapse;font-size:90%;text-align:left"
_CELL = "padding:.15em .9em .15em 0;text-align:left;vertical-align:top;border-bottom:1px solid rgba(128,128,128,.35)"


def card(result: Any) -> str:
    """The key figures of a result as HTML; every text is escaped.

    Example:
        >>> from qtrain.lie.result import DLAResult
        >>> "<td" in card(DLAResult(15, True, "su(4)", None, "closure"))
        True
    """
    title = type(result).__name__
    rows = _ROWS.get(title, _brief_rows)(result)
    body = "".join(
        f'<tr><th scope="row" style="{_CELL};font-weight:600">{escape(name)}</th>'
        f'<td style="{_CELL};max-width:46em">{escape(text)}</td></tr>'
        for name, text in rows
    )
    return (
        f'<div style="color:inherit;overflow-x:auto"><table style="{_TABLE}"><caption style="caption-side:top;'
        f'text-align:left;font-weight:600;padding:.2em 0">{escape(title)}</caption><tbody>{body}</tbody></table></div>'
    )


def _brief_rows(result: Any) -> Rows:
    return [("", part.strip()) for part in result._brief().split("; ")]


def _report_rows(report: Any) -> Rows:
    from qtrain.views.tables import facts

    return [("summary", report.summary), *facts(report), *(("note", note) for note in report.notes[:MOST])]


def _gradient_rows(stats: Any) -> Rows:
    rows = [("method", stats.method), ("cost variance", stats.cost_figure)]
    zero = int(stats.proven_zero.sum())
    rows.append(("parameters", f"{len(stats.parameters)}, {zero} of them proven to vanish"))
    figures = list(zip(stats.parameters, stats.variance, stats.lower, stats.upper))
    rows += [(f"V of {name}", f"{number(v)} ({number(low)} … {number(high)})") for name, v, low, high in figures[:MOST]]
    return rows + _more(figures)


def _search_rows(result: Any) -> Rows:
    states = ", ".join(f"{n} {state}" for state, n in result.counts.items() if n) or "none"
    rows = [("study", result.study), ("trials", states), ("winner", result.rule if result.winner else "none")]
    by_number = {t.number: t for t in result.trials}
    best = None if result.winner is None else result.winner.number
    front = sorted(result.front, key=lambda n: (n != best, n))
    for n in front[:MOST]:
        figures = ", ".join(f"{name} {number(value)}" for name, value in by_number[n].objectives.items())
        rows.append((f"{'★ ' if n == best else ''}trial {n}", figures))
    rows += _more(front)
    return [*rows, ("use it", f"qtrain.load({result.name!r}).circuit()")] if result.name else rows


def _entry_rows(entry: Any) -> Rows:
    rows = [
        ("name", entry.name), ("architecture", entry.architecture.summary), ("found at", f"{entry.num_qubits} qubits"),
        ("observable", entry.observable or "not stated"), ("study", str(entry.study or "–")),
    ]  # fmt: skip
    return rows + [(name, number(value)) for name, value in entry.objectives.items()]


def _scaling_rows(found: Any) -> Rows:
    rows = [("summary", found.summary)]
    return rows + [(f"n = {n}", f"median V {number(float(v))}") for n, v in zip(found.sizes, found.variance)]


def _growth_rows(found: Any) -> Rows:
    rows = [("dimension", found.dimension.law)] + ([("module", found.module.law)] if found.module else [])
    names = [f"{'' if done else 'at least '}{v:,}" for v, done in zip(found.dimension.values, found.dimension.complete)]
    pairs = list(zip(found.sizes, names, found.algebras))
    rows += [(f"n = {n}", text + (f", {name}" if name else "")) for n, text, name in pairs[:MOST]]
    return rows + _more(pairs)


def _benchmark_rows(found: Any) -> Rows:
    return [("study", found.study), *(("", sentence) for sentence in found.sentences())]


def _simulability_rows(found: Any) -> Rows:
    ways = [(c.check, c._brief().removeprefix(c.check).lstrip(", ")) for c in found.certificates]
    return [("verdict", found.verdict), *ways]


def _improvement_rows(found: Any) -> Rows:
    rows = [(str(k), row._brief()) for k, row in enumerate([found.before, *found.tried[:MOST]])]
    return rows + _more(found.tried)


def _audit_rows(found: Any) -> Rows:
    rows = [("data", f"{found.data}: {found.sizes}"), ("summary", found.summary)]
    rows += [(finding.question, finding.sentence) for finding in found.findings]
    rows += [(row.name, str(row.balanced)) for row in found.scores if row.balanced is not None]
    return rows + [("note", note) for note in found.notes[:MOST]]


def _more(shown: Sequence[Any]) -> Rows:
    return [("…", f"{len(shown) - MOST} more")] if len(shown) > MOST else []


_ROWS: dict[str, Callable[[Any], Rows]] = {
    "TrainabilityReport": _report_rows,
    "GradientStats": _gradient_rows,
    "SearchResult": _search_rows,
    "RegistryEntry": _entry_rows,
    "Scaling": _scaling_rows,
    "DLAGrowth": _growth_rows,
    "Benchmark": _benchmark_rows,
    "Simulability": _simulability_rows,
    "Improvements": _improvement_rows,
    "Audit": _audit_rows,
}

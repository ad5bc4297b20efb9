"""The page of a study: what it found, how it went, what decided it, and a report for each circuit on its front."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from qtrain.errors import QTrainError
from qtrain.json_results import count, number
from qtrain.studies.propose.importances import importances
from qtrain.studies.result import SearchResult
from qtrain.views.names import spoken
from qtrain.views.page.shell import Column, Html, Section, asset, data_table, facts_list, frame, term, text
from qtrain.views.study_page.charts import Point, bars, legend, scatter
from qtrain.views.study_page.reports import summary, trial_report

if TYPE_CHECKING:
    from qtrain.studies.trials import TrialRecord

MOST_REPORTS = 60  # trials with a report of their own
MOST_CRITERIA = 6
DERIVED = re.compile(r"_is_bound$|^task_loss|^energy|^gradient_evaluations$|^accuracy|^test_")  # of the loss itself


def study_page(result: SearchResult, *, title: str | None = None, written: datetime | None = None) -> str:
    """A search as one HTML file that asks for nothing from anywhere.

    Args:
        result: of `qtrain.search`, or of a study that is read from its storage.
        title: heading; None: the study's name. written: the date in the small print; None: now.

    Returns:
        The text of the file, at most about 3 MB.

    Raises:
        QTrainError: another result.

    Example:
        >>> import qtrain, tempfile
        >>> spec = {"name": "ising", "qubits": 2, "task": {"kind": "tfim"}, "trials": 2, "batch": 2,
        ...         "training": {"steps": 5, "starts": 1}}
        >>> found = qtrain.search(spec, tracking_uri="off", storage=tempfile.mkdtemp() + "/ising.journal")
        >>> "<h1>Study ising</h1>" in found.to_html()
        True
    """
    if not isinstance(result, SearchResult):
        raise QTrainError(f"result should be a SearchResult. Got {type(result).__name__}.")
    shown = _shown(result)
    sections = [Section("summary", "Summary", _summary(result))]
    if len(result.objectives) > 1:
        sections.append(Section("front", "Pareto front", _front(result, shown)))
    sections.append(Section("history", "History", _history(result, shown)))
    sections.append(Section("reports", "Circuits", _reports(result, shown)))
    sections.append(Section("criteria", "Criteria against the loss", _criteria(result, shown)))
    if mattered := _importances(result):
        sections.append(Section("importances", "What mattered", mattered))
    if stopped := _stopped(result):
        sections.append(Section("stopped", "Pruned and failed", stopped))
    sections.append(Section("trials", "All trials", _trials(result, shown)))
    sections.append(Section("about", "How this was found", _about(result)))
    when = (written or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M %Z").strip()
    versions = next((t.versions for t in reversed(result.trials) if t.versions), {})
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    return frame(
        title or f"Study {result.study}", sections, lead=_lead(result),
        footer=f"Written {when} by qtrain; figures of {made or 'unknown versions'}.",
        styles=[asset("study.css")], scripts=[asset("study.js")],
    )  # fmt: skip


def _shown(result: SearchResult) -> tuple[int, ...]:
    """Trials with a report: the winner, those trained in full, the front, then the best of the first objective."""
    first, down = result.objectives[0], result.directions[0] == "minimize"
    done = [t for t in result.trials if t.state == "complete" and first in t.objectives and t.duplicate_of is None]
    best = sorted(done, key=lambda t: (t.objectives[first] if down else -t.objectives[first], t.number))
    winner = [] if result.winner is None else [result.winner.number]
    chosen = [*winner, *sorted(result.full), *result.front, *(t.number for t in best[:5])]
    return tuple(dict.fromkeys(chosen))[:MOST_REPORTS]


def _lead(result: SearchResult) -> str:
    counts = result.counts
    states = ", ".join(f"{n} {state}" for state, n in counts.items() if n) or "none yet"
    said = f"{count(len(result.trials), 'trial')}: {states}."
    if result.interrupted or counts["running"]:
        said += " It was not finished; the same search goes on where it stopped."
    if result.winner is None:
        return f"{said} There is no winner: no trial is within all limits."
    figures = ", ".join(f"{spoken(name)} {number(v)}" for name, v in result.winner.objectives.items())
    return f"{said} The winner is trial {result.winner.number}: {figures}."


def _summary(result: SearchResult) -> str:
    rows: list[tuple[str, str]] = []
    if result.winner is not None:
        won = result.winner.number
        link = Html(f'<a href="#trial-{won}">trial {won}</a>, {text(summary(result.winner))}')
        rows += [("winner", link), ("chosen as", result.rule)]
        rows += [(spoken(name), number(v, 6)) for name, v in result.winner.objectives.items()]
    if result.name:
        rows.append(("use it", f"qtrain.load({result.name!r}).circuit()"))
    wanted = ", ".join(f"{spoken(n)} ({d})" for n, d in zip(result.objectives, result.directions))
    rows += [("objectives", wanted), ("qubits", str(result.spec.qubits)), ("task", str(result.spec.task.kind))]
    rows += [(spoken(name), number(value, 8)) for name, value in result.references.items()]
    return facts_list(rows)


def _group(trial: TrialRecord, result: SearchResult) -> str:
    if result.winner is not None and trial.number == result.winner.number:
        return "winner"
    if trial.state in ("pruned", "failed"):
        return trial.state
    return "over" if not trial.feasible else "front" if trial.number in result.front else "trial"


def _hint(trial: TrialRecord) -> str:
    figures = [f"{spoken(name)}: {number(value, 4)}" for name, value in trial.objectives.items()]
    what = summary(trial)
    return "\n".join([f"Trial {trial.number}", *figures, what if len(what) <= 160 else what[:159] + "…"])


def _point(trial: TrialRecord, result: SearchResult, x: float, y: float, shown: Sequence[int]) -> Point:
    return Point(x, y, _group(trial, result), trial.number, _hint(trial), trial.number in shown)


def _complete(result: SearchResult) -> list[TrialRecord]:
    return [
        t for t in result.trials if t.state == "complete" and all(math.isfinite(v) for v in t.objectives.values())
    ]


def _name(name: str, result: SearchResult, arrows: tuple[str, str]) -> str:
    better = arrows[result.directions[result.objectives.index(name)] == "maximize"]
    return f"{spoken(name)} ({better} better)"


def _front(result: SearchResult, shown: Sequence[int]) -> str:
    done = _complete(result)
    if not done:
        return '<p class="soft">No trial was completed, so there is no front.</p>'
    charts = []
    for a, b in itertools.combinations(result.objectives, 2):
        points = [_point(t, result, t.objectives[a], t.objectives[b], shown) for t in done]
        x, y = _name(a, result, ("←", "→")), _name(b, result, ("↓", "↑"))
        charts.append(scatter(points, x=x, y=y, title=f"{b} against {a}, {count(len(done), 'trial')}"))
    note = "<p>Point at a mark for its circuit; click one of the front for its report.</p>"
    return note + _charts(charts) + legend(_group(t, result) for t in done)


def _history(result: SearchResult, shown: Sequence[int]) -> str:
    if not result.trials:
        return '<p class="soft">There are no trials yet.</p>'
    charts, done = [], _complete(result)
    rest = [t for t in result.trials if t.state in ("pruned", "failed")]
    rim = [Point(t.number, 0.0, t.state, t.number, f"Trial {t.number}, {t.state}\n{t.reason}") for t in rest]
    for name, direction in zip(result.objectives, result.directions):
        points = [_point(t, result, t.number, t.objectives[name], shown) for t in done]
        steps: list[tuple[float, float]] = []
        for t in done:
            value = t.objectives[name]
            better = not steps or (value < steps[-1][1] if direction == "minimize" else value > steps[-1][1])
            if t.feasible and better:
                steps.append((t.number, value))
        steps += [(result.trials[-1].number, steps[-1][1])] if steps else []
        label, title = _name(name, result, ("↓", "↑")), f"{name} of each trial"
        charts.append(scatter(points, x="trial", y=label, title=title, rim=rim, steps=steps, whole=True))
    groups = [_group(t, result) for t in (*done, *rest)]
    return _charts(charts) + legend(groups, line="best so far" if any(t.feasible for t in done) else "")


def _charts(charts: Sequence[str]) -> str:
    return f'<div class="grid-of-charts">{"".join(charts)}</div>'


def _reports(result: SearchResult, shown: Sequence[int]) -> str:
    if not shown:
        return '<p class="soft">No trial was completed, so there is no circuit to report.</p>'
    by_number = {t.number: t for t in result.trials}
    best = None if result.winner is None else result.winner.number
    lines = [trial_report(by_number[n], result, best=n == best, open=n == best) for n in shown if n in by_number]
    said = "The winner, the front, and the lowest of the first objective."
    return f"<p>{said} {text(count(len(lines), 'circuit'))}.</p>" + "".join(lines)


def _criteria(result: SearchResult, shown: Sequence[int]) -> str:
    """Rank correlation of every figure with the loss, over the trials that have both."""
    loss = "task_loss" if any("task_loss" in t.objectives for t in result.trials) else result.objectives[0]
    done = [t for t in _complete(result) if t.duplicate_of is None and loss in t.objectives]
    found = []
    for name in sorted({key for t in done for key in t.metrics}):
        rows = [(t, float(t.metrics[name])) for t in done if math.isfinite(float(t.metrics.get(name, math.nan)))]
        if name == loss or DERIVED.search(name) or len(rows) < 4 or len({v for _, v in rows}) < 2:
            continue
        rho = rank_correlation([v for _, v in rows], [t.objectives[loss] for t, _ in rows])
        if math.isfinite(rho):
            found.append((name, rho, rows))
    if not found:
        return '<p class="soft">Fewer than four trials have criteria that differ: nothing to compare.</p>'
    found.sort(key=lambda row: -abs(row[1]))
    axis = spoken(loss)
    charts = [
        scatter(
            [_point(t, result, v, t.objectives[loss], shown) for t, v in rows],
            x=f"{spoken(name)} (ρ = {rho:+.2f})", y=axis, title=f"{loss} against {name}",
        )
        for name, rho, rows in found[:MOST_CRITERIA]
    ]  # fmt: skip
    columns = ["criterion", "rank correlation ρ", "trials"]
    table = data_table(columns, [[spoken(n), r, len(rows)] for n, r, rows in found], caption="All criteria")
    said = (
        f"Spearman's ρ over the trials that were trained: +1 where a larger figure always comes with a larger {axis}. "
        "The search chose these trials, and figures of one circuit hang together: it is no proof of a cause."
    )
    return f"<p>{text(said)}</p>" + _charts(charts) + table


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's ρ; NaN where one of them has one value only.

    Example:
        >>> rank_correlation([1, 2, 3], [10, 100, 1000])
        1.0
    """
    x, y = rankdata(a), rankdata(b)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    return round(float(np.corrcoef(x, y)[0, 1]), 12)


def _importances(result: SearchResult) -> str:
    found = importances(result)
    if not found:
        return ""
    parts = [f"<h3>{text(spoken(name))}</h3>{bars(shares)}" for name, shares in found.items()]
    said = (
        "The share of each choice in what tells the better trials from the others (Optuna's PED-ANOVA); "
        "choices that every trial shares have none."
    )
    return f"<p>{text(said)}</p>" + "".join(parts)


def _stopped(result: SearchResult) -> str:
    groups: dict[tuple[str, str], list[TrialRecord]] = {}
    for t in result.trials:
        if t.state in ("pruned", "failed"):
            groups.setdefault((t.state, re.sub(r"(?<![\w.])-?\d[\d.]*(e[+-]?\d+)?", "…", t.reason)), []).append(t)
    if not groups:
        return ""
    rows = []
    for (state, _), members in sorted(groups.items(), key=lambda item: -len(item[1])):
        numbers = ", ".join(str(t.number) for t in members[:20]) + (", …" if len(members) > 20 else "")
        rows.append([len(members), state, members[0].reason or "no reason was kept", numbers])
    wide = Column("reason (of the first)", wide=True), Column("trials", wide=True)
    columns: list[Column | str] = ["count", "state", *wide]
    return data_table(columns, rows, caption="Trials that were stopped, by their reason")


def _trials(result: SearchResult, shown: Sequence[int]) -> str:
    if not result.trials:
        return '<p class="soft">None yet.</p>'
    there = set(shown)
    best = None if result.winner is None else result.winner.number
    rows = []
    for t in result.trials:
        star = "★ " if t.number == best else ""
        name = Html(f'{star}<a href="#trial-{t.number}">{t.number}</a>') if t.number in there else t.number
        state = f"copy of {t.duplicate_of}" if t.duplicate_of is not None else t.state
        state += ", over a limit" if t.state == "complete" and not t.feasible else ""
        figures = [float(t.objectives[o]) if o in t.objectives else None for o in result.objectives]
        rows.append([name, state, *figures, summary(t), t.seconds])
    names = [spoken(o) for o in result.objectives]
    columns: list[Column | str] = ["trial", "state", *names, Column("circuit", wide=True), "seconds"]
    return data_table(columns, rows, caption="Every trial", id="all-trials", filtered=True)


def _about(result: SearchResult) -> str:
    rows = [("stored in", result.storage), ("tracked in", result.tracking_uri or "nowhere")]
    rows.append(("seed", str(result.spec.seed)))
    if result.seconds:
        rows.append(("time", f"{result.seconds:.1f} s of this call"))
    stages: Counter[str] = Counter()
    for t in result.trials:
        stages.update(t.timings)
    rows += [("evaluation", ", ".join(f"{stage} {s:.3g} s" for stage, s in stages.most_common()))] if stages else []
    if result.undelivered:
        rows.append(("not delivered", f"{count(result.undelivered, 'trial')} to the tracking server"))
    spec = json.dumps(result.spec.to_dict(), indent=1, default=str, ensure_ascii=False)
    words = ", ".join(term(key) for key in ("two-qubit-depth", "expressibility", "lie-algebra", "V"))
    return (
        f"{facts_list(rows)}<details><summary>The whole spec</summary>"
        f'<pre class="spec" tabindex="0">{text(spec)}</pre></details>'
        f'<p class="soft">Words that criteria use: {words}.</p>'
    )

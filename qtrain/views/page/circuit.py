"""The page of a report: the circuit with its verdicts, why gradients vanish, and what was tried instead."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from qtrain.diagnosis.facts import CAUSES, kind, number, whole
from qtrain.views.page.charts import profile, trend
from qtrain.views.page.differences import differences, side_by_side
from qtrain.views.page.improved import best, improved
from qtrain.views.page.marks import hatchings, shares, styles
from qtrain.views.page.parameters import picture, report_data, verdict_groups
from qtrain.views.page.shell import (
    Column,
    Html,
    Section,
    asset,
    data_table,
    facts_list,
    frame,
    linked,
    plain_terms,
    text,
)
from qtrain.views.tables import facts, headline

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.diagnosis.scaling import Scaling
    from qtrain.improvement.results import Improvements

_EMPTY = (
    "Point at a gate, or go to one with the arrow keys: its parameter, its verdict, and the gates through which it "
    "reaches the observable."
)
_BARE = "This report does not hold the circuit, so it is not drawn: diagnose the circuit again to see it."


def circuit_page(
    report: TrainabilityReport, *, improvements: Improvements | None = None, against: TrainabilityReport | None = None,
    title: str | None = None, names: tuple[str, str] = ("this circuit", "the other"), written: datetime | None = None,
) -> str:  # fmt: skip
    """The report as one HTML file that asks for nothing from anywhere.

    Args:
        report: of `qtrain.diagnose`, or read from its JSON; its circuit is drawn where the report carries it.
        improvements: of `qtrain.improve`, shown as a table with the circuits before and after.
        against: a second report, which then stands beside the first.
        title: heading; None: what the report says of itself. names: of the two that are compared.
        written: the date in the small print; None: now.

    Returns:
        The text of the file, at most about 3 MB.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.diagnosis.diagnose import diagnose
        >>> text = circuit_page(diagnose(real_amplitudes(2, reps=1), "IZ"))
        >>> text.startswith("<!doctype html>"), "3 of 4 parameters train" in text
        (True, True)
    """
    both = {"0": report} if against is None else {"0": report, "1": against}
    called = dict(zip(both, names))
    sections = _one(report) if against is None else _two(both, called)
    if improvements is not None:
        place = next((k for k, part in enumerate(sections) if part.id == "profile"), len(sections))
        sections.insert(place, Section("improve", "What was tried", improved(improvements)))
    sections.append(Section("about", "How this was found", _about(both, called)))
    tried = best(improvements) if improvements is not None else ""
    data = "".join(report_data(each, id) for id, each in both.items())
    when = (written or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M %Z").strip()
    made = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    if title is None:
        qubits = f"{report.num_qubits} qubit{'' if report.num_qubits == 1 else 's'}"
        title = headline(f"A circuit on {qubits}", plain_terms(report.observable))
    return frame(
        title, sections, lead=report.summary if against is None else "", head=tried + hatchings() + data,
        footer=f"Written {when} by qtrain; figures of {made or 'an unknown version'}.",
        styles=[asset("circuit.css"), styles()], scripts=[asset("circuit.js")],
    )  # fmt: skip


def _one(report: TrainabilityReport) -> list[Section]:
    parts = [
        Section("summary", "Summary", _counts(report) + facts_list(facts(report)) + _notes(report)),
        Section("circuit", "Circuit", _circuit(report, "0", "The circuit, each gate coloured by its verdict")),
        Section("verdicts", "Verdicts", verdict_groups(report, of="0")),
    ]
    if report.verdicts:
        parts.append(Section("profile", "Variances", _profile(report, "0")))
    if (found := getattr(report, "trend", None)) is not None:
        parts.append(Section("trend", "Trend with n", _trend(found)))
    if report.dla is not None:
        parts.append(Section("algebra", "Lie algebra", _algebra(report)))
    if report.simulability is not None:
        parts.append(Section("simulation", "Classical simulation", _certificates(report)))
    if report.expressivity is not None:
        parts.append(Section("expressivity", "Expressivity", _expressivity(report)))
    return parts


def _two(both: Mapping[str, TrainabilityReport], names: Mapping[str, str]) -> list[Section]:
    def pair(make: Callable[[TrainabilityReport, str], str], *, wide: bool = False) -> Html:
        inside = "".join(f"<div><h3>{text(names[id])}</h3>{make(each, id)}</div>" for id, each in both.items())
        return Html(inside if wide else f'<div class="pair">{inside}</div>')

    one, other = both.values()
    parts = [
        Section("summary", "Comparison", pair(lambda r, _: _counts(r)) + side_by_side(both, names)),
        Section("differences", "Differences", differences(one, other, list(names.values()))),
        Section("circuit", "Circuits", pair(lambda r, id: _circuit(r, id, names[id]), wide=True)),
        Section("verdicts", "Verdicts", pair(lambda r, id: verdict_groups(r, of=id), wide=True)),
    ]
    if one.verdicts or other.verdicts:
        parts.append(Section("profile", "Variances", pair(lambda r, id: _profile(r, id, beside=(one, other)))))
    return parts


def _counts(report: TrainabilityReport) -> Html:
    return shares(Counter(kind(v.cause) for v in report.verdicts))


def _notes(report: TrainabilityReport) -> str:
    if not report.notes:
        return ""
    return "<h3>Notes</h3><ul>" + "".join(f"<li>{linked(note)}</li>" for note in report.notes) + "</ul>"


def _circuit(report: TrainabilityReport, id: str, title: str) -> Html:
    if report.drawing is None:
        return Html(f"<p>{_BARE}</p>")
    return picture(report.drawing, of=id, title=title, empty=_EMPTY)


def _profile(report: TrainabilityReport, id: str, *, beside: Sequence[TrainabilityReport] = ()) -> Html:
    if not report.verdicts:
        return Html("<p>The circuit has no free parameters.</p>")
    key = "Bars: 95 % intervals. Open marks: a bound, no value. Ticks: exactly zero. A click goes to the row."
    return Html(profile(report, of=id, beside=beside) + f'<p class="soft">{linked(key)}</p>')


def _trend(found: Scaling) -> Html:
    family = facts_list([("family", found.family)] if found.family else [])
    return Html(f"<p>{linked(found.summary[:1].upper() + found.summary[1:])}</p>{trend(found)}{family}")


def _algebra(report: TrainabilityReport) -> Html:
    dla = report.dla
    assert dla is not None
    least = "" if dla.complete else "at least "
    rows = [("dimension of the Lie algebra", f"{least}{whole(dla.dimension)}"), ("algebra", dla.algebra or "not named")]
    if dla.module_dimension is not None:
        bound = "" if dla.module_complete else "at least "
        rows.append(("the observable's module", f"dimension {bound}{whole(dla.module_dimension)}"))
    if math.isfinite(dla.deep_cost_second_moment):
        rows.append(("infinitely deep", f"second moment of the cost {number(dla.deep_cost_second_moment)}"))
    rows.append(("found by", dla.method))
    rows += [("assumed" if k == 0 else "", line) for k, line in enumerate(dla.preconditions)]
    return facts_list(rows)


def _certificates(report: TrainabilityReport) -> Html:
    found = report.simulability
    assert found is not None
    order = sorted(found.certificates, key=lambda c: (not c.applies, c.cost))
    rows = [
        [c.check, *(("yes", c.cost, c.error, c.kind) if c.applies else ("no", None, None, "–")), c.detail]
        for c in order
    ]  # fmt: skip
    columns = [
        Column("method"), Column("applies"), Column("operations"), Column("error"), Column("kind", "certificate"),
        Column("detail", wide=True),
    ]  # fmt: skip
    return Html(
        f"<p>{linked(found.verdict)}</p>"
        + data_table(columns, rows, caption="Certificates of classical simulation", id="certificates")
    )


def _expressivity(report: TrainabilityReport) -> Html:
    found = report.expressivity
    assert found is not None
    rank = f"{'' if found.qfim_rank_exact else 'at least '}{found.qfim_rank} of {number(found.qfim_max)}"
    spread = ""
    if math.isfinite(found.expressibility_low):
        spread = f" ({number(found.expressibility_low)} … {number(found.expressibility_high)})"
    rows = [
        ("QFIM rank", rank),
        ("expressibility", number(found.expressibility) + spread),
        ("entangling capability", number(found.entangling_capability)),
        ("effective dimension", number(found.effective_dimension)),
    ]
    return facts_list([(name, value) for name, value in rows if value != "–"])


def _about(both: Mapping[str, TrainabilityReport], names: Mapping[str, str]) -> Html:
    lists = []
    for id, report in both.items():
        seeds = ", ".join(map(str, report.gradients.seeds))
        slow = ", ".join(f"{name} {seconds:.2g}" for name, seconds in report.seconds.items())
        rows = [
            ("observable", plain_terms(report.observable)), ("initialization", report.initialization),
            ("shots", f"{report.shots:,} per expectation value"), ("threshold", number(report.threshold)),
            ("seed", seeds or "–"), ("noise", report.noise or "none"),
            ("versions", ", ".join(f"{name} {version}" for name, version in report.versions.items()) or "–"),
            ("seconds", slow or "–"),
        ]  # fmt: skip
        lists.append((f"<h3>{text(names[id])}</h3>" if len(both) > 1 else "") + facts_list(rows))
    words = ", ".join(CAUSES.values())
    return Html("".join(lists) + f'<p class="soft">Kinds of verdicts: {linked(words)}.</p>')

"""What ``qtrain improve`` tried, on a page: the table of edits, and the circuits before and after."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from qtrain.circuits.drawing.gates import drawing
from qtrain.views.page.marks import shares
from qtrain.views.page.parameters import picture, plain_data
from qtrain.views.page.shell import Column, Html, data_table, linked, term, text

if TYPE_CHECKING:
    from qtrain.improvement.results import Improvements, Tried

SHOWN = 3  # circuits that are drawn


def improved(found: Improvements) -> Html:
    """The table, the model as it was given in its first row; below it the best circuits, in closed groups."""
    rows = [_row(0, found.before), *(_row(k + 1, tried) for k, tried in enumerate(found.tried))]
    noisy = any(tried.noise_survival is not None for tried in (found.before, *found.tried))
    columns = [
        Column("#"), Column("what was changed", wide=True), Column("function", "keeps-function"), Column("train"),
        Column("median V", "V"), Column("trend", "trend", wide=True), Column("two-qubit depth", "two-qubit-depth"),
        Column("expressivity", "expressivity"), *([Column("left by noise")] if noisy else []),
        Column("classical simulation", "certificate", wide=True),
    ]  # fmt: skip
    lines = [row if noisy else [*row[:8], row[9]] for row in rows]
    kept = f" Not to be changed: {', '.join(found.kept)}." if found.kept else ""
    lead = (
        f"<p>{len(found.tried)} edits were tried, each diagnosed at {found.shots:,} {term('shots')}; the best first."
        f"{text(kept)} Take one over with <code>qtrain improve … --apply K -o better.qpy</code>.</p>"
    )
    notes = "".join(f'<p class="soft">{linked(note)}</p>' for note in found.notes)
    best = [(k + 1, tried) for k, tried in enumerate(found.tried) if not tried.failed][:SHOWN]
    circuits = "".join(_drawn(k, tried) for k, tried in [(0, found.before), *best])
    table = data_table(columns, lines, caption="What was tried, and what was measured of it", id="tried")
    return Html(lead + table + notes + "<h3>Before and after</h3>" + circuits)


def best(found: Improvements) -> Html:
    """The best of what was tried, as a sentence that leads to the table; nothing where nothing trains more."""
    row = next((tried for tried in found.tried if not tried.failed), None)
    if row is None or row.trains <= found.before.trains:
        return Html("")
    return Html(f'<p>Best of what was <a href="#improve">tried</a>: {text(row.what)}: {text(row.effect)}.</p>')


def _row(k: int, tried: Tried) -> list[Any]:
    what = "as it was given" if k == 0 else tried.what
    if tried.failed:
        return [k, f"{what}: not measured, {tried.failed}", "–", *[None] * 2, "–", *[None] * 3, "–"]
    function = "" if k == 0 else "kept" if tried.keeps_function else "changed"
    counted = f"{tried.trains} of {tried.parameters} ({100 * tried.share:.3g} %)"
    return [
        k, what, function, (counted, tried.share), tried.median_variance, tried.trend or "–", tried.two_qubit_depth,
        tried.expressivity, tried.noise_survival, tried.simulation or "–",
    ]  # fmt: skip


def _drawn(k: int, tried: Tried) -> str:
    names = [p.name for p in tried.circuit.parameters]
    label = "Before" if k == 0 else f"After {k}: {tried.what}"
    terms = " + ".join(f"{complex(c).real:g}*{word}" for word, c in tried.observable[:2000].to_list())
    drawn = drawing(tried.circuit, names)
    shown = picture(drawn, of=f"t{k}", title=label, empty="Point at a gate, or go to one with the arrow keys.")
    trains = f"<span class=soft>({tried.trains} of {tried.parameters} train)</span>"
    data = plain_data(drawn, names, terms, f"t{k}", tried.verdicts)
    counts = shares(Counter(tried.verdicts.values()))
    return f"<details><summary>{text(label)} {trains}</summary>{data}{counts}{shown}</details>"

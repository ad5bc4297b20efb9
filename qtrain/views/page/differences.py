"""Two reports beside each other: what their tables say, and what became of every parameter that both have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qtrain.diagnosis.facts import CAUSES, kind
from qtrain.json_results import count
from qtrain.views.page.marks import badge
from qtrain.views.page.shell import Column, Html, data_table, linked, text
from qtrain.views.tables import facts

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.diagnosis.results import Verdict

MOST_ROWS = 2_000


def side_by_side(both: Mapping[str, TrainabilityReport], names: Mapping[str, str]) -> Html:
    """The lines of both reports; those that differ are marked."""
    columns = [dict(facts(each)) for each in both.values()]
    rows = [("summary", [each.summary for each in both.values()])]
    keys = dict.fromkeys(key for column in columns for key in column)
    rows += [(key, [column.get(key, "–") for column in columns]) for key in keys]
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in names.values())
    body = "".join(
        f'<tr{" class=differs" if cells[0] != cells[1] else ""}><th scope="row">{linked(name)}</th>'
        f"{''.join(f'<td class=w>{linked(cell)}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    )
    return Html(
        '<div class="scroll whole" tabindex="0" role="region" aria-label="Both reports"><table><caption>Both reports, '
        f"side by side; a bar marks what differs</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )


def differences(one: TrainabilityReport, other: TrainabilityReport, names: Sequence[str]) -> Html:
    """Parameter by parameter, by name: how many verdicts changed from which kind to which, and every one of them."""
    second = {v.parameter: v for v in other.verdicts}
    pairs = [(v, second[v.parameter]) for v in one.verdicts if v.parameter in second]
    if not pairs:
        return Html("<p>No parameter has the same name in both circuits.</p>")
    moved = Counter((kind(a.cause), kind(b.cause)) for a, b in pairs if kind(a.cause) != kind(b.cause))
    alone = [f"{count(len(r.verdicts) - len(pairs), 'parameter')} in {name} alone"
             for r, name in zip((one, other), names) if len(r.verdicts) > len(pairs)]  # fmt: skip
    said = ", ".join([f"{count(len(pairs), 'parameter')} in both", *alone])
    said += f"; {count(moved.total(), 'verdict')} changed."
    lines = "".join(
        f"<li>{number} × {badge(a)} {text(CAUSES[a])} → {badge(b)} {text(CAUSES[b])}</li>"
        for (a, b), number in moved.most_common()
    )
    shown = sorted(pairs, key=lambda pair: kind(pair[0].cause) == kind(pair[1].cause))[:MOST_ROWS]
    columns = [
        Column("parameter"), *(Column(name, wide=True) for name in names),
        *(Column(f"V, {name}", "V") for name in names), Column("V: second / first"),
    ]  # fmt: skip
    rows = [[a.parameter, _verdict(a), _verdict(b), a.variance, b.variance, _ratio(a, b)] for a, b in shown]
    marks = ['class="differs"' if kind(a.cause) != kind(b.cause) else "" for a, b in shown]
    caption = "Every parameter that both circuits have, those with another verdict first"
    if len(shown) < len(pairs):
        caption += f"; the first {len(shown):,} of {len(pairs):,}"
    table = data_table(columns, rows, caption=caption, id="differences-rows", filtered=True, attributes=marks)
    return Html(f'<p>{text(said)}</p><ul class="legend">{lines}</ul>{table}')


def _verdict(v: Verdict) -> Html:
    return Html(f"{badge(kind(v.cause))} {text(v.cause)}")


def _ratio(one: Verdict, other: Verdict) -> float | None:
    known = math.isfinite(one.variance) and math.isfinite(other.variance) and one.variance > 0
    return other.variance / one.variance if known else None

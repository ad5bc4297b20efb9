"""How each kind of verdict looks: a colour, and besides it a letter, a hatching and a shape that tell as much."""

from __future__ import annotations

from dataclasses import dataclass

from qtrain.diagnosis.facts import CAUSES
from qtrain.views.page.shell import Html, term, text
from qtrain.views.palette import CAUSE_COLOURS


@dataclass(frozen=True)
class Mark:
    """``colour``: of the palette; ``ink``: of text on it (contrast of 4.5 or more); ``letter``.

    ``hatch``: path in a tile of 8 by 8; ``shape``: path of a point of a chart, around its place.
    """

    colour: str
    ink: str
    letter: str
    hatch: str
    shape: str


_CROSS = "m0 -1.5l3 -3l1.5 1.5l-3 3l3 3l-1.5 1.5l-3 -3l-3 3l-1.5 -1.5l3 -3l-3 -3l1.5 -1.5z"
_PLUS = "m-1.3 -4.5h2.6v3.2h3.2v2.6h-3.2v3.2h-2.6v-3.2h-3.2v-2.6h3.2z"
MARKS = {
    "healthy": Mark(CAUSE_COLOURS["healthy"], "#000", "✓", "", "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0"),
    "dead": Mark(CAUSE_COLOURS["dead"], "#000", "✕", "M0 8L8 0M0 0L8 8", _CROSS),
    "concentrated": Mark(CAUSE_COLOURS["concentrated"], "#000", "C", "M4 1v3", "m-3.5 -3.5h7v7h-7z"),
    "lost": Mark(CAUSE_COLOURS["lost"], "#fff", "L", "M0 4h8", "m0 -5l5 5l-5 5l-5 -5z"),
    "scrambled": Mark(CAUSE_COLOURS["scrambled"], "#000", "S", "M0 8L8 0", "m0 -4.5l4.5 8h-9z"),
    "below": Mark(CAUSE_COLOURS["below"], "#000", "B", "M4 0v8", _PLUS),
    "unknown": Mark(CAUSE_COLOURS["unknown"], "#000", "?", "M0 0L8 8", "m0 4.5l4.5 -8h-9z"),
}


def styles() -> str:
    """The colours as classes of style sheets."""
    return "".join(f".k-{kind} {{ --c: {mark.colour}; --t: {mark.ink}; }}\n" for kind, mark in MARKS.items())


def hatchings() -> Html:
    """The patterns that pictures fill with, once on a page."""
    tiles = "".join(
        f'<pattern id="hatch-{kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path d="{mark.hatch}" stroke="{mark.ink}" stroke-opacity=".2" stroke-width="1.3" fill="none"/></pattern>'
        for kind, mark in MARKS.items() if mark.hatch
    )  # fmt: skip
    return Html(f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{tiles}</defs></svg>')


def badge(kind: str) -> Html:
    """The letter of a kind on its colour; its name stands beside it."""
    return Html(f'<span class="k k-{kind}" aria-hidden="true">{MARKS[kind].letter}</span>')


def shares(counts: dict[str, int]) -> Html:
    """A bar of the kinds of all verdicts, with its legend."""
    there = {kind: counts[kind] for kind in MARKS if counts.get(kind)}
    total = sum(there.values())
    if not total:
        return Html("")
    spoken = ", ".join(f"{count} {CAUSES[kind]}" for kind, count in there.items())
    bar = "".join(
        f'<span class="k-{kind}" style="flex:{count}" data-tip="{count} of {total}: {text(CAUSES[kind])}">'
        f"{MARKS[kind].letter if count >= total / 25 else ''}</span>"
        for kind, count in there.items()
    )
    legend = "".join(
        f"<li>{badge(kind)} {count} {term(kind, CAUSES[kind])} ({100 * count / total:.3g} %)</li>"
        for kind, count in there.items()
    )
    bar = f'<div class="share" role="img" aria-label="{text(spoken)}">{bar}</div>'
    return Html(f'{bar}<ul class="legend">{legend}</ul>')

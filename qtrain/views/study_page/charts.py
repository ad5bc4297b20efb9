"""Charts of trials as plain SVG: every point says its trial when pointed at, and leads to it when clicked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qtrain.json_results import number
from qtrain.views.names import spoken
from qtrain.views.page.shell import Html, text

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 14, 46
FLAT = 190  # height of a training's curve
MOST_BARS = 8
DECADES = 2.0  # an axis over more of them is logarithmic
SHAPES = {  # around the point; besides the colour, of the style sheet's class
    "trial": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
    "front": "m-4.5 -4.5h9v9h-9z",
    "winner": "m0 -9l2.6 6.1 6.6 .5-5 4.3 1.6 6.5-5.8-3.5-5.8 3.5 1.6-6.5-5-4.3 6.6-.5z",
    "over": "m-4 -3l3 3-3 3 1 1 3-3 3 3 1-1-3-3 3-3-1-1-3 3-3-3z",
    "pruned": "m-1 -5h2v10h-2z",
    "failed": "m-4 -3l3 3-3 3 1 1 3-3 3 3 1-1-3-3 3-3-1-1-3 3-3-3z",
}
NAMES = {
    "trial": "trial", "front": "Pareto front", "winner": "winner", "over": "over a limit", "pruned": "pruned",
    "failed": "failed",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """``group``: a key of `SHAPES`; ``trial``: its number; ``hint``: what is said of it; ``link``: to its report."""

    x: float
    y: float
    group: str
    trial: int
    hint: str
    link: bool = False


class Axis:
    """From values to places: linear, or logarithmic where they are positive and span decades (zeros at its end)."""

    def __init__(self, values: Iterable[float], begin: float, end: float, *, log: bool | None = None) -> None:
        known = [v for v in values if math.isfinite(v)]
        positive = [v for v in known if v > 0]
        self.log = log if log is not None else bool(
            positive and min(known) >= 0 and math.log10(max(positive)) - math.log10(min(positive)) > DECADES
        )
        self.floor = min(positive, default=1.0)
        places = [self._place(v) for v in known] or [0.0]
        low, high = min(places), max(places)
        if self.log and min(known) == 0:
            low -= 0.5
        room = (high - low) * 0.06 or 0.5
        self.low, self.high, self.begin, self.end = low - room, high + room, begin, end

    def _place(self, value: float) -> float:
        return math.log10(max(value, self.floor / 10**0.5)) if self.log else value

    def at(self, value: float) -> float:
        share = (self._place(value) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """(place, text): decades, or round numbers."""
        if self.log:
            exponents = range(math.ceil(self.low), math.floor(self.high) + 1)
            step = max(1, math.ceil(len(exponents) / 6))
            plain = all(-4 < e < 4 for e in exponents)
            return [(self.at(10.0**e), f"{10.0**e:g}" if plain else _power(e)) for e in exponents[::step]]
        raw = (self.high - self.low) / 5
        unit = 10.0 ** math.floor(math.log10(raw))
        step_ = next(unit * k for k in (1, 2, 5, 10) if unit * k >= raw)
        first, last = math.ceil(self.low / step_), math.floor(self.high / step_)
        return [(self.at(k * step_), number(round(k * step_, 12), 6)) for k in range(first, last + 1)]


def scatter(
    points: Sequence[Point], *, x: str, y: str, title: str, rim: Sequence[Point] = (),
    steps: Sequence[tuple[float, float]] = (), whole: bool = False,
) -> Html:  # fmt: skip
    """One chart.

    Args:
        points: what has a place. rim: what has an x alone, drawn on the lower rim.
        x, y: names of the axes. title: for those who hear the page. steps: a line of stairs, such as the best so far.
        whole: the x axis counts trials.
    """
    if not points and not rim:
        return Html(f'<p class="soft">{text(title)}: nothing to show.</p>')
    across = Axis([p.x for p in (*points, *rim)], LEFT, WIDTH - RIGHT, log=False if whole else None)
    up = Axis([p.y for p in points], HEIGHT - BOTTOM - (12 if rim else 0), TOP)
    grid = "".join(f'<path class="grid" d="M{LEFT} {at}H{WIDTH - RIGHT}"/><text x="{LEFT - 7}" y="{at + 4}" '
                   f'text-anchor="end">{said}</text>' for at, said in up.ticks()) if points else ""  # fmt: skip
    grid += "".join(
        f'<path class="tick" d="M{at} {HEIGHT - BOTTOM}v4"/><text x="{at}" y="{HEIGHT - BOTTOM + 17}" '
        f'text-anchor="middle">{said}</text>' for at, said in across.ticks() if not whole or "." not in said
    )  # fmt: skip
    line = ""
    if steps:
        path = f"M{across.at(steps[0][0])} {up.at(steps[0][1])}"
        line = f'<path class="line" d="{path + "".join(f"H{across.at(a)}V{up.at(b)}" for a, b in steps[1:])}"/>'
    order = list(SHAPES)
    drawn = "".join(
        _mark(p, across.at(p.x), up.at(p.y)) for p in sorted(points, key=lambda p: (order.index(p.group) % 3, p.trial))
    ) + "".join(_mark(p, across.at(p.x), HEIGHT - BOTTOM - 6) for p in rim)
    middle, side = (LEFT + WIDTH - RIGHT) / 2, (HEIGHT - BOTTOM + TOP) / 2
    return Html(
        f'<figure class="trials"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-label="{text(title)}">'
        f'{grid}<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>{line}{drawn}'
        f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{text(x)}</text>'
        f'<text transform="translate(13 {side}) rotate(-90)" text-anchor="middle">{text(y)}</text>'
        "</svg></figure>"
    )


def legend(groups: Iterable[str], *, line: str = "") -> Html:
    """What the marks mean: of the groups that were drawn, in order."""
    there = set(groups)
    items = "".join(
        f'<li><svg class="trials" width="18" height="18" viewBox="-9 -9 18 18" aria-hidden="true">'
        f'<path class="g-{g}" d="M0 0{SHAPES[g]}"/></svg> {NAMES[g]}</li>' for g in SHAPES if g in there
    )  # fmt: skip
    if line:
        items += ('<li><svg class="trials" width="24" height="18" viewBox="0 -9 24 18" aria-hidden="true">'
                  f'<path class="line" d="M0 0H24"/></svg> {text(line)}</li>')  # fmt: skip
    return Html(f'<ul class="legend">{items}</ul>')


def bars(shares: dict[str, float]) -> Html:
    """Shares as bars with their figures, the largest first; small ones together."""
    order = sorted(shares.items(), key=lambda item: -item[1])
    rest = order[MOST_BARS:]
    order = order[:MOST_BARS] + ([(f"{len(rest)} others", sum(v for _, v in rest))] if rest else [])
    rows = "".join(
        f'<div class="bar-row"><span>{text(spoken(name))}</span><span class="track">'
        f'<span style="width:{100 * share:.1f}%"></span></span><span>{100 * share:.3g} %</span></div>'
        for name, share in order
    )
    return Html(f'<div class="bars">{rows}</div>')


def curve(losses: Sequence[float], *, title: str) -> Html:
    """A training, step by step."""
    known = [(float(k), float(v)) for k, v in enumerate(losses) if isinstance(v, (int, float)) and math.isfinite(v)]
    if len(known) < 2:
        return Html("")
    across = Axis([k for k, _ in known], LEFT, WIDTH - RIGHT, log=False)
    base = FLAT - BOTTOM
    up = Axis([v for _, v in known], base, TOP)
    grid = "".join(
        f'<path class="grid" d="M{LEFT} {at}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 7}" y="{at + 4}" text-anchor="end">{said}</text>' for at, said in up.ticks()[::2]
    )  # fmt: skip
    path = "L".join(f"{across.at(k)} {up.at(v)}" for k, v in known)
    return Html(
        f'<figure class="trials"><svg viewBox="0 0 {WIDTH} {FLAT}" role="img" aria-label="{text(title)}">{grid}'
        f'<path class="axis" d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}"/><path class="line" d="M{path}"/>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{base + 18}" text-anchor="middle">{text(title)}</text>'
        "</svg></figure>"
    )


def _mark(p: Point, x: float, y: float) -> str:
    mark = f'<path class="g-{p.group}" data-trial="{p.trial}" data-tip="{text(p.hint)}" d="M{x} {y}{SHAPES[p.group]}"/>'
    if not p.link:
        return mark
    return f'<a href="#trial-{p.trial}" aria-label="{text(p.hint)}">{mark}</a>'


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))

"""Charts as plain SVG: the profile of variances, the trend over n. Axes of variances are logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qtrain.diagnosis.facts import CAUSES, kind, number
from qtrain.views.page.marks import MARKS
from qtrain.views.page.shell import Html, text

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.diagnosis.results import Verdict
    from qtrain.diagnosis.scaling import Scaling

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 14, 44
_LOWEST, _HIGHEST = 1e-300, 1e300
_DEEPEST = 1e-3  # of a value: an interval that goes below does not stretch the axis


class _Axis:
    """Decades from below the smallest value to above the largest."""

    def __init__(self, values: Iterable[float]) -> None:
        logs = [math.log10(v) for v in values if _positive(v)]
        self.low, self.high = (math.floor(min(logs) - 0.1), math.ceil(max(logs) + 0.1)) if logs else (-4, 0)

    def y(self, value: float) -> float:
        return self.at(math.log10(min(max(value, _LOWEST), _HIGHEST)))

    def at(self, exponent: float) -> float:
        share = (exponent - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM), 1)

    def drawn(self, label: str) -> str:
        step = max(1, math.ceil((self.high - self.low) / 7))
        lines = "".join(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.at(e)}" y2="{self.at(e)}"/>'
            f'<text x="{LEFT - 8}" y="{self.at(e) + 4}" text-anchor="end">{_power(e)}</text>'
            for e in range(self.low, self.high + 1, step)
        )
        middle = (TOP + HEIGHT - BOTTOM) / 2
        return lines + (
            f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{text(label)}</text>'
            f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
        )


def profile(report: TrainabilityReport, *, of: str, beside: Sequence[TrainabilityReport] = ()) -> Html:
    """Every variance with its interval in the order of the gates; exact zeros stand on the axis, bounds are open marks.

    Args:
        report: with one verdict or more. of: id of its data on the page, for what the pointer shows.
        beside: reports whose charts should have the same axis.
    """
    verdicts = sorted(report.verdicts, key=lambda v: (v.gate, v.index))
    step = (WIDTH - LEFT - RIGHT - 20) / max(len(verdicts) - 1, 1)
    left = LEFT + 10
    axis = _Axis(x for each in (report, *beside) for x in _extent(each))
    marks = "".join(_kind(word, verdicts, axis, left, step) for word in MARKS)
    line = ""
    if _positive(report.threshold):
        y = axis.y(report.threshold)
        line = (
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text class="halo" x="{WIDTH - RIGHT}" y="{y - 5}" text-anchor="end">'
            f"resolved by {report.shots:,} shots</text>"
        )
    title = f"Gradient variance of {len(verdicts)} parameters in the order of the gates, on a logarithmic axis"
    return _chart(
        axis.drawn("gradient variance V") + _ticks(len(verdicts), left, step) + marks + line
        + f'<line class="here" y1="{TOP}" y2="{HEIGHT - BOTTOM}" style="display:none"/>',
        title, "The same figures stand in the table of verdicts.", "parameter, in the order of the gates",
        f'class="chart profile" data-of="{of}"', f'data-left="{left}" data-step="{step:.6g}"',
    )  # fmt: skip


def _extent(report: TrainabilityReport) -> list[float]:
    """What the axis of variances has to hold."""
    ends = [(v.variance, max(v.lower, v.variance * _DEEPEST), v.upper) for v in report.verdicts]
    return [report.threshold, *(x for each in ends for x in each)]


def trend(scaling: Scaling) -> Html:
    """Median variance over n with its 95 % interval, the lower quartile, and what the shots resolve at each n."""
    sizes = [float(n) for n in scaling.sizes]
    span = (max(sizes) - min(sizes)) or 1.0
    rows = list(zip(sizes, map(float, scaling.variance), map(float, scaling.error), strict=True))
    limits = [float(s) / scaling.shots for s in scaling.scale]
    axis = _Axis([*(v for _, v, _ in rows), *limits, *(end for _, v, e in rows for end in _ends(v, e))])

    def x(n: float) -> float:
        return round(LEFT + 20 + (n - min(sizes)) / span * (WIDTH - LEFT - RIGHT - 60), 1)

    known = [(n, v, e) for n, v, e in rows if _positive(v)]
    bars = "".join(
        f"M{x(n)} {axis.y(ends[0])}V{axis.y(ends[1])}" for n, v, e in known if (ends := _ends(v, e))
    )
    points = "".join(
        f'<circle class="p" cx="{x(n)}" cy="{axis.y(v)}" r="5" data-tip="n = {n:g}: median V {number(v)}"/>'
        for n, v, _ in known
    )
    line = "M" + "L".join(f"{x(n)} {axis.y(v)}" for n, v, _ in known) if known else "M0 0"
    limit = "M" + "L".join(f"{x(n)} {axis.y(v)}" for n, v in zip(sizes, limits) if _positive(v))
    ticks = "".join(
        f'<text x="{x(n)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n:g}</text>'
        for n, shown in zip(sizes, _apart([x(n) for n in sizes])) if shown
    )  # fmt: skip
    return _chart(
        axis.drawn("median variance V") + ticks + f'<path class="i" d="{bars or "M0 0"}" style="--c:var(--link)"/>'
        f'<path class="line" d="{line}"/><path class="limit" d="{limit if len(limit) > 1 else "M0 0"}"/>{points}',
        f"Median gradient variance at {len(sizes)} sizes", f"{scaling.summary} Dashed: what the shots resolve.",
        "number of qubits n; dashed: what the shots resolve", 'class="chart"', "",
    )  # fmt: skip


def _kind(word: str, verdicts: Sequence[Verdict], axis: _Axis, left: float, step: float) -> str:
    """All points of one kind: three paths, however many there are."""
    points, bars, bounds = [], [], []
    base = HEIGHT - BOTTOM
    for i, v in enumerate(verdicts):
        if kind(v.cause) != word:
            continue
        x = round(left + i * step, 1)
        if _positive(v.variance):
            points.append(f"M{x} {axis.y(v.variance)}{MARKS[word].shape}")
            if _positive(v.upper) and v.lower >= 0 and v.lower != v.upper:
                bars.append(f"M{x} {axis.y(v.lower)}V{axis.y(v.upper)}")
        elif _positive(v.upper):
            bounds.append(f"M{x} {axis.y(v.upper)}{MARKS[word].shape}")
        else:
            points.append(f"M{x - 1.5} {base - 9}h3v9h-3z")
    drawn = "".join(
        f'<path class="{name}" d="{"".join(paths)}"/>'
        for name, paths in (("i", bars), ("m", points), ("m open", bounds)) if paths
    )  # fmt: skip
    return f'<g class="k-{word}"><title>{CAUSES[word]}</title>{drawn}</g>' if drawn else ""


def _ticks(count: int, left: float, step: float) -> str:
    every = max(1, 10 ** math.floor(math.log10(max(count, 1))) // 2) if count > 12 else 1
    return "".join(
        f'<text x="{left + i * step:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{i}</text>'
        for i in range(0, count, every)
    )


def _chart(inside: str, title: str, description: str, below: str, box: str, attributes: str) -> Html:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return Html(
        f'<figure {box}><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(title)}" {attributes}>'
        f"<title>{text(title)}</title><desc>{text(description)}</desc>{inside}"
        f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{text(below)}</text></svg></figure>'
    )


def _apart(places: Sequence[float], least: float = 22.0) -> list[bool]:
    """Which of the ticks fit beside those before them."""
    shown: list[bool] = []
    last = -math.inf
    for place in places:
        shown.append(place - last >= least)
        last = place if shown[-1] else last
    return shown


def _power(exponent: int) -> str:
    if -4 < exponent < 4:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _positive(value: float) -> bool:
    return _LOWEST < value < _HIGHEST


def _ends(value: float, error: float) -> tuple[float, ...]:
    """The 95 % interval of a variance by the standard error of its logarithm; empty where that says nothing."""
    if not (_positive(value) and 0 <= error < 50):
        return ()
    return value * math.exp(-1.96 * error), value * math.exp(1.96 * error)

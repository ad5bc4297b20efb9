"""The parameters of a report on a page: its data for the scripts, the circuit's picture, the groups of verdicts."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.circuits.drawing.gates import Drawing
from qtrain.diagnosis.facts import CAUSES, kind, number
from qtrain.views.page.marks import MARKS, badge
from qtrain.views.page.shell import TERMS, Html, embedded, term, text

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.diagnosis.results import Verdict

MOST_GATES = 15_000  # that a browser draws and zooms without a wait
MOST_ROWS = 20_000
_RANK = ["healthy", "unknown", "below", "scrambled", "lost", "concentrated", "dead"]  # shown of a gate with several
_ZOOM = (("in", "+", "Zoom in"), ("out", "−", "Zoom out"), ("fit", "Fit", "Show the whole circuit"),
         ("one", "1:1", "Show gates at full size"))  # fmt: skip
_LETTERS = re.compile(r"\*([IXYZ]+)")


def groups(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Verdicts by cause, in the order of the kinds."""
    found: dict[str, list[Verdict]] = {}
    for v in verdicts:
        found.setdefault(v.cause, []).append(v)
    order = list(CAUSES)
    return dict(sorted(found.items(), key=lambda item: (order.index(kind(item[0])), item[0])))


def report_data(report: TrainabilityReport, id: str) -> Html:
    """What the scripts read of a report."""
    verdicts = report.verdicts[:MOST_ROWS]
    causes = list(groups(report.verdicts))
    advice = list(dict.fromkeys(v.advice for v in verdicts))
    number_of = {cause: k for k, cause in enumerate(causes)}
    advised = {line: k for k, line in enumerate(advice)}
    kept = set(report.light_cone.gates)
    data = {
        "n": report.num_qubits, "causes": [[cause, kind(cause)] for cause in causes],
        "rank": [_RANK.index(kind(cause)) for cause in causes],
        "names": [str(text_of(v.parameter)) for v in verdicts], "cause": [number_of[v.cause] for v in verdicts],
        "qubits": [v.qubits for v in verdicts], "first": [v.gate for v in verdicts],
        "v": _short(v.variance for v in verdicts), "lo": _short(v.lower for v in verdicts),
        "hi": _short(v.upper for v in verdicts), "b": _short(v.beta for v in verdicts),
        "p": _short(v.phi for v in verdicts), "advice": advice, "a": [advised[v.advice] for v in verdicts],
        "measured": _measured(report.observable, report.num_qubits),
        **_gates(report.drawing, kept, len(verdicts)),
    }  # fmt: skip
    return _data(id, data)


def plain_data(drawn: Drawing, names: Sequence[str], observable: str, id: str, kinds: Mapping[str, str]) -> Html:
    """The same of a circuit of which no more is known than the kind of each parameter's verdict, if that."""
    size = len(names)
    none: list[None] = [None] * size
    words = list(dict.fromkeys(kinds.get(name, "") for name in names))
    data = {
        "n": drawn.num_qubits, "plain": True, "causes": [[CAUSES.get(word, ""), word] for word in words],
        "rank": [_RANK.index(word) if word else -1 for word in words], "names": [text_of(n) for n in names],
        "cause": [words.index(kinds.get(name, "")) for name in names], "qubits": [[]] * size, "first": [0] * size,
        "v": none, "lo": none, "hi": none, "b": none, "p": none, "advice": [""], "a": [0] * size,
        "measured": _measured(observable, drawn.num_qubits), **_gates(drawn, None, size),
    }  # fmt: skip
    return _data(id, data)


def picture(drawn: Drawing, *, of: str, title: str, empty: str) -> Html:
    """The place of a circuit's picture, with its buttons and the lines about the gate that is picked."""
    cut = ""
    if len(drawn.gates) > MOST_GATES or not drawn.complete:
        cut = f'<p class="soft">Only the first {min(MOST_GATES, len(drawn.gates)):,} gates are drawn.</p>'
    buttons = "".join(
        f'<button type="button" data-zoom="{word}" aria-label="{label}">{shown}</button>'
        for word, shown, label in _ZOOM
    )
    help_text = "Drag or scroll to move, Ctrl + wheel or + and − to zoom; arrow keys go to gates, Enter to its row."
    described = f"{len(drawn.gates)} gates on {drawn.num_qubits} qubits, time from left to right."
    return Html(
        f'{cut}<div class="picture" id="circuit-{of}" data-of="{of}" data-title="{text(title)}" '
        f'data-desc="{described}">'
        f'<div class="tools" role="toolbar" aria-label="Zoom">{buttons}<span class="soft" id="help-{of}">'
        f'{help_text}</span></div><div class="view" tabindex="0" role="application" '
        f'aria-roledescription="circuit diagram" aria-label="{text(title)}" aria-describedby="help-{of}"></div>'
        f'<div class="panel" role="status" data-empty="{text(empty)}"><p class="soft">{text(empty)}</p></div></div>'
        "<noscript><p>The circuit is drawn by a script, which this viewer does not run.</p></noscript>"
    )


def verdict_groups(report: TrainabilityReport, *, of: str) -> Html:
    """One closed group for each cause, above them a box of words and a button for each kind."""
    found = groups(report.verdicts)
    if not found:
        return Html("<p>The circuit has no free parameters.</p>")
    counts = Counter(kind(v.cause) for v in report.verdicts)
    chips = "".join(
        f'<button type="button" class="chip" aria-pressed="true" data-kind="{word}">{badge(word)} '
        f"{text(CAUSES[word])} ({counts[word]})</button>"
        for word in MARKS if counts[word]
    )  # fmt: skip
    tools = (
        f'<div class="tools chooser" data-of="{of}" role="search" aria-label="Verdicts"><label for="words-{of}">Filter'
        f'</label><input type="search" id="words-{of}" placeholder="name, q3, cause" autocomplete="off">{chips}'
        '<span role="status" class="soft"></span></div>'
    )
    cut = ""
    if len(report.verdicts) > MOST_ROWS:
        cut = f'<p class="soft">Rows are kept of the first {MOST_ROWS:,} of {len(report.verdicts):,} parameters.</p>'
    total = len(report.verdicts)
    return Html(tools + cut + "".join(_group(k, *row, of=of, total=total) for k, row in enumerate(found.items())))


def _group(place: int, cause: str, members: Sequence[Verdict], *, of: str, total: int) -> str:
    word, count = kind(cause), len(members)
    known = [v.variance for v in members if math.isfinite(v.variance)]
    middle = f"median V {number(float(np.median(known)))}" if known else f"V ≤ {number(max(v.upper for v in members))}"
    advice = list(dict.fromkeys(v.advice for v in members))
    own = len(advice) > 1
    said = "" if own or word == "healthy" else f"<p>{text(advice[0][:1].upper() + advice[0][1:])}.</p>"
    heads = "".join(
        f'<th scope="col"{hint}><button type="button">{name}</button></th>'
        for name, hint in [
            ("#", ' class="n"'), ("parameter", ""), ("gates", ""), ("V", _tip("V")),
            ("95 % interval", _tip("interval", "")), ("β", _tip("beta")), ("φ", _tip("phi")),
            *([("advice", ' class="advice w"')] if own else []),
        ]
    )  # fmt: skip
    noun = "parameter" if count == 1 else "parameters"
    return (
        f'<details class="group" data-of="{of}" data-cause="{place}"><summary>{badge(word)} <b>{text(cause)}</b><span>'
        f'<span class="chosen"></span>{count} {noun} ({100 * count / total:.3g} %)</span>'
        f'<span class="soft">{middle}</span></summary>{said}'
        f'<p class="soft">{term(word)}: {text(TERMS[word].meaning)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(cause)}"><table><caption class="hidden">'
        f"{text(cause)}: {count} {noun}</caption><thead><tr>{heads}</tr></thead><tbody></tbody></table></div></details>"
    )


def _tip(key: str, css: str = ' class="n"') -> str:
    return f'{css} data-tip="{text(TERMS[key].meaning)}"'


def text_of(name: str, longest: int = 200) -> str:
    """A name as the scripts get it, which put it in as text: control characters replaced, endless ones cut."""
    from html import unescape

    plain = unescape(text(name))
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def _gates(drawn: Drawing | None, kept: set[int] | None, parameters: int) -> dict[str, Any]:
    if drawn is None:
        return {"gates": [], "gateNames": []}
    names: dict[str, int] = {}
    rows = []
    for gate, column in list(zip(drawn.gates, drawn.columns(), strict=True))[:MOST_GATES]:
        if not gate.qubits:
            continue
        name = names.setdefault(text_of(gate.name, 40), len(names))
        driven = [k for k in gate.parameters if k < parameters]
        inside = int(kept is None or gate.index in kept)
        rows.append([name, column, gate.qubits, driven, text_of(gate.text, 60), inside])
    return {"gates": rows, "gateNames": list(names)}


def _measured(observable: str, size: int) -> list[str]:
    """Of each qubit the letters of the observable on it; empty where the text does not hold all terms."""
    letters: list[set[str]] = [set() for _ in range(size)]
    if "..." not in observable:
        for label in _LETTERS.findall(observable):
            for q, letter in enumerate(reversed(label)):
                if letter != "I" and q < size:
                    letters[q].add(letter)
    return ["".join(sorted(found)) for found in letters]


def _short(values: Any) -> list[float | None]:
    return [float(f"{v:.4g}") if math.isfinite(v) else None if math.isnan(v) else v for v in values]


def _data(id: str, data: dict[str, Any]) -> Html:
    data["marks"] = {word: mark.letter for word, mark in MARKS.items()}
    return embedded(f"data-{id}", data, report=id)

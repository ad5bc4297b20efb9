"""The frame of every HTML page: styles for light and dark, sections, tables that sort and filter, a glossary.

One file that asks for nothing: no network, no libraries. Whatever text comes in is escaped; a content policy lets only
the scripts run that were put in here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from qtrain.diagnosis.facts import number
from qtrain.errors import QTrainError
from qtrain.views.page.glossary import TERMS
from qtrain.views.palette import BLUE, PALE, RED

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_COLOURS = f":root {{ --blue: {BLUE}; --red: {RED}; --pale: {PALE}; }}\n"
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data:"


class Html(str):
    """Text that is HTML already; all other text is escaped where it is put on a page."""


@dataclass(frozen=True)
class Section:
    """A part of a page: ``id`` (of its link), heading, and body as HTML."""

    id: str
    heading: str
    body: str


@dataclass(frozen=True)
class Column:
    """Of a table: its heading, a word of the glossary that explains it, and whether it is ``wide`` text."""

    name: str
    term: str = ""
    wide: bool = False


def text(value: Any) -> Html:
    """Escaped text; control characters and what turns the direction of writing are shown as �.

    Example:
        >>> text("<b> & 'c'"), text("a\\x1b[2J")
        ('&lt;b&gt; &amp; &#x27;c&#x27;', 'a�[2J')
    """
    return value if isinstance(value, Html) else Html(escape(_CONTROL.sub("\ufffd", str(value))))


def term(key: str, shown: str | None = None) -> Html:
    """A word (that of the glossary, or ``shown``) with a link to its line of the glossary, which is also its hint.

    Example:
        >>> term("beta")
        '<a class="term" href="#term-beta">β</a>'
    """
    return Html(f'<a class="term" href="#term-{key}">{text(shown or TERMS[key].word)}</a>')


def linked(value: Any) -> Html:
    """Escaped text in which words of the glossary are links, each once.

    Example:
        >>> linked("QFIM rank 4 < 8")
        '<a class="term" href="#term-qfim-rank">QFIM rank</a> 4 &lt; 8'
    """
    done: set[str] = set()

    def link(found: re.Match[str]) -> str:
        key = _words()[0][found[1].lower()]
        if key in done:
            return found[0]
        done.add(key)
        return term(key, Html(found[0]))

    return Html(_words()[1].sub(link, text(value)))


@cache
def _words() -> tuple[dict[str, str], re.Pattern[str]]:
    """Words, in small letters, and what finds them: the longest first."""
    keys = {word.lower(): key for key, row in TERMS.items() for word in (row.word, *row.also) if len(word) > 1}
    longest = sorted(keys, key=len, reverse=True)
    return keys, re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, longest)) + r")s?(?![\w-])", re.IGNORECASE)


def plain_terms(observable: str) -> str:
    """An observable without the coefficients that are 1.

    Example:
        >>> plain_terms("1*ZII + 0.5*IXX + -1*YYY + 1*ZZZ")
        'ZII + 0.5*IXX + -1*YYY + ZZZ'
    """
    return re.sub(r"(?<![\w.-])1\*", "", observable)


def facts_list(rows: Sequence[tuple[str, str]]) -> Html:
    """Names and texts, one below the other."""
    lines = "".join(f"<dt>{linked(name)}</dt><dd>{linked(said)}</dd>" for name, said in rows)
    return Html(f'<dl class="facts">{lines}</dl>')


def data_table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Any]], *, caption: str, id: str = "",
    filtered: bool = False, attributes: Sequence[str] = (),
) -> Html:  # fmt: skip
    """A table whose columns sort; numbers stand right, and sort by value, NaN last.

    Args:
        columns: headings. rows: cells, each text, number, None, `Html`, or (text, number that it sorts by).
        caption: what it shows, for those who hear the page too.
        id: of the table; needed where ``filtered`` puts a box above it.
        attributes: of each row, as HTML, such as ``'id="p3"'``.

    Example:
        >>> "data-v" in data_table(["name", "V"], [["a", 0.25]], caption="variances")
        True
    """
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    figures = [bool(rows) and all(_figure(row[k]) for row in rows) for k in range(len(heads))]
    right = [f or any(isinstance(row[k], tuple) for row in rows) for k, f in enumerate(figures)]
    top = "".join(
        f'<th scope="col"{_class(right[k], False)}><button type="button"{_hint(head)}>{text(head.name)}</button></th>'
        for k, head in enumerate(heads)
    )
    lines = []
    for i, row in enumerate(rows):
        cells = "".join(_cell(cell, figures[k], heads[k].wide) for k, cell in enumerate(row))
        lines.append(f"<tr{' ' + attributes[i] if attributes else ''}>{cells}</tr>")
    name = f' id="{text(id)}"' if id else ""
    table = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table class="sortable"{name}>'
        f"<caption>{text(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )
    return Html((filter_box(f"{id}-filter", f"#{id} > tbody > tr", "Filter the rows") if filtered else "") + table)


def filter_box(id: str, rows: str, label: str) -> Html:
    """A search box that hides rows (a CSS selector) without its words."""
    return Html(
        f'<div class="tools"><label for="{id}">{text(label)}</label> <input type="search" id="{id}" '
        f'data-filter="{text(rows)}" autocomplete="off"> <span id="{id}-said" role="status" class="soft"></span></div>'
    )


def embedded(id: str, data: Any, **attributes: str) -> Html:
    """Data for a script of the page: JSON that cannot end its element; ``attributes`` become ``data-…``."""
    plain = json.dumps(_finite(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    plain = plain.encode("utf-8", "replace").decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")
    more = "".join(f' data-{name}="{text(value)}"' for name, value in attributes.items())
    return Html(f'<script type="application/json" id="{id}"{more}>{plain}</script>')


@cache
def asset(name: str) -> str:
    """A style sheet or script beside this file."""
    return files("qtrain.views.page").joinpath("assets", name).read_text(encoding="utf-8")


def frame(
    title: str, sections: Sequence[Section], *, lead: str = "", head: str = "", footer: str = "",
    styles: Sequence[str] = (), scripts: Sequence[str] = (),
) -> str:  # fmt: skip
    """The whole page as text.

    Args:
        title: its heading. lead: the sentence below; head: HTML below that.
        sections: in order; each gets a link on top. Words of the glossary that they use are explained at the end.
        footer: a line of small print, escaped.
        styles, scripts: text of further style sheets and scripts; the scripts run after the page's own.

    Raises:
        QTrainError: an empty title.

    Example:
        >>> "<h1>a &amp; b</h1>" in frame("a & b", [Section("one", "One", "<p>text</p>")])
        True
    """
    if not title.strip():
        raise QTrainError("title should name what is reported. Got an empty text.")
    body = "".join(_section(s) for s in sections)
    words = _glossary(head + body)
    links = [(s.id, s.heading) for s in sections] + ([("glossary", "Glossary")] if words else [])
    menu = "".join(f'<li><a href="#{key}">{text(heading)}</a></li>' for key, heading in links)
    code = [asset("shell.js"), *scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in code)
    policy = f"{_POLICY}; script-src {allowed}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{text(title)}</title><style>{_COLOURS}{asset('shell.css')}{''.join(styles)}</style></head>\n<body>\n"
        '<a class="skip" href="#content">Skip to the content</a>'
        f'<header class="bar"><div><nav aria-label="Sections"><ul>{menu}</ul></nav>'
        '<button type="button" id="theme">Dark</button></div></header>\n'
        f'<div class="head"><h1>{text(title)}</h1>{f"<p class=lead>{text(lead)}</p>" if lead else ""}{head}</div>\n'
        f'<main id="content">\n{body}{words}</main>\n<footer>{text(footer)}</footer>\n'
        '<div id="tip" role="tooltip" hidden></div>\n'
        + "".join(f"<script>{script}</script>\n" for script in code) + "</body></html>\n"
    )  # fmt: skip


def _section(part: Section) -> str:
    heading = f'<h2 id="{part.id}-h">{text(part.heading)}</h2>'
    return f'<section id="{part.id}" aria-labelledby="{part.id}-h">{heading}{part.body}</section>\n'


def _glossary(body: str) -> str:
    """The section that explains the words of a page; those that an explanation uses as well."""
    used: list[str] = []
    waiting = re.findall(r'href="#term-([\w-]+)"', body)
    while waiting:
        key = waiting.pop(0)
        if key not in used:
            used.append(key)
            waiting += TERMS[key].see
    if not used:
        return ""
    lines = []
    for key in sorted(used, key=lambda k: TERMS[k].word.lower()):
        see = " See also " + ", ".join(term(k) for k in TERMS[key].see) + "." if TERMS[key].see else ""
        lines.append(f'<dt id="term-{key}">{text(TERMS[key].word)}</dt><dd>{text(TERMS[key].meaning)}{see}</dd>')
    return (
        '<section id="glossary" aria-labelledby="glossary-h"><h2 id="glossary-h">Glossary</h2>'
        f'<dl class="glossary">{"".join(lines)}</dl></section>\n'
    )


def _figure(cell: Any) -> bool:
    return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))


def _class(figure: bool, wide: bool) -> str:
    return ' class="n"' if figure else ' class="w"' if wide else ""


def _hint(head: Column) -> str:
    return f' data-tip="{text(TERMS[head.term].meaning)}"' if head.term else ""


def _cell(cell: Any, figure: bool, wide: bool) -> str:
    if figure:
        value = "" if cell is None or math.isnan(cell) else repr(float(cell)).replace("inf", "Infinity")
        return f'<td class="n" data-v="{value}">{number(cell)}</td>'
    if isinstance(cell, tuple):  # what is shown, and what it sorts by
        return f'<td class="n" data-v="{cell[1]}">{text(cell[0])}</td>'
    return f"<td{_class(False, wide)}>{'–' if cell is None else text(cell)}</td>"


def _finite(data: Any) -> Any:
    """What JSON can say: NaN is null, infinity a number that prints as it."""
    if isinstance(data, float) and not math.isfinite(data):
        return None if math.isnan(data) else math.copysign(1e308, data)
    if isinstance(data, dict):
        return {str(key): _finite(value) for key, value in data.items()}
    return [_finite(value) for value in data] if isinstance(data, (list, tuple)) else data

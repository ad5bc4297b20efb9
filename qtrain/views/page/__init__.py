"""The report as one self-contained HTML page: no script, no network, figures inline as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid #999; } tbody tr:nth-child(even) { background: #f6f6f6; }
pre { overflow-x: auto; font: 12px/1.1 ui-monospace, monospace; } svg { max-width: 100%; height: auto; }
"""


def page(
    title: str,
    *,
    summary: str = "",
    facts: Sequence[tuple[str, str]] = (),
    figures: Mapping[str, Figure] | None = None,
    tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[str]]]] | None = None,
    drawing: str = "",
) -> str:
    """Put a report together; every text is escaped.

    Args:
        title: heading of the page.
        summary: one paragraph below it.
        facts: (name, text) rows.
        figures: caption to figure.
        tables: caption to (columns, rows).
        drawing: the circuit as text.

    Raises:
        QTrainError: an empty title.

    Example:
        >>> "<h1>a &amp; b</h1>" in page("a & b", facts=[("parameters", "4")])
        True
    """
    if not title.strip():
        raise QTrainError("title should name what is reported. Got an empty text.")
    parts = [f"<h1>{escape(title)}</h1>"]
    if summary:
        parts.append(f"<p>{escape(summary)}</p>")
    if facts:
        rows = "".join(f"<tr><td><b>{escape(name)}</b></td><td>{escape(text)}</td></tr>" for name, text in facts)
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    for caption, figure in (figures or {}).items():
        parts.append(f"<h2>{escape(caption)}</h2>{_svg(figure)}")
    for caption, (columns, lines) in (tables or {}).items():
        head = "".join(f"<th>{escape(column)}</th>" for column in columns)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
        parts.append(f"<h2>{escape(caption)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    if drawing:
        parts.append(f"<h2>Circuit</h2><pre>{escape(drawing)}</pre>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]

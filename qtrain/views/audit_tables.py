"""What the command line prints of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from qtrain.views.tables import grid, name_value

if TYPE_CHECKING:
    from qtrain.triviality.results import Audit


def audit_view(found: Audit) -> RenderableType:
    """The verdict, an answer to each question, and the models' scores, the best first."""
    classes = ", ".join(f"{name} {number}" for name, number in found.classes.items())
    rows = [("classes", classes), ("majority", f"{found.majority:.2f} of the samples; by chance {found.chance:.2f}")]
    rows.append(("folds", f"{found.folds}, {found.repeats} times over"))
    parts: list[RenderableType] = [
        Text(f"Audit of {found.data}: {found.sizes}", style="bold cyan"),
        name_value(rows),
        "",
        Text(found.summary, style="bold"),
        "",
        name_value([(finding.question, finding.sentence) for finding in found.findings]),
        "",
    ]
    tried = sorted((row for row in found.scores if row.balanced is not None), key=lambda row: -row.balanced.value)  # type: ignore[union-attr]
    lines: list[list[Any]] = [
        [row.name, row.group, str(row.balanced), f"{row.accuracy.value:.2f}" if row.accuracy else "–"] for row in tried
    ]
    parts.append(grid(["model", "stands for", "balanced accuracy (95 %)", "accuracy"], lines))
    left = [(row.name, f"not tried: {row.skipped}") for row in found.scores if row.skipped]
    notes = [("note", note) for note in found.notes]
    if left or notes:
        parts += ["", name_value([*left, *notes])]
    return Group(*parts)

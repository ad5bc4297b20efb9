"""What the command line prints of a comparison."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from qtrain.json_results import count
from qtrain.views.tables import grid, name_value, number

if TYPE_CHECKING:
    from qtrain.studies.comparison.results import Benchmark


def comparison_view(found: Benchmark) -> RenderableType:
    """The methods in one table, the best first; below it what the figures say."""
    what = "test loss" if found.data else "relative energy error" if found.exact else "energy above the lowest found"
    means = "mean over new trainings" if found.data else f"as delivered; below {found.solved:g} counts as that"
    rows = [("losses", f"{what}, geometric mean over {count(len(found.seeds), 'run')} ({means})")]
    for name in sorted({key for row in found.references.values() for key in row}):
        rows.append((name, number(statistics.fmean(row[name] for row in found.references.values() if name in row), 4)))
    accuracy = ["accuracy"] if _classes(found) else []
    columns = ["method", "delivered", "retrained", *accuracy, "rival / search (95 %)", "",
               "two-qubit gates", "depth", "parameters", "evaluations", "seconds"]  # fmt: skip
    names = [name for name in found.runs if name in (*found.rivals, "search") and found.runs[name]]
    lines = [_line(found, name) for name in sorted(names, key=found.mean)]
    parts: list[RenderableType] = [
        Text(f"Comparison {found.study}", style="bold cyan"),
        name_value(rows),
        "",
        grid(columns, lines),
        "",
    ]
    parts += [Text(sentence) for sentence in found.sentences()]
    return Group(*parts)


def _classes(found: Benchmark) -> bool:
    return all("retrained_accuracy" in run for rows in found.runs.values() for run in rows.values())


def _line(found: Benchmark, name: str) -> list[Any]:
    runs = list(found.runs[name].values())

    def mean(key: str) -> float:
        return statistics.fmean(float(run[key]) for run in runs)

    against: list[Any] = ["", ""]
    if name != "search" and len(found.seeds) > 1:
        ratio = found.against(name)
        against = [str(ratio), ratio.verdict]
    return [
        name, found.mean(name, "loss"), found.mean(name, "retrained"),
        *([f"{mean('retrained_accuracy'):.3f}"] if _classes(found) else []), *against,
        *(f"{mean(key):.4g}" for key in ("two_qubit_gates", "two_qubit_depth", "parameters", "evaluations", "seconds")),
    ]  # fmt: skip

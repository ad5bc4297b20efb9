"""What the command line prints of studies and registered architectures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from qtrain.json_results import count
from qtrain.views.tables import facts, grid, name_value, number

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.registry.registry import RegistryEntry
    from qtrain.studies.result import SearchResult
    from qtrain.studies.trials import TrialRecord


def values_of(trial: TrialRecord, names: Sequence[str]) -> str:
    """``task_loss 0.12, trainability -2.1``: the figures of one trial."""
    return ", ".join(f"{name} {number(trial.objectives[name])}" for name in names)


def entry_view(entry: RegistryEntry, report: TrainabilityReport | None, *, drawing: str) -> RenderableType:
    """A registered architecture: what it is, how it did, its report, its circuit."""
    rows = [
        ("architecture", entry.architecture.summary),
        ("content id", f"{entry.architecture.content_id}, found at {count(entry.num_qubits, 'qubit')}"),
        ("observable", entry.observable or "–"),
        ("study", str(entry.study) if entry.study else "–"),
        ("objectives", ", ".join(f"{k} {number(v)}" for k, v in entry.objectives.items()) or "–"),
        ("versions", ", ".join(f"{k} {v}" for k, v in entry.versions.items()) or "–"),
        ("load it", f"qtrain.load({entry.name!r}).circuit()"),
    ]
    if entry.angles is not None:
        rows.append(("as trained", f"its {len(entry.angles)} angles: qtrain.load({entry.name!r}).angles"))
    parts: list[RenderableType] = [Text(entry.name, style="bold cyan"), name_value(rows)]
    if report is not None:
        parts += ["", Text(report.summary), "", name_value(facts(report))]
    if drawing:
        parts += ["", Text(drawing, no_wrap=True, overflow="ellipsis")]
    return Group(*parts)


def _bounded(trial: TrialRecord, objective: str) -> bool:
    return bool(trial.metrics.get(f"{objective}_is_bound", 0.0))


def _value(trial: TrialRecord, objective: str) -> Any:
    value = trial.objectives[objective]
    return f"{number(value)} ~" if _bounded(trial, objective) else value


def search_view(result: SearchResult, limit: int = 12) -> RenderableType:
    """How a search ended: counts, the Pareto front with the winner on top, how to use it."""
    counts = result.counts
    rows = [
        ("trials", ", ".join(f"{n} {state}" for state, n in counts.items() if n or state == "complete")),
        ("stored in", result.storage),
        ("tracked in", result.tracking_uri or "nowhere"),
        ("time", f"{result.seconds:.1f} s"),
        *((name, number(value, 6)) for name, value in result.references.items()),
    ]
    if result.undelivered:
        left = count(result.undelivered, "trial")
        rows.append(("not delivered", f"{left} to the tracking server: search again to deliver"))
    parts: list[RenderableType] = [Text(f"Study {result.study}", style="bold cyan"), name_value(rows)]
    number_of = {t.number: t for t in result.trials}
    winner = None if result.winner is None else result.winner.number
    front = sorted(result.front, key=lambda n: (n != winner, n))
    if front:
        arrows = {"maximize": "↑", "minimize": "↓"}
        grown = any(number_of[n].origin for n in front[:limit])
        origin = ["grown from"] if grown else []
        named = [f"{n} {arrows[d]}" for n, d in zip(result.objectives, result.directions)]
        columns = ["", "trial", "id", *origin, *named]
        lines: list[list[Any]] = []
        for n in front[:limit]:
            trial = number_of[n]
            lines.append(
                [
                    "★" if n == winner else "yours" if "circuit" in trial.architecture else "",
                    n,
                    trial.architecture_id[:8],
                    *([trial.origin] if grown else []),
                    *(_value(trial, o) for o in result.objectives),
                ]
            )
            if result.full:
                lines[-1].append(result.full[n]["task_loss"] if n in result.full else None)
        table = grid([*columns, "after full training"] if result.full else columns, lines)
        more = f" ({limit} of {len(front)} shown; --json has all)" if len(front) > limit else ""
        parts += ["", Text(f"Pareto front{more}", style="bold"), table]
    if any(_bounded(number_of[n], o) for n in front[:limit] for o in result.objectives):
        parts.append(Text("~: a bound or an estimate, as the value takes too much: see the trial's report."))
    if winner is not None:
        parts += ["", Text(f"★ winner: {result.rule}.")]
    if any("circuit" in number_of[n].architecture for n in front):
        parts.append(Text("yours: a circuit of your own, to compare with; only a family of circuits is registered."))
    reasons = Counter(t.reason for t in result.trials if t.state == "failed")
    if reasons:
        rows_failed = [[count, reason] for reason, count in reasons.most_common(5)]
        parts += ["", Text("Failed trials", style="bold"), grid(["count", "reason"], rows_failed)]
    if result.name:
        parts += ["", Text(f"Use it: qtrain show {result.name}   or   qtrain.load({result.name!r}).circuit()")]
    return Group(*parts)

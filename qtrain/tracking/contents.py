"""What a study and its trials say in MLflow: names, metrics, curves and the text that a run opens with.

Everything here is a function of plain data, timestamps too: written a second time it is the same, and MLflow keeps one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.json_results import count

NOTE = "mlflow.note.content"
LONGEST_NAME = 100
SHOWN = 12  # rows of the front in a description
ARROWS = {"maximize": "↑", "minimize": "↓"}
Point = tuple[str, float, int, int]  # name, value, timestamp in ms, step


def summary(plain: Mapping[str, Any]) -> str:
    """An architecture, or a circuit of the user's, in a line; "" for what is neither."""
    if "circuit" in plain:
        return str(plain.get("name", "circuit"))
    try:
        return Architecture.from_dict(dict(plain)).summary
    except QTrainError:
        return ""


def run_name(trial: Mapping[str, Any]) -> str:
    """What a trial is called in the list of runs.

    Example:
        >>> run_name({"number": 7, "architecture": {"circuit": "…", "name": "efficient_su2"}})
        '007 efficient_su2'
    """
    name = f"{trial['number']:03d} {summary(trial['architecture'])}".strip()
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def milliseconds(seconds: float) -> int:
    return int(1000 * seconds)


def figures(trial: Mapping[str, Any]) -> dict[str, float]:
    """Its single figures by name."""
    named = {f"objective.{k}": v for k, v in trial["objectives"].items()}
    named |= {f"constraint.{k}": v for k, v in trial["constraints"].items()}
    named |= {f"seconds.{k}": v for k, v in trial["timings"].items()}
    named |= {k: v for k, v in trial["metrics"].items() if isinstance(v, (int, float))}
    return {k: float(v) for k, v in named.items()}


def curve(trial: Mapping[str, Any]) -> list[Point]:
    """The loss of its training by step; of a training that a pruner ended, as far as it got."""
    report = trial["report"]
    trained = report.get("training") or {}
    if "every" in trained:
        steps = {k * trained["every"]: value for k, value in enumerate(trained["curve"])}
    else:
        steps = {int(k): value for k, value in ((report.get("pruning") or {}).get("losses") or {}).items()}
    name = next((f"training.{kind}" for kind in ("energy", "cost") if kind in trial["metrics"]), "training.loss")
    begun, ended = milliseconds(trial["begun"]), milliseconds(trial["ended"])
    each = (ended - begun) / (max(steps, default=0) + 1)
    return [(name, float(value), begun + int(step * each), step) for step, value in steps.items()]


def history(trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str]) -> list[Point]:
    """The best value of each objective so far, wherever it got better: step is the trial's number."""
    points: list[Point] = []
    best: dict[str, float] = {}
    for trial in sorted(trials, key=lambda t: t["number"]):
        if trial["state"] != "complete" or any(value > 0 for value in trial["constraints"].values()):
            continue
        for name, direction in objectives.items():
            value = float(trial["objectives"][name])
            sign = 1 if direction == "minimize" else -1
            if name not in best or sign * value < sign * best[name]:
                best[name] = value
                points.append((f"best.{name}", value, milliseconds(trial["ended"]), trial["number"]))
    return points


def outcome(
    trials: Sequence[Mapping[str, Any]], winner: int | None, front: Sequence[int], extra: Mapping[str, float]
) -> list[Point]:
    """What the study's own run shows at its end: the winner's figures, counts, ``extra``. Step: trials ended."""
    states = [t["state"] for t in trials]
    won = next((figures(t) for t in trials if t["number"] == winner), {})
    named = {name: value for name, value in won.items() if not name.startswith(("constraint.", "seconds."))}
    named |= {f"trials.{state}": float(states.count(state)) for state in ("complete", "pruned", "failed")}
    named |= {"trials.front": float(len(front)), **extra}
    ended = milliseconds(max((t["ended"] for t in trials), default=0.0))
    return [(name, value, ended, len(trials)) for name, value in named.items()]


def headline(spec: Mapping[str, Any]) -> str:
    """What is searched, in a Markdown sentence."""
    device = spec.get("device") or {}
    on = next((f" on {device[k]}" for k in ("name", "topology") if device.get(k)), "")
    return (
        f"A circuit architecture for **{spec['task'].get('kind', 'a task')}**, {spec['qubits']} qubits{on}, "
        f"searched by qtrain in {spec['trials']} trials (sampler {_said(spec['sampler'])}, seed {spec['seed']})."
    )


def begun_text(spec: Mapping[str, Any], objectives: Mapping[str, str]) -> str:
    """The Markdown a study's run opens with while it goes on.

    Args:
        spec: as plain data; ``objectives``: "minimize" or "maximize" by name.
    """
    aims = "\n".join(f"| {name} | {direction} |" for name, direction in objectives.items())
    return f"{headline(spec)}\n\n| objective | |\n|---|---|\n{aims}\n\n{_KEY}"


_KEY = (
    "Each run below is a trial: *finished* is complete, *killed* is pruned, *failed* is failed; the tag "
    "`qtrain.reason` says why, `training.*` is its training step by step, `qtrain.front` marks the Pareto front."
)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def ended_text(
    spec: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str],
    front: Sequence[int], *, winner: int | None, rule: str, name: str | None, references: Mapping[str, float],
    drawing: str,
) -> str:  # fmt: skip
    """The Markdown that stands there at the end: the winner, the front, counts, the winner's circuit."""
    states = [t["state"] for t in trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("complete", "pruned", "failed"))
    parts = []
    by_number = {t["number"]: t for t in trials}
    if winner is not None:
        used = f' Use it: `qtrain.load("{name}").circuit()`, or `qtrain show {name}`.' if name else ""
        said = summary(by_number[winner]["architecture"])
        parts.append(f"**Winner: trial {winner}**{f', `{said}`' if said else ''}.{used}")
    order = sorted(front, key=lambda n: (n != winner, n))[:SHOWN]
    if order:
        head = " | ".join(f"{k} {ARROWS[d]}" for k, d in objectives.items())
        rows = [
            f"| {'★' if n == winner else ''} | {n} | "
            + " | ".join(f"{by_number[n]['objectives'][k]:.4g}" for k in objectives) + " |"
            for n in order
        ]  # fmt: skip
        more = f"\n\n{len(front) - len(order)} more in result.json." if len(front) > len(order) else ""
        line = "|---|---:|" + "---:|" * len(objectives)
        parts.append("\n".join([f"| | trial | {head} |", line, *rows]) + more)
    if winner is not None:
        parts.append(f"★: {rule}.")
    if references:
        said = ", ".join(f"{k.replace('_', ' ')} {v:.6g}" for k, v in references.items() if math.isfinite(v))
        parts.append(f"To compare with: {said}.")
    ended = f"{count(len(trials), 'trial')} ended: {counts}; {len(front)} on the Pareto front."
    parts += [f"{headline(spec)} {ended}", _KEY]
    if drawing:
        parts.append(f"```text\n{drawing}\n```")
    return "\n\n".join(parts)

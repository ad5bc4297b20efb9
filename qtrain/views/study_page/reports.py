"""The report of one trial: its figures, its circuit, its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import Architecture
from qtrain.circuits.drawing.gates import Drawing, drawing
from qtrain.errors import QTrainError
from qtrain.json_results import count, number
from qtrain.studies.propose.starts import circuit_of
from qtrain.views.names import spoken
from qtrain.views.page.shell import Html, facts_list, text
from qtrain.views.study_page.charts import curve

if TYPE_CHECKING:
    from qtrain.studies.result import SearchResult
    from qtrain.studies.trials import TrialRecord

STEP, ROW, BOX = 30, 26, 22  # of a picture, in its units
MOST_GATES = 1500
LONGEST = 200  # steps of a curve that are drawn


def summary(trial: TrialRecord) -> str:
    """The circuit of a trial in a line."""
    plain = trial.architecture
    if "circuit" in plain:
        return f"your circuit {plain.get('name', '')}".strip()
    try:
        return Architecture.from_dict(dict(plain)).summary
    except QTrainError:
        return "a circuit that cannot be read"


def trial_report(trial: TrialRecord, result: SearchResult, *, best: bool, open: bool = False) -> Html:
    """What opens when a point of the front is clicked."""
    figures = ", ".join(f"{spoken(name)} {number(value)}" for name, value in trial.objectives.items())
    rows = [("architecture", summary(trial)), ("content id", trial.architecture_id)]
    rows += [("grown from", trial.origin)] if trial.origin else []
    rows += [(spoken(name), _plain(value)) for name, value in _hardware(trial).items()]
    algebra = trial.report.get("dla", {})
    if isinstance(algebra, Mapping) and "dimension" in algebra:
        least = "" if algebra.get("complete", True) else "at least "
        named = f", {algebra['algebra']}" if algebra.get("algebra") else ""
        rows.append(("Lie algebra", f"dimension {least}{algebra['dimension']}{named}"))
    for name, value in sorted(trial.metrics.items()):
        if not name.endswith("_is_bound") and name not in _hardware(trial):
            bound = " (a bound or an estimate)" if trial.metrics.get(f"{name}_is_bound") else ""
            rows.append((spoken(name), number(value) + bound))
    full = result.full.get(trial.number)
    rows += [("after full training", number(full["task_loss"]))] if full and "task_loss" in full else []
    rows.append(("seconds", ", ".join(f"{stage} {s:.3g}" for stage, s in trial.timings.items()) or "0"))
    training = trial.report.get("training", {})
    steps = training.get("curve") or [] if isinstance(training, Mapping) else []
    thin = steps[:: max(1, len(steps) // LONGEST)]
    star, state = "★ " if best else "", " open" if open else ""
    return Html(
        f'<details class="trial" id="trial-{trial.number}"{state}><summary><b>{star}Trial {trial.number}</b> '
        f'<span class="soft">{text(figures)}</span></summary>{circuit_picture(trial, result)}{facts_list(rows)}'
        + (curve(thin, title="the cost in training, from its first to its last step") if len(thin) > 1 else "")
        + "</details>"
    )


def _hardware(trial: TrialRecord) -> dict[str, Any]:
    found = trial.report.get("hardware", {})
    return dict(found) if isinstance(found, Mapping) else {}


def _plain(value: Any) -> str:
    return number(float(value)) if isinstance(value, (int, float)) else str(value)


def circuit_picture(trial: TrialRecord, result: SearchResult) -> Html:
    """Its circuit as SVG; a sentence where it is too large or cannot be read."""
    try:
        circuit = circuit_of(trial.architecture, result.spec.qubits)[1]
    except Exception as error:  # a record of any age: the page says so and goes on
        return Html(f'<p class="soft">Its circuit cannot be drawn: {text(error)}</p>')
    drawn = drawing(circuit)
    if len(drawn.gates) > MOST_GATES:
        return Html(f'<p class="soft">{count(len(drawn.gates), "gate")}: too many to draw.</p>')
    return Html(f'<div class="scroll circuit" tabindex="0" role="region" aria-label="Circuit of trial {trial.number}">'
                f"{_svg(drawn, trial.number)}</div>")  # fmt: skip


def _svg(drawn: Drawing, number_: int) -> str:
    columns = drawn.columns()
    width = 34 + STEP * (1 + max(columns, default=0)) + 6
    height = ROW * drawn.num_qubits + 8
    y = [ROW * q + ROW // 2 + 4 for q in range(drawn.num_qubits)]
    wires = "".join(
        f'<text x="2" y="{at + 4}">{q}</text><path class="axis" d="M26 {at}H{width - 4}"/>' for q, at in enumerate(y)
    )
    gates = []
    for column, gate in zip(columns, drawn.gates):
        if not gate.qubits or gate.name == "barrier":
            continue
        x = 34 + STEP * column + STEP // 2
        tip = f"{gate.name} on {', '.join(map(str, gate.qubits))}" + (f": {gate.text}" if gate.text else "")
        free = " free" if gate.parameters else ""
        span = f"M{x} {y[min(gate.qubits)]}V{y[max(gate.qubits)]}"
        join = f'<path class="join" d="{span}"/>' if len(gate.qubits) > 1 else ""
        gates.append(f'<g class="gate{free}" data-tip="{text(tip)}">{join}{_body(gate.name, gate.qubits, x, y)}</g>')
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="circuit of trial {number_}">{wires}{"".join(gates)}</svg>'
    )


def _body(name: str, qubits: tuple[int, ...], x: int, y: list[int]) -> str:
    """Dots and crosses of controlled gates; boxes of all others."""
    dot = "".join(f'<circle class="dot" cx="{x}" cy="{y[q]}" r="3.5"/>' for q in qubits)
    if name == "cz":
        return dot
    if name == "cx":
        control, target = y[qubits[0]], y[qubits[-1]]
        return (
            f'<circle class="dot" cx="{x}" cy="{control}" r="3.5"/><circle class="ring" cx="{x}" cy="{target}" r="8"/>'
            f'<path class="join" d="M{x - 8} {target}h16M{x} {target - 8}v16"/>'
        )
    half = BOX // 2
    return "".join(
        f'<rect x="{x - half - 2}" y="{y[q] - half + 1}" width="{BOX + 4}" height="{BOX - 2}" rx="3"/>'
        f'<text x="{x}" y="{y[q] + 4}" text-anchor="middle">{text(name[:4])}</text>' for q in qubits
    )  # fmt: skip

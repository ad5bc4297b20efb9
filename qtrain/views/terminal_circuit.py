"""A circuit in the terminal, a line per qubit, each gate in the colour of what became of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from qtrain.diagnosis.facts import CAUSES, kind

if TYPE_CHECKING:
    from qtrain.circuits.drawing.gates import Drawing, DrawnGate
    from qtrain.diagnosis.results import Verdict

MOST_QUBITS = 32  # lines; more are no picture to look at in a terminal
_ENDS = {"cx": ("●", "⊕"), "cz": ("●", "●"), "swap": ("╳", "╳"), "ccx": ("●", "●", "⊕")}
_WORST = ["healthy", "unknown", "below", "scrambled", "lost", "concentrated", "dead"]  # of several, the last is shown


def circuit_text(
    drawing: Drawing, verdicts: Sequence[Verdict], styles: Mapping[str, str], *, width: int
) -> Text | None:
    """The circuit as lines of text, and a legend; None where it does not fit.

    Args:
        drawing, verdicts: of a report. styles: by the short words of ``CAUSES``. width: columns of the terminal.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.diagnosis.diagnose import diagnose
        >>> report = diagnose(real_amplitudes(2, reps=1), "IZ")
        >>> print(circuit_text(report.drawing, report.verdicts, {}, width=40))
        0 ─RY─●─RY─
        1 ─RY─⊕─RY─
          gates by verdict: healthy, dead
    """
    n = drawing.num_qubits
    gates = [(g, c) for g, c in zip(drawing.gates, drawing.columns()) if g.qubits and g.name != "barrier"]
    if not drawing.complete or not gates or n > MOST_QUBITS:
        return None
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    for gate, column in gates:
        word = _verdict(gate, verdicts)
        for q in range(min(gate.qubits), max(gate.qubits) + 1):
            cells[q, column] = (_label(gate, q), styles.get(word, ""))
    last = max(column for _, column in gates)
    widths = [max((len(cells[q, c][0]) for q in range(n) if (q, c) in cells), default=1) for c in range(last + 1)]
    margin = len(str(n - 1))
    if margin + 1 + sum(w + 1 for w in widths) + 1 > width:
        return None
    text = Text(no_wrap=True)
    for q in range(n):
        text.append(f"{q:>{margin}} ", style="dim")
        for column, wide in enumerate(widths):
            label, style = cells.get((q, column), ("─", ""))
            text.append("─")
            text.append(label, style=style)
            text.append("─" * (wide - len(label)))
        text.append("─\n")
    text.append(" " * (margin + 1) + "gates by verdict: ", style="dim")
    seen = {kind(v.cause) for v in verdicts}
    for k, word in enumerate([word for word in CAUSES if word in seen]):
        text.append(", " if k else "")
        text.append(CAUSES[word], style=styles.get(word, ""))
    return text


def _verdict(gate: DrawnGate, verdicts: Sequence[Verdict]) -> str:
    """The short word of a gate's verdict: the worst of its parameters; empty where it has none."""
    words = [kind(verdicts[k].cause) for k in gate.parameters if k < len(verdicts)]
    return max(words, key=_WORST.index, default="")


def _label(gate: DrawnGate, qubit: int) -> str:
    if qubit not in gate.qubits:
        return "┼"
    place = gate.qubits.index(qubit)
    if gate.name in _ENDS:
        return _ENDS[gate.name][place]
    name = gate.name.upper().replace("_", "")
    if len(gate.qubits) == 1:
        return name[:6]
    if name.startswith("C") and len(gate.qubits) == 2:
        return "●" if place == 0 else name[1:6]
    return name[:6]

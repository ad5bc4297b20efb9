"""The circuit with every gate that has a parameter coloured by its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.diagnosis.facts import CAUSES, kind
from qtrain.errors import QTrainError
from qtrain.views.figures.frame import (
    CAUSE_STYLES,
    WIDTH,
    axes_for,
    check_ax,
    figure_of,
    legend,
    whole_numbers,
)
from qtrain.views.figures.layers import first_free, layers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qtrain.diagnosis.report import TrainabilityReport

TALLEST = 7.0  # inches
ROW = 0.2  # inches
MOST_LAYERS = 60


def plot_verdicts(report: TrainabilityReport, *, ax: Axes | None = None) -> Axes:
    """Qubits as lines, time to the right, each gate with a parameter marked by the cause of its verdict.

    Args:
        report: of :func:`qtrain.diagnose`.
        ax: to draw into; None: a new figure of one column's width.

    Raises:
        QTrainError: another result, or a circuit without parameters.

    Example:
        >>> import qtrain
        >>> from qiskit.circuit.library import real_amplitudes
        >>> qtrain.plot_verdicts(qtrain.diagnose(real_amplitudes(2, reps=1), "IZ")).get_ylabel()
        'qubit'
    """
    check_ax(ax)
    verdicts = getattr(report, "verdicts", None)
    if not verdicts:
        got = "none" if verdicts is not None else type(report).__name__
        raise QTrainError(f"report should be a TrainabilityReport of one parameter or more. Got {got}.")
    gates, name = _gates(report)
    rows, steps = report.num_qubits, 1 + max((t for t, _, _ in gates), default=0)
    axes = axes_for(ax, height=min(TALLEST, max(1.6, ROW * rows + 0.9)))
    axes.grid(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.hlines(range(rows), -0.5, steps - 0.5, color="0.85", linewidth=0.5, zorder=1)
    plain = [g for g in gates if not g[2]]
    axes.vlines([t for t, _, _ in plain], [min(q) for _, q, _ in plain], [max(q) for _, q, _ in plain],
                color="0.6", linewidth=0.6, zorder=2)  # fmt: skip
    height, width = axes.get_position().height * figure_of(axes).get_figheight(), WIDTH * 0.8
    cell = 72 * min(height / max(rows, 1), width / max(steps, 1))
    size = float(np.clip(0.6 * cell, 1.0, 7.0)) ** 2
    small = max(0.3 * size, 0.5)
    axes.scatter(*_places(plain), color="0.6", marker=".", s=small, linewidths=0, zorder=2)
    for word, text in CAUSES.items():
        own = [g for g in gates if g[2] == word]
        if not own:
            continue
        colour, marker = CAUSE_STYLES[word]
        joined = [g for g in own if len(g[1]) > 1]
        axes.vlines([t for t, _, _ in joined], [min(q) for _, q, _ in joined], [max(q) for _, q, _ in joined],
                    color=colour, linewidth=0.9, zorder=3)  # fmt: skip
        count = sum(kind(v.cause) == word for v in verdicts)
        line = min(1.0, 0.2 * size**0.5)
        axes.scatter(*_places(own), color=colour, marker=marker, s=size, linewidths=line, zorder=4,
                     label=f"{text} ({count})")  # fmt: skip
    axes.set_xlim(-0.7, steps - 0.3)
    axes.set_ylim(rows - 0.4, -0.6)  # qubit 0 on top
    whole_numbers(axes.xaxis, axes.yaxis)
    axes.set_xlabel(name)
    axes.set_ylabel("qubit")
    legend(axes)
    return axes


def _places(gates: list[Any]) -> tuple[list[int], list[int]]:
    return [t for t, qubits, _ in gates for _ in qubits], [q for _, qubits, _ in gates for q in qubits]


def _gates(report: TrainabilityReport) -> tuple[list[tuple[int, tuple[int, ...], str]], str]:
    """(layer, qubits, word of the cause or "") of every gate, and what a layer is.

    Gates with parameters alone, where a column is too narrow for all layers, and of old reports.
    """
    words = [kind(v.cause) for v in report.verdicts]
    if report.drawing is None:
        shown = [(v.qubits, word) for v, word in zip(report.verdicts, words)]
        gates = [(int(t), *gate) for t, gate in zip(layers(report.verdicts), shown)]
        return gates, "layer of gates with parameters"
    found = []
    for t, gate in zip(report.drawing.columns(), report.drawing.gates):
        known = [words[k] for k in gate.parameters if k < len(words)]
        if gate.qubits and gate.name != "barrier":
            found.append((t, gate.qubits, known[0] if known else ""))
    if max((t for t, _, _ in found), default=0) < MOST_LAYERS:
        return found, "layer of gates"
    driven = [(qubits, word) for _, qubits, word in found if word]
    return [(t, *gate) for t, gate in zip(first_free([q for q, _ in driven]), driven)], "layer of gates with parameters"

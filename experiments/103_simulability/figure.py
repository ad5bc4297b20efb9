"""The figure: accuracies by model and size beside what was published, and the certificates with their evaluators."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

CHAINS = {"xxx": "XXX", "haldane": "Haldane", "annni": "ANNNI", "cluster": "cluster"}
LOOKS = {
    "surrogate": ("#0072B2", "surrogate on shadows"), "network": ("#D55E00", "QCNN on exact states"),
    "linear": ("#777777", "linear model, same features"), "majority": ("#cccccc", "largest class"),
}  # fmt: skip


def draw(parts: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    _accuracies(left, parts)
    _certificates(right, parts["table"]["models"] if "table" in parts else {})
    return figure


def _accuracies(axis: Axes, parts: dict[str, Any]) -> None:
    """Means over seeds, with the least and the most of them."""
    groups = [(name, part) for name, part in parts.get("both", {}).items()]
    groups += [(name, parts[name]) for name in CHAINS if name in parts]
    seen = set()
    for place, (_, part) in enumerate(groups):
        kinds = [kind for kind in LOOKS if kind in part["accuracy"]]
        for j, kind in enumerate(kinds):
            colour, label = LOOKS[kind]
            row = part["accuracy"][kind]
            x, ends = place + 0.2 * (j - (len(kinds) - 1) / 2), [[row["mean"] - row["least"]], [row["most"] - row["mean"]]]
            axis.bar(x, row["mean"], 0.18, color=colour, label=None if kind in seen else label)
            axis.errorbar(x, row["mean"], ends, fmt="none", ecolor="black", capsize=2, lw=0.8)
            axis.text(x, row["most"] + 0.015, f"{row['mean']:.2f}", ha="center", fontsize=7.5, rotation=90)
            seen.add(kind)
        low, high = (0.9, 1.0) if groups[place][0] == "xxx" else (0.8, 0.86)
        axis.fill_between([place - 0.47, place + 0.47], low, high, color="#E69F00", alpha=0.3, lw=0, zorder=0,
                          label=None if place else "published (2408.12739)")  # fmt: skip
    axis.set_xticks(range(len(groups)), [f"{CHAINS[name]}\nn = {part['qubits']}" for name, part in groups])
    axis.set(ylim=(0, 1.35), yticks=np.linspace(0, 1, 6), ylabel="accuracy on states not trained on")
    axis.set_title("Phases of matter, from classical shadows", loc="left", fontsize=11.5, fontweight="bold")
    axis.legend(ncols=2, fontsize=8.5, frameon=False, loc="upper center")
    axis.spines[["top", "right"]].set_visible(False)


def _certificates(axis: Axes, rows: dict[str, Any]) -> None:
    axis.axis("off")
    axis.set_title("Certificates, and how exact their evaluators are", loc="left", fontsize=11.5, fontweight="bold")
    off = [row["disagreement"] for row in rows.values()]
    text = [(name, row["certificate"].replace(" Pauli propagation", ""), "–" if d is None else f"{d:.0e}") for (name, row), d in zip(rows.items(), off)]
    if not text:
        return
    heads = ["model", "certificate", "largest\ndifference"]
    table = axis.table(text, colLabels=heads, bbox=(0, 0.02, 1, 0.94), cellLoc="left", colWidths=(0.45, 0.36, 0.19))
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    for (row, _), cell in table.get_celld().items():
        cell.visible_edges = "B"
        cell.set_edgecolor("#bbbbbb")
        cell.set_text_props(ha="left", fontweight="bold" if row == 0 else "normal")

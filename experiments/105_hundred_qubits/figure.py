"""Errors of the energies beside their goals."""

from __future__ import annotations

from matplotlib.figure import Figure

TITLES = {
    "chain": "Ising chain, critical", "row": "Ising, a heavy-hex row", "map": "Ising, the heavy-hex map",
    "xxz_half": "XXZ chain, Δ = 0.5", "xxz_two": "XXZ chain, Δ = 2", "square": "Ising, 6 × 6", "ladder": "Kitaev ladder",
}  # fmt: skip
GOALS = {"map": 0.03, "square": 0.03}


def draw(parts: dict) -> Figure:
    shown = [(name, part) for name, part in parts.items() if part.get("relative_error")]
    figure = Figure(figsize=(7.2, 0.45 * len(shown) + 1.2))
    axes = figure.subplots()
    for row, (name, part) in enumerate(shown):
        error = 100 * part["relative_error"]
        axes.plot([1e-4, error], [row, row], color="0.8", lw=1, zorder=1)
        axes.plot(error, row, "o", color="C0", zorder=3, label="found" if row == 0 else None)
        axes.plot(100 * GOALS.get(name, 0.01), row, "|", color="C3", ms=14, label="goal" if row == 0 else None)
        text = f"{error:.2g} %, two-qubit depth {part['two_qubit_depth']}"
        axes.annotate(text, (error, row), (4, 7), textcoords="offset points", ha="right", fontsize=8)
    axes.set_yticks(range(len(shown)), [f"{TITLES[name]}, {part['qubits']} qubits" for name, part in shown])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(5e-4, 10)
    axes.set_ylim(len(shown) - 0.5, -0.8)
    axes.set_xlabel("error of the energy, % of the lowest")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return figure

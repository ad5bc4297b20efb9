"""The figure: both axes for every family over n, widths and depths at fixed n, and what was tried."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

BUDGET = 12.0  # log10 of the operations above which no certificate counts
LOOKS = {
    "encoder_patch": ("#0072B2", "o", "Clifford encoder, patch σ = 2/√m"),
    "encoder_transition": ("#56B4E9", "s", "Clifford encoder, σ = √(2 ln n / m)"),
    "encoder_fixed": ("#CC79A7", "^", "Clifford encoder, σ = 0.1"),
    "identity_depth": ("#009E73", "o", "around identity, σ = 1/(2√L)"),
    "identity_fixed": ("#8fd3b6", "^", "around identity, σ = 0.1"),
    "generative_depth": ("#E69F00", "D", "latent encoding + small angles"),
    "local_uniform": ("#D55E00", "v", "2 log n layers, uniform"),
    "identity_uniform": ("#000000", "X", "n/2 layers, uniform"),
    "clifford_patch": ("#999999", "P", "Clifford point without encoder, patch"),
}
TRIED = (
    "light cone + statevector", "near-Clifford strings", "tensor-network contraction", "matrix-product state",
    "g-sim on the module", "symmetry sector", "collective spin", "free fermions",
    "low-weight Pauli propagation", "few sines / low degree",
)  # fmt: skip
NOT_TRIED = (
    "Monte-Carlo truncation of paths", "cut by size of coefficients", "stabilizer-rank sampling",
    "dequantised kernels, other", "   models trained on data", "surrogates from measured data",
)  # fmt: skip


def draw(parts: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(14.5, 6.2), layout="constrained")
    plane, small, words = figure.subplots(1, 3, width_ratios=(1.7, 1.15, 0.62))
    _plane(plane, parts)
    _sweep(small, parts["sweep"])
    _words(words)
    return figure


def _place(row: dict[str, Any], shift: float) -> tuple[float, float]:
    known = row["log10_operations"]
    return (BUDGET + 0.8 + shift if known is None else known), math.log10(max(row["signal"], 1e-12))


def _plane(axis: Axes, parts: dict[str, Any]) -> None:
    shown = [name for name in LOOKS if name in parts]
    lowest = -3.2
    _beyond(axis)
    for place, name in enumerate(shown):
        colour, marker, label = LOOKS[name]
        rows = parts[name]["rows"]
        seen = [row["signal"] > 3 * row["signal_error"] for row in rows]
        points = [_place(row, 0.14 * place - 0.2) for row in rows]
        points = [(x, max(y, lowest) if good else lowest) for (x, y), good in zip(points, seen)]
        for (one, other), both, pair in zip(zip(points, points[1:]), zip(seen, seen[1:]), zip(rows, rows[1:])):
            inside = all(row["log10_operations"] is not None for row in pair)
            if all(both):
                axis.plot(*zip(one, other), color=colour, lw=1.3, alpha=0.7, ls="-" if inside else ":", zorder=1)
        for (x, y), row, good in zip(points, rows, seen):
            axis.scatter(x, y, s=10 + 1.1 * row["n"], marker=marker, color=colour if good else "white",
                         edgecolor=colour, linewidth=1.1, zorder=2, alpha=0.9)  # fmt: skip
        axis.scatter([], [], marker=marker, color=colour, label=label)
    axis.axhline(lowest, color="#888888", lw=0.7, ls=":")
    axis.text(0.99, 0.005, "hollow: gradient not seen by the paths sampled", fontsize=8, color="#555555", ha="right",
              transform=axis.transAxes)  # fmt: skip
    sizes = [row["n"] for row in parts[shown[0]]["rows"]]
    axis.set(xlabel="log₁₀ operations of the cheapest certificate, for one value", ylabel="log₁₀ E|∇f|² over the start",
             xlim=(2.2, BUDGET + 2.2), ylim=(lowest - 0.35, None))  # fmt: skip
    axis.set_title(f"What trains, and its shortcut: n = {min(sizes)} … {max(sizes)} (larger marks: more qubits)",
                   loc="left", fontsize=11.5, fontweight="bold", pad=12)  # fmt: skip
    axis.legend(fontsize=8.5, frameon=False, loc="lower left", bbox_to_anchor=(0.0, 0.04))
    axis.spines[["top", "right"]].set_visible(False)


def _beyond(axis: Axes) -> None:
    axis.axvspan(BUDGET, BUDGET + 2.2, color="#f3e3c3", lw=0, zorder=0)
    axis.text(BUDGET + 1.1, 0.985, f"no certificate\nbelow $10^{{{BUDGET:g}}}$ with\nthese methods", ha="center", va="top",
              fontsize=8, transform=axis.get_xaxis_transform())  # fmt: skip


def _sweep(axis: Axes, found: dict[str, Any]) -> None:
    colours = dict(zip(found, ("#56B4E9", "#0072B2", "#003a5c")))
    _beyond(axis)
    markers: dict[int, str] = {}
    for n, part in found.items():
        rows = part["rows"]
        front = sorted((_place(rows[k], 0.0) for k in part["front"]), key=lambda point: point[0])
        axis.plot(*zip(*front), color=colours[n], lw=1.2, drawstyle="steps-post", label=f"Pareto front, n = {n}")
        for row in rows:
            marker = markers.setdefault(row["depth"], "osD^"[len(markers) % 4])
            x, y = _place(row, 0.0)
            good = row["signal"] > 3 * row["signal_error"]
            axis.scatter(x, max(y, -4), s=42, marker=marker, color=colours[n] if good else "white", edgecolor=colours[n])
            axis.annotate(f"{row['width']:g}", (x, max(y, -4)), xytext=(4, 3), textcoords="offset points", fontsize=6.5)
    for depth, marker in markers.items():
        axis.scatter([], [], marker=marker, color="#666666", label=f"{depth} layers")
    axis.set(xlabel="log₁₀ operations", xlim=(2.2, BUDGET + 2.2))
    axis.set_title("Clifford encoder over σ (labels) and depth", loc="left", fontsize=11.5, fontweight="bold", pad=12)
    axis.legend(fontsize=8, frameon=False, loc="lower left")
    axis.spines[["top", "right"]].set_visible(False)


def _words(axis: Axes) -> None:
    axis.axis("off")
    heads = (("Methods tried", TRIED), ("Not tried", NOT_TRIED))
    lines = [(head, True) if k == 0 else (line, False) for head, rows in heads for k, line in enumerate(["", *rows])]
    for k, (line, bold) in enumerate(lines):
        y = 0.97 - 0.049 * (k + (k > len(TRIED)))
        axis.text(0.0, y, line if bold else f"  {line}", fontsize=9, fontweight="bold" if bold else "normal", va="top")

"""The figure of the study: six panels, from the numbers of its parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#666666"
V = r"$V=\mathrm{E}[(\partial_{\theta_{1,1}}f)^2]$"


def draw(parts: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(14, 8.2), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    panels = (sizes, depths, reached, observables, starts, tails)
    for letter, axis, panel in zip("abcdef", axes, panels):
        panel(axis, parts)
        axis.set_title(f"{letter}   {axis.get_title()}", loc="left", fontsize=11.5, fontweight="bold")
        axis.set_title("", loc="center")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, linewidth=0.6)
        axis.tick_params(labelsize=9)
    return figure


def keyed(table: dict[str, Any], prefix: str = "") -> tuple[np.ndarray, list[Any]]:
    """The numbers in a table's names, sorted, and what belongs to them."""
    pairs = sorted((int(name.removeprefix(prefix)), value) for name, value in table.items() if name.startswith(prefix))
    return np.array([n for n, _ in pairs]), [value for _, value in pairs]


def bars(axis: Axes, x: Any, rows: list[dict[str, float]], **style: Any) -> None:
    mean = np.array([row["mean"] for row in rows])
    spread = [mean - [max(row["lower"], 0.02 * row["mean"]) for row in rows], [row["upper"] for row in rows] - mean]
    axis.errorbar(x, mean, spread, fmt="o", capsize=2.5, linewidth=1, **style)


def sizes(axis: Axes, parts: dict[str, Any]) -> None:
    n, exact = keyed(parts["size"]["exact"])
    axis.semilogy(n, [row["variance"] for row in exact], color=BLUE, label="averaged over all circuits and angles")
    w, walked = keyed(parts["size"]["walks"])
    bars(axis, w, walked, color=GREEN, markersize=4.5, label="the same by unbiased walks, 95 %")
    m, limit = keyed(parts["size"]["limit"])
    axis.semilogy(m, limit, "--", color=GREY, linewidth=1, label=r"2-design, $d/3(d^2-1)$")
    k, sampled = keyed(parts["size"]["sampled"])
    bars(axis, k, sampled, color=ORANGE, markersize=4.5, label="sampled statevectors, 95 %")
    axis.set(title="The plateau: $10n$ layers", xlabel="qubits $n$", ylabel=V, xticks=sorted({*n, *w}))
    text = rf"slope {parts['size']['slope']:.3f} per qubit from $n=4$" + "\n" + r"$-\ln 2=-0.693$"
    axis.text(0.05, 0.07, text, transform=axis.transAxes, fontsize=9, color=BLUE)
    axis.legend(frameon=False, fontsize=9, loc="upper right")


def depths(axis: Axes, parts: dict[str, Any]) -> None:
    n, curves = keyed(parts["depth"]["curves"], "line ")
    chosen = [k for k in range(len(n)) if n[k] in (4, 8, 12, 16, 20, 24)]
    colours = ScalarMappable(LogNorm(1.5, 40), "viridis_r")
    for k in chosen:
        curve, colour = curves[k], colours.to_rgba(n[k])
        axis.loglog(curve["depths"], curve["variance"], color=colour, linewidth=1.3)
        axis.text(curve["depths"][-1] * 1.06, curve["variance"][-1], f"{n[k]}", fontsize=9, color=colour, va="center")
    found = parts["hundred"]
    axis.loglog(found["depths"], found["variance"], color="black", linewidth=1.6, label=f"100 qubits, tensor train, within {100 * found['trains_uncertain']:.1g} %")
    low, mean, high = (np.array(found[key]) for key in ("lower", "walks", "upper"))
    axis.errorbar(
        found["checked"], mean, [mean - np.maximum(low, 0.02 * mean), high - mean], fmt="s", color=ORANGE, markersize=3.5,
        capsize=2.5, linewidth=1, label="100 qubits, unbiased walks, 95 %", zorder=5,
    )  # fmt: skip
    exponent = math.floor(math.log10(found["limit"]))
    text = f"limit of 100 qubits: ${found['limit'] / 10**exponent:.1f}\\cdot 10^{{{exponent}}}$, far below"
    axis.text(0.03, 0.05, text, transform=axis.transAxes, fontsize=9, color=GREY)
    axis.set(title="Against depth, 4 to 100 qubits", xlabel="layers", ylabel=V, xlim=(None, 1.5 * found["checked"][-1]))
    axis.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0.0, 0.1))


def reached(axis: Axes, parts: dict[str, Any]) -> None:
    found = parts["depth"]
    for shape, colour, name in (("line", BLUE, "line"), ("grid", ORANGE, "square grid")):
        n, layers = keyed(found["reached"], f"{shape} ")
        ends = np.array([found["between"][f"{shape} {k}"] for k in n])
        spread = [layers - ends.min(axis=1), ends.max(axis=1) - layers]
        axis.errorbar(n, layers, np.maximum(spread, 0), fmt="o", color=colour, markersize=5, capsize=3, linewidth=1)
        fit = np.polyfit(n, layers, 1)
        axis.plot(n, np.polyval(fit, n), color=colour, linewidth=1.3, label=f"{name}: {fit[0]:.1f} layers per qubit")
    fine, few = np.linspace(n[0], n[-1], 100), n <= 16  # of the grid
    root = np.polyval(np.polyfit(np.sqrt(n[few]), np.array(layers)[few], 1), np.sqrt(fine))
    axis.plot(fine, root, "--", color=GREY, linewidth=1, label=r"$\sqrt{n}$ through the grid's $n\leq16$")
    axis.set(title="Depth to the plateau", xlabel="qubits $n$", ylabel="layers until $V$ is below twice its limit")
    axis.set_ylim(0, 1.4 * max(found["reached"].values()))
    axis.legend(frameon=False, fontsize=9, loc="upper left")


def observables(axis: Axes, parts: dict[str, Any]) -> None:
    found = parts["observables"]
    names = {"Z0": (GREEN, "local, $Z_0$"), "Z0 Z1": (BLUE, "local, $Z_0Z_1$"), "parity": (PINK, r"global, $Z^{\otimes n}$")}
    for name, (colour, label) in names.items():
        axis.loglog(found["depths"], found["curves"][name], "o-", color=colour, markersize=3.5, label=label)
    number = found["num_qubits"]
    axis.axhline(2.0**number / 3 / (4.0**number - 1), color=GREY, linestyle="--", linewidth=1)
    axis.set(title=f"Local and global observables, {number} qubits", xlabel="layers", ylabel=V)
    axis.legend(frameon=False, fontsize=9, loc="upper right", bbox_to_anchor=(1.0, 0.93))


def starts(axis: Axes, parts: dict[str, Any]) -> None:
    found = parts["starts"]
    styles = {
        "uniform": (BLUE, "uniform"), "random Clifford": (SKY, "random Clifford point"), "identity-block": (GREEN, "identity block"),
        "small": (ORANGE, "small angles, ±0.1"), "best Clifford": (PINK, "best Clifford point, ±0.1"),
    }  # fmt: skip
    for shift, (name, (colour, label)) in zip(np.linspace(-0.12, 0.12, len(styles)), styles.items()):
        n, rows = keyed(found["all"][name])
        bars(axis, n + shift, rows, color=colour, markersize=4.5, label=label)
        axis.semilogy(n + shift, [row["mean"] for row in rows], color=colour, linewidth=1)
    axis.set_yscale("log")
    axis.set(title="Where the angles start, $10n$ layers", xlabel="qubits $n$", ylabel="mean of $V$ over all rotations", xticks=n)
    axis.legend(frameon=False, fontsize=9, loc="lower left")


def tails(axis: Axes, parts: dict[str, Any]) -> None:
    found = parts["tails"]
    k, share = np.array(found["multiples"]), np.array(found["share"])
    axis.semilogy(k, found["chebyshev"], color=GREY, label=r"Chebyshev, $1/k^2$")
    axis.semilogy(k[share > 0], share[share > 0], "o", color=BLUE, markersize=4.5, label=f"{found['samples']} gradients, {found['num_qubits']} qubits")
    axis.semilogy(k, [math.erfc(v / 2**0.5) for v in k], "--", color=ORANGE, linewidth=1, label="normal law")
    axis.set(title="Tails: beyond $k$ standard deviations", xlabel="$k$", ylabel=r"$P(|\partial f|\geq k\sqrt{V})$", ylim=(2e-4, 1.6))
    axis.legend(frameon=False, fontsize=9)

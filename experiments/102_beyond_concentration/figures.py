"""The figures of the README: four panels of mechanisms, and the QCNN ensembles."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

COST, FELT, HERE = "#444444", "#d1495b", "#00798c"
DEPTHS = ("#edae49", "#66a182", "#2e4057", "#8d6a9f")
SHOTS = 10_000


def mechanisms(ladder: dict[str, Any], scrambling: dict[str, Any]) -> Any:
    """2 x 2: information loss above, scrambling below; without concentration on the left, with it on the right."""
    figure, axes = plt.subplots(2, 2, figsize=(12, 8.4), sharex="row", sharey="row", layout="constrained")
    for axis, name, measured in zip(axes[0], ("lost", "both"), (1, ladder["measured"])):
        _along(axis, ladder, name, measured)
    for axis, kind in zip(axes[1], ("correlated", "independent")):
        _deeper(axis, scrambling, kind)
    axes[0, 0].set_title("no concentration\n", fontsize=15, fontweight="bold")
    axes[0, 1].set_title("concentration\n", fontsize=15, fontweight="bold")
    axes[0, 0].set_ylabel("information loss: what is measured\n\nvariance", fontsize=12)
    axes[1, 0].set_ylabel("scrambling: what lies between\n\nvariance", fontsize=12)
    for axis in axes.flat:
        axis.set_yscale("log")
        axis.axhspan(1e-12, 1 / SHOTS, color="#bbbbbb", alpha=0.25, lw=0)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylim(1e-10, 1)
    axes[1, 0].set_ylim(1e-5, 1)
    return figure


def _along(axis: Any, ladder: dict[str, Any], name: str, measured: int) -> None:
    most = 3 * ladder["measured"]
    table, own = ladder[name], ladder["own"]
    places = np.arange(1, min(most, len(table["law"])) + 1)
    axis.axhline(table["cost"], color=COST, lw=2.5, label="cost, Var f")
    axis.plot(places, table["law"][: len(places)], color=FELT, lw=1.5, label="gradient, closed form")
    axis.plot(
        places, table["variance"][: len(places)], "o", color=FELT, ms=5, label="gradient, qtrain (exact)"
    )
    axis.plot(
        own["places"],
        own["variance"],
        "s",
        color=HERE,
        ms=6,
        label="gradient, measured on the gate's own qubit",
    )
    axis.axhspan(1e-12, 1e-12, color="#bbbbbb", alpha=0.25, label=f"below what {SHOTS:,} shots resolve")
    axis.set_xlabel("distance of the gate from the measured qubit, j")
    what = "Z on qubit 0" if measured == 1 else f"Z on the first {measured} qubits"
    axis.text(0.02, 1.01, f"block ladder, n = {ladder['n']}; {what}", transform=axis.transAxes, fontsize=11)
    if measured == 1:
        axis.legend(fontsize=9, loc="center right", bbox_to_anchor=(1.0, 0.6), framealpha=0.9, edgecolor="none")


def _deeper(axis: Any, scrambling: dict[str, Any], kind: str) -> None:
    sizes = [int(name.split()[1]) for name in scrambling if name.startswith(kind)]
    looks = {
        "cost": ("-", 2.5, 0.55, "cost, Var f"), "variance": ("o-", 1.3, 1.0, "gradient"),
        "elsewhere": ("s:", 1.3, 1.0, "gradient, best single-qubit Pauli"),
    }  # fmt: skip
    for n, color in zip(sizes, DEPTHS):
        table = scrambling[f"{kind} {n}"]
        for name, (style, width, alpha, _) in looks.items():
            mean, low, high = np.array(table[name]).T
            axis.plot(table["depths"], mean, style, color=color, ms=5, lw=width, alpha=alpha)
            if name == "variance":
                axis.fill_between(table["depths"], low, high, color=color, alpha=0.2, lw=0)
        axis.axhline(2.0**-n, color=color, lw=0.8, ls=(0, (1, 4)))
    deepest = max(scrambling[f"{kind} {sizes[0]}"]["depths"])
    axis.set_xlim(min(3.95, deepest / 2), deepest + 0.3)  # before, the probe does not reach every qubit
    axis.set_xlabel("layers of the scrambler between the gate and the probe")
    what = "undone with the same angles (an echo)" if kind == "correlated" else "undone with other angles"
    axis.text(0.02, 1.01, f"scrambler, probe, scrambler {what}", transform=axis.transAxes, fontsize=11)
    if kind == "independent":
        lines = [axis.plot([], [], style, color=COST, ms=5, lw=width, alpha=alpha, label=label)[0]
                 for style, width, alpha, label in looks.values()]  # fmt: skip
        lines += axis.plot([], [], color=COST, lw=0.8, ls=(0, (1, 4)), label="$2^{-n}$")
        lines += [axis.plot([], [], color=color, lw=4, label=f"n = {n}")[0] for n, color in zip(sizes, DEPTHS)]
        axis.legend(handles=lines, fontsize=9, loc="upper right", ncols=2, frameon=False)


def ensembles(found: dict[str, Any]) -> Any:
    """QCNNs: cost, last and first stage over n, for both ways of pooling."""
    figure, axes = plt.subplots(1, 2, figsize=(12, 4.6), sharey=True, layout="constrained")
    for axis, kind in zip(axes, ("one by one", "halving")):
        for name, color, style, label in (("cost", COST, "-", "cost, Var f"), ("late", HERE, "s-", "gradients of the last stage"),
                                          ("early", FELT, "o-", "gradients of the first stage")):  # fmt: skip
            mean, low, high = np.array(found[kind][name]).T
            axis.plot(found["sizes"], mean, style, color=color, label=label)
            axis.fill_between(found["sizes"], low, high, color=color, alpha=0.2, lw=0)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.axhspan(
            1e-14, 1 / SHOTS, color="#bbbbbb", alpha=0.25, lw=0, label=f"below what {SHOTS:,} shots resolve"
        )
        axis.set_xlabel("qubits, n")
        axis.set_title(
            f"QCNNs that pool out {'one qubit a stage' if kind == 'one by one' else 'half of the qubits a stage'}"
        )
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylim(1e-12, 1)
    axes[0].set_ylabel("variance, mean of the ensemble and its 95 % interval")
    axes[0].legend(frameon=False, fontsize=9, loc="lower left")
    return figure

"""The figure: what the circuits learn, and what their algebras and gradients do over the number of qubits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from bit_strings import TASKS
from designs import DESIGNS, SYMMETRIES, permutation_limit
from matplotlib.figure import Figure

COLOURS = {"unstructured": "#555555", "flip": "#E69F00", "fermions": "#CC79A7", "cyclic": "#0072B2",
           "permutation": "#009E73"}  # fmt: skip
MARKS = {"unstructured": "o", "flip": "s", "fermions": "D", "cyclic": "^", "permutation": "v"}
INVARIANT = {"weight": "any permutation", "blocks": "translations, flip", "glass": "flip of all bits",
             "random": "nothing"}  # fmt: skip
SHOTS = 10_000
SIZE = 10.5  # of titles


def draw(parts: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(15.5, 8.2), layout="constrained")
    axes = figure.subplots(2, 4)
    for axis, task in zip(axes[0], TASKS, strict=True):
        _learning(axis, task, parts[task])
    axes[0, 0].set_ylabel("accuracy")
    _algebra(axes[1, 0], parts["algebra"])
    _gradients(axes[1, 1], parts["gradients"])
    _line(axes[1, 2], parts["line"])
    _table(axes[1, 3], parts)
    handles = [axes[0, 0].plot([], [], color=COLOURS[d], marker=MARKS[d], label=d)[0] for d in DESIGNS]
    handles += [axes[0, 0].plot([], [], color="black", ls=ls, label=what)[0] for ls, what in
                (("-", "training"), ("--", "test"), (":", "larger class"))]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, fontsize=11)
    for axis in axes.flat[:-1]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25, lw=0.6)
    return figure


def _learning(axis: Any, task: str, numbers: dict[str, Any]) -> None:
    for design, rows in numbers["runs"].items():
        parameters = [row["parameters"] for row in rows]
        for part, style in (("train", "-"), ("test", "--")):
            axis.plot(parameters, [np.mean(row[part]) for row in rows], style, color=COLOURS[design], ms=4.5,
                      marker=MARKS[design], mfc=COLOURS[design] if part == "train" else "white", lw=1.6)  # fmt: skip
    axis.axhline(numbers["majority"], color="black", ls=":", lw=1)
    axis.set(xscale="log", ylim=(0.4, 1.03), xlabel="parameters")
    axis.set_title(f"{task}: invariant under {INVARIANT[task]}", fontsize=SIZE)
    _ticks(axis, [4, 8, 16, 32, 64, 128, 256])


def _algebra(axis: Any, numbers: dict[str, Any]) -> None:
    for design, found in numbers.items():
        axis.plot(found["sizes"], found["dimension"]["values"], color=COLOURS[design], marker=MARKS[design], ms=4.5)
    axis.set(xscale="log", yscale="log", xlabel="qubits")
    axis.set_title("dimension of the Lie algebra", fontsize=SIZE)
    _ticks(axis, [4, 8, 16, 32, 64])


def _ticks(axis: Any, places: list[int]) -> None:
    low, high = axis.get_xlim()
    inside = [place for place in places if low <= place <= high]
    axis.set_xticks(inside, list(map(str, inside)))
    axis.minorticks_off()


def _gradients(axis: Any, numbers: dict[str, Any]) -> None:
    for design, rows in numbers.items():
        axis.plot([r["n"] for r in rows], [r["cost"] for r in rows], color=COLOURS[design], marker=MARKS[design], ms=4.5)
    sizes = np.arange(4, 1 + max(row["n"] for row in numbers["permutation"]))
    axis.plot(sizes, [permutation_limit(int(n)) for n in sizes], color=COLOURS["permutation"], lw=0.8, ls=":")
    axis.set(xscale="log", yscale="log", xlabel="qubits")
    axis.set_title("variance of the readout ZZ, n repetitions", fontsize=SIZE)
    _ticks(axis, [4, 6, 8, 12, 16, 32, 64])


def _line(axis: Any, numbers: dict[str, Any]) -> None:
    sizes = np.arange(4, 101)
    for name, place, colour in (("edge", lambda n: 0, "#0072B2"), ("middle", lambda n: n // 2, "#D55E00")):
        rows = numbers[name]
        axis.plot(sizes, [1 / math.comb(int(n) + 1, place(int(n)) + 1) for n in sizes], color=colour, lw=1)
        axis.plot([r["n"] for r in rows], [r["cost"] for r in rows], "o", color=colour, ms=5, label=f"Z at the {name}")
    axis.axhline(1 / SHOTS, color="black", ls=":", lw=1)
    axis.text(100, 0.02 / SHOTS, f"what {SHOTS:,} shots resolve", ha="right", fontsize=9)
    axis.set(yscale="log", ylim=(1e-32, 10), xlabel="qubits", ylabel="variance, deep limit")
    axis.set_title("RY + CZ line: one algebra of dimension n(n+1)", fontsize=SIZE)
    axis.legend(frameon=False, loc="lower left")


def _table(axis: Any, parts: dict[str, Any]) -> None:
    """Test accuracy of each design on each task; bold frames: the task has the design's symmetry."""
    values = np.array([[parts[t]["chosen"][d]["test"]["mean"] for t in TASKS] for d in DESIGNS])
    axis.imshow(values, cmap="Greens", vmin=0.4, vmax=1.15, aspect="auto")
    for i, design in enumerate(DESIGNS):
        for j, task in enumerate(TASKS):
            axis.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", fontsize=11)
            if design in SYMMETRIES[task]:
                axis.add_patch(_frame(j, i))
    axis.set_xticks(range(len(TASKS)), TASKS)
    axis.set_yticks(range(len(DESIGNS)), DESIGNS)
    axis.tick_params(length=0)
    axis.set_title("test accuracy (framed: the task's symmetry)", fontsize=SIZE)


def _frame(x: int, y: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.47, y - 0.46), 0.94, 0.92, fill=False, lw=2.2, ec="black")

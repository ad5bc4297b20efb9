"""Losses over iterations, median of the seeds and the middle half."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

LOOKS = {"random": ("C7", "random angles"), "clifford": ("C1", "best Clifford point"), "surrogate": ("C0", "descent, classical")}


def draw(race: dict) -> Figure:
    figure = Figure(figsize=(6.4, 3.6))
    axes = figure.subplots()
    for way, curves in race["curves"].items():
        colour, label = LOOKS[way]
        steps = race["look"] * np.arange(len(curves[0]))
        low, middle, high = np.percentile(np.array(curves), [25, 50, 75], axis=0)
        axes.fill_between(steps, low, high, color=colour, alpha=0.2, lw=0)
        axes.plot(steps, middle, color=colour, lw=1.6, label=label)
    axes.axhline(race["lowest"], color="k", lw=0.8, ls=":")
    axes.annotate("lowest, without noise", (steps[-1], race["lowest"]), (0, 3), textcoords="offset points", ha="right",
                  fontsize=8)  # fmt: skip
    axes.set_xlabel("iterations on the noisy device")
    axes.set_ylabel("energy")
    axes.legend(frameon=False, fontsize=8, title="start", title_fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure

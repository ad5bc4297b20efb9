"""Figures show what they are given: read back from the drawn artists."""

from __future__ import annotations

import math

import numpy as np
import pytest

from qtrain import QTrainError
from qtrain.diagnosis.results import Verdict
from qtrain.views.plotting import COLOURS, pareto_front, variance_profile


def verdict(index: int, cause: str, variance: float, lower: float, upper: float) -> Verdict:
    return Verdict(f"θ[{index}]", index, cause, 0.5, 0.5, variance, lower, upper, "", index, (index,))


def test_pareto_front_shows_every_pair_and_leaves_out_pruned_trials():
    values = np.array([[0.1, 5, -2], [0.3, 2, -1], [0.4, 6, -3], [math.nan, 1, 1]])
    figure = pareto_front(
        values, ["loss", "depth", "trainability"], directions=["minimize", "minimize", "maximize"],
        front=[0, 1], winner=1,
    )  # fmt: skip
    assert len(figure.axes) == 3
    others, front, winner = figure.axes[0].collections
    assert others.get_offsets().tolist() == [[0.4, 6]]
    assert sorted(front.get_offsets().tolist()) == [[0.1, 5], [0.3, 2]]
    assert winner.get_offsets().tolist() == [[0.3, 2]]
    assert "← better" in figure.axes[0].get_xlabel() and "→ better" in figure.axes[1].get_ylabel()


@pytest.mark.parametrize("values", [[[1.0]], [1.0, 2.0], [[1.0, 2.0, 3.0]]])
def test_pareto_front_refuses_other_shapes(values):
    with pytest.raises(QTrainError, match="values should be of shape"):
        pareto_front(values, ["a", "b"], directions=["minimize", "minimize"], front=[0])


def test_variance_profile_colours_bounds_and_zeros(tmp_path):
    verdicts = [
        verdict(0, "healthy", 0.25, 0.2, 0.3),
        verdict(1, "dead: outside the light cone", 0.0, 0.0, 0.0),
        verdict(2, "below the threshold", 0.0, 0.0, 1e-6),
    ]
    figure = variance_profile(verdicts, threshold=1e-4, title="circuit")
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["healthy (1)", "dead (1)", "below the threshold (1)", "resolved by the shots"]
    offsets = np.concatenate([c.get_offsets() for c in axes.collections if len(c.get_offsets())])
    assert [0.0, 0.25] in offsets.tolist() and [2.0, 1e-6] in offsets.tolist()
    assert axes.get_ylim()[0] < 1e-6
    figure.savefig(tmp_path / "profile.png")
    assert (tmp_path / "profile.png").read_bytes().startswith(b"\x89PNG")


def test_variance_profile_knows_every_cause():
    causes = [*COLOURS, "dead: commutes with everything"]
    figure = variance_profile([verdict(i, c, 0.1, 0.05, 0.2) for i, c in enumerate(causes)])
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert sum(int(label.split("(")[1].rstrip(")")) for label in labels) == len(causes)


def test_variance_profile_refuses_nothing():
    with pytest.raises(QTrainError, match="one parameter or more. Got none"):
        variance_profile([])

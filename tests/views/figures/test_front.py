"""Fronts show every trial once, in every pair of objectives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from figures import drawn, labels, points, study_of

from qtrain import QTrainError, plot_front

THREE = {"task_loss": [1e-6, 0.3, 0.4, 1e-3], "two_qubit_depth": [5, 2, 6, 4], "trainability": [-2, -1, -3, -3]}


def test_every_pair_is_drawn_and_the_winner_marked():
    axes = drawn(plot_front, study_of(THREE))
    every = axes.figure.axes
    assert [a.get_xlabel().split(" (")[0] for a in every] == ["task loss", "task loss", "two-qubit depth"]
    assert points(every[0], "winner").tolist() == [[1e-6, 5]]
    assert points(every[0], "Pareto").tolist() == [[0.3, 2], [1e-3, 4]]
    assert points(every[0], "trials").tolist() == [[0.4, 6]]
    assert labels(axes) == ["trials (1)", "Pareto front (2)", "winner (1)"]
    assert [a.get_xscale() for a in every] == ["log", "log", "linear"]
    assert "→ better" not in every[0].get_xlabel() and "↑ better" in every[1].get_ylabel()
    assert axes.figure.get_figwidth() == pytest.approx(3 * 3.4)


def test_one_pair_may_be_asked_for_and_drawn_into():
    axes = drawn(plot_front, study_of(THREE), objectives=["trainability", "task_loss"])
    assert len(axes.figure.axes) == 1 and axes.get_yscale() == "log"
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert drawn(plot_front, study_of(THREE), ax=ax) is ax
    with pytest.raises(QTrainError, match="objectives should be at most 2 different ones of task_loss"):
        plot_front(study_of(THREE), objectives=["depth", "task_loss"])
    with pytest.raises(QTrainError, match="objectives should be two of"):
        plot_front(study_of(THREE), objectives=["task_loss"])


def test_losses_of_zero_stay_on_an_axis_of_decades():
    axes = drawn(plot_front, study_of({"task_loss": [0.0, 1e-9, 1.0], "parameters": [3, 2, 1]}))
    assert axes.get_xscale() == "symlog" and len(points(axes, "winner")) == 1


def test_trials_over_a_limit_are_told_apart():
    made = study_of({"task_loss": [0.1, 0.2], "parameters": [3, 4]}, constraints=[True, False])
    assert points(drawn(plot_front, made), "over a limit").tolist() == [[0.1, 3]]


@pytest.mark.parametrize("states", [["failed"] * 3, ["pruned", "failed", "running"], []])
def test_studies_without_a_front_say_so(states):
    made = study_of({"task_loss": [0.0] * len(states), "parameters": [0.0] * len(states)}, states=states)
    axes = drawn(plot_front, made)
    assert [text.get_text() for text in axes.texts] == ["no trial was completed"]


@pytest.mark.parametrize("count", [1, 400])
def test_any_number_of_trials_and_of_objectives(count):
    rng = np.random.default_rng(count)
    names = ("task_loss", "trainability", "two_qubit_depth", "parameters", "hardware_cost")
    values = {name: rng.uniform(size=count) for name in names}
    if count > 1:
        values["trainability"][3] = math.inf
    axes = drawn(plot_front, study_of(values))
    assert len(axes.figure.axes) == 10
    shown = sum(len(points(axes, name)) for name in ("trials", "Pareto", "winner"))
    assert shown == (1 if count == 1 else 399)  # what is not finite has no place


def test_one_objective_shows_its_history():
    assert drawn(plot_front, study_of({"task_loss": [3, 2, 1]})).get_xlabel() == "trial"


def test_other_results_are_refused():
    with pytest.raises(QTrainError, match="result should be a SearchResult. Got list."):
        plot_front([1])

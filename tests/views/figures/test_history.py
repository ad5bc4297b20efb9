"""Histories show every trial, and the best so far."""

from __future__ import annotations

import pytest
from figures import drawn, labels, points, study_of

import qtrain
from qtrain import QTrainError, plot_history


def best(axes):
    (line,) = [line for line in axes.lines if line.get_label() == "best so far"]
    return line.get_ydata().tolist()


def test_the_best_so_far_follows_each_direction():
    made = study_of({"task_loss": [3, 4, 1, 2], "trainability": [-3, -1, -2, 0]})
    first, second = drawn(plot_history, made).figure.axes
    assert best(first) == [3, 3, 1, 1] and best(second) == [-3, -1, -1, 0]
    assert points(first, "winner").tolist() == [[2, 1]]


def test_trials_over_a_limit_are_no_best():
    made = study_of({"task_loss": [0.1, 2, 1]}, constraints=[True, False, False])
    assert best(drawn(plot_history, made)) == [2, 1]


def test_trials_without_figures_stand_on_the_rim():
    made = study_of({"task_loss": [1, 0, 0, 0]}, states=["complete", "pruned", "failed", "running"])
    axes = drawn(plot_history, made)
    assert labels(axes) == ["best so far", "winner", "pruned (1)", "failed (1)", "running (1)"]
    assert points(axes, "failed")[0][0] == 2


def test_a_study_of_failures_has_a_history():
    axes = drawn(plot_history, study_of({"task_loss": [0, 0]}, states=["failed", "failed"]))
    assert labels(axes) == ["failed (2)"]


def test_one_objective_may_be_asked_for():
    made = study_of({"task_loss": [3, 1], "trainability": [-3, -1]})
    assert drawn(plot_history, made, objectives="trainability").get_ylabel().startswith("trainability")
    with pytest.raises(QTrainError, match="objectives should be at most 2 different ones"):
        plot_history(made, objectives="depth")


def test_a_growth_shows_its_energies():
    grown = qtrain.grow("-1*ZZ - 1*XI - 1*IX", max_gates=3)
    axes = drawn(grown.plot)
    assert axes.lines[0].get_ydata().tolist() == [step.energy for step in grown.steps]

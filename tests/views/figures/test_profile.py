"""Profiles show what they are given: read back from the drawn artists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from figures import drawn, labels, points, report_of, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

import qtrain
from qtrain import QTrainError, plot_profile
from qtrain.diagnosis.causes import CAUSES

EDGE = [0.0, math.nan, math.inf, 1e-300, 1e-30, 0.25, 5e-324, 1e200]


def test_values_bounds_zeros_and_the_unknown_have_marks_of_their_own():
    axes = drawn(plot_profile, report_of([
        verdict(0, "healthy", 0.25, 0.2, 0.3),
        verdict(1, "dead: outside the light cone", 0.0, 0.0, 0.0),
        verdict(2, "below the threshold", 0.0, 0.0, 1e-6),
        verdict(3, "unknown: no method", math.nan, 0.0, math.nan),
    ]))  # fmt: skip
    assert labels(axes) == [
        "healthy (1)", "dead, proven 0 (1)", "below the threshold, at most this (1)", "unknown, V not known (1)",
        "resolved by the shots",
    ]  # fmt: skip
    assert points(axes, "healthy").tolist() == [[0.0, 0.25]]
    assert points(axes, "below").tolist() == [[2.0, 1e-6]]
    assert points(axes, "dead")[0][0] == 1 and points(axes, "dead")[0][1] < 0.1  # in parts of the height
    assert points(axes, "unknown")[0][0] == 3 and points(axes, "unknown")[0][1] > 0.9
    assert axes.get_ylim()[0] < 1e-6


def test_layers_are_marked_where_gates_share_no_qubit():
    gates = [verdict(k, "healthy", 0.1, 0.1, 0.1, gate=k, qubits=(k % 3,)) for k in range(9)]
    axes = drawn(plot_profile, report_of(gates))
    assert [patch.get_x() for patch in axes.patches] == [2.5]
    assert "layer" in axes.get_xlabel()


def test_gates_are_in_the_order_of_layers_not_of_names():
    gates = [verdict(0, "healthy", 0.1, 0.1, 0.1, gate=7, qubits=(0,)), verdict(1, "healthy", 0.2, 0.2, 0.2, gate=2, qubits=(0,))]
    assert points(drawn(plot_profile, report_of(gates)), "healthy")[:, 1].tolist() == [0.2, 0.1]


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from(CAUSES), *[st.sampled_from(EDGE)] * 3), min_size=1, max_size=30),
       st.sampled_from([0.0, 1e-4, math.nan, 1e-320]))  # fmt: skip
def test_every_parameter_has_one_mark_and_a_place_in_the_legend(rows, threshold):
    axes = drawn(plot_profile, report_of([verdict(k, *row) for k, row in enumerate(rows)], threshold=threshold))
    shown = [text for text in labels(axes) if "(" in text]
    assert sum(int(text.rsplit("(")[1].rstrip(")")) for text in shown) == len(rows)
    assert sum(len(c.get_offsets()) for c in axes.collections if "(" in str(c.get_label())) == len(rows)


@pytest.mark.parametrize("size", [1, 60, 840])
def test_any_number_of_parameters_fits_a_column(size):
    rng = np.random.default_rng(size)
    values = 10 ** rng.uniform(-20, 0, size)
    axes = drawn(plot_profile, report_of([verdict(k, "scrambled", v, v / 2, v * 2, qubits=(k % 100,)) for k, v in enumerate(values)]))
    assert axes.figure.get_figwidth() == 3.4
    assert sorted(points(axes, "scrambled")[:, 1]) == pytest.approx(sorted(values))


def test_statistics_alone_have_a_profile():
    from qiskit.circuit.library import real_amplitudes

    found = qtrain.gradient_variance(real_amplitudes(2, reps=1), "IZ")
    axes = drawn(found.plot)
    zero = int(found.proven_zero.sum())
    assert labels(axes) == [f"gradient ({4 - zero})", f"gradient, proven 0 ({zero})"]


def test_axes_of_ones_own_keep_their_figure():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert drawn(plot_profile, report_of([verdict(0, "healthy", 0.25, 0.2, 0.3)]), ax=ax) is ax
    assert labels(ax) == ["healthy (1)", "resolved by the shots"]


def test_a_notebook_shows_the_figure():
    assert plot_profile(report_of([verdict(0, "healthy", 0.25, 0.2, 0.3)]))._repr_png_().startswith(b"\x89PNG")


def test_wrong_input_is_one_sentence():
    with pytest.raises(QTrainError, match=r"one parameter or more. Got none."):
        plot_profile(report_of([]))
    with pytest.raises(QTrainError, match=r"should be a TrainabilityReport or GradientStats. Got int."):
        plot_profile(3)
    with pytest.raises(QTrainError, match=r"ax should be matplotlib Axes, or None for a new figure. Got str."):
        plot_profile(report_of([verdict(0, "healthy", 0.25, 0.2, 0.3)]), ax="here")

"""Charts hold finite places for whatever figures come in."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import Elements, base, made, verdicts

from qtrain.diagnosis.causes import CAUSES
from qtrain.diagnosis.scaling import Scaling
from qtrain.views.page.charts import HEIGHT, WIDTH, profile, trend

FIGURES = st.one_of(st.floats(), st.sampled_from([0.0, 1e-320, 1e308, math.inf, -math.inf, math.nan, -1.0]))


def places(chart: str) -> list[float]:
    """All numbers of positions and paths."""
    found = Elements(chart)
    texts = [value or "" for tag, attributes in found.attributes for name, value in attributes.items()
             if name in ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy")]  # fmt: skip
    return [float(n) for text in texts for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text)]


@given(st.lists(st.tuples(FIGURES, FIGURES, FIGURES, st.sampled_from(CAUSES)), min_size=1, max_size=20), FIGURES)
def test_any_figures_are_drawn_inside(rows, threshold):
    made_up = [replace(v, variance=a, lower=b, upper=c, cause=cause)
               for v, (a, b, c, cause) in zip(verdicts(len(rows)), rows)]  # fmt: skip
    chart = profile(made(made_up, drawn=False, threshold=threshold), of="0")
    assert not re.search(r"\b(nan|inf)\b", chart)
    assert all(-10 <= place <= max(WIDTH, HEIGHT) for place in places(chart))
    assert "<title>" in chart and "<desc>" in chart


def test_every_parameter_is_a_point():
    rows = verdicts(90)
    chart = profile(made(rows), of="0")
    points = sum(value.count("M") for tag, value in ((a.get("class"), a.get("d")) for _, a in Elements(chart).attributes) if tag in ("m", "m open"))
    assert points == 90


@given(st.lists(st.tuples(st.integers(1, 1000), FIGURES, FIGURES, FIGURES), min_size=1, max_size=8, unique_by=lambda r: r[0]))
def test_any_trend_is_drawn_inside(rows):
    rows = sorted(rows, key=lambda row: row[0])
    sizes, variance, error, scale = zip(*rows)
    found = Scaling(
        sizes, np.array(variance), np.array(variance), np.array(error), np.array(scale), "exponential", 0.5, 0.4, 0.6, {}, True,
        10_000, 12.0, "V decays.",
    )  # fmt: skip
    chart = trend(found)
    assert not re.search(r"\b(nan|inf)\b", chart.replace("V decays", ""))
    assert all(-10 <= place <= max(WIDTH, HEIGHT) for place in places(chart))
    assert sum(tag == "circle" for tag in Elements(chart).tags) == sum(1e-300 < v < 1e300 for v in variance)


def test_the_base_report_has_a_profile():
    assert "resolved by 10,000 shots" in profile(base(), of="0")


@pytest.mark.parametrize("lower", [1e-30, 1e-300, 0.0])
def test_intervals_down_to_almost_zero_leave_room_for_the_values(lower):
    rows = [replace(v, variance=1e-3, lower=lower, upper=2e-3) for v in verdicts(8, causes=["healthy"])]
    chart = profile(made(rows, drawn=False), of="0")
    assert "10⁻⁸" not in chart and "0.001" in chart


def test_bounds_are_open_marks():
    rows = [replace(v, variance=math.nan, lower=0.0, upper=1e-3) for v in verdicts(3, causes=["healthy"])]
    classes = [a.get("class") for tag, a in Elements(profile(made(rows, drawn=False), of="0")).attributes if tag == "path"]
    assert classes.count("m open") == 1 and "m" not in classes

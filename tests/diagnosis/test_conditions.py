"""``--fail-if``: what is understood, and what it means."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain import QTrainError
from qtrain.diagnosis.conditions import Condition
from qtrain.diagnosis.facts import kind

TRUTH = {
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


@given(st.sampled_from(sorted(TRUTH)), st.floats(-10, 10), st.floats(-10, 10), st.booleans())
def test_conditions_compare(sign, value, bound, spaced):
    text = f"cost_variance {sign} {bound!r}" if spaced else f"cost_variance{sign}{bound!r}"
    assert Condition.parse(text).holds({"cost_variance": value}) == TRUTH[sign](value, bound)


def test_percent():
    assert Condition.parse("dead > 10%") == Condition("dead", ">", 0.1)


def test_what_was_not_computed_never_fails():
    assert not any(Condition.parse(f"dimension {sign} 1").holds({"dimension": math.nan}) for sign in TRUTH)


@pytest.mark.parametrize("text, message", [
    ("dead", "should read like 'dead > 0.1'. Got 'dead'"),
    ("dead = 0.1", "should read like"),
    ("alive > 0.1", "should name one of healthy, dead.*Got 'alive'"),
    ("dead > few", "should end in a number.*Got 'few'"),
    ("dead > nan", "should end in a number.*Got 'nan'"),
    ("__import__('os') > 1", "should read like"),
])  # fmt: skip
def test_what_is_not_understood_is_named(text, message):
    with pytest.raises(QTrainError, match=message):
        Condition.parse(text)


@pytest.mark.parametrize("cause, word", [
    ("healthy", "healthy"), ("dead: outside the light cone", "dead"), ("dead: the input state cannot feel it", "dead"),
    ("observable concentration", "concentrated"), ("information lost", "lost"), ("scrambled", "scrambled"),
    ("below the threshold, cause not resolved within the budget", "below"), ("below the bound", "below"),
])  # fmt: skip
def test_causes_have_a_word(cause, word):
    assert kind(cause) == word

"""The Pareto front against its definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.studies.objectives import signs
from qtrain.studies.trials import TrialRecord, pareto_front

OBJECTIVES = ["task_loss", "trainability", "expressivity"]


@st.composite
def records(draw):
    numbers = draw(st.lists(st.integers(0, 60), unique=True, max_size=25))
    found = []
    for number in numbers:
        values = [draw(st.sampled_from([0.0, 1.0, 2.0, -1.5])) for _ in OBJECTIVES]
        found.append(TrialRecord(
            number, draw(st.sampled_from(["complete", "complete", "pruned"])),
            duplicate_of=draw(st.sampled_from([None, None, 3])), objectives=dict(zip(OBJECTIVES, values)),
            constraints={"max_depth": draw(st.sampled_from([-1.0, 0.0, 1.0]))},
        ))  # fmt: skip
    return found


@given(records(), st.integers(1, 3))
def test_front_is_what_no_feasible_trial_dominates(trials, count):
    names = OBJECTIVES[:count]
    able = [t for t in trials if t.feasible and t.duplicate_of is None]

    def point(trial):
        return [sign * trial.objectives[name] for sign, name in zip(signs(names), names)]

    def better(a, b):
        no_worse = all(x <= y for x, y in zip(point(a), point(b)))
        return no_worse and (point(a) != point(b) or a.number < b.number)

    expected = tuple(t.number for t in able if not any(better(o, t) for o in able if o is not t))
    assert pareto_front(trials, names) == expected


def test_no_trials_have_no_front():
    assert pareto_front([], OBJECTIVES) == ()
    with pytest.raises(KeyError):
        pareto_front([TrialRecord(0, "complete")], OBJECTIVES)

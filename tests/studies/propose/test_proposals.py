"""What a sampler is shown, and that a finished trial's record is read once."""

from __future__ import annotations

import gc

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.studies.propose.proposals import shown
from qtrain.studies.run import record


def trial(number: int, value: float | None, state: str = "COMPLETE"):
    state = optuna.trial.TrialState[state if value is not None or state != "COMPLETE" else "PRUNED"]
    found = optuna.trial.create_trial(state=state, value=value, user_attrs={record.BEGUN: {"seed": number}})
    found.number = number
    return found


@given(st.lists(st.none() | st.floats(-5, 5), max_size=60), st.integers(4, 24), st.sampled_from(["minimize", "maximize"]))
def test_shown_are_the_best_and_the_latest_in_their_order(values, history, direction):
    trials = [trial(k, v) for k, v in enumerate(values)]
    found = [t.number for t in shown(trials, history, [direction])]
    assert found == sorted(set(found)) and len(found) == min(len(values), history)
    if len(values) > history:
        scored = sorted((v if direction == "minimize" else -v, k) for k, v in enumerate(values) if v is not None)
        best = {k for _, k in scored[: history // 4]}
        assert best <= set(found)
        late = [k for k in range(len(values)) if k not in best]
        assert set(late[len(late) - (history - len(best)) :]) <= set(found)
    assert shown(trials, None, [direction]) == trials and shown(trials, 0, [direction]) == []


def test_a_finished_trial_is_read_once_and_forgotten_with_it():
    done = trial(3, 0.5)
    first = record.to_record(done)
    assert record.to_record(done) is first and first.number == 3
    running = trial(4, None, "RUNNING")
    assert record.to_record(running) is not record.to_record(running)
    known = len(record._KNOWN)
    del done
    gc.collect()
    assert len(record._KNOWN) == known - 1
    with pytest.raises(AttributeError):
        record.to_record(None)

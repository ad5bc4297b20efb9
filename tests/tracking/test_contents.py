"""What MLflow is told: the same text, names and points whenever it is told again, whatever a study holds."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.catalogue import hva_tfim
from qtrain.tracking import contents

AIMS = {"task_loss": "minimize", "trainability": "maximize"}


def trial(number, loss=1.0, trainability=-1.0, **changes):
    plain = {
        "number": number, "state": "complete", "architecture": hva_tfim(reps=2).to_dict(), "begun": 100.0 + number,
        "ended": 101.0 + number, "objectives": {"task_loss": loss, "trainability": trainability},
        "constraints": {"max_dead_fraction": -0.2}, "timings": {"training": 0.5}, "metrics": {"energy": -3.0}, "report": {},
    }  # fmt: skip
    return plain | changes


def test_run_names_are_legible_and_short():
    assert contents.run_name(trial(7)) == f"007 {hva_tfim(reps=2).summary}"
    long = contents.run_name(trial(12, architecture={"circuit": "…", "name": "x" * 500}))
    assert len(long) == contents.LONGEST_NAME and long.endswith("…")
    assert contents.run_name(trial(3, architecture={"x": 1})) == "003"


def test_curve_has_the_steps_of_the_training():
    report = {"training": {"curve": [3.0, 2.0, 1.5], "every": 3}}
    points = contents.curve(trial(0, report=report))
    assert [(name, value, step) for name, value, _, step in points] == [
        ("training.energy", 3.0, 0), ("training.energy", 2.0, 3), ("training.energy", 1.5, 6)]  # fmt: skip
    times = [time for _, _, time, _ in points]
    assert times == sorted(times) and 100_000 <= times[0] and times[-1] <= 101_000
    assert contents.curve(trial(0, report={"training": {"curve": [1.0]}})) == []  # recorded before steps were
    pruned = trial(0, report={"pruning": {"losses": {"0": 2.0, "5": 1.0}}}, metrics={})
    assert [(name, step) for name, _, _, step in contents.curve(pruned)] == [("training.loss", 0), ("training.loss", 5)]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.booleans()), min_size=1, max_size=12))
def test_history_only_gets_better_and_ends_at_the_best(values):
    trials = [trial(n, loss, grown, constraints={"c": 1.0 if broken else -1.0}) for n, (loss, grown, broken) in enumerate(values)]
    points = contents.history(trials[::-1], AIMS)
    feasible = [v for v in values if not v[2]]
    for name, column, sign in (("task_loss", 0, 1), ("trainability", 1, -1)):
        found = [value for point, value, _, _ in points if point == f"best.{name}"]
        assert all(sign * b < sign * a for a, b in zip(found, found[1:]))
        assert found[-1:] == ([sign * min(sign * v[column] for v in feasible)] if feasible else [])


def test_what_a_study_came_to_can_be_told_twice():
    trials = [trial(0, 0.5), trial(1, 0.1), trial(2, state="pruned", objectives={})]
    once = contents.outcome(trials, 1, [1], {"reference.exact_energy": -3.0})
    assert once == contents.outcome(trials, 1, [1], {"reference.exact_energy": -3.0})
    named = {name: value for name, value, _, _ in once}
    assert named["objective.task_loss"] == 0.1 and named["energy"] == -3.0 and named["trials.pruned"] == 1
    assert not any(name.startswith(("seconds.", "constraint.")) for name in named)


def test_text_at_the_end_begins_with_the_winner():
    spec = {"task": {"kind": "tfim"}, "qubits": 6, "trials": 20, "sampler": "tpe", "seed": 0, "device": {"topology": "line"}}
    trials = [trial(n, 0.1 * n) for n in range(20)]
    text = contents.ended_text(
        spec, trials, AIMS, list(range(20)), winner=4, rule="best task_loss", name="ising", drawing="q_0: ─",
        references={"exact_energy": -7.296, "nothing": math.nan},
    )  # fmt: skip
    assert text.startswith("**Winner: trial 4**") and 'qtrain.load("ising").circuit()' in text
    assert "| | trial | task_loss ↓ | trainability ↑ |" in text and "| ★ | 4 | 0.4 | -1 |" in text
    assert "8 more in result.json." in text and "exact energy -7.296." in text and "nan" not in text
    assert "20 trials ended: 20 complete, 0 pruned, 0 failed; 20 on the Pareto front." in text
    assert text.endswith("```text\nq_0: ─\n```")
    assert "1 trial ended" in contents.ended_text(
        spec, trials[:1], AIMS, [], winner=None, rule="", name=None, drawing="", references={}
    )

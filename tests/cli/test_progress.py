"""The view of a search: one trial's figures, the front as the result has it, legible at any width."""

from __future__ import annotations

import io
import time

import pytest
from fake_study import fake_spec
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from qtrain.cli.progress import SearchProgress
from qtrain.studies.result import summarise
from qtrain.studies.trials import TrialRecord


def ended(number, loss=1.0, trainability=-1.0, state="complete", **changes):
    objectives = {"task_loss": loss, "trainability": trainability} if state == "complete" else {}
    return TrialRecord(number, state, objectives=objectives, ended=time.time() + 1, **changes)


def on_pipe(total=20, **options):
    console = Console(file=io.StringIO(), width=80)
    return SearchProgress(fake_spec(batch=5), total, console, **options), console.file


values = st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["complete", "pruned", "failed"]), st.booleans())


@given(st.lists(values, max_size=25), st.randoms())
def test_front_and_best_trial_are_those_of_the_result(rows, random):
    trials = [ended(n, loss, grown, state, constraints={"c": 1.0 if broken else -1.0}) for n, (loss, grown, state, broken) in enumerate(rows)]
    progress, _ = on_pipe()
    for trial in random.sample(trials, len(trials)):
        progress.show(trial)
    result = summarise(fake_spec(), trials, {}, storage="", tracking_uri=None, interrupted=False)
    assert tuple(sorted(progress.front)) == result.front
    assert progress.best == result.winner
    if result.winner is not None:
        figures = result.winner.objectives
        assert f"task_loss {figures['task_loss']:g}, trainability {figures['trainability']:g}" in progress.line()


def test_a_line_for_each_batch_without_a_terminal():
    progress, file = on_pipe(12)
    with progress:
        for number in range(12):
            progress.show(ended(number, 1 / (1 + number), state="pruned" if number == 3 else "complete"))
    lines = file.getvalue().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["5/12 trials", "10/12 trials", "12/12 trials"]
    assert lines[0].startswith("5/12 trials: 4 complete, 1 pruned, 0 failed; 1 on the front; best: trial 4, task_loss 0.2,")
    assert "left" in lines[0] and "left" not in lines[-1] and "\x1b" not in file.getvalue()


def test_trials_of_an_earlier_start_count_and_do_not_set_the_pace():
    progress, file = on_pipe(10)
    for number in range(4):
        progress.show(TrialRecord(number, "pruned", ended=time.time() - 60))
    assert not file.getvalue() and progress.pace() == ""
    progress.show(ended(4))
    assert "5/10 trials (4 of an earlier start): 1 complete, 4 pruned, 0 failed" in file.getvalue()


def test_words_in_the_singular():
    progress, file = on_pipe(1)
    progress.show(ended(0))
    assert file.getvalue().startswith("1/1 trial: 1 complete")


def test_worker_does_not_know_what_is_left():
    progress, file = on_pipe(10, shared=True)
    for number in range(5):
        progress.show(ended(number))
    assert file.getvalue().startswith("of this worker's 5/10 trials") and "left" not in file.getvalue()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_view_fits_any_width_and_keeps_its_words(width):
    spec = fake_spec(trials=400)
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False)
    progress = SearchProgress(spec, 400, console)
    for number in range(37):
        progress.show(ended(number, 1 / (1 + number), params={"grown.move": "append", "grown.parent": 3}))
    with console.capture() as captured:
        console.print(progress.view())
    lines = captured.get().splitlines()
    assert all(len(line) <= width for line in lines)
    words = " ".join(" ".join(lines).split())
    assert "37/400" in words and "37 complete, 0 pruned, 0 failed; 1 on the front" in words
    assert "best: trial 36 (grown from 3 by append), task_loss 0.027, trainability -1" in words and "left" in words
    assert ("0:00:0" in lines[0]) == (width >= 60)


def test_terminal_is_drawn_in_place():
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with SearchProgress(fake_spec(), 2, console) as progress:
        progress.show(ended(0))
        progress._live.refresh()
        progress.show(ended(1))
    text = console.file.getvalue()
    assert "1/2" in text and "\x1b[1A" in text and "2/2" in text
    assert "registering the winner" not in text.rpartition("2/2")[2]  # what stays behind is what is done

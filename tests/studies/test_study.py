"""The loop: the same study for any n_jobs, after a kill, with faults; every finished trial kept, once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from fake_study import FakeArchitecture, essence, fake_spec, fake_study
from mlflow_checks import wait_for

from qtrain.errors import QTrainError
from qtrain.studies.propose.proposals import child_seed, propose
from qtrain.studies.result import TrialRecord, choose_winner, pareto_front
from qtrain.studies.run import record
from qtrain.studies.run.storage import open_storage, repair_journal
from qtrain.studies.spec.tables import WinnerSpec

HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return fake_study(storage=tmp_path_factory.mktemp("whole") / "a.journal")


def start_script(journal, setup, tracking_uri="off"):
    """The same study in a process of its own, to be killed."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "fake_study.py"), json.dumps(setup), str(journal), tracking_uri],
        env=os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}, start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished_in(journal):
    """Trials that ended, read from the journal's text alone."""
    try:
        lines = journal.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return 0
    return sum('"op_code":6' in line and '"state":0' not in line for line in lines)




def test_a_journal_of_an_earlier_release_goes_on(uninterrupted):
    """Begun by the code before specs were pydantic models, its training's start by its older name, and stopped.

    Its gradients were asked for to 10 %, which was what an unsaid ``relative_error`` meant.
    """
    objectives = {"use": ["task_loss", "trainability"], "relative_error": 0.1}
    shutil.copy(HERE / "data" / "earlier_release.journal", "e.journal")
    with open_storage("e.journal", "fake") as (storage, _):
        begun = optuna.load_study(study_name="fake", storage=storage)
        assert begun.user_attrs["qtrain:spec"]["training"]["initialization"] == "small" and len(begun.trials) == 9
    with pytest.raises(QTrainError, match="Got other values for objectives.relative_error"):
        fake_study(storage="e.journal")
    result = fake_study(storage="e.journal", tracking_uri=None, changes={"objectives": objectives})
    assert essence(result) == essence(uninterrupted) and result.undelivered == 0
    with pytest.raises(QTrainError, match="Got other values for seed"):
        fake_study(storage="e.journal", changes={"objectives": objectives, "seed": 5})


def test_n_jobs_does_not_change_trials_or_winner(uninterrupted):
    both = fake_study(storage="b.journal", n_jobs=2, setup={"seconds": 0.002})
    assert essence(both) == essence(uninterrupted)
    assert both.winner.number == uninterrupted.winner.number and both.front == uninterrupted.front
    assert both.counts["complete"] and both.counts["pruned"]


def test_seed_changes_trials(uninterrupted):
    assert essence(fake_study(storage="b.journal", changes={"seed": 1})) != essence(uninterrupted)


def test_killed_and_resumed_equals_uninterrupted(uninterrupted):
    journal = Path("k.journal")
    process = start_script(journal, {"seconds": 0.05})
    wait_for(lambda: finished_in(journal) >= 9)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = finished_in(journal)
    assert 9 <= before < 24
    with open_storage(journal, "fake") as (storage, _):
        study = optuna.load_study(study_name="fake", storage=storage)
        kept = {t.number: t.datetime_complete for t in study.get_trials() if t.state.is_finished()}
    resumed = fake_study(storage=journal, n_jobs=2)
    assert essence(resumed) == essence(uninterrupted)
    with open_storage(journal, "fake") as (storage, _):
        trials = optuna.load_study(study_name="fake", storage=storage).get_trials()
    assert len(trials) == 24
    assert {n: trials[n].datetime_complete for n in kept} == kept  # not evaluated again


def test_journal_whose_last_line_was_cut(uninterrupted, caplog):
    journal = Path("cut.journal")
    fake_study(storage=journal, changes={"trials": 12})
    data = journal.read_bytes()
    journal.write_bytes(data + data.splitlines(keepends=True)[-1][:-7])
    resumed = fake_study(storage=journal)
    assert "dropped before opening" in caplog.text
    assert essence(resumed) == essence(uninterrupted)


def test_repair_keeps_a_record_that_follows_a_cut_one():
    path = Path("j")
    whole = b'{"op_code":0,"worker_id":"w"}\n'
    path.write_bytes(whole + b'{"op_code":4,"wor' + whole + b'{"op_code":5')
    assert repair_journal(path) == 2
    assert path.read_bytes() == whole + whole
    assert repair_journal(path) == 0


def test_more_trials_later_equal_more_trials_at_once(uninterrupted):
    fake_study(storage="m.journal", changes={"trials": 10})
    assert essence(fake_study(storage="m.journal")) == essence(uninterrupted)


def test_finished_search_is_answered_from_the_record(uninterrupted):
    seen = []
    again = fake_study(storage=uninterrupted.storage, setup={"faults": {str(n): "raise" for n in range(99)}},
                       on_trial=lambda t: seen.append(t.number))  # fmt: skip
    assert essence(again) == essence(uninterrupted)
    assert seen == list(range(24))


def test_duplicates_are_answered_from_the_record():
    def few(trial):
        return FakeArchitecture(trial.suggest_int("x", 0, 6), trial.suggest_categorical("y", [0, 1, 2, 3]))

    result = fake_study(storage="d.journal", space=few, changes={"trials": 60, "sampler": "nsga2", "batch": 30})
    by_id = {}
    duplicates = [t for t in result.trials if t.duplicate_of is not None]
    assert duplicates
    for trial in result.trials:
        first = by_id.setdefault(trial.architecture_id, trial)
        assert (trial.duplicate_of is None) == (first is trial)
        assert dict(trial.objectives) == dict(first.objectives) and trial.state == first.state
    assert all(t.seconds == 0 and result.trials[t.duplicate_of].seconds > 0 for t in duplicates)
    assert not {t.number for t in duplicates} & set(result.front)


def test_one_interrupt_finishes_the_running_and_a_later_call_goes_on(uninterrupted):
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    handler = signal.getsignal(signal.SIGINT)
    stopped = fake_study(storage="i.journal", setup={"seconds": 0.2})
    timer.cancel()
    assert signal.getsignal(signal.SIGINT) is handler
    assert stopped.interrupted and stopped.counts["failed"] == 0
    assert 0 < stopped.counts["complete"] + stopped.counts["pruned"] < 24
    assert essence(fake_study(storage="i.journal")) == essence(uninterrupted)


def test_second_interrupt_stops_at_once(uninterrupted):
    for delay in (1.0, 1.3):
        threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fake_study(storage="i.journal", setup={"seconds": 4.0})
    assert time.monotonic() - begun < 3.5
    assert essence(fake_study(storage="i.journal")) == essence(uninterrupted)


def test_another_spec_under_the_same_name_is_refused():
    fake_study(storage="s.journal", changes={"trials": 2})
    with pytest.raises(QTrainError, match=r"Got other values for seed, task\.field: give the search another name"):
        fake_study(storage="s.journal", changes={"seed": 4, "task": {"kind": "tfim", "field": 2.0}})


def test_a_journal_serves_one_search_at_a_time():
    with open_storage("held.journal", "fake"):
        with pytest.raises(QTrainError, match="another search holds"):
            fake_study(storage="held.journal")


@pytest.mark.parametrize("storage, message", [
    ("sqlite:////proc/nowhere/x.db", "should be a database that can be reached"),
    ("nonsense://x", "database"),
    ("/proc/nowhere/x.journal", "should be a file that can be written"),
    (".", "should be a journal file or a database URL. Got the folder"),
])  # fmt: skip
def test_storage_that_cannot_be_used_is_one_sentence(storage, message):
    with pytest.raises(QTrainError, match=message) as caught:
        fake_study(storage=storage)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_journal_is_left_alone_and_named():
    Path("x.journal").write_text('{"op_code": 99, "worker_id": "a"}\n')
    with pytest.raises(QTrainError, match="should be an Optuna journal"):
        fake_study(storage="x.journal")


def test_sqlite_storage_gives_the_same_study(uninterrupted):
    result = fake_study(storage="sqlite:///s/study.db", changes={"trials": 8})
    assert essence(result) == essence(uninterrupted)[:8]



def test_objective_that_is_no_number_fails_the_trial():
    study = record.open_study(None, fake_spec())
    study.add_trial(record.running(None, {"batch": 0, "seed": 1, "architecture": {}, "architecture_id": "a"}))
    value = {"state": "complete", "reason": "", "objectives": {"task_loss": float("nan"), "trainability": 0.0}}
    value |= {"constraints": {}, "metrics": {}, "timings": {}, "report": {}, "time": 0.0}
    objectives = ["task_loss", "trainability"]
    assert record.end(study, 0, record.settled(value, objectives), objectives)
    assert not record.end(study, 0, record.settled(value, objectives), objectives)  # safe to repeat
    trial = record.to_record(study.trials[0])
    assert (trial.state, trial.reason) == ("failed", "task_loss came out as no finite number")


@pytest.mark.parametrize("sampler", ["random", "tpe", "evolution", "nsga2", "nsga3"])
def test_proposals_depend_on_seed_batch_and_record_alone(sampler):
    def draw(trial):
        chosen = trial.suggest_float("x", 0, 1), trial.suggest_categorical("c", ["a", "b", "c"])
        return SimpleNamespace(content_id=chosen)

    finished = []
    for number in range(60):
        params = {"x": number / 60, "c": "abc"[number % 3]}
        distributions = {"x": optuna.distributions.FloatDistribution(0, 1),
                         "c": optuna.distributions.CategoricalDistribution(["a", "b", "c"])}  # fmt: skip
        finished.append(optuna.trial.create_trial(values=[float(number % 7), float(number % 5)], params=params,
                                                  distributions=distributions, system_attrs={"nsga2:generation": 0}))  # fmt: skip
    options = {"directions": ["minimize"] * 2, "sampler": sampler, "size": 5}

    def drawn(seed, batch):
        return [d.content_id for d, _ in propose(draw, finished, seed=seed, batch=batch, **options)]

    assert drawn(0, 3) == drawn(0, 3)
    assert drawn(0, 3) != drawn(0, 4) and drawn(0, 3) != drawn(1, 3)


def test_child_seeds_differ():
    assert len({child_seed(s, 1, n) for s in range(20) for n in range(200)}) == 4000


def trial(number, loss, trainability, depth, **more):
    values = {"task_loss": loss, "trainability": trainability, "two_qubit_depth": depth}
    return TrialRecord(number, more.pop("state", "complete"), objectives=values, **more)


NAMES = ("task_loss", "trainability", "two_qubit_depth")


def test_front_is_the_brute_force_front():
    import numpy as np

    rng = np.random.default_rng(3)
    trials = [trial(i, *map(float, rng.integers(0, 5, 3))) for i in range(80)]
    trials[7] = trial(7, -1.0, 9.0, 0.0, constraints={"dead": 0.1})
    trials[8] = trial(8, -1.0, 9.0, 0.0, state="pruned")
    front = pareto_front(trials, NAMES)
    assert not {7, 8} & set(front)
    points = {t.number: np.array([t.objectives["task_loss"], -t.objectives["trainability"], t.objectives["two_qubit_depth"]])
              for t in trials if t.feasible}  # fmt: skip
    for number, point in points.items():
        beaten = [m for m, q in points.items() if (q <= point).all() and (q < point).any()]
        twin = [m for m, q in points.items() if (q == point).all() and m < number]
        assert (number in front) == (not beaten and not twin)


@pytest.mark.parametrize("rule, winner", [
    (WinnerSpec(tolerance=0.0), 0),
    (WinnerSpec(tolerance=0.3), 1),  # 0 and 1 count as equal in loss (1.0 <= 1.3 * 0.8): then trainability
    (WinnerSpec(order=("two_qubit_depth",), tolerance=0.0), 2),
    (WinnerSpec(rule="weighted", weights=(("trainability", 1.0),)), 3),
    (WinnerSpec(rule="knee"), 1),
])  # fmt: skip
def test_winner_by_each_rule(rule, winner):
    trials = [trial(0, 0.8, -3.0, 10.0), trial(1, 1.0, -1.5, 6.0), trial(2, 1.8, -3.0, 2.0), trial(3, 1.7, -1.0, 12.0)]
    assert choose_winner(trials, [0, 1, 2, 3], NAMES, rule) == winner


def test_no_feasible_trial_is_no_winner():
    result = fake_study(storage="n.journal", changes={"trials": 3}, setup={"faults": {str(n): "raise" for n in range(3)}})
    assert result.winner is None and result.front == () and result.counts["failed"] == 3
    with pytest.raises(QTrainError, match="should have a winner"):
        result.architecture  # noqa: B018

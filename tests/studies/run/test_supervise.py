"""A trial that hangs, dies, raises or eats memory fails alone, with its reason."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from qtrain.errors import QTrainError
from qtrain.studies.run.record import ended_dict
from qtrain.studies.run.supervise import Pool, run_batch

TARGET = "supervised_targets:misbehave"


@pytest.fixture(scope="module")
def pool():
    with Pool(TARGET, workers=2, seconds=4.0, memory_mb=300) as pool:
        pool.set_up({"factor": 3})
        yield pool


@pytest.mark.parametrize(
    "do, kind, reason",
    [
        ("raise", "raised", "ZeroDivisionError: no angle is left"),
        ("hang", "timeout", "took longer than limits.seconds = 4"),
        ("exit", "died", "its process ended with exit code 7"),
        ("die", "died", "its process was killed by SIGKILL (the system may be out of memory)"),
        ("allocate", "memory", "took more memory than limits.memory_mb = 300"),
        ("grow", "memory", "took more memory than limits.memory_mb = 300"),
    ],
)
def test_fails_alone_with_its_reason(pool, do, kind, reason):
    payloads = [{"do": "answer", "value": 1}, {"do": do}, {"do": "answer", "value": 2}, {"do": "answer", "value": 5}]
    outcomes = dict(run_batch(pool, payloads, n_jobs=2))
    assert (outcomes[1].kind, outcomes[1].reason) == (kind, reason)
    assert [outcomes[i].value["value"] for i in (0, 2, 3)] == [3, 6, 15]


def test_what_a_call_reported_last_is_kept_where_it_never_ends(pool):
    outcome = pool.call({"do": "report"})
    assert (outcome.kind, outcome.value) == ("timeout", {"metrics": {"first": 1.0, "second": 2.0}})
    ended = ended_dict(outcome)
    assert ended["state"] == "failed" and ended["metrics"] == {"first": 1.0, "second": 2.0} and ended["report"] == {}
    assert pool.call({"do": "hang"}).value is None  # nothing of the call before


def test_processes_stay_warm_and_prints_do_no_harm(pool):
    assert pool.call({"do": "print"}).kind == "ok"
    payloads = [{"do": "answer", "value": v} for v in range(12)]
    outcomes = dict(run_batch(pool, payloads, n_jobs=2))
    assert [outcomes[i].value["value"] for i in range(12)] == [3 * v for v in range(12)]
    assert len({o.value["pid"] for o in outcomes.values()}) <= 2


def test_a_process_that_died_while_idle_costs_no_trial(pool):
    pid = pool.call({"do": "answer", "value": 0}).value["pid"]
    other = next(p for p in pool._all if p.process.pid == pid)
    os.kill(pid, signal.SIGKILL)
    other.process.wait()
    outcomes = dict(run_batch(pool, [{"do": "answer", "value": v} for v in range(4)], n_jobs=2))
    assert [outcomes[i].kind for i in range(4)] == ["ok"] * 4


def test_drain_lets_the_running_finish_and_starts_nothing():
    with Pool(TARGET, workers=1, seconds=60, memory_mb=300) as pool:
        pool.set_up({"factor": 1})
        pool.call({"do": "answer", "value": 1})
        pool.drain()
        assert pool.call({"do": "answer", "value": 1}).kind == "stopped"


def test_stop_ends_the_running_at_once():
    with Pool(TARGET, workers=1, seconds=60, memory_mb=300) as pool:
        pool.set_up({"factor": 1})
        pool.call({"do": "answer", "value": 1})
        pids = [p.process.pid for p in pool._all]
        threading.Timer(0.2, pool.stop).start()
        begun = time.monotonic()
        assert pool.call({"do": "hang"}).kind == "stopped"
        assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_task_that_cannot_be_set_up_is_one_sentence():
    with Pool("supervised_targets:broken", workers=1, seconds=1, memory_mb=300) as pool:
        pool.set_up(None)
        with pytest.raises(QTrainError, match="should start and set up the task. Got: RuntimeError: the task cannot"):
            pool.call({})

"""The same study wherever its trials run: here, below loky's workers, on a real Dask cluster of processes."""

from __future__ import annotations

import os
import signal
import threading

import psutil
import pytest
from fake_study import essence, fake_spec, fake_study
from fake_worker import fake_work

from qtrain.errors import QTrainError
from qtrain.studies.run.backends import make_pool

TARGET = "supervised_targets:misbehave"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return fake_study(storage=tmp_path_factory.mktemp("undisturbed") / "a.journal")


def make_cluster():
    from distributed import LocalCluster

    return LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")


@pytest.fixture(scope="module")
def cluster():
    with make_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["supervised", "loky", "dask"])
def where(request):
    """The options that choose a backend."""
    if request.param == "dask":
        return {"scheduler": request.getfixturevalue("cluster").scheduler_address}
    return {"backend": request.param}


def test_the_same_trials_for_every_backend(where, undisturbed):
    assert essence(fake_study(n_jobs=2, **where)) == essence(undisturbed)


def test_limits_hold_on_every_backend(where):
    with make_pool(fake_spec(limits={"seconds": 1.0, "memory_mb": 300}), TARGET, 1, **where) as pool:
        pool.set_up({"factor": 3})
        answers = [pool.call({"do": do, "value": 2}) for do in ("answer", "raise", "die", "hang", "allocate", "answer")]
        assert [a.kind for a in answers] == ["ok", "raised", "died", "timeout", "memory", "ok"]
        assert answers[-1].value["value"] == 6
        left = answers[-1].value["pid"]
    gone, alive = psutil.wait_procs([psutil.Process(left)] if psutil.pid_exists(left) else [], timeout=10)
    assert not alive  # with the search, its processes end, also those on a cluster that stays


@pytest.mark.parametrize("where", ["loky", "dask"], indirect=True)
def test_a_worker_of_the_backend_is_killed(where, undisturbed):
    """The trials that it carried are carried again."""
    killed = []

    def kill(trial):
        if trial.number == 2:
            carriers = [p for p in psutil.Process().children(recursive=True) if _carries(p)]
            killed.append(os.kill(carriers[0].pid, signal.SIGKILL))

    assert essence(fake_study(n_jobs=2, setup={"seconds": 0.1}, on_trial=kill, **where)) == essence(undisturbed)
    assert killed == [None]


def _carries(process):
    """Whether a supervised process is right below it."""
    with_parent = [c for c in process.children() if any("qtrain.studies.run.child" in word for word in c.cmdline())]
    return process.pid != os.getpid() and bool(with_parent)


def test_a_scheduler_that_goes_away_is_one_sentence_and_loses_nothing(undisturbed, monkeypatch):
    monkeypatch.setitem(make_pool.__globals__, "CONNECT_SECONDS", 1)
    cluster = make_cluster()

    def close(trial):
        if trial.number == 4:
            cluster.close()

    with pytest.raises(QTrainError, match="scheduler should stay while the search runs.*Finished trials stay"):
        fake_study(storage="a.journal", n_jobs=2, scheduler=cluster.scheduler_address, on_trial=close)
    assert essence(fake_study(storage="a.journal")) == essence(undisturbed)


def test_a_worker_of_a_study_runs_its_trials_on_dask(cluster, database):
    result = fake_work(database, scheduler=cluster.scheduler_address, jobs=2, changes={"trials": 8})
    assert 8 <= len(result.trials) <= 9 and result.counts["failed"] == 0


def test_interrupts_reach_a_backend(cluster):
    pool = make_pool(fake_spec(), TARGET, 1, scheduler=cluster.scheduler_address)
    with pool:
        pool.set_up({"factor": 3})
        assert pool.call({"do": "answer", "value": 1}).kind == "ok"
        threading.Timer(0.3, pool.stop).start()
        assert pool.call({"do": "hang"}).kind == "stopped"
        assert pool.call({"do": "answer", "value": 1}).kind == "stopped"


@pytest.mark.parametrize("options, message", [
    ({"backend": "threading"}, "backend should be one of supervised, loky, dask. Got 'threading'."),
    ({"backend": "loky", "scheduler": "tcp://h:1"}, "scheduler should be given for the backend 'dask' only."),
    ({"scheduler": "nonsense"}, "scheduler should be the address of a Dask scheduler with workers.* Got 'nonsense'"),
    ({"backend": "dask"}, "scheduler should be the address of a Dask scheduler with workers.* Got None"),
])  # fmt: skip
def test_bad_options_are_one_sentence(options, message):
    with pytest.raises(QTrainError, match=message) as caught:
        make_pool(fake_spec(), TARGET, 1, **options)
    assert "\n" not in str(caught.value)

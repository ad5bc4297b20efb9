"""Searches and workers in processes of their own, which faults are injected into: kills at a stage, a full disk."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import resource
import signal
import threading
from pathlib import Path

from fake_study import fake_study
from fake_worker import fake_work

# One server that has imported the heavy packages; a process forked from it begins at once.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["fake_study", "fake_worker", "mlflow", "optuna", "sqlalchemy"])


def run_apart(function, *args, **options):
    """Its exit code, in another process with the same working folder; the negative number of a signal that ended it."""
    process = _CONTEXT.Process(target=_within, args=(os.getcwd(), function, args, options))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "it did not end"
    return process.exitcode


def _within(folder, function, args, options):
    os.chdir(folder)
    function(*args, **options)


def _kill():
    os.kill(os.getpid(), signal.SIGKILL)


def _at_call(owner, name, count, fault, *, after=False, when=lambda *args: True):
    """``fault()`` at the ``count``-th call of a method (of those with such arguments), before it or after."""
    whole, calls = getattr(owner, name), []

    def method(*args, **options):
        if not when(*args):
            return whole(*args, **options)
        calls.append(None)
        if len(calls) == count and not after:
            fault()
        result = whole(*args, **options)
        if len(calls) == count and after:
            fault()
        return result

    setattr(owner, name, method)


def _kill_at(stage, count=8):
    """Have this process killed at a stage of its ``count``-th trial."""
    from mlflow import MlflowClient
    from optuna.storages import JournalStorage
    from optuna.storages._cached_storage import _CachedStorage

    from qtrain.studies.run.supervise import Pool

    if stage == "propose":  # the trial is there, nothing else of its batch
        for kind in (JournalStorage, _CachedStorage):
            _at_call(kind, "create_new_trial", count, _kill, after=True)
    elif stage == "evaluate":
        _at_call(Pool, "call", count, lambda: threading.Timer(0.05, _kill).start())
    elif stage == "tell":  # what it gave is written, its state is not
        for kind in (JournalStorage, _CachedStorage):
            _at_call(
                kind,
                "set_trial_state_values",
                count,
                _kill,
                when=lambda self, trial_id, state, *_: state.is_finished(),
            )
    else:  # its run is written, and not ended
        _at_call(MlflowClient, "set_terminated", count, _kill)


def killed_search(stage, **options):
    _kill_at(stage)
    fake_study(setup={"seconds": 0.1 if stage == "evaluate" else 0.02}, tracking_uri=None, **options)


def killed_worker(stage, url, **options):
    _kill_at(stage)
    fake_work(url, setup={"seconds": 0.1 if stage == "evaluate" else 0.02}, **options)


def search_on_full_disk(limit, *, freed_after=None, **options):
    """No file may grow beyond ``limit`` bytes, until so many seconds later; writes ``said.json`` in the end."""
    from qtrain.errors import QTrainError
    from qtrain.studies.run import record
    from qtrain.tracking.tracker import Tracker

    record.FULL_SECONDS = 0.3 if freed_after is None else 30.0
    finish = Tracker.finish
    Tracker.finish = lambda self, *a, **k: finish(self, *a, **k | {"patience": 0.5})
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    if freed_after is not None:
        threading.Timer(freed_after, resource.setrlimit, (resource.RLIMIT_FSIZE, (hard, hard))).start()
    try:
        result = fake_study(**options)
        said = {"trials": result.counts, "undelivered": result.undelivered}
    except QTrainError as error:
        said = {"error": str(error)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    Path("said.json").write_text(json.dumps(said | {"errno": errno.EFBIG}))

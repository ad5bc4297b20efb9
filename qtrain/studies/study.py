"""The loop: ask a batch, evaluate it in supervised processes, tell and record each trial as it ends.

A batch is a function of the finished trials before it, the seed and its number (see ``samplers``); a trial is a
function of its architecture and its seed. So neither ``n_jobs``, nor the order in which trials end, nor a kill changes
the study: a search that was stopped and started again equals one that never was.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from qtrain.errors import QTrainError, check_whole
from qtrain.studies.loop import Loop
from qtrain.studies.propose.growing import Grower, grower_of
from qtrain.studies.propose.samplers import adopt_sampler
from qtrain.studies.pruning import check_pruner
from qtrain.studies.result import SearchResult
from qtrain.studies.run import record
from qtrain.studies.run.backends import make_pool
from qtrain.studies.run.mirror import data_of, finish, mirror
from qtrain.studies.run.spent import used_up
from qtrain.studies.run.storage import open_storage
from qtrain.studies.run.supervise import Pool
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.trials import TrialRecord
from qtrain.tracking.store import DataPart
from qtrain.tracking.tracker import check_reachable

log = logging.getLogger("qtrain")

EVALUATE = "qtrain.studies.evaluate:prepare"


def search(
    spec: Any,
    *,
    storage: Any = None,
    n_trials: int | None = None,
    n_jobs: int = 1,
    tracking_uri: str | None = None,
    seed: int | None = None,
    name: str | None = None,
    on_trial: Callable[[TrialRecord], None] | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
    sampler: Any = None,
    pruner: Any = None,
    study: Any = None,
    seconds: float | None = None,
) -> SearchResult:
    """Search an ansatz for a task and a device; every trial is on record, the winner is registered.

    The same call continues a search that was stopped, and returns at once when all its trials are there.

    Args:
        spec: a TOML file, a dict with the same keys, or a SearchSpec.
        storage: journal file or database URL; None: ``mlruns/<name of the study>.journal``.
        n_trials: trials the study shall have in all; None: the spec's.
        n_jobs: trials at a time; -1: one per core. The result does not depend on it.
        tracking_uri: MLflow store; None: ``$MLFLOW_TRACKING_URI`` or ``sqlite:///mlruns/mlflow.db``; "off": none.
        seed: replaces the spec's.
        name: under which the winner is registered; None: the spec's ``winner.name``, else the study's name. One that
            is taken is refused, unless its architecture is a trial of this study.
        on_trial: called with every trial that has ended, those of an earlier call first.
        backend: where trials run: "supervised" (processes of this host), "loky" (joblib's), "dask"; the result does
            not depend on it. None: "dask" where ``scheduler`` is given, else "supervised".
        scheduler: address of a Dask scheduler.
        sampler: instead of the spec's: an Optuna sampler, its class, or a function seed → sampler. A class or function
            is asked for one with a new seed in each batch, as the built-in ones are: the search can be repeated and
            continued. An object goes on from batch to batch: whether it repeats itself is up to it.
        pruner: of Optuna, on the losses of each training, which it may end; it knows the trials of earlier batches.
        study: of Optuna, that gets the trials; its directions are those of the objectives, its storage is the search's.
            (What it would sample with is not asked: pass ``sampler=study.sampler``.)
        seconds: no batch is begun after so many; the winner is taken of the trials that are there.

    Returns:
        SearchResult: with ``interrupted=True`` after one Ctrl-C (running trials are finished first).

    Raises:
        QTrainError: wrong input; a storage or tracking store that cannot be used. Finished trials stay.
        KeyboardInterrupt: after a second Ctrl-C, at once.

    Example:
        >>> import qtrain, tempfile
        >>> spec = {"name": "ising", "qubits": 3, "task": {"kind": "tfim"}, "trials": 2, "batch": 2,
        ...         "training": {"steps": 5, "starts": 1}, "limits": {"seconds": 300}}
        >>> result = qtrain.search(spec, tracking_uri="off", storage=tempfile.mkdtemp() + "/ising.journal")
        >>> len(result.trials), result.objectives[0]
        (2, 'task_loss')
    """
    spec = read_spec(spec)
    if seed is not None:
        spec = spec.model_copy(update={"seed": _whole("seed", seed, 0)})
    if n_trials is not None:
        spec = spec.model_copy(update={"trials": _whole("n_trials", n_trials, 1)})
    if sampler is not None:
        spec = spec.model_copy(update={"sampler": adopt_sampler(sampler)})
    if pruner is not None:
        check_pruner(pruner)
    if study is not None and storage is not None:
        raise QTrainError("storage should be left out where a study is given: the study has its own. Got both.")
    if seconds is not None and not (isinstance(seconds, (int, float)) and seconds > 0):
        raise QTrainError(f"seconds should be a positive number. Got {seconds!r}.")
    check_reachable(tracking_uri)
    jobs = count_jobs(n_jobs)
    # The pool comes first: its processes import while this one does.
    with make_pool(spec, EVALUATE, jobs, backend=backend, scheduler=scheduler) as pool:
        from qtrain.studies.setup import build_setup
        from qtrain.studies.winner import check_name, note_run, register_winner

        name = check_name(spec, name)
        setup = build_setup(spec)
        pool.set_up(setup)
        spec.task.store()
        result = run_study(
            spec, pool, draw=setup.space.draw, storage=storage if study is None else study, pruner=pruner,
            seconds=seconds, n_jobs=jobs, tracking_uri=tracking_uri,
            starts=setup.starts, on_trial=on_trial, grower=grower_of(setup),
            conclude=lambda found: register_winner(found, setup, pool, name), data=data_of(setup),
            references=setup.task.references,
        )  # fmt: skip
    if result.name is not None and result.run_id is not None:
        note_run(result.name, result.run_id)
    return result


def _whole(name: str, value: Any, minimum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise QTrainError(f"{name} should be a whole number, at least {minimum}. Got {value!r}.")
    check_whole(name, value, least=minimum)
    return value


def count_jobs(n_jobs: int) -> int:
    """Processes for ``n_jobs`` as in joblib: -1 is one per core that this process may use, -2 one fewer."""
    import joblib

    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise QTrainError(f"n_jobs should be a whole number that is not 0. Got {n_jobs!r}.")
    return n_jobs if n_jobs > 0 else max(1, joblib.cpu_count() + 1 + n_jobs)


def run_study(
    spec: SearchSpec, pool: Pool, *, draw: Callable[[Any], Any], storage: Any = None, n_jobs: int = 1,
    tracking_uri: str | None = None, starts: Sequence[Mapping[str, Any]] = (),
    on_trial: Callable[[TrialRecord], None] | None = None,
    conclude: Callable[[SearchResult], SearchResult] | None = None, grower: Grower | None = None, pruner: Any = None,
    seconds: float | None = None, data: Sequence[DataPart] = (), references: Mapping[str, float] | None = None,
) -> SearchResult:  # fmt: skip
    """The loop itself, for any space and any evaluation.

    Args:
        draw: an Optuna trial → an architecture (``content_id``, ``to_json()``).
        pool: of supervised processes, set up; payloads are
            ``{"architecture": plain data, "seed": int, "number": int}``, answers hold ``state``, ``reason``,
            ``objectives``, ``constraints``, ``metrics``, ``timings``, ``report``.
        starts: candidates the search begins with: ``{"architecture": …, "architecture_id": …}``.
        grower: proposes grown candidates beside those that are drawn.
        pruner, seconds: see :func:`search`; ``storage`` may be a study.
        data, references: what the task trains on, and figures to compare with, for the record.
        conclude: gets the finished result while the processes are still there.
    """
    jobs = count_jobs(n_jobs)
    since = time.monotonic()
    with contextlib.ExitStack() as stack:
        opened, where = stack.enter_context(open_storage(storage, spec.name))
        study = record.open_study(opened, spec)
        tracker = stack.enter_context(mirror(spec, tracking_uri, study.user_attrs, where=where, data=data))
        loop = Loop(spec, study, pool, tracker, draw, starts, where, on_trial, grower, jobs, pruner)
        ended = loop.ended()
        for trial in ended if on_trial else ():
            on_trial(trial)  # type: ignore[misc]
        with interruptible(pool) as stop:
            tracker.ready()  # a store that does not answer is said before anything is computed
            tracker.reconcile(dataclasses.asdict(t) for t in ended)
            for batch in range(-(-spec.trials // spec.batch)):
                if stop.is_set() or (seconds is not None and time.monotonic() - since > seconds):
                    break
                if used_up(loop.ended()[: batch * spec.batch], spec):
                    break
                loop.run(batch)
            full = {} if stop.is_set() else loop.train_front()
        result = dataclasses.replace(
            loop.result(full, interrupted=stop.is_set()), references=dict(references or {})
        )
        if conclude is not None and not result.interrupted:
            result = conclude(result)
        undelivered = finish(tracker, result)
        run_id = None if result.winner is None else tracker.run_id(result.winner.number)
        return dataclasses.replace(result, undelivered=undelivered, run_id=run_id, seconds=time.monotonic() - since)


@contextlib.contextmanager
def interruptible(pool: Pool) -> Iterator[threading.Event]:
    """Ctrl-C (or SIGTERM) once: running trials are finished; twice: stop at once."""
    stop = threading.Event()

    def handle(number: int, frame: Any) -> None:
        if stop.is_set():
            pool.stop()
            raise KeyboardInterrupt
        stop.set()
        pool.drain()
        log.warning(
            "Stopping: running trials are finished first. Once more stops at once; the same command goes on later."
        )

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

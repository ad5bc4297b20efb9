"""Many workers on one study, on any hosts: each claims a trial, evaluates it, tells it, until the study has its trials.

The study is in a database that all reach. A worker that dies stops its heartbeat: the next one to look marks its trials
as failed and queues them again, with the same architecture and seed. Which worker asks when decides what is proposed,
so a study of several workers is not repeated digit by digit as that of ``search`` is; each of its trials is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qtrain.errors import QTrainError
from qtrain.search import record
from qtrain.search.loop import answer_from
from qtrain.search.result import SearchResult, TrialRecord, summarise
from qtrain.search.samplers import child_seed, propose, replay
from qtrain.search.spec import MAXIMISED, SearchSpec, read_spec
from qtrain.search.storage import open_database
from qtrain.search.study import EVALUATE, count_jobs, finish, flat, interruptible, make_pool
from qtrain.search.supervise import Pool
from qtrain.tracking import Tracker

log = logging.getLogger("qtrain")

HEARTBEAT_SECONDS = 20
RETRIES = 3


def work(
    spec: Any,
    *,
    storage: str,
    n_jobs: int = 1,
    tracking_uri: str | None = None,
    on_trial: Callable[[TrialRecord], None] | None = None,
    heartbeat_seconds: int = HEARTBEAT_SECONDS,
) -> SearchResult:
    """Join the study of ``spec`` in ``storage``; returns when it has its trials.

    Args:
        spec: the same for every worker.
        storage: a database URL (PostgreSQL for several hosts), or ``grpc://host:port`` of an Optuna proxy.
        n_jobs: trials at a time in this process.
        tracking_uri: MLflow, the same for every worker.
        on_trial: called with every trial that this worker has ended.
        heartbeat_seconds: how often it says that its trials live; after three silent periods they are tried again.

    Raises:
        QTrainError: wrong input; a storage that is not shared, or is away for minutes. Finished trials stay.
    """
    spec = read_spec(spec)
    if "://" not in str(storage):
        raise QTrainError(f"storage should be a database URL, which workers can share. Got {str(storage)!r}.")
    jobs, since = count_jobs(n_jobs), time.monotonic()
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(make_pool(spec, EVALUATE, jobs, "threading"))
        from qtrain.search.evaluate import build_problem

        problem = build_problem(spec)
        pool.set_up(problem)
        worker = open_worker(
            spec,
            pool,
            problem.space.draw,
            storage,
            tracking_uri,
            on_trial,
            heartbeat_seconds,
            stack,
            problem.starts,
        )
        with interruptible(pool) as stop:
            worker.run(jobs, stop)
        result = worker.result(interrupted=stop.is_set())
        undelivered = 0 if result.interrupted else worker.finish(result)
    return dataclasses.replace(
        result, references=problem.references, undelivered=undelivered, seconds=time.monotonic() - since
    )


def open_worker(
    spec: SearchSpec, pool: Pool, draw: Callable[[Any], Any], storage: str, tracking_uri: str | None,
    on_trial: Callable[[TrialRecord], None] | None, heartbeat_seconds: int, stack: contextlib.ExitStack,
    starts: Sequence[Mapping[str, Any]] = (),
) -> Worker:  # fmt: skip
    """The worker on its open study; its tracker and its heartbeat end with ``stack``."""
    from optuna.storages import RetryHeartbeatStaleTrialCallback

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heartbeats are marked experimental, and chosen on purpose
        retry = RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)
        opened = open_database(storage, heartbeat_seconds=heartbeat_seconds, on_stale=retry)
    study = record.open_study(opened, spec, mode="workers")
    record.check_mode(study, "workers")
    tracker = stack.enter_context(
        Tracker(tracking_uri, spec.name, uid=study.user_attrs["qtrain:uid"], params=flat(spec.identity()))
    )
    worker = Worker(spec, study, pool, tracker, draw, storage, on_trial, heartbeat_seconds)
    worker.starts = list(starts)
    stack.callback(worker.ended.set)
    threading.Thread(target=worker.beat, name="qtrain-heartbeat", daemon=True).start()
    tracker.ready()
    return worker


class Worker:
    """One process's part in a study; see :func:`work`."""

    def __init__(
        self, spec: SearchSpec, study: Any, pool: Pool, tracker: Tracker, draw: Callable[[Any], Any], where: str,
        on_trial: Callable[[TrialRecord], None] | None, heartbeat_seconds: int,
    ) -> None:  # fmt: skip
        self.spec, self.study, self.pool, self.tracker = spec, study, pool, tracker
        self.draw, self.where, self.on_trial, self.heartbeat_seconds = (
            draw,
            where,
            on_trial,
            heartbeat_seconds,
        )
        self.storage = study._storage
        self.token = uuid.uuid4().int % 2**32
        self.ended = threading.Event()
        self.running: set[int] = set()  # Optuna's trial ids
        self.claiming = threading.Lock()
        self.looked = 0.0
        self.starts: list[Mapping[str, Any]] = []

    def run(self, jobs: int, stop: threading.Event) -> None:
        """Claim and evaluate with ``jobs`` threads until the study is complete or ``stop`` is set."""
        import joblib

        def serve() -> None:
            while not stop.is_set():
                claimed = self.claim()
                if claimed is not None:
                    self.evaluate(*claimed)
                elif self.complete():
                    return
                else:
                    stop.wait(0.5)  # others still run theirs; if they die, this worker goes on with them

        joblib.Parallel(n_jobs=jobs, backend="threading")(joblib.delayed(serve)() for _ in range(jobs))

    def beat(self) -> None:
        """Say that the running trials live."""
        while not self.ended.wait(self.heartbeat_seconds / 2):
            for trial_id in list(self.running):
                with contextlib.suppress(Exception):  # a database that is away: the next beat may reach it
                    self.storage.record_heartbeat(trial_id)

    def trials(self) -> list[Any]:
        return list(record.patiently(lambda: self.study.get_trials(deepcopy=False)))

    def counted(self, trials: list[Any]) -> int:
        """Trials that count: ended ones, running ones, waiting ones; not those whose worker died."""
        return sum(not t.state.is_finished() or record.ENDED in t.user_attrs for t in trials)

    def complete(self) -> bool:
        """Whether all trials of the spec have ended."""
        trials = self.trials()
        done = sum(t.state.is_finished() and record.ENDED in t.user_attrs for t in trials)
        return done >= self.spec.trials and all(t.state.is_finished() for t in trials)

    def claim(self) -> tuple[int, TrialRecord] | None:
        """(Optuna's id, trial) that this worker has to evaluate now; None if there is none."""
        with self.claiming:
            self._fail_stale()
            trials = self.trials()
            for trial in trials:
                if trial.state.name == "WAITING" and self._take(trial._trial_id):
                    return self._claimed(trial._trial_id)
            if self.counted(trials) >= self.spec.trials:
                return None
            return self._claimed(self._propose(trials))

    def _fail_stale(self) -> None:
        import optuna

        if time.monotonic() - self.looked > self.heartbeat_seconds:
            self.looked = time.monotonic()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                record.patiently(lambda: optuna.storages.fail_stale_trials(self.study))

    def _take(self, trial_id: int) -> bool:
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        try:
            return bool(self.storage.set_trial_state_values(trial_id, TrialState.RUNNING))
        except (UpdateFinishedTrialError, RuntimeError):  # another worker has it
            return False

    def _propose(self, trials: list[Any]) -> int:
        import optuna

        begun: dict[str, Any] = {"batch": 0, "time": time.time()}
        params: dict[str, Any] = {}
        if len(trials) < len(self.starts):
            start = self.starts[len(trials)]
            begun |= {"architecture": start["architecture"], "architecture_id": start["architecture_id"]}
            frozen = replay(self.draw, start.get("choices"))
        else:
            directions = [
                "maximize" if name in MAXIMISED else "minimize" for name in self.spec.objectives.use
            ]
            known = [t for t in trials if t.state.name not in ("WAITING", "FAIL")]
            ((architecture, frozen),) = propose(
                self.draw, known, directions=directions, sampler=self.spec.sampler, seed=self.spec.seed,
                batch=child_seed(self.token, len(trials)), size=1,
                objectives=self.spec.objectives.use,
            )  # fmt: skip
            begun |= {
                "architecture": json.loads(architecture.to_json()),
                "architecture_id": architecture.content_id,
            }
        if frozen is not None:
            params = {"params": frozen.params, "distributions": frozen.distributions,
                      "system_attrs": dict(frozen.system_attrs)}  # fmt: skip
        template = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING, user_attrs={record.BEGUN: begun}, **params
        )
        # Not repeated blindly: a retry after a lost answer leaves a RUNNING trial without heartbeat, which goes stale.
        trial_id = record.patiently(lambda: self.storage.create_new_trial(self.study._study_id, template))
        number = record.patiently(lambda: self.storage.get_trial_number_from_id(trial_id))
        begun["seed"] = child_seed(self.spec.seed, 1, number)
        record.patiently(lambda: self.storage.set_trial_user_attr(trial_id, record.BEGUN, begun))
        return int(trial_id)

    def _claimed(self, trial_id: int) -> tuple[int, TrialRecord]:
        self.running.add(trial_id)
        with contextlib.suppress(Exception):
            self.storage.record_heartbeat(trial_id)
        return trial_id, record.to_record(record.patiently(lambda: self.storage.get_trial(trial_id)))

    def evaluate(self, trial_id: int, trial: TrialRecord) -> None:
        """Bring a claimed trial to its end."""
        try:
            before = (record.to_record(t) for t in self.trials()[: trial.number])
            known = next((t for t in before if t.scored and t.architecture_id == trial.architecture_id), None)
            if known is not None:
                ended = answer_from(known)
            else:
                payload = {"architecture": trial.architecture, "seed": trial.seed, "number": trial.number}
                outcome = self.pool.call(payload)
                if outcome.kind == "stopped":
                    return  # without a heartbeat it goes stale, and another worker does it
                ended = record.ended_dict(outcome)
            record.patiently(lambda: record.end(self.study, trial.number, ended, self.spec.objectives.use))
        finally:
            self.running.discard(trial_id)
        done = record.to_record(self.trials()[trial.number])
        self.tracker.record(dataclasses.asdict(done))
        if self.on_trial is not None:
            self.on_trial(done)

    def result(self, *, interrupted: bool) -> SearchResult:
        """The study as it stands."""
        trials = [record.to_record(t) for t in self.trials()]
        return summarise(
            self.spec, trials, {}, storage=self.where, tracking_uri=self.tracker.uri, interrupted=interrupted
        )

    def finish(self, result: SearchResult) -> int:
        """Deliver what other workers could not, then end the parent run."""
        self.tracker.settle([dataclasses.asdict(t) for t in result.trials if t.state != "running"])
        return finish(self.tracker, result)

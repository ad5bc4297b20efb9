"""Many workers on one study, on any hosts: each claims a trial, evaluates it, tells it, until the study has its trials.

The study is in a database that all reach. A worker that dies stops its heartbeat: another one marks its trials as
failed and queues them again, with the same architecture and seed. (Optuna's heartbeats know RDB storages alone, and of
these only trials that had a first one; ours are attributes of the trial: they pass Optuna's gRPC proxy and need no
common clock.) Which worker asks when decides what is proposed, so a study of several workers is not repeated digit by
digit as that of ``search`` is; each of its trials is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qtrain.errors import QTrainError
from qtrain.studies.loop import Part, answer_from
from qtrain.studies.propose.growing import Grower, grower_of
from qtrain.studies.propose.proposals import child_seed
from qtrain.studies.propose.starts import start_due
from qtrain.studies.result import SearchResult
from qtrain.studies.run import record
from qtrain.studies.run.backends import make_pool
from qtrain.studies.run.mirror import data_of, finish, mirror
from qtrain.studies.run.spent import used_up
from qtrain.studies.run.storage import open_database
from qtrain.studies.run.supervise import Pool
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.study import EVALUATE, count_jobs, interruptible
from qtrain.studies.trials import TrialRecord
from qtrain.tracking.store import DataPart
from qtrain.tracking.tracker import check_reachable, without_password

log = logging.getLogger("qtrain")

HEARTBEAT_SECONDS = 20
RETRIES = 3
BEAT = "qtrain:beat"


def work(
    spec: Any,
    *,
    storage: str,
    n_jobs: int = 1,
    tracking_uri: str | None = None,
    on_trial: Callable[[TrialRecord], None] | None = None,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    backend: str | None = None,
    scheduler: str | None = None,
) -> SearchResult:
    """Join the study of ``spec`` in ``storage``; returns when it has its trials.

    Args:
        spec: the same for every worker.
        storage: a database URL (PostgreSQL for several hosts), or ``grpc://host:port`` of an Optuna proxy.
        n_jobs: trials at a time in this process.
        tracking_uri: MLflow, the same for every worker.
        on_trial: called with every trial that this worker has ended.
        heartbeat_seconds: how often it says that its trials live; after three silent periods they are tried again.
        backend, scheduler: where its trials run; see :func:`qtrain.search`.

    Raises:
        QTrainError: wrong input; a storage that is not shared, or is away for minutes. Finished trials stay.

    Example:
        >>> import tempfile
        >>> spec = {"name": "joined", "qubits": 2, "trials": 1, "task": {"kind": "tfim"},
        ...         "training": {"steps": 1, "starts": 1}}
        >>> len(work(spec, storage=f"sqlite:///{tempfile.mkdtemp()}/study.db", tracking_uri="off").trials)
        1
    """
    spec = read_spec(spec)
    if "://" not in str(storage):
        raise QTrainError(f"storage should be a database URL, which workers can share. Got {str(storage)!r}.")
    check_reachable(tracking_uri)
    jobs, since = count_jobs(n_jobs), time.monotonic()
    with make_pool(spec, EVALUATE, jobs, backend=backend, scheduler=scheduler) as pool:
        from qtrain.studies.setup import build_setup

        setup = build_setup(spec)
        pool.set_up(setup)
        spec.task.store()
        result = run_worker(
            spec, pool, draw=setup.space.draw, storage=storage, n_jobs=jobs, tracking_uri=tracking_uri,
            starts=setup.starts, on_trial=on_trial, heartbeat_seconds=heartbeat_seconds, grower=grower_of(setup),
            data=data_of(setup), references=setup.task.references,
        )  # fmt: skip
    return dataclasses.replace(result, seconds=time.monotonic() - since)


def run_worker(
    spec: SearchSpec, pool: Pool, *, draw: Callable[[Any], Any], storage: str, n_jobs: int, tracking_uri: str | None,
    heartbeat_seconds: float, on_trial: Callable[[TrialRecord], None] | None = None,
    starts: Sequence[Mapping[str, Any]] = (), grower: Grower | None = None, data: Sequence[DataPart] = (),
    references: Mapping[str, float] | None = None,
) -> SearchResult:  # fmt: skip
    """A worker's part in any study; see :func:`qtrain.studies.study.run_study` for the arguments."""
    study = record.open_study(open_database(storage), spec, mode="workers")
    record.check_mode(study, "workers")
    with mirror(spec, tracking_uri, study.user_attrs, data=data) as tracker:
        worker = Worker(
            spec, study, pool, tracker, draw, starts, without_password(storage), on_trial, grower, heartbeat_seconds
        )
        threading.Thread(target=worker.beat, name="qtrain-heartbeat", daemon=True).start()
        try:
            tracker.ready()
            with interruptible(pool) as stop:
                worker.run(n_jobs, stop)
            result = worker.result({}, interrupted=stop.is_set())
            result = dataclasses.replace(result, references=dict(references or {}))
            return dataclasses.replace(result, undelivered=0 if result.interrupted else worker.finish(result))
        finally:
            worker.ended.set()


@dataclasses.dataclass
class Worker(Part):
    """One process's part in a study that others work on as well."""

    heartbeat_seconds: float

    def __post_init__(self) -> None:
        self.storage = self.study._storage
        self.token = uuid.uuid4().int % 2**32
        self.ended = threading.Event()
        self.running: set[int] = set()  # Optuna's trial ids
        self.claiming = threading.Lock()
        self.heard: dict[int, tuple[Any, float]] = {}  # others' running trials: last beat, when it was new here

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
        while not self.ended.wait(self.heartbeat_seconds):
            for trial_id in list(self.running):
                with contextlib.suppress(Exception):  # a database that is away: the next beat may reach it
                    self.storage.set_trial_user_attr(trial_id, BEAT, time.time())

    def counted(self, trials: list[Any]) -> int:
        """Trials that count: ended ones, running ones, waiting ones; not those whose worker died."""
        return sum(not t.state.is_finished() or record.ENDED in t.user_attrs for t in trials)

    def complete(self) -> bool:
        """Whether all trials of the spec have ended."""
        trials = self.trials()
        done = sum(t.state.is_finished() and record.ENDED in t.user_attrs for t in trials)
        enough = done >= self.spec.trials or self._used_up(trials)
        return enough and all(t.state.is_finished() for t in trials)

    def _used_up(self, trials: list[Any]) -> bool:
        return self.spec.gradients is not None and used_up(map(record.to_record, trials), self.spec)

    def claim(self) -> tuple[int, TrialRecord, TrialRecord | None] | None:
        """(Optuna's id, trial, the trial that answers it) for this worker to evaluate now; None if there is none."""
        from optuna.trial import TrialState

        with self.claiming:
            trials = self.trials()
            if self._requeue_silent(trials):
                trials = self.trials()
            for trial in trials:
                if trial.state == TrialState.WAITING and self._set(trial._trial_id, TrialState.RUNNING):
                    self.running.add(trial._trial_id)
                    return trial._trial_id, record.to_record(trial), self._scored(trial, trials[: trial.number])
            if self.counted(trials) >= self.spec.trials or self._used_up(trials):
                return None
            trial = self._propose(trials)
            return trial._trial_id, record.to_record(trial), self._scored(trial, trials)

    def _scored(self, trial: Any, before: list[Any]) -> TrialRecord | None:
        """The first trial that has scored the same, trained from the same angles."""
        wanted = record.to_record(trial)
        known = (record.to_record(t) for t in before)
        return next((trial for trial in known if trial.scored and trial.key == wanted.key), None)

    def _requeue_silent(self, trials: list[Any]) -> bool:
        """Take over the trials whose worker was silent for three periods; whether there was one."""
        found = False
        for trial in trials:
            if trial.state.name != "RUNNING" or trial._trial_id in self.running:
                continue
            last, now = trial.user_attrs.get(BEAT), time.monotonic()
            known, since = self.heard.get(trial._trial_id, (None, now))
            if trial._trial_id not in self.heard or known != last:
                self.heard[trial._trial_id] = (last, now)
            elif now - since > 3 * self.heartbeat_seconds:
                found = True
                self._take_over(trial)
        return found

    def _take_over(self, trial: Any) -> None:
        """Tell what a silent trial gave, if that is written; else fail it and queue it again."""
        import optuna

        states = optuna.trial.TrialState
        if record.ENDED in trial.user_attrs:
            self.end(record.to_record(trial), trial.user_attrs[record.ENDED])
        elif self._set(trial._trial_id, states.FAIL):
            begun = dict(trial.user_attrs.get(record.BEGUN, {}))
            begun["retries"] = begun.get("retries", 0) + 1
            if begun["retries"] <= RETRIES:  # one that kills its workers is not tried for ever
                kept = {k: v for k, v in trial.system_attrs.items() if not k.startswith("constraints:")}
                waiting = optuna.trial.create_trial(
                    state=states.WAITING, params=trial.params, distributions=trial.distributions,
                    user_attrs={record.BEGUN: begun, **record.legible(begun)}, system_attrs=kept,
                )  # fmt: skip
                self.patiently(lambda: self.study.add_trial(waiting))

    def _set(self, trial_id: int, state: Any) -> bool:
        from optuna.exceptions import UpdateFinishedTrialError

        try:
            return bool(self.patiently(lambda: self.storage.set_trial_state_values(trial_id, state)))
        except (UpdateFinishedTrialError, RuntimeError):  # another worker was faster
            return False

    def _propose(self, trials: list[Any]) -> Any:
        """Create a running trial, whole from its first moment: a kill leaves one that falls silent, or none."""
        start = start_due(self.starts, [t.user_attrs.get(record.BEGUN, {}).get("architecture_id") for t in trials])
        if start is not None:
            kept, frozen = self.started(start)
        else:
            # what failed by itself is not proposed again; what a dead worker left is, as a trial that waits
            known = [
                t for t in trials
                if t.state.name != "WAITING" and (t.state.name != "FAIL" or record.ENDED in t.user_attrs)
            ]  # fmt: skip
            ((kept, frozen),) = self.proposed(known, batch=child_seed(self.token, len(trials)), size=1)
        seed = child_seed(self.spec.seed, 1, self.token, len(trials))
        begun = {"batch": 0, "seed": seed, **kept, **self.barred(trials)}
        template = record.running(frozen, begun, **{BEAT: time.time()})
        # If only the answer is lost and this is repeated, the first one falls silent and is tried again.
        trial_id = self.patiently(lambda: self.storage.create_new_trial(self.study._study_id, template))
        self.running.add(trial_id)
        template._trial_id = trial_id
        template.number = self.patiently(lambda: self.storage.get_trial_number_from_id(trial_id))
        return template

    def evaluate(self, trial_id: int, trial: TrialRecord, known: TrialRecord | None) -> None:
        """Bring a claimed trial to its end; ``known``: the earlier one that answers it."""
        from optuna.trial import TrialState

        try:
            if known is not None:
                ended = answer_from(known)
            else:
                outcome = self.pool.call(trial.payload)
                if outcome.kind == "stopped":
                    self._set(trial_id, TrialState.WAITING)  # for another worker
                    return
                ended = record.ended_dict(outcome)
            self.end(trial, ended)
        finally:
            self.running.discard(trial_id)

    def finish(self, result: SearchResult) -> int:
        """Deliver what other workers could not, then end the parent run."""
        self.tracker.settle([dataclasses.asdict(t) for t in result.trials if t.state != "running"])
        return finish(self.tracker, result)

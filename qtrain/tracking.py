"""MLflow: one parent run per study, one nested run per trial, delivered by a thread of its own.

What has to be on record is Optuna's; MLflow is its mirror. A trial is delivered by creating its run, writing everything
and then ending the run: a run that is still "RUNNING" is unfinished and is written again, so a kill at any moment loses
nothing and doubles nothing. A tracking server that goes away is waited for, while trials go on.

Without ``uri`` the store is ``$MLFLOW_TRACKING_URI``, else ``sqlite:///mlruns/mlflow.db`` with ``mlruns/artifacts``.
"""

from __future__ import annotations

import itertools
import logging
import math
import os
import queue
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from qtrain.errors import QTrainError

log = logging.getLogger("qtrain")

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
EXPERIMENT = "qtrain"
_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


def resolve_uri(uri: str | None) -> str | None:
    """The tracking URI in use: ``uri``, the environment's, or the default; None for ``"off"``."""
    if uri is not None and (not isinstance(uri, str) or not uri.strip()):
        raise QTrainError(f"tracking_uri should be a URI, or 'off'. Got {uri!r}.")
    uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_URI
    if uri == "off":
        return None
    if uri.partition(":")[0] not in ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks"):
        raise QTrainError(
            f"tracking_uri should be a database or server, such as sqlite:///mlruns/mlflow.db or http://host:5000. Got {uri!r}."
        )
    return uri


class Tracker:
    """The sink of one study. Use as a context manager; every method returns at once but :meth:`ready` and :meth:`finish`.

    Args:
        uri: of the tracking store (see :func:`resolve_uri`); ``"off"`` records nothing.
        study: its name; ``uid``: what tells it from another study of the same name.
        params, tags: of the parent run.
    """

    def __init__(
        self,
        uri: str | None,
        study: str,
        *,
        uid: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.uri = resolve_uri(uri)
        self.study, self.uid = study, uid
        self._params, self._tags = dict(params), dict(tags or {})
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._connected = threading.Event()
        self._failure: str | None = None
        self._pending = 0
        self._trouble = False
        self._lock = threading.Condition()
        self._runs: dict[int, tuple[str, bool]] = {}  # trial number -> (run id, delivered)
        self._leaving = False
        self._thread = threading.Thread(target=self._work, name="qtrain-mlflow", daemon=True)

    def __enter__(self) -> Tracker:
        if self.uri is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving = True
        self._queue.put(None)

    def ready(self) -> None:
        """Wait for the first connection.

        Raises:
            QTrainError: the store cannot be reached or written.
        """
        if self.uri is not None:
            self._connected.wait()
            if self._failure is not None:
                raise QTrainError(self._failure)

    def record(self, trial: Mapping[str, Any]) -> None:
        """Deliver an ended trial (plain data of a TrialRecord), soon, once."""
        if self.uri is None:
            return
        with self._lock:
            self._pending += 1
        self._queue.put(dict(trial))

    def reconcile(self, trials: Iterable[Mapping[str, Any]]) -> None:
        """Deliver those of the ended ``trials`` that the store has not got whole."""
        for trial in trials:
            if not self._runs.get(trial["number"], ("", False))[1]:
                self.record(trial)

    def finish(
        self,
        trials: Sequence[Mapping[str, Any]],
        objectives: Mapping[str, str],
        front: Sequence[int],
        *,
        tags: Mapping[str, str],
        files: Mapping[str, str] | None = None,
        patience: float = 20.0,
    ) -> int:
        """Wait for what is on its way, draw the Pareto front, end the parent run.

        Args:
            trials: every ended trial; ``objectives``: "minimize" or "maximize" by name; ``front``: numbers on it.
            tags: of the parent run; ``files``: texts by file name, its artifacts.
            patience: seconds to wait for a store that does not answer.

        Returns:
            How many trials the store has not got.
        """
        if self.uri is None:
            return 0
        self._queue.put(("finish", trials, dict(objectives), list(front), dict(tags), dict(files or {})))
        with self._lock:
            self._pending += 1
            left, since = self._pending, time.monotonic()
            while self._pending:
                self._lock.wait(0.2)
                if self._pending < left or not self._trouble:
                    left, since = self._pending, time.monotonic()
                if time.monotonic() - since > patience:
                    break
            undelivered = max(0, self._pending - 1) if self._pending else 0
        if undelivered or self._pending:
            log.warning(
                "MLflow at %s does not answer: %d trial(s) wait in the study's storage and are delivered when the same "
                "search is started again.", self.uri, undelivered,
            )  # fmt: skip
        return undelivered

    # -- the thread -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._connect()
        except QTrainError as error:
            self._failure = str(error)
        except Exception as error:
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self._failure = (
                f"tracking_uri should be an MLflow store that answers. Got {self.uri!r}: {first[:300]}. "
                "Start the server, or leave the option out to record in mlruns/."
            )
        self._connected.set()
        if self._failure is not None:
            return
        while (item := self._queue.get()) is not None:
            if self._deliver_stubbornly(item):
                with self._lock:
                    self._pending -= 1
                    self._lock.notify_all()

    def _deliver_stubbornly(self, item: Any) -> bool:
        """True once it is delivered; False if it went to the end of the queue, or the search has ended."""
        pause = 0.5
        for attempt in itertools.count():
            try:
                if isinstance(item, dict):
                    self._deliver(item, again=attempt > 0)
                else:
                    self._end_study(*item[1:])
                if self._trouble:
                    log.warning(
                        "MLflow at %s answers again; the waiting trials are being delivered.", self.uri
                    )
                self._trouble = False
                return True
            except Exception as error:  # whatever the store says: the study's storage has the trial
                if not self._trouble:
                    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
                    log.warning(
                        "MLflow at %s does not take records (%s); trials go on, records follow.",
                        self.uri,
                        first[:200],
                    )
                self._trouble = True
                if self._leaving:
                    return False
                time.sleep(pause)
                pause = min(2 * pause, 10.0)
                if attempt >= 3 and isinstance(item, dict) and not self._queue.empty():
                    self._queue.put(item)  # let the others pass: it may be this one that cannot be written
                    return False

    def _connect(self) -> None:
        # A server that is away should be noticed in seconds; this thread repeats by itself.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
        folder = _sqlite_folder(str(self.uri))
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise QTrainError(f"tracking_uri should be in a folder that can be written. Got {str(folder)!r}: {error.strerror}.") from None  # fmt: skip
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow", "mlflow.store.db.utils"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._client = MlflowClient(tracking_uri=self.uri)
        self._experiment = self._find_experiment(
            None if folder is None else (folder / "artifacts").resolve().as_uri()
        )
        parents = self._search(f"tags.`qtrain.study_uid` = '{self.uid}' and tags.`qtrain.kind` = 'study'")
        if parents:
            self._parent = parents[0].info.run_id
            self._client.update_run(self._parent, status="RUNNING")
        else:
            tags = {
                "qtrain.study": self.study,
                "qtrain.study_uid": self.uid,
                "qtrain.kind": "study",
                **self._tags,
            }
            run = self._client.create_run(self._experiment, run_name=self.study, tags=tags)
            self._parent = run.info.run_id
            self._log(self._parent, params=self._params, metrics={}, tags={})
        for run in self._search(f"tags.`mlflow.parentRunId` = '{self._parent}'"):
            number, whole = int(run.data.tags["qtrain.trial"]), run.info.status != "RUNNING"
            if number not in self._runs:
                self._runs[number] = (run.info.run_id, whole)
            elif whole and not self._runs[number][1]:
                self._client.delete_run(self._runs[number][0])
                self._runs[number] = (run.info.run_id, whole)
            else:
                self._client.delete_run(run.info.run_id)

    def _find_experiment(self, artifacts: str | None) -> str:
        from mlflow.exceptions import MlflowException

        found = self._client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            try:
                return str(self._client.create_experiment(EXPERIMENT, artifact_location=artifacts))
            except MlflowException:  # another process was faster
                found = self._client.get_experiment_by_name(EXPERIMENT)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _search(self, condition: str) -> list[Any]:
        """Every run that fulfils it, oldest first."""
        runs: list[Any] = []
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                condition,
                max_results=1000,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            runs.extend(page)
            token = page.token
            if not token:
                return runs

    def _deliver(self, trial: dict[str, Any], *, again: bool) -> None:
        number = trial["number"]
        run_id, delivered = self._runs.get(number, ("", False))
        if delivered:
            return
        begun, ended = int(1000 * trial["begun"]), int(1000 * trial["ended"])
        if again and not run_id:  # the store may have made it, and only the answer was lost
            condition = f"tags.`mlflow.parentRunId` = '{self._parent}' and tags.`qtrain.trial` = '{number}'"
            run_id = next((run.info.run_id for run in self._search(condition)), "")
        if run_id:
            artifact_uri = self._client.get_run(run_id).info.artifact_uri
        else:
            tags = {
                "mlflow.parentRunId": self._parent,
                "qtrain.study": self.study,
                "qtrain.study_uid": self.uid,
                "qtrain.kind": "trial",
                "qtrain.trial": str(number),
                "qtrain.state": trial["state"],
            }
            run = self._client.create_run(
                self._experiment, start_time=begun, run_name=f"{self.study}-{number}", tags=tags
            )
            run_id, artifact_uri = run.info.run_id, run.info.artifact_uri
            self._runs[number] = (run_id, False)
        self._write_files(run_id, artifact_uri, {
            "architecture.json": _json(trial["architecture"]),
            "report.json": _json(trial["report"]),
        })  # fmt: skip
        self._log(
            run_id,
            params={**trial["params"], "seed": trial["seed"], "batch": trial["batch"]},
            metrics=_metrics(trial),
            tags={
                "qtrain.state": trial["state"],
                "qtrain.architecture_id": trial["architecture_id"],
                **({"qtrain.reason": trial["reason"]} if trial["reason"] else {}),
                **(
                    {}
                    if trial["duplicate_of"] is None
                    else {"qtrain.duplicate_of": str(trial["duplicate_of"])}
                ),
                **{f"version.{name}": version for name, version in trial["versions"].items()},
            },
            timestamp=ended,
        )
        self._client.set_terminated(run_id, _STATUS[trial["state"]], end_time=ended)
        self._runs[number] = (run_id, True)

    def _log(
        self,
        run_id: str,
        *,
        params: Mapping[str, Any],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        timestamp: int = 0,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        self._client.log_batch(
            run_id,
            metrics=[Metric(k, float(v), timestamp, 0) for k, v in metrics.items() if math.isfinite(v)],
            params=[Param(k, str(v)[:6000]) for k, v in params.items()],
            tags=[RunTag(k, str(v)[:5000]) for k, v in tags.items()],
        )

    def _write_files(self, run_id: str, artifact_uri: str, files: Mapping[str, str | bytes]) -> None:
        place = urlparse(artifact_uri)
        local = unquote(place.path) if place.scheme == "file" else artifact_uri if not place.scheme else None
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(local or temporary)
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            if local is None:
                self._client.log_artifacts(run_id, temporary)

    def _end_study(
        self, trials: Sequence[Mapping[str, Any]], objectives: dict[str, str], front: list[int],
        tags: dict[str, str], files: dict[str, str],
    ) -> None:  # fmt: skip
        content: dict[str, str | bytes] = dict(files)
        drawn = _front_figure(trials, objectives, front)
        if drawn is not None:
            content["pareto_front.png"] = drawn
        self._write_files(self._parent, self._client.get_run(self._parent).info.artifact_uri, content)
        self._log(self._parent, params={}, metrics={}, tags=tags)
        self._client.set_terminated(self._parent, "FINISHED")


def _json(value: Any) -> str:
    import json

    return json.dumps(value, indent=1)


def _sqlite_folder(uri: str) -> Path | None:
    """The folder of an SQLite store's file, None for other stores."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0]).parent


def _metrics(trial: Mapping[str, Any]) -> dict[str, float]:
    named = {f"objective.{k}": v for k, v in trial["objectives"].items()}
    named |= {f"constraint.{k}": v for k, v in trial["constraints"].items()}
    named |= {f"seconds.{k}": v for k, v in trial["timings"].items()}
    named |= {k: v for k, v in trial["metrics"].items() if isinstance(v, (int, float))}
    return {k: float(v) for k, v in named.items()}


def _front_figure(
    trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str], front: Sequence[int]
) -> bytes | None:
    """PNG of every pair of neighbouring objectives, None if there is nothing to show."""
    done = [t for t in trials if t["state"] == "complete"]
    names = list(objectives)
    if not done or not names:
        return None
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pairs = list(zip(names, names[1:])) or [(names[0], names[0])]
    figure = Figure(figsize=(4.2 * len(pairs), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    on_front = set(front)
    for axes, (x, y) in zip(figure.subplots(1, len(pairs), squeeze=False)[0], pairs):
        for marked, colour, label in ((False, "#BBBBBB", "trials"), (True, "#0072B2", "Pareto front")):
            points = [
                (t["objectives"][x], t["objectives"][y]) for t in done if (t["number"] in on_front) == marked
            ]
            axes.scatter(
                [p[0] for p in points],
                [p[1] for p in points],
                s=30 if marked else 14,
                color=colour,
                label=label,
            )
        axes.set_xlabel(f"{x} ({objectives[x]})")
        axes.set_ylabel(f"{y} ({objectives[y]})")
    axes.legend(frameon=False, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()

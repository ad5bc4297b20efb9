"""How a study stands in MLflow: the parent run, a nested run for each trial, their files. Every write can be repeated.

A trial's run is created, written and then ended: one that is still "RUNNING" is unfinished and is written again.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from filelock import FileLock

from qtrain.errors import QTrainError

EXPERIMENT = "qtrain"
_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


class Store:
    """One study in one MLflow store; every method may raise whatever the store raises.

    Args:
        uri: of the store; ``study``: its name; ``uid``: what tells it from another study of the same name.
        params, tags: of the parent run.
    """

    def __init__(self, uri: str, study: str, uid: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        # MLflow keeps an open store by its URI: a relative path would mean the first working folder for ever.
        local = uri.startswith("sqlite:///")
        self.folder = Path(uri.removeprefix("sqlite:///")).parent.resolve() if local else None
        self.uri = uri if self.folder is None else f"sqlite:///{self.folder / Path(uri).name}"
        self.study, self.uid, self.params, self.tags = study, uid, dict(params), dict(tags)
        self.runs: dict[int, tuple[str, bool]] = {}  # trial number -> (run id, whole)

    def open(self) -> None:
        """Find or make the store's tables and the experiment."""
        # A server that is away should be noticed in seconds: what is to be repeated is repeated by the tracker.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise QTrainError(
                    "tracking_uri should be in a folder that can be written. "
                    f"Got {str(self.folder)!r}: {error.strerror}."
                ) from None
        for name in ("alembic", "mlflow", "mlflow.store.db.utils"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # Two searches that begin at once would both make the tables of a new database.
        with contextlib.nullcontext() if self.folder is None else FileLock(self.folder / ".mlflow.lock"):
            from mlflow import MlflowClient

            self.client = MlflowClient(tracking_uri=self.uri)
            self.experiment = self._find_experiment()

    def connect(self) -> None:
        """Open, find or make the parent run, and learn which trials are there; drop doubles."""
        self.open()
        studies = f"tags.`qtrain.study_uid` = '{self.uid}' and tags.`qtrain.kind` = 'study'"
        parents = self.search(studies)
        if parents:
            self.parent = parents[0].info.run_id
            self.client.update_run(self.parent, status="RUNNING")
        else:
            tags = {"qtrain.study": self.study, "qtrain.study_uid": self.uid, "qtrain.kind": "study", **self.tags}
            self.parent = self.client.create_run(self.experiment, run_name=self.study, tags=tags).info.run_id
            self._log(self.parent, params=self.params)
            first = min(self.search(studies), key=lambda run: (run.info.start_time, run.info.run_id)).info.run_id
            if first != self.parent:  # another worker made one at the same moment
                self.client.delete_run(self.parent)
                self.parent = first
        self.refresh()

    def settle(self, trials: Sequence[Mapping[str, Any]]) -> None:
        """Deliver the trials that no process has delivered, and drop doubles."""
        self.refresh()
        for trial in trials:
            self.deliver(trial, again=True)
        self.refresh()

    def refresh(self) -> None:
        """Learn which trials are there; of a trial that is there twice, keep the run that is whole and older."""
        self.runs = {}
        for run in self.search(f"tags.`mlflow.parentRunId` = '{self.parent}'"):
            number, whole = int(run.data.tags["qtrain.trial"]), run.info.status != "RUNNING"
            known = self.runs.get(number)
            if known is None or (whole and not known[1]):
                self.runs[number] = (run.info.run_id, whole)
            double = run.info.run_id if known == self.runs[number] else known[0] if known else None
            if double is not None:
                self.client.delete_run(double)

    def _find_experiment(self) -> str:
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            location = None if self.folder is None else (self.folder / "artifacts").as_uri()
            try:
                return str(self.client.create_experiment(EXPERIMENT, artifact_location=location))
            except MlflowException:  # another process was faster
                found = self.client.get_experiment_by_name(EXPERIMENT)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def search(self, condition: str) -> list[Any]:
        """Every run that fulfils it, oldest first."""
        runs: list[Any] = []
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [self.experiment], condition, max_results=1000, order_by=["attributes.start_time ASC"], page_token=token
            )
            runs.extend(page)
            token = page.token
            if not token:
                return runs

    def deliver(self, trial: Mapping[str, Any], *, again: bool) -> None:
        """Write an ended trial, unless it is there. ``again``: an earlier attempt may have made its run."""
        number = trial["number"]
        run_id, whole = self.runs.get(number, ("", False))
        if whole:
            return
        begun, ended = int(1000 * trial["begun"]), int(1000 * trial["ended"])
        if again:  # only the answer may have been lost, or another process was faster
            condition = f"tags.`mlflow.parentRunId` = '{self.parent}' and tags.`qtrain.trial` = '{number}'"
            there = self.search(condition)
            run_id = there[0].info.run_id if there else ""
            if any(run.info.status != "RUNNING" for run in there):
                self.runs[number] = (run_id, True)
                return
        tags = self._tags(trial)
        if run_id:
            place = self.client.get_run(run_id).info.artifact_uri
        else:  # tags cost MLflow a query each later, and next to nothing now
            name = f"{self.study}-{number}"
            run = self.client.create_run(self.experiment, start_time=begun, run_name=name, tags=tags)
            run_id, place, tags = run.info.run_id, run.info.artifact_uri, {}
            self.runs[number] = (run_id, False)
        files = {"architecture.json": _json(trial["architecture"]), "report.json": _json(trial["report"])}
        if trial.get("angles"):
            files["start_angles.json"] = _json(trial["angles"])
        self._write_files(run_id, place, files)
        params = {**trial["params"], "seed": trial["seed"], "batch": trial["batch"]}
        self._log(run_id, params=params, metrics=_metrics(trial), tags=tags, timestamp=ended)
        self.client.set_terminated(run_id, _STATUS[trial["state"]], end_time=ended)
        self.runs[number] = (run_id, True)

    def _tags(self, trial: Mapping[str, Any]) -> dict[str, str]:
        tags = {
            "mlflow.parentRunId": self.parent, "qtrain.study": self.study, "qtrain.study_uid": self.uid,
            "qtrain.kind": "trial", "qtrain.trial": str(trial["number"]), "qtrain.state": trial["state"],
            "qtrain.architecture_id": trial["architecture_id"],
        }  # fmt: skip
        tags |= {f"version.{name}": version for name, version in trial["versions"].items()}
        if trial["reason"]:
            tags["qtrain.reason"] = trial["reason"][:5000]
        if trial["duplicate_of"] is not None:
            tags["qtrain.duplicate_of"] = str(trial["duplicate_of"])
        return tags

    def end_study(
        self, trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str], front: Sequence[int],
        tags: Mapping[str, str], files: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Write the parent's files and figure, and end it."""
        content: dict[str, str | bytes] = dict(files)
        drawn = front_figure(trials, objectives, front)
        if drawn is not None:
            content["pareto_front.png"] = drawn
        self._write_files(self.parent, self.client.get_run(self.parent).info.artifact_uri, content)
        self._log(self.parent, tags=tags)
        self.client.set_terminated(self.parent, "FINISHED")

    def _log(
        self, run_id: str, *, params: Mapping[str, Any] | None = None, metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None, timestamp: int = 0,
    ) -> None:  # fmt: skip
        from mlflow.entities import Metric, Param, RunTag

        self.client.log_batch(
            run_id,
            metrics=[Metric(k, v, timestamp, 0) for k, v in (metrics or {}).items() if math.isfinite(v)],
            params=[Param(k, str(v)[:6000]) for k, v in (params or {}).items()],
            tags=[RunTag(k, str(v)[:5000]) for k, v in (tags or {}).items()],
        )

    def _write_files(self, run_id: str, place: str, files: Mapping[str, str | bytes]) -> None:
        url = urlparse(place)
        local = unquote(url.path) if url.scheme == "file" else None if url.scheme else place
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(local or temporary)
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
            if local is None:
                self.client.log_artifacts(run_id, temporary)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)


def _metrics(trial: Mapping[str, Any]) -> dict[str, float]:
    named = {f"objective.{k}": v for k, v in trial["objectives"].items()}
    named |= {f"constraint.{k}": v for k, v in trial["constraints"].items()}
    named |= {f"seconds.{k}": v for k, v in trial["timings"].items()}
    named |= {k: v for k, v in trial["metrics"].items() if isinstance(v, (int, float))}
    return {k: float(v) for k, v in named.items()}


def front_figure(
    trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str], front: Sequence[int]
) -> bytes | None:
    """PNG of every pair of neighbouring objectives, None if there is nothing to show.

    Args:
        trials: plain data with ``state``, ``number``, ``objectives``.
        objectives: "minimize" or "maximize" by name; ``front``: numbers of the trials on it.
    """
    done = [t for t in trials if t["state"] == "complete"]
    names = list(objectives)
    if not done or not names:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pairs = list(zip(names, names[1:])) or [(names[0], names[0])]
    figure = Figure(figsize=(4.2 * len(pairs), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (x, y) in zip(figure.subplots(1, len(pairs), squeeze=False)[0], pairs):
        for marked, colour, label in ((False, "#BBBBBB", "trials"), (True, "#0072B2", "Pareto front")):
            points = [t["objectives"] for t in done if (t["number"] in front) == marked]
            xs, ys = [p[x] for p in points], [p[y] for p in points]
            axes.scatter(xs, ys, s=30 if marked else 14, color=colour, label=label)
        axes.set_xlabel(f"{x} ({objectives[x]})")
        axes.set_ylabel(f"{y} ({objectives[y]})")
    axes.legend(frameon=False, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()

"""How a study stands in MLflow: the parent run, a nested run for each trial, their files. Every write can be repeated.

A trial's run is created, written and then ended: one that is still "RUNNING" is unfinished and is written again.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import logging
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import numpy as np
from filelock import FileLock

from qtrain.errors import QTrainError
from qtrain.tracking import contents
from qtrain.tracking.contents import Point

EXPERIMENT = "qtrain"
_OPENING = {  # what MLflow's pages read of an experiment: that it is no chat application, and what it holds
    "mlflow.experimentKind": "custom_model_development",
    contents.NOTE: "Searches of quantum circuit architectures by qtrain: a run for each study, below it one for each "
    "trial. Sort by `objective.task_loss`; the tag `qtrain.front` marks the Pareto front.",
}
_BATCH = 900  # metrics of one call; MLflow takes 1000
_STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}


@dataclass(frozen=True, eq=False)
class DataPart:
    """Samples that a study trains, validates or tests on.

    Attributes:
        name: of the data; ``context``: "training", "validation" or "test".
        features: (samples, inputs); ``targets``: (samples, readouts).
    """

    name: str
    context: str
    features: np.ndarray
    targets: np.ndarray


class Store:
    """One study in one MLflow store; every method may raise whatever the store raises.

    Args:
        uri: of the store; ``study``: its name; ``uid``: what tells it from another study of the same name.
        params, tags: of the parent run; ``data``: what it trains on.
    """

    def __init__(
        self, uri: str, study: str, uid: str, params: Mapping[str, Any], tags: Mapping[str, str],
        data: Sequence[DataPart] = (),
    ) -> None:  # fmt: skip
        # MLflow keeps an open store by its URI: a relative path would mean the first working folder for ever.
        local = uri.startswith("sqlite:///")
        self.folder = Path(uri.removeprefix("sqlite:///")).parent.resolve() if local else None
        self.uri = uri if self.folder is None else f"sqlite:///{self.folder / Path(uri).name}"
        self.study, self.uid, self.params, self.tags, self.data = study, uid, dict(params), dict(tags), tuple(data)
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
            own = {"qtrain.study": self.study, "qtrain.study_uid": self.uid, "qtrain.kind": "study"}
            tags = own | _source() | self.tags
            self.parent = self.client.create_run(self.experiment, run_name=self.study, tags=tags).info.run_id
            self.log(self.parent, params=self.params)
            first = min(self.search(studies), key=lambda run: (run.info.start_time, run.info.run_id)).info.run_id
            if first != self.parent:  # another worker made one at the same moment
                self.client.delete_run(self.parent)
                self.parent = first
        if self.data:
            self._log_data()
        self.refresh()

    def _log_data(self) -> None:
        """The data sets of the parent run; those that it has are left alone."""
        from mlflow.data.numpy_dataset import from_numpy
        from mlflow.entities import DatasetInput, InputTag

        known = self.client.get_run(self.parent).inputs
        there = {(i.dataset.name, i.dataset.digest) for i in (known.dataset_inputs if known else ())}
        inputs = []
        for part in self.data:
            found = from_numpy(part.features, targets=part.targets, name=f"{part.name}, {part.context}")
            if (found.name, found.digest) not in there:
                tag = InputTag("mlflow.data.context", part.context)
                inputs.append(DatasetInput(found._to_mlflow_entity(), [tag]))
        if inputs:
            self.client.log_inputs(self.parent, inputs)

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
                return str(self.client.create_experiment(EXPERIMENT, artifact_location=location, tags=_OPENING))
            except MlflowException:  # another process was faster
                found = self.client.get_experiment_by_name(EXPERIMENT)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            self.client.restore_experiment(found.experiment_id)
        for key in _OPENING.keys() - found.tags.keys():  # of an earlier release, or made by hand
            self.client.set_experiment_tag(found.experiment_id, key, _OPENING[key])
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
        begun, ended = contents.milliseconds(trial["begun"]), contents.milliseconds(trial["ended"])
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
            name = contents.run_name(trial)
            run = self.client.create_run(self.experiment, start_time=begun, run_name=name, tags=tags)
            run_id, place, tags = run.info.run_id, run.info.artifact_uri, {}
            self.runs[number] = (run_id, False)
        files = {"architecture.json": _json(trial["architecture"]), "report.json": _json(trial["report"])}
        if trial.get("angles"):
            files["start_angles.json"] = _json(trial["angles"])
        self.write_files(run_id, place, files)
        params = {**trial["params"], "seed": trial["seed"], "batch": trial["batch"]}
        points = [(name, value, ended, 0) for name, value in contents.figures(trial).items()]
        self.log(run_id, params=params, points=[*points, *contents.curve(trial)], tags=tags)
        self.client.set_terminated(run_id, _STATUS[trial["state"]], end_time=ended)
        self.runs[number] = (run_id, True)

    def _tags(self, trial: Mapping[str, Any]) -> dict[str, str]:
        tags = {
            "mlflow.parentRunId": self.parent, "qtrain.study": self.study, "qtrain.study_uid": self.uid,
            "qtrain.kind": "trial", "qtrain.trial": str(trial["number"]), "qtrain.state": trial["state"],
            "qtrain.architecture_id": trial["architecture_id"],
        }  # fmt: skip
        tags |= _source() | {f"version.{name}": version for name, version in trial["versions"].items()}
        if trial["reason"]:
            tags["qtrain.reason"] = trial["reason"][:5000]
        if trial["duplicate_of"] is not None:
            tags["qtrain.duplicate_of"] = str(trial["duplicate_of"])
        return tags

    def end_study(
        self, trials: Sequence[Mapping[str, Any]], objectives: Mapping[str, str], front: Sequence[int], *,
        winner: int | None, tags: Mapping[str, str], files: Mapping[str, str | bytes], figures: Mapping[str, float],
    ) -> None:  # fmt: skip
        """Write what the study came to into the parent run, mark the front's runs, and end it."""
        self.write_files(self.parent, self.client.get_run(self.parent).info.artifact_uri, files)
        points = contents.outcome(trials, winner, front, figures) + contents.history(trials, objectives)
        self.log(self.parent, points=points, tags=tags)
        self._mark(dict.fromkeys(front, "yes") | ({} if winner is None else {winner: "winner"}))
        self.client.set_terminated(self.parent, "FINISHED")

    def _mark(self, wanted: Mapping[int, str]) -> None:
        """Tag the runs of the Pareto front, and take the tag from those that have left it."""
        marked = self.search(f"tags.`mlflow.parentRunId` = '{self.parent}' and tags.`qtrain.front` LIKE '%'")
        there = {int(run.data.tags["qtrain.trial"]): run for run in marked}
        for left in there.keys() - wanted.keys():
            self.client.delete_tag(there[left].info.run_id, "qtrain.front")
        for number, mark in wanted.items():
            known = there[number].data.tags["qtrain.front"] if number in there else None
            if number in self.runs and known != mark:
                self.client.set_tag(self.runs[number][0], "qtrain.front", mark)

    def log(
        self, run_id: str, *, params: Mapping[str, Any] | None = None, points: Sequence[Point] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Metrics may be written again: MLflow keeps one of equal name, value, time and step."""
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(*point) for point in points if math.isfinite(point[1])]
        self.client.log_batch(
            run_id, metrics=metrics[:_BATCH],
            params=[Param(k, str(v)[:6000]) for k, v in (params or {}).items()],
            tags=[RunTag(k, str(v)[:5000]) for k, v in (tags or {}).items()],
        )
        for k in range(_BATCH, len(metrics), _BATCH):
            self.client.log_batch(run_id, metrics=metrics[k : k + _BATCH])

    def write_files(self, run_id: str, place: str, files: Mapping[str, str | bytes]) -> None:
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


@lru_cache(maxsize=1)
def _source() -> dict[str, str]:
    """Who ran it and with what, as MLflow's pages show it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # no name for this user id, as in some containers
        user = ""
    return {"mlflow.source.name": "qtrain", "mlflow.source.type": "LOCAL"} | ({"mlflow.user": user} if user else {})

"""An experiment in MLflow: one run, its parts nested below. Written again it stays one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qtrain.tracking.store import Store
from qtrain.tracking.tracker import resolve_uri, told

Metrics = Mapping[str, float]


def record(
    uri: str | None, name: str, size: str, uid: str, *, parts: Mapping[str, Mapping[str, Any]], metrics: Metrics,
    params: Mapping[str, Any], complete: bool, files: Mapping[str, Path],
) -> str | None:  # fmt: skip
    """Write a run of an experiment and its parts; parts that are there are left alone.

    Args:
        uri: of the store, None for the default, "off" for none.
        name, size: of the experiment; ``uid``: what tells this run from another of the same name.
        parts: what :class:`~qtrain.experiments.experiment.Experiment` keeps of each.
        metrics, params: of the parent run; ``complete``: whether every number was as expected.
        files: of the parent run, by name.

    Returns:
        Where it was written, None for "off".

    Raises:
        QTrainError: a store that cannot be reached or written.
    """
    found = resolve_uri(uri)
    if found is not None:
        store = Store(found, name, uid, params, {})
        told(found, lambda: _write(store, f"{name}, {size}", parts, metrics, complete, files))
    return found


def _write(
    store: Store, title: str, parts: Mapping[str, Mapping[str, Any]], metrics: Metrics, complete: bool,
    files: Mapping[str, Path],
) -> None:  # fmt: skip
    store.open()
    own = {"qtrain.experiment": store.study, "qtrain.experiment_uid": store.uid}
    there = store.search(f"tags.`qtrain.experiment_uid` = '{store.uid}'")
    parents = [run.info.run_id for run in there if run.data.tags["qtrain.kind"] == "experiment"]
    begun = min((int(1000 * part["begun"]) for part in parts.values()), default=None)
    ended = max((int(1000 * part["ended"]) for part in parts.values()), default=None)
    if parents:
        parent = parents[0]
    else:
        tags = own | {"qtrain.kind": "experiment"}
        parent = store.client.create_run(store.experiment, start_time=begun, run_name=title, tags=tags).info.run_id
    store.log(
        parent, points=[(key, value, ended or 0, 0) for key, value in metrics.items()],
        params={} if parents else store.params, tags={"qtrain.as_expected": "yes" if complete else "no"},
    )  # fmt: skip
    contents = {name: path.read_bytes() for name, path in files.items()}
    store.write_files(parent, store.client.get_run(parent).info.artifact_uri, contents)
    _write_parts(store, parent, own, parts, there)
    store.client.set_terminated(parent, "FINISHED" if complete else "FAILED", end_time=ended)


def _write_parts(store: Store, parent: str, own: Mapping[str, str], parts: Mapping[str, Any], there: list[Any]) -> None:
    whole = {run.data.tags.get("qtrain.part_key") for run in there if run.info.status != "RUNNING"}
    for name, part in parts.items():
        key = f"{name}.{part['digest']}.{part['begun']}"
        if key in whole:
            continue
        tags = {**own, "mlflow.parentRunId": parent, "qtrain.kind": "part", "qtrain.part": name, "qtrain.part_key": key}
        begun, ended = int(1000 * part["begun"]), int(1000 * part["ended"])
        run = store.client.create_run(store.experiment, start_time=begun, run_name=name, tags=tags).info
        costs = {key: part[key] for key in ("seconds", "cpu_seconds", "memory_mb")}
        points = [(metric_name(key), float(value), ended, 0) for key, value in {**part["flat"], **costs}.items()]
        store.log(run.run_id, points=points, params=part["settings"])
        numbers = {"numbers.json": json.dumps(part["numbers"], indent=1)}
        store.write_files(run.run_id, run.artifact_uri, numbers)
        store.client.set_terminated(run.run_id, "FINISHED", end_time=ended)


def metric_name(name: str) -> str:
    """What MLflow takes as a name: letters, digits, and ``_-./ :``.

    Example:
        >>> metric_name("V(θ) 2-D")
        'V___ 2-D'
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-./ :") else "_" for c in name)

"""What MLflow holds of a study."""

from __future__ import annotations

import socket
import time
from collections import Counter
from pathlib import Path

DEFAULT = "sqlite:///mlruns/mlflow.db"


def client(uri=None):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri or f"sqlite:///{Path.cwd()}/mlruns/mlflow.db")


def runs_of(study="fake", uri=None):
    """(parent runs, trial runs) of a study."""
    c = client(uri)
    experiments = [e.experiment_id for e in c.search_experiments()]
    found = c.search_runs(experiments, f"tags.`qtrain.study` = '{study}'", max_results=5000)
    return [r for r in found if "mlflow.parentRunId" not in r.data.tags], [
        r for r in found if "mlflow.parentRunId" in r.data.tags
    ]


def check_mirror(result, uri=None):
    """One parent, one run for each trial under it, with the trial's state."""
    parents, runs = runs_of(result.study, uri)
    assert len(parents) == 1 and parents[0].info.status == "FINISHED"
    assert Counter(r.data.tags["qtrain.trial"] for r in runs) == Counter(str(t.number) for t in result.trials)
    status = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
    for run in runs:
        trial = result.trials[int(run.data.tags["qtrain.trial"])]
        assert run.data.tags["mlflow.parentRunId"] == parents[0].info.run_id
        assert run.data.tags["qtrain.state"] == trial.state and run.info.status == status[trial.state]
        assert run.data.tags["qtrain.architecture_id"] == trial.architecture_id
    return parents[0], {int(r.data.tags["qtrain.trial"]): r for r in runs}


def files_of(run, uri=None):
    import mlflow.artifacts

    c = client(uri)
    with_paths = {f.path for f in c.list_artifacts(run.info.run_id)}
    return {p: Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=p, tracking_uri=c.tracking_uri))
            for p in with_paths}  # fmt: skip


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)

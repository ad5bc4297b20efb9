"""A study with a fake space and a fake evaluation, for tests of the loop; also runs as a script to be killed."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass

from qtrain.studies.run.backends import make_pool
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.study import run_study


@dataclass(frozen=True)
class FakeArchitecture:
    x: int
    y: int

    def to_json(self):
        return json.dumps({"x": self.x, "y": self.y})

    @property
    def content_id(self):
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def draw(trial):
    return FakeArchitecture(trial.suggest_int("x", 0, 60), trial.suggest_categorical("y", [0, 1, 2, 3]))


def fake_spec(**changes):
    return read_spec({
        "name": "fake", "qubits": 4, "task": {"kind": "tfim"}, "trials": 24, "batch": 6, "sampler": "tpe",
        "objectives": {"use": ["task_loss", "trainability"]}, "limits": {"seconds": 5, "memory_mb": 500},
    } | changes)  # fmt: skip


def fake_study(*, setup=None, tracking_uri="off", space=draw, **options):
    spec = fake_spec(**options.pop("changes", {}))
    where = {name: options.pop(name, None) for name in ("backend", "scheduler")}
    with make_pool(spec, "supervised_targets:fake_search", options.get("n_jobs", 1), **where) as pool:
        pool.set_up(setup or {})
        return run_study(spec, pool, draw=space, tracking_uri=tracking_uri, **options)


def essence(result):
    """What two equal searches share: all but times."""
    return [
        (
            t.number,
            t.state,
            t.reason,
            t.seed,
            t.architecture_id,
            t.duplicate_of,
            dict(t.objectives),
            dict(t.params),
        )
        for t in result.trials
    ]


if __name__ == "__main__":
    fake_study(setup=json.loads(sys.argv[1]), storage=sys.argv[2], tracking_uri=sys.argv[3], n_jobs=2)

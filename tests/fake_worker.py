"""A worker with the fake space and evaluation; also runs as a script to be killed."""

from __future__ import annotations

import json
import sys

from fake_study import draw, fake_spec

from qtrain.studies.run.backends import make_pool
from qtrain.studies.worker import run_worker


def fake_work(
    url, *, setup=None, changes=None, tracking_uri="off", jobs=1, heartbeat_seconds=1, on_trial=None, **where
):
    spec = fake_spec(**(changes or {}))
    with make_pool(spec, "supervised_targets:fake_search", jobs, **where) as pool:
        pool.set_up(setup or {})
        return run_worker(
            spec, pool, draw=draw, storage=url, n_jobs=jobs, tracking_uri=tracking_uri, on_trial=on_trial,
            heartbeat_seconds=heartbeat_seconds,
        )  # fmt: skip


if __name__ == "__main__":
    fake_work(
        sys.argv[1],
        setup=json.loads(sys.argv[2]),
        tracking_uri=sys.argv[3],
        heartbeat_seconds=float(sys.argv[4]),
    )

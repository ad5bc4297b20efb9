"""A worker with the fake space and evaluation; also runs as a script to be killed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys

from fake_study import draw, fake_spec

from qtrain.studies.run.backends import make_pool
from qtrain.studies.study import interruptible
from qtrain.studies.worker import open_worker


def fake_work(
    url, *, setup=None, changes=None, tracking_uri="off", jobs=1, heartbeat_seconds=1, on_trial=None, **where
):
    spec = fake_spec(**(changes or {}))
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(make_pool(spec, "supervised_targets:fake_search", jobs, **where))
        pool.set_up(setup or {})
        worker = open_worker(spec, pool, draw, url, tracking_uri, on_trial, heartbeat_seconds, stack)
        with interruptible(pool) as stop:
            worker.run(jobs, stop)
        result = worker.result(interrupted=stop.is_set())
        undelivered = 0 if result.interrupted else worker.finish(result)
    return dataclasses.replace(result, undelivered=undelivered)


if __name__ == "__main__":
    fake_work(
        sys.argv[1],
        setup=json.loads(sys.argv[2]),
        tracking_uri=sys.argv[3],
        heartbeat_seconds=float(sys.argv[4]),
    )

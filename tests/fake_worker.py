"""A worker with the fake space and evaluation; also runs as a script to be killed."""

from __future__ import annotations

import contextlib
import json
import sys
import threading

from fake_study import draw, fake_spec

from qtrain.search.backends import make_pool
from qtrain.search.worker import open_worker


def fake_work(url, *, setup=None, changes=None, tracking_uri="off", jobs=1, heartbeat_seconds=1, on_trial=None):
    spec = fake_spec(**(changes or {}))
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(make_pool(spec, "supervised_targets:fake_search", jobs))
        pool.set_up(setup or {})
        worker = open_worker(spec, pool, draw, url, tracking_uri, on_trial, heartbeat_seconds, stack)
        worker.run(jobs, threading.Event())
        result = worker.result(interrupted=False)
        worker.finish(result)
    return result


if __name__ == "__main__":
    fake_work(sys.argv[1], setup=json.loads(sys.argv[2]), tracking_uri=sys.argv[3])

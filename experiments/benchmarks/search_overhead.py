"""What searching and recording cost beside the evaluation itself: Optuna, MLflow, dispatch to supervised processes.

    python experiments/benchmarks/search_overhead.py [--trials 200] [--storage URL]

A real search of small trials is run with one job, in a folder of its own. Overhead per trial = (time of the loop − the
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

import qtrain

LIMIT_MS = {"journal": 40.0, "postgresql": 60.0}


def measure(trials: int, storage: str | None) -> dict[str, object]:
    """One search of ``trials`` cheap trials."""
    spec = {
        "name": "overhead", "qubits": 3, "task": {"kind": "tfim"}, "trials": trials, "seed": 0,
        "objectives": {"use": ["task_loss", "trainability", "hardware_cost"]},
        "training": {"steps": 1, "starts": 1},
    }  # fmt: skip
    ended: list[float] = []
    begun = time.perf_counter()
    result = qtrain.search(spec, storage=storage, on_trial=lambda trial: ended.append(time.perf_counter()))
    total = time.perf_counter() - begun
    evaluation = sum(trial.seconds for trial in result.trials)
    first = result.trials[0].seconds
    loop = ended[-1] - ended[0]
    return {
        "trials": len(result.trials),
        "start-up and end, s": round(total - loop, 2),
        "evaluation, ms per trial": round(1000 * evaluation / trials, 2),
        "overhead, ms per trial": round(1000 * (loop - evaluation + first) / (trials - 1), 2),
        "overhead with start-up and end, ms per trial": round(1000 * (total - evaluation) / trials, 2),
        "in MLflow": trials - result.undelivered,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--storage", default=None, help="a database URL; default: the journal file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QTRAIN_HOME"] = folder
        here = os.getcwd()
        os.chdir(folder)
        found = measure(options.trials, options.storage)
        os.chdir(here)
    kind = "journal" if options.storage is None else options.storage.partition(":")[0].partition("+")[0]
    limit = LIMIT_MS.get(kind)
    print(json.dumps({"storage": kind, **found, "limit, ms per trial": limit, "python": platform.python_version(),
                      "cores": os.cpu_count()}, indent=1))  # fmt: skip
    return 0 if limit is None or float(str(found["overhead, ms per trial"])) <= limit else 1


if __name__ == "__main__":
    sys.exit(main())

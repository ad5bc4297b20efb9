"""What a trial of a search takes, with training, at 8, 12, 16 and 20 qubits: CPU time, and where it goes.

    python experiments/benchmarks/search_throughput.py [--qubits 8 12] [--trials 96] [--optimizer adam | lbfgs] [--halving 3]

A real search with two jobs for the transverse-field Ising chain on a line of qubits, with the default objectives and
training (3 starts, 100 gradients each at most), on the journal, MLflow included. CPU time is what other work on the
machine changes least: it is that of the worker processes and of this one, between the first trials, which compile
kernels, and the last. "two idle cores" is what it comes to where nothing else runs: the goals are compared with that.
Seconds by stage are of the wall clock, and longer on a busy machine; the load is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import chdir

import psutil

import qtrain

GOALS = {8: 1000, 12: 400, 16: 60, 20: 10}  # trials a minute, two jobs
TRIALS = {8: 96, 12: 64, 16: 40, 20: 24}
WARM = 16  # trials that are left out: workers start, kernels compile
JOBS = 2


def cpu() -> tuple[float, float]:
    """Seconds of the worker processes, and of this one."""
    spent = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in spent), time.process_time()


def measure(qubits: int, trials: int, training: dict[str, object]) -> dict[str, object]:
    """One search of ``trials`` trials, and the first ones that are left out."""
    spec = {
        "name": f"throughput-{qubits}", "qubits": qubits, "seed": 0, "trials": WARM + trials,
        "task": {"kind": "tfim"}, "device": {"topology": "line"}, "training": training,
    }  # fmt: skip
    marks: list[tuple[float, tuple[float, float]]] = []
    result = qtrain.search(spec, n_jobs=JOBS, on_trial=lambda trial: marks.append((time.perf_counter(), cpu())))
    (begun, (workers, own)), (ended, (workers_after, own_after)) = marks[WARM - 1], marks[-1]
    counted = result.trials[WARM:]
    stages: dict[str, float] = {}
    for trial in counted:
        for stage, seconds in trial.timings.items():
            stages[stage] = stages.get(stage, 0.0) + 1000 * seconds / trials
    each, here = 1000 * (workers_after - workers) / trials, 1000 * (own_after - own) / trials
    losses = [trial.objectives["task_loss"] for trial in counted if trial.state == "complete"]
    return {
        "qubits": qubits, "CPU ms per trial, workers": round(each, 1), "and this process": round(here, 1),
        "trials a minute, two idle cores": round(60_000 * JOBS / (each + here)), "goal": GOALS.get(qubits),
        "trials a minute, as it ran": round(60 * trials / (ended - begun)),
        "wall ms per trial by stage": {stage: round(ms, 1) for stage, ms in stages.items()},
        "counts": result.counts, "duplicates": sum(t.duplicate_of is not None for t in counted),
        "median task loss": round(statistics.median(losses), 4) if losses else None,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qubits", type=int, nargs="+", default=list(GOALS))
    parser.add_argument("--trials", type=int, default=None)
    parser.add_argument("--optimizer", choices=["adam", "lbfgs"], default="adam")
    parser.add_argument("--halving", type=int, default=1, help="of the starts one in so many goes on; the default: all")
    options = parser.parse_args()
    training: dict[str, object] = {"optimizer": options.optimizer, "halving": options.halving}
    if options.halving > 1:
        training["aggregate"] = "best"  # the others are not trained to the end
    missed = False
    for qubits in options.qubits:
        load = round(os.getloadavg()[0], 2)
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            os.environ["QTRAIN_HOME"] = folder
            found = measure(qubits, options.trials or TRIALS.get(qubits, 40), training)
        print(json.dumps({**found, **training, "load before": load}, indent=1), flush=True)
        missed |= int(str(found["trials a minute, two idle cores"])) < GOALS.get(qubits, 0)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

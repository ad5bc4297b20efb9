"""Samplers at equal trials, by the hypervolume of the Pareto front and by the best loss, over five seeds.

    python experiments/004_samplers/run.py [--jobs 2] [--table] [--tracking-uri URI]

Every run is kept in ``results.json`` as soon as it is there. "gp" needs torch: without it the table says so. The sampler
with the largest hypervolume, in the mean over seeds and tasks, is the default of a spec, which ``expected.json`` states.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import statistics
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import qtrain

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
CONFIG = tomllib.loads((HERE / "config.toml").read_text())
os.environ["QTRAIN_HOME"] = str(Path("mlruns/samplers").resolve())  # winners here are figures, not keepers


def spec_of(task: str, sampler: str, seed: int) -> dict[str, Any]:
    """The spec of one run; ``+ shelf``: it begins with the usual ansätze."""
    spec, own = copy.deepcopy(CONFIG["spec"]), copy.deepcopy(CONFIG["tasks"][task])
    own.pop("worst")
    spec["constraints"] |= own.pop("constraints")
    name, _, shelf = sampler.partition(" + ")
    spec |= own | {"name": f"samplers-{task}-{sampler.replace(' + ', '-')}-{seed}", "seed": seed, "trials": CONFIG["trials"]}
    spec |= {"sampler": name} | ({"start": ["shelf"]} if shelf else {})
    spec["device"]["qubits"] = list(range(spec["qubits"]))
    if spec["task"]["kind"] == "classification":
        spec["space"] |= {"pools": ["hardware_efficient", "hamiltonian", "qcnn"], "uploads": [1, 2, 3]}
    return spec


def hypervolume(trials: Any, worst: list[float]) -> float:
    """Of (log10 loss, −trainability, hardware cost) of the feasible trials, below the corner ``worst``."""
    import matplotlib

    matplotlib.use("Agg")
    import optuna
    from optuna.visualization.matplotlib import plot_hypervolume_history

    study = optuna.create_study(directions=["minimize"] * 3)
    for trial in trials:
        if trial.feasible:
            found = trial.objectives
            point = [math.log10(max(found["task_loss"], 1e-12)), -found["trainability"], found["hardware_cost"]]
            study.add_trial(optuna.trial.create_trial(values=point))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the figure is marked experimental; its last point is what is wanted
        axes = plot_hypervolume_history(study, worst)
    value = float(axes.lines[0].get_ydata()[-1])
    matplotlib.pyplot.close(axes.figure)
    return value


def run(task: str, sampler: str, seed: int, tracking_uri: str | None) -> dict[str, Any]:
    """One search."""
    result = qtrain.search(spec_of(task, sampler, seed), tracking_uri=tracking_uri)
    return {
        "hypervolume": hypervolume(result.trials, CONFIG["tasks"][task]["worst"]),
        "loss": min(t.objectives["task_loss"] for t in result.trials if t.feasible),
        "complete": result.counts["complete"], "seconds": round(result.seconds, 1),
    }  # fmt: skip


def table(results: dict[str, Any], samplers: list[str]) -> dict[str, float]:
    """Print every task's table; the mean hypervolume of each sampler that was run everywhere."""
    volumes: dict[str, list[float]] = {}
    for task in CONFIG["tasks"]:
        print(f"\n## {task}, {CONFIG['trials']} trials, {len(CONFIG['seeds'])} seeds\n")
        print("| sampler | hypervolume (mean ± standard deviation) | best loss, mean | trials that completed | seconds |")
        print("|---|---|---|---|---|")
        for sampler in samplers:
            rows = [found for s in CONFIG["seeds"] if (found := results.get(f"{task}/{sampler}/{s}"))]
            if len(rows) < 2:
                print(f"| {sampler} | not measured: it needs torch | | | |")
                continue
            volume = [r["hypervolume"] for r in rows]
            if "+" not in sampler:
                volumes.setdefault(sampler, []).extend(volume)
            print(f"| {sampler} | {statistics.fmean(volume):.3f} ± {statistics.stdev(volume):.3f} | "
                  f"{statistics.fmean(r['loss'] for r in rows):.3g} | {statistics.fmean(r['complete'] for r in rows):.0f} | "
                  f"{statistics.fmean(r['seconds'] for r in rows):.0f} |")  # fmt: skip
    return {sampler: statistics.fmean(found) for sampler, found in volumes.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--tracking-uri", default=None)
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    samplers = [*CONFIG["samplers"], "evolution + shelf"]
    if not chosen.table:
        import importlib.util

        import joblib

        able = [s for s in samplers if s != "gp" or importlib.util.find_spec("torch") is not None]
        left = [(t, s, k) for t in CONFIG["tasks"] for k in CONFIG["seeds"] for s in able if f"{t}/{s}/{k}" not in results]
        done = joblib.Parallel(n_jobs=chosen.jobs, return_as="generator_unordered")(
            joblib.delayed(lambda t, s, k: (t, s, k, run(t, s, k, chosen.tracking_uri)))(*one) for one in left
        )
        for task, sampler, seed, found in done:
            results[f"{task}/{sampler}/{seed}"] = found
            RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=0) + "\n")
            print(f"{task}, {sampler}, seed {seed}: {found}", flush=True)
    volumes = table(results, samplers)
    best = max(volumes, key=volumes.__getitem__)
    ordered = sorted(volumes.items(), key=lambda item: -item[1])
    print("\nMean hypervolume: " + ", ".join(f"{sampler} {volume:.2f}" for sampler, volume in ordered))
    expected = json.loads((HERE / "expected.json").read_text())["default"]
    print(f"The default is {expected}." if best == expected else f"Not as expected.json says: {best} is better than {expected}.")
    return int(best != expected)


if __name__ == "__main__":
    sys.exit(main())

"""Does the score predict training? Rank correlations of every figure of an untrained circuit with its trained loss.

    python experiments/010_score_and_training/run.py [TASK ...] [--jobs 2] [--trials N] [--table] [--tracking-uri URI]

Candidates are the shelf and random draws, none of them pruned: what a search selects would correlate otherwise. Every
trial is kept in the study's journal as soon as it is there, the figures that no search knows in ``results.json``: a run
that was stopped goes on. ``--table`` prints the correlations from them without running anything.

Figures beside the objectives: *expressibility* (KL divergence from Haar fidelities, arXiv 1905.10876); *paths*, log10 of
the ways through the circuit's graph from any input to any output (the first proxy of training-free search, arXiv
2304.05029, with gates as nodes); *landscape fluctuation*, the standard deviation of the cost over uniform angles as a
part of its range, times sqrt(8 M) for M parameters: 1 for a mean of M cosines, a landscape that everyone can train
(after arXiv 2406.11805).
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

import qtrain

HERE = Path(__file__).parent
CONFIG = tomllib.loads((HERE / "config.toml").read_text())
RESULTS = HERE / "results.json"
os.environ["QTRAIN_HOME"] = str(Path("mlruns/score_and_training").resolve())  # winners here are figures, not keepers


def spec_of(task: str, trials: int) -> dict[str, Any]:
    """The spec of one task's search."""
    spec = copy.deepcopy(CONFIG["spec"]) | copy.deepcopy(CONFIG["tasks"][task])
    return spec | {"name": f"score-{task}", "seed": CONFIG["seed"], "trials": trials}


def paths(circuit: Any) -> float:
    """log10 of the number of paths from the inputs to the outputs of a circuit, its gates as nodes."""
    ways = dict.fromkeys(circuit.qubits, 1)
    for item in circuit.data:
        if len(item.qubits) > 1 and item.operation.name != "barrier":
            through = sum(ways[q] for q in item.qubits)
            ways.update(dict.fromkeys(item.qubits, through))
    return math.log10(sum(ways.values()))


def fluctuation(circuit: Any, observable: Any, seed: int) -> float:
    """Relative standard deviation of the cost over uniform angles, against that of a mean of cosines."""
    program = qtrain.lower(circuit)
    angles = np.random.default_rng(seed).uniform(-np.pi, np.pi, (CONFIG["samples"], len(program.weights)))
    costs, _ = qtrain.values_and_gradients(program, observable, angles)
    energies = np.linalg.eigvalsh(observable.to_matrix())
    return float(np.std(costs) / (energies[-1] - energies[0]) * math.sqrt(8 * len(program.weights)))


def beside(trial: Any, qubits: int, observable: Any) -> dict[str, float]:
    """The figures of one trial that are no objectives."""
    circuit = qtrain.Architecture.from_dict(dict(trial.architecture)).circuit(qubits)
    found = qtrain.expressivity(circuit, parts=["expressibility"], samples=CONFIG["samples"], seed=trial.number)
    return {
        "expressibility": found.expressibility, "paths": paths(circuit),
        "landscape_fluctuation": fluctuation(circuit, observable, trial.number),
    }  # fmt: skip


def run(task: str, trials: int, jobs: int, tracking_uri: str | None, results: dict[str, Any]) -> None:
    """One task: its search, then the other figures; both go on where they were stopped."""
    storage = Path("mlruns/score_and_training") / f"{task}-{trials}.journal"
    storage.parent.mkdir(parents=True, exist_ok=True)
    result = qtrain.search(
        spec_of(task, trials), storage=str(storage), n_jobs=jobs, tracking_uri=tracking_uri, name=f"score-{task}"
    )
    kept = results.setdefault(task, {})
    for trial in result.trials:
        if trial.state != "complete" or trial.duplicate_of is not None or str(trial.number) in kept:
            continue
        figures = {k: v for k, v in trial.metrics.items() if k in (*CONFIG["spec"]["objectives"]["record"], "task_loss")}
        others = beside(trial, result.spec.qubits, result.observables[0])
        kept[str(trial.number)] = {k: float(f"{v:.6g}") for k, v in (figures | others).items() if math.isfinite(v)}
        if trial.number % 20 == 0:
            save(results)
    save(results)


def save(results: dict[str, Any]) -> None:
    """Whole or not at all."""
    draft = RESULTS.with_suffix(".tmp")
    draft.write_text(json.dumps(results, indent=0, sort_keys=True))
    draft.replace(RESULTS)


def spearman(rows: list[dict[str, float]], figure: str, rng: np.random.Generator) -> tuple[float, np.ndarray]:
    """Rank correlation of a figure with the loss, and those of its bootstrap; NaN where one of both is constant."""
    pairs = np.array([(row[figure], row["task_loss"]) for row in rows if figure in row and "task_loss" in row])

    def rho(chosen: np.ndarray) -> float:
        ranks = np.apply_along_axis(rankdata, 0, pairs[chosen])
        return float(np.corrcoef(ranks.T)[0, 1]) if (np.ptp(ranks, axis=0) > 0).all() else 0.0

    if len(pairs) < 3 or (np.ptp(pairs, axis=0) == 0).any():
        return math.nan, np.zeros(0)
    whole = np.arange(len(pairs))
    return rho(whole), np.array([rho(rng.choice(whole, len(whole))) for _ in range(CONFIG["resamples"])])


def interval(values: np.ndarray) -> tuple[float, float]:
    """Its middle 95 %."""
    return tuple(float(v) for v in np.quantile(values, [0.025, 0.975])) if len(values) else (math.nan, math.nan)


def table(results: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each figure, the best predictor first: the mean over tasks, with tasks and trials both drawn again."""
    figures = sorted({name for rows in results.values() for row in rows.values() for name in row} - {"task_loss"})
    rows = []
    for name in figures:
        rng = np.random.default_rng(7)
        found = {task: spearman(list(own.values()), name, rng) for task, own in results.items()}
        known = [(rho, drawn) for rho, drawn in found.values() if math.isfinite(rho)]
        if not known:
            continue
        drawn = np.array([values for _, values in known])
        tasks = rng.integers(len(known), size=(CONFIG["resamples"], len(known)))
        means = drawn[tasks, np.arange(CONFIG["resamples"])[:, None]].mean(axis=1)
        mean = float(np.mean([rho for rho, _ in known]))
        each = {task: (rho, *interval(values)) for task, (rho, values) in found.items()}
        rows.append({"figure": name, "mean": mean, "interval": interval(means), "tasks": each})
    return sorted(rows, key=lambda row: -abs(row["mean"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", help=f"of {', '.join(CONFIG['tasks'])}; none: all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--trials", type=int, default=CONFIG["trials"])
    parser.add_argument("--table", action="store_true", help="print the correlations of what is there")
    parser.add_argument("--tracking-uri", default="off")
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for task in () if given.table else given.tasks or CONFIG["tasks"]:
        run(task, given.trials, given.jobs, given.tracking_uri, results)
    counts = {task: len(rows) for task, rows in results.items()}
    print(f"{sum(counts.values())} trials of {len(counts)} tasks: {counts}")
    print("Spearman correlation with the loss (negative: a larger figure, a lower loss), 95 % intervals")
    for row in table(results):
        by_task = "  ".join(f"{task} {rho:+.2f}" for task, (rho, *_) in row["tasks"].items())
        low, high = row["interval"]
        print(f"{row['figure']:24} {row['mean']:+.2f} [{low:+.2f}, {high:+.2f}]   {by_task}")


if __name__ == "__main__":
    main()

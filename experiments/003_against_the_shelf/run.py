"""Winners of a search against the ansätze that people copy: nine tasks, five seeds, equal training, equal depth limit.

    python experiments/003_against_the_shelf/run.py [TASK ...] [--jobs 2] [--table] [--tracking-uri URI]

Every result is kept in ``results.json`` beside this file as soon as it is there: a run that was stopped goes on.
``--table`` prints the tables from it without running anything. ``expected.json`` says what must come out.

Fair play: winner and rivals train with the same optimiser, steps and starts from the same seeds, on the same device, and
none may be deeper there than the task's limit. Every family from the shelf is tried at 1 to 6 repetitions, and takes part
with the one that does best in this very comparison. Data sets are judged on samples that no search and no training saw.
Losses differ by orders of magnitude, so they are compared by their ratio: the mean of the paired log ratios over the
seeds, with Student's interval. A relative energy error below 10⁻⁴ counts as solved, and as 10⁻⁴.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import qtrain
from qtrain import catalogue

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
CONFIG = tomllib.loads((HERE / "config.toml").read_text())
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t for the mean of so many differences
REPETITIONS = range(1, 7)
SOLVED = 1e-4


os.environ["QTRAIN_HOME"] = str(Path("mlruns/against_the_shelf").resolve())  # winners here are figures, not keepers


def spec_of(task: str, seed: int, sampler: str) -> dict[str, Any]:
    """The search's spec for a task and seed; ``random``: as many draws from the same space, no other start."""
    spec = copy.deepcopy(CONFIG["spec"])
    own = copy.deepcopy(CONFIG["tasks"][task])
    spec["constraints"] |= own.pop("constraints")
    spec["training"] |= own.pop("training", {})
    spec |= own | {"name": f"shelf-{task}-{sampler}-{seed}", "seed": seed}
    spec.setdefault("trials", CONFIG["trials"])
    spec["sampler"] = sampler
    spec["device"]["qubits"] = list(range(spec["qubits"]))
    if spec["task"]["kind"] == "classification":
        spec["task"]["data_seed"] = seed
        spec["space"]["pools"] = ["hardware_efficient", "hamiltonian", "qcnn"]
        if spec["task"]["data"] != "phase_of_matter":  # a quantum state is given once
            spec["space"]["uploads"] = [1, 2, 3]
    if sampler == "random":
        del spec["start"]
    return spec


def shelf(kind: str, observables: Any) -> Iterator[tuple[str, Any]]:
    """(family, architecture) of everything that one would try without a search, the shallowest of a family first."""
    for reps in REPETITIONS:
        for entanglement in ("reverse_linear", "pairwise"):
            yield f"efficient_su2 {entanglement}", catalogue.efficient_su2(entanglement=entanglement, reps=reps)
            yield f"real_amplitudes {entanglement}", catalogue.real_amplitudes(entanglement=entanglement, reps=reps)
        yield "brickwork", catalogue.brickwork(reps=reps)
        yield "QCNN", catalogue.qcnn(sharing="independent" if reps == 1 else "shared")
        if kind == "xxz":
            yield "HVA", catalogue.hva_xxz(reps=reps)
        elif kind == "tfim":
            yield "HVA", catalogue.hva_tfim(topology="brickwork", reps=reps)
        elif kind == "maxcut":
            yield "QAOA", catalogue.qaoa(edges=graph(observables[0]), reps=reps)
        else:
            yield "QAOA on a line", catalogue.qaoa(topology="brickwork", reps=reps)
        for number in range(1, 20):
            yield f"Sim {number}", catalogue.sim_template(number, reps=reps)


def graph(hamiltonian: Any) -> list[tuple[int, ...]]:
    """The edges of a MaxCut problem: the ZZ terms of its Hamiltonian."""
    return [tuple(int(q) for q in pauli.z.nonzero()[0]) for pauli in hamiltonian.paulis if pauli.z.sum() == 2]


def figures(trial: Any, task: str) -> dict[str, float]:
    """What is compared: the loss (on unseen data where there are data), and what is reported beside it."""
    data = CONFIG["tasks"][task]["task"]["kind"] == "classification"
    keys = {"depth": "two_qubit_depth", "parameters": "parameters", "log10_variance": "low_log10_variance",
            "dead": "dead_fraction"} | ({"accuracy": "test_accuracy_mean"} if data else {})  # fmt: skip
    loss = trial.metrics["test_loss_mean"] if data else trial.objectives["task_loss"]
    return {"loss": loss} | {name: trial.metrics[key] for name, key in keys.items()}


def run(task: str, seed: int, tracking_uri: str | None) -> dict[str, Any]:
    """One task at one seed: both searches, then everything trained alike."""
    found: dict[str, Any] = {}
    limit = CONFIG["tasks"][task]["constraints"]["max_two_qubit_depth"]
    for sampler in ("evolution", "random"):
        result = qtrain.search(spec_of(task, seed, sampler), tracking_uri=tracking_uri)
        judged = result.score(result.architecture, seed=1000 + seed, full=True)
        found[sampler] = figures(judged, task) | {
            "architecture": str(result.architecture), "content": result.architecture.to_dict(),
            "trial": result.winner.number, "seconds": round(result.seconds, 1), "counts": result.counts,
            "seconds_of_trials": round(sum(t.seconds for t in result.trials), 1),
        }  # fmt: skip
    seen: set[str] = set()
    too_deep: set[str] = set()
    for family, architecture in shelf(CONFIG["tasks"][task]["task"]["kind"], result.observables):
        if architecture.content_id in seen or family in too_deep:
            continue
        seen.add(architecture.content_id)
        if result.cost(architecture)["two_qubit_depth"] > limit:
            too_deep.add(family)
            continue
        judged = result.score(architecture, seed=1000 + seed, full=True)
        found[f"{family} × {architecture.repetitions}"] = figures(judged, task)
    found["references"] = dict(result.references)
    return found


def ratios(rival: list[float], winner: list[float]) -> tuple[float, float, float]:
    """How many times lower the winner's loss is: geometric mean over the seeds, and its 95 % interval."""
    logs = [math.log(max(r, SOLVED) / max(w, SOLVED)) for r, w in zip(rival, winner, strict=True)]
    centre = statistics.fmean(logs)
    half = T_95[len(logs)] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)


def table(task: str, results: dict[str, Any]) -> dict[str, Any] | None:
    """Print a task's table; the comparison of its winner with the best rival."""
    seeds = [str(s) for s in CONFIG["seeds"] if f"{task}/{s}" in results]
    if len(seeds) < 2:
        return None
    runs = [results[f"{task}/{s}"] for s in seeds]
    names = [n for n in runs[0] if n not in ("evolution", "references") and all(n in r for r in runs)]
    loss = {n: [r[n]["loss"] for r in runs] for n in ("evolution", *names)}
    factor = {n: ratios(loss[n], loss["evolution"]) for n in names}
    best: dict[str, str] = {}  # of each family
    for name in sorted(names, key=lambda n: factor[n][0]):
        best.setdefault(name.partition(" ×")[0], name)
    rivals = list(best.values())
    data = "accuracy" in runs[0]["evolution"]
    limit = CONFIG["tasks"][task]["constraints"]["max_two_qubit_depth"]
    what = "test loss" if data else "relative energy error"
    print(f"\n## {task}: depth at most {limit}, {len(seeds)} seeds\n")
    print(f"| ansatz | {what}, mean | winner's is lower by the factor (95 %) |{' test accuracy |' if data else ''} log₁₀ V | depth "
          "| parameters |")  # fmt: skip
    print("|---|---|---|" + ("---|" if data else "") + "---|---|---|")
    for name in ["evolution", *rivals]:
        column = {key: statistics.fmean(r[name][key] for r in runs) for key in runs[0][rivals[-1]]}
        lead = ""
        if name != "evolution":
            centre, low, high = factor[name]
            lead = f"{centre:.3g} [{low:.3g}, {high:.3g}]{' *' if low > 1 else ''}"
        label = {"evolution": "**winner of the search**", "random": "best of as many random draws"}.get(name, name)
        accuracy = f" {column['accuracy']:.3f} |" if data else ""
        print(f"| {label} | {column['loss']:.3g} | {lead} |{accuracy} {column['log10_variance']:.2f} | {column['depth']:.3g} | "
              f"{column['parameters']:.3g} |")  # fmt: skip
    if data:
        for name in ("one_body_accuracy", "two_body_accuracy", "svm_accuracy"):
            print(f"\nClassical, {name}: {statistics.fmean(r['references'][name] for r in runs):.3f}")
    print("\nWinners: " + "; ".join(r["evolution"]["architecture"] for r in runs))
    centre, low, high = factor[rivals[0]]
    shelf_best = next(name for name in rivals if name != "random")
    means = {name: statistics.fmean(loss[name]) for name in ("evolution", "random", shelf_best)}
    return {"rival": rivals[0], "factor": centre, "low": low, "high": high, "shelf": shelf_best, "means": means}


def summary(verdicts: dict[str, Any]) -> None:
    """The tables in one."""
    print("\n| task | winner's loss | best of the shelf | best of as many random draws | winner's is lower by (95 %) than the better |")
    print("|---|---|---|---|---|")
    for task, found in verdicts.items():
        means = found["means"]
        interval = f"{found['factor']:.3g} [{found['low']:.3g}, {found['high']:.3g}]{' *' if found['low'] > 1 else ''}"
        print(f"| {task} | {means['evolution']:.3g} | {means[found['shelf']]:.3g} ({found['shelf']}) | {means['random']:.3g} | "
              f"{interval} |")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", default=list(CONFIG["tasks"]))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--tracking-uri", default=None)
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not chosen.table:
        import joblib

        left = [(t, s) for t in chosen.tasks for s in CONFIG["seeds"] if f"{t}/{s}" not in results]
        done = joblib.Parallel(n_jobs=chosen.jobs, return_as="generator_unordered")(
            joblib.delayed(lambda t, s: (t, s, run(t, s, chosen.tracking_uri)))(t, s) for t, s in left
        )
        for task, seed, found in done:
            results[f"{task}/{seed}"] = found
            partial = RESULTS.with_suffix(".partial")
            partial.write_text(json.dumps(dict(sorted(results.items())), indent=0) + "\n")
            partial.replace(RESULTS)
            print(f"{task}, seed {seed}: {found['evolution']['loss']:.4g}, random {found['random']['loss']:.4g}", flush=True)
    verdicts = {task: found for task in chosen.tasks if (found := table(task, results)) is not None}
    summary(verdicts)
    won = [task for task, found in verdicts.items() if found["low"] > 1]
    print(f"\nThe winner beats the best rival, with a 95 % interval that excludes a tie, on {len(won)} of {len(verdicts)}:")
    for task, found in verdicts.items():
        sign = "wins" if found["low"] > 1 else "does not win"
        interval = f"{found['factor']:.3g} [{found['low']:.3g}, {found['high']:.3g}]"
        print(f"  {task:16s} {sign}: its loss is lower by {interval} than that of {found['rival']}")
    expected = json.loads((HERE / "expected.json").read_text())
    missed = [task for task in expected["wins"] if task in verdicts and task not in won]
    if missed:
        print(f"Not as expected.json says: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

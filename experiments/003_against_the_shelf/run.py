"""The search against its best rivals: the complete shelf, random draws, ADAPT, TETRIS and greedy growth.

    python experiments/003_against_the_shelf/run.py [TASK ...] [--config data.toml] [--seeds K] [--jobs 2] [--table]
        [--transfer [K]]

``config.toml`` holds twelve ground states and graphs, ``data.toml`` data sets, ``tuning.toml`` and ``data_tuning.toml``
what the search may be tuned on. Runs are kept in ``results/<config>/<task>.json`` as they end: what was stopped goes on. ``--table`` prints
the tables without running anything.

The means are those of :func:`qtrain.benchmark`: the same device, limits and gradient evaluations for all; the best
template is picked on other seeds than it is judged on; every rival counts, and the best one of a task is the one with
the lowest loss in this very comparison.
"""

from __future__ import annotations

import argparse
import copy
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

import qtrain

HERE = Path(__file__).parent
MADE = Path("mlruns/against_the_shelf")  # data sets that are made here


def made(name: str) -> str:
    """The file of a set that scikit-learn generates, or of the parity of four bits with noise; made if need be."""
    from sklearn.datasets import make_circles, make_classification, make_gaussian_quantiles, make_moons

    path = MADE / name
    if not path.exists():
        rng = np.random.default_rng(0)
        bits = rng.integers(0, 2, (200, 4))
        x, y = {
            "moons.npz": lambda: make_moons(200, noise=0.2, random_state=0),
            "circles.npz": lambda: make_circles(200, noise=0.1, factor=0.5, random_state=0),
            "parity.npz": lambda: (bits + rng.normal(0, 0.15, bits.shape), bits.sum(axis=1) % 2),
            "quantiles.npz": lambda: make_gaussian_quantiles(
                n_samples=200, n_features=4, n_classes=2, random_state=0
            ),
            "clusters.npz": lambda: make_classification(
                200, n_features=6, n_informative=4, n_redundant=1, n_classes=3, flip_y=0.05, class_sep=1.5,
                random_state=0,
            ),
        }[name]()
        MADE.mkdir(parents=True, exist_ok=True)
        np.savez(path, X=x, y=y)
    return str(path.resolve())


def spec_of(config: dict[str, Any], task: str) -> tuple[dict[str, Any], str | None]:
    """The spec of a task, and the key that gets the seed."""
    spec, own = copy.deepcopy(config["spec"]), copy.deepcopy(config["tasks"][task])
    vary = own.pop("vary", None)
    for table in ("constraints", "training", "space", "growth"):
        spec[table] = spec.get(table, {}) | own.pop(table, {})
    spec |= own | {"name": task}
    spec["device"]["qubits"] = list(range(spec["qubits"]))
    if "file" in spec["task"]:
        spec["task"]["file"] = made(spec["task"]["file"])
    return spec, vary


def at_winners_gates(b: qtrain.Benchmark, rival: str) -> list[float]:
    """By seed: the rival's lowest error with at most as many two-qubit gates as the winner, over the winner's error."""
    ratios = []
    for seed in b.seeds:
        ours, theirs = b.runs["search"][seed], b.runs[rival][seed]
        error = min((e for gates, e in theirs["front"] if gates <= ours["two_qubit_gates"]), default=np.inf)
        ratios.append(max(error, b.solved) / max(ours["loss"], b.solved))
    return ratios


def summary(found: dict[str, qtrain.Benchmark]) -> None:
    """One line a task, then the count."""
    print(
        "\n| task | search | retrained | best rival | its loss | rival / search (95 %) | "
        "| ADAPT at the winner's gates / search, least | ADAPT anywhere |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for task, b in found.items():
        best, checks = b.best_rival, b.front_checks("adapt") if "adapt" in b.rivals else {}
        worse = sum(not check.never_worse for check in checks.values())
        front = (
            "–"
            if not checks
            else "never better"
            if not worse
            else f"better somewhere in {worse} of {len(checks)}"
        )
        equal = f"{min(at_winners_gates(b, 'adapt')):.3g}" if checks else "–"
        print(
            f"| {task} | {b.mean('search', 'loss'):.3g} | {b.mean('search', 'retrained'):.3g} | {best} | {b.mean(best):.3g} "
            f"| {b.verdict} | {b.verdict.verdict} | {equal} | {front} |"
        )
    for word in ("win", "tie", "loss"):
        names = [task for task, b in found.items() if b.verdict.verdict == word]
        print(f"\n{word}: {len(names)} of {len(found)}{': ' if names else ''}{', '.join(names)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*")
    parser.add_argument("--config", default="config.toml")
    parser.add_argument("--seeds", type=int, default=None, help="the first so many of the table's; default: all")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--trials", type=int, default=None)
    parser.add_argument("--table", action="store_true")
    parser.add_argument(
        "--transfer", type=int, nargs="?", const=4, default=None, metavar="K",
        help="compare on K more qubits (4) what the search found at the task's size with rivals that begin there",
    )  # fmt: skip
    chosen = parser.parse_args()
    config = tomllib.loads((HERE / chosen.config).read_text())
    seeds, found = config["seeds"][: chosen.seeds], {}
    for task in chosen.tasks or config["tasks"]:
        suffix = "" if chosen.transfer is None else f"-plus-{chosen.transfer}"
        path = HERE / "results" / Path(chosen.config).stem / f"{task}{suffix}.json"
        if chosen.table:
            if path.exists():
                found[task] = qtrain.Benchmark.load(path)
            continue
        spec, vary = spec_of(config, task)
        spec["trials"] = chosen.trials or spec["trials"]
        found[task] = qtrain.benchmark(
            spec, seeds=seeds, vary=vary, solved=config.get("solved", 0.0), results=path, jobs=chosen.jobs,
            transfer=chosen.transfer,
            on_run=lambda method, seed, run, task=task: print(
                f"{task}, {method}, seed {seed}: {run.get('failed') or (run['loss'], run['evaluations'], run['seconds'])}",
                flush=True,
            ),
        )  # fmt: skip
    for task, b in found.items():
        print(f"\n## {task}\n", *b.sentences(), sep="\n")
    summary({task: b for task, b in found.items() if b.rivals and len(b.seeds) > 1})
    return 0


if __name__ == "__main__":
    sys.exit(main())

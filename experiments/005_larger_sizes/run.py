"""Winners of searches at 8 qubits, at 12, 16, 50 and 100: trained as far as a statevector goes, gradients beyond.

    python experiments/005_larger_sizes/run.py [--table] [--tracking-uri URI]

Candidates are the best winners of experiments/003_against_the_shelf, with two ansätze from the shelf for comparison. A
search whose ``start`` they are, and whose trials they fill, trains and records them. An angle that drives several
rotations has no gradient variance beyond the statevector's reach: those cells stay empty. Results are kept in
``results.json``; ``expected.json`` says what must come out.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain import Architecture, catalogue

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
CONFIG = tomllib.loads((HERE / "config.toml").read_text())
FOUND = json.loads((HERE.parent / "003_against_the_shelf" / "results.json").read_text())
os.environ["QTRAIN_HOME"] = str(Path("mlruns/larger_sizes").resolve())


def hamiltonian(task: dict[str, Any], n: int) -> SparsePauliOp:
    """Of the chain, scaled to Σ c² = 1, so that variances of different sizes compare."""
    bonds, sites = [[q, q + 1] for q in range(n - 1)], range(n)
    if task["kind"] == "tfim":
        terms = [("ZZ", b, -1.0) for b in bonds] + [("X", [q], -task["field"]) for q in sites]
    else:
        terms = [(p, b, c) for p, c in (("XX", 1.0), ("YY", 1.0), ("ZZ", task["anisotropy"])) for b in bonds]
    operator = SparsePauliOp.from_sparse_list(terms, num_qubits=n)
    return operator / np.linalg.norm(operator.coeffs)


def candidates(name: str) -> dict[str, Architecture]:
    """The best winners, and what they are compared with."""
    found = [r["evolution"] for key, r in FOUND.items() if key.startswith(f"{name}/")]
    winners = sorted(found, key=lambda w: w["loss"])
    families = {str(a): a for w in winners[: CONFIG["winners"]] for a in [Architecture.from_dict(w["content"])]}
    for shelf in CONFIG["tasks"][name]["shelf"]:
        families[shelf] = getattr(catalogue, shelf)(reps=2)
    return families


def run(name: str, tracking_uri: str | None) -> dict[str, Any]:
    """Losses by size and candidate, and quantiles of log10 V."""
    task, families = CONFIG["tasks"][name]["task"], candidates(name)
    found: dict[str, Any] = {label: {"loss": {}, "log10_variance": {}} for label in families}
    for n in CONFIG["trained"]:
        spec = {
            "name": f"larger-{name}-{n}", "qubits": n, "task": task, "trials": len(families), "batch": len(families),
            "start": [a.to_dict() for a in families.values()], "training": CONFIG["training"],
            "device": {"topology": "line", "optimization_level": 2},
            "objectives": {"use": ["task_loss", "trainability"], "algebra": False, "relative_error": 0.2},
            "constraints": {"max_dead_fraction": 1.0, "min_trainability": -300.0},
            "limits": {"seconds": 3600.0, "memory_mb": 6000},
        }  # fmt: skip
        for label, trial in zip(families, qtrain.search(spec, tracking_uri=tracking_uri).trials, strict=True):
            found[label]["loss"][str(n)] = trial.metrics.get("task_loss_mean", math.nan)
            print(name, n, label, trial.state, trial.reason, found[label]["loss"][str(n)], flush=True)
    for n in CONFIG["measured"]:
        for label, family in families.items():
            try:
                stats = qtrain.gradient_variance(family.circuit(n), hamiltonian(task, n), budget=qtrain.Budget(seconds=60))
            except qtrain.QTrainError as error:  # shared angles beyond the statevector
                found[label]["log10_variance"][str(n)] = [math.nan, math.nan]
                print(name, n, label, error, flush=True)
                continue
            live = stats.variance[stats.variance > 0]
            quantiles = [float(q) for q in np.quantile(np.log10(live), [0.1, 0.5])] if len(live) else [math.nan] * 2
            found[label]["log10_variance"][str(n)] = quantiles
            print(name, n, label, stats.method, [round(q, 2) for q in quantiles], len(live), "of", len(stats.variance), flush=True)
    return found


def table(name: str, found: dict[str, Any]) -> None:
    print(f"\n## {name[:-2]}, searched at 8 qubits\n")
    trained, measured = map(str, CONFIG["trained"]), list(map(str, CONFIG["measured"]))
    trained = list(trained)
    print("| ansatz | " + " | ".join(f"error at {n}" for n in trained) + " | "
          + " | ".join(f"log₁₀ V at {n}: low decile, median" for n in measured) + " |")  # fmt: skip
    print("|---" * (1 + len(trained) + len(measured)) + "|")
    for label, row in found.items():
        losses = [f"{row['loss'][n]:.3g}" for n in trained]
        pairs = [row["log10_variance"][n] for n in measured]
        variances = ["{:.2f}, {:.2f}".format(*pair) if math.isfinite(pair[0]) else "–" for pair in pairs]
        print(f"| {label} | " + " | ".join(losses + variances) + " |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--tracking-uri", default=None)
    chosen = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in CONFIG["tasks"]:
        if name not in results and not chosen.table:
            results[name] = run(name, chosen.tracking_uri)
            RESULTS.write_text(json.dumps(results, indent=0) + "\n")
        table(name, results[name])
    expected = json.loads((HERE / "expected.json").read_text())
    missed = []
    for name, found in results.items():
        for label, row in list(found.items())[: CONFIG["winners"]]:
            quantiles = [q for n in CONFIG["measured"] if math.isfinite(q := row["log10_variance"][str(n)][0])]
            if len(quantiles) < 3 or min(quantiles) < expected["log10_variance_at_least"]:
                missed.append(f"{name}: {label} does not keep its gradients")
            if row["loss"]["16"] > expected["loss_at_16_at_most"][name]:
                missed.append(f"{name}: {label} does not train at 16 qubits")
    print("\nAs expected." if not missed else "\nNot as expected.json says: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Search an ansatz for a quantum classifier of the breast-cancer data, and put it beside circuits from the shelf.

    python experiments/002_breast_cancer_qnn/run.py

The search sees training and validation data; the test accuracies below belong to data that it never saw.
``expected.json`` says what must come out; the exit code is 1 if it does not.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import qtrain

HERE = Path(__file__).parent
ROWS = {
    "parameters": "parameters",
    "two-qubit depth on the device": "two_qubit_depth",
    "dead parameters": "dead_fraction",
    "log10 V, low quantile of live parameters": "low_log10_variance",
    "validation loss, mean of 4 starts": "task_loss_mean",
    "validation accuracy": "validation_accuracy",
    "test accuracy": "test_accuracy",
}


def main() -> int:
    from qiskit.circuit.library import efficient_su2, real_amplitudes

    print("Searching (mlruns/breast-cancer-qnn.journal; MLflow: sqlite:///mlruns/mlflow.db) ...", flush=True)
    result = qtrain.search(HERE / "config.toml", n_jobs=min(2, os.cpu_count() or 1))
    if result.winner is None or result.name is None:
        print(f"No winner: {result.counts}")
        return 3
    print(f"{len(result.trials)} trials in {result.seconds:.0f} s: {result.counts}. {len(result.front)} on the Pareto front.")
    print(f"Winner: trial {result.winner.number}, {result.rule}.\n")
    circuits = {
        result.name: result.architecture,
        "efficient_su2": efficient_su2(6),
        "real_amplitudes": real_amplitudes(6),
    }
    scores = {name: result.score(circuit) for name, circuit in circuits.items()}
    print(f"{'':44s}" + "".join(f"{name:>20s}" for name in scores))
    for row, key in ROWS.items():
        print(f"{row:44s}" + "".join(f"{score.metrics[key]:20.4g}" for score in scores.values()))
    print("\nClassical models on the same encoded data, test accuracy:")
    for name in ("one_body_accuracy", "two_body_accuracy", "svm_accuracy", "majority_accuracy"):
        print(f"  {name.removesuffix('_accuracy'):10s} {result.references[name]:.3f}")
    if result.references["trivial"]:
        print("  The data set is trivial: measuring single qubits of the encoded data solves it as well as anything here.")
    print(f"\nThe winner is {result.entry.architecture}: qtrain.load({result.name!r}).qnn()\n")
    expected = json.loads((HERE / "expected.json").read_text())
    winner = scores[result.name].metrics
    found = {
        "trials": len(result.trials) == expected["trials"],
        "test_accuracy": winner["test_accuracy"] >= expected["test_accuracy_at_least"],
        "no_deeper_than_allowed": winner["two_qubit_depth"] <= expected["two_qubit_depth_at_most"],
    }
    missed = [name for name, holds in found.items() if not holds]
    print("As expected." if not missed else f"Not as expected.json says: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

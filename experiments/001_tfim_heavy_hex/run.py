"""Search an ansatz for the critical Ising model on a piece of FakeTorino, and put the winner beside efficient_su2.

    python experiments/001_tfim_heavy_hex/run.py

Trials are kept in mlruns/: started again, it goes on where it was, or answers at once. ``expected.json`` says what must
come out; the exit code is 1 if it does not.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import qtrain

HERE = Path(__file__).parent


def show(trial) -> None:
    """A line for every tenth trial."""
    if trial.number % 10 == 9:
        loss = trial.objectives.get("task_loss")
        text = trial.reason or (f"relative energy error {loss:.4f}" if loss is not None else "")
        print(f"  trial {trial.number + 1:4d}  {trial.state:9s} {text}", flush=True)


def column(name, score, report) -> dict[str, str]:
    """What is compared, of one ansatz."""
    metrics = score.metrics
    return {
        "": name,
        "parameters": f"{metrics['parameters']:.0f}",
        "two-qubit depth on the device": f"{metrics['two_qubit_depth']:.0f}",
        "error its gates imply": f"{metrics['implied_error']:.3f}",
        "relative energy error, mean of 8 starts": f"{metrics['task_loss_mean']:.4f}",
        "relative energy error, best start": f"{metrics['task_loss_best']:.4f}",
        "energy, best start": f"{metrics['energy']:.5f}",
        "log10 V, low quantile of live parameters": f"{metrics['low_log10_variance']:.2f}",
        "dead parameters": f"{metrics['dead_fraction']:.0%}",
        "QFIM rank / parameters": f"{metrics['expressivity']:.2f}",
        "algebra": str(report.dla.algebra or f"dimension {report.dla.dimension}") if report.dla else "-",
        "certified simulable": str(report.simulability.simulable) if report.simulability else "-",
    }


def main() -> int:
    from qiskit.circuit.library import efficient_su2

    print("Searching (mlruns/tfim-heavy-hex.journal; MLflow: sqlite:///mlruns/mlflow.db) ...", flush=True)
    result = qtrain.search(HERE / "config.toml", n_jobs=min(2, os.cpu_count() or 1), on_trial=show)
    if result.winner is None or result.name is None:
        print(f"No winner: {result.counts}")
        return 3
    print(f"\n{len(result.trials)} trials in {result.seconds:.0f} s: {result.counts}. {len(result.front)} on the Pareto front.")
    print(f"Winner: trial {result.winner.number}, {result.rule}.\n")

    entry = qtrain.load(result.name)
    ansatz, baseline = entry.circuit(), efficient_su2(8)
    scores = [result.score(ansatz), result.score(baseline)]
    reports = [qtrain.diagnose(circuit, entry.observable) for circuit in (ansatz, baseline)]
    columns = [column(*parts) for parts in zip((result.name, "efficient_su2"), scores, reports)]
    for row in columns[0]:
        print(f"{row:44s}" + "".join(f"{c[row]:>22s}" for c in columns))
    print(f"exact energy {result.references['exact_energy']:.5f}\n")
    for c, report in zip(columns, reports):
        print(f"{c['']}: {report.summary}")
    print(f"\nThe winner is {entry.architecture}. Load it:\n")
    print(f"    import qtrain\n    circuit = qtrain.load({result.name!r}).circuit()\n")
    print(f"    qtrain show {result.name}\n    mlflow ui --backend-store-uri {result.tracking_uri}\n")
    return check(result, *scores)


def check(result, winner, baseline) -> int:
    """Compare with expected.json."""
    expected = json.loads((HERE / "expected.json").read_text())
    found = {
        "trials": len(result.trials) == expected["trials"],
        "undelivered": result.undelivered == 0,
        "winner_task_loss": winner.metrics["task_loss_mean"] <= expected["winner_task_loss_at_most"],
        "better_than_efficient_su2": winner.metrics["task_loss_mean"] < baseline.metrics["task_loss_mean"],
        "no_deeper": winner.metrics["two_qubit_depth"] <= baseline.metrics["two_qubit_depth"],
    }
    missed = [name for name, holds in found.items() if not holds]
    print("As expected." if not missed else f"Not as expected.json says: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Search an ansatz for the critical Ising model on a piece of FakeTorino, and put the winner beside efficient_su2.

    python experiments/001_tfim_heavy_hex/run.py

Trials are kept in mlruns/: started again, it goes on where it was, or answers at once. ``expected.json`` says what must
come out; the exit code is 1 if it does not.
"""

from __future__ import annotations

import dataclasses
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
        text = trial.reason or (f"relative energy error {loss:.1e}" if loss is not None else "")
        print(f"  trial {trial.number + 1:4d}  {trial.state:9s} {text}", flush=True)


def column(name, score, report) -> dict[str, str]:
    """What is compared, of one ansatz."""
    metrics = score.metrics
    return {
        "": name,
        "parameters": f"{metrics['parameters']:.0f}",
        "two-qubit depth on the device": f"{metrics['two_qubit_depth']:.0f}",
        "error its gates imply": f"{metrics['implied_error']:.3f}",
        "relative energy error, best of 10 starts": f"{metrics['task_loss_best']:.2e}",
        "two-qubit gates on the device": f"{metrics['two_qubit_gates']:.0f}",
        "log10 V, low quantile of live parameters": f"{metrics['low_log10_variance']:.2f}",
        "dead parameters": f"{metrics['dead_fraction']:.0%}",
        "QFIM rank / parameters": f"{metrics['expressivity']:.2f}",
        "algebra": str(report.dla.algebra or f"dimension {report.dla.dimension}") if report.dla else "-",
        "certified simulable": str(report.simulability.simulable) if report.simulability else "-",
    }


def trained(result, circuit):
    """From ten starts, by either optimiser, the better one: L-BFGS is quick, and stays in the nearest minimum."""
    found = []
    for optimizer in ("lbfgs", "adam"):
        training = result.spec.training.model_copy(update={"optimizer": optimizer})
        spec = result.spec.model_copy(update={"training": training})
        found.append(dataclasses.replace(result, spec=spec).score(circuit, full=True))
    return min(found, key=lambda score: score.metrics["task_loss_best"])


def loss(result, trial) -> float:
    """Of its full training where it had one."""
    return result.full.get(trial.number, trial.objectives)["task_loss"]


def story(result) -> list[str]:
    """The best template, the best grown circuit, and the edits between."""
    able = [trial for trial in result.trials if trial.feasible]
    lines = []
    for name, group in (
        ("best template", [t for t in able if not t.origin]), ("best grown circuit", [t for t in able if t.origin])
    ):  # fmt: skip
        if group:
            best = min(group, key=lambda t: loss(result, t))
            gates = best.metrics["two_qubit_gates"]
            lines.append(
                f"{name:18s}  trial {best.number:3d}, relative energy error {loss(result, best):.1e} "
                f"with {gates:.0f} two-qubit gates"
            )
    moves, trial = [], result.winner
    while trial.origin:
        moves.append(trial.params["grown.move"])
        if trial.params["grown.parent"] < 0:
            break
        trial = result.trials[trial.params["grown.parent"]]
    if moves:
        begun = "a reference state" if trial.origin else f"trial {trial.number}, a template"
        lines.append(f"The winner grew from {begun}, in {len(moves)} steps: {', '.join(reversed(moves))}.")
    return lines


def main() -> int:
    from qiskit.circuit.library import efficient_su2

    print("Searching (mlruns/tfim-heavy-hex.journal; MLflow: sqlite:///mlruns/mlflow.db) ...", flush=True)
    result = qtrain.search(HERE / "config.toml", n_jobs=min(2, os.cpu_count() or 1), on_trial=show)
    if result.winner is None or result.name is None:
        print(f"No winner: {result.counts}")
        return 3
    print(f"\n{len(result.trials)} trials in {result.seconds:.0f} s: {result.counts}. {len(result.front)} on the Pareto front.")
    print(f"Winner: trial {result.winner.number}, {result.rule}.\n")
    print("\n".join(story(result)), end="\n\n")

    entry = qtrain.load(result.name)
    ansatz, baseline = entry.circuit(), efficient_su2(8)
    scores = [trained(result, circuit) for circuit in (ansatz, baseline)]
    reports = [qtrain.diagnose(circuit, entry.observable) for circuit in (ansatz, baseline)]
    columns = [column(*parts) for parts in zip((result.name, "efficient_su2"), scores, reports)]
    for row in columns[0]:
        print(f"{row:44s}" + "".join(f"{c[row]:>22s}" for c in columns))
    print(f"\nwith the winner's own angles (qtrain.load({result.name!r}).angles): {loss(result, result.winner):.2e}\n")
    for c, report in zip(columns, reports):
        print(f"{c['']}: {report.summary}")
    print(f"\nThe winner is {entry.architecture.summary}. Load it:\n")
    print(f"    import qtrain\n    entry = qtrain.load({result.name!r})")
    print("    circuit = entry.circuit().assign_parameters(entry.angles)\n")
    print(f"    qtrain show {result.name}\n    mlflow ui --backend-store-uri {result.tracking_uri}\n")
    return check(result, *scores)


def check(result, winner, baseline) -> int:
    """Compare with expected.json."""
    expected = json.loads((HERE / "expected.json").read_text())
    found = {
        "trials": len(result.trials) == expected["trials"],
        "undelivered": result.undelivered == 0,
        "winner_task_loss": loss(result, result.winner) <= expected["winner_task_loss_at_most"],
        "better_than_efficient_su2": loss(result, result.winner) < baseline.metrics["task_loss_best"],
        "no_deeper": winner.metrics["two_qubit_depth"] <= baseline.metrics["two_qubit_depth"],
    }
    missed = [name for name, holds in found.items() if not holds]
    print("As expected." if not missed else f"Not as expected.json says: {', '.join(missed)}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

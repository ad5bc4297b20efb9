"""The search as it takes part in a comparison: run, and what it spent and found read off its record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qtrain.errors import QTrainError
from qtrain.studies.comparison.fronts import front_of
from qtrain.studies.comparison.rivals import Delivered
from qtrain.studies.propose.growing import grower_of
from qtrain.studies.propose.starts import circuit_of
from qtrain.studies.result import SearchResult
from qtrain.studies.run.spent import evaluations_of, gradients_of
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec
from qtrain.studies.study import EVALUATE, run_study


def spent(result: SearchResult) -> int:
    """Gradient evaluations of a search in all: of its trials, and of the full training of its front."""
    training = result.spec.training
    full = training.model_copy(update={"steps": training.full_steps, "starts": training.full_starts})
    return gradients_of(result.trials, result.spec) + sum(
        evaluations_of(values, full) for values in result.full.values()
    )


def run_search(setup: Setup, *, storage: Path | None) -> tuple[Delivered, int]:
    """What a search delivers, and the gradient evaluations it took; as :func:`searched`.

    Raises:
        QTrainError: no trial is feasible.
    """
    result = searched(setup, storage=storage)
    if result.winner is None:
        raise QTrainError(f"the search {setup.spec.name!r} should find a winner. Got none: no trial was feasible.")
    return _delivered(result), spent(result)


def searched(setup: Setup, *, storage: Path | None) -> SearchResult:
    """Run a search without registering its winner.

    Args:
        storage: folder in which its journal stays, and from which it goes on; None: nothing stays.

    Raises:
        KeyboardInterrupt: it was stopped.
    """
    from qtrain.studies.run.backends import make_pool

    spec = setup.spec
    with _journal(spec, storage) as journal, make_pool(spec, EVALUATE, 1) as pool:
        pool.set_up(setup)
        result = run_study(
            spec,
            pool,
            draw=setup.space.draw,
            storage=journal,
            starts=setup.starts,
            tracking_uri="off",
            grower=grower_of(setup),
        )
    if result.interrupted:
        raise KeyboardInterrupt
    return result


@contextmanager
def _journal(spec: SearchSpec, storage: Path | None) -> Iterator[str]:
    if storage is not None:
        storage.mkdir(parents=True, exist_ok=True)
        yield str(storage / f"{spec.name}.journal")
        return
    with tempfile.TemporaryDirectory() as folder:
        yield str(Path(folder) / "study.journal")


def _delivered(result: SearchResult) -> Delivered:
    """The winner with the angles that it was trained to."""
    winner = result.winner
    assert winner is not None
    architecture, circuit = circuit_of(winner.architecture, result.spec.qubits)
    short, full = winner.report["training"], result.full.get(winner.number, {})
    weights = short["weights"]
    if full and full["task_loss_best"] <= winner.metrics["task_loss_best"]:
        weights = full["weights"]
    front = None
    if not result.spec.task.has_data:
        front = front_of(
            (t.metrics["two_qubit_gates"], t.metrics["task_loss_best"]) for t in result.trials
            if t.state == "complete" and "task_loss_best" in t.metrics
        )  # fmt: skip
    seconds = sum(t.seconds for t in result.trials) + sum(values["seconds"] for values in result.full.values())
    notes = {"trials": len(result.trials), "counts": result.counts}
    return Delivered(architecture or circuit, np.array(weights, float), str(architecture or "a circuit"), front, notes,
                     seconds)  # fmt: skip

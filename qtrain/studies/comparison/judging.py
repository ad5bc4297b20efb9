"""What a method delivered, judged alike for all: the circuit with its angles, and the circuit trained anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.rivals import Contest, Delivered
from qtrain.studies.evaluate import long_training
from qtrain.studies.propose.starts import plain_of
from qtrain.studies.training import relative_energy, score, train


def judge(contest: Contest, delivered: Delivered, *, seed: int, seconds: float) -> dict[str, Any]:
    """The figures of one run, plain data.

    Args:
        seed: of the new starts; no method has trained or chosen with it.

    Returns:
        ``loss`` of the circuit with its angles (relative energy error; of data the loss on the test part);
        ``retrained`` and ``retrained_best``: from new starts by the spec's own (full) training, the mean start's and
        the best one's; of data on the test part, figures such as ``accuracy`` likewise. What it takes on
        the device, what was spent; ``seconds`` are the processor's, of the search those of its trials by the clock.
    """
    setup = contest.setup
    task, training = setup.task, setup.spec.training
    program = contest.program(delivered.candidate)
    angles = np.asarray(delivered.angles, float)
    if angles.shape != (len(program.weights),) or not np.isfinite(angles).all():
        raise QTrainError(
            f"a rival should deliver {len(program.weights)} finite angles, one for each parameter. "
            f"Got shape {angles.shape}."
        )
    again = train(program, task, long_training(training) if training.full_steps else training, seed=seed)
    if task.is_classifier:
        test = task.prepared["test"] if task.prepares else task.test
        found = score(program, task, angles, test, task.test_targets)
        means = {f"retrained_{name}": again.metrics[f"test_{name}_mean"] for name in found if name != "loss"}
        figures = found | means | {"retrained": again.metrics["test_loss_mean"]}
    else:
        outputs = values(program, list(task.observables), angles[None], num_threads=1)
        energy = outputs[:, 0] if task.cost is None else task.cost(outputs)[0]
        figures = {"loss": float(relative_energy(energy, task.lowest)[0]), "retrained": float(again.losses.mean()),
                   "retrained_best": float(again.losses.min())}  # fmt: skip
    cost = contest.cost(delivered.candidate)
    kept = {name: int(cost[name]) for name in ("two_qubit_gates", "two_qubit_depth", "parameters")}
    front = {} if delivered.front is None else {"front": [[g, _short(e)] for g, e in delivered.front]}
    return {
        "label": delivered.label, "architecture_id": plain_of(delivered.candidate)[1],
        **{name: _short(value) for name, value in figures.items()}, **kept, "evaluations": contest.spent,
        "seconds": round(seconds, 2), **front, "notes": dict(delivered.notes),
    }  # fmt: skip


def _short(value: float) -> float:
    return float(f"{value:.6g}")

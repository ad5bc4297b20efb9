"""What a method delivered, judged alike for all: the circuit with its angles, and the circuit trained anew.

Of data, classical models on the same samples stand beside: logistic regression and a support-vector machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.rivals import Contest, Delivered
from qtrain.studies.evaluate import long_training
from qtrain.studies.propose.starts import plain_of
from qtrain.studies.tasks.task import Task
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


def classical_scores(task: Task) -> dict[str, float]:
    """Test accuracy of both, and the loss of the first; empty where a task has no classes.

    Fitted on all but the test part of the data.

    Features are standardised; prepared quantum states are given by the angles that prepare them. The regularisation C
    is chosen by cross-validation within the fitted part.
    """
    if not task.is_classifier or not task.loss.classes:
        return {}
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    inputs = np.concatenate([task.train, task.validation])
    labels = _labels(np.concatenate([task.train_targets, task.validation_targets]))
    folds = int(min(4, np.bincount(labels).min()))
    grid = [0.01, 0.1, 1.0, 10.0, 100.0]
    found = {}
    for name, model, key in (
        ("logistic", LogisticRegression(max_iter=5000), "logisticregression__C"),
        ("svc", SVC(), "svc__C"),
    ):
        pipeline = make_pipeline(StandardScaler(), model)
        fitted = GridSearchCV(pipeline, {key: grid}, cv=folds).fit(inputs, labels)
        wanted = _labels(task.test_targets)
        if hasattr(model, "predict_proba"):
            chances = fitted.predict_proba(task.test)
            found[f"{name}_test_loss"] = float(log_loss(wanted, chances, labels=fitted.classes_))
        found[f"{name}_test_accuracy"] = float(np.mean(fitted.predict(task.test) == wanted))
    return found


def _labels(targets: np.ndarray) -> np.ndarray:
    """Classes 0, 1, … of (samples, readouts) targets of ±1."""
    return (targets[:, 0] < 0).astype(int) if targets.shape[1] == 1 else targets.argmax(axis=1)

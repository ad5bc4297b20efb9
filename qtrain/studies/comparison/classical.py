"""Classical models on the same samples, beside the quantum ones: logistic regression and a support-vector machine."""

from __future__ import annotations

import numpy as np

from qtrain.studies.tasks.task import Task


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

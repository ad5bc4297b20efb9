"""The verb: does a data set, or a model on it, need anything quantum?"""

from __future__ import annotations

from typing import Any

from qtrain.budget import Budget, as_budget, clock
from qtrain.errors import QTrainError, check_number, check_whole
from qtrain.triviality.contenders import CONTENDERS, Setting, resolve_model
from qtrain.triviality.data import MOST_SAMPLES, read
from qtrain.triviality.questions import Evidence, answers, majority, overall
from qtrain.triviality.results import Audit, Score
from qtrain.triviality.trials import run_all


def audit(
    X: Any, y: Any = None, *, model: Any = None, budget: Budget | None = None, seed: int = 0, label: str | None = None,
    samples: int = MOST_SAMPLES, folds: int = 5, repeats: int = 3, margin: float = 0.05,
) -> Audit:  # fmt: skip
    """Ask whether a data set needs anything quantum: do simple models, and models without entanglement, keep up?

    Models are compared by balanced accuracy (the mean of the classes' recalls) on the same folds of a repeated
    stratified cross-validation: linear ones on one-body and on two-body features (features and their products, or the
    expectation values of all Pauli strings on one and on two qubits of states), four strong classical ones, a quantum
    neural network, the same without its two-qubit gates, two classical surrogates of it, a fidelity kernel and one
    without entanglement. Rows of a table: `qtrain.triviality.contenders.register_contender`. That models are level says
    something of this data set; that a quantum model is ahead says that these classical ones are not enough, and no more
    (see 2403.07059 for how often that reverses).

    Args:
        X: features (samples, features); complex amplitudes (samples, 2**n); lists of `QuantumCircuit` or `Statevector`
            (up to 12 qubits), or of `qtrain.Shadows`, where no quantum model is tried; a .csv or .npz file; what has
            ``data`` and ``target``; "iris", "wine", "breast_cancer", "digits".
        y: (samples,) classes; None where X holds them.
        model: the quantum model: what `qtrain.TrainableQNNClassifier` takes as its architecture (also the name of a
            registered winner), such a classifier, or any classifier of scikit-learn's kind; None: ``efficient_su2``.
        budget: its seconds are kept: what they cut short is said in ``notes``. What one fit takes is not cut.
        label: the column of the classes in a CSV file; None: the last.
        samples: so many are drawn of a larger set.
        folds: at least 2; fewer where the smallest class has fewer samples. repeats: rounds of them, in the time.
        margin: of balanced accuracy: a gap whose interval stays below it counts as none.

    Raises:
        QTrainError: data that are no classes, a model that is none.

    Example:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(60, 2))
        >>> found = audit(X, X[:, 0] > 0, repeats=1, folds=3, budget=Budget(seconds=20))
        >>> found.finding("labels").verdict
        'learned'
    """
    budget = as_budget(budget)
    check_whole("seed", seed, least=0, most=2**32 - 1)
    check_whole("samples", samples, least=8)
    check_whole("folds", folds, least=2)
    check_whole("repeats", repeats)
    check_number("margin", margin, above=0)
    if label is not None and not isinstance(label, str):
        raise QTrainError(f"label should be the name of a column. Got {label!r}.")
    began = clock()
    data = read(X, y, label=label, samples=samples, seed=seed)
    setting = Setting(data, resolve_model(model, data, seed=seed), seed)
    count = min(folds, int(data.counts.min()))
    trials, floor = run_all(setting, repeats=repeats, count=count, end=began + budget.seconds)
    if not trials.correct:
        raise QTrainError(f"X should be data that some model can be trained on. Got {trials.skipped}.")
    evidence = Evidence(setting, trials, floor, margin)
    verdict, summary = overall(evidence)
    notes = list(data.notes)
    if count < folds:
        notes.append(f"{count} folds instead of {folds}: the smallest class has {count} samples")
    rounds = len(trials.folds.fold)
    if not trials.complete:
        notes.append(f"the time was over: {rounds} of {repeats} rounds, {len(trials.skipped)} models left out")
    width = setting.model.width
    if width is not None and not data.quantum and data.num_features > width:
        notes.append(f"the quantum model sees {width} principal components of {data.num_features} features")
    return Audit(
        data=data.name, samples=len(data.labels), features=data.num_features, num_qubits=data.num_qubits,
        classes=dict(zip(data.classes, data.counts.tolist())), model=setting.model.name, verdict=verdict,
        summary=summary, findings=answers(evidence), scores=tuple(_score(evidence, name) for name in CONTENDERS),
        floor=floor, majority=majority(data.labels), chance=1 / len(data.classes), margin=float(margin), folds=count,
        repeats=rounds, complete=trials.complete, notes=tuple(notes), seed=seed, seconds=clock() - began,
    )  # fmt: skip


def _score(evidence: Evidence, name: str) -> Score:
    row, trials = CONTENDERS[name], evidence.trials
    if name not in trials.correct:
        return Score(name, row.group, skipped=trials.skipped[name])
    correct = trials.correct[name]
    pooled = trials.folds.plain(correct)
    return Score(name, row.group, evidence.score(name), pooled, trials.seconds[name])

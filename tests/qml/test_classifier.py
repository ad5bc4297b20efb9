"""The scikit-learn classifier: scikit-learn's own checks, search over architectures, and its gradient."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_moons
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from qtrain import Architecture, Layer, TrainableQNNClassifier, register
from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.lie.symmetrize import symmetrize
from qtrain.qml.classifier import NAMED
from qtrain.registry.registry import RegistryEntry

EXPECTED_FAILURES: dict[str, str] = {}
"""scikit-learn's checks that may fail, with the reason. None does."""

# Three local observables on a piece of a device.
DEVICE = Architecture((Layer(("ry", "rz"), "cz", "edges"),), 2, edges=((0, 1), (1, 2)))


def test_scikit_learns_checks_pass():
    estimator = TrainableQNNClassifier(num_qubits=2, steps=60)
    results = check_estimator(estimator, expected_failed_checks=EXPECTED_FAILURES, on_fail=None, on_skip=None)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert failed == {}
    assert sum(result["status"] == "passed" for result in results) > 45


def test_grid_search_over_architectures():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), TrainableQNNClassifier(num_qubits=2, steps=25, random_state=0))
    grid = {"trainableqnnclassifier__architecture": ["real_amplitudes", catalogue.hva_tfim(), "efficient_su2"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    assert len(search.cv_results_["params"]) == 3 and not np.isnan(search.cv_results_["mean_test_score"]).any()


def test_what_a_linear_model_cannot_do():
    """Two moons: the circuit, not the affine read-out, bends the boundary."""
    X, y = make_moons(200, noise=0.1, random_state=0)
    model = TrainableQNNClassifier("efficient_su2", num_qubits=2, reuploads=3, steps=150, random_state=0)
    assert cross_val_score(model, X, y, cv=2).mean() > 0.93  # a linear model reaches 0.88


@pytest.mark.parametrize("architecture", [*NAMED, DEVICE, DEVICE.to_json()])
def test_every_architecture_trains(architecture):
    X, y = load_iris(return_X_y=True)
    model = TrainableQNNClassifier(architecture, steps=20, random_state=1).fit(X[::5], y[::5])
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.n_iter_ == len(model.loss_curve_) <= 20
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    assert model.num_qubits_ == (3 if model.architecture_ == DEVICE else 4)


def test_a_registered_name_is_an_architecture():
    register(RegistryEntry("winner", catalogue.real_amplitudes(reps=1), 3))
    X, y = load_iris(return_X_y=True)
    model = TrainableQNNClassifier("winner", steps=5, random_state=0).fit(X, y)
    assert (model.num_qubits_, model.weights_.shape) == (3, (6,))


def test_the_gradient_is_the_derivative():
    X, y = load_iris(return_X_y=True)
    model = TrainableQNNClassifier("real_amplitudes", num_qubits=2, steps=1, random_state=0).fit(X[::10], y[::10])
    angles, labels = model._angles(X[::10]), y[::10]
    point = np.random.default_rng(0).normal(size=6 + 2 * 3 + 3)
    _, gradient = model._loss(point, angles, labels)
    steps = 1e-6 * np.eye(len(point))
    losses = [[model._loss(point + sign * row, angles, labels)[0] for sign in (1, -1)] for row in steps]
    expected = [(up - down) / 2e-6 for up, down in losses]
    np.testing.assert_allclose(gradient, expected, atol=1e-8)


@pytest.mark.parametrize("observables, same", [("symmetric", True), ("each", False)])
def test_a_symmetric_circuit_and_readout_make_an_invariant_classifier(observables, same):
    X = np.array(list(itertools.product([0.0, 1.0], repeat=4)))
    y = (X.sum(axis=1) == 2).astype(int)
    ansatz = catalogue.from_generators(symmetrize(["IIIX", "IIIZ", "IIZZ"], "permutation"), reps=2)
    readout = symmetrize(["IIIZ", "IIZZ"], "permutation") if observables == "symmetric" else observables
    model = TrainableQNNClassifier(ansatz, observables=readout, steps=30, random_state=0).fit(X, y)
    seen, moved = model.predict_proba(X), model.predict_proba(X[:, [2, 0, 3, 1]])
    assert model.readout_.shape == (2 if same else 4, 2)
    assert np.allclose(seen, moved, atol=1e-10) == same


def test_the_seed_decides_everything():
    X, y = load_iris(return_X_y=True)
    one, same, other = (TrainableQNNClassifier(steps=5, batch_size=20, random_state=s).fit(X, y) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.weights_, same.weights_)
    assert not np.allclose(one.weights_, other.weights_)


def test_a_pickled_model_predicts_the_same():
    X, y = load_iris(return_X_y=True)
    model = TrainableQNNClassifier(steps=5, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_training_stops_when_the_loss_does():
    X = np.zeros((20, 2))
    model = TrainableQNNClassifier(steps=500, learning_rate=0.0, random_state=0).fit(X, np.arange(20) % 2)
    assert model.n_iter_ == 11


@pytest.mark.parametrize("options, message", [
    ({"architecture": "efficientsu2"}, "architecture should be an Architecture, its JSON, a registered name or one of"),
    ({"architecture": 3}, "Got 3"), ({"architecture": "{}"}, "at least one layer"), ({"steps": 0}, "steps should be"),
    ({"steps": 1.5}, "steps should be"), ({"reuploads": True}, "reuploads should be"),
    ({"batch_size": 0}, "batch_size should be a whole number of at least 1. Got 0"),
    ({"num_qubits": "4"}, "num_qubits should be"), ({"learning_rate": -1}, "learning_rate should be"),
    ({"observables": "ZZZZZ"}, "observable should have 4 letters"),
    ({"observables": []}, "observables should hold at least one observable. Got none"),
    ({"architecture": DEVICE, "num_qubits": 5}, "num_qubits should be 3"), ({"tol": float("nan")}, "tol should be"),
])  # fmt: skip
def test_wrong_options_are_refused_when_fitted(options, message):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(QTrainError, match=message):
        TrainableQNNClassifier(**options).fit(X, y)


def test_one_class_is_refused():
    with pytest.raises(QTrainError, match="y should have at least 2 classes. Got 1 class: 7"):
        TrainableQNNClassifier().fit(np.zeros((3, 2)), [7, 7, 7])

"""Data as arrays and costs as functions: the same as the slow way, and refused in one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dense_models import built, spec_of
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from sklearn.datasets import load_diabetes, load_wine

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import values
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.spec.tables import TrainingSpec
from qtrain.studies.tasks.losses import accuracy
from qtrain.studies.training import train

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(24, 3)), RNG.normal(size=24)
GROUPS = np.arange(24) % 3


def squared(outputs, targets):
    off = outputs - targets
    return (off**2).sum(axis=1), 2 * off


def energy(outputs):
    return outputs[:, 0] + 0.5 * outputs[:, 1], np.tile([1.0, 0.5], (len(outputs), 1))


def data(x=X, y=Y, qubits=3, **more):
    return spec_of({"kind": "data", "X": x, "y": y, **more}, qubits)


def test_arrays_of_a_known_set_are_that_set():
    """Wine by name and wine as a DataFrame are the same task."""
    frame, labels = load_wine(return_X_y=True, as_frame=True)
    named = labels.map(dict(enumerate(load_wine().target_names)))
    ours, known = built(data(frame, named, 4)), built(spec_of({"kind": "classification", "data": "wine"}, 4))
    for part in ("train", "validation", "test", "train_targets", "validation_targets", "test_targets"):
        np.testing.assert_allclose(getattr(ours, part), getattr(known, part), atol=1e-12)
    assert ours.references == known.references


def test_keys_follow_from_the_content():
    one, same = data(X.tolist(), Y), data(pd.DataFrame(X), pd.Series(Y))
    assert one == same and one.content_id() == same.content_id()
    assert data(X + 1, Y).content_id() != one.content_id()
    assert read_spec(one.to_dict()) == one and "array:" in one.task.X


def test_a_stored_array_is_found_by_a_later_process(tmp_path, monkeypatch):
    from qtrain.studies.spec import kept

    monkeypatch.chdir(tmp_path)
    spec = data()
    spec.task.store()
    task = built(spec)
    monkeypatch.setattr(kept, "_KEPT", {})
    np.testing.assert_array_equal(built(read_spec(spec.to_dict())).train, task.train)
    monkeypatch.chdir(tmp_path.parent)
    kept._KEPT.clear()
    with pytest.raises(QTrainError, match="task.X should be given as the array again"):
        built(read_spec(spec.to_dict()))


@given(st.integers(1, 3), st.integers(0, 2**31))
def test_numbers_are_scaled_by_the_training_part(outputs, seed):
    y = np.random.default_rng(seed).normal(size=(24, outputs)) * 40 + 100
    task = built(data(y=y))
    seen = np.concatenate([task.train_targets, task.validation_targets])
    assert seen.min() == pytest.approx(-0.9) and seen.max() == pytest.approx(0.9)
    assert seen.shape[1] == len(task.observables) == outputs and not task.loss.classes
    whole = np.concatenate([seen, task.test_targets])
    for k in range(outputs):  # the same numbers, up to one line
        slope = np.ptp(y[:, k]) / np.ptp(whole[:, k])
        np.testing.assert_allclose(np.sort(whole[:, k]) * slope, np.sort(y[:, k]) - y[:, k].min() + whole[:, k].min() * slope)
    off = np.zeros_like(task.test_targets)
    assert task.loss.figures(off, task.test_targets)["rmse"] == pytest.approx(
        np.sqrt(((off - task.test_targets) ** 2 * ((np.ptp(y, axis=0) / np.ptp(whole, axis=0)) ** 2)).mean()))


def test_what_is_taken_for_classes():
    for y, classes in ((GROUPS, 3), (GROUPS.astype(float), 3), (GROUPS == 1, 2), (np.array(list("abc"))[GROUPS], 3), (Y, 0), (np.arange(24), 0)):
        assert (built(data(y=y)).loss.classes, len(built(data(y=y)).observables)) == (bool(classes), {0: 1, 2: 1, 3: 3}[classes])
    assert not built(data(y=GROUPS, target="numbers")).loss.classes
    assert len(built(data(y=GROUPS, classes=[0, 2])).observables) == 1


def test_a_regression_is_trained_and_better_than_the_mean():
    x, y = load_diabetes(return_X_y=True)
    task = built(data(x[:120], y[:120], 4))
    program = lower(task.compose(real_amplitudes(4, reps=1)), inputs=task.inputs)
    found = train(program, task, TrainingSpec(steps=40, starts=2), seed=0)
    outputs = values(program, list(task.observables), np.tile(found.weights[found.best], (len(task.test), 1)), inputs=task.test)
    assert found.metrics["test_loss"] == pytest.approx(((outputs - task.test_targets) ** 2).mean())
    assert found.metrics["train_r2"] > 0.2 and found.metrics["test_rmse"] > 1


def test_states_as_data():
    states = np.linalg.qr(RNG.normal(size=(16, 8)) + 1j * RNG.normal(size=(16, 8)))[0]
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    task = built(data(states, np.arange(16) % 2))
    assert task.prepares and task.prepared["train"].shape[1] == 8
    with pytest.raises(QTrainError, match="states of 2 qubits, 4 amplitudes. Got 8"):
        built(data(states, np.arange(16) % 2, 2))


def test_a_file_of_arrays(tmp_path):
    np.savez(tmp_path / "d.npz", X=X, y=Y)
    task = built(spec_of({"kind": "data", "file": str(tmp_path / "d.npz")}, 3))
    np.testing.assert_array_equal(task.train, built(data()).train)


def test_a_cost_on_data_is_the_loss():
    ours, theirs = built(data(cost=squared)), built(data())
    outputs = RNG.uniform(-1, 1, (len(ours.train), 1))
    for mine, known in zip(ours.loss.of(outputs, ours.train_targets), theirs.loss.of(outputs, ours.train_targets)):
        np.testing.assert_allclose(mine, known)
    assert built(data(cost=squared)).loss.headline == "r2"
    wide = built(data(cost=lambda o, t: squared(o, np.repeat(t, 2, axis=1)), observables=["IIZ", "ZZI"]))
    assert wide.loss.headline == "" and len(wide.observables) == 2


def test_a_cost_of_observables_is_trained_as_their_sum():
    terms = [SparsePauliOp(["ZZ", "IX"], [1.0, 0.3]), SparsePauliOp("XI")]
    ours = built(spec_of({"kind": "callable", "observables": terms, "cost": energy}, 2))
    theirs = built(spec_of({"kind": "hamiltonian", "terms": terms[0] + 0.5 * terms[1]}, 2))
    program, training = lower(real_amplitudes(2, reps=1)), TrainingSpec(steps=15, starts=2)
    mine, known = train(program, ours, training, seed=1), train(program, theirs, training, seed=1)
    np.testing.assert_allclose(mine.curve, known.curve, atol=1e-12)
    assert mine.metrics["cost"] == pytest.approx(known.metrics["energy"])
    assert ours.scaled_observable.equiv(theirs.scaled_observable)


def test_functions_are_known_by_what_they_do():
    def made(factor):
        return lambda outputs: (factor * outputs.sum(axis=1), factor * np.ones_like(outputs))

    keys = [spec_of({"kind": "callable", "observables": ["ZZ"], "cost": made(f)}, 2).task.cost for f in (1.0, 1.0, 2.0)]
    assert keys[0] == keys[1] != keys[2]
    task = {"kind": "callable", "observables": ["ZZ"]}
    named, given = (spec_of(task | {"cost": c}, 2).task.cost for c in ("qtrain.studies.tasks.losses:accuracy", accuracy))
    assert named == given == read_spec({"name": "t", "qubits": 2, "task": task | {"cost": named}}).task.cost


class Unpicklable:
    def __call__(self, outputs):
        return outputs[:, 0], np.ones_like(outputs)

    def __reduce__(self):
        raise TypeError("no way")


@pytest.mark.parametrize("change, message", [
    ({"X": X[:5], "y": Y[:5]}, "at least 8 samples. Got 5"), ({"y": Y[:20]}, "as many rows. Got 24 and 20"),
    ({"X": X[:, 0]}, r"shape \(samples, features\). Got \(24,\)"), ({"X": np.where(X > 1, np.nan, X)}, "finite numbers. Got nan at"),
    ({"X": [[1.0, 2.0], [3.0]]}, "rows of different lengths"), ({"X": np.array([["a"] * 3] * 24)}, "Got text in it"),
    ({"y": np.ones(24)}, "different values. Got 1.0 for every sample"), ({"y": ["a"] * 24}, "Got 'a' for every sample"),
    ({"y": [None] * 24}, "Got None in it"), ({"y": Y + 1j}, "task.y should be labels or numbers"), ({"X": "here"}, "task.X"),
    ({"y": np.array(["a"] * 23 + ["b"])}, "enough samples of every class"), ({"y": None}, "X and y, or a file with both"),
    ({"y": np.arange(24) % 2, "classes": ["0", "7"]}, "two or more of the labels 0, 1"), ({"classes": [0, 1]}, "Got them for numbers"),
    ({"y": np.arange(24) % 4}, "at least the number of classes, 4"), ({"y": np.ones((24, 2, 2))}, "task.y should be labels or numbers"),
    ({"observables": ["ZII", "IZI"]}, "should be 1, one for each output"), ({"observables": ["Z"]}, "3 letters"),
    ({"cost": lambda o, t: (o[:, 0], o * 7)}, "not its finite difference"), ({"cost": lambda o: o}, "Got TypeError"),
    ({"cost": lambda o, t: (o, o)}, "shapes"), ({"cost": lambda o, t: (o[:, 0] / 0 * 0, o)}, "NaN or infinity"),
    ({"cost": lambda o, t: 1 / 0}, "ZeroDivisionError"), ({"cost": 3}, "task.cost should be a function"),
    ({"cost": "nowhere:at_all"}, "importable. Got 'nowhere:at_all'"), ({"cost": Unpicklable()}, "does not pickle: no way"),
    ({"file": "absent.npz", "X": None, "y": None}, "an .npz file with arrays X and y"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_bad_data_are_one_sentence(change, message):
    with pytest.raises(QTrainError, match=message) as caught:
        built(spec_of({k: v for k, v in ({"kind": "data", "X": X, "y": Y} | change).items() if v is not None}, 3))
    assert "\n" not in str(caught.value)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.text(max_size=2), st.floats(), st.integers(-3, 3), st.booleans()), min_size=8, max_size=12))
def test_any_answers_are_read_or_refused_in_one_sentence(y):
    try:
        built(data(X[: len(y)], y))
    except QTrainError as error:
        assert "\n" not in str(error)

"""Audits find what was planted, keep to their time, and take data from everywhere."""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
import planted
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import qtrain
from qtrain import Audit, Budget, QTrainError, TrainableQNNClassifier
from qtrain.budget import clock
from qtrain.triviality.contenders import (
    CONTENDERS,
    SAME,
    Contender,
    Setting,
    plain,
    register_contender,
    resolve_model,
)
from qtrain.triviality.data import read
from qtrain.triviality.questions import QUESTIONS, Question, register_question
from qtrain.triviality.trials import permuted, split

PLENTY = Budget(seconds=600)
SETS = {"linear": planted.linear, "product": planted.product, "ghz": planted.ghz, "noise": planted.noise}
QUICK = TrainableQNNClassifier("real_amplitudes", num_qubits=2, steps=30, batch_size=32)
SHORT = {"budget": Budget(seconds=0.2), "repeats": 1, "folds": 2, "model": QUICK}  # what comes first is always tried


SLOW = {"random forest", "gradient boosting"}
FEW = {"one-body features", "SVC (RBF)", "quantum model", SAME, "its low-weight surrogate", "fidelity kernel", "product kernel"}


def only(patch, names):
    patch.setattr(CONTENDERS, "_rows", {name: row for name, row in CONTENDERS.items() if name in names})


@pytest.fixture
def few(monkeypatch):
    only(monkeypatch, FEW)


@pytest.fixture(scope="module")
def found():
    """Of the parity every contender, of the others those that take no time."""
    audits = {"ghz": qtrain.audit(*planted.ghz(), budget=PLENTY, repeats=1)}
    with pytest.MonkeyPatch.context() as patch:
        only(patch, set(CONTENDERS) - SLOW)
        for name in set(SETS) - {"ghz"}:
            audits[name] = qtrain.audit(*SETS[name](), budget=PLENTY, repeats=1, model=QUICK)
    return audits


def test_one_feature_suffices(found):
    assert found["linear"].verdict == "one-body features suffice"
    assert "nothing here needs entanglement" in found["linear"].summary
    assert found["linear"].finding("entanglement").verdict == "does not hurt"


def test_products_of_two_suffice(found):
    audit = found["product"]
    assert audit.verdict == "two-body features suffice"
    assert audit.score("one-body features").balanced.upper < 0.7 < audit.score("two-body features").balanced.lower


def test_a_parity_of_all_qubits_needs_entanglement(found):
    audit = found["ghz"]
    assert audit.verdict == "entanglement helps" and audit.num_qubits == 4
    assert [row.verdict for row in audit.findings] == [
        "learned", "do not suffice", "hurts", "falls behind", "fall behind"
    ]  # fmt: skip
    assert audit.finding("entanglement").gap.lower > 0
    # what the classes share is the same to every observable on two qubits
    for name in ("one-body features", "two-body features", "SVC (RBF)", "product kernel", "its low-weight surrogate"):
        assert audit.score(name).balanced.lower < 0.5 < 0.7 < audit.score("quantum model").balanced.lower
    assert "advantage" not in str(audit) and "another one may do better" in audit.summary


def test_noise_is_told_as_nothing_learned(found):
    audit = found["noise"]
    assert audit.verdict == "nothing learned" and audit.floor.p_value > 0.05
    assert {row.verdict for row in audit.findings[1:]} == {"no matter"}


def test_noise_of_other_seeds():
    """p <= 0.05 comes once in twenty by chance; more than three of ten, once in a thousand times."""
    lucky = 0
    for seed in range(10):
        data = read(*planted.noise(24, seed))
        fold = split(data.labels, 2, seed, 0)
        floor = permuted(Setting(data, resolve_model(None, data, seed=0), seed), fold, end=clock() + 600, most=19)
        lucky += floor.p_value <= 0.05
    assert lucky <= 3


def test_round_trip_and_shown(found):
    for audit in found.values():
        again = Audit.from_json(audit.to_json())
        assert again == audit and again.to_json() == audit.to_json()
        assert audit.verdict in repr(audit) and "\n" not in repr(audit)
        assert all(finding.sentence in str(audit) for finding in audit.findings)
        assert "<table" in audit._repr_html_()
    altered = json.loads(found["linear"].to_json()) | {"verdict": "entanglement helps"}
    with pytest.raises(QTrainError, match="altered"):
        Audit.from_json(json.dumps(altered))


def test_the_same_seed_gives_the_same(few):
    first, again, other = (
        qtrain.audit(*planted.noise(24), budget=PLENTY, repeats=1, folds=2, model=QUICK, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_everything_that_holds_data(tmp_path):
    X, y = planted.linear(24)
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    table.assign(kind=np.where(y, "yes", "no")).to_csv(tmp_path / "d.csv", index=False)
    table.assign(kind=y)[["kind", "a", "b", "c"]].to_csv(tmp_path / "first.csv", index=False)
    np.savez(tmp_path / "d.npz", X=X, y=y)
    sources = [(X, y), (X.tolist(), y.tolist()), (table, pd.Series(y, name="y")), (tmp_path / "d.csv",), (str(tmp_path / "d.npz"),)]
    scores = {repr(qtrain.audit(*source, **SHORT).score("one-body features").balanced) for source in sources}
    scores.add(repr(qtrain.audit(tmp_path / "first.csv", label="kind", **SHORT).score("one-body features").balanced))
    assert len(scores) == 1
    assert qtrain.audit(load_iris(), **SHORT).classes == qtrain.audit(*load_iris(return_X_y=True), **SHORT).classes
    assert list(qtrain.audit("iris", **SHORT).classes) == ["setosa", "versicolor", "virginica"]


def test_circuits_states_and_amplitudes_are_the_same_data():
    circuits = []
    for k in range(20):
        circuit = QuantumCircuit(2)
        circuit.ry(0.3 + 0.05 * k + (1.5 if k % 2 else 0), 0)
        circuit.cx(0, 1)
        circuits.append(circuit)
    y = [k % 2 for k in range(20)]
    states = [Statevector(circuit) for circuit in circuits]
    short = {**SHORT, "model": None}
    audits = [qtrain.audit(X, y, **short) for X in (circuits, states, np.array([s.data for s in states]))]
    assert len({repr(audit.score("one-body features").balanced) for audit in audits}) == 1
    assert audits[0].num_qubits == 2 and audits[0].features == 0


def test_shadows_are_audited_by_what_was_measured(few):
    shadows = [qtrain.Shadows(bases := np.random.default_rng(k).integers(1, 4, (300, 2)), (bases == 2) * (k % 2)) for k in range(48)]
    audit = qtrain.audit(shadows, [k % 2 for k in range(48)], budget=PLENTY, repeats=1)
    assert audit.verdict == "one-body features suffice" and audit.num_qubits == 2
    assert audit.score("quantum model").skipped == "shadows hold no states"
    assert audit.finding("entanglement").verdict == "not tried"


def test_a_model_of_ones_own(few):
    X, y = planted.linear(40)
    short = {"budget": PLENTY, "repeats": 1, "folds": 2}
    named = qtrain.audit(X, y, model="real_amplitudes", **short)
    assert named.model == "real_amplitudes" and named.score("quantum model").balanced.value > 0.8
    own = qtrain.audit(X, y, model=TrainableQNNClassifier("qcnn", num_qubits=4, steps=10), **short)
    assert own.score("the same without two-qubit gates").balanced is not None
    foreign = qtrain.audit(X, y, model=GaussianNB(), **short)
    assert foreign.model == "GaussianNB" and foreign.finding("surrogate").verdict == "not tried"
    assert foreign.finding("entanglement").first == "fidelity kernel"  # of a foreign model nothing can be taken out


def test_the_time_is_kept():
    X, y = planted.linear(200)
    X = np.hstack([X, np.random.default_rng(0).normal(size=(200, 13))])
    qtrain.audit(X, y, budget=Budget(seconds=0.1))  # what is compiled once does not count
    began = time.process_time()
    audit = qtrain.audit(X, y, budget=Budget(seconds=1), repeats=50)
    assert time.process_time() - began < 8  # one fit of each kind may begin at the end
    assert not audit.complete and any("time was over" in note for note in audit.notes)


def test_small_classes_get_fewer_folds_and_count_alike(few):
    rng = np.random.default_rng(0)
    y = np.array([1] * 3 + [0] * 57)
    audit = qtrain.audit(rng.normal(size=(60, 2)), y, budget=PLENTY, repeats=1, model=QUICK)
    assert audit.folds == 3 and any("3 folds instead of 5" in note for note in audit.notes)
    assert audit.majority == pytest.approx(0.95) and audit.chance == 0.5
    assert audit.verdict == "nothing learned"  # 95 % accuracy come for free


def test_rows_of_others_are_tried_and_answered(few):
    register_contender(Contender("naive Bayes", "classical", lambda setting: GaussianNB(), plain))
    register_question(Question("bayes", "Is it naive?", lambda e: ("yes", f"{e.score('naive Bayes')}", None)))
    try:
        audit = qtrain.audit(*planted.linear(24), budget=PLENTY, repeats=1, folds=2, model=QUICK)
    finally:
        CONTENDERS.remove("naive Bayes")
        QUESTIONS.remove("bayes")
    assert audit.finding("bayes").sentence == str(audit.score("naive Bayes").balanced)


X, Y = planted.linear(16)
BAD = {
    "no y": ((X,), {}, "y should be given"), "short y": ((X, Y[:-1]), {}, "as many rows"), "text": (("a", Y), {}, "y should be left out"),
    "one class": ((X, np.zeros(16)), {}, "at least two classes"), "numbers": ((X, X[:, 0]), {}, "y should hold classes"),
    "nan": ((np.where(X > 1, np.nan, X), Y), {}, "finite"), "nan y": ((X, [float("nan")] * 16), {}, "finite"),
    "3-d": ((X[:, :, None], Y), {}, "shape"), "no features": ((X[:, :0], Y), {}, "shape"), "ragged": (([[1.0], [1.0, 2.0]], [0, 1]), {}, "different lengths"),
    "huge": ((X * 1e200, Y), {}, "at most 1e\\+150"), "words": (([["a"]] * 16, Y), {}, "numbers"), "none": ((None, Y), {}, "X should"),
    "norms": ((np.ones((16, 4), complex), Y), {}, "normalised"), "width": ((np.ones((16, 3), complex), Y), {}, "2\\*\\*n"),
    "single": ((X, [0] * 15 + [1]), {}, "at least 2 samples"), "every one": ((X, np.arange(16) % 10), {}, "several samples"),
    "free": (([QuantumCircuit(1)] * 15 + ["x"], Y), {}, "circuits alone"), "empty": (([], []), {}, "shape"),
    "nowhere": (("nowhere.csv",), {}, "file"), "ending": (("data.xls",), {}, "ends in .csv or .npz"), "npz": (("nowhere.npz",), {}, "arrays X and y"),
    "label": ((X, Y), {"label": "a"}, "label should be given for a CSV"), "label kind": ((X, Y), {"label": 3}, "name of a column"),
    "budget": ((X, Y), {"budget": 3}, "Budget"), "seed": ((X, Y), {"seed": -1}, "seed"), "samples": ((X, Y), {"samples": 2}, "samples"),
    "folds": ((X, Y), {"folds": 1}, "folds"), "repeats": ((X, Y), {"repeats": 0}, "repeats"), "margin": ((X, Y), {"margin": 0}, "margin"),
    "model": ((X, Y), {"model": "nonsense"}, "architecture should be"), "model kind": ((X, Y), {"model": 3}, "architecture should be"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_wrong_input_is_one_sentence(case, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arguments, options, said = BAD[case]
    with pytest.raises(QTrainError, match=said) as error:
        qtrain.audit(*arguments, **options)
    assert "\n" not in str(error.value) and str(error.value).endswith((".", "…"))


def test_a_model_that_fails_is_one_sentence():
    class Broken(GaussianNB):
        def fit(self, X, y):
            raise RuntimeError("mine")

    with pytest.raises(QTrainError, match="model should be one that can be trained.*mine"):
        qtrain.audit(X, Y, model=Broken(), repeats=1)

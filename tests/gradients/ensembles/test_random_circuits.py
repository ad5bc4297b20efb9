"""Averages over circuits: against circuits drawn one by one, against each other, against the closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qtrain
from qtrain import RandomCircuits
from qtrain.gradients.ensembles.letter_trains import Train


def averaged(ensemble, layers, observable, place, **options):
    """The average over every choice of axes, each circuit by its Pauli paths."""
    found = []
    for axes in itertools.product(range(3), repeat=layers * ensemble.num_qubits):
        with pytest.MonkeyPatch.context() as patch:
            chosen = np.array(axes).reshape(layers, ensemble.num_qubits)
            patch.setattr(np.random, "default_rng", lambda seed, chosen=chosen: type("Fixed", (), {"integers": lambda *_, **__: chosen})())
            circuit = ensemble.circuit(layers)
        found.append(qtrain.gradient_variance(circuit, observable, method="exact", **options).second_moment[place])
    return float(np.mean(found))


@pytest.mark.parametrize("n, edges, layers, observable, place, start", [
    (2, "line", 2, "Z0 Z1", 0, "uniform"),
    (2, "line", 2, "0.5*Z1", 1, "small:0.7"),
    (2, "line", 2, "Z1", 2, "gaussian:0.4"),
    (3, "ring", 2, "Z0 Z2", 0, "uniform"),
    (3, [(0, 2)], 1, "Z0 Z2", 2, "small:2"),
])  # fmt: skip
def test_all_circuits_one_by_one(n, edges, layers, observable, place, start):
    ensemble = RandomCircuits(n, edges, tilt=0.6)
    found = ensemble.variance([layers], observable, qubit=place % n, layer=place // n + 1, initialization=start, method="exact")
    assert found.variance[0] == pytest.approx(averaged(ensemble, layers, observable, place, initialization=start), rel=1e-10)


@settings(max_examples=10)
@given(st.integers(2, 6), st.data())
def test_trains_are_exact(n, data):
    letters = "".join(data.draw(st.lists(st.sampled_from("IZ"), min_size=n, max_size=n)))
    observable = letters if letters.strip("I") else "Z" * n
    options = {"qubit": data.draw(st.integers(0, n - 1)), "layer": data.draw(st.sampled_from([1, 2, "middle"]))}
    options["initialization"] = data.draw(st.sampled_from(["uniform", "small:0.5", "gaussian:1"]))
    exact, train = (
        RandomCircuits(n, tilt=0.3).variance([2, 3, 9], observable, method=method, tolerance=1e-13, **options)
        for method in ("exact", "train")
    )
    assert np.allclose(train.variance, exact.variance, rtol=1e-8, atol=1e-300)
    assert (exact.lower == exact.variance).all() and exact.method == "exact" and train.method == "train"


@pytest.mark.parametrize("edges, observable", [("line", "Z0 Z1"), ("grid", "Z2 Z3"), ("complete", "parity")])
def test_intervals_of_walks_hold_the_exact_value(edges, observable):
    ensemble = RandomCircuits(6, edges)
    exact = ensemble.variance([1, 4, 12], observable, method="exact", initialization="small:1.5")
    covered = np.zeros(3)
    for seed in range(20):
        found = ensemble.variance([1, 4, 12], observable, method="walks", samples=300, seed=seed, initialization="small:1.5")
        covered += (found.lower <= exact.variance * (1 + 1e-9)) & (exact.variance <= found.upper * (1 + 1e-9))
    assert (covered >= 16).all()  # of 20 at 95 %: fewer than 16 happens once in 4000


def test_walks_that_were_never_felt_prove_no_zero():
    """Rare walks alone move the far qubit here: nothing is known but that no derivative exceeds the coefficient."""
    asked = {"observable": "0.5*Z3", "initialization": "gaussian:0.02"}
    found = RandomCircuits(4).variance([5], method="walks", samples=20, runs=3, **asked)
    exact = RandomCircuits(4).variance([5], method="exact", **asked).variance
    assert found.variance == 0 < exact
    assert found.lower == 0 and found.upper == pytest.approx(0.25)


def test_deep_circuits_reach_the_closed_forms():
    """THEORY of 2-designs: d / (3 (d^2 - 1)) in the first layer, d^2 / (2 (d - 1)(d + 1)^2) in the middle."""
    for n in (2, 3, 5):
        d = 2**n
        first, middle = (RandomCircuits(n).variance([60 * n], "Z0 Z1", layer=k).variance[0] for k in (1, "middle"))
        assert first == pytest.approx(d / (3 * (d * d - 1)), rel=1e-4)
        assert middle == pytest.approx(d * d / (2 * (d - 1) * (d + 1) ** 2), rel=1e-4)


def test_long_lines_never_underflow():
    deep = RandomCircuits(1500).variance([1], "parity")
    assert deep.method == "train" and np.isfinite(deep.log_variance[0]) and deep.variance[0] == 0
    assert deep.log_variance[0] == pytest.approx(1499 * np.log(5 / 12) + np.log(1 / 4))


@pytest.mark.parametrize("n, layers, reference", [(24, 60, 1e-10), (13, 130, 1e-9)])  # 1e-7 is not enough for the second
def test_trains_refine_themselves(n, layers, reference):
    """By default a train is precise to a percent by its own statement, which holds the difference to a finer one."""
    ensemble = RandomCircuits(n)
    found, finer = (ensemble.variance([layers], "Z0 Z1", method="train", tolerance=t) for t in (None, reference))
    stated = found.upper[0] - found.variance[0]
    assert abs(found.variance[0] - finer.variance[0]) <= stated <= 0.01 * found.variance[0]
    assert found.lower[0] == pytest.approx(found.variance[0] - stated)


def test_trains_without_digits_prove_no_zero(monkeypatch):
    """Rounding may leave no positive sum: then nothing is known, but that no derivative exceeds the coefficient."""
    monkeypatch.setattr(Train, "log_overlap", lambda *_: -np.inf)
    found = RandomCircuits(6).variance([2, 3], "0.5*Z1 Z2", qubit=4, method="train")
    assert (found.variance == 0).all() and (found.lower == 0).all()
    assert found.upper.tolist() == [0.0, pytest.approx(0.25)]  # two layers do not reach qubit 4
    exact = RandomCircuits(6).variance([2, 3], "0.5*Z1 Z2", qubit=4, method="exact").variance
    assert exact[0] == 0 < exact[1]


@pytest.mark.parametrize("call, sentence", [
    (lambda: RandomCircuits(0), "num_qubits should be a whole number of at least 1. Got 0"),
    (lambda: RandomCircuits(3, "spiral"), "spiral"),
    (lambda: RandomCircuits(3).circuit(0), "layers should be a whole number of at least 1. Got 0"),
    (lambda: RandomCircuits(3).variance([], "Z0"), "depths should be numbers of layers"),
    (lambda: RandomCircuits(3).variance([2], "Z0 + Z1"), "observable should be one string of I and Z"),
    (lambda: RandomCircuits(3).variance([2], "X0"), "observable should be one string of I and Z"),
    (lambda: RandomCircuits(3).variance([2], "III"), "observable should"),
    (lambda: RandomCircuits(3).variance([2], "Z0", qubit=3), "qubit should be a whole number of at most 2. Got 3"),
    (lambda: RandomCircuits(3).variance([2], "Z0", layer=3), "layer should be a whole number of at most 2. Got 3"),
    (lambda: RandomCircuits(3).variance([2], "Z0", layer="last"), "layer should be a whole number or 'middle'"),
    (lambda: RandomCircuits(3).variance([2], "Z0", method="exactly"), "method should be one of auto, exact, train, walks"),
    (lambda: RandomCircuits(20).variance([2], "Z0", method="exact"), "'exact' is of at most 16 qubits"),
    (lambda: RandomCircuits(4, "ring").variance([2], "Z0", method="train"), "'train' is of circuits on a line"),
    (lambda: RandomCircuits(20, "grid").variance([2], "Z0", layer=2), "layer should be 1"),
    (lambda: RandomCircuits(3).variance([2], "Z0", initialization="identity-block"), "should have independent angles"),
])  # fmt: skip
def test_wrong_input_is_one_sentence(call, sentence):
    with pytest.raises(qtrain.QTrainError, match=sentence):
        call()

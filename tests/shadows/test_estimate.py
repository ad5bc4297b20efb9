"""Estimates against matrices and loops; intervals by how often they hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import reference_shadows as reference
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

from qtrain.errors import QTrainError
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows
from qtrain.shadows.estimate import METHODS, binomial_interval

TERMS = [("ZZI", 1.0), ("IXX", -0.5), ("YIY", 0.7), ("XII", 0.3), ("III", 0.25)]
OBSERVABLE = SparsePauliOp.from_list(TERMS)


@st.composite
def shadows_and_terms(draw):
    n, repeats = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 3]))
    groups = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = ["".join(letters) for letters in itertools.product("IXYZ", repeat=n)]
    chosen = rng.choice(labels, size=min(draw(st.integers(1, 6)), len(labels)), replace=False)
    bases = np.repeat(rng.integers(1, 4, (groups, n)), repeats, axis=0)
    made = Shadows(bases, rng.integers(0, 2, (groups * repeats, n)), repeats)
    return made, [(str(label), float(c)) for label, c in zip(chosen, rng.normal(size=len(chosen)))]


@given(shadows_and_terms())
def test_estimates_are_those_of_the_matrices(case):
    shadows, terms = case
    observable = SparsePauliOp.from_list(terms)
    each = reference.inverted(shadows, terms)
    mean = shadows.estimate(observable, method="mean")
    constant = sum(c for label, c in terms if set(label) == {"I"})
    assert mean.value == pytest.approx(each.mean(), abs=1e-5)
    units = each.reshape(-1, shadows.repeats).mean(axis=1)
    if any(set(label) != {"I"} for label, _ in terms):
        assert mean.standard_error == pytest.approx(units.std(ddof=1) / np.sqrt(len(units)), rel=1e-4, abs=1e-6)
    batches = min(3, len(units))
    size = len(units) // batches
    medians = np.median([units[k * size : (k + 1) * size].mean() for k in range(batches)])
    found = shadows.estimate(observable, method="median_of_means", batches=batches)
    assert found.value == pytest.approx(medians, abs=1e-5)
    found = shadows.estimate(observable)
    assert found.value == pytest.approx(reference.matched(shadows, terms), abs=1e-9)
    most = sum(abs(c) for label, c in terms if set(label) != {"I"})
    assert constant - most - 1e-9 <= found.lower <= found.upper <= constant + most + 1e-9
    missing = [label for label, _ in terms if not reference.signs(shadows, label).any()]
    assert found.unmeasured == len(missing)


@given(shadows_and_terms())
def test_single_strings_are_means_of_what_was_measured(case):
    shadows, terms = case
    labels = [label for label, _ in terms]
    values, counts = shadows.expectations(labels)
    for label, value, count in zip(labels, values, counts, strict=True):
        signs = reference.signs(shadows, label)
        assert count == np.abs(signs).sum()
        assert np.isnan(value) if count == 0 else value == pytest.approx(signs.sum() / count)


@pytest.fixture(scope="module")
def repeated():
    """Many acquisitions of one state, 150 shots each, of one and of three to a choice of bases."""
    vector = np.random.default_rng(5).normal(size=8) + 1j * np.random.default_rng(6).normal(size=8)
    every = collect_shadows(vector, shots=150 * 300, seed=1)
    groups = collect_shadows(vector, shots=150 * 300, shots_per_basis=3, seed=2)
    return vector, {
        repeats: [Shadows(all_.bases[k : k + 150], all_.outcomes[k : k + 150], repeats) for k in range(0, len(all_), 150)]
        for repeats, all_ in ((1, every), (3, groups))
    }


@pytest.mark.parametrize("repeats", [1, 3])
@pytest.mark.parametrize("terms", [TERMS, [("ZZI", -2.0)], [("XYZ", 1.0)]], ids=["sum", "pair", "triple"])
@pytest.mark.parametrize("method", METHODS)
def test_intervals_hold_as_often_as_they_say(repeated, method, terms, repeats):
    vector, many = repeated
    truth = reference.exact(vector, terms)
    found = [one.estimate(SparsePauliOp.from_list(terms), method=method, confidence=0.9) for one in many[repeats]]
    held = np.mean([one.lower <= truth <= one.upper for one in found])
    assert held >= 0.9 - 3 * np.sqrt(0.09 / len(found))
    if method != "median_of_means":  # its scatter is that of a median
        off = np.array([(one.value - truth) / one.standard_error for one in found if one.standard_error > 0])
        assert abs(off.mean()) < 0.35 and 0.8 < off.std() < 1.25
    assert np.mean([one.value for one in found]) == pytest.approx(truth, abs=0.15)


def test_matched_is_sharper_where_outcomes_agree():
    shadows = collect_shadows([1, 0, 0, 0], shots=3000)
    errors = [shadows.estimate("ZZ", method=method).standard_error for method in ("matched", "mean")]
    assert errors[0] == 0 and errors[1] > 0.04


def test_all_intervals_at_once_are_wider():
    shadows = collect_shadows([1, 0, 0, 1], shots=500)
    alone, together = shadows.estimate("XX"), shadows.estimate_all(["XX", "ZZ", "YY"])[0]
    assert together.value == alone.value and together.lower < alone.lower and together.confidence == 0.95
    assert together.lower == pytest.approx(shadows.estimate("XX", confidence=1 - 0.05 / 3).lower)


def test_what_no_shot_measured_widens_the_interval():
    shadows = Shadows(np.full((500, 2), 2), np.zeros((500, 2), int))
    found = shadows.estimate("ZZ + 0.3*XX + 0.2*YY")
    assert found.unmeasured == 2 and found.value == 1 and found.lower < 0.5 and found.upper == pytest.approx(1.5)
    assert shadows.estimate("2*XX").lower == -2 and shadows.estimate("3*II").upper == 3


@given(st.integers(0, 2**32 - 1), st.sampled_from(METHODS), st.sampled_from([0.5, 0.8, 0.95]))
def test_limits_are_in_order_and_what_a_state_can_have(seed, method, confidence):
    """Few shots of the inverted channel are so far off that their interval may hold nothing possible."""
    rng = np.random.default_rng(seed)
    shots = int(rng.integers(1, 12))
    shadows = Shadows(rng.integers(1, 4, (shots, 2)), rng.integers(0, 2, (shots, 2)))
    found = shadows.estimate("ZZ - 0.5*XI", method=method, confidence=confidence)
    assert -1.5 <= found.lower < found.upper <= 1.5


def test_an_interval_of_nothing_possible_says_nothing():
    found = Shadows([[2, 2]], [[0, 0]]).estimate("ZZ", method="median_of_means", confidence=0.8)
    assert (found.value, found.lower, found.upper) == (9, -1, 1)


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.floats(0.01, 0.5))
def test_binomial_limits_hold(trials, p, alpha):
    """Exactly: the probability of all counts whose interval misses p is at most alpha."""
    from scipy.stats import binom

    counts = np.arange(trials + 1)
    low, high = binomial_interval(counts, np.full(trials + 1, trials), alpha)
    missed = (p < low) | (p > high)
    assert binom.pmf(counts[missed], trials, p).sum() <= alpha + 1e-9


@pytest.mark.parametrize(("options", "said"), [
    ({"method": "magic"}, "method should be one of matched"), ({"confidence": 1}, "below 1"), ({"confidence": 0}, "above 0"),
    ({"confidence": "x"}, "confidence"), ({"method": "median_of_means", "batches": 200}, "from 1 to 100"),
    ({"method": "median_of_means", "batches": 0}, "from 1 to 100"), ({"observable": "ZZZ"}, "2 letters"),
    ({"observable": None}, "observable"),
])  # fmt: skip
def test_what_cannot_be_estimated(options, said):
    shadows = Shadows(np.full((100, 2), 2), np.zeros((100, 2), int))
    with pytest.raises(QTrainError, match=said):
        shadows.estimate(**{"observable": "ZZ"} | options)

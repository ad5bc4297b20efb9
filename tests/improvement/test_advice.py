"""Advice names what was measured, or who would measure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qiskit.circuit.library import efficient_su2

import qtrain
from qtrain.improvement.advice import advised, helps


@pytest.fixture(scope="module")
def found():
    return qtrain.improve(efficient_su2(16, reps=2), "parity", keep="start, circuit", budget=qtrain.Budget(seconds=60))


@pytest.fixture(scope="module")
def report():
    return qtrain.diagnose(efficient_su2(16, reps=2), "parity", budget=qtrain.Budget(seconds=2))


def test_the_effect_in_the_advice_is_that_of_the_change(found, report):
    told = advised(report, found)
    circuit, observable, start = found.apply(1)
    tried = qtrain.diagnose(circuit, observable, initialization=start, budget=qtrain.Budget(seconds=2))
    trains = round(tried.fraction("healthy") * tried.num_parameters)
    sentence = f"measure the sum of Z on each qubit instead of the parity: {trains} of 96 parameters train"
    flat = {v.advice for v in told.verdicts if v.cause == "observable concentration"}
    assert flat == {sentence}
    for before, after in zip(report.verdicts, told.verdicts):
        assert after.advice == before.advice or not before.cause.startswith(("dead", "healthy"))


def test_without_a_change_that_helps_it_says_so(found, report):
    nothing = replace(found, tried=tuple(replace(row, trains=0, law="") for row in found.tried))
    sentences = {v.advice for v in advised(report, nothing).verdicts if v.cause == "observable concentration"}
    assert sentences == {"1 change tried: none lets more parameters train"}
    assert not any(helps(nothing.before, row) for row in nothing.tried)


def test_untried_advice_promises_nothing(report):
    (sentence,) = {v.advice for v in report.verdicts if v.cause == "observable concentration"}
    assert sentence == "the whole cost is flat: qtrain improve tries what may change that"

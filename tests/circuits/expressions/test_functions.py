"""Formulas read from Qiskit's text against Qiskit's own values and finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit import Parameter
from random_expressions import EXPRESSIONS, NAMES, PARAMETERS

from qtrain.circuits.expressions import functions
from qtrain.circuits.expressions.functions import Functions
from qtrain.errors import QTrainError


def _value(expression, row):
    values = dict(zip(PARAMETERS, row))
    bound = expression.bind({p: values[p] for p in expression.parameters})
    return complex(bound).real


@settings(max_examples=150, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_values_and_derivatives_of_random_expressions(expressions, seed):
    points = np.random.default_rng(seed).uniform(0.1, 1.5, (3, len(NAMES)))
    found = Functions(expressions, NAMES)
    values, slopes = found.at(points)
    for row, value in zip(points, values):
        np.testing.assert_allclose(value, [_value(e, row) for e in expressions], rtol=1e-12, atol=1e-12)
    dense = np.zeros((len(points), len(expressions), len(NAMES)))
    for entry, (j, k) in enumerate(zip(found.rows, found.columns)):
        dense[:, j, k] += slopes[:, entry]
    step = 1e-5
    for k in range(len(NAMES)):
        shift = step * np.eye(len(NAMES))[k]
        wanted = (found.at(points + shift)[0] - found.at(points - shift)[0]) / (2 * step)
        np.testing.assert_allclose(dense[:, :, k], wanted, rtol=1e-6, atol=1e-6)


def test_expressions_of_one_shape_are_one_formula():
    vector = [Parameter(f"x{k}") for k in range(20)]
    pairs = [2 * (np.pi - p) * (np.pi - q) for i, p in enumerate(vector) for q in vector[:i]]
    found = Functions(pairs, [p.name for p in vector])
    assert len(found.shapes) == 1 and len(found) == 190


def test_what_cannot_be_read_is_left_to_qiskit(monkeypatch):
    a, b = PARAMETERS[:2]
    points = np.array([[0.3, 0.9, 0, 0], [1.3, 0.2, 0, 0]])
    fast = Functions([a * b, (a * b).tan()], NAMES).at(points)
    monkeypatch.setattr(functions, "_compiled", lambda node: lambda points: (points[0] * 0.999999, {}))  # misread
    slow = Functions([a * b, (a * b).tan()], NAMES).at(points)
    np.testing.assert_allclose(slow[0], fast[0], rtol=1e-13)
    np.testing.assert_allclose(slow[1], fast[1], rtol=1e-12)


@pytest.mark.parametrize("point", [-1.0, 0.0])
def test_angles_that_are_not_finite_are_named(point):
    a = PARAMETERS[0]
    with pytest.raises(QTrainError, match=r"finite and smooth.*log\(a\)"):
        Functions([a.log()], NAMES).at(np.full((1, 4), point))

"""Training of a template: within its evaluations, by both optimisers, to the optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.architecture import catalogue
from qtrain.circuits.program import lower
from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.statevector import values
from qtrain.studies.comparison.templates import fit
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.spec.tables import TrainingSpec

TASK = read_spec({"name": "t", "qubits": 3, "task": {"kind": "tfim"}}).task.build(3)
PROGRAM = lower(catalogue.real_amplitudes(reps=2).circuit(3))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 700), st.integers(0, 1000))
def test_evaluations_are_counted_and_kept_to(evaluations, seed):
    rows = 0
    gradient = StatevectorSurrogate.values_and_gradients

    def counting(self, weights):
        nonlocal rows
        rows += len(weights)
        return gradient(self, weights)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StatevectorSurrogate, "values_and_gradients", counting)
        found = fit(PROGRAM, TASK, TrainingSpec(), evaluations=evaluations, seed=seed)
    assert found.evaluations == rows <= evaluations
    energy = values(PROGRAM, TASK.observables[0], found.angles[None])[0]
    assert (energy - TASK.lowest) / abs(TASK.lowest) == pytest.approx(found.loss, abs=1e-9)


def test_more_evaluations_solve_it_and_it_stops_there():
    short = fit(PROGRAM, TASK, TrainingSpec(), evaluations=20, seed=1)
    found = fit(PROGRAM, TASK, TrainingSpec(), evaluations=50_000, seed=1)
    assert found.loss < 1e-12 < short.loss and found.evaluations < 25_000
    shallow = lower(catalogue.real_amplitudes(reps=1).circuit(3))  # does not reach the ground state
    best = fit(shallow, TASK, TrainingSpec(), evaluations=50_000, seed=1)
    rough = fit(shallow, TASK, TrainingSpec(), evaluations=50_000, seed=1, enough=best.loss + 0.1)
    assert best.loss - 1e-9 <= rough.loss < best.loss + 0.1 and rough.evaluations < best.evaluations


def test_given_angles_are_where_it_begins():
    found = fit(PROGRAM, TASK, TrainingSpec(), evaluations=50_000, seed=1)
    again = fit(PROGRAM, TASK, TrainingSpec(), evaluations=1, seed=2, angles=found.angles)
    assert again.evaluations == 1 and again.loss == pytest.approx(found.loss, abs=1e-12)
    np.testing.assert_array_equal(again.angles, found.angles)

"""Every simulator of the table passes its conformance suite; wrong ones do not."""

import dataclasses

import numpy as np
import pytest

from qtrain.simulators.evaluators import StatevectorSurrogate
from qtrain.simulators.table import SIMULATORS, Plan, Simulator
from qtrain.testing import check_simulator, small_costs


@pytest.mark.parametrize("name", sorted(SIMULATORS))
def test_every_row_conforms(name):
    check_simulator(name, seed=int(np.random.default_rng().integers(2**31)))


def test_each_kind_of_cost_is_there_for_some_row():
    """A suite whose costs every special row refuses would say nothing about them."""
    for name in ("sector", "g-sim", "free fermions", "near-Clifford", "cones", "contraction", "collective spin"):
        assert any(isinstance(SIMULATORS[name].plan(problem), Plan) for problem in small_costs().values()), name


class Bent(StatevectorSurrogate):
    def values_and_gradients(self, weights):
        values, slopes = super().values_and_gradients(weights)
        return values, slopes * 1.001


def built(problem, kind=StatevectorSurrogate, **changes):
    plan = SIMULATORS["statevector"].plan(problem)
    build = lambda: kind(problem.program, problem.observable, problem.budget.memory_bytes)  # noqa: E731
    return dataclasses.replace(plan, build=build, **changes)


@pytest.mark.parametrize("plan, message", [
    (lambda problem: "No.", "clause"),
    (lambda problem: "nothing fits", "at least"),
    (lambda problem: built(problem, Bent), "gradients"),
    (lambda problem: built(problem, operations=0.0), "operations"),
    (lambda problem: built(problem.but(observable=-problem.observable)), "values"),
], ids=["a sentence", "never", "bent gradients", "free of charge", "another sign"])  # fmt: skip
def test_wrong_rows_are_found(plan, message):
    with pytest.raises(AssertionError, match=message):
        check_simulator(Simulator("wrong", plan))

"""Costs of simulation: the cheapest certificate's, or a bound that holds for every circuit."""

from __future__ import annotations

import math

import pytest
from random_circuits import random_circuit, random_observable

from qtrain.architecture.architecture import Architecture, Layer
from qtrain.budget import Budget
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import lower
from qtrain.studies.criteria.simulation import certified


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_cheapest_certificate_and_never_above_the_statevector(seed):
    program, observable = lower(random_circuit(seed, n=4, rotations=6, gates=12)), random_observable(seed, n=4)
    found, cost = certified(program, observable, seed=0, budget=Budget(seconds=600))
    costs = [row.cost for row in found.certificates if row.applies]
    dense = math.log10(len(program)) + 4 * math.log10(2)
    assert cost.value <= max(dense, 0) + 1e-9
    assert cost.is_bound or cost.value == pytest.approx(math.log10(max(1, min(costs))))


def test_without_a_certificate_the_bound_is_flagged_and_larger_planning_is_never_worse():
    family = Architecture((Layer(("ry", "rz"), "cx", "ring"),), 4)
    program = lower(family.circuit(40))
    observable = as_observable(" + ".join("I" * q + "ZZ" + "I" * (38 - q) for q in range(39)), 40)
    costs = [
        certified(program, observable, seed=0, budget=Budget(seconds=600, max_planning=most, max_dimension=64))[1]
        for most in (100, 2000)
    ]
    assert costs[0].is_bound and costs[0].value >= costs[1].value

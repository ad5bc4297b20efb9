"""Sizes of algebras: exact by the verb without limits; what is cut off is bounded from above; growth orders families."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shared_angles import shared_circuit
from strategies_architecture import architectures

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture, Layer
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import lower
from qtrain.lie.dla import dla
from qtrain.studies.criteria import algebra
from qtrain.studies.criteria.algebra import EXPONENTIAL, UNDECIDED, growth, sizes
from qtrain.studies.criteria.figure import untied


@settings(max_examples=40, deadline=None)
@given(architectures(max_layers=2), st.sampled_from(["ZIIII", "ZZIII + 0.5*IXIII", "XYIII"]), st.integers(1, 60))
def test_bounds_are_above_and_values_are_those_of_the_verb(family, text, most):
    circuit, observable = family.circuit(5), as_observable(text, 5)
    assume(circuit.num_parameters)
    program = lower(circuit)
    true = dla(program, observable=observable, seconds=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algebra, "MOST", most)
        found = sizes(program, observable)
        quick = sizes(program, observable, close=False, module=False)
    for some in (found, quick):
        for figure, value in ((some.algebra, true.dimension), (some.module, true.module_dimension)):
            exact = math.log10(max(1, value))
            assert figure.value >= exact - 1e-9
            assert figure.is_bound or figure.value == pytest.approx(exact, abs=1e-12)
    assert found.dimension <= true.dimension and (not found.complete or found.dimension == true.dimension)


@pytest.mark.parametrize("seed", range(8))
def test_fixed_rotations_count_as_generators(seed):
    """The verb refuses a fixed rotation between weights; here data that are encoded again are no obstacle."""
    program, observable = lower(shared_circuit(seed, fixed=2)), as_observable("ZIII", 4)
    free = untied(program, shared=True)
    assert len(free.weights) == len(program.weights) + len(program.fixed_rotations)
    found = sizes(program, observable)
    assert found.complete
    assert found.dimension == dla(free, seconds=None).dimension
    assert untied(program).shared.sum() == 0


INDEPENDENT, SHARED = Architecture((Layer(("ry", "rz"), "cx"),), 3), catalogue.hva_tfim(reps=2)


def grown(family, n=7, numbers=(3, 4, 5, 6)):
    known = dla(lower(family.circuit(n)), max_dimension=512, seconds=None)
    return growth(lambda m: lower(family.circuit(m)), numbers, (n, known.dimension, known.complete))


def test_growth_orders_polynomials_undecided_and_exponentials():
    polynomial, exponential = grown(SHARED), grown(INDEPENDENT)
    assert polynomial.value == 2.0 and not polynomial.is_bound
    assert exponential.value == pytest.approx(EXPONENTIAL + 2, abs=0.2) and not exponential.is_bound
    ring = grown(catalogue.hva_tfim(topology="ring", reps=2))
    assert ring.value == 1.0
    undecided = growth(None, (3, 4), (7, 4**7 - 1, True))  # one size alone
    assert undecided.is_bound and UNDECIDED < undecided.value < EXPONENTIAL
    assert polynomial.value < undecided.value < exponential.value


def test_a_size_that_is_only_bounded_decides_nothing():
    found = growth(lambda n: lower(catalogue.hva_xxz().circuit(n)), (7, 8, 9), (10, 512, False))
    assert found.is_bound and UNDECIDED < found.value < EXPONENTIAL

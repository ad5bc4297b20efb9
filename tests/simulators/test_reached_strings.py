"""Near-Clifford circuits: the cost itself, from no more strings than branches make."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.program import lower
from qtrain.simulators.evaluators import ModuleSurrogate
from qtrain.simulators.gsim import module
from qtrain.simulators.reached_strings import reached_strings
from qtrain.simulators.statevector import values_and_gradients


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**9))
def test_strings_that_are_reached_give_the_cost(seed):
    """Shared and scaled angles, offsets, T gates, an identity term."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    circuit = random_circuit(seed, n=n, rotations=int(rng.integers(1, 12)), gates=12)
    names = list(circuit.parameters)
    if rng.random() < 0.5:
        circuit = circuit.assign_parameters(
            {p: names[int(rng.integers(len(names)))] * float(rng.choice([1, 0.5, -2])) + 0.2 for p in names}
        )
    circuit.t(0)
    circuit.h(0)
    observable = random_observable(seed, n=n) + SparsePauliOp("I" * n, [0.3])
    program = lower(circuit)
    space = reached_strings(program, observable)
    points = rng.uniform(0, 7, (5, program.num_weights))
    exact, slopes = values_and_gradients(program, observable, points)
    found, gradients = ModuleSurrogate(space).values_and_gradients(points)
    assert found == pytest.approx(exact, abs=1e-10)
    assert gradients == pytest.approx(slopes, abs=1e-10)
    branches = len(program.rotations) + len(program.fixed_rotations)
    assert space.dimension <= len(observable) * 2**branches
    closed = module(program, observable)
    assert space.dimension <= closed.dimension and space.cost <= closed.cost


def test_too_many_strings():
    program = lower(efficient_su2(6, reps=3))
    assert reached_strings(program, SparsePauliOp("ZIIIII"), max_strings=100) is None
    assert reached_strings(program, SparsePauliOp("ZIIIII"), max_pairs=100) is None

"""Reference states: what each claims, on small Hamiltonians."""

import itertools

import networkx as nx
import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector
from random_circuits import random_observable

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.circuits.program import lower
from qtrain.growth.mean_field import product_state
from qtrain.growth.pools import Setting
from qtrain.growth.references import REFERENCES, interactions
from qtrain.simulators.statevector import states as amplitudes
from qtrain.studies.tasks.spin_models import spin_model

LINE = [(q, q + 1) for q in range(5)]


def states(name, setting):
    """As amplitudes; the simulator knows every gate."""
    n = setting.num_qubits
    programs = [lower(build(gates, n)) for gates in REFERENCES[name](setting)]
    return [Statevector(amplitudes(program, np.zeros((1, 0)))[0]) for program in programs]


def energies(name, operator):
    found = states(name, Setting(operator.num_qubits, None, operator))
    return [state.expectation_value(operator).real for state in found]


@pytest.mark.parametrize("name", REFERENCES)
def test_every_row_gives_gates_that_architectures_hold(name):
    operator = random_observable(3, n=4, terms=5)
    for setting in (Setting(4, None, operator), Setting(4), Setting(4, ((0, 1), (1, 2), (2, 3)), operator)):
        found = REFERENCES[name](setting)
        assert found
        for gates in found:
            assert not any(gate.parameters for gate in gates)
            Architecture((), grown=(*gates, Gate("rx", (0,), (0,))), num_qubits=4)
            pairs = [gate.qubits for gate in gates if len(gate.qubits) > 1]
            assert all(setting.graph.has_edge(*pair) for pair in pairs)


def test_neel_states_are_both_colours():
    found = states("neel", Setting(4, None, spin_model(4, [(0, 2), (2, 1), (1, 3)], x=1, y=1, z=1)))
    assert [state.probabilities_dict().keys() for state in found] == [{"1100": 1}.keys(), {"0011": 1}.keys()]


def test_neel_states_of_parts_and_of_frustration():
    apart = Setting(4, None, spin_model(4, [(0, 1), (2, 3)], x=1, y=1, z=1))
    bits = {next(iter(state.probabilities_dict())) for state in states("neel", apart)}
    assert bits == {"0101", "1010", "0110", "1001"}
    operator = spin_model(6, LINE, x=1, y=1, z=1) + spin_model(
        6, [(q, q + 2) for q in range(4)], x=0.3, y=0.3, z=0.3
    )
    found = energies("neel", operator)
    assert min(found) == pytest.approx(operator.to_matrix().diagonal().real.min())


def test_strings_between_fermions_are_no_interactions():
    hop = SparsePauliOp.from_sparse_list(
        [("XZZX", [0, 1, 2, 3], 1.0), ("YZZY", [0, 1, 2, 3], 1.0), ("ZZ", [1, 2], 5.0)], 4
    )
    assert set(interactions(Setting(4, None, hop)).edges) == {(0, 3), (1, 2)}
    assert set(interactions(Setting(4, None, hop), hops=True).edges) == {(0, 3)}


def test_singlets_have_no_spin_and_cover_the_chain():
    operator = spin_model(6, LINE, x=1, y=1, z=1)
    spin = sum(
        (
            spin_model(6, list(itertools.combinations(range(6), 2)), x=2, y=2, z=2),
            SparsePauliOp("I" * 6, 18.0),
        ),
        start=SparsePauliOp("I" * 6, 0.0),
    )
    found = states("singlets", Setting(6, None, operator))
    assert len(found) >= 2
    assert [state.expectation_value(spin).real for state in found] == [pytest.approx(0, abs=1e-9)] * len(
        found
    )
    assert found[0].expectation_value(operator).real == pytest.approx(-9)  # three bonds of -3
    dimers = spin_model(6, [(1, 2), (3, 4), (5, 0)], x=1, y=1, z=1) + 0.1 * operator
    assert energies("singlets", dimers)[0] == pytest.approx(-9 - 0.1 * 6)


@pytest.mark.parametrize("seed", range(8))
def test_product_is_what_the_mean_field_says(seed):
    operator = random_observable(seed, n=4, terms=8)
    real = not ((operator.paulis.x & operator.paulis.z).sum(axis=1) % 2).any()
    (energy,) = energies("product", operator)
    assert energy == pytest.approx(product_state(operator, real=real).energy, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_determinant_is_the_lowest_basis_state(seed):
    operator = random_observable(seed, n=4, terms=8) + SparsePauliOp(
        ["XXII", "IYYZ", "ZXIX", "IIIX", "XIII"], [0.1] * 5
    )
    (energy,) = energies("determinant", operator)
    assert energy == pytest.approx(operator.to_matrix().diagonal().real.min())


@pytest.mark.parametrize("seed", range(4))
def test_clifford_is_a_stabiliser_state_below_the_other_rows(seed):
    operator = random_observable(seed, n=4, terms=8)
    setting = Setting(4, None, operator)
    (state,) = states("clifford", setting)
    others = [
        e for name in ("zero", "plus", "neel", "singlets", "determinant") for e in energies(name, operator)
    ]
    assert state.expectation_value(operator).real <= min(others) + 1e-9
    values = [
        state.expectation_value(SparsePauliOp("".join(s))).real for s in itertools.product("IXYZ", repeat=4)
    ]
    assert np.isclose(np.abs(values), 1).sum() == 16
    assert np.isclose(values, 0).sum() == 4**4 - 16


def test_clifford_finds_a_graph_state():
    graph = nx.cycle_graph(5)
    terms = [("X" + "Z" * 2, [q, *graph[q]], -1.0) for q in graph]
    assert energies("clifford", SparsePauliOp.from_sparse_list(terms, 5)) == [pytest.approx(-5)]


def test_hundred_qubits():
    setting = Setting(100, None, spin_model(100, [(q, q + 1) for q in range(99)], x=1, y=1, z=1))
    for name in ("zero", "plus", "neel", "singlets", "determinant", "product"):
        assert REFERENCES[name](setting)

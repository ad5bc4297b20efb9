"""What the table says of known models, and that what it names is there."""

import math

import networkx as nx
import numpy as np
import pytest
from qiskit.quantum_info import Pauli, SparsePauliOp

from qtrain.architecture.build import build
from qtrain.circuits.program import lower
from qtrain.growth.islands import (
    ISLANDS,
    conserving_starts,
    family_pools,
    island_starts,
    islands,
    spin_starts,
)
from qtrain.growth.pools import OPERATOR_POOLS, Setting
from qtrain.growth.references import REFERENCES
from qtrain.simulators.statevector import values
from qtrain.studies.propose.pools import POOLS
from qtrain.studies.tasks.max_cut import max_cut
from qtrain.studies.tasks.spin_models import spin_model

LINE = [(q, q + 1) for q in range(5)]
FIELD = SparsePauliOp.from_sparse_list([("Z", [q], 0.1 * (q + 1) ** 2) for q in range(6)], 6)


def hubbard():
    hops = [(f"{s}Z{s}", [q, q + 1, q + 2], -0.5) for q in range(4) for s in "XY"]
    return SparsePauliOp.from_sparse_list(hops + [("ZZ", [q, q + 1], 1.0) for q in (0, 2, 4)], 6)


MODELS = {
    "ising": (spin_model(6, LINE, z=-1, field_x=-1), ["flip", "terms"]),
    "xy": (spin_model(6, LINE, x=1, y=0.7), ["flip", "matchgates", "terms"]),
    "xxz": (spin_model(6, LINE, x=1, y=1, z=0.5), ["number", "terms"]),
    "disordered": (spin_model(6, LINE, x=1, y=1, z=1) + FIELD, ["number", "terms"]),
    "heisenberg": (spin_model(6, LINE, x=1, y=1, z=1), ["spin", "number", "terms"]),
    "alike": (spin_model(4, [(a, b) for a in range(4) for b in range(a)], z=1, field_x=1), ["flip", "permutations", "terms"]),
    "hubbard": (hubbard(), ["fermions", "terms"]),
    "cut": (max_cut(nx.random_regular_graph(3, 6, seed=1).edges, 6), ["cut", "terms"]),
    "nothing": (spin_model(6, LINE, z=1) + SparsePauliOp(["XYZIII", "IIXIII", "IIIYIZ", "IIIIIZ"], [1, 0.3, 0.2, 0.4]), ["terms"]),
}


def setting(name):
    operator = MODELS[name][0]
    return Setting(operator.num_qubits, None, operator)


@pytest.mark.parametrize("name", MODELS)
def test_islands_of_known_models(name):
    assert list(islands(setting(name))) == MODELS[name][1]
    assert family_pools(setting(name))


def test_data_have_an_island_of_their_own():
    assert list(islands(Setting(4))) == ["data"]
    assert island_starts(Setting(4)) == ()
    assert REFERENCES["auto"](Setting(4))
    assert OPERATOR_POOLS["auto"](Setting(4)) == list(OPERATOR_POOLS["hardware"](Setting(4)))


@pytest.mark.parametrize("name", ISLANDS)
def test_names_are_those_of_rows(name):
    island = ISLANDS[name]
    assert island.why
    assert all(row in REFERENCES for row in island.references)
    assert all(row in OPERATOR_POOLS for row in island.operator_pools)
    assert all(row in POOLS for row in island.family_pools)


@pytest.mark.parametrize("name", MODELS)
def test_references_of_the_islands_have_the_parities_that_pools_keep(name):
    here = setting(name)
    operator = here.hamiltonian
    found = REFERENCES["auto"](here)
    assert found
    programs = [lower(build(gates, operator.num_qubits)) for gates in found]
    energies = [values(p, operator, np.zeros((1, 0)))[0] for p in programs]
    assert np.allclose(energies, sorted(energies))
    for label in here.symmetries.parities:
        means = [values(p, SparsePauliOp(label), np.zeros((1, 0)))[0] for p in programs]
        assert np.allclose(np.abs(means), 1)
    pool = OPERATOR_POOLS["auto"](here)
    assert pool
    for gate in pool:
        terms = SparsePauliOp.from_sparse_list([(s, list(q), c) for s, q, c in gate.terms], operator.num_qubits)
        assert all(terms.paulis.commutes(Pauli(label)).all() for label in here.symmetries.parities)


@pytest.mark.parametrize("name", ["xxz", "disordered", "hubbard", "heisenberg"])
def test_conserving_starts_conserve(name):
    here = setting(name)
    found = [*conserving_starts(here), *(spin_starts(here) if name == "heisenberg" else ())]
    assert len(found) > 6
    n = here.num_qubits
    number = SparsePauliOp.from_sparse_list([("Z", [q], 1.0) for q in range(n)], n)
    square = (number @ number).simplify()
    for architecture in found:
        program = lower(architecture.circuit(n))
        angles = np.random.default_rng(1).uniform(-math.pi, math.pi, (3, len(program.weights)))
        means = values(program, number, angles)
        assert np.allclose(means, means[0])
        assert np.allclose(values(program, square, angles), means**2)
        assert architecture.num_parameters(n) == len(program.weights)


def test_starts_on_a_chain_are_families_for_every_width():
    found = conserving_starts(setting("xxz"))
    assert any(a.num_qubits is None and a.initial == "neel" for a in found)
    assert len({a.content_id for a in island_starts(setting("xxz"))}) == len(island_starts(setting("xxz")))

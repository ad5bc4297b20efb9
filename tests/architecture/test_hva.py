"""Ansätze of a Hamiltonian's own terms: what each angle generates, against dense matrices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp
from scipy.linalg import expm

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.hva import commuting_groups, hva, units_of
from qtrain.errors import QTrainError

N = 3
LABELS = ["".join(letters) for letters in itertools.product("IXYZ", repeat=N)][1:]
HAMILTONIANS = st.dictionaries(
    st.sampled_from(LABELS), st.sampled_from([1.0, -1.0, 0.5, 2.0]), min_size=1, max_size=7
).map(lambda terms: SparsePauliOp(list(terms), list(terms.values())))


def generators(architecture: Architecture) -> list[dict[str, float]]:
    """G_k of every angle alone, U(θ e_k) = exp(-i θ G_k / 2) U(0), as Pauli coefficients; it has to be so exactly."""
    circuit = architecture.circuit()
    count = circuit.num_parameters
    ground = Operator(circuit.assign_parameters(np.zeros(count))).data
    found = []
    for k in range(count):
        def unitary(angle, k=k):
            return Operator(circuit.assign_parameters(angle * np.eye(count)[k])).data @ ground.conj().T

        step = 1e-4
        slope = (8 * (unitary(step) - unitary(-step)) - unitary(2 * step) + unitary(-2 * step)) / (12 * step)
        generator = 2j * slope
        np.testing.assert_allclose(unitary(0.7), expm(-0.35j * generator), atol=1e-8)
        dimension = 2**architecture.num_qubits
        weights = {label: np.trace(Pauli(label).to_matrix() @ generator).real / dimension
                   for label in map("".join, itertools.product("IXYZ", repeat=architecture.num_qubits))}  # fmt: skip
        found.append({label: w for label, w in weights.items() if abs(w) > 1e-7})
    return found


@settings(max_examples=25, deadline=None)
@given(HAMILTONIANS, st.sampled_from(["shared", "independent"]))
def test_every_angle_generates_a_part_of_the_hamiltonian_in_its_proportions(hamiltonian, sharing):
    parts = generators(hva(hamiltonian, sharing=sharing))
    terms = {pauli: c.real for pauli, c in hamiltonian.to_list()}
    if all(set(label) <= set("IZ") for label in terms):  # QAOA's mixer
        terms |= {"I" * (N - 1 - q) + "X" + "I" * q: 1.0 for q in range(N)}
    assert sorted(label for part in parts for label in part) == sorted(terms)  # each term once, and nothing else
    for part in parts:
        ratios = [weight / terms[label] for label, weight in part.items()]
        np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(HAMILTONIANS)
def test_units_and_groups_commute_and_hold_every_term_once(hamiltonian):
    units = units_of(hamiltonian)
    assert sum(len(u.terms) for u in units) == len(hamiltonian)
    groups = commuting_groups(units)
    assert sorted(u.qubits for group in groups for u in group) == sorted(u.qubits for u in units)
    for group in groups:
        paulis = [SparsePauliOp.from_sparse_list([(w, list(u.qubits), 1)], N).paulis[0] for u in group for w, _ in u.terms]
        assert all(a.commutes(b) for a, b in itertools.combinations(paulis, 2))


def test_hops_keep_the_number_of_excitations_with_independent_angles():
    chain = SparsePauliOp.from_sparse_list(
        [(p, [q, q + 1], c) for q in range(3) for p, c in (("XX", 1), ("YY", 1), ("ZZ", 0.3))] + [("Z", [1], 0.7)], 4
    )
    charge = SparsePauliOp.from_sparse_list([("Z", [q], 1) for q in range(4)], 4).to_matrix()
    for sharing, initial in itertools.product(("shared", "independent"), ("neel", "singlets")):
        family = hva(chain, reps=2, sharing=sharing, initial=initial, reverse=initial == "singlets")
        circuit = family.circuit()
        angles = np.random.default_rng(1).uniform(0, 6, circuit.num_parameters)
        state = Operator(circuit.assign_parameters(angles)).data[:, 0]
        np.testing.assert_allclose(charge @ state, 0 * state, atol=1e-9)
    assert hva(chain, sharing="independent").num_parameters() == 7  # a hop and a ZZ on each bond, one field
    assert hva(chain, sharing="shared").num_parameters() == 5  # two rounds of bonds, and the field


def test_weights_of_a_graph_weigh_the_shared_angle():
    weighted = SparsePauliOp(["IZZ", "ZZI"], [0.5, -1.5])
    shared = hva(weighted)
    assert shared.grown[:2] == (Gate("rzz", (0, 1), ((0, -1 / 3),)), Gate("rzz", (1, 2), (0,)))
    assert hva(weighted, sharing="independent").num_parameters() == 5


@pytest.mark.parametrize("operator, options, message", [
    (SparsePauliOp(["II"]), {}, "hamiltonian should have a term besides the identity"),
    (SparsePauliOp(["XX"], [1j]), {}, "hamiltonian should be Hermitian"),
    (SparsePauliOp(["XX"]), {"sharing": "some"}, "sharing should be one of shared, independent. Got 'some'"),
    (SparsePauliOp(["XX"]), {"reps": 0}, "reps should be a whole number of at least 1. Got 0."),
])  # fmt: skip
def test_errors_are_one_sentence(operator, options, message):
    with pytest.raises(QTrainError, match=message):
        hva(operator, **options)

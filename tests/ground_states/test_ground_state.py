"""DMRG against exact diagonalisation and free fermions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain.ground_states.ground_state import ground_state
from qtrain.studies.tasks.spin_models import free_fermion_ends, spin_model


def ising(n, coupling, field):
    return spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-coupling, field_x=-field)


def lowest(operator):
    return float(np.linalg.eigvalsh(operator.to_matrix())[0])


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 6), terms=st.integers(2, 12))
def test_any_sum_of_strings_against_exact_diagonalisation(seed, n, terms):
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), n)) for _ in range(terms)]
    operator = SparsePauliOp(labels, rng.normal(size=terms)).simplify()
    found = ground_state(operator, bond=8, seed=seed)
    vector = found.statevector()
    assert np.vdot(vector, vector).real == pytest.approx(1.0, abs=1e-10)
    energy = np.vdot(vector, operator.to_matrix() @ vector).real  # of the state itself, bit order included
    assert found.energy == pytest.approx(energy, abs=1e-7)
    assert found.expectation(operator) == pytest.approx(energy, abs=1e-9)
    assert lowest(operator) - 1e-9 <= energy <= lowest(operator) + 2e-2 * np.abs(operator.coeffs).sum()


@pytest.mark.parametrize("symmetry", [None, "magnetization"])
def test_the_heisenberg_chain_with_alternating_bonds(symmetry):
    operator = SparsePauliOp.from_sparse_list(
        [(2 * p, [q, q + 1], 1.0 if q % 2 else 0.4) for q in range(9) for p in "XYZ"], num_qubits=10
    )
    found = ground_state(operator, bond=32, symmetry=symmetry)
    assert found.energy == pytest.approx(lowest(operator), abs=1e-8)
    assert all(np.isrealobj(tensor) for tensor in found.tensors)


def test_two_rows_of_a_grid():
    pairs = [(0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (2, 4), (4, 6), (1, 3), (3, 5), (5, 7)]
    operator = spin_model(8, pairs, z=-1.0, field_x=-2.0)
    assert ground_state(operator, bond=16).energy == pytest.approx(lowest(operator), abs=1e-8)


def test_parity_keeps_the_symmetric_ground_state():
    """In the ordered phase two states differ by parity; without it one meets a sum of them, which may be magnetised."""
    operator = ising(10, 1.0, 0.3)
    found = ground_state(operator, bond=16, symmetry="parity")
    assert found.energy == pytest.approx(lowest(operator), abs=1e-9)
    assert found.expectation(SparsePauliOp("X" * 10)) == pytest.approx(1.0, abs=1e-9)
    assert found.expectation("IIIIZIIIII") == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("field", [1.5, 1.0])
def test_64_sites_against_free_fermions(field):
    found = ground_state(ising(64, 1.0, field), bond=24, tolerance=1e-8)
    exact = free_fermion_ends(-1.0, np.full(64, -field))[0]
    assert exact - 1e-9 <= found.energy <= exact * (1 - 1e-6)


def test_a_neighbouring_state_is_a_start():
    first = ground_state(ising(32, 1.0, 1.5), bond=12)
    found = ground_state(ising(32, 1.0, 1.6), bond=12, start=first)
    exact = free_fermion_ends(-1.0, np.full(32, -1.6))[0]
    assert found.energy == pytest.approx(exact, abs=1e-6) and found.sweeps < first.sweeps


@pytest.mark.parametrize("bond", [1, 2, 3])
def test_the_energy_is_that_of_the_state_where_bonds_are_cut(bond):
    """Two sites before their truncation have a lower one."""
    rng = np.random.default_rng(bond)
    operator = SparsePauliOp(["YXYZ", "ZZYY", "XIXX", "XIZI", "IXXI", "YYXI", "YIIY"], rng.normal(size=7))
    found = ground_state(operator, bond=bond)
    assert found.truncation_error > 1e-3
    assert found.energy == pytest.approx(found.expectation(operator), abs=1e-10)


@pytest.mark.parametrize("text", ["ZZ + XI", "Z"])
def test_a_sweep_needs_three_sites(text):
    with pytest.raises(qtrain.QTrainError, match="at least 3 qubits"):
        ground_state(text)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"symmetry": "magnetization"}, "conserve the magnetization"), ({"symmetry": "spin"}, "symmetry should be"),
        ({"bond": 0}, "bond should be a whole number of at least 1"), ({"start": [0, 1]}, "3 bits"), ({"start": [0, 1, 2]}, "3 bits"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(options, words):
    with pytest.raises(qtrain.QTrainError, match=words):
        ground_state("ZZI + IZZ + XII + IXI + IIX + ZII", **options)

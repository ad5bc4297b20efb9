"""What a matrix product says of its state, and the chains that are made longer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

import qtrain
from qtrain.ground_states.ground_state import ground_state
from qtrain.ground_states.matrix_product import GroundState, right_canonical
from qtrain.studies.tasks.spin_models import free_fermion_ends, spin_model


def some_state(rng, n, bond):
    sizes = [1, *rng.integers(1, bond + 1, n - 1), 1]
    tensors = [rng.normal(size=(a, 2, b)) + 1j * rng.normal(size=(a, 2, b)) for a, b in zip(sizes, sizes[1:])]
    return GroundState(right_canonical(tensors), 0.0, 0.0, 0), tensors


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 7))
def test_expectations_are_those_of_the_state_vector(seed, n):
    rng = np.random.default_rng(seed)
    state, _ = some_state(rng, n, 4)
    operator = SparsePauliOp(["".join(rng.choice(list("IXYZ"), n)) for _ in range(5)], rng.normal(size=5))
    vector = state.statevector()
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert state.expectation(operator) == pytest.approx(np.vdot(vector, operator.to_matrix() @ vector).real, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 6))
def test_the_canonical_form_is_the_same_state(seed, n):
    state, tensors = some_state(np.random.default_rng(seed), n, 4)
    plain = GroundState(tuple(tensors), 0.0, 0.0, 0).statevector()
    assert abs(np.vdot(plain, state.statevector())) == pytest.approx(np.linalg.norm(plain))
    for tensor in state.tensors:
        flat = tensor.reshape(len(tensor), -1)
        np.testing.assert_allclose(flat @ flat.conj().T, np.eye(len(flat)), atol=1e-10)


def chain(n):
    return spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-2.0)


@pytest.fixture(scope="module")
def gapped():
    return ground_state(chain(48), bond=10)


def test_a_gapped_chain_is_lengthened(gapped):
    """Against free fermions at 256 sites."""
    longer = gapped.lengthened(256, chain(256), cell=1)
    exact = free_fermion_ends(-1.0, np.full(256, -2.0))[0]
    assert exact - 1e-9 <= longer.energy <= exact + 1e-4
    assert longer.num_qubits == 256


def test_it_survives_its_file(gapped, tmp_path):
    gapped.save(tmp_path / "state.npz")
    again = GroundState.load(tmp_path / "state.npz")
    assert (again.energy, again.truncation_error, again.sweeps) == (gapped.energy, gapped.truncation_error, gapped.sweeps)
    for mine, stored in zip(gapped.tensors, again.tensors):
        np.testing.assert_array_equal(mine, stored)


@pytest.mark.parametrize("n, cell", [(47, 1), (51, 2), (60, 12)])
def test_lengths_that_do_not_fit_are_refused(gapped, n, cell):
    with pytest.raises(qtrain.QTrainError, match="plus a multiple of"):
        gapped.lengthened(n, cell=cell)


def test_too_long_for_a_state_vector(gapped):
    with pytest.raises(qtrain.QTrainError, match="at most 24"):
        gapped.statevector()

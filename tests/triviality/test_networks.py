"""What networks, kernels, moments and surrogates compute, against Qiskit's own operators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import efficient_su2, z_feature_map, zz_feature_map
from qiskit.quantum_info import Pauli, Statevector, partial_trace, random_statevector

from qtrain.triviality import surrogates
from qtrain.triviality.moments import expectations, local_moments, strings
from qtrain.triviality.networks import FidelityKernel, Network, as_real, reduced, without_entanglers


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_moments_are_expectation_values(n, seed):
    state = random_statevector(2**n, seed)
    for order in range(1, min(n, 3) + 1):
        found = expectations(state.data[None], strings(n, order))[0]
        labels = [
            "".join("IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in reversed(range(n))) for x, z in strings(n, order)
        ]
        assert found == pytest.approx([state.expectation_value(Pauli(label)).real for label in labels], abs=1e-12)
        assert local_moments(state.data[None], order)[0] == pytest.approx(found, abs=1e-12)


def test_kernels_are_overlaps():
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(4, 3))
    for product, library in ((False, zz_feature_map), (True, z_feature_map)):
        kernel = FidelityKernel(product=product)
        rows = kernel._rows(X, 0.3)
        states = [Statevector(library(3, reps=2).assign_parameters(np.pi * 0.3 * x)) for x in X]
        wanted = [[abs(a.inner(b)) ** 2 for b in states] for a in states]
        assert kernel._gram(rows, rows) == pytest.approx(np.array(wanted), abs=1e-12)


def test_product_kernel_of_states_is_that_of_their_qubits():
    states = [random_statevector(8, seed) for seed in range(3)]
    table = np.array([s.data for s in states])
    for q in range(3):
        rest = [k for k in range(3) if k != q]
        wanted = [partial_trace(s, rest).data for s in states]
        assert reduced(table)[:, q] == pytest.approx(np.array(wanted), abs=1e-12)
    kernel = FidelityKernel(product=True, quantum=True)
    gram = kernel._gram(rows := kernel._rows(as_real(table), 1.0), rows)
    assert np.diag(gram) == pytest.approx(1) and np.linalg.eigvalsh(gram).min() > -1e-12


def test_without_entanglers_nothing_couples():
    left = without_entanglers(efficient_su2(3, reps=2).decompose())
    assert left.num_nonlocal_gates() == 0 and left.num_parameters == 18


@pytest.mark.parametrize("quantum", [False, True])
def test_surrogate_of_full_weight_is_the_network(quantum, monkeypatch):
    """Cut at nothing, it computes the network's own readouts."""
    rng = np.random.default_rng(1)
    X = as_real(np.array([random_statevector(8, k).data for k in range(12)])) if quantum else rng.normal(size=(12, 3))
    y = np.arange(12) % 2
    network = Network("efficient_su2", num_qubits=3, steps=3, random_state=0, quantum=quantum).fit(X, y)
    weights = np.broadcast_to(network.weights_, (12, len(network.weights_)))
    wanted = network._seen(weights, network._angles(X))
    cut = surrogates.LowWeight().fit(X, y, network).evaluate_(X)
    monkeypatch.setattr(surrogates, "WEIGHT", 3)
    assert surrogates.LowWeight().fit(X, y, network).evaluate_(X) == pytest.approx(wanted, abs=1e-10)
    assert np.abs(cut - wanted).max() > 1e-6


def test_fourier_terms_hold_products_of_two_angles():
    x = np.array([[0.3, 1.1, 2.0]])
    found = surrogates.Fourier(2).fit_transform(x)[0]
    assert len(found) == 12 + 3 * 16
    for value in (np.sin(0.6), np.cos(0.3) * np.sin(2.2), np.sin(0.6) * np.cos(4.0)):
        assert np.isclose(found, value).any()

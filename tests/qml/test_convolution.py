"""The network's image on Pauli strings against its circuit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Statevector

import qtrain
from qtrain.qml.convolution import ConvolutionalNetwork, block_matrix
from qtrain.simulators.statevector import values


def states(rng, n, count=2):
    found = rng.normal(size=(count, 2**n)) + 1j * rng.normal(size=(count, 2**n))
    return found / np.linalg.norm(found, axis=1)[:, None]


def expectations(image, vectors):
    return np.array([[Statevector(v).expectation_value(p).real for p in image.paulis()] for v in vectors])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_an_image_that_forgets_nothing_is_exact(seed):
    rng = np.random.default_rng(seed)
    network = ConvolutionalNetwork(4)
    image = network.image(weight=4, reach=4)
    weights, vectors = rng.uniform(-np.pi, np.pi, network.num_weights), states(rng, 4)
    exact = values(qtrain.lower(network.circuit()), network.observables(), [weights] * 2, start=vectors)
    np.testing.assert_allclose(expectations(image, vectors) @ image.coefficients(weights).T, exact, atol=1e-10)


def test_what_is_forgotten_is_small_near_the_identity():
    rng = np.random.default_rng(3)
    network = ConvolutionalNetwork(8)
    image, vectors = network.image(weight=2, reach=8), states(rng, 8)
    away = []
    for spread in (0.1, 0.02):
        weights = spread * rng.normal(size=network.num_weights)
        exact = values(qtrain.lower(network.circuit()), network.observables(), [weights] * 2, start=vectors)
        away.append(np.abs(expectations(image, vectors) @ image.coefficients(weights).T - exact)[:, :2].max())
    assert away[1] < 0.1 * away[0] < 1e-2


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.sampled_from([4, 8, 16]), weight=st.integers(1, 3), reach=st.integers(1, 3))
def test_the_gradient_is_that_of_the_coefficients(seed, n, weight, reach):
    rng = np.random.default_rng(seed)
    network = ConvolutionalNetwork(n)
    image, weights = network.image(weight=weight, reach=reach), rng.normal(size=network.num_weights)
    slopes, direction = rng.normal(size=(3, len(image))), rng.normal(size=network.num_weights)
    ahead, back = (image.coefficients(weights + s * 1e-5 * direction) for s in (1, -1))
    found = image.pull(weights, slopes) @ direction
    assert found == pytest.approx(np.sum(slopes * (ahead - back)) / 2e-5, rel=1e-5, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), weight=st.integers(1, 3), reach=st.integers(1, 5))
def test_strings_stay_light(seed, weight, reach):
    """And no larger than what they are an image of: coefficients only lose weight."""
    network = ConvolutionalNetwork(16)
    image, rng = network.image(weight=weight, reach=reach), np.random.default_rng(seed)
    strings = image.paulis()
    touched = strings.x | strings.z
    assert touched.sum(axis=1).max() <= weight and touched.any(axis=1).all()
    assert len({p.to_label() for p in strings}) == len(image)
    size = (image.coefficients(rng.normal(size=network.num_weights)) ** 2).sum(axis=1)
    assert size.max() <= 1 + 1e-9


def test_a_block_is_orthogonal():
    matrix = block_matrix(np.random.default_rng(0).normal(size=15))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(16), atol=1e-12)
    np.testing.assert_allclose(matrix[0], np.eye(16)[0], atol=1e-12)


@pytest.mark.parametrize("n", [2, 12, 8.0])
def test_sizes_are_powers_of_two(n):
    with pytest.raises(qtrain.QTrainError, match="power of two"):
        ConvolutionalNetwork(n)


def test_weights_of_another_length_are_refused():
    with pytest.raises(qtrain.QTrainError, match="weights should be finite numbers of shape"):
        ConvolutionalNetwork(4).image().coefficients(np.zeros(3))
    with pytest.raises(qtrain.QTrainError, match="at least 1"):
        ConvolutionalNetwork(4).image(weight=0)

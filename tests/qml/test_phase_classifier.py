"""The classifier on states, and on what an image reads of them."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

import qtrain


@pytest.fixture(scope="module")
def data():
    """States of four qubits, turned about Y by little or by much; exact expectations of all strings."""
    rng = np.random.default_rng(5)
    network = qtrain.ConvolutionalNetwork(4)
    image, labels, states = network.image(weight=4, reach=4), np.arange(12) % 2, []
    for label in labels:
        vector = np.ones(1)
        for angle in label * 1.5 + 0.4 * rng.normal(size=4):
            vector = np.kron([np.cos(angle / 2), np.sin(angle / 2)], vector)
        states.append(vector)
    features = np.array([[Statevector(v).expectation_value(p).real for p in image.paulis()] for v in states])
    return network, image, np.array(states), features, labels


def test_the_surrogate_that_forgets_nothing_is_the_network(data):
    network, image, states, features, labels = data
    options = {"num_classes": 2, "steps": 12, "seed": 3}
    quantum = qtrain.PhaseClassifier(network, **options).fit(states, labels)
    classical = qtrain.PhaseClassifier(network, image, **options).fit(features, labels)
    np.testing.assert_allclose(classical.losses, quantum.losses, rtol=1e-7)
    np.testing.assert_allclose(classical.readouts(features), quantum.readouts(states), atol=1e-6)
    assert quantum.losses[-1] < quantum.losses[0]
    assert classical.predict(features).tolist() == quantum.predict(states).tolist()


def test_validation_chooses_the_step(data):
    network, image, _, features, labels = data
    wrong = 1 - labels  # whatever is learnt makes this worse
    model = qtrain.PhaseClassifier(network, image, num_classes=2, steps=30, seed=1)
    model.fit(features, labels, (features, wrong))
    first = qtrain.PhaseClassifier(network, image, num_classes=2, steps=0, seed=1).fit(features, labels)
    assert model.score(features, labels) <= 0.5 or np.allclose(model.point, first.point)
    model.fit(features, labels, (features, labels))
    assert model.score(features, labels) == 1.0


def test_an_image_of_another_network_is_refused(data):
    with pytest.raises(qtrain.QTrainError, match="of this network"):
        qtrain.PhaseClassifier(qtrain.ConvolutionalNetwork(8), data[1], num_classes=2)

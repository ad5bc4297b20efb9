"""Classical stand-ins of a quantum model: trained instead of it, or read off it once it is trained."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression

from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.errors import TooLargeError
from qtrain.simulators.pauli_propagation import low_weight
from qtrain.simulators.statevector import states
from qtrain.triviality.moments import expectations, strings
from qtrain.triviality.networks import Network, as_states

WEIGHT = 2


class Fourier(TransformerMixin, BaseEstimator):
    """Cosines and sines of each angle, and their products of two angles.

    What a model with angle encoding computes is a trigonometric polynomial of its angles, with frequencies up to the
    number of uploads (2008.08605): a linear model on these terms is a surrogate of it (2206.11740), of two angles at
    most in each term.

    Args:
        frequencies: the largest.

    Example:
        >>> Fourier().fit_transform(np.zeros((1, 2))).tolist()
        [[1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
    """

    def __init__(self, frequencies: int = 1) -> None:
        self.frequencies = frequencies

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> Fourier:
        """Nothing is learned."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """(samples, angles) in radians -> (samples, terms)."""
        waves = np.stack(
            [wave(k * X) for k in range(1, self.frequencies + 1) for wave in (np.cos, np.sin)], axis=1
        )  # (samples, waves, angles)
        single = waves.reshape(len(X), -1)
        pairs = [
            (waves[:, :, None, a] * waves[:, None, :, b]).reshape(len(X), -1)
            for a, b in combinations(range(X.shape[1]), 2)
        ]
        return np.concatenate([single, *pairs], axis=1)


class LowWeight(ClassifierMixin, BaseEstimator):
    """A trained network, its observables followed to the data and cut at Pauli strings on two qubits (2409.01706).

    Network on features: heavier strings are dropped wherever they appear. On states: the strings at the data, which
    are measured there. The readout is fitted again to what is left.
    """

    def fit(self, X: np.ndarray, y: np.ndarray, network: Network) -> LowWeight:
        """The weights are those of ``network``, which was fitted on the same rows."""
        self.evaluate_ = _on_states(network) if network.quantum else _on_features(network)
        self.readout_ = LogisticRegression(C=100.0, class_weight="balanced", max_iter=500)
        self.readout_.fit(self.evaluate_(X), y)
        self.classes_ = self.readout_.classes_
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(samples,): classes."""
        return np.asarray(self.readout_.predict(self.evaluate_(X)))


def _on_features(network: Network):  # type: ignore[no-untyped-def]
    circuit, inputs = network.circuit()
    program, (own, observables) = lower(circuit), network._compiled()
    tape = build_tape(program)
    parts = [low_weight(program, tape, observable, WEIGHT) for observable in observables]
    if any(part is None for part in parts):
        raise TooLargeError("network should have a surrogate of few Pauli strings. Got too many.")
    at_data = [program.weights.index(p.name) for p in inputs]
    at_weights = [program.weights.index(name) for name in own.weights]

    def evaluate(X: np.ndarray) -> np.ndarray:
        theta = np.zeros((len(X), program.num_weights))
        order = [own.inputs.index(p.name) for p in inputs]
        theta[:, at_data] = network._angles(X)[:, order]
        theta[:, at_weights] = network.weights_
        return np.stack([part.costs(theta) for part in parts if part is not None], axis=1)

    return evaluate


def _on_states(network: Network):  # type: ignore[no-untyped-def]
    program, observables = network._compiled()
    n = network.num_qubits_
    masks = [mask for order in range(1, WEIGHT + 1) for mask in strings(n, order)]
    masks.sort()
    weights = np.broadcast_to(network.weights_, (2**n, program.num_weights))
    unitary = states(program, weights, start=np.eye(2**n, dtype=complex))  # row b: U|b>
    index = np.arange(2**n)
    image = np.zeros((len(observables), len(masks)))
    for m, observable in enumerate(observables):
        matrix = unitary.conj() @ (observable.to_matrix(sparse=True) @ unitary.T)  # U†OU
        for k, (x, z) in enumerate(masks):
            signs = 1.0 - 2.0 * (np.bitwise_count(index & z) & 1)
            phase = 1j ** int(np.bitwise_count(x & z) % 4)
            image[m, k] = (phase * (signs * matrix[index, index ^ x]).sum()).real / 2**n

    def evaluate(X: np.ndarray) -> np.ndarray:
        return np.asarray(expectations(as_states(X), masks) @ image.T)

    return evaluate

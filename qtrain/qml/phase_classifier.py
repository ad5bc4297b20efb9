"""A convolutional network that names phases: trained on states, or classically on what its image reads of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError, check_number, check_whole, shortened
from qtrain.json_results import Shown, count, number
from qtrain.qml.adam import Adam
from qtrain.qml.convolution import ConvolutionalNetwork, HeisenbergImage, as_numbers
from qtrain.simulators.statevector import values, values_and_gradients

SPREAD = 0.2  # of the angles it starts from, in radians


class PhaseClassifier(Shown):
    """Classes by a soft maximum of affine functions of the network's read-outs; angles and these are trained by Adam.

    The same loss, start and steps either way: with ``image`` None it is the quantum network, exact, on amplitudes; with
    an image it is its classical surrogate, on expectations of the image's strings (2408.12739).

    Args:
        network: whose angles are trained. image: of that network, or None. num_classes: labels are 0 … num_classes − 1.
        steps: of Adam, with ``rate``. seed: of the angles it starts from.

    Example:
        >>> network = ConvolutionalNetwork(4)
        >>> image = network.image(weight=1)
        >>> features = np.where(np.arange(6)[:, None] % 2, 0.5, -0.5) * np.ones(len(image))
        >>> model = PhaseClassifier(network, image, num_classes=2, steps=20).fit(features, np.arange(6) % 2)
        >>> model.predict(features).tolist()
        [0, 1, 0, 1, 0, 1]
    """

    def __init__(
        self, network: ConvolutionalNetwork, image: HeisenbergImage | None = None, *, num_classes: int,
        steps: int = 100, rate: float = 0.05, seed: int = 0,
    ) -> None:  # fmt: skip
        if not isinstance(network, ConvolutionalNetwork):
            raise QTrainError(f"network should be a ConvolutionalNetwork. Got {shortened(network)}.")
        if image is not None and (not isinstance(image, HeisenbergImage) or image.network != network):
            raise QTrainError(f"image should be one of this network, or None. Got {shortened(image)}.")
        check_whole("num_classes", num_classes, least=2)
        check_whole("steps", steps, least=0)
        check_number("rate", rate, above=0)
        check_whole("seed", seed, least=0)
        self.network, self.image, self.num_classes = network, image, num_classes
        self.steps, self.rate, self.seed = steps, rate, seed
        self.losses: list[float] = []

    def _brief(self) -> str:
        size, angles = count(self.network.num_qubits, "qubit"), count(self.network.num_weights, "angle")
        what = "the network itself" if self.image is None else f"its image of {count(len(self.image), 'string')}"
        trained = f"trained, lowest loss {number(min(self.losses))}" if self.losses else "not trained"
        return f"{self.num_classes} classes, {size}, {angles}, {what}; {trained}"

    def fit(self, inputs: np.ndarray, labels: np.ndarray, validation: Any = None) -> PhaseClassifier:
        """Train; with ``validation`` (inputs, labels) the step of its lowest loss is kept, else the last.

        Args:
            inputs: (states, strings) expectations, or (states, 2**n) amplitudes. labels: (states,).

        Raises:
            QTrainError: inputs of another shape, labels that are none, other numbers of both.
        """
        inputs, labels = self._pairs("inputs", inputs, "labels", labels)
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise QTrainError(f"validation should be inputs and labels. Got {shortened(validation)}.")
            validation = self._pairs("validation[0]", validation[0], "validation[1]", validation[1])
        rng = np.random.default_rng(self.seed)
        count = self.network.num_weights
        head = np.zeros((self.num_classes, 4))
        head[:, :3] = rng.normal(size=(self.num_classes, 3))
        point = np.concatenate([SPREAD * rng.normal(size=count), head.ravel()])
        adam, best = Adam(self.rate), np.inf
        self.point, self.losses = point, []
        for step in range(self.steps + 1):
            loss, slope = self._loss(point, inputs, labels)
            self.losses.append(loss)
            if validation is None:
                kept = -float(step)
            elif step % 5 and step < self.steps:
                kept = np.inf
            else:
                kept = self._cross_entropy(point, self._read(point, validation[0]), validation[1])[0]
            if kept < best:
                best, self.point = kept, point
            point = point - adam.step(slope)
        return self

    def readouts(self, inputs: np.ndarray) -> np.ndarray:
        """(states, 3): what the trained network reads, Z on either qubit and ZZ."""
        if not hasattr(self, "point"):
            raise QTrainError("fit should be called before anything is predicted. Got an untrained classifier.")
        return self._read(self.point, self._inputs("inputs", inputs))

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Labels (states,)."""
        read = self.readouts(inputs)
        return np.asarray(self._scores(self.point, read).argmax(axis=1))

    def score(self, inputs: np.ndarray, labels: np.ndarray) -> float:
        """Share of the states that are named rightly."""
        inputs, labels = self._pairs("inputs", inputs, "labels", labels)
        return float(np.mean(self.predict(inputs) == labels))

    def _inputs(self, name: str, inputs: Any) -> np.ndarray:
        width = 2**self.network.num_qubits if self.image is None else len(self.image)
        return as_numbers(name, inputs, (None, width), kind="complex" if self.image is None else "")

    def _pairs(self, name: str, inputs: Any, of_labels: str, labels: Any) -> tuple[np.ndarray, np.ndarray]:
        rows = self._inputs(name, inputs)
        classes = as_numbers(of_labels, labels, (len(rows),))
        if (classes != classes.round()).any() or not (0 <= classes.min() <= classes.max() < self.num_classes):
            raise QTrainError(
                f"{of_labels} should be whole numbers from 0 to {self.num_classes - 1}. Got {shortened(labels)}."
            )
        return rows, classes.astype(int)

    def _head(self, point: np.ndarray) -> np.ndarray:
        return point[self.network.num_weights :].reshape(self.num_classes, 4)

    def _scores(self, point: np.ndarray, read: np.ndarray) -> np.ndarray:
        head = self._head(point)
        return np.asarray(read @ head[:, :3].T + head[:, 3])

    def _cross_entropy(
        self, point: np.ndarray, read: np.ndarray, labels: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """The loss, and its derivatives by the scores (states, classes)."""
        scores = self._scores(point, read)
        scores = scores - scores.max(axis=1, keepdims=True)
        log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        hit = np.eye(self.num_classes)[labels]
        return float(-(log * hit).sum(axis=1).mean()), (np.exp(log) - hit) / len(labels)

    def _read(self, point: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        weights = point[: self.network.num_weights]
        if self.image is not None:
            return np.asarray(inputs @ self.image.coefficients(weights).T)
        program, repeated = self._program, np.repeat(weights[None], len(inputs), axis=0)
        return values(program, self.network.observables(), repeated, start=inputs)

    def _loss(self, point: np.ndarray, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        count, head = self.network.num_weights, self._head(point)
        read = self._read(point, inputs)
        loss, by_score = self._cross_entropy(point, read, labels)
        by_head = np.column_stack([by_score.T @ read, by_score.sum(axis=0)])
        by_read = by_score @ head[:, :3]
        if self.image is not None:
            slope = self.image.pull(point[:count], by_read.T @ inputs)
        else:
            slope = np.zeros(count)
            for state, factors in zip(
                inputs, by_read
            ):  # one gradient of the sum of what is read, for each state
                operator = SparsePauliOp.sum(self.network.observables())
                operator = SparsePauliOp(operator.paulis, factors)
                slope += values_and_gradients(
                    self._program, operator, point[None, :count], start=state[None]
                )[1][0]
        return loss, np.concatenate([slope, by_head.ravel()])

    @property
    def _program(self) -> Any:
        if "_lowered" not in self.__dict__:
            self._lowered = lower(self.network.circuit())
        return self._lowered

"""A scikit-learn classifier whose hyperparameter is an architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError, check_whole
from qtrain.qml.adam import Adam
from qtrain.qml.qnn import encode, local_observables
from qtrain.registry.registry import load, names
from qtrain.simulators.statevector import values, values_and_gradients

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

    from qtrain.circuits.program import PauliProgram

LARGEST = 1e150  # of a feature: differences and squares are numbers still
NAMED: dict[str, Callable[[], Architecture]] = {
    "efficient_su2": lambda: catalogue.efficient_su2(reps=2),
    "real_amplitudes": lambda: catalogue.real_amplitudes(reps=2),
    "brickwork": lambda: catalogue.brickwork(reps=2),
    "hva_tfim": lambda: catalogue.hva_tfim(reps=2, sharing="independent"),
    "qcnn": catalogue.qcnn,
    "tree": catalogue.tree,
}
"""Names that ``architecture=`` takes, beside those of the registry."""


class TrainableQNNClassifier(ClassifierMixin, BaseEstimator):
    """A quantum classifier: features become angles, the ansatz is trained, expectation values are read out.

    The logits are an affine function, trained as well, of what is read out; the loss is the cross entropy,
    the optimiser Adam (1412.6980) with exact adjoint gradients, the simulation exact: up to about 20 qubits.
    Features are scaled to [0, π] by their range in the training data, and clipped to it later.

    Args:
        architecture: an Architecture, its JSON, a name of ``qtrain.qml.classifier.NAMED``, or a registered name.
        num_qubits: None: the architecture's own or registered width, else as many as features, 2 to 4.
        reuploads: how often the data is encoded; None: the architecture's own ``uploads``.
        observables: what is read out: ``"each"``: Z on every output qubit; ``"mean"``: their mean; a whole number k: Z
            on the first k; or one observable or a list of them, text or SparsePauliOp.
        steps, learning_rate: of Adam. batch_size: None: all data in every step.
        scale: standard deviation of the starting angles, in radians.
        tol: stop when the loss falls by less than this in 10 steps; 0: never.
        random_state: seed of the starting point and the batches.

    Attributes:
        classes_, n_features_in_, feature_names_in_: as everywhere in scikit-learn.
        weights_: (num_weights,) radians. readout_: (num_outputs, num_classes); bias_: (num_classes,).
        loss_curve_: loss before each step. n_iter_: steps taken. architecture_, num_qubits_: as resolved.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> TrainableQNNClassifier("real_amplitudes", random_state=0).fit(X, y).score(X, y) > 0.9
        True
    """

    def __init__(
        self,
        architecture: Any = "efficient_su2",
        *,
        num_qubits: int | None = None,
        reuploads: int | None = None,
        observables: Any = "each",
        steps: int = 100,
        learning_rate: float = 0.1,
        batch_size: int | None = None,
        scale: float = 0.3,
        tol: float = 1e-5,
        random_state: Any = None,
    ) -> None:
        self.architecture = architecture
        self.num_qubits = num_qubits
        self.reuploads = reuploads
        self.observables = observables
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.scale = scale
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> TrainableQNNClassifier:
        """Train on X (samples, features) and labels y (samples,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self._check_options()
        encoder = LabelEncoder().fit(y)
        labels, self.classes_ = encoder.transform(y), encoder.classes_
        if len(self.classes_) < 2:
            raise QTrainError(f"y should have at least 2 classes. Got 1 class: {self.classes_[0]}.")
        if np.abs(X).max(initial=0.0) > LARGEST:
            raise QTrainError(f"X should hold numbers of at most {LARGEST:g} in size. Got {np.abs(X).max():g}.")
        self.low_, self.high_ = X.min(axis=0), X.max(axis=0)
        self._build(X.shape[1])
        rng = check_random_state(self.random_state)
        parts = [
            rng.normal(0.0, self.scale, self._program.num_weights),
            rng.normal(0.0, 1.0, len(self._observables) * len(self.classes_)),
            np.zeros(len(self.classes_)),
        ]
        self._train(np.concatenate(parts), self._angles(X), labels, rng)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(samples, classes): probabilities, columns in the order of ``classes_``."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        self._compiled()
        seen = self._seen(np.broadcast_to(self.weights_, (len(X), len(self.weights_))), self._angles(X))
        return np.asarray(softmax(seen @ self.readout_ + self.bias_, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """(samples,): the most probable class."""
        probabilities = self.predict_proba(X)  # before classes_: an unfitted estimator says so
        return np.asarray(self.classes_[np.argmax(probabilities, axis=1)])

    def _check_options(self) -> None:
        for name in ("reuploads", "steps", "num_qubits", "batch_size"):
            value = getattr(self, name)
            if value is None and name != "steps":
                continue
            check_whole(name, value)
        for name in ("learning_rate", "scale", "tol"):
            value = getattr(self, name)
            if not isinstance(value, (int, float, np.number)) or not 0 <= value < np.inf:
                raise QTrainError(f"{name} should be a number of at least 0. Got {value!r}.")

    def _build(self, num_features: int) -> None:
        self.architecture_, own = resolve_architecture(self.architecture)
        self.num_qubits_ = int(self.num_qubits or own or min(max(2, num_features), 4))
        self._program, self._observables = self._compile(num_features)

    def _compile(self, num_features: int) -> tuple[PauliProgram, list[SparsePauliOp]]:
        body = self.architecture_.circuit(self.num_qubits_)
        rounds = self.architecture_.uploads if self.reuploads is None else int(self.reuploads)
        circuit, inputs, _ = encode(body, num_features=num_features, reuploads=rounds)
        outputs = (body.metadata or {}).get("qtrain.output_qubits")
        return lower(circuit, inputs=inputs), local_observables(self.observables, self.num_qubits_, outputs)

    def _compiled(self) -> tuple[PauliProgram, list[SparsePauliOp]]:
        """The circuit, lowered again after a pickle or a copy left it behind."""
        if not hasattr(self, "_program"):
            self._program, self._observables = self._compile(self.n_features_in_)
        return self._program, self._observables

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        return {key: value for key, value in state.items() if key not in ("_program", "_observables")}

    def _angles(self, X: np.ndarray) -> np.ndarray:
        width = np.where(self.high_ > self.low_, self.high_ - self.low_, 1.0)
        return np.pi * np.clip((X - self.low_) / width, 0.0, 1.0)

    def _seen(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        """(samples, outputs): ⟨Z⟩ on each output qubit."""
        return np.asarray(values(self._program, self._observables, weights, X))

    def _slopes(self, weights: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same, with its gradient by each weight (samples, outputs, num_weights)."""
        return values_and_gradients(self._program, self._observables, weights, X)

    def _loss(self, point: np.ndarray, X: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean cross entropy and its gradient by (weights, readout, bias)."""
        w, m, k, b = self._program.num_weights, len(self._observables), len(self.classes_), len(X)
        readout, bias = point[w : w + m * k].reshape(m, k), point[w + m * k :]
        weights = np.broadcast_to(point[:w], (b, w))
        seen, slopes = self._slopes(weights, X)
        logits = seen @ readout + bias
        loss = float(np.mean(logsumexp(logits, axis=1) - logits[np.arange(b), labels]))
        error = softmax(logits, axis=1)
        error[np.arange(b), labels] -= 1.0
        error /= b
        by_weight = np.einsum("bm,bmw->w", error @ readout.T, slopes)
        return loss, np.concatenate([by_weight, (seen.T @ error).ravel(), error.sum(axis=0)])

    def _train(self, point: np.ndarray, X: np.ndarray, labels: np.ndarray, rng: Any) -> None:
        adam = Adam(self.learning_rate)
        curve: list[float] = []
        size = len(X) if self.batch_size is None else min(int(self.batch_size), len(X))
        for step in range(1, int(self.steps) + 1):
            rows = slice(None) if size == len(X) else rng.choice(len(X), size, replace=False)
            loss, slope = self._loss(point, X[rows], labels[rows])
            curve.append(loss)
            if self.tol and size == len(X) and step > 10 and curve[-11] - loss < self.tol:
                break
            point = point - adam.step(slope)
        w, k = self._program.num_weights, len(self.classes_)
        self.weights_, self.bias_ = point[:w], point[-k:]
        self.readout_ = point[w:-k].reshape(len(self._observables), k)
        self.loss_curve_, self.n_iter_ = curve, len(curve)


def resolve_architecture(architecture: Any) -> tuple[Architecture, int | None]:
    """An architecture, and its width if it has one, from itself, its JSON, a name of ``NAMED`` or a registered name.

    Example:
        >>> resolve_architecture("qcnn")[0].output_qubits(4)
        (3,)
    """
    if isinstance(architecture, str) and architecture.lstrip().startswith("{"):
        architecture = Architecture.from_json(architecture)
    if isinstance(architecture, Architecture):
        return architecture, architecture.num_qubits
    if isinstance(architecture, str) and architecture in NAMED:
        return NAMED[architecture](), None
    if isinstance(architecture, str) and architecture in names():
        entry = load(architecture)
        return entry.architecture, entry.num_qubits
    raise QTrainError(
        f"architecture should be an Architecture, its JSON, a registered name or one of {', '.join(NAMED)}. "
        f"Got {architecture!r}."
    )

"""The quantum models of an audit: networks with and without their two-qubit gates, and fidelity kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import z_feature_map, zz_feature_map
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from qtrain.circuits.composites import is_composite, unfold
from qtrain.circuits.program import PauliProgram, lower
from qtrain.qml.classifier import TrainableQNNClassifier
from qtrain.qml.qnn import data_encoding, encode, local_observables
from qtrain.simulators.statevector import states, values, values_and_gradients

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

STEPS, BATCH = 60, 64
BANDWIDTHS = (0.2, 0.6, 2.0)  # of a kernel's angles, in units of pi: which of them suits differs from set to set
PENALTIES = (1.0, 100.0)


def without_entanglers(circuit: QuantumCircuit) -> QuantumCircuit:
    """The gates on one qubit alone, in their order; composite gates are written out before.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> without_entanglers(real_amplitudes(3, reps=1)).count_ops()["ry"]
        6
    """
    written = unfold(circuit, lambda item: len(item.qubits) > 1 and is_composite(item.operation))
    left = written.copy_empty_like()
    for item in written.data:
        if len(item.qubits) == 1:
            left.append(item)
    return left


def as_real(amplitudes: np.ndarray) -> np.ndarray:
    """(samples, 2 * 2**n): real parts, then imaginary parts, as scikit-learn takes them."""
    return np.concatenate([amplitudes.real, amplitudes.imag], axis=1)


def as_states(table: np.ndarray) -> np.ndarray:
    """The inverse of `as_real`."""
    half = table.shape[1] // 2
    return np.asarray(table[:, :half] + 1j * table[:, half:])


class Network(TrainableQNNClassifier):
    """A `qtrain.TrainableQNNClassifier` that may lack its two-qubit gates, and may start from given states.

    Args:
        entanglers: False: gates on one qubit alone; Z is read out on every qubit, where no observables are named.
        quantum: the data are states, as `as_real` writes them, and take the place of the encoding.
    """

    def __init__(
        self, architecture: Any = "efficient_su2", *, num_qubits: int | None = None, reuploads: int | None = None,
        observables: Any = "each", steps: int = STEPS, learning_rate: float = 0.1, batch_size: int | None = BATCH,
        scale: float = 0.3, tol: float = 1e-5, random_state: Any = None, entanglers: bool = True, quantum: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            architecture, num_qubits=num_qubits, reuploads=reuploads, observables=observables, steps=steps,
            learning_rate=learning_rate, batch_size=batch_size, scale=scale, tol=tol, random_state=random_state,
        )  # fmt: skip
        self.entanglers = entanglers
        self.quantum = quantum

    def circuit(self) -> tuple[QuantumCircuit, list[Any]]:
        """Of the fitted network, with its data parameters."""
        body = self.architecture_.circuit(self.num_qubits_)
        if not self.entanglers:
            body = without_entanglers(body)
        if self.quantum:
            return body, []
        if not body.num_parameters:
            data = data_encoding("angle", self.n_features_in_, self.num_qubits_)
            return data, list(data.parameters)
        rounds = self.architecture_.uploads if self.reuploads is None else int(self.reuploads)
        whole, inputs, _ = encode(body, num_features=self.n_features_in_, reuploads=rounds)
        return whole, inputs

    def _compile(self, num_features: int) -> tuple[PauliProgram, list[SparsePauliOp]]:
        circuit, inputs = self.circuit()
        outputs = (circuit.metadata or {}).get("qtrain.output_qubits")
        readout = self.observables
        unnamed = isinstance(readout, int) or (isinstance(readout, str) and readout in ("each", "mean"))
        if unnamed and not self.entanglers:
            outputs, readout = None, "each"  # nothing reaches the output qubits from the others any more
        return lower(circuit, inputs=inputs), local_observables(readout, self.num_qubits_, outputs)

    def _angles(self, X: np.ndarray) -> np.ndarray:
        return X if self.quantum else super()._angles(X)

    def _seen(self, weights: np.ndarray, X: np.ndarray) -> np.ndarray:
        if not self.quantum:
            return super()._seen(weights, X)
        return np.asarray(values(self._program, self._observables, weights, start=as_states(X)))

    def _slopes(self, weights: np.ndarray, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.quantum:
            return super()._slopes(weights, X)
        return values_and_gradients(self._program, self._observables, weights, start=as_states(X))


class FidelityKernel(ClassifierMixin, BaseEstimator):
    """A support vector machine on |<a|b>|² (1906.10467): of Qiskit's ``zz_feature_map``, or of the states given.

    The angles' bandwidth (2206.06686) and the penalty are chosen by cross-validation within the training data.

    Args:
        product: the same without entanglement: the map without its two-qubit gates (``z_feature_map``), or the
            product over the qubits of the overlap of their reduced states.
        quantum: the data are states, as `as_real` writes them; else features in [0, 1].
    """

    def __init__(self, *, product: bool = False, quantum: bool = False, seed: int = 0) -> None:
        self.product = product
        self.quantum = quantum
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> FidelityKernel:
        """Choose bandwidth and penalty, and train with them."""
        best = -1.0
        smallest = int(np.unique(y, return_counts=True)[1].min())
        inner = StratifiedKFold(min(3, smallest), shuffle=True, random_state=self.seed) if smallest > 1 else None
        for width in (1.0,) if self.quantum else BANDWIDTHS:
            rows = self._rows(X, width)
            gram = self._gram(rows, rows)
            for penalty in PENALTIES:
                machine = SVC(kernel="precomputed", C=penalty, class_weight="balanced")
                score = 0.0
                if inner is not None:
                    score = cross_val_score(machine, gram, y, cv=inner, scoring="balanced_accuracy").mean()
                if score > best:
                    best, self.width_, chosen = score, width, (machine, rows, gram)
        self.machine_, self.seen_ = chosen[0].fit(chosen[2], y), chosen[1]
        self.classes_ = self.machine_.classes_
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(samples,): classes."""
        return np.asarray(self.machine_.predict(self._gram(self._rows(X, self.width_), self.seen_)))

    def _rows(self, X: np.ndarray, width: float) -> np.ndarray:
        """States (samples, 2**n), or for a product of given states their qubits (samples, n, 2, 2)."""
        if self.quantum:
            found = as_states(X)
            return reduced(found) if self.product else found
        n = X.shape[1]
        feature_map = (z_feature_map if self.product or n == 1 else zz_feature_map)(n, reps=2)
        program = lower(feature_map, inputs=list(feature_map.parameters))
        return states(program, np.zeros((len(X), 0)), np.pi * width * X)

    def _gram(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        if first.ndim == 2:
            return np.asarray(np.abs(first @ second.conj().T) ** 2)
        overlaps = np.einsum("aqij,bqji->abq", first, second).real.prod(axis=2)
        sizes = [np.einsum("aqij,aqji->aq", part, part).real.prod(axis=1) for part in (first, second)]
        return np.asarray(overlaps / np.sqrt(np.outer(*sizes)))


def reduced(amplitudes: np.ndarray) -> np.ndarray:
    """(samples, n, 2, 2): the density matrix of each qubit.

    Example:
        >>> reduced(np.array([[1, 0, 0, 1]]) / np.sqrt(2)).real.round(6).tolist()
        [[[[0.5, 0.0], [0.0, 0.5]], [[0.5, 0.0], [0.0, 0.5]]]]
    """
    samples, size = amplitudes.shape
    n = size.bit_length() - 1
    parts = []
    for q in range(n):
        split = amplitudes.reshape(samples, 2 ** (n - 1 - q), 2, 2**q)
        parts.append(np.einsum("aubv,aucv->abc", split, split.conj()))
    return np.stack(parts, axis=1)

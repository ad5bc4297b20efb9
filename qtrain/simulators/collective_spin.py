"""Circuits that treat all qubits alike, on a state that does: one spin n/2, n + 1 amplitudes at any depth.

Layers whose rotations share one angle and one letter P on every qubit, or PP on every pair, are functions of the spin's
component 2 J_P = sum_q P_q: sum_{a<b} P_a P_b = ((2 J_P)^2 - n) / 2. A product of equal one-qubit states is a coherent
spin state, and stays in the symmetric subspace (Dicke states; symmetries in QAOA: arXiv 2012.04713).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from scipy.linalg import eigh_tridiagonal
from scipy.special import gammaln

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.product_states import split_product_input
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.opcodes import LETTER_X, LETTER_Y, LETTER_Z, ROTATION
from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.statevector import check_weights

CHUNK = 2**22  # amplitudes kept at a time


@dataclass(frozen=True)
class Layer:
    """exp(-i angle G / 2), G the sum of a letter over all qubits or, ``pairs``, over all pairs."""

    letter: int
    pairs: bool
    parameter: int
    coefficient: float
    offset: float


@dataclass(frozen=True, eq=False)
class CollectiveSpin(Evaluator):
    """A cost on the spin's n + 1 levels, by how many qubits are 1: exact.

    Attributes:
        num_qubits: n. weights: how many the program has. bloch: (3,) X, Z, Y of each qubit of the input.
        layers: in time order. terms: (letter, pairs, coefficient) of the observable; constant: of its identity.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit = QuantumCircuit(50)
        >>> _ = circuit.rx(Parameter("t"), range(50))
        >>> total = SparsePauliOp.from_sparse_list([("Z", [q], 1) for q in range(50)], 50)
        >>> cost = collective_spin(lower(circuit), total)
        >>> round(cost.value(np.array([np.pi / 3])), 9)
        25.0
    """

    num_qubits: int
    weights: int
    bloch: np.ndarray
    layers: tuple[Layer, ...]
    terms: tuple[tuple[int, bool, float], ...]
    constant: float

    @property
    def num_weights(self) -> int:
        return self.weights

    @property
    def operations(self) -> float:
        return 8.0 * (self.num_qubits + 1) ** 2 * max(len(self.layers), 1)

    @cached_property
    def _frames(self) -> dict[int, np.ndarray]:
        """Columns: the states of 2 J_P = n, n - 2, ..., -n for each letter."""
        n = self.num_qubits
        k = np.arange(1, n + 1)
        vectors = eigh_tridiagonal(np.zeros(n + 1), np.sqrt(k * (n + 1.0 - k)))[1][:, ::-1].astype(complex)
        phases = 1j ** (np.arange(n + 1) % 4)
        return {LETTER_X: vectors, LETTER_Z: np.eye(n + 1, dtype=complex), LETTER_Y: phases[:, None] * vectors}

    def _levels(self, pairs: bool) -> np.ndarray:
        levels = self.num_qubits - 2.0 * np.arange(self.num_qubits + 1)
        return (levels**2 - self.num_qubits) / 2 if pairs else levels

    @cached_property
    def _start(self) -> np.ndarray:
        """(levels,) amplitudes of the coherent state."""
        n, (x, z, y) = self.num_qubits, self.bloch
        k = np.arange(n + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(np.sqrt(np.clip([(1 + z) / 2, (1 - z) / 2], 0.0, 1.0)))
            powers = np.where(k < n, (n - k) * logs[0], 0.0) + np.where(k > 0, k * logs[1], 0.0)
        size = np.exp((gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)) / 2 + powers)
        return np.asarray(size * np.exp(1j * math.atan2(y, x) * k))

    @cached_property
    def _operator(self) -> np.ndarray:
        """(levels, levels) the observable."""
        total = self.constant * np.eye(self.num_qubits + 1, dtype=complex)
        for letter, pairs, coefficient in self.terms:
            frame = self._frames[letter]
            total += coefficient * (frame * self._levels(pairs)) @ frame.conj().T
        return np.asarray(total)

    def _turn(self, states: np.ndarray, layer: Layer, weights: np.ndarray, sign: float) -> np.ndarray:
        """exp(-i sign angle G / 2) on (points, levels)."""
        drawn = weights[:, layer.parameter] * layer.coefficient if layer.parameter >= 0 else 0.0
        phases = np.exp(-0.5j * sign * np.multiply.outer(drawn + layer.offset, self._levels(layer.pairs)))
        if layer.letter == LETTER_Z:
            return np.asarray(states * phases)
        frame = self._frames[layer.letter]
        return np.asarray(((states @ frame.conj()) * phases) @ frame.T)

    def costs(self, weights: np.ndarray) -> np.ndarray:
        weights = check_weights(self.weights, weights)
        states = np.tile(self._start, (len(weights), 1))
        for layer in self.layers:
            states = self._turn(states, layer, weights, 1.0)
        return np.asarray(np.einsum("pk,pk->p", states.conj(), states @ self._operator.T).real)

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = check_weights(self.weights, weights)
        step = max(CHUNK // (self.num_qubits + 1), 1)
        parts = [self._slopes(weights[k : k + step]) for k in range(0, len(weights), step)]
        return np.concatenate([f for f, _ in parts]), np.concatenate([g for _, g in parts])

    def _slopes(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One pass to the end, one back with the observable's image."""
        states = np.tile(self._start, (len(weights), 1))
        for layer in self.layers:
            states = self._turn(states, layer, weights, 1.0)
        seen = states @ self._operator.T
        found, slopes = np.einsum("pk,pk->p", states.conj(), seen).real, np.zeros(weights.shape)
        for layer in reversed(self.layers):
            if layer.parameter >= 0:
                frame = self._frames[layer.letter].conj()
                overlap = np.einsum("pk,k,pk->p", (seen @ frame).conj(), self._levels(layer.pairs), states @ frame)
                slopes[:, layer.parameter] += layer.coefficient * overlap.imag
            states, seen = (self._turn(s, layer, weights, -1.0) for s in (states, seen))
        return found, slopes


def collective_spin(program: PauliProgram, observable: SparsePauliOp) -> CollectiveSpin | str:
    """The cost on one spin; a clause that tells why where some gate, qubit of the input or term differs from others.

    Args:
        program: inputs bound. observable: on its qubits.
    """
    n = program.num_qubits
    rest, bloch = split_product_input(program)
    if n < 2 or (bloch != bloch[0]).any():
        return "the input treats qubits differently"
    layers = _layers(rest)
    terms = _terms(observable)
    if layers is None or terms is None:
        return "the layers treat qubits differently" if layers is None else "the observable treats qubits differently"
    return CollectiveSpin(n, program.num_weights, bloch[0], layers, *terms)


def _layers(program: PauliProgram) -> tuple[Layer, ...] | None:
    n, found = program.num_qubits, []
    current: tuple[Layer, set[tuple[int, ...]]] | None = None
    for op in range(len(program)):
        place = slice(program.start[op], program.start[op + 1])
        letters, support = program.letters[place], tuple(int(q) for q in program.support[place])
        if program.opcode[op] != ROTATION or len(support) not in (1, 2) or (letters != letters[0]).any():
            return None
        layer = Layer(
            int(letters[0]), len(support) == 2, int(program.parameter[op]), float(program.coefficient[op]),
            float(program.offset[op]),
        )  # fmt: skip
        if current is None:
            current = layer, set()
        if current[0] != layer or support in current[1]:
            return None
        current[1].add(support)
        if len(current[1]) == (n * (n - 1) // 2 if layer.pairs else n):
            found.append(layer)
            current = None
    return tuple(found) if current is None else None


def _terms(observable: SparsePauliOp) -> tuple[tuple[tuple[int, bool, float], ...], float] | None:
    """Each letter on all qubits, or on all pairs, with one coefficient; and the identity's."""
    n, simple = observable.num_qubits, observable.simplify(atol=0)
    x, z, c = unpack_terms(simple)
    letters = x + 2 * z.astype(int)
    groups: dict[tuple[int, bool], list[float]] = {}
    constant = 0.0
    for row, coefficient in zip(letters, c, strict=True):
        used = row[row > 0]
        if not len(used):
            constant += float(coefficient)
            continue
        if len(used) > 2 or (used != used[0]).any():
            return None
        groups.setdefault((int(used[0]), len(used) == 2), []).append(float(coefficient))
    for (_, pairs), values in groups.items():
        if len(values) != (n * (n - 1) // 2 if pairs else n) or len(set(values)) > 1:
            return None
    return tuple((letter, pairs, values[0]) for (letter, pairs), values in groups.items()), constant

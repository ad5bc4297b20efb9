"""Quantum convolutional networks: their circuit, and their image on Pauli strings of low weight.

Layer after layer, equal blocks act on neighbours; pooling couples pairs and keeps one qubit of each, until two are left
(Cong, Choi and Lukin, 1810.03787). Seen from the measurement, a block is a real orthogonal 15 × 15 matrix on the Pauli
strings of its two qubits. So the network's observables are sums of strings whose coefficients are products of few
entries: those of low weight are all that a randomly initialised network reads (2408.12739), and they are evaluated on
whatever is known of the input, such as classical shadows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.quantum_info import PauliList, SparsePauliOp

from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.json_results import Shown, count

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

AXES = ("z", "y", "z")  # of the turns of one qubit in front of and behind the three two-qubit turns
TURNS = [(a, q) for q in (0, 1) for a in AXES]
BLOCK = [*TURNS, ("xx", 0), ("yy", 0), ("zz", 0), *TURNS]  # 15 angles, in time order
MATRIX = {
    "i": np.eye(2),
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1, -1]),
}
MOST_QUBITS = 2**16


def as_numbers(name: str, values: Any, shape: tuple[int | None, ...], *, kind: str = "") -> np.ndarray:
    """Finite numbers of a shape (None: any length but 0), as floats; complex ones only where ``kind`` is "complex".

    Example:
        >>> as_numbers("weights", [1, 2], (2,)).tolist()
        [1.0, 2.0]
        >>> as_numbers("weights", [1, "x"], (2,))
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: weights should be finite numbers of shape (2,). Got [1, 'x'].
    """
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "biufO" and not (kind and found.dtype.kind == "c"):
            raise TypeError
        found = found.astype(complex if kind else float)
        sound = found.ndim == len(shape) and bool(np.isfinite(found).all())
    except (TypeError, ValueError, OverflowError):
        sound = False
    if not sound or any(length != (wanted or max(length, 1)) for length, wanted in zip(found.shape, shape)):
        told = ", ".join("any" if length is None else str(length) for length in shape)
        told = f"({told},)" if len(shape) == 1 else f"({told})"
        what = f"finite {kind} numbers" if kind else "finite numbers"
        raise QTrainError(f"{name} should be {what} of shape {told}. Got {shortened(values)}.")
    return found


@dataclass(frozen=True)
class Layer:
    """Equal blocks on disjoint pairs of qubits; ``first``: of its 15 weights."""

    pairs: tuple[tuple[int, int], ...]
    first: int


@dataclass(frozen=True)
class ConvolutionalNetwork:
    """A quantum convolutional network on 2^k qubits whose blocks are equal within a layer.

    A level: blocks on pairs (0, 1), (2, 3), …, then (1, 2), (3, 4), …, with the same 15 angles, then blocks of 15
    angles that pool pairs (0, 1), (2, 3), … into their second or first qubit in turn, so that what is left lies in the
    middle. A last block couples the two qubits that are left; Z on each and ZZ are read out.

    Args:
        num_qubits: a power of two, 4 to 65536.

    Raises:
        QTrainError: another number.

    Example:
        >>> network = ConvolutionalNetwork(8)
        >>> network.num_weights, network.left, network.circuit().num_qubits
        (75, (1, 5), 8)
        >>> [str(o.paulis[0]) for o in network.observables()]
        ['IIIIIIZI', 'IIZIIIII', 'IIZIIIZI']
    """

    num_qubits: int

    def __post_init__(self) -> None:
        n = self.num_qubits
        whole = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
        if not whole or not 4 <= n <= MOST_QUBITS or n & (n - 1):
            raise QTrainError(f"num_qubits should be a power of two, 4 to {MOST_QUBITS}. Got {shortened(n)}.")

    @property
    def num_weights(self) -> int:
        return self.layers[-1].first + 15

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """In time order."""
        return self._built[0]

    @property
    def left(self) -> tuple[int, int]:
        """The two qubits that are measured."""
        return self._built[1]

    @cached_property
    def _built(self) -> tuple[tuple[Layer, ...], tuple[int, int]]:
        active, layers, first, level = list(range(self.num_qubits)), [], 0, 0
        while len(active) > 2:
            even, odd = tuple(zip(active[::2], active[1::2])), tuple(zip(active[1::2], active[2::2]))
            layers += [Layer(even, first), Layer(odd, first), Layer(even, first + 15)]
            active = active[1 - level % 2 :: 2]
            first, level = first + 30, level + 1
        return (*layers, Layer(((active[0], active[1]),), first)), (active[0], active[1])

    def circuit(self) -> QuantumCircuit:
        """The circuit, its weights ``w`` in the order of everything here."""
        from qiskit import QuantumCircuit
        from qiskit.circuit import ParameterVector

        circuit, weights = QuantumCircuit(self.num_qubits), ParameterVector("w", self.num_weights)
        for layer in self.layers:
            for pair in layer.pairs:
                for k, (axis, q) in enumerate(BLOCK):
                    qubits = pair if len(axis) == 2 else (pair[q],)
                    getattr(circuit, f"r{axis}")(weights[layer.first + k], *qubits)
        return circuit

    def observables(self) -> list[SparsePauliOp]:
        """What is read out: Z on either qubit that is left, and ZZ."""
        a, b = self.left
        places = [("Z", [a]), ("Z", [b]), ("ZZ", [a, b])]
        return [SparsePauliOp.from_sparse_list([(p, q, 1.0)], num_qubits=self.num_qubits) for p, q in places]

    def image(self, *, weight: int = 2, reach: int = 4) -> HeisenbergImage:
        """The observables as sums of strings on the input, heavier or wider ones forgotten layer by layer.

        Args:
            weight: most letters of a string that is kept; reach: and most places from its first to its last,
                counted among the qubits that are active in that layer.
        """
        check_whole("weight", weight)
        check_whole("reach", reach)
        most = int(63 / np.log2(4 * (self.num_qubits + 1)))  # letters of a string that are one 64-bit number
        if weight > most:
            raise QTrainError(f"weight should be at most {most} for {self.num_qubits} qubits. Got {shortened(weight)}.")
        return HeisenbergImage.of(self, weight, reach)


@dataclass(frozen=True, eq=False)
class _Step:
    """One layer, backwards: ``into[row] += Π entries[factors] · out_of[column]``.

    Attributes:
        rows, columns: (entries,); factors: (entries, weight) places in the 16 × 16 matrix of the layer's block, 0
            (which holds 1) where there is none. size: strings in front of the layer.
    """

    first: int
    rows: np.ndarray
    columns: np.ndarray
    factors: np.ndarray
    size: int


@dataclass(frozen=True, eq=False, repr=False)
class HeisenbergImage(Shown):
    """What a network reads, on the Pauli strings of its input that are kept.

    Attributes:
        network: whose image it is. qubits, letters: (strings, weight), of each string; qubit −1 where there are fewer
            letters (0 I, 1 X, 2 Y, 3 Z).
    """

    network: ConvolutionalNetwork
    qubits: np.ndarray
    letters: np.ndarray
    steps: tuple[_Step, ...]
    start: np.ndarray  # (3, strings behind the last layer)

    def __len__(self) -> int:
        return len(self.qubits)

    def _brief(self) -> str:
        size, angles = count(self.network.num_qubits, "qubit"), count(self.network.num_weights, "angle")
        return f"{count(len(self), 'string')} of weight <= {self.qubits.shape[1]}; network of {size}, {angles}"

    @classmethod
    def of(cls, network: ConvolutionalNetwork, weight: int, reach: int) -> HeisenbergImage:
        a, b = network.left
        qubits, letters = np.full((3, weight), -1), np.zeros((3, weight), int)
        qubits[0, 0], qubits[1, 0], letters[:2, 0] = a, b, 3
        start = np.eye(3)
        if weight == 1:
            qubits, letters, start = qubits[:2], letters[:2], start[:, :2]
        else:
            qubits[2, :2], letters[2, :2] = (a, b), 3
        steps = []
        for layer in reversed(network.layers):
            active = np.unique(np.array(layer.pairs))  # pairs of the odd layer leave out both ends
            active = np.unique(np.concatenate([active, qubits[qubits >= 0]]))
            qubits, letters, step = _backwards(network.num_qubits, layer, active, qubits, letters, reach)
            steps.append(step)
        return cls(network, qubits, letters, tuple(steps), start)

    def paulis(self) -> PauliList:
        """The strings."""
        x, z = np.zeros((2, len(self), self.network.num_qubits), bool)
        row, column = np.nonzero(self.qubits >= 0)
        q, letter = self.qubits[row, column], self.letters[row, column]
        x[row, q], z[row, q] = np.isin(letter, (1, 2)), np.isin(letter, (2, 3))
        return PauliList.from_symplectic(z, x)

    def coefficients(self, weights: Any) -> np.ndarray:
        """(3, strings): of each of the observables, at weights (num_weights,) in radians."""
        return self._forward(self._checked(weights))[0]

    def pull(self, weights: Any, slopes: np.ndarray) -> np.ndarray:
        """Gradient (num_weights,) of a function of the coefficients whose slopes are (3, strings)."""
        theta = self._checked(weights)
        _, kept = self._forward(theta)
        gradient = np.zeros(len(theta))
        back = as_numbers("slopes", slopes, (3, len(self)))
        for step, (before, block) in zip(reversed(self.steps), reversed(kept)):
            flat = block.ravel()
            values = flat[step.factors]
            product = values.prod(axis=1)
            meeting = sum(b[step.rows] * f[step.columns] for b, f in zip(back, before))
            slope = np.zeros(256)
            for k in range(values.shape[1]):
                others = np.delete(values, k, axis=1).prod(axis=1)
                slope += np.bincount(step.factors[:, k], meeting * others, minlength=256)
            slope[0] = 0.0
            gradient[step.first : step.first + 15] += _block_slopes(
                theta[step.first : step.first + 15], slope.reshape(16, 16)
            )
            width = before.shape[1]
            back = np.stack(
                [np.bincount(step.columns, product * b[step.rows], minlength=width) for b in back]
            )
        return gradient

    def _checked(self, weights: Any) -> np.ndarray:
        return as_numbers("weights", weights, (self.network.num_weights,))

    def _forward(self, theta: np.ndarray) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        vector, kept = self.start, []
        for step in self.steps:
            block = block_matrix(theta[step.first : step.first + 15])
            kept.append((vector, block))
            product = block.ravel()[step.factors].prod(axis=1)
            vector = np.stack(
                [np.bincount(step.rows, product * v[step.columns], minlength=step.size) for v in vector]
            )
        return vector, kept


def _generators() -> np.ndarray:
    """(15, 16, 16): d/dangle of each turn on Pauli coefficients, backwards: Q → the string of i[P, Q]/2."""
    strings = [
        np.kron(MATRIX[b], MATRIX[a]) for b in "ixyz" for a in "ixyz"
    ]  # string 4 b + a, a on the first qubit
    found = []
    for axis, q in BLOCK:
        single = (
            (axis, "i")
            if len(axis) == 1 and q == 0
            else ("i", axis)
            if len(axis) == 1
            else (axis[0], axis[1])
        )
        p = np.kron(MATRIX[single[1]], MATRIX[single[0]])
        images = [0.5j * (p @ s - s @ p) for s in strings]
        found.append([[np.trace(t @ image).real / 4 for image in images] for t in strings])
    return np.array(found)


GENERATORS = _generators()


def _turn(k: int, angle: float) -> np.ndarray:
    """(16, 16): e^{iθP/2} Q e^{−iθP/2} in terms of Pauli strings, column Q."""
    g = GENERATORS[k]
    square = g @ g
    return np.eye(16) + np.sin(angle) * g + (1 - np.cos(angle)) * square


def block_matrix(angles: np.ndarray) -> np.ndarray:
    """(16, 16) of a block: column Q holds the strings of U†QU; Q = 4 · letter of the second qubit + of the first."""
    matrix = np.eye(16)
    for k in range(15):  # U = U15 … U1: the last gate meets the observable first
        matrix = matrix @ _turn(k, angles[k])
    return matrix


def _block_slopes(angles: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Derivatives (15,) of Σ slope · block_matrix."""
    turns = [_turn(k, angles[k]) for k in range(15)]
    before = [np.eye(16)]
    for turn in turns:
        before.append(before[-1] @ turn)
    after, found = np.eye(16), np.zeros(15)
    for k in range(14, -1, -1):
        g = GENERATORS[k]
        turned = np.cos(angles[k]) * g + np.sin(angles[k]) * (g @ g)
        found[k] = np.sum(slope * (before[k] @ turned @ after))
        after = turns[k] @ after
    return found


def _backwards(
    n: int, layer: Layer, active: np.ndarray, qubits: np.ndarray, letters: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray, _Step]:
    """The strings in front of a layer, and how their coefficients follow from those behind it."""
    weight = qubits.shape[1]
    place = np.full(n + 1, -(10**9))
    place[active] = np.arange(len(active))
    block = np.full(n + 1, -1)
    side = np.zeros(n + 1, int)
    ends = np.zeros((len(layer.pairs) + 1, 2), int)
    for k, pair in enumerate(layer.pairs):
        block[list(pair)], side[pair[1]], ends[k] = k, 1, pair
    # each string as at most `weight` pieces: (block or a free qubit, code of its letters there)
    own = np.where(qubits >= 0, np.where(block[qubits] >= 0, block[qubits], len(layer.pairs) + qubits), -1)
    code = np.where(qubits >= 0, letters * np.where(side[qubits] == 1, 4, 1), 0)
    for k in range(1, weight):  # letters in the block of an earlier one move there
        for j in range(k):
            same = (own[:, k] >= 0) & (own[:, k] == own[:, j])
            code[same, j] += code[same, k]
            code[same, k], own[same, k] = 0, -1
    columns = np.arange(len(qubits))
    factors = np.zeros((len(qubits), 0), int)
    out_q, out_l = np.zeros((len(qubits), 0), int), np.zeros((len(qubits), 0), int)
    for j in range(weight):
        o, c = own[columns, j], code[columns, j]
        free, none = o >= len(layer.pairs), o < 0
        repeats = np.where(free | none, 1, 15)
        index = np.repeat(np.arange(len(columns)), repeats)
        turn = np.arange(len(index)) - np.repeat(np.cumsum(repeats) - repeats, repeats) + 1
        o, c, free, none = o[index], c[index], free[index], none[index]
        new = np.where(free | none, 0, turn)
        factor = np.where(free | none, 0, 16 * new + c)  # entry (row new, column c) of the block's matrix
        first = np.where(none, -1, np.where(free, o - len(layer.pairs), ends[np.where(free | none, 0, o), 0]))
        second = np.where(free | none, -1, ends[np.where(free | none, 0, o), 1])
        a, b = np.where(free, c, new % 4), new // 4
        columns, factors = columns[index], np.column_stack([factors[index], factor])
        pieces_q = np.column_stack([np.where(a > 0, first, -1), np.where(b > 0, second, -1)])
        out_q, out_l = np.column_stack([out_q[index], pieces_q]), np.column_stack([out_l[index], a, b])
        light = (out_q >= 0).sum(axis=1) <= weight
        columns, factors, out_q, out_l = columns[light], factors[light], out_q[light], out_l[light]
    order = np.argsort(np.where(out_q >= 0, out_q, 10**9), axis=1, kind="stable")[:, :weight]
    out_q, out_l = np.take_along_axis(out_q, order, 1), np.take_along_axis(out_l, order, 1)
    out_l[out_q < 0] = 0
    far = place[np.where(out_q >= 0, out_q, out_q[:, :1])].max(axis=1) - place[out_q[:, 0]]
    near = far <= reach
    columns, factors, out_q, out_l = columns[near], factors[near], out_q[near], out_l[near]
    key = np.zeros(len(out_q), np.int64)
    for k in range(weight):
        key = key * (4 * (n + 1)) + 4 * (out_q[:, k] + 1) + out_l[:, k]
    _, index, rows = np.unique(key, return_index=True, return_inverse=True)
    step = _Step(layer.first, rows.reshape(-1), columns, factors, len(index))
    return out_q[index], out_l[index], step

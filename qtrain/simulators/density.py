"""Costs and gradients under noise, exactly: the observable's 4^n Pauli coefficients from the measurement to the input.

In the Heisenberg picture a rotation turns pairs of Paulis (Q, iPQ), a Clifford permutes them, and a channel multiplies
each by its factor and adds b times the coefficient of a Z to that of the identity. One pass back gives the gradient.
Index of a Pauli: two bits for each qubit, qubit 0 lowest; letters I, X, Z, Y are 0, 1, 2, 3.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from qiskit.circuit import library
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.noise.channels import Channel, anticommuting
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels import opcodes as op
from qtrain.simulators.evaluators import Evaluator

MAX_QUBITS = 10
CHUNK_BYTES = 2**28  # of the coefficients kept for the way back
_GATES = {
    op.H: library.HGate, op.S: library.SGate, op.SDG: library.SdgGate, op.X: library.XGate, op.Y: library.YGate,
    op.Z: library.ZGate, op.SX: library.SXGate, op.SXDG: library.SXdgGate, op.CX: library.CXGate, op.CZ: library.CZGate,
    op.SWAP: library.SwapGate,
}  # fmt: skip
_MATRICES = (
    np.eye(2), np.array([[0, 1], [1, 0]]), np.diag([1, -1]), np.array([[0, -1j], [1j, 0]]),
)  # fmt: skip
_TURN = np.zeros((4, 4), np.int64)  # exponent of i in the product of two letters
for _a, _b in ((1, 3), (3, 2), (2, 1)):  # XY = iZ, YZ = iX, ZX = iY
    _TURN[_a, _b], _TURN[_b, _a] = 1, 3


@cache
def _images(code: int) -> tuple[np.ndarray, np.ndarray]:
    """Of a Clifford: what each Pauli on its qubits becomes, C^dagger P C, and its sign."""
    matrix = _GATES[code]().to_matrix()
    if len(matrix) == 2:
        strings = list(_MATRICES)
    else:
        strings = [np.kron(high, low) for high, low in itertools.product(_MATRICES, repeat=2)]
    table = np.array([[np.trace(q @ matrix.conj().T @ p @ matrix).real for q in strings] for p in strings])
    table /= len(matrix)
    image = np.abs(table).argmax(axis=1)
    return image, np.round(table[np.arange(len(table)), image])


@dataclass(frozen=True, eq=False)
class _Turn:
    """A rotation: Paulis ``first`` that anticommute, one of each pair, its ``other`` and the sign of iPQ."""

    first: np.ndarray
    other: np.ndarray
    sign: np.ndarray


@dataclass(frozen=True, eq=False)
class NoisyCost(Evaluator):
    """A cost under noise, exactly.

    Attributes:
        program: at most `MAX_QUBITS` qubits. observable: on them. channels: in time order.
        memory_bytes: of one call.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.noise.channels import amplitude_damping
        >>> from qtrain.circuits.program import lower
        >>> decay = amplitude_damping(0, 0, 0.5)  # behind the first rotation of qubit 0
        >>> cost = NoisyCost(lower(real_amplitudes(1, reps=0)), SparsePauliOp("Z"), (decay,))
        >>> float(cost.value(np.array([np.pi])))
        0.0
    """

    program: PauliProgram
    observable: SparsePauliOp
    channels: Sequence[Channel]
    memory_bytes: int = 2 * 1024**3

    def __post_init__(self) -> None:
        if self.program.num_qubits > MAX_QUBITS:
            raise QTrainError(
                f"circuit should have at most {MAX_QUBITS} qubits for exact noise. Got {self.program.num_qubits}."
            )

    @property
    def row_bytes(self) -> int:
        """Of one parameter vector: the coefficients behind every rotation, and work space."""
        return 8 * 4**self.program.num_qubits * (len(self.program.rotations) + 6)

    @property
    def operations(self) -> float:
        """Multiplications of one value and its gradient."""
        return 4.0 * 4.0**self.program.num_qubits * (len(self.program) + len(self.channels))

    @property
    def num_weights(self) -> int:
        return len(self.program.parameters)

    def costs(self, weights: np.ndarray) -> np.ndarray:
        return self._all(np.atleast_2d(np.asarray(weights, float)), None, False)[0]

    def values_and_gradients(
        self, weights: np.ndarray, inputs: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Costs (points,) and derivatives (points, weights); ``inputs``: (points, num_inputs) where it has some."""
        return self._all(np.atleast_2d(np.asarray(weights, float)), inputs, True)

    # ------------------------------------------------------------------ one chunk after the other

    def _all(self, weights: np.ndarray, inputs: np.ndarray | None, slopes: bool) -> tuple[np.ndarray, np.ndarray]:
        size = max(1, int(min(self.memory_bytes / 2, CHUNK_BYTES) // self.row_bytes))
        if self.row_bytes > self.memory_bytes:
            raise QTrainError(
                f"circuit should fit the memory budget of {self.memory_bytes:,} bytes. Exact noise on "
                f"{self.program.num_qubits} qubits takes {self.row_bytes:,}: raise memory_bytes."
            )
        functions, chosen = self.program.angle_map, weights
        weights = chosen if functions is None else functions.angles(chosen, inputs)
        values, gradients = np.zeros(len(weights)), np.zeros(weights.shape)
        for first in range(0, len(weights), size):
            part = slice(first, first + size)
            points = None if inputs is None else inputs[part]
            values[part], gradients[part] = self._chunk(*self._angles(weights[part], points), slopes)
        return values, gradients if functions is None else functions.pull(gradients, chosen, inputs)

    def _angles(self, weights: np.ndarray, inputs: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """(ops, points) angles, and what a weight moves them by."""
        program = self.program
        slope, rest = (np.tile(column[:, None], len(weights)) for column in (program.coefficient, program.offset))
        if program.inputs:
            assert inputs is not None
            ops, coefficient, offset = program.input_angles(inputs)
            slope[ops], rest[ops] = coefficient.T, offset.T
        angles = rest
        angles[program.rotations] += slope[program.rotations] * weights.T[program.parameter[program.rotations]]
        return angles, slope

    def _chunk(self, angles: np.ndarray, slope: np.ndarray, slopes: bool) -> tuple[np.ndarray, np.ndarray]:
        program, count = self.program, angles.shape[1]
        v = np.repeat(self._start[:, None], count, axis=1)
        kept: list[np.ndarray] = []
        for i in range(len(program) - 1, -1, -1):
            v = self._noise(v, i + 1)
            if program.opcode[i] == op.ROTATION:
                self._rotate(v, i, angles[i], 1)
                if slopes and program.parameter[i] >= 0:
                    kept.append(v.copy())
            else:
                source, sign = self._permutation(i)
                v = sign[:, None] * v[source]
        v = self._noise(v, 0)
        values = v[self._seen].sum(axis=0)
        gradient = np.zeros((count, len(program.weights)))
        if not slopes:
            return values, gradient
        w = np.zeros_like(v)
        w[self._seen] = 1.0
        w = self._noise_back(w, 0)
        for i in range(len(program)):
            if program.opcode[i] == op.ROTATION:
                if program.parameter[i] >= 0:
                    turn, behind = self._turn(i), kept.pop()
                    pull = w[turn.other] * behind[turn.first] - w[turn.first] * behind[turn.other]
                    gradient[:, program.parameter[i]] += slope[i] * (turn.sign @ pull)
                self._rotate(w, i, angles[i], -1)
            else:
                source, sign = self._permutation(i)
                back = np.empty_like(w)
                back[source] = sign[:, None] * w
                w = back
            w = self._noise_back(w, i + 1)
        return values, gradient

    # ------------------------------------------------------------------ one step

    def _rotate(self, v: np.ndarray, i: int, angle: np.ndarray, way: int) -> None:
        """Q -> cos Q + sin iPQ in place, or its inverse (``way`` = -1)."""
        if not self.program.start[i + 1] > self.program.start[i]:
            return
        turn, cosine, sine = self._turn(i), np.cos(angle), way * np.sin(angle)
        first, other = v[turn.first], v[turn.other]
        signed = turn.sign[:, None] * sine
        v[turn.first], v[turn.other] = cosine * first - signed * other, cosine * other + signed * first

    def _noise(self, v: np.ndarray, place: int) -> np.ndarray:
        """The channels behind op ``place - 1``, the last in time first."""
        for factors, shifts in reversed(self._behind.get(place, [])):
            for qubit, shift in shifts:
                z = np.flatnonzero(self._letter(qubit) == 2)
                v[z ^ (2 << 2 * qubit)] += shift * v[z]
            v *= factors[:, None]
        return v

    def _noise_back(self, w: np.ndarray, place: int) -> np.ndarray:
        """The transpose of `_noise`."""
        for factors, shifts in self._behind.get(place, []):
            w *= factors[:, None]
            for qubit, shift in shifts:
                z = np.flatnonzero(self._letter(qubit) == 2)
                w[z] += shift * w[z ^ (2 << 2 * qubit)]
        return w

    # ------------------------------------------------------------------ tables, each made once

    @cached_property
    def _index(self) -> np.ndarray:
        return np.arange(4**self.program.num_qubits)

    def _letter(self, qubit: int) -> np.ndarray:
        return (self._index >> 2 * qubit) & 3

    @cached_property
    def _seen(self) -> np.ndarray:
        """Paulis of I and Z: 1 on |0...0>."""
        odd = sum(1 << 2 * q for q in range(self.program.num_qubits))
        return np.flatnonzero(self._index & odd == 0)

    @cached_property
    def _start(self) -> np.ndarray:
        x, z, c = unpack_terms(self.observable)
        places = 4 ** np.arange(self.program.num_qubits, dtype=np.int64)
        start = np.zeros(4**self.program.num_qubits)
        np.add.at(start, x.astype(np.int64) @ places + 2 * (z.astype(np.int64) @ places), c)
        return start

    @cached_property
    def _tables(self) -> dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]]:
        return {}

    @cached_property
    def _turns(self) -> dict[bytes, _Turn]:
        return {}

    @cached_property
    def _behind(self) -> dict[int, list[tuple[np.ndarray, list[tuple[int, float]]]]]:
        """Factors and shifts by the op that they stand in front of (len(program): at the end), in time order."""
        found: dict[int, list[tuple[np.ndarray, list[tuple[int, float]]]]] = {}
        for channel in self.channels:
            place = int(np.searchsorted(self.program.gate, channel.gate, side="right"))
            here = sum(self._letter(q) << 2 * k for k, q in enumerate(channel.qubits))
            factors = np.array([1.0, *channel.factors])[here]
            shifts = [(q, b) for q, b in zip(channel.qubits, channel.shifts, strict=False) if b]
            before = found.setdefault(place, [])
            if before and not before[-1][1]:  # unital ones in front: one table for both
                factors = factors * before.pop()[0]
            before.append((factors, shifts))
        return found

    def _turn(self, i: int) -> _Turn:
        pieces = slice(int(self.program.start[i]), int(self.program.start[i + 1]))
        support, letters = self.program.support[pieces], self.program.letters[pieces]
        key = support.tobytes() + letters.tobytes()
        if key not in self._turns:
            mask = int(sum(int(p) << 2 * int(q) for q, p in zip(support, letters, strict=True)))
            odd, power = np.zeros(len(self._index), np.int64), np.ones(len(self._index), np.int64)
            for q, p in zip(support.tolist(), letters.tolist(), strict=True):
                letter = self._letter(q)
                odd ^= np.array([anticommuting(p, other) for other in range(4)])[letter]
                power += _TURN[p][letter]
            first = np.flatnonzero((odd == 1) & (self._index < self._index ^ mask))
            self._turns[key] = _Turn(first, first ^ mask, np.where(power[first] % 4 == 0, 1.0, -1.0))
        return self._turns[key]

    def _permutation(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Where each coefficient behind a Clifford comes from, and its sign."""
        code = int(self.program.opcode[i])
        qubits = tuple(int(q) for q in self.program.qubits[i] if q >= 0)
        if (code, *qubits) not in self._tables:
            image, signs = _images(code)
            local = sum(self._letter(q) << 2 * k for k, q in enumerate(qubits))
            moved = self._index - sum(self._letter(q) << 2 * q for q in qubits)
            for k, q in enumerate(qubits):
                moved = moved + (((image[local] >> 2 * k) & 3) << 2 * q)
            source, sign = np.empty_like(moved), np.empty(len(moved))
            source[moved], sign[moved] = self._index, signs[local]
            self._tables[(code, *qubits)] = source, sign
        return self._tables[(code, *qubits)]

"""Perfect sampling of randomised-Pauli measurements: from amplitudes, and from matrix-product states of any length.

Qubit by qubit, from the chain rule of probabilities: what is kept of a shot is the state of the qubits that are not yet
measured (amplitudes), or a vector on the bond to them (matrix products: arXiv 1201.3974, in any product basis). All
shots go along together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtrain.errors import QTrainError, shortened

MAX_QUBITS = 26  # of amplitudes
AMPLITUDES = 2**22  # of branches that are followed together
# (3, 2, 2): of letter 1 = X, 2 = Z, 3 = Y, for either outcome, the bra that is put on the qubit.
_ROOT = 0.5**0.5
BRAS = np.array([[[_ROOT, _ROOT], [_ROOT, -_ROOT]], [[1, 0], [0, 1]], [[_ROOT, -1j * _ROOT], [_ROOT, 1j * _ROOT]]])


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """A state vector, normalised; bit q of an index is qubit q.

    Attributes:
        vector: (2^n,) complex128.
    """

    vector: np.ndarray

    @classmethod
    def of(cls, values: Any) -> Amplitudes:
        """Checked and normalised.

        Raises:
            QTrainError: no vector of 2^n finite numbers, more than 26 qubits, or 0.
        """
        try:
            vector = np.array(values, complex)
        except (TypeError, ValueError, OverflowError):
            raise QTrainError(f"state should hold amplitudes. Got {shortened(values)}.") from None
        n = vector.size.bit_length() - 1
        if vector.ndim != 1 or vector.size != 2**n or not 1 <= n <= MAX_QUBITS:
            raise QTrainError(
                f"state should be a vector of 2^n amplitudes, n from 1 to {MAX_QUBITS}. Got shape {vector.shape}."
            )
        return cls(vector / _norm(vector))

    @property
    def num_qubits(self) -> int:
        return self.vector.size.bit_length() - 1

    def digest(self) -> str:
        return hashlib.sha256(b"amplitudes" + self.vector.tobytes()).hexdigest()[:32]

    def sample(self, bases: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Outcomes (shots, n) uint8 in bases (shots, n), by numbers (shots, n) uniform in [0, 1)."""
        outcomes = np.zeros(bases.shape, np.uint8)
        shots = len(bases)
        self._descend(self.vector[None], np.zeros(shots, np.int64), np.arange(shots), bases, uniforms, outcomes)
        return outcomes

    def _descend(
        self, states: np.ndarray, owner: np.ndarray, rows: np.ndarray, bases: np.ndarray, uniforms: np.ndarray,
        outcomes: np.ndarray,
    ) -> None:  # fmt: skip
        """Measure the highest qubit of states (branches, 2^m); shots with equal results so far share a branch."""
        while states.shape[1] > 1:
            if states.size > AMPLITUDES and len(states) > 1:
                half = len(states) // 2
                first = owner < half
                for part, mine, shift in ((states[:half], first, 0), (states[half:], ~first, half)):
                    self._descend(part, owner[mine] - shift, rows[mine], bases, uniforms, outcomes)
                return
            q = states.shape[1].bit_length() - 2
            pair = states.reshape(len(states), 2, -1)
            letters = bases[rows, q]
            up = _chance(*_moments(pair[:, 0], pair[:, 1]), rounding=1e-14)[owner, letters - 1]
            read = (uniforms[rows, q] >= up).astype(np.uint8)
            outcomes[rows, q] = read
            branches, owner = np.unique((owner * 3 + letters - 1) * 2 + read, return_inverse=True)
            bra = BRAS[branches // 2 % 3, branches % 2]
            kept = pair[branches // 6]
            states = bra[:, :1] * kept[:, 0] + bra[:, 1:] * kept[:, 1]
            states /= np.linalg.norm(states, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class MatrixProduct:
    """A matrix-product state; tensor k is qubit k.

    Attributes:
        tensors: right-canonical, (left bond, 2, right bond) float32 or complex64: rounding adds 1e-6 to a
            probability, a hundredth of what 10^8 shots can see.
        state: digest of the tensors that were given.
    """

    tensors: tuple[np.ndarray, ...]
    state: str

    @classmethod
    def of(cls, given: Sequence[Any]) -> MatrixProduct:
        """Checked, normalised and brought to right-canonical form (QR from the right).

        Raises:
            QTrainError: a tensor of another shape, bonds that do not fit, numbers that are not finite, norm 0.
        """
        arrays = [_tensor(k, values) for k, values in enumerate(given)]
        for k, (one, other) in enumerate(zip(arrays, arrays[1:])):
            if one.shape[2] != other.shape[0]:
                raise QTrainError(
                    f"state should have tensors whose bonds fit. "
                    f"Got {one.shape[2]} right of tensor {k}, and {other.shape[0]} left of tensor {k + 1}."
                )
        if arrays[0].shape[0] != 1 or arrays[-1].shape[2] != 1:
            raise QTrainError(
                f"state should have bonds of 1 at both ends. Got {arrays[0].shape[0]} and {arrays[-1].shape[2]}."
            )
        digest = hashlib.sha256(b"tensors")
        for array in arrays:
            digest.update(repr((array.shape, array.dtype.str)).encode() + np.ascontiguousarray(array).tobytes())
        real = not any(np.iscomplexobj(array) for array in arrays)
        canonical, rest = [], np.ones((1, 1))
        for array in reversed(arrays):
            moved = array @ rest
            q, r = np.linalg.qr(moved.reshape(len(array), -1).conj().T)
            canonical.append(q.conj().T.reshape(-1, 2, moved.shape[2]).astype(np.float32 if real else np.complex64))
            rest = r.conj().T / _norm(r)
        return cls(tuple(canonical[::-1]), digest.hexdigest()[:32])

    @property
    def num_qubits(self) -> int:
        return len(self.tensors)

    def digest(self) -> str:
        return self.state

    def sample(self, bases: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Outcomes (shots, n) uint8 in bases (shots, n), by numbers (shots, n) uniform in [0, 1)."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # thin matrices: threads wait for one another, badly so on a busy machine
            return self._sample(bases, uniforms)

    def _sample(self, bases: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        outcomes = np.zeros(bases.shape, np.uint8)
        left = np.zeros((2, len(bases), 1), np.float32)  # real and imaginary parts apart: most tensors are real
        left[0] = 1
        for q, tensor in enumerate(self.tensors):
            zero, one = _times(left, tensor)
            letters = bases[:, q]
            up = _chances(zero, one, letters)
            read = uniforms[:, q] >= up
            outcomes[:, q] = read
            bra = BRAS[letters - 1, read.astype(int)] / np.sqrt(np.where(read, 1 - up, up))[:, None]
            real, imaginary = (part.astype(np.float32)[:, None] for part in (bra[:, 1].real, bra[:, 1].imag))
            left = zero * bra[:, 0].real.astype(np.float32)[:, None]
            left += real * one
            left[0] -= imaginary * one[1]
            left[1] += imaginary * one[0]
        return outcomes


def _times(left: np.ndarray, tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (2, shots, right bond) for either value of the qubit, of vectors (2, shots, left bond)."""
    rows, found = left.reshape(-1, left.shape[2]), []
    for value in (0, 1):
        matrix = np.ascontiguousarray(tensor[:, value])
        moved = (rows @ np.ascontiguousarray(matrix.real)).reshape(2, -1, matrix.shape[1])
        if np.iscomplexobj(matrix):
            turned = (rows @ np.ascontiguousarray(matrix.imag)).reshape(moved.shape)
            moved[0] -= turned[1]
            moved[1] += turned[0]
        found.append(moved)
    return found[0], found[1]


def _chances(zero: np.ndarray, one: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """(shots,) probabilities of +1 in the base that each shot measures; of vectors (2, shots, bond)."""

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.einsum("ij,ij->i", a, b).astype(float)

    first, second = (product(part[0], part[0]) + product(part[1], part[1]) for part in (zero, one))
    real = product(zero[0], one[0]) + product(zero[1], one[1])
    imaginary = product(zero[0], one[1]) - product(zero[1], one[0])
    return _chance(first, second, real + 1j * imaginary, rounding=1e-6)[np.arange(len(letters)), letters - 1]


def _moments(zero: np.ndarray, one: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """⟨0|0⟩, ⟨1|1⟩ and ⟨0|1⟩ of rows."""
    parts = [np.einsum("ij,ij->i", a.conj(), b).astype(complex) for a, b in ((zero, zero), (one, one), (zero, one))]
    return parts[0].real, parts[1].real, parts[2]


def _chance(zero: np.ndarray, one: np.ndarray, cross: np.ndarray, *, rounding: float) -> np.ndarray:
    """(rows, 3) probabilities of +1 when X, Z, Y is measured; within rounding of 0 and 1, these: no branch is empty."""
    total = zero + one
    up = np.stack([total / 2 + cross.real, zero, total / 2 + cross.imag], axis=1) / total[:, None]
    return np.where(up < rounding, 0.0, np.where(up > 1 - rounding, 1.0, up))


def _tensor(k: int, values: Any) -> np.ndarray:
    try:
        array = np.array(values)
        array = array.astype(complex if np.iscomplexobj(array) else float)
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"state should hold tensors of numbers. Got {shortened(values)} for tensor {k}.") from None
    if array.ndim != 3 or array.shape[1] != 2 or not array.size:
        raise QTrainError(f"state should have tensors (left bond, 2, right bond). Got {array.shape} for tensor {k}.")
    return array


def _norm(values: np.ndarray) -> float:
    norm = float(np.linalg.norm(values))
    if not np.isfinite(norm) or norm == 0:
        raise QTrainError(f"state should have finite amplitudes that are not all 0. Got a norm of {norm:g}.")
    return norm

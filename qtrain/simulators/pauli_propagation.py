"""Low-weight Pauli propagation: a classical surrogate of a cost, with its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.simulators.surrogates import one_point

MAX_TERMS = 200_000
MAX_ENTRIES = 15_000_000  # strings over all rotations: about 40 bytes each


@dataclass(frozen=True, eq=False)
class _Rotation:
    """One rotation on the list of kept strings: out[stay] += a * in, out[to] += sign * sin * in[source]."""

    op: int  # place in the program
    size: int
    stay: np.ndarray
    anti: np.ndarray
    source: np.ndarray
    to: np.ndarray
    sign: np.ndarray
    kept: np.ndarray


@dataclass(frozen=True, eq=False)
class PauliPropagation:
    """Heisenberg propagation of an observable that forgets strings heavier than ``weight`` (arXiv 2409.01706).

    Attributes:
        weight: largest weight that is kept, anywhere on a path. terms: strings at the widest place.
    """

    program: PauliProgram
    weight: int
    terms: int
    first: np.ndarray
    steps: tuple[_Rotation, ...]
    last: np.ndarray
    constant: float

    def value(self, weights: np.ndarray) -> float:
        """The cost at one point (weights,)."""
        return self._forward(one_point(weights, len(self.program.weights)))[0]

    def _forward(self, weights: np.ndarray) -> tuple[float, list[np.ndarray], np.ndarray]:
        angles = self.program.angles(weights)
        vectors = [self.first]
        for step in self.steps:
            vectors.append(_apply(step, vectors[-1], float(angles[step.op])))
        return float(vectors[-1] @ self.last) + self.constant, vectors, angles

    def value_and_gradient(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and its derivatives (weights,), by one pass back."""
        value, vectors, angles = self._forward(one_point(weights, len(self.program.weights)))
        gradient = np.zeros(len(self.program.weights))
        back = self.last
        for k in range(len(self.steps) - 1, -1, -1):
            step, vector, angle = self.steps[k], vectors[k], float(angles[self.steps[k].op])
            slope = -np.sin(angle) * (vector[step.anti] * step.kept[step.anti]) @ back[step.stay[step.anti]]
            slope += np.cos(angle) * (step.sign * vector[step.source]) @ back[step.to]
            gradient[self.program.parameter[step.op]] += self.program.coefficient[step.op] * float(slope)
            stay = np.ones(len(vector))
            stay[step.anti] = np.cos(angle)
            moved = stay * step.kept * back[step.stay]
            np.add.at(moved, step.source, np.sin(angle) * step.sign * back[step.to])
            back = moved
        return value, gradient


def _apply(step: _Rotation, vector: np.ndarray, angle: float) -> np.ndarray:
    stay = np.ones(len(vector))
    stay[step.anti] = np.cos(angle)
    out = np.bincount(step.stay, stay * step.kept * vector, minlength=step.size)
    out += np.bincount(step.to, np.sin(angle) * step.sign * vector[step.source], minlength=step.size)
    return out


def propagate(
    program: PauliProgram, tape: Tape, operator: SparsePauliOp, weight: int
) -> PauliPropagation | None:
    """Compile the propagation: which strings there are at each rotation, and where they go.

    Args:
        tape: of the program, without noise; rows in time order. weight: strings heavier than this are dropped.

    Returns:
        None where more than 200,000 strings are kept at once, or 15 million over all rotations.
    """
    bits_x, bits_z, c = unpack_terms(operator)
    identity = ~(bits_x.any(axis=1) | bits_z.any(axis=1))
    constant = float(c[identity].sum())
    x, z, c = bits_x[~identity].T.copy(), bits_z[~identity].T.copy(), c[~identity]
    light = (x | z).sum(axis=0) <= weight
    x, z, first = x[:, light], z[:, light], c[light]
    keys = np.random.default_rng(0).integers(0, 2**64, (2, program.num_qubits), np.uint64)
    rotations = np.flatnonzero((program.opcode == 0) & (program.parameter >= 0))
    sizes = np.diff(program.start)
    rows_of = rotations[sizes[rotations] > 0]
    sign = np.ones(x.shape[1])
    kept = np.ones(x.shape[1], bool)
    steps: list[_Rotation] = []
    widest, entries = x.shape[1], 0
    for i in range(len(tape.code)):
        if tape.row[i] < 0:
            if tape.opcode[i] >= 0:
                flips = _clifford(tape, i, x, z)
                sign = np.where(flips, -sign, sign)
                if tape.opcode[i] >= 9 or tape.code[i] == 4:
                    kept &= (x | z).sum(axis=0) <= weight
            continue
        support, letters = _generator(tape, i)
        anti = np.zeros(x.shape[1], np.uint8)
        power = np.ones(x.shape[1], np.int64)
        for q, v in zip(support, letters, strict=True):
            anti ^= ((v & 1) & z[q]) ^ ((v >> 1) & x[q])
        source = np.flatnonzero((anti == 1) & kept)
        nx, nz = x[:, source].copy(), z[:, source].copy()
        power = power[source]
        for q, v in zip(support, letters, strict=True):
            px, pz = v & 1, v >> 1
            old_x, old_z = nx[q].astype(np.int64), nz[q].astype(np.int64)
            nx[q] ^= px
            nz[q] ^= pz
            power = power + px * pz + old_x * old_z - nx[q].astype(np.int64) * nz[q] + 2 * (pz & old_x)
        good = (nx | nz).sum(axis=0) <= weight
        source, nx, nz, power = source[good], nx[:, good], nz[:, good], power[good]
        both_x, both_z = np.hstack([x, nx]), np.hstack([z, nz])
        name = np.bitwise_xor.reduce(
            both_x.astype(np.uint64) * keys[0][:, None], axis=0
        ) ^ np.bitwise_xor.reduce(both_z.astype(np.uint64) * keys[1][:, None], axis=0)
        alive = np.concatenate([kept, np.ones(len(source), bool)])
        unique, index, inverse = np.unique(
            np.where(alive, name, name[0] if len(name) else 0), return_index=True, return_inverse=True
        )
        entries += len(unique)
        if len(unique) > MAX_TERMS or entries > MAX_ENTRIES:
            return None
        inverse = np.asarray(inverse).reshape(-1)
        size = len(unique)
        old = x.shape[1]
        steps.append(
            _Rotation(
                int(rows_of[tape.row[i]]), size, inverse[:old],
                np.flatnonzero((anti == 1) & kept), source, inverse[old:],
                np.where(power % 4 == 2, -1.0, 1.0) * sign[source], kept * sign,
            )
        )  # fmt: skip
        x, z = both_x[:, index].copy(), both_z[:, index].copy()
        sign, kept = np.ones(size), np.ones(size, bool)
        widest = max(widest, size)
    last = sign * kept * ~x.astype(bool).any(axis=0)
    return PauliPropagation(program, weight, widest, first, tuple(steps), last, constant)


def _generator(tape: Tape, i: int) -> tuple[list[int], list[int]]:
    if tape.code[i] <= 2:
        return [int(tape.q0[i])], [int(tape.code[i]) + 1]
    part = slice(int(tape.start[i]), int(tape.start[i + 1]))
    return tape.support[part].tolist(), tape.letters[part].tolist()


def _clifford(tape: Tape, i: int, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Q -> C^dagger Q C of every column, in place; (columns,) bool of sign flips. As ``terms.clifford_step``."""
    op, q = int(tape.opcode[i]), int(tape.q0[i])
    none = np.zeros(x.shape[1], bool)
    if op == 1:
        flip = x[q] & z[q]
        x[q], z[q] = z[q].copy(), x[q].copy()
    elif op == 2:
        flip = x[q] & (1 - z[q])
        z[q] ^= x[q]
    elif op == 3:
        flip = x[q] & z[q]
        z[q] ^= x[q]
    elif op in (4, 5, 6):
        flip = {4: z[q], 5: x[q] ^ z[q], 6: x[q]}[op]
    elif op == 7:
        flip = x[q] & z[q]
        x[q] ^= z[q]
    elif op == 8:
        flip = z[q] & (1 - x[q])
        x[q] ^= z[q]
    elif op == 9:
        t = int(tape.q1[i])
        flip = x[q] & z[t] & (1 - (x[t] ^ z[q]))
        x[t] ^= x[q]
        z[q] ^= z[t]
    elif op == 10:
        t = int(tape.q1[i])
        flip = x[q] & x[t] & (z[q] ^ z[t])
        z[t] ^= x[q]
        z[q] ^= x[t]
    elif op == 11:
        t = int(tape.q1[i])
        x[[q, t]], z[[q, t]] = x[[t, q]], z[[t, q]]
        return none
    elif tape.code[i] == 4:
        support, letters = _generator(tape, i)
        anti = np.zeros(x.shape[1], np.uint8)
        for s, v in zip(support, letters, strict=True):
            anti ^= ((v & 1) & z[s]) ^ ((v >> 1) & x[s])
        turn = int(tape.turns[i])
        if turn == 0:
            return none
        if turn == 2:
            return anti.astype(bool)
        power = np.ones(x.shape[1], np.int64)
        for s, v in zip(support, letters, strict=True):
            px, pz = v & 1, v >> 1
            old = x[s].astype(np.int64) * z[s] + 2 * (pz & x[s].astype(np.int64))
            x[s] ^= np.uint8(px) & anti
            z[s] ^= np.uint8(pz) & anti
            power += px * pz + old - x[s].astype(np.int64) * z[s]
        return (anti == 1) & ((power % 4 == 2) ^ (turn == 3))
    else:
        return none
    return flip.astype(bool)


class LazyPropagation:
    """A `PauliPropagation` that is compiled when it is first asked for a value."""

    def __init__(self, program: PauliProgram, tape: Tape, operator: SparsePauliOp, weight: int) -> None:
        self._question = (program, tape, operator, weight)
        self._compiled: PauliPropagation | None = None

    @property
    def compiled(self) -> PauliPropagation:
        """The propagation itself.

        Raises:
            QTrainError: more than 200,000 strings would be kept at once, or 15 million in all.
        """
        if self._compiled is None:
            self._compiled = propagate(*self._question)
            if self._compiled is None:
                raise QTrainError(
                    f"circuit should spread the observable over at most {MAX_TERMS:,} strings of weight up to "
                    f"{self._question[3]} ({MAX_ENTRIES:,} over all rotations) for this surrogate. "
                    "Got more: ask for a larger error."
                )
        return self._compiled

    def value(self, weights: np.ndarray) -> float:
        """The cost at one point (weights,)."""
        return self.compiled.value(weights)

    def value_and_gradient(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and its derivatives (weights,)."""
        return self.compiled.value_and_gradient(weights)

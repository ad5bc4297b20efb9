"""Low-weight Pauli propagation: a classical surrogate of a cost, with its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.program import PauliProgram
from qtrain.errors import QTrainError
from qtrain.kernels.clifford import conjugate_lanes, meet_lanes
from qtrain.kernels.opcodes import CX
from qtrain.simulators.evaluators import Evaluator, one_point

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
class PauliPropagation(Evaluator):
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


def propagate(program: PauliProgram, tape: Tape, operator: SparsePauliOp, weight: int) -> PauliPropagation | None:
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
    x, z, first = x[:, light].copy(), z[:, light].copy(), c[light]
    keys = np.random.default_rng(0).integers(0, 2**64, 2 * program.num_qubits, np.uint64)
    rotations = np.flatnonzero((program.opcode == 0) & (program.parameter >= 0))
    sizes = np.diff(program.start)
    rows_of = rotations[sizes[rotations] > 0]
    sign = np.ones(x.shape[1])
    kept = np.ones(x.shape[1], bool)
    steps: list[_Rotation] = []
    widest, entries = x.shape[1], 0
    places = tape.steps
    for i in range(len(tape)):
        plus, flips = np.zeros((2, x.shape[1]), np.uint8)
        anti = np.zeros((1, x.shape[1]), np.uint8)
        if places.row[i] < 0:
            conjugate_lanes(places, i, x, z, flips, anti, plus)
            sign = np.where(flips, -sign, sign)
            if places.opcode[i] >= CX:
                kept &= (x | z).sum(axis=0) <= weight
            continue
        meet_lanes(places, i, x, z, anti, plus)
        source = np.flatnonzero((anti[0] == 1) & kept)
        nx, nz = x[:, source].copy(), z[:, source].copy()
        own = slice(places.start[i], places.start[i + 1])
        nx[places.support[own]] ^= (places.letters[own, None] & 1).astype(np.uint8)
        nz[places.support[own]] ^= (places.letters[own, None] >> 1).astype(np.uint8)
        good = (nx | nz).sum(axis=0) <= weight
        source, nx, nz = source[good], nx[:, good], nz[:, good]
        both_x, both_z = np.hstack([x, nx]), np.hstack([z, nz])
        bits = np.vstack([both_x, both_z]).astype(np.uint64)
        name = np.bitwise_xor.reduce(bits * keys[:, None], axis=0)
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
                int(rows_of[places.row[i]]), size, inverse[:old],
                np.flatnonzero((anti[0] == 1) & kept), source, inverse[old:],
                np.where(plus[source] == 1, 1.0, -1.0) * sign[source], kept * sign,
            )
        )  # fmt: skip
        x, z = both_x[:, index].copy(), both_z[:, index].copy()
        sign, kept = np.ones(size), np.ones(size, bool)
        widest = max(widest, size)
    last = sign * kept * ~x.astype(bool).any(axis=0)
    return PauliPropagation(program, weight, widest, first, tuple(steps), last, constant)


class LazyPropagation(Evaluator):
    """A `PauliPropagation` that is compiled when it is first asked for a value."""

    def __init__(self, program: PauliProgram, tape: Tape, operator: SparsePauliOp, weight: int) -> None:
        self._question = (program, tape, operator, weight)

    @cached_property
    def compiled(self) -> PauliPropagation:
        """The propagation itself.

        Raises:
            QTrainError: more than 200,000 strings would be kept at once, or 15 million in all.
        """
        found = propagate(*self._question)
        if found is None:
            raise QTrainError(
                f"circuit should spread the observable over at most {MAX_TERMS:,} strings of weight up to "
                f"{self._question[3]} ({MAX_ENTRIES:,} over all rotations) for this surrogate. "
                "Got more: ask for a larger error."
            )
        return found

    def value(self, weights: np.ndarray) -> float:
        """The cost at one point (weights,)."""
        return self.compiled.value(weights)

    def value_and_gradient(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost and its derivatives (weights,)."""
        return self.compiled.value_and_gradient(weights)

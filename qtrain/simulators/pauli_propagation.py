"""Truncated Pauli propagation: a classical surrogate of a cost, with its gradient.

Two cuts: strings heavier than a weight are forgotten wherever they appear (arXiv 2409.01706), or paths that have met
more than so many rotations that they anticommute with (the Fourier degree of what they add to the cost).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.observables import pack
from qtrain.circuits.pauli_tape import Tape
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.clifford import conjugate_lanes, meet_lanes
from qtrain.kernels.opcodes import CX
from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.reached_strings import StringTable, meets, product_signs
from qtrain.simulators.statevector import check_weights

MAX_STRINGS = 200_000
MAX_ENTRIES = 15_000_000  # strings over all rotations: about 40 bytes each
LANE_NUMBERS = 2**24  # coefficients of all angle vectors of a batch, over all rotations


@dataclass(frozen=True, eq=False)
class _Rotation:
    """One rotation on the list of kept strings.

    Attributes:
        op: place in the program; size: strings behind it.
        rows, signs, stay: strings that stay themselves, with a sign, and where they stand then.
        anti: which of these rows anticommute, and shrink by the cosine.
        source, signs_to, to: strings that become others by the sine, with a sign, and where those stand.
    """

    op: int
    size: int
    rows: np.ndarray
    signs: np.ndarray
    stay: np.ndarray
    anti: np.ndarray
    source: np.ndarray
    signs_to: np.ndarray
    to: np.ndarray


@dataclass(frozen=True, eq=False)
class Reached:
    """Strings at the input: x, z (strings, n) bool, the list's place of each, and a sign."""

    x: np.ndarray
    z: np.ndarray
    rows: np.ndarray
    signs: np.ndarray


@dataclass(frozen=True, eq=False)
class PauliPropagation(Evaluator):
    """Heisenberg propagation of an observable on lists of strings that are known beforehand.

    Attributes:
        strings: at the widest place; entries: over all rotations, the operations of one value.
        first: coefficients of the observable; last: expectation of the strings at the input.
        reached: the strings at the input themselves, where they are written in the input's own frame.
    """

    program: PauliProgram
    strings: int
    entries: int
    first: np.ndarray
    steps: tuple[_Rotation, ...]
    last: np.ndarray
    constant: float
    reached: Reached | None = None

    @property
    def num_weights(self) -> int:
        return self.program.num_weights

    def costs(self, weights: np.ndarray) -> np.ndarray:
        theta = check_weights(self.num_weights, weights)
        batches = (theta[k : k + 256] for k in range(0, len(theta), 256))
        return np.concatenate([self.last @ self._forward(batch)[0] + self.constant for batch in batches])

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        theta = check_weights(self.program.num_weights, weights)
        lanes = int(np.clip(LANE_NUMBERS // max(self.entries, 1), 1, 256))
        found, slopes = [], []
        for first in range(0, len(theta), lanes):
            vector, back = self.pulled_back(theta[first : first + lanes])
            found.append(self.last @ vector + self.constant)
            slopes.append(back(np.repeat(self.last[:, None], vector.shape[1], axis=1)))
        return np.concatenate(found), np.concatenate(slopes)

    def pulled_back(self, theta: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """Coefficients (strings, points) of the strings at the input, and what differentiates a sum of them.

        The second takes factors (strings, points), and gives the derivatives (points, weights) of the sums of the
        coefficients times these factors: expectations of the input, or their sums over the states of a loss.
        """
        vector, kept, angles = self._forward(theta, keep=True)
        return vector, lambda factors: self._backward(theta, list(kept), angles, factors)

    def _forward(self, theta: np.ndarray, *, keep: bool = False) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
        """Coefficients at the input, those in front of each rotation where they are to be kept, angles of the ops."""
        angles = self.program.angles(theta)
        vector, kept = np.repeat(self.first[:, None], len(theta), axis=1), []
        for step in self.steps:
            if keep:
                kept.append(vector)
            angle = angles[:, step.op]
            still = vector[step.rows] * step.signs[:, None]
            still[step.anti] *= np.cos(angle)
            moved = vector[step.source] * step.signs_to[:, None] * np.sin(angle)
            vector = np.zeros((step.size, len(theta)))
            vector[step.stay] = still  # either list of places has no place twice
            vector[step.to] += moved
        return vector, kept, angles

    def _backward(
        self, theta: np.ndarray, kept: list[np.ndarray], angles: np.ndarray, back: np.ndarray
    ) -> np.ndarray:
        gradient = np.zeros(theta.shape)
        for step in reversed(self.steps):
            vector, parameter = kept.pop(), self.program.parameter[step.op]
            cos, sin = np.cos(angles[:, step.op]), np.sin(angles[:, step.op])
            still, moved = back[step.stay] * step.signs[:, None], back[step.to] * step.signs_to[:, None]
            if parameter >= 0:
                slope = cos * (vector[step.source] * moved).sum(axis=0)
                slope -= sin * (vector[step.rows[step.anti]] * still[step.anti]).sum(axis=0)
                gradient[:, parameter] += self.program.coefficient[step.op] * slope
            still[step.anti] *= cos
            back = np.zeros_like(vector)
            back[step.rows] = still
            back[step.source] += moved * sin
        return gradient


class _Lists:
    """Lists of strings at each rotation, while they are followed."""

    def __init__(self, most: int) -> None:
        self.steps: list[_Rotation] = []
        self.widest, self.entries, self.most = 0, 0, most

    def merge(
        self, op: int, rows: np.ndarray, signs: np.ndarray, names: np.ndarray, anti: np.ndarray, source: np.ndarray,
        signs_to: np.ndarray, names_to: np.ndarray,
    ) -> np.ndarray | None:  # fmt: skip
        """Add a rotation; which of the rows and then the sources each string of the new list is; None if too many."""
        _, index, place = np.unique(np.concatenate([names, names_to]), return_index=True, return_inverse=True)
        self.entries += len(index)
        self.widest = max(self.widest, len(index))
        if self.widest > MAX_STRINGS or self.entries > self.most:
            return None
        place = np.asarray(place).reshape(-1)
        self.steps.append(
            _Rotation(op, len(index), rows, signs, place[: len(rows)], anti, source, signs_to, place[len(rows) :])
        )
        return index


def low_weight(
    program: PauliProgram, tape: Tape, operator: SparsePauliOp, weight: int, *, most: int = MAX_ENTRIES
) -> PauliPropagation | None:
    """Compile a propagation that forgets strings heavier than ``weight``.

    Args:
        tape: of the program, without noise; rows in time order.

    Returns:
        None where more than 200,000 strings are kept at once, or ``most`` over all rotations.
    """
    bits_x, bits_z, c = unpack_terms(operator)
    size = (bits_x | bits_z).sum(axis=1)
    light = (size > 0) & (size <= weight)
    x, z, first = bits_x[light].T.copy(), bits_z[light].T.copy(), c[light]
    sign = np.ones(len(first))
    table = program.generators()
    packed_x, packed_z, _ = pack(operator)
    frame = StringTable(packed_x[light], packed_z[light])
    names, turns = frame.name, frame.names(table.x, table.z)
    rotations = program.rotations[np.diff(program.start)[program.rotations] > 0]
    turn_of = {int(op): k for k, op in enumerate(table.index)}
    lists, places = _Lists(most), tape.steps
    rows = np.arange(len(first))  # of the last list, those that are still kept
    for i in range(len(tape)):
        plus, flips = np.zeros((2, x.shape[1]), np.uint8)
        anti = np.zeros((1, x.shape[1]), np.uint8)
        if places.row[i] < 0:
            conjugate_lanes(places, i, x, z, flips, anti, plus)
            sign = np.where(flips, -sign, sign)
            if places.opcode[i] >= CX and len(sign):
                kept = (x | z).sum(axis=0) <= weight
                if not kept.all():
                    x, z = x[:, kept].copy(), z[:, kept].copy()
                    sign, names, rows = sign[kept], names[kept], rows[kept]
            continue
        meet_lanes(places, i, x, z, anti, plus)
        meet = np.flatnonzero(anti[0])
        own = slice(places.start[i], places.start[i + 1])
        nx, nz = x[:, meet], z[:, meet]
        nx[places.support[own]] ^= (places.letters[own, None] & 1).astype(np.uint8)
        nz[places.support[own]] ^= (places.letters[own, None] >> 1).astype(np.uint8)
        good = (nx | nz).sum(axis=0) <= weight
        source, op = meet[good], int(rotations[places.row[i]])
        index = lists.merge(
            op, rows, sign, names, meet, rows[source],
            np.where(plus[source] == 1, 1.0, -1.0) * sign[source], names[source] ^ turns[turn_of[op]],
        )  # fmt: skip
        if index is None:
            return None
        both = np.concatenate([names, names[source] ^ turns[turn_of[op]]])
        x, z = np.hstack([x, nx[:, good]])[:, index], np.hstack([z, nz[:, good]])[:, index]
        names, sign, rows = both[index], np.ones(len(index)), np.arange(len(index))
    last = np.zeros(lists.steps[-1].size if lists.steps else len(first))
    last[rows] = sign * ~x.astype(bool).any(axis=0)
    identity = ~(bits_x.any(axis=1) | bits_z.any(axis=1))
    return PauliPropagation(
        program, lists.widest, lists.entries, first, tuple(lists.steps), last, float(c[identity].sum()),
        Reached(x.T.astype(bool), z.T.astype(bool), rows, sign),
    )  # fmt: skip


def low_degree(
    program: PauliProgram, operator: SparsePauliOp, degree: int, *, sines: bool = False, most: int = MAX_ENTRIES
) -> PauliPropagation | None:
    """Compile a propagation along the paths that meet at most ``degree`` rotations that anticommute with them.

    In the frame behind all Cliffords; a string is listed once for each number of rotations met.

    Args:
        sines: count only the rotations at which a string becomes another one, by their sine.

    Returns:
        None where more than 200,000 strings are kept at once, or ``most`` over all rotations.
    """
    x, z, c = pack(operator)
    other = (x | z).any(axis=1)
    table = program.generators(fixed=True)
    x, z, first = x[other], z[other], c[other]
    frame = StringTable(x, z)
    names, turns = frame.name, frame.names(table.x, table.z)
    met = np.zeros(len(x), np.int64)
    mark = np.random.default_rng(1).integers(0, 2**64, degree + 2, np.uint64)  # of a number of rotations met
    names = names ^ mark[0]
    lists = _Lists(most)
    for k in range(len(table) - 1, -1, -1):
        meet = meets(x, z, table.x[k], table.z[k])
        if not len(meet):
            continue
        rows = np.ones(len(x), bool)
        rows[meet] = sines | (met[meet] < degree)
        source = meet[met[meet] < degree]
        count, step = met[source] + 1, mark[met[source]] ^ mark[met[source] + 1]
        moved = names[source] ^ step ^ turns[k]
        if not sines:
            met, names = met.copy(), names.copy()
            met[source], names[source] = count, names[source] ^ step
        kept = np.flatnonzero(rows)
        factor = table.signs[k] * product_signs(table.x[k], table.z[k], x[source], z[source])
        index = lists.merge(
            int(table.index[k]), kept, np.ones(len(kept)), names[kept], np.searchsorted(kept, meet[rows[meet]]), source,
            factor, moved,
        )  # fmt: skip
        if index is None:
            return None
        names = np.concatenate([names[kept], moved])[index]
        met = np.concatenate([met[kept], count])[index]
        x = np.concatenate([x[kept], x[source] ^ table.x[k]])[index]
        z = np.concatenate([z[kept], z[source] ^ table.z[k]])[index]
    return PauliPropagation(
        program, lists.widest, lists.entries, first, tuple(lists.steps), program.expectations(x, z),
        float(c[~other].sum()),
    )  # fmt: skip

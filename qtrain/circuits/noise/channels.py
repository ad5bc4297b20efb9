"""Channels in the Heisenberg picture: what noise behind a gate does to each Pauli on its way from the measurement.

Every channel here damps each Pauli by a factor of its own and, where it is not unital, adds b I to a Z. That covers
depolarising noise, any Pauli channel, dephasing, amplitude damping and thermal relaxation (Nielsen and Chuang,
*Quantum Computation and Quantum Information*, section 8.3). Letters are numbered 1 = X, 2 = Z, 3 = Y, as everywhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from qtrain.kernels.opcodes import NOISE_1, NOISE_2, NOISE_LETTERS, NOISE_SHIFT

SAME = 1e-12  # factors that differ by less are equal
_QISKIT = (0, 1, 3, 2)  # the letters I, X, Z, Y in that order


@dataclass(frozen=True)
class Channel:
    """Noise behind one gate: first the factors, in time, then the shifts.

    Attributes:
        gate: index in ``circuit.data`` of the gate it follows. qubits: one or two.
        factors: of each Pauli on the qubits but the identity: 3 or 15, the entry ``a + 4 * b - 1`` for letter a on
            the first and b on the second qubit.
        shifts: for each qubit the b of Z -> Z + b I; empty where the channel is unital.
    """

    gate: int
    qubits: tuple[int, ...]
    factors: tuple[float, ...]
    shifts: tuple[float, ...] = ()

    @property
    def trivial(self) -> bool:
        """It changes nothing."""
        return not self.shifts and all(factor == 1 for factor in self.factors)

    def without_shifts(self) -> Channel:
        """Its Pauli twirl: the same factors, unital."""
        return replace(self, shifts=())

    def on(self, place: dict[int, int]) -> Channel | None:
        """The same on renumbered qubits; those not in ``place`` always hold the identity. None where none is left."""
        kept = [k for k, q in enumerate(self.qubits) if q in place]
        qubits = tuple(place[self.qubits[k]] for k in kept)
        if len(kept) == len(self.qubits):
            return replace(self, qubits=qubits)
        if not kept:
            return None
        step = 4 ** kept[0]
        shifts = tuple(self.shifts[k] for k in kept) if self.shifts else ()
        return Channel(self.gate, qubits, tuple(self.factors[a * step - 1] for a in (1, 2, 3)), shifts)


def depolarizing(gate: int, qubits: tuple[int, ...], p: float) -> Channel:
    """Qiskit's ``depolarizing_error(p)``: every Pauli on the qubits by 1 - p."""
    return Channel(gate, qubits, (1 - p,) * (4 ** len(qubits) - 1))


def pauli(gate: int, qubit: int, px: float, py: float, pz: float) -> Channel:
    """X, Y and Z with these probabilities."""
    return Channel(gate, (qubit,), (1 - 2 * (py + pz), 1 - 2 * (px + py), 1 - 2 * (px + pz)))


def two_qubit_pauli(gate: int, qubits: tuple[int, ...], probabilities: dict[str, float]) -> Channel:
    """Strings of two letters with these probabilities, in Qiskit's order: the last letter is the first qubit's."""
    factors = np.ones((4, 4))
    for label, p in probabilities.items():
        high, low = ("IXZY".index(letter) for letter in label)
        for a, b in itertools.product(range(4), repeat=2):
            if (anticommuting(a, low) + anticommuting(b, high)) % 2:
                factors[b, a] -= 2 * p
    return Channel(gate, qubits, tuple(factors.ravel()[1:].tolist()))


def anticommuting(a: int, b: int) -> int:
    """1 where two letters anticommute, else 0."""
    return int(a != b and a != 0 and b != 0)


def amplitude_damping(gate: int, qubit: int, gamma: float, excited: float = 0.0) -> Channel:
    """Decay with probability gamma towards |0>, or to |1> with the share ``excited`` of the fixed point.

    Example:
        >>> amplitude_damping(0, 3, 0.36)
        Channel(gate=0, qubits=(3,), factors=(0.8, 0.64, 0.8), shifts=(0.36,))
    """
    shift = gamma * (1 - 2 * excited)
    kept = math.sqrt(1 - gamma)
    return Channel(gate, (qubit,), (kept, 1 - gamma, kept), (shift,) if shift else ())


def phase_damping(gate: int, qubit: int, rate: float) -> Channel:
    """Qiskit's ``phase_damping_error(rate)``: X and Y by sqrt(1 - rate)."""
    kept = math.sqrt(1 - rate)
    return Channel(gate, (qubit,), (kept, 1.0, kept))


def relaxation(gate: int, qubit: int, t1: float, t2: float, time: float, excited: float = 0.0) -> Channel:
    """Thermal relaxation for a time, in the unit of t1 and t2: X and Y by exp(-time/t2), Z by exp(-time/t1)."""
    kept, phase = math.exp(-time / t1), math.exp(-time / t2)
    shift = -math.expm1(-time / t1) * (1 - 2 * excited)
    return Channel(gate, (qubit,), (phase, kept, phase), (shift,) if shift else ())


def from_transfer_matrix(gate: int, qubits: tuple[int, ...], matrix: np.ndarray) -> Channel | None:
    """The channel of a Pauli transfer matrix; None where it is of another kind.

    Args:
        matrix: (4, 4) or (16, 16), Schroedinger picture, in Qiskit's order I, X, Y, Z, the first qubit fastest.
    """
    count = len(qubits)
    order = [sum(4**k * _QISKIT[(i >> (2 * k)) & 3] for k in range(count)) for i in range(4**count)]
    table = np.real(matrix)[np.ix_(order, order)]
    factors = np.diag(table)
    shifts = [float(table[2 * 4**k, 0]) for k in range(count)]
    rebuilt = np.diag(factors)
    for k, shift in enumerate(shifts):
        one = np.eye(4)
        one[2, 0] = shift
        rebuilt = np.kron(np.eye(4 ** (count - 1 - k)), np.kron(one, np.eye(4**k))) @ rebuilt
    if np.abs(np.imag(matrix)).max() > 1e-8 or np.abs(table - rebuilt).max() > 1e-8:
        return None
    clean = tuple(1.0 if abs(f - 1) < SAME else float(f) for f in factors[1:])
    shifts = [shift if abs(shift) > SAME else 0.0 for shift in shifts]
    return Channel(gate, qubits, clean, tuple(shifts) if any(shifts) else ())


Step = tuple[int, int, int, int, float]


def tape_steps(channel: Channel) -> list[Step]:
    """A channel as places of a tape in time order: (opcode, first qubit, second qubit, letters, rate)."""
    q, t = channel.qubits[0], channel.qubits[-1]
    if len(channel.qubits) == 1:
        steps = _one_qubit(q, channel.factors)
    else:
        parts = _product(np.array([1.0, *channel.factors]).reshape(4, 4))
        if parts is not None:
            common, first, second = parts
            steps = [(NOISE_2, q, t, 0, common)] if common < 1 else []
            steps += _one_qubit(q, first) + _one_qubit(t, second)
        else:
            steps = _table(q, t, channel.factors, NOISE_2, lambda i: i + 1)
    shifts = zip(channel.qubits, channel.shifts, strict=False)
    return steps + [(NOISE_SHIFT, qubit, qubit, 0, shift) for qubit, shift in shifts if shift]


def _one_qubit(q: int, factors: Iterable[float]) -> list[Step]:
    return _table(q, q, tuple(factors), NOISE_1, lambda i: 5 * (i + 1))


def _table(
    q: int, t: int, factors: tuple[float, ...], common: int, letters: Callable[[int], int]
) -> list[Step]:
    """One place for the largest factor, one for each string that is damped more."""
    most = max(factors)
    base = most if min(factors) >= 0 and most < 1 else 1.0
    steps: list[Step] = [(common, q, t, 0, base)] if base < 1 else []
    rates = [f / base if base else 1.0 for f in factors]
    return steps + [(NOISE_LETTERS, q, t, letters(i), r) for i, r in enumerate(rates) if abs(r - 1) > SAME]


def _product(table: np.ndarray) -> tuple[float, np.ndarray, np.ndarray] | None:
    """A common damping of touched Paulis, times one-qubit factors of each qubit, none above 1; None where it is none.

    Args:
        table: (4, 4) factors by letter of the second and of the first qubit.
    """
    first, second, both = table[0, 1:], table[1:, 0], table[1:, 1:]
    if (table <= 0).any():
        return None
    commons = np.outer(second, first) / both
    common = float(commons.mean())
    rates = first / common, second / common
    if np.ptp(commons) > SAME or common > 1 + SAME or max(r.max() for r in rates) > 1 + SAME:
        return None
    one, other = (np.where(np.abs(r - 1) < SAME, 1.0, r) for r in rates)
    return min(common, 1.0), one, other

"""States without entanglement that lie low: basis states (determinants), and products of one-qubit states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qtrain.circuits.observables import as_observable
from qtrain.growth.symmetries import Symmetries, find_symmetries

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

EXACT_QUBITS = 16
RANDOM_STARTS = 6
MOST_SWEEPS = 200
MOST_SECTORS = 64
MOST_ALIKE = 64  # states of one sector and energy


@dataclass(frozen=True)
class Determinant:
    """A computational basis state.

    Attributes:
        bits: (n,) of qubit 0, 1, ….
        deviation: standard deviation of H in it: by no more does mixing with one other state lower the energy.
        exact: no state of its sector is lower; else no flip of one or two qubits within it leads lower.
    """

    bits: tuple[int, ...]
    energy: float
    deviation: float
    exact: bool


def determinants(
    hamiltonian: SparsePauliOp, symmetries: Symmetries | None = None, *, most: int = 4, seed: int = 0
) -> tuple[Determinant, ...]:
    """The lowest basis state of each of the sectors that promise most: by rising energy less deviation.

    Sectors are those of the conserved charges and of the Pauli symmetries of Z letters. Of equal energies in a sector
    the state of the largest deviation is taken. Up to ``EXACT_QUBITS`` qubits all states are looked at; beyond, flips
    of one or two qubits lead down from several starts.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> chain = SparsePauliOp(["IZZ", "ZZI", "IXX", "IYY", "XXI", "YYI", "IIZ"], [1, 1, 1, 1, 1, 1, 0.1])
        >>> [(d.bits, d.energy) for d in determinants(chain, most=2)]
        [((1, 0, 1), -2.1), ((0, 1, 0), -1.9)]
    """
    operator = as_observable(hamiltonian)
    found = find_symmetries(operator) if symmetries is None else symmetries
    diagonal = ~operator.paulis.x.any(axis=1)
    z, c = operator.paulis.z[diagonal], operator.coeffs.real[diagonal]
    exact = operator.num_qubits <= EXACT_QUBITS
    if exact:
        states, energies = _all_states(z, c, operator.num_qubits)
    else:
        states = _descended(z, c, operator.num_qubits, _steps(found), np.random.default_rng(seed))
        energies = _energies(z, c, states)
    close = 1e-9 * float(np.abs(c).sum())
    rows: dict[bytes, list[int]] = {}
    sectors = _sectors(found, states)
    for k in np.argsort(energies, kind="stable").tolist():
        members = (
            rows.setdefault(sectors[k].tobytes(), []) if len(rows) < MOST_SECTORS else rows.get(sectors[k].tobytes())
        )
        if (
            members is not None
            and len(members) < MOST_ALIKE
            and (not members or energies[k] - energies[members[0]] <= close)
        ):
            members.append(k)
    best = []
    for members in rows.values():
        deviations = _deviations(operator, states[members])
        k = int(np.argmax(deviations > deviations.max() - 1e-9))
        bits = tuple(int(b) for b in states[members[k]])
        best.append(Determinant(bits, float(_energies(z, c, states[[members[k]]])[0]), float(deviations[k]), exact))
    best.sort(key=lambda d: (round(d.energy - d.deviation, 9), d.bits))
    return tuple(best[:most])


def _deviations(operator: SparsePauliOp, states: np.ndarray) -> np.ndarray:
    """(states,) root of the sum of |<t|H|s>|² over all t other than s."""
    x, z = operator.paulis.x, operator.paulis.z
    flipping = x.any(axis=1)
    x, z, c = x[flipping], z[flipping], operator.coeffs.real[flipping]
    if not len(c):
        return np.zeros(len(states))
    ys = (x & z).sum(axis=1)  # i^y is real or not: both parts are summed apart
    _, group = np.unique(np.column_stack([x, ys % 2 == 1]), axis=0, return_inverse=True)
    signed = np.where(ys % 4 >= 2, -c, c) * (1.0 - 2.0 * (states.astype(np.int64) @ z.T.astype(np.int64) % 2))
    elements = np.zeros((int(group.max()) + 1, len(states)))
    np.add.at(elements, group.reshape(-1), signed.T)
    return np.sqrt((elements**2).sum(axis=0))


def _energies(z: np.ndarray, c: np.ndarray, states: np.ndarray) -> np.ndarray:
    odd = states.astype(np.int64) @ z.T.astype(np.int64) % 2
    return (1.0 - 2.0 * odd) @ c


def _all_states(z: np.ndarray, c: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """All basis states and their energies, by a Walsh–Hadamard transform of the coefficients."""
    energies = np.zeros(2**n)
    np.add.at(energies, z @ (1 << np.arange(n, dtype=np.int64)), c)
    for q in range(n):
        halves = energies.reshape(-1, 2, 2**q)
        energies = np.stack([halves[:, 0] + halves[:, 1], halves[:, 0] - halves[:, 1]], axis=1).reshape(-1)
    states = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.int8)
    return states, energies


def _sectors(symmetries: Symmetries, states: np.ndarray) -> np.ndarray:
    """(states, symmetries) int64: charges, and parities of the Pauli symmetries of Z letters."""
    labels = [label for label in symmetries.paulis if set(label) <= {"I", "Z"}]
    masks = np.array([[letter == "Z" for letter in reversed(label)] for label in labels], np.int64)
    charges = np.array(symmetries.charges, np.int64).reshape(-1, states.shape[1])
    wide = states.astype(np.int64)
    return np.hstack([wide @ charges.T, wide @ masks.reshape(-1, states.shape[1]).T % 2])


def _steps(symmetries: Symmetries) -> np.ndarray:
    """(n, charges) by how much a charge rises where a qubit is set."""
    return np.array(symmetries.charges, np.int64).reshape(-1, symmetries.num_qubits).T


def _descended(z: np.ndarray, c: np.ndarray, n: int, steps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """States that no allowed flip of one or two qubits lowers: any flips, and those alone that keep the charges."""
    starts = [np.zeros(n, np.int8), (np.arange(n) % 2).astype(np.int8), ((np.arange(n) + 1) % 2).astype(np.int8)]
    starts += [rng.integers(0, 2, n).astype(np.int8) for _ in range(RANDOM_STARTS)]
    found = []
    for start in starts:
        found.append(_descend(z, c, start.copy(), None))
        if steps.shape[1]:
            found.append(_descend(z, c, start.copy(), steps))
    return np.unique(np.array(found), axis=0)


def _descend(z: np.ndarray, c: np.ndarray, bits: np.ndarray, steps: np.ndarray | None) -> np.ndarray:
    """Flip the one or two qubits that lower the energy most, until none do."""
    rows = z.astype(float)
    signed = (1.0 - 2.0 * (rows @ bits % 2)) * c
    both = rows.T @ (signed[:, None] * rows)  # what terms on both qubits add up to; on the diagonal: on this qubit
    least = 1e-9 * max(float(np.abs(c).sum()), 1e-300)
    while True:
        one = np.diag(both)
        change = 4 * both - 2 * one[:, None] - 2 * one[None, :]
        np.fill_diagonal(change, -2 * one)
        if steps is not None:
            rises = steps * (1 - 2 * bits[:, None].astype(np.int64))
            kept = ((rises[:, None, :] + rises[None, :, :]) == 0).all(axis=2)
            np.fill_diagonal(kept, (rises == 0).all(axis=1))
            change = np.where(kept, change, np.inf)
        a, b = np.unravel_index(int(np.argmin(change)), change.shape)
        if not change[a, b] < -least:
            return bits
        for q in {int(a), int(b)}:
            met = np.flatnonzero(z[:, q])
            both -= 2 * rows[met].T @ (signed[met, None] * rows[met])
            signed[met] *= -1
            bits[q] ^= 1


@dataclass(frozen=True, eq=False)
class ProductState:
    """One-qubit states side by side.

    Attributes:
        vectors: (n, 3) Bloch vectors (x, y, z), of length 1.
        energy: no other vector of one qubit alone leads lower; a local minimum.
    """

    vectors: np.ndarray
    energy: float


def product_state(hamiltonian: SparsePauliOp, *, real: bool = False, seed: int = 0) -> ProductState:
    """The lowest product state that is found by turning one qubit after the other to where its mean field points.

    Args:
        real: only states without a y component, so real amplitudes. seed: of the random starts.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> found = product_state(SparsePauliOp(["ZZ", "XI", "IX"], [-2, -1, -1]))
        >>> round(found.energy, 6), found.vectors.round(3)[0, 0].tolist()
        (-2.5, 0.5)
    """
    operator = as_observable(hamiltonian)
    n = operator.num_qubits
    letters = operator.paulis.x.astype(np.int64) + 2 * operator.paulis.z.astype(np.int64)
    rng = np.random.default_rng(seed)
    best: ProductState | None = None
    for start in _starts(n, real, rng):
        found = _turned(letters, operator.coeffs.real, start, real)
        if best is None or found.energy < best.energy - 1e-9 * abs(best.energy):
            best = found
    assert best is not None
    return best


def _starts(n: int, real: bool, rng: np.random.Generator) -> Iterable[np.ndarray]:
    """(n, 4) of 1, x, z, y: the order of the letters."""
    for _ in range(RANDOM_STARTS):
        vectors = rng.normal(size=(n, 3))
        vectors[:, 2] *= not real
        yield np.hstack([np.ones((n, 1)), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)])


def _turned(letters: np.ndarray, c: np.ndarray, state: np.ndarray, real: bool) -> ProductState:
    n = letters.shape[1]
    places = np.arange(n)
    own = [np.flatnonzero(letters[:, q]) for q in range(n)]
    energy = float(state[places, letters].prod(axis=1) @ c)
    for _ in range(MOST_SWEEPS):
        before = energy
        for q in range(n):
            rows = letters[own[q]]
            factors = state[places, rows]
            factors[:, q] = 1.0
            field = np.bincount(rows[:, q], factors.prod(axis=1) * c[own[q]], minlength=4)[1:]
            field[2] *= not real
            length = float(np.linalg.norm(field))
            if length > 1e-12 * float(np.abs(c[own[q]]).sum()) and length:
                state[q, 1:] = -field / length
        energy = float(state[places, letters].prod(axis=1) @ c)
        if before - energy <= 1e-10 * float(np.abs(c).sum()):
            break
    return ProductState(state[:, [1, 3, 2]].copy(), energy)

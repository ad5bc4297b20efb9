"""Gains of gates at the end of a circuit, from the state on a few qubits at a time: at any number of qubits.

exp(-i θ G/2) at the end changes the terms of H alone that do not commute with G: f(θ) - f(0) = Σ c <V† Q V - Q> with
V = exp(-i θ G/2), which needs the state on the qubits of G and Q and no others. In G's eigenbasis it is a trigonometric
polynomial of θ, so slope, lowest value and the angle of it are known for every gate of a pool at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.growth.pools import PoolGate
from qtrain.growth.sweep import Sweep, period_of
from qtrain.simulators.truncated.chain import PAULI

Reduced = Callable[[Sequence[int]], np.ndarray]
GRID = 48  # angles of a period that are looked at
MOST_QUBITS = 8  # of a gate and a term together
LETTER = {"I": 0, "X": 1, "Z": 2, "Y": 3}


def local_gains(value: float, hamiltonian: SparsePauliOp, pool: Sequence[PoolGate], reduced: Reduced) -> Sweep:
    """Slopes and gains of a pool's gates at the end of a circuit: one row.

    Args:
        value: the cost now. reduced: qubits (k,) ascending -> the state on them (2^k, 2^k), the first qubit the most
            significant bit.

    Returns:
        as :func:`~qtrain.growth.sweep.sweep` without inner places; NaN for gates whose terms reach too far.

    Example:
        >>> from qtrain.growth.pools import rotation
        >>> plus = np.full((2, 2), 0.5, complex)
        >>> found = local_gains(0.0, SparsePauliOp("Z"), [rotation("Y", (0,))], lambda qubits: plus)
        >>> found.slope.round(6).tolist(), found.gain.round(6).tolist()
        ([[-1.0]], [[1.0]])
    """
    terms = [
        (dict(zip(qubits, letters, strict=True)), float(np.real(c)))
        for letters, qubits, c in hamiltonian.to_sparse_list()
    ]
    at: dict[int, list[int]] = {}
    for k, (letters, _) in enumerate(terms):
        for q in letters:
            at.setdefault(q, []).append(k)
    known: dict[tuple[int, ...], np.ndarray] = {}

    def state(qubits: tuple[int, ...]) -> np.ndarray:
        if qubits not in known:
            known[qubits] = reduced(qubits)
        return known[qubits]

    slope, gain, angle = (np.full((1, len(pool)), np.nan) for _ in range(3))
    for k, gate in enumerate(pool):
        near = sorted({i for q in gate.qubits for i in at.get(q, ())})
        met = [terms[i] for i in near if not _commute(gate, terms[i][0])]
        if all(len(set(gate.qubits) | set(letters)) <= MOST_QUBITS for letters, _ in met):
            slope[0, k], gain[0, k], angle[0, k] = _lowest(gate, _waves(gate, met, state))
    slope = np.nan_to_num(slope)
    return Sweep(value, slope, gain, angle)


def _commute(gate: PoolGate, letters: dict[int, str]) -> bool:
    """Whether every string of a gate commutes with a term."""
    return all(
        sum(letters.get(q, letter) != letter for q, letter in zip(qubits, text, strict=True)) % 2 == 0
        for text, qubits, _ in gate.terms
    )


def _waves(
    gate: PoolGate, met: Sequence[tuple[dict[int, str], float]], state: Callable[[tuple[int, ...]], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and complex amplitudes of f(θ) = Σ amplitude e^(i frequency θ)."""
    frequencies, amplitudes = [np.zeros(1)], [np.zeros(1, complex)]
    for letters, c in met:
        qubits = tuple(sorted({*gate.qubits, *letters}))
        written = [(_written(dict(zip(own, text, strict=True)), qubits), c) for text, own, c in gate.terms]
        levels, basis = _levels(tuple(written))
        term = basis.conj().T @ _matrix(_written(letters, qubits)) @ basis
        rho = basis.conj().T @ state(qubits) @ basis
        frequencies.append((levels[:, None] - levels[None, :]).ravel())
        amplitudes.append((c * term * rho.T).ravel())
    return np.concatenate(frequencies), np.concatenate(amplitudes)


def _written(letters: dict[int, str], qubits: tuple[int, ...]) -> str:
    return "".join(letters.get(q, "I") for q in qubits)


@lru_cache(maxsize=4096)
def _matrix(text: str) -> np.ndarray:
    """Of a Pauli string, the first letter on the most significant bit."""
    found = np.ones((1, 1), complex)
    for letter in text:
        found = np.kron(found, PAULI[LETTER[letter]])
    return found


@lru_cache(maxsize=1024)
def _levels(terms: tuple[tuple[str, float], ...]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of half a sum of Pauli strings."""
    half = sum(c / 2 * _matrix(text) for text, c in terms)
    levels, basis = np.linalg.eigh(half)
    return levels, basis


def _lowest(gate: PoolGate, waves: tuple[np.ndarray, np.ndarray]) -> tuple[float, float, float]:
    """Slope at 0, by how much the best angle lowers the value, and that angle."""
    frequencies, inverse = np.unique(np.round(waves[0], 9), return_inverse=True)
    amplitudes = np.zeros(len(frequencies), complex)
    np.add.at(amplitudes, inverse.reshape(-1), waves[1])
    slope = float((1j * frequencies * amplitudes).sum().real)
    period = period_of(gate)
    grid = np.linspace(-period / 2, period / 2, GRID, endpoint=False)

    def costs(points: np.ndarray) -> np.ndarray:
        return np.asarray((np.exp(1j * np.outer(points, frequencies)) @ amplitudes).real)

    found = costs(grid)
    best = float(grid[int(np.argmin(found))])
    for _ in range(6):  # Newton's steps from a point beside the minimum
        wave = np.exp(1j * best * frequencies) * amplitudes
        bend = float((-(frequencies**2) * wave).sum().real)
        if bend <= 0:
            break
        best -= float(np.clip((1j * frequencies * wave).sum().real / bend, -period / GRID, period / GRID))
    ends = costs(np.array([0.0, best]))
    return slope, max(float(ends[0] - ends[1]), 0.0), best

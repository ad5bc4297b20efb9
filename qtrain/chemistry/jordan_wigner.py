"""Electrons on qubits: the Hamiltonian of an active space by Jordan and Wigner's mapping.

Qubit 2p is orbital p with spin up, qubit 2p + 1 the same with spin down; |1> is occupied.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

Operator = dict[tuple[int, int], complex]
"""Coefficients of X^x Z^z by the bits (x, z); those of ladder operators are real."""

SMALLEST = 1e-12  # Hartree; integrals below it are rounding of the self-consistent field


def jordan_wigner(one_body: np.ndarray, two_body: np.ndarray, constant: float = 0.0) -> SparsePauliOp:
    """constant + Σ h_pq a†_p a_q + ½ Σ (pq|rs) a†_p a†_r a_s a_q, summed over both spins, on 2 · orbitals qubits.

    Args:
        one_body: (orbitals, orbitals) h_pq, symmetric, in Hartree.
        two_body: (orbitals,) * 4 (pq|rs) in chemists' order, real.
        constant: energy of nuclei and inactive electrons, Hartree.

    Raises:
        QTrainError: arrays of other shapes, or without the symmetries of real orbitals.

    Example:
        >>> jordan_wigner(np.array([[-1.0]]), np.array([[[[0.5]]]])).to_list()
        [('II', (-0.875+0j)), ('IZ', (0.375+0j)), ('ZI', (0.375+0j)), ('ZZ', (0.125+0j))]
    """
    h, g = np.asarray(one_body, float), np.asarray(two_body, float)
    if h.ndim != 2 or h.shape[0] != h.shape[1] or g.shape != h.shape * 2:
        raise QTrainError(
            f"one_body and two_body should have shapes (orbitals,) * 2 and (orbitals,) * 4. "
            f"Got {h.shape} and {g.shape}."
        )
    turned = (g.transpose(1, 0, 2, 3), g.transpose(2, 3, 0, 1))
    if not np.allclose(h, h.T, atol=1e-8) or not all(np.allclose(g, other, atol=1e-8) for other in turned):
        raise QTrainError("one_body and two_body should be symmetric: h_pq = h_qp, (pq|rs) = (qp|rs) = (rs|pq).")
    count = len(h)
    total: Operator = {(0, 0): float(constant)}
    # a†_p a†_r a_s a_q = (a†_p a_q)(a†_r a_s) - δ_qr a†_p a_s
    reduced = h - 0.5 * np.einsum("prrq->pq", g)
    hops = {(p, q): _sum_of_spins(p, q) for p, q in itertools.product(range(count), repeat=2)}
    for (p, q), hop in hops.items():
        add(total, hop, reduced[p, q])
    for (p, q), (r, s) in itertools.product(hops, repeat=2):
        if abs(g[p, q, r, s]) > SMALLEST:
            add(total, product(hops[p, q], hops[r, s]), 0.5 * g[p, q, r, s])
    return as_sparse(total, 2 * count, smallest=SMALLEST)


def _sum_of_spins(p: int, q: int) -> Operator:
    """a†_p a_q of spin up plus that of spin down."""
    total: Operator = {}
    for spin in (0, 1):
        add(total, product(ladder(2 * p + spin, creates=True), ladder(2 * q + spin, creates=False)))
    return total


def ladder(qubit: int, *, creates: bool) -> Operator:
    """a† or a of a qubit: X (1 ± Z) / 2 with Z on all qubits before."""
    before = (1 << qubit) - 1
    return {(1 << qubit, before): 0.5, (1 << qubit, before | 1 << qubit): 0.5 if creates else -0.5}


def product(left: Operator, right: Operator) -> Operator:
    """Of two operators: Z to the left of X on a qubit changes the sign."""
    found: Operator = {}
    for (x, z), a in left.items():
        for (u, v), b in right.items():
            key = (x ^ u, z ^ v)
            found[key] = found.get(key, 0.0) + (-a * b if (z & u).bit_count() % 2 else a * b)
    return found


def add(total: Operator, part: Operator, factor: complex = 1.0) -> None:
    """Add ``factor`` times a part to what is there."""
    for key, value in part.items():
        total[key] = total.get(key, 0.0) + factor * value


def as_sparse(total: Operator, num_qubits: int, *, smallest: float = 0.0) -> SparsePauliOp:
    """The sum of its Pauli strings, without coefficients up to ``smallest``: X^x Z^z is (-i)^(x·z) times a string."""
    from qiskit.quantum_info import SparsePauliOp

    terms = []
    for (x, z), value in sorted(total.items()):
        if abs(value) > smallest:
            label = "".join("IXZY"[(x >> q & 1) + 2 * (z >> q & 1)] for q in reversed(range(num_qubits)))
            terms.append((label, value * (-1j) ** (x & z).bit_count()))
    return SparsePauliOp.from_list(terms or [("I" * num_qubits, 0.0)])

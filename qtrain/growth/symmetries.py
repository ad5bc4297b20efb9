"""Symmetries of a Hamiltonian, which say what its circuits may keep to.

Coefficients that differ by less than ``TOLERANCE`` of the largest count as equal, as do sums of them that cancel: those
of molecules carry rounding. All else is exact: linear algebra over GF(2) and the integers, brackets of Pauli strings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from qtrain.circuits.observables import as_observable
from qtrain.errors import QTrainError
from qtrain.growth.permutations import automorphisms, keeps
from qtrain.kernels.paulis import commutant, commutation_matrix, pack_bits, unpack_labels
from qtrain.lie.line_graphs import root_graph
from qtrain.simulators.sectors.charges import MAX_FLIPS, conserved
from qtrain.simulators.sectors.steps import TOLERANCE, Move

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

MOST_TERMS = 600  # whose anticommutation graph is looked at for free fermions
_X, _Z = 1, 2


@dataclass(frozen=True)
class Symmetries:
    """What leaves a Hamiltonian H as it is.

    Attributes:
        paulis: independent Pauli strings that commute with every term, in Qiskit's order; they generate all of them.
        charges: independent vectors c of n integers with [H, Σ c_q Z_q] = 0, all others are their combinations.
        su2: H commutes with Σ X_q, Σ Y_q and Σ Z_q: it conserves the total spin.
        permutations: generators of the group of qubit permutations; qubit q moves to ``p[q]``. order: its size.
        translation: the smallest step s with q -> q + s (mod n) among them, None where there is none below n.
        flip: X on every qubit is a symmetry. number: Σ Z_q is one, the number of excitations is conserved.
        real: H is a real matrix: every term has an even number of Y.
        diagonal: every term is of Z letters alone. commuting: the terms commute with each other.
        free_fermion: the anticommutation graph of the terms is a line graph, so H is quadratic in Majorana operators
            (arXiv 2003.05465).
        cut: fields whose search was cut short: more may hold than is said.
    """

    num_qubits: int
    paulis: tuple[str, ...] = ()
    charges: tuple[tuple[int, ...], ...] = ()
    su2: bool = False
    permutations: tuple[tuple[int, ...], ...] = ()
    order: int = 1
    translation: int | None = None
    flip: bool = False
    number: bool = False
    real: bool = False
    diagonal: bool = False
    commuting: bool = False
    free_fermion: bool = False
    cut: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether no search was cut short."""
        return not self.cut

    @property
    def spin_numbers(self) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Qubits of two species whose numbers are conserved apart, as spin-up and spin-down orbitals; or None."""
        if len(self.charges) != 2:
            return None
        a, b = ({q for q, c in enumerate(charge) if c} for charge in self.charges)
        flat = all(set(charge) <= {0, 1} for charge in self.charges)
        if not flat or a & b or len(a) != len(b) or len(a) + len(b) != self.num_qubits or len(a) < 2:
            return None
        first, second = sorted((tuple(sorted(a)), tuple(sorted(b))))
        return first, second

    @cached_property
    def parities(self) -> tuple[str, ...]:
        """Commuting Pauli symmetries of two letters or more that a pool may keep to: those of Z letters, or the others.

        Basis states and singlets have the parities of Z letters; those of other letters they have not at the same time.
        There are none where all terms commute: symmetries then label the eigenstates, and keeping to one is no help.
        """
        if self.commuting:
            return ()
        wide = [label for label in self.paulis if sum(letter != "I" for letter in label) >= 2]
        of_basis_states = [label for label in wide if set(label) <= {"I", "Z"}]
        chosen: list[str] = []
        for label in of_basis_states or wide:
            if all(_commute(label, other) for other in chosen):
                chosen.append(label)
        return tuple(chosen)


def find_symmetries(hamiltonian: SparsePauliOp) -> Symmetries:
    """The symmetries of a Hamiltonian: about a second for a hundred qubits and ten thousand terms.

    Args:
        hamiltonian: Hermitian; its identity is left out.

    Raises:
        QTrainError: an operator that is not Hermitian, or a multiple of the identity.

    Example:
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> bonds = [(letters, [q, (q + 1) % 4], 1.0) for letters in ("XX", "YY", "ZZ") for q in range(4)]
        >>> found = find_symmetries(SparsePauliOp.from_sparse_list(bonds, 4))
        >>> found.paulis, found.charges, found.su2, found.order, found.translation
        (('XXXX', 'ZZZZ'), ((1, 1, 1, 1),), True, 8, 1)
    """
    operator = as_observable(hamiltonian)
    letters = operator.paulis.x.astype(np.uint8) + 2 * operator.paulis.z.astype(np.uint8)
    there = letters.any(axis=1)
    letters, coefficients = letters[there], operator.coeffs.real[there]
    if not len(letters):
        raise QTrainError("hamiltonian should have a term that is not the identity. Got a constant.")
    n = letters.shape[1]
    x, z = pack_bits(letters & _X), pack_bits(letters & _Z)
    kinds = _kinds(coefficients)
    group = automorphisms(letters, kinds)
    charges, wide = _charges(x, z, coefficients, n)
    crossed = commutation_matrix(x, z) if len(letters) <= MOST_TERMS else None
    diagonal = not (letters & _X).any()
    cut = [] if group.complete else ["permutations"]
    cut += ["charges"] * wide + ["free_fermion"] * (crossed is None and not diagonal)
    turning = [_bracket_vanishes(letters, coefficients, axis) for axis in (_X, _Z)]
    return Symmetries(
        num_qubits=n,
        paulis=tuple(unpack_labels(*commutant(x, z, n), n)),
        charges=charges,
        su2=all(turning),  # then the bracket with Σ Y_q vanishes too
        permutations=group.generators,
        order=group.order,
        translation=_translation(letters, kinds),
        flip=not ((letters & _Z).astype(bool).sum(axis=1) % 2).any(),
        number=turning[1],
        real=not ((letters == 3).sum(axis=1) % 2).any(),
        diagonal=diagonal,
        commuting=diagonal or (crossed is not None and not crossed.any()),
        free_fermion=diagonal or (crossed is not None and _free(crossed)),
        cut=tuple(cut),
    )


def _kinds(coefficients: np.ndarray) -> np.ndarray:
    """(terms,) one number for coefficients that count as equal."""
    order = np.argsort(coefficients, kind="stable")
    steps = np.diff(coefficients[order]) > TOLERANCE * np.abs(coefficients).max()
    kinds = np.empty(len(coefficients), np.int64)
    kinds[order] = np.append(0, np.cumsum(steps))
    return kinds


def _charges(
    x: np.ndarray, z: np.ndarray, coefficients: np.ndarray, n: int
) -> tuple[tuple[tuple[int, ...], ...], bool]:
    """The lattice, and whether some terms flip too many qubits together for all of it to be found."""
    ys = np.bitwise_count(x & z).sum(axis=1, dtype=np.int64)
    signed = np.where(ys & 2, -coefficients, coefficients)
    together: dict[tuple[bytes, int], list[int]] = {}
    for t, (row, odd) in enumerate(zip(x, (ys & 1).tolist(), strict=True)):
        together.setdefault((row.tobytes(), odd), []).append(t)
    moves = [
        Move(x[rows[0]], z[rows], signed[rows] / np.abs(signed[rows]).max(), bool(odd))
        for (_, odd), rows in together.items()
    ]
    wide = any(len(m.c) > 1 and int(np.bitwise_count(m.x).sum()) > MAX_FLIPS for m in moves)
    groups, relations = conserved(moves, n)
    charges = []
    for relation in relations:
        charge = [0] * n
        for (qubits, signs), factor in zip(groups, relation, strict=True):
            for q, s in zip(qubits.tolist(), signs.tolist(), strict=True):
                charge[q] = int(factor) * s
        lead = next(c for c in charge if c)
        scale = math.gcd(*charge) * (1 if lead > 0 else -1)
        charges.append(tuple(c // scale for c in charge))
    return tuple(charges), wide


def _bracket_vanishes(letters: np.ndarray, coefficients: np.ndarray, axis: int) -> bool:
    """[Σ A_q, L_q] = ± 2i (A L)_q wherever a term's letter is another one: + in the order X, Y, Z, X."""
    row, qubit = np.nonzero((letters != 0) & (letters != axis))
    after = {1: 3, 3: 2, 2: 1}[axis]
    signs = np.where(letters[row, qubit] == after, 1.0, -1.0) * coefficients[row]
    moved = letters[row]
    moved[np.arange(len(row)), qubit] ^= axis
    total: dict[bytes, float] = {}
    size: dict[bytes, float] = {}
    for key, value in zip(map(bytes, moved), signs.tolist(), strict=True):
        total[key] = total.get(key, 0.0) + value
        size[key] = size.get(key, 0.0) + abs(value)
    return all(abs(value) <= TOLERANCE * size[key] for key, value in total.items())


def _translation(letters: np.ndarray, kinds: np.ndarray) -> int | None:
    n = letters.shape[1]
    steps = (s for s in range(1, n) if n % s == 0)
    return next((s for s in steps if keeps(letters, kinds, (np.arange(n) + s) % n)), None)


def _free(crossed: np.ndarray) -> bool:
    import networkx as nx

    parts = nx.connected_components(nx.from_numpy_array(crossed))
    return all(root_graph(crossed[np.ix_(rows, rows)]) is not None for rows in map(sorted, parts))


def _commute(a: str, b: str) -> bool:
    return sum(p != q and "I" not in (p, q) for p, q in zip(a, b, strict=True)) % 2 == 0

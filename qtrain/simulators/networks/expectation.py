"""The expectation value of one Pauli string as a network of small tensors, one set for U and one for its adjoint.

A wire is a chain of labels, each a bit of a computational basis state. A gate that is diagonal on a qubit reads the
wire's label and leaves it (a hyperedge: one label in many tensors); any other gate ends one label and starts the
next. Labels of qubits that nothing has met are one for U and its adjoint: gates that meet no others cancel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qtrain.circuits.program import PauliProgram
from qtrain.kernels.opcodes import CX, CZ, ROTATION, SDG, SWAP, SX, SXDG, H, S, X, Y, Z

IDENTITY = np.eye(2, dtype=complex)
PAULIS = {1: np.array([[0, 1], [1, 0]], complex), 2: np.diag([1, -1]).astype(complex), 3: np.array([[0, -1j], [1j, 0]])}
DIAGONALS = {S: np.array([1, 1j]), SDG: np.array([1, -1j]), Z: np.array([1, -1 + 0j])}
MATRICES = {
    H: np.array([[1, 1], [1, -1]]) / np.sqrt(2) + 0j, X: PAULIS[1], Y: PAULIS[3],
    SX: np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, SXDG: np.array([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]]) / 2,
}  # fmt: skip
CZ_SIGNS = np.array([[1, 1], [1, -1 + 0j]])
CX_BITS = np.stack([IDENTITY, PAULIS[1]])  # (control, out, in)
SIGN = np.array([1, -1 + 0j])
WIDE_DIAGONAL = 4  # letters beyond which even a diagonal rotation is cut into one tensor for each letter


class Leaf(NamedTuple):
    """A tensor cos(a / 2) even - i sin(a / 2) odd, a the angle of op ``op``; ``even`` alone where that is -1.

    Attributes:
        labels: one for each axis. adjoint: of the adjoint circuit, where it stands complex conjugated.
    """

    labels: tuple[int, ...]
    even: np.ndarray
    odd: np.ndarray | None = None
    op: int = -1
    adjoint: bool = False


class _Wires:
    """Leaves while the program is read from its end: labels of each qubit, for U (0) and its adjoint (1)."""

    def __init__(self, count: int) -> None:
        self.qubit: list[int] = []  # of each label
        self.leaves: list[Leaf] = []
        self.labels: list[tuple[int, int] | None] = [None] * count

    def label(self, q: int) -> int:
        """A new one, of a qubit."""
        self.qubit.append(q)
        return len(self.qubit) - 1

    def quiet(self, qubits: list[int]) -> bool:
        """No gate so far has told U from its adjoint here: a diagonal gate cancels."""
        return all(pair is None or pair[0] == pair[1] for pair in (self.labels[q] for q in qubits))

    def dark(self, qubits: list[int]) -> bool:
        """Nothing has been met here: any gate cancels."""
        return all(self.labels[q] is None for q in qubits)

    def now(self, q: int) -> tuple[int, int]:
        pair = self.labels[q]
        if pair is None:
            label = self.label(q)
            self.labels[q] = pair = (label, label)
        return pair

    def older(self, q: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Labels behind and in front of a gate that is not diagonal on this qubit."""
        out, into = self.now(q), (self.label(q), self.label(q))
        self.labels[q] = into
        return out, into

    def add(self, labels: tuple[tuple[int, int], ...], even: np.ndarray, odd: np.ndarray | None = None,
            op: int = -1) -> None:  # fmt: skip
        """One tensor for U, one for the adjoint."""
        for side in (0, 1):
            self.leaves.append(Leaf(tuple(pair[side] for pair in labels), even, odd, op, bool(side)))

    def rotation(self, op: int, qubits: list[int], letters: list[int]) -> None:
        diagonal = all(letter == 2 for letter in letters)
        if self.dark(qubits) or not qubits or diagonal and self.quiet(qubits):
            return
        if diagonal and len(qubits) <= WIDE_DIAGONAL:
            signs = SIGN
            for _ in qubits[1:]:
                signs = np.multiply.outer(signs, SIGN)
            self.add(tuple(self.now(q) for q in qubits), np.ones_like(signs), signs, op)
        elif len(qubits) == 1:
            self.add(self.older(qubits[0]), IDENTITY, PAULIS[letters[0]], op)
        else:  # cos 1 x ... x 1 - i sin P x ... x P: a bond of two through all qubits
            bond = (self.label(qubits[0]), self.label(qubits[0]))
            for k, (q, letter) in enumerate(zip(qubits, letters, strict=True)):
                pair = np.stack([IDENTITY, PAULIS[letter]])
                places: tuple[tuple[int, int], ...] = (bond, *self.older(q)) if letter != 2 else (bond, self.now(q))
                if letter == 2:
                    pair = np.stack([np.ones(2), SIGN])
                if k:
                    self.add(places, pair)
                else:
                    first = np.zeros_like(pair)
                    second = first.copy()
                    first[0], second[1] = pair
                    self.add(places, first, second, op)

    def clifford(self, code: int, q: int, t: int) -> None:
        if code == SWAP:
            self.labels[q], self.labels[t] = self.labels[t], self.labels[q]
        elif code in DIAGONALS:
            if not self.quiet([q]):
                self.add((self.now(q),), DIAGONALS[code])
        elif code == CZ:
            if not self.quiet([q, t]):
                self.add((self.now(q), self.now(t)), CZ_SIGNS)
        elif code == CX:
            if not self.dark([q, t]) and not (self.labels[t] is None and self.quiet([q])):
                self.add((self.now(q), *self.older(t)), CX_BITS)
        elif not self.dark([q]):
            self.add(self.older(q), MATRICES[code])


class Network(NamedTuple):
    """Leaves to be contracted over all labels; ``qubit`` of each label."""

    leaves: list[Leaf]
    qubit: list[int]


Op = tuple[int, list[int], list[int]]  # opcode, qubits, letters of a rotation


def plain_ops(program: PauliProgram) -> list[Op]:
    """The ops as plain lists, in time order: read once for all terms."""
    support, letters, start = program.support.tolist(), program.letters.tolist(), program.start.tolist()
    return [
        (code, support[start[i] : start[i + 1]], letters[start[i] : start[i + 1]]) if code == ROTATION
        else (code, pair, [])
        for i, (code, pair) in enumerate(zip(program.opcode.tolist(), program.qubits.tolist(), strict=True))
    ]  # fmt: skip


def expectation_network(num_qubits: int, ops: list[Op], x: np.ndarray, z: np.ndarray, *, most: int) -> Network | None:
    """Leaves whose contraction over all labels is <0|U^dagger P U|0>; None where there are more than ``most``.

    Args:
        ops: from `plain_ops`, inputs bound. x, z: (qubits,) bits of P.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.program import lower
        >>> ops = plain_ops(lower(real_amplitudes(3, reps=1, entanglement="linear")))
        >>> len(expectation_network(3, ops, np.zeros(3, int), np.array([1, 0, 0]), most=100).leaves)
        9
    """
    wires = _Wires(num_qubits)
    for q in np.flatnonzero(x | z).tolist():
        letter = int(x[q]) | int(z[q]) << 1
        if letter == 2:
            label = wires.label(q)
            wires.labels[q] = (label, label)
            wires.leaves.append(Leaf((label,), SIGN))
        else:
            wires.labels[q] = pair = (wires.label(q), wires.label(q))
            wires.leaves.append(Leaf(pair[::-1], PAULIS[letter]))  # <adjoint| P |U>
    for i in range(len(ops) - 1, -1, -1):
        code, qubits, letters = ops[i]
        if code == ROTATION:
            wires.rotation(i, qubits, letters)
        else:
            wires.clifford(code, *qubits)
        if len(wires.leaves) > most:
            return None
    zeros = {label for pair in wires.labels if pair is not None for label in pair}
    return Network([_at_zero(leaf, zeros) for leaf in wires.leaves], wires.qubit)


def _at_zero(leaf: Leaf, zeros: set[int]) -> Leaf:
    """A leaf with the labels of the input state set to 0."""
    if zeros.isdisjoint(leaf.labels):
        return leaf
    where = tuple(0 if v in zeros else slice(None) for v in leaf.labels)
    return leaf._replace(
        labels=tuple(v for v in leaf.labels if v not in zeros), even=leaf.even[where],
        odd=None if leaf.odd is None else leaf.odd[where],
    )  # fmt: skip

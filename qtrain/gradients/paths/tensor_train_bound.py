"""Deep circuits on a line: a certified ceiling of every variance, by tensor trains.

The distribution v of the backward-evolved Pauli is walked from the measurement, the chance h that
the input feels it from the input, until they meet. Every step, the marking of a rotation included,
is a contraction in the 2-norm: V_k <= |v| |h|, and what truncations discard adds to either norm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.interference import PathClasses, seen_letters
from qtrain.circuits.pauli_tape import Tape
from qtrain.gradients.paths.path_tensors import PAIRS, SIGNS_ONLY, boundary, single_step
from qtrain.kernels.opcodes import CX, CZ


@dataclass(frozen=True, eq=False)
class Group:
    """One-qubit steps by qubit, then two-qubit gates in order: (left qubit, map (new, new, old, old))."""

    singles: dict[int, list[np.ndarray]]
    pairs: list[tuple[int, np.ndarray]]


def groups(tape: Tape) -> list[Group] | None:
    """The tape in groups, or None where it is not made of neighbours on a line."""
    result = [Group({}, [])]
    touched: set[int] = set()
    steps = tape.steps
    for i in range(len(tape)):
        op, q = int(steps.opcode[i]), int(steps.q0[i])
        if op in SIGNS_ONLY:
            continue
        single = single_step(steps, i)
        if single is not None:
            if q in touched:
                result.append(Group({}, []))
                touched = set()
            result[-1].singles.setdefault(q, []).append(single.matrix)
        elif op in (CX, CZ) and abs(q - int(steps.q1[i])) == 1:
            t = int(steps.q1[i])
            gate = PAIRS[op]
            result[-1].pairs.append((min(q, t), gate if q < t else gate.transpose(1, 0, 3, 2)))
            touched |= {q, t}
        else:
            return None
    return result


class Train:
    """A vector over letters of n qubits as matrices (left, letter, right), with one centre.

    ``error`` bounds the 2-norm of all that was discarded.
    """

    def __init__(self, sites: list[np.ndarray]) -> None:
        self.sites = sites
        self.centre = 0
        self.error = 0.0
        for i in range(len(sites) - 1, 0, -1):
            self._right_canonical(i)

    def _right_canonical(self, i: int) -> None:
        left, d, right = self.sites[i].shape
        q, r = np.linalg.qr(self.sites[i].reshape(left, d * right).T)
        self.sites[i] = q.T.reshape(-1, d, right)
        self.sites[i - 1] = np.tensordot(self.sites[i - 1], r.T, 1)

    def _left_canonical(self, i: int) -> None:
        left, d, right = self.sites[i].shape
        q, r = np.linalg.qr(self.sites[i].reshape(left * d, right))
        self.sites[i] = q.reshape(left, d, -1)
        self.sites[i + 1] = np.tensordot(r, self.sites[i + 1], 1)

    def move(self, target: int) -> None:
        while self.centre < target:
            self._left_canonical(self.centre)
            self.centre += 1
        while self.centre > target:
            self._right_canonical(self.centre)
            self.centre -= 1

    def norm(self) -> float:
        return float(np.linalg.norm(self.sites[self.centre]))

    def single(self, q: int, matrix: np.ndarray) -> None:
        self.move(q)  # a step is not orthogonal: elsewhere it would spoil the canonical form
        self.sites[q] = np.einsum("ab,lbr->lar", matrix, self.sites[q])

    def pair(self, q: int, gate: np.ndarray, rank: int, tolerance: float) -> None:
        """Apply to q and q + 1, and cut the bond; the centre ends nearer to where it came from."""
        forward = self.centre <= q
        self.move(q if forward else q + 1)
        theta = np.tensordot(self.sites[q], self.sites[q + 1], 1)
        theta = np.einsum("abcd,lcdr->labr", gate, theta, optimize=True)
        left, _, _, right = theta.shape
        u, s, v = np.linalg.svd(theta.reshape(left * 4, 4 * right), full_matrices=False)
        tail = np.sqrt(np.cumsum(s[::-1] ** 2))[::-1]
        keep = max(1, min(rank, int(np.searchsorted(-tail, -tolerance * max(tail[0], 1e-300)))))
        if keep < len(s):
            self.error += float(tail[keep])
        u, s, v = u[:, :keep], s[:keep], v[:keep]
        if forward:
            self.sites[q], self.sites[q + 1] = u.reshape(left, 4, keep), (s[:, None] * v).reshape(keep, 4, right)
            self.centre = q + 1
        else:
            self.sites[q], self.sites[q + 1] = (u * s).reshape(left, 4, keep), v.reshape(keep, 4, right)
            self.centre = q


def ceiling(tape: Tape, classes: PathClasses, *, rank: int = 48, seconds: float = 30.0) -> float:
    """An upper bound of the cost's variance and of every V_k (coefficient 1), or infinity.

    Args:
        tape: two-qubit gates between neighbours on a line, no noise; classes: the observable's, with
            one common target. rank: bond dimension at which trains are cut; more is tighter.
        seconds: after which what is left is bounded by 1.
    """
    found = groups(tape)
    if found is None or not len(classes.value) or (classes.target != classes.target[0]).any():
        return math.inf
    deadline = clock() + seconds
    middle = len(found) // 2
    back = Train([site.copy() for site in boundary(classes.x, classes.z, classes.value)])
    for k, group in enumerate(found[:middle]):
        if clock() > deadline - seconds / 2:
            middle = k
            break
        _walk(back, group, rank, inverse=False)
    front = Train([end.reshape(1, 4, 1) for end in seen_letters(classes.target[0])])
    for group in reversed(found[middle:]):
        if clock() > deadline:
            break
        _walk(front, group, rank, inverse=True)
    slack = 1 + 1e-9  # rounding of the norms themselves
    return (back.norm() + back.error) * (front.norm() + front.error) * slack


def _walk(train: Train, group: Group, rank: int, *, inverse: bool) -> None:
    """One group towards the input, or its transpose towards the measurement."""
    if inverse:
        for q, gate in reversed(group.pairs):
            train.pair(q, gate.transpose(2, 3, 0, 1), rank, 1e-16)
    order = sorted(group.singles)
    if order and abs(train.centre - order[-1]) < abs(train.centre - order[0]):
        order.reverse()
    for q in order:
        matrix = np.eye(4)
        for step in group.singles[q]:
            matrix = step @ matrix
        train.single(q, matrix.T if inverse else matrix)
    if not inverse:
        for q, gate in group.pairs:
            train.pair(q, gate, rank, 1e-16)

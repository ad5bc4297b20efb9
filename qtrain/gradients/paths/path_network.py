"""Exact second moments: Pauli paths summed by contracting a network of non-negative tensors.

Every path weight is >= 0, so the contraction loses no digit to cancellation: variances of 1e-12
or 1e-300 come out as exactly as those of order one. One reverse pass gives every parameter.
Practical where a sweep over qubits or over time meets few entangling gates at once.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from qtrain.circuits.interference import PathClasses, seen_letters
from qtrain.circuits.pauli_tape import Tape
from qtrain.gradients.paths.path_tensors import (
    DARK,
    EYE,
    HALVES,
    IDENTITY,
    LETTERS,
    MOVED,
    NONE,
    SIGNS_ONLY,
    STRING,
    TURN,
    Step,
    boundary,
    single_step,
)
from qtrain.gradients.paths.tensor_network import Leaf, Limits, Network, contract, plan
from qtrain.kernels.opcodes import (
    CX,
    CZ,
    NOISE_1,
    NOISE_2,
    NOISE_LETTERS,
    QUARTER_TURN,
    SWAP,
)  # fmt: skip

MAX_LEAVES = 200_000


class _Builder:
    """Leaves of a network while the tape is read, from the measurement to the input.

    A leaf's wire leg is its last; its chain multiplies onto that leg from the right, so steps are stored transposed.
    A qubit gets a leaf when a path can have a letter there.

    Attributes:
        leaves: so far. holder: for each qubit, the leaf whose last label is its wire, if it has one.
        reach: for each qubit, the letters that a path may have there.
        damping: of the two-qubit gate that comes next.
    """

    def __init__(self, tape: Tape, classes: PathClasses, sine2: np.ndarray | None) -> None:
        self.tape, self.sine2, self.damping = tape, sine2, 1.0
        self.fresh = itertools.count()
        self.leaves: list[Leaf] = []
        self.reach: list[set[int]] = [DARK] * tape.num_qubits  # sets are replaced, never changed
        self.holder: list[Leaf | None] = [None] * tape.num_qubits
        letters = classes.x | (classes.z << 1)
        held = np.flatnonzero(letters.any(axis=0)).tolist() or [0]
        bonds = [next(self.fresh) for _ in range(len(held) + 1)]
        for k, tensor in enumerate(boundary(classes.x[:, held], classes.z[:, held], classes.value)):
            q, base, labels = held[k], np.moveaxis(tensor, 1, 2), [bonds[k], bonds[k + 1], next(self.fresh)]
            if k == 0:
                base, labels = base[0], labels[1:]
            if k == len(held) - 1:
                base, labels = base[..., 0, :], labels[:-2] + labels[-1:]
            self.reach[q] = set(letters[:, q].tolist())
            self.add(q, base, labels, (q, -1))

    def add(self, q: int, base: np.ndarray, labels: list[int], where: tuple[int, int]) -> Leaf:
        """A leaf that from now on holds the wire of a qubit."""
        leaf = Leaf(base, labels, where=where)
        self.leaves.append(leaf)
        self.holder[q] = leaf
        return leaf

    def wire(self, q: int) -> Leaf:
        """The leaf that holds the wire of a qubit; where no path has been, the letter is I."""
        return self.holder[q] or self.add(q, IDENTITY, [next(self.fresh)], (q, -1))

    def single(self, i: int, q: int, step: Step) -> None:
        """A rotation of one qubit, or a Clifford gate on it."""
        after = {w for v in self.reach[q] for w in step.goes[v]}
        if after == self.reach[q] and all(step.goes[v] == (v,) for v in after):
            return  # nothing here that it could change
        self.reach[q] = after
        marked = None if step.marked is None else step.marked.T
        self.wire(q).chain.append((int(self.tape.steps.row[i]), step.matrix.T, marked))

    def noise(self, i: int, op: int, q: int, t: int) -> None:
        """Noise behind the gate that comes next."""
        steps, loss = self.tape.steps, float(self.tape.steps.rate[i]) ** 2
        if op == NOISE_LETTERS:
            self.letters(i, q, t, loss)
        elif op == NOISE_1:
            self.wire(q).chain.append((-1, np.diag([1.0, loss, loss, loss]), None))
        elif (i + 1 < len(self.tape) and steps.opcode[i + 1] in (CX, CZ)
                and {steps.q0[i + 1], steps.q1[i + 1]} == {q, t}):  # fmt: skip
            self.damping = loss  # one bond for both
        else:
            self.couple((q, t), (EYE, EYE), i, loss)

    def letters(self, i: int, q: int, t: int, loss: float) -> None:
        """Noise that damps one letter, or one pair of letters, alone."""
        a, b = int(self.tape.steps.turns[i]) & 3, int(self.tape.steps.turns[i]) >> 2
        damped = np.where(LETTERS == b, loss, 1.0)
        if q == t:
            self.wire(q).chain.append((-1, np.diag(damped), None))
            return
        here = np.diag((LETTERS == a).astype(float))
        self.couple((q, t), (np.stack([here, np.eye(4) - here]), np.stack([np.diag(damped), np.eye(4)])), i, 1.0)

    def pair(self, i: int, op: int, q: int, t: int) -> None:
        """A two-qubit gate."""
        if op == SWAP:
            self.holder[q], self.holder[t] = self.holder[t], self.holder[q]
            self.reach[q], self.reach[t] = self.reach[t], self.reach[q]
            return
        before = [(a, b) for a in self.reach[q] for b in self.reach[t]]
        after = [MOVED[op][a][b] for a, b in before]
        loss, self.damping = self.damping, 1.0
        if after == before:
            if loss < 1:
                self.couple((q, t), (EYE, EYE), i, loss)
            return
        self.reach[q], self.reach[t] = {v[0] for v in after}, {v[1] for v in after}
        self.couple((q, t), HALVES[op], i, loss)

    def couple(self, wires: tuple[int, int], halves: tuple[np.ndarray, np.ndarray], at: int, loss: float) -> None:
        """A two-qubit step, cut in two, damped by ``loss`` behind it unless both letters are I."""
        bond = next(self.fresh)
        first, second = halves
        if loss < 1:  # loss * step + (1 - loss) * |II><II|
            first, second = np.concatenate([loss * first, (1 - loss) * NONE]), np.concatenate([second, NONE])
        for wire, half in zip(wires, (first, second), strict=True):
            labels = [bond, self.wire(wire).labels[-1], next(self.fresh)]
            self.add(wire, half.transpose(0, 2, 1), labels, (wire, at))

    def string(self, i: int) -> None:
        """A rotation about a string of several letters: a parity runs through its qubits, and a branch back."""
        steps = self.tape.steps
        pieces = slice(int(steps.start[i]), int(steps.start[i + 1]))
        parts = list(zip(steps.support[pieces].tolist(), steps.letters[pieces].tolist(), strict=True))
        if not any(v not in (0, letter) for s, letter in parts for v in self.reach[s]):
            return
        bond = next(self.fresh)
        head = Leaf(np.array([1.0, 0.0, 1.0, 0.0]), [bond], where=(parts[0][0], i))
        for s, letter in parts:
            self.reach[s] = self.reach[s] | {v ^ letter for v in self.reach[s]}
            out = next(self.fresh)
            labels = [bond, out, self.wire(s).labels[-1], next(self.fresh)]  # bond in, bond out, old, new
            self.add(s, STRING[letter].transpose(2, 0, 3, 1), labels, (s, i))
            bond = out
        end = Leaf(np.zeros(4), [bond], where=(parts[-1][0], i))
        if steps.opcode[i] == QUARTER_TURN:
            end.base = TURN
        else:
            row = int(steps.row[i])
            flip = 0.5 if self.sine2 is None else float(self.sine2[row])
            end.base = np.array([1.0, 1 - flip, 0.0, flip])
            end.row, end.marked = row, np.array([0.0, flip, 0.0, 1 - flip])
        self.leaves += [head, end]

    def finish(self, ends: np.ndarray) -> list[Leaf]:
        """Close the wires at the input with weights of the letters."""
        time = len(self.tape)
        for q, end in enumerate(ends):
            if self.holder[q] is not None or end[0] != 1:
                self.leaves.append(Leaf(end, [self.wire(q).labels[-1]], where=(q, time)))
        return self.leaves


def build_network(
    tape: Tape, classes: PathClasses, *, ends: np.ndarray | None = None, sine2: np.ndarray | None = None
) -> list[Leaf] | None:
    """Leaves of the network of all paths, trimmed to the cone by reachable letters.

    Args:
        classes: with one common ``target``. Returns None where there are more than ``MAX_LEAVES``.
        ends: (qubits, 4) weights of the letters I, X, Z, Y at the input, where it is not |0...0>.
        sine2: (rows,) E sin^2 of the angles, where they are not uniform.
    """
    builder = _Builder(tape, classes, sine2)
    steps, reach, letters = tape.steps, builder.reach, np.diff(tape.steps.start).tolist()
    for i, (op, q, t) in enumerate(zip(steps.opcode.tolist(), steps.q0.tolist(), steps.q1.tolist(), strict=True)):
        outside = reach[q] == DARK and (t < 0 or reach[t] == DARK) and letters[i] < 2
        if outside or op in SIGNS_ONLY:
            continue
        if op in (CX, CZ, SWAP):
            builder.pair(i, op, q, t)
        elif op in (NOISE_1, NOISE_2, NOISE_LETTERS):
            builder.noise(i, op, q, t)
        elif (step := single_step(steps, i, sine2)) is not None:
            builder.single(i, q, step)
        else:
            builder.string(i)
        if len(builder.leaves) > MAX_LEAVES:
            return None
    if ends is None:
        ends = seen_letters(classes.target[0])
    return builder.finish(ends)


def exact_moments(
    tape: Tape, classes: PathClasses, *, limits: Limits, ends: np.ndarray | None = None, sine2: np.ndarray | None = None
) -> tuple[float, np.ndarray] | None:  # fmt: skip
    """Sum over all paths: (second moment of the cost, (rows,) of each rotation), or None if too large.

    A sum of 0 may have underflowed: `felt_rows` tells.

    Args:
        classes: the observable's. limits: of all networks together. ends, sine2: see `build_network`.
    """
    networks = _networks(tape, classes, limits, ends, sine2)
    if networks is None:
        return None
    total = 0.0
    marked = np.zeros(tape.num_rows)
    for network in networks:
        value, rows, log = contract(network)
        total += value * math.exp(log)
        marked += rows * math.exp(log)
    return total, marked


def felt_rows(
    tape: Tape, classes: PathClasses, *, limits: Limits, ends: np.ndarray | None = None
) -> np.ndarray:
    """(rows,) bool: some path counts that anticommutes with the rotation, however small its weight.

    By the networks' supports alone, in whole numbers: rounding and underflow have no say. All true where the
    network is too large.
    """
    ones = dataclasses.replace(classes, value=np.ones_like(classes.value))
    networks = _networks(tape, ones, limits, ends, None)
    if networks is None:
        return np.ones(tape.num_rows, bool)
    felt = np.zeros(tape.num_rows, bool)
    for network in networks:
        felt |= contract(network, support=True)[1] > 0
    return felt


def _networks(
    tape: Tape, classes: PathClasses, limits: Limits, ends: np.ndarray | None, sine2: np.ndarray | None
) -> list[Network] | None:
    """A planned network for each pattern of X bits at the input; None where one is too large."""
    if not len(classes.value):
        return []
    patterns = list({row.tobytes(): row for row in classes.target}.values())
    if len(patterns) > 64 or len(classes.value) * tape.num_qubits > 2_000_000 or _hopeless(tape, limits.flops):
        return None
    networks = []
    for pattern in patterns:
        inside = (classes.target == pattern).all(axis=1)
        part = PathClasses(
            classes.x[inside], classes.z[inside], classes.target[inside], classes.value[inside], 0.0, 0.0
        )
        leaves = build_network(tape, part, ends=ends, sine2=sine2)
        if leaves is None:
            return None
        network = plan(leaves, tape.num_rows, limits._replace(flops=limits.flops / len(patterns)))
        if network is None:
            return None
        networks.append(network)
    return networks


def _hopeless(tape: Tape, max_flops: float) -> bool:
    """A long tape whose sweeps over qubits and over time are both too large: not worth building."""
    if len(tape) < 10_000:
        return False
    steps = tape.steps
    two = (steps.opcode == CX) | (steps.opcode == CZ)
    low, high = np.minimum(steps.q0[two], steps.q1[two]), np.maximum(steps.q0[two], steps.q1[two])
    edges = np.bincount(low, minlength=tape.num_qubits) - np.bincount(high, minlength=tape.num_qubits)
    cut = min(float(np.cumsum(edges).max(initial=0)), tape.num_qubits)
    return 2 * cut + 5 + math.log2(max(int(two.sum()), 1)) > math.log2(max_flops)

"""A cost cut into its terms, each on its own light cone; terms of one shape are evaluated once.

With shared angles f = sum_a c_a f_a has to be added up at common angles, but no f_a needs more than the rotations that
change it. Walking backwards from a term with the affine set Q + span(active generators), an operation that changes no
element of it is left out; walking forwards from |0...0> likewise. QAOA of p layers on a graph of degree 3 leaves
2 (2^(p+1) - 1) qubits at most for each edge, at any number of qubits, and a handful of shapes (`shapes`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import clock
from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.problem import Problem, part
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.opcodes import CX, CZ, LETTER_X, LETTER_Z, ROTATION, SDG, SX, SXDG, H, S, X, Y
from qtrain.simulators.cones.shapes import Step, shape_of, write_program
from qtrain.simulators.evaluators import Evaluator

MOST_VISITS = 1_000_000  # operations that all walks together may look at: some 3 seconds
MOST_TERMS = 20_000


@dataclass(frozen=True, eq=False)
class Piece:
    """Terms that need the same program, or programs that differ by the names of qubits alone.

    Attributes:
        program: on the qubits of the cone, with the weights that it uses. observable: on them.
        weights: (k,) where these weights are in the whole. factor: how much of the observable's value is in the cost.
        terms: how many terms of the cost it stands for.
    """

    program: PauliProgram
    observable: SparsePauliOp
    weights: np.ndarray
    factor: float
    terms: int


@dataclass(frozen=True, eq=False)
class Pieces:
    """A cost as constant + sum of factor * piece.

    Attributes:
        num_weights: of the whole.
    """

    num_weights: int
    constant: float
    pieces: tuple[Piece, ...]

    @property
    def width(self) -> int:
        """Qubits of the widest piece."""
        return max((piece.program.num_qubits for piece in self.pieces), default=0)


@dataclass(frozen=True, eq=False)
class ConesSurrogate(Evaluator):
    """The cost as the sum of its pieces, each by an evaluator of its own."""

    cut: Pieces
    evaluators: tuple[Evaluator, ...]

    @property
    def num_weights(self) -> int:
        return self.cut.num_weights

    def costs(self, weights: np.ndarray) -> np.ndarray:
        weights = np.atleast_2d(weights)
        total = np.full(len(weights), self.cut.constant)
        for piece, evaluator in zip(self.cut.pieces, self.evaluators, strict=True):
            total += piece.factor * evaluator.costs(np.ascontiguousarray(weights[:, piece.weights]))
        return total

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        weights = np.atleast_2d(weights)
        total, slopes = np.full(len(weights), self.cut.constant), np.zeros((len(weights), self.cut.num_weights))
        for piece, evaluator in zip(self.cut.pieces, self.evaluators, strict=True):
            found, own = evaluator.values_and_gradients(np.ascontiguousarray(weights[:, piece.weights]))
            total += piece.factor * found
            slopes[:, piece.weights] += piece.factor * own
        return total, slopes


@part
def pieces_of(problem: Problem) -> Pieces | str:
    """`cut` of a problem as it is, once, within a share of its seconds."""
    most = int(min(MOST_VISITS, 4 * problem.budget.max_planning))  # a walk takes a part of a plan
    return cut(problem.program, problem.observable, most_visits=most, seconds=problem.share(0.25))


def cut(
    program: PauliProgram, observable: SparsePauliOp, *, most_visits: int = MOST_VISITS, seconds: float = math.inf
) -> Pieces | str:
    """Cut a cost into pieces, or say in a clause why that would not do.

    Args:
        program: inputs bound. observable: real coefficients.
        most_visits: operations that the walks may look at in all. seconds: that they may take.

    Returns:
        Pieces whose sum is the cost at every angle, to rounding.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit, angle = QuantumCircuit(50), Parameter("a")
        >>> for qubit in range(50):
        ...     _ = circuit.ry(angle, qubit)
        >>> for qubit in range(0, 50, 2):
        ...     _ = circuit.cx(qubit, qubit + 1)
        >>> found = cut(lower(circuit), SparsePauliOp.from_sparse_list([("Z", [q], 1.0) for q in range(50)], 50))
        >>> [(piece.program.num_qubits, piece.terms) for piece in found.pieces]
        [(1, 25), (2, 25)]
    """
    if program.inputs:
        return "its inputs are not bound"
    x, z, c = unpack_terms(observable)
    if len(x) > MOST_TERMS:
        return f"the observable holds {len(x)} terms, above {MOST_TERMS}"
    circuit = _Circuit(program)
    constant, left, deadline = 0.0, most_visits, clock() + seconds
    by_cone: dict[tuple[int, ...], list[int]] = {}
    for members in _by_support(x | z):
        kept = circuit.behind(x[members], z[members], left)
        if kept is None or clock() > deadline:
            return f"the walks through the cones of {len(x)} terms take more than {most_visits} steps, or too long"
        left -= circuit.visits
        if kept:
            by_cone.setdefault(tuple(kept), []).extend(members)
        else:  # nothing changes the terms: their value at |0...0>
            constant += float(sum(c[a] for a in members if not x[a].any()))
    shapes: dict[tuple[object, ...], list[float]] = {}
    for ops, members in by_cone.items():
        letters = [{int(q): int(x[a, q] + 2 * z[a, q]) for q in np.flatnonzero(x[a] | z[a])} for a in members]
        key, factor = shape_of([circuit.steps[i] for i in ops], letters, [float(c[a]) for a in members])
        entry = shapes.setdefault(key, [0.0, 0])
        entry[0] += factor
        entry[1] += len(members)
    pieces = []
    for key, (factor, terms) in shapes.items():
        small, operator, weights = write_program(key, program.weights)
        pieces.append(Piece(small, operator, weights, factor, int(terms)))
    return Pieces(len(program.weights), constant, tuple(pieces))


def weights_in_the_middle(program: PauliProgram, observable: SparsePauliOp) -> int:
    """How many weights the cone of one group of terms holds, the middle one: some piece of the cut holds as many.

    One walk instead of one for each group, for who asks whether all cones are small.
    """
    x, z, _ = unpack_terms(observable)
    groups = list(_by_support(x | z))
    if program.inputs or not groups:
        return 0
    members = groups[len(groups) // 2]
    kept = _Circuit(program).behind(x[members], z[members], MOST_VISITS) or []
    return len(set(program.parameter[kept].tolist()) - {-1})


def _by_support(touched: np.ndarray) -> Iterable[list[int]]:
    """Terms (places in the observable) that act on the same qubits; XX, YY, ZZ of one bond cost one walk."""
    groups: dict[bytes, list[int]] = {}
    for a, row in enumerate(np.packbits(touched, axis=1)):
        groups.setdefault(row.tobytes(), []).append(a)
    return groups.values()


class _Lanes:
    """A growing set of Paulis, bit-sliced: bit k of ``x[q]`` and ``z[q]`` is the letter of element k on qubit q."""

    def __init__(self) -> None:
        self.x: dict[int, int] = {}
        self.z: dict[int, int] = {}
        self.count = 0

    def add(self, letters: Iterable[tuple[int, int]]) -> None:
        """One element: (qubit, letter)."""
        bit = 1 << self.count
        for q, letter in letters:
            self.x[q] = self.x.get(q, 0) | (bit if letter & LETTER_X else 0)
            self.z[q] = self.z.get(q, 0) | (bit if letter & LETTER_Z else 0)
        self.count += 1

    def changed(self, step: Step) -> bool:
        """Take the set through an operation, either way; whether it changed some element, its sign included."""
        if step.opcode == ROTATION:
            return self._turned(step)
        x, z = self.x, self.z
        q = step.qubits[0]
        a, b, code = x.get(q, 0), z.get(q, 0), step.opcode
        if code >= CX:
            t = step.qubits[1]
            at, bt = x.get(t, 0), z.get(t, 0)
            if code == CX:
                x[q], z[q], x[t], z[t] = a, b ^ bt, at ^ a, bt
                return bool(a | bt)
            if code == CZ:
                x[q], z[q], x[t], z[t] = a, b ^ at, at, bt ^ a
                return bool(a | at)
            x[q], z[q], x[t], z[t] = at, bt, a, b
            return bool((a ^ at) | (b ^ bt))
        if code == H:
            x[q], z[q] = b, a
            return bool(a | b)
        if code in (S, SDG):
            z[q] = b ^ a
            return bool(a)
        if code in (SX, SXDG):
            x[q] = a ^ b
            return bool(b)
        return bool(b if code == X else a ^ b if code == Y else a)

    def _turned(self, step: Step) -> bool:
        x, z, anti = self.x, self.z, 0
        for q, letter in zip(step.qubits, step.letters, strict=True):
            if letter & LETTER_X:
                anti ^= z.get(q, 0)
            if letter & LETTER_Z:
                anti ^= x.get(q, 0)
        if not anti or step.turns == 0:
            return False
        if step.turns in (1, 3):
            for q, letter in zip(step.qubits, step.letters, strict=True):
                x[q] = x.get(q, 0) ^ (anti if letter & LETTER_X else 0)
                z[q] = z.get(q, 0) ^ (anti if letter & LETTER_Z else 0)
        elif step.turns < 0:  # elements may branch: the Pauli itself joins the set
            self.add(zip(step.qubits, step.letters, strict=True))
        return True


class _Circuit:
    """A program as the walks read it: its operations, and for each of their qubits the one before."""

    def __init__(self, program: PauliProgram) -> None:
        self.steps: list[Step] = []
        self.before: list[tuple[int, ...]] = []
        self.last: dict[int, int] = {}
        self.visits = 0
        opcode, turns, start = program.opcode.tolist(), program.turns.tolist(), program.start.tolist()
        support, letters, pairs = program.support.tolist(), program.letters.tolist(), program.qubits.tolist()
        parameter, coefficient = program.parameter.tolist(), program.coefficient.tolist()
        offset = program.offset.tolist()
        for i, code in enumerate(opcode):
            if code == ROTATION:
                span = slice(start[i], start[i + 1])
                step = Step(
                    code, tuple(support[span]), tuple(letters[span]), parameter[i], coefficient[i], offset[i], turns[i]
                )
            else:
                step = Step(code, tuple(q for q in pairs[i] if q >= 0))
            self.steps.append(step)
            self.before.append(tuple(self.last.get(q, -1) for q in step.qubits))
            for q in step.qubits:
                self.last[q] = i

    def behind(self, x: np.ndarray, z: np.ndarray, most_visits: int) -> list[int] | None:
        """Places, ascending, of the operations that change the value of these terms (terms, qubits) at |0...0>.

        None beyond ``most_visits`` steps; `visits` tells how many it took.
        """
        lanes, self.visits = _term_lanes(x, z), 0
        queue = [-self.last[q] for q in lanes.x if q in self.last]
        heapq.heapify(queue)
        kept: list[int] = []
        previous = -1
        while queue:
            i = -heapq.heappop(queue)
            if i == previous:
                continue
            previous = i
            self.visits += 1
            if self.visits > most_visits:
                return None
            if lanes.changed(self.steps[i]):
                kept.append(i)
            for q, earlier in zip(self.steps[i].qubits, self.before[i], strict=True):
                if earlier >= 0 and q in lanes.x:
                    heapq.heappush(queue, -earlier)
        kept.reverse()
        while True:
            fewer = self._from_the_input(kept)
            if len(fewer) == len(kept):
                return kept
            lanes = _term_lanes(x, z)
            kept = [i for i in reversed(fewer) if lanes.changed(self.steps[i])][::-1]

    def _from_the_input(self, kept: list[int]) -> list[int]:
        """Those of some operations that change |0...0> as it comes to them."""
        lanes = _Lanes()
        for q in sorted({q for i in kept for q in self.steps[i].qubits}):
            lanes.add([(q, LETTER_Z)])
        self.visits += len(kept)
        return [i for i in kept if lanes.changed(self.steps[i])]


def _term_lanes(x: np.ndarray, z: np.ndarray) -> _Lanes:
    lanes = _Lanes()
    for a in range(len(x)):
        lanes.add((int(q), int(x[a, q] + 2 * z[a, q])) for q in np.flatnonzero(x[a] | z[a]))
    return lanes

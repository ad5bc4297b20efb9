"""Conserved charges of a circuit's steps, and how many basis states have those of the input.

A charge is sum_q s_q n_q with integers s, n_q the bits of a basis state in front of all Cliffords, where the input is
0...0: particles and holes count with opposite signs, and X gates that prepare a basis state are in the signs. A step
conserves it if each flip that its matrix elements allow does; so charges solve linear equations over the qubits, two
terms each for hops. Whatever they miss makes the sector smaller than counted here, never larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from qtrain.kernels.gf2 import gf2_rank, pack_bits, unpack_bits
from qtrain.simulators.sectors.steps import Move

MAX_FLIPS = 12  # qubits that one move of several strings may flip; wider ones are taken to allow every flip
MAX_STATES = 20_000  # partial charges that are counted with; beyond it a charge is left out


@dataclass(frozen=True, eq=False)
class Charges:
    """Groups of qubits that are conserved together.

    Attributes:
        groups: (qubits, signs) of each; within one, sum sign * bit counts as one number.
        relations: (charges, groups) integers, the combinations of those numbers that are conserved.
        dimension: at most so many basis states share the input's charges and parities.
    """

    groups: tuple[tuple[np.ndarray, np.ndarray], ...]
    relations: np.ndarray
    dimension: int

    @property
    def detail(self) -> str:
        """A clause that names them."""
        if len(self.relations) != len(self.groups):
            return f"{len(self.relations)} conserved charges"
        counts = [(int(min((s > 0).sum(), (s < 0).sum())), len(s)) for _, s in self.groups if len(s) > 1]
        texts = [f"{k} particle{'' if k == 1 else 's'} on {n} qubits" for k, n in counts]
        return " and ".join(texts) or "every qubit conserved"


def charges_of(moves: list[Move], num_qubits: int) -> Charges | None:
    """The lattice of conserved charges; None where no charge is conserved.

    Args:
        moves: the distinct generators of a circuit.

    Example:
        >>> from qiskit.circuit.library import excitation_preserving
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> from qtrain.simulators.sectors.pulled_back import pull_back
        >>> from qtrain.simulators.sectors.steps import steps_of
        >>> circuit = excitation_preserving(6, reps=1)
        >>> _ = circuit.compose(circuit.copy_empty_like(), front=True)
        >>> start = circuit.copy_empty_like(); _ = start.x([0, 3])
        >>> steps = steps_of(pull_back(lower(start.compose(circuit)), SparsePauliOp("ZIIIII")))
        >>> found = charges_of(steps.moves, 6)
        >>> found.dimension, found.detail
        (15, '2 particles on 6 qubits')
    """
    flipping = [move for move in moves if move.flips]
    if not flipping:
        return None
    flips = unpack_bits(np.array([move.x for move in flipping]), num_qubits)
    groups, relations = conserved(flipping, num_qubits)
    moving = np.asarray(flips.any(axis=0))
    if not len(relations) or not any(moving[qubits].any() for qubits, _ in groups):
        return None
    outside = np.ones(num_qubits, bool)
    for qubits, _ in groups:
        outside[qubits] = False
    parities = gf2_rank(pack_bits(flips[:, outside]), int(outside.sum())) if outside.any() else 0
    every = gf2_rank(pack_bits(flips), num_qubits)
    dimension = min(_count(groups, relations) << parities, 1 << every)
    return Charges(groups, relations, dimension)


def conserved(
    moves: list[Move], num_qubits: int
) -> tuple[tuple[tuple[np.ndarray, np.ndarray], ...], np.ndarray]:
    """The lattice of integers s with sum_q s_q n_q conserved by every move: groups and relations, see :class:`Charges`.

    Example:
        >>> from qtrain.simulators.sectors.steps import Move
        >>> word = lambda *bits: np.array([sum(1 << q for q in bits)], np.uint64)
        >>> hop = Move(word(0, 1), np.array([word(), word(0, 1)]), np.array([1.0, 1.0]), False)  # XX + YY: of YY -ZZ
        >>> conserved([hop], 2)[1].tolist()
        [[1]]
    """
    free = np.zeros(num_qubits, bool)  # qubits whose bit carries no charge
    equations: set[tuple[tuple[int, int], ...]] = set()
    known: dict[tuple[bytes, ...], list[np.ndarray] | None] = {}
    for move in moves:
        if not move.flips:
            continue
        qubits = np.flatnonzero(unpack_bits(move.x[None, :], num_qubits)[0])
        changes = _changes(move, qubits, num_qubits, known)
        if changes is None:
            free[qubits] = True
        else:
            equations.update(tuple(zip(qubits.tolist(), change.tolist(), strict=True)) for change in changes)
    label, sign = _join(equations, free, num_qubits)
    live = np.unique(label[label >= 0])
    column = {int(group): k for k, group in enumerate(live)}
    rows = {_collected(equation, label, sign, column) for equation in equations} - {()}
    groups = tuple((np.flatnonzero(label == group), sign[label == group]) for group in live)
    return groups, _nullspace(sorted(rows), len(live))


def _changes(
    move: Move, qubits: np.ndarray, num_qubits: int, known: dict[tuple[bytes, ...], list[np.ndarray] | None]
) -> list[np.ndarray] | None:
    """How the flipped bits may change, each as +1 and -1; None: in every way.

    Strings that differ on other qubits are independent functions of the bits there: they cannot cancel.
    """
    if len(move.c) == 1 or len(qubits) > MAX_FLIPS:
        return None
    inner = unpack_bits(move.z, num_qubits)[:, qubits]
    names: dict[bytes, int] = {}
    outer = [names.setdefault(row.tobytes(), len(names)) for row in move.z & ~move.x]
    key = (inner.tobytes(), bytes(outer) if len(names) < 256 else repr(outer).encode(), move.c.tobytes())
    if key not in known:
        patterns = (np.arange(1 << len(qubits))[:, None] >> np.arange(len(qubits)) & 1).astype(np.int64)
        signs = 1.0 - 2.0 * (patterns @ inner.T.astype(np.int64) % 2)
        apart = np.zeros((len(outer), len(names)))
        apart[np.arange(len(outer)), outer] = move.c
        allowed = (np.abs(signs @ apart) > move.least).any(axis=1)
        bits = patterns[allowed]
        known[key] = [1 - 2 * row for row in bits if not row[0]]  # a flip and its reverse say the same
    return known[key]


def _join(
    equations: set[tuple[tuple[int, int], ...]], free: np.ndarray, num_qubits: int
) -> tuple[np.ndarray, np.ndarray]:
    """Qubits whose charges equations of one or two terms make equal or opposite.

    Returns:
        label: (qubits,) the group of each, -1 where its charge has to be 0; sign: (qubits,) within the group.
    """
    parent, sign = np.arange(num_qubits), np.ones(num_qubits, np.int64)
    dead = free.copy()

    def root(q: int) -> tuple[int, int]:
        path, total = [], 1
        while parent[q] != q:
            path.append(q)
            q = int(parent[q])
        for p in reversed(path):
            total *= int(sign[p])
            parent[p], sign[p] = q, total
        return q, total

    for equation in equations:
        if len(equation) == 1:
            dead[root(equation[0][0])[0]] = True
        elif len(equation) == 2:
            (p, v), (q, w) = equation
            (a, s), (b, t) = root(p), root(q)
            if a != b:
                parent[a], sign[a] = b, -v * w * s * t
                dead[b] |= dead[a]
            elif v * s + w * t:
                dead[a] = True
    found = [root(q) for q in range(num_qubits)]
    dead_roots = {found[q][0] for q in np.flatnonzero(dead)}
    label = np.array([-1 if r in dead_roots else r for r, _ in found])
    return label, np.array([s for _, s in found])


def _collected(
    equation: tuple[tuple[int, int], ...], label: np.ndarray, sign: np.ndarray, column: dict[int, int]
) -> tuple[tuple[int, int], ...]:
    """An equation in the groups' charges: (column, integer) ascending; empty where it is 0 = 0."""
    total: dict[int, int] = {}
    for q, v in equation:
        if label[q] >= 0:
            k = column[int(label[q])]
            total[k] = total.get(k, 0) + v * int(sign[q])
    return tuple(sorted((k, v) for k, v in total.items() if v))


def _nullspace(rows: list[tuple[tuple[int, int], ...]], columns: int) -> np.ndarray:
    """Integer basis of the solutions: (solutions, columns)."""
    pivots: dict[int, dict[int, Fraction]] = {}
    for row in rows:
        left = {k: Fraction(v) for k, v in row}
        while left:
            k = min(left)
            if k not in pivots:
                pivots[k] = {j: v / left[k] for j, v in left.items()}
                break
            factor = left[k]
            for j, v in pivots[k].items():
                value = left.get(j, Fraction(0)) - factor * v
                if value:
                    left[j] = value
                else:
                    left.pop(j, None)
    out = []
    for chosen in (k for k in range(columns) if k not in pivots):
        solution = {chosen: Fraction(1)}
        for k in sorted(pivots, reverse=True):
            value = -sum((v * solution.get(j, 0) for j, v in pivots[k].items() if j != k), Fraction(0))
            if value:
                solution[k] = value
        scale = math.lcm(*(v.denominator for v in solution.values()))
        out.append([int(solution.get(k, 0) * scale) for k in range(columns)])
    return np.array(out, object).reshape(len(out), columns)


def _count(groups: tuple[tuple[np.ndarray, np.ndarray], ...], relations: np.ndarray) -> int:
    """Bit strings on the groups whose conserved combinations are all 0."""
    sizes = [(int((s > 0).sum()), int((s < 0).sum())) for _, s in groups]
    while True:
        found = _count_within(sizes, relations)
        if found is not None:
            return found
        relations = relations[:-1]  # fewer conditions: more states, still a bound


def _count_within(sizes: list[tuple[int, int]], relations: np.ndarray) -> int | None:
    """None where there are too many partial sums."""
    reach = [abs(row) * np.array([p + m for p, m in sizes], object) for row in relations]
    ahead = [list(np.cumsum(r[::-1])[::-1]) + [0] for r in reach]  # what later groups can still bring back
    ways: dict[tuple[int, ...], int] = {(0,) * len(relations): 1}
    for k, (plus, minus) in enumerate(sizes):
        column = [int(row[k]) for row in relations]
        new: dict[tuple[int, ...], int] = {}
        steps = [(v, math.comb(plus + minus, minus + v)) for v in range(-minus, plus + 1)]
        for state, count in ways.items():
            for v, many in steps:
                moved = tuple(s + v * c for s, c in zip(state, column, strict=True))
                if all(abs(s) <= a[k + 1] for s, a in zip(moved, ahead, strict=True)):
                    new[moved] = new.get(moved, 0) + count * many
        ways = new
        if len(ways) > MAX_STATES:
            return None
    return sum(ways.values())

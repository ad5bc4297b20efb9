"""Values of a small program on a product grid of angles, and the Fourier coefficients of its cost.

The cost is a trigonometric polynomial in each weight: frequencies are multiples of the greatest common divisor of the
coefficients of its rotations, up to the sum of their magnitudes. A grid of more points in a full period than twice the
highest of them, over the divisor, gives every coefficient to rounding.

Where no weight is used on both sides of some layer, the grid splits: E = Tr[rho(A) O(B)], with the state of the
qubits that the layers behind it see on one grid, and the observable through these layers on the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from threadpoolctl import threadpool_limits

from qtrain.budget import clock
from qtrain.circuits.frequencies import common_divisor
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.light_cones.light_cone import restrict
from qtrain.simulators.cones.cut import Piece
from qtrain.simulators.statevector import states
from qtrain.simulators.table import Plan, cheapest

WIDEST_BACK = 8  # qubits of an observable that is written as a matrix
WIDEST_FRONT = 20
ROWS = 64  # angle vectors of one batch


@dataclass(frozen=True, eq=False)
class Series:
    """A grid that resolves a piece, and how its values come about.

    Attributes:
        unit: (k,) of each weight, the divisor of its frequencies. bound: (k,) the highest, in units.
        operations: of all values on the grid. split: place of the operation where it splits; -1: it does not.
        plan: for where it does not split.
    """

    piece: Piece
    unit: tuple[Fraction, ...]
    bound: tuple[int, ...]
    operations: float
    split: int
    plan: Plan | None

    @property
    def sizes(self) -> tuple[int, ...]:
        """(k,) points of the grid."""
        return tuple(2 * k + 1 for k in self.bound)

    @property
    def points(self) -> float:
        return math.prod(float(size) for size in self.sizes)


def frequencies(program: PauliProgram) -> list[tuple[Fraction, int]] | None:
    """Unit and highest multiple of it of each weight's frequencies; None where coefficients have no common divisor.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qtrain.circuits.program import lower
        >>> circuit, a = QuantumCircuit(1), Parameter("a")
        >>> _ = circuit.rx(a / 2, 0), circuit.rz(3 * a / 2, 0)
        >>> frequencies(lower(circuit))
        [(Fraction(1, 2), 4)]
    """
    found = []
    for k in range(len(program.weights)):
        used = np.abs(program.coefficient[program.parameter == k])
        unit = common_divisor(used)
        if unit is None:
            return None
        unit = unit or Fraction(1)
        found.append((unit, round(used.sum() / float(unit))))
    return found


def series_of(problem: Problem, piece: Piece) -> Series | None:
    """The cheapest way to a piece's values on its grid; None without a common divisor, or where nothing fits."""
    found = frequencies(piece.program)
    if found is None:
        return None
    unit, bound = tuple(u for u, _ in found), tuple(k for _, k in found)
    points = math.prod(2.0 * k + 1 for k in bound)
    plan = cheapest(problem.but(program=piece.program, observable=piece.observable))
    operations, split = (points * plan.operations if plan else math.inf), -1
    if piece.program.num_qubits <= WIDEST_FRONT:
        for place in _places(piece.program):
            cost = _split_cost(piece, bound, place, problem.budget.memory_bytes)
            if cost < operations:
                operations, split = cost, place
    return Series(piece, unit, bound, operations, split, plan) if math.isfinite(operations) else None


def coefficients(series: Series, deadline: float) -> np.ndarray | None:
    """Fourier coefficients (2 k_1 + 1, 2 k_2 + 1, ...) complex, from the lowest frequency up.

    None where ``deadline`` (`qtrain.budget.clock`) would be missed.
    """
    if series.split < 0:
        table = _plain_values(series, deadline)
    else:  # many small products: threads of BLAS would wait for each other more than work
        with threadpool_limits(1, "blas"):
            table = _split_values(series, deadline)
    if table is None:
        return None
    if not series.sizes:  # the piece is a constant
        return table.reshape(()).astype(complex)
    return np.asarray(np.fft.fftshift(np.fft.fftn(table.reshape(series.sizes)) / table.size))


def _axes(series: Series, weights: np.ndarray) -> list[np.ndarray]:
    """Angles of each of these weights, over a full period."""
    return [
        2 * math.pi / float(series.unit[k]) * np.arange(series.sizes[k]) / series.sizes[k] for k in weights.tolist()
    ]


def _rows(series: Series, weights: np.ndarray, first: int, end: int) -> np.ndarray:
    """(rows, all weights) angle vectors of the product grid over some weights, the others 0."""
    table = np.zeros((end - first, len(series.sizes)))
    sizes = tuple(series.sizes[k] for k in weights.tolist())
    if sizes:
        places = np.unravel_index(np.arange(first, end), sizes)
        for k, axis, place in zip(weights.tolist(), _axes(series, weights), places, strict=True):
            table[:, k] = axis[place]
    return table


def _in_batches(count: int, step: Callable[[int, int], np.ndarray], deadline: float) -> np.ndarray | None:
    """Results of ``step(first, end)`` in a row; None as soon as they are seen to miss the deadline."""
    parts, began = [], 0.0
    for first in range(0, count, ROWS):
        end = min(first + ROWS, count)
        parts.append(step(first, end))
        now = clock()
        # the first batch may have compiled: what it took is no measure of the others
        each = (now - began) / (end - ROWS) if first else 0.0
        began = began or now
        if end < count and now + each * (count - end) > deadline:
            return None
    return np.concatenate(parts)


def _plain_values(series: Series, deadline: float) -> np.ndarray | None:
    assert series.plan is not None
    evaluator, every = series.plan.build(), np.arange(len(series.sizes))
    return _in_batches(
        int(series.points), lambda first, end: evaluator.costs(_rows(series, every, first, end)), deadline
    )


def _places(program: PauliProgram) -> list[int]:
    """Places of operations with no weight on both sides of them."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in program.rotations.tolist():
        k = int(program.parameter[i])
        first.setdefault(k, i)
        last[k] = i
    open_ = np.zeros(len(program) + 1, int)
    for k in first:
        open_[first[k] + 1] += 1
        open_[last[k] + 1] -= 1
    return [int(i) for i in np.flatnonzero(np.cumsum(open_) == 0) if 0 < i < len(program)]


def _behind(piece: Piece, place: int) -> np.ndarray:
    """(qubits,) bool: under an operation from ``place`` on, or in the observable."""
    program, paulis = piece.program, piece.observable.paulis
    seen = np.asarray((paulis.x | paulis.z).any(axis=0))
    seen[program.support[program.start[place] :]] = True
    later = program.qubits[place:]
    seen[later[later >= 0]] = True
    return seen


def _sides(piece: Piece, place: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights in front of a place, and behind it."""
    late = np.zeros(len(piece.program.weights), bool)
    ops = piece.program.rotations
    late[piece.program.parameter[ops[ops >= place]]] = True
    return np.flatnonzero(~late), np.flatnonzero(late)


def _split_cost(piece: Piece, bound: tuple[int, ...], place: int, memory_bytes: float) -> float:
    inner = int(_behind(piece, place).sum())
    if inner > WIDEST_BACK:
        return math.inf
    front, back = (math.prod(2.0 * bound[k] + 1 for k in side) for side in _sides(piece, place))
    width, size = piece.program.num_qubits, 4.0**inner
    if 16 * size * (front + back) + 64 * ROWS * (2.0**width + size) > memory_bytes / 2:
        return math.inf
    states_ = front * 2.0**width * (place + 2.0**inner / 4)
    operators = back * size * (len(piece.program) - place + 2.0**inner / 2)
    return states_ + operators + front * back * size / 4


def _split_values(series: Series, deadline: float) -> np.ndarray | None:
    piece, place = series.piece, series.split
    program, seen = piece.program, _behind(piece, place)
    front, back = _sides(piece, place)
    ahead = np.arange(len(program)) < place
    first = restrict(program, piece.observable, ahead, np.ones(program.num_qubits, bool)).program
    later = restrict(program, piece.observable, ~ahead, seen)
    inside, outside = np.flatnonzero(seen)[::-1], np.flatnonzero(~seen)[::-1]
    size = 2 ** len(inside)
    order = [0, *(program.num_qubits - int(q) for q in (*inside, *outside))]  # axis of qubit q: n - q

    def densities(start: int, end: int) -> np.ndarray:
        found = states(first, _rows(series, front, start, end)).reshape(-1, *(2,) * program.num_qubits)
        parts = found.transpose(order).reshape(end - start, size, -1)
        parts = np.ascontiguousarray(parts)
        return (parts @ parts.conj().swapaxes(1, 2)).reshape(end - start, -1)

    matrix = later.observable.to_matrix()

    def operators(start: int, end: int) -> np.ndarray:
        rows = np.repeat(_rows(series, back, start, end), size, axis=0)
        columns = np.tile(np.eye(size, dtype=complex), (end - start, 1))
        turned = states(later.program, rows, start=columns).reshape(end - start, size, size)
        return (turned.conj() @ (turned @ matrix.T).swapaxes(1, 2)).reshape(end - start, -1)

    count = [math.prod(series.sizes[k] for k in side.tolist()) for side in (front, back)]
    rho = _in_batches(count[0], densities, deadline)
    seen_by = None if rho is None else _in_batches(count[1], operators, deadline)
    if rho is None or seen_by is None:
        return None
    # Tr[rho O] with both Hermitian: the real scalar product of their entries
    table = (rho.view(float) @ seen_by.view(float).T).reshape(tuple(series.sizes[k] for k in (*front, *back)))
    return np.ascontiguousarray(table.transpose(np.argsort([*front, *back])))

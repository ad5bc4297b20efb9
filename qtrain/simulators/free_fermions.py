"""Free fermions on a Gaussian state: the cost is a sum of Pfaffians, in polynomial time at any module size.

Generators whose anticommutation graph is a line graph are products i g_a g_b of two Majorana operators
(arXiv 2003.05465), rotations are plane rotations of the g, and an observable that is a product of k of
them becomes a minor of k rows. Where the input state is stabilised by a perfect matching i g_a g_b, its
expectation values follow Wick's theorem.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from scipy.linalg import schur
from threadpoolctl import threadpool_limits

from qtrain.circuits.observables import pack
from qtrain.circuits.program import PauliProgram
from qtrain.kernels.paulis import commutation_matrix
from qtrain.lie.sums import packed
from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.majoranas import Signed, components, cut, even, majoranas, signed, stars, times, trees
from qtrain.simulators.statevector import check_weights

MAX_GENERATORS = 1000
MAX_MAJORANAS = 600
MAX_TERMS = 1000
MAX_OPEN = 5  # components with two unpaired Majoranas


@dataclass(frozen=True, eq=False)
class FreeFermions(Evaluator):
    """A cost as Pfaffians.

    Attributes:
        columns: weights of the program; majoranas: how many.
        covariance: (majoranas, majoranas) <i g_a g_b> of the input state, in the frame behind all Cliffords.
        rows: of each term, the Majoranas of its product; values: coefficient times the expectation of the
            rest of the term; constant: what no rotation changes.
        links: (terms, majoranas) covariance with a Majorana that is never rotated and completes odd products.
        plane: (rotations, 2) int64, in time order; parameter, coefficient, offset: of each, as in the program.
    """

    columns: int
    covariance: np.ndarray
    rows: tuple[np.ndarray, ...]
    values: np.ndarray
    constant: float
    links: np.ndarray
    plane: np.ndarray
    parameter: np.ndarray
    coefficient: np.ndarray
    offset: np.ndarray

    @property
    def num_weights(self) -> int:
        return self.columns

    @property
    def majoranas(self) -> int:
        return len(self.covariance)

    @property
    def cost(self) -> float:
        """Elementary operations of one value."""
        n, width = float(len(self._paired)), float(len(self._columns))
        return 2 * len(self.plane) * width + n * n * width + sum(float(len(s)) ** 3 for s in self._products) + 1

    @cached_property
    def _lone(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct links, and of each term the one that it needs."""
        distinct, which = np.unique(self.links, axis=0, return_inverse=True)
        return distinct, np.asarray(which).reshape(-1)

    @cached_property
    def _paired(self) -> np.ndarray:
        """The covariance with one more Majorana for each distinct link, which no rotation moves."""
        distinct = self._lone[0]
        return np.block([[self.covariance, distinct.T], [-distinct, np.zeros((len(distinct), len(distinct)))]])

    @cached_property
    def _products(self) -> tuple[np.ndarray, ...]:
        """Of each term its Majoranas, an even number."""
        ends = self.majoranas + self._lone[1]
        return tuple(np.append(rows, end) if len(rows) % 2 else rows for rows, end in zip(self.rows, ends, strict=True))

    @cached_property
    def _columns(self) -> np.ndarray:
        """The Majoranas that terms hold, ascending."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *self._products]).astype(np.int64))

    @cached_property
    def _layers(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rotations of planes that share no Majorana, in time order: which, and their two Majoranas (k,)."""
        depth, level = np.zeros(self.majoranas, np.int64), np.zeros(len(self.plane), np.int64)
        for k, (p, q) in enumerate(self.plane.tolist()):
            level[k] = depth[p] = depth[q] = max(depth[p], depth[q]) + 1
        order = np.argsort(level, kind="stable")
        chosen = np.split(order, np.flatnonzero(np.diff(level[order])) + 1) if len(order) else []
        return [(some, self.plane[some, 0], self.plane[some, 1]) for some in chosen]

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with threadpool_limits(1):  # matrices are small: threads would only wait for each other
            found = [self._at(point) for point in check_weights(self.num_weights, weights)]
        return np.array([value for value, _ in found]), np.array([slopes for _, slopes in found])

    def costs(self, weights: np.ndarray) -> np.ndarray:
        points = check_weights(self.num_weights, weights)
        with threadpool_limits(1):
            return np.array([self._terms(self._turned(self._angles(point)))[0] for point in points])

    def _angles(self, point: np.ndarray) -> np.ndarray:
        return np.asarray(self.coefficient * np.append(point, 0.0)[self.parameter] + self.offset)

    def _turned(self, angles: np.ndarray) -> np.ndarray:
        """(Majoranas, columns): what the terms' Majoranas are in front of all rotations, one row for each Majorana."""
        a = np.zeros((len(self._paired), len(self._columns)))
        a[self._columns, np.arange(len(self._columns))] = 1.0
        for chosen, p, q in reversed(self._layers):
            _turn(a, p, q, angles[chosen])
        return a

    def _terms(self, a: np.ndarray) -> tuple[float, np.ndarray]:
        """Sum of value * Pf(X[term]) of X = A^T M A, and the matrix G (columns, columns) with df = tr(G dX) / 2."""
        x = a.T @ self._paired @ a
        place = np.zeros(len(self._paired), np.int64)
        place[self._columns] = np.arange(len(self._columns))
        total, g = self.constant, np.zeros_like(x)
        for rows, value in zip(self._products, self.values.tolist(), strict=True):
            at = place[rows]
            if len(at) == 2:
                i, j = int(at[0]), int(at[1])
                total += value * x[i, j]
                g[i, j] -= value
                g[j, i] += value
            else:
                part, adjugate = pfaffian(x[np.ix_(at, at)])
                total += value * part
                g[np.ix_(at, at)] += value * adjugate
        return float(total), g

    def _at(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        angles = self._angles(point)
        a = self._turned(angles)
        total, g = self._terms(a)
        back, slopes = self._paired @ a @ g, np.zeros(len(angles))
        for chosen, p, q in self._layers:
            slopes[chosen] = np.einsum("kc,kc->k", back[q], a[p]) - np.einsum("kc,kc->k", back[p], a[q])
            _turn(a, p, q, -angles[chosen])
            _turn(back, p, q, -angles[chosen])
        gradient = np.zeros(self.num_weights + 1)
        np.add.at(gradient, self.parameter, self.coefficient * slopes)
        return total, gradient[:-1]


def _turn(a: np.ndarray, p: np.ndarray, q: np.ndarray, angles: np.ndarray) -> None:
    """g_p -> cos g_p + sin g_q, g_q -> cos g_q - sin g_p, on coefficients: one gate of each plane towards the input."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    first, second = a[p], a[q]
    a[p], a[q] = cos * first - sin * second, sin * first + cos * second


def pfaffian(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """Pfaffian of an antisymmetric matrix, and Pf(X) X^-1, which stays finite where X is singular.

    Example:
        >>> pfaffian(np.array([[0.0, 3.0], [-3.0, 0.0]]))[0]
        3.0
    """
    size = len(matrix)
    if size == 0:
        return 1.0, np.zeros((0, 0))
    # X = Q T Q^T with T block diagonal (real Schur form): Pf X = det Q * product of the blocks
    t, q = schur(0.5 * (matrix - matrix.T), output="real")
    place, pairs, lone = 0, [], []
    while place < size:
        if place + 1 < size and t[place + 1, place] != 0.0:
            pairs.append((place, place + 1))
            place += 2
        else:
            lone.append(place)
            place += 1
    pairs += list(zip(lone[::2], lone[1::2], strict=True))
    order = np.array(pairs).ravel()
    blocks = np.array([t[a, b] for a, b in pairs])
    q = q[:, order]
    sign = 1.0 if np.linalg.det(q) > 0 else -1.0
    others = np.array([np.prod(np.delete(blocks, k)) for k in range(len(blocks))])
    inverse = np.zeros((size, size))
    even = np.arange(0, size, 2)
    inverse[even, even + 1], inverse[even + 1, even] = -others, others
    return float(sign * np.prod(blocks)), sign * q @ inverse @ q.T


def free_fermions(program: PauliProgram, observable: SparsePauliOp) -> FreeFermions | None:
    """The cost as free fermions on a Gaussian state; None where it is not of that kind, or too large.

    Args:
        program: inputs bound; observable: SparsePauliOp of its width.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import ParameterVector
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qtrain.circuits.program import lower
        >>> t, circuit = ParameterVector("t", 3), QuantumCircuit(2)
        >>> _ = circuit.h([0, 1]), circuit.rx(t[0], 0), circuit.rx(t[1], 1), circuit.rzz(t[2], 0, 1)
        >>> free_fermions(lower(circuit), SparsePauliOp("ZZ")).majoranas  # X0 X1 is +1 on |++>: twins
        3
    """
    if len(program.fixed_rotations) or not len(program.rotations):
        return None
    table = program.generators()
    gx, gz, which = table.distinct()
    if len(gx) > MAX_GENERATORS or not (gx | gz).any(axis=1).all():
        return None
    graph = np.asarray(commutation_matrix(gx, gz))
    edges = majoranas(graph)
    if edges is None:
        return None
    count, component = components(edges)
    if count > MAX_MAJORANAS:
        return None
    generators = [signed(x, z) for x, z in zip(gx, gz, strict=True)]
    tree = trees(edges, count)
    bilinears = _Bilinears(program, *stars(tree, edges, generators))
    # a generator is r i g_a g_b with r central: r must be a sign on the state
    rest = bilinears.expectations([times(g, bilinears(*edges[k])) for k, g in enumerate(generators)])
    if (rest == 0).any():
        return None
    covariance = bilinears.covariance(component)
    free = [np.flatnonzero((component == k) & (covariance == 0).all(axis=1)) for k in range(component.max() + 1)]
    if max(len(some) for some in free) > 2 or sum(len(some) == 2 for some in free) > MAX_OPEN:
        return None  # too mixed in these Majoranas for Wick's theorem
    terms = _terms(observable, gx, gz, edges, tree, component, free, bilinears)
    if terms is None:
        return None
    ops = table.index
    sign = table.signs * rest[which]
    return FreeFermions(
        len(program.weights), covariance, tuple(terms.rows), np.array(terms.values), terms.constant,
        np.array(terms.links).reshape(-1, count),
        np.array(edges, np.int64)[which], program.parameter[ops].astype(np.int64),
        sign * program.coefficient[ops], sign * program.offset[ops],
    )  # fmt: skip


class _Bilinears:
    """Products i g_a g_b of two Majorana operators of one component as strings, and their expectations.

    Args:
        program: its Cliffords give the input state. star, roots: from `stars`.
    """

    def __init__(self, program: PauliProgram, star: dict[int, Signed], roots: set[int]) -> None:
        self.program, self.star, self.roots = program, star, roots

    def __call__(self, a: int, b: int) -> Signed:
        """i g_a g_b, a != b."""
        if a in self.roots:
            return self.star[b]
        if b in self.roots:
            x, z, k = self.star[a]
            return x, z, (k + 2) % 4
        x, z, k = times(self.star[a], self.star[b])
        return x, z, (k + 1) % 4

    def expectations(self, strings: list[Signed]) -> np.ndarray:
        """Of Hermitian strings on the input state: +1, -1 or 0."""
        if not strings:
            return np.zeros(0)
        found = self.program.expectations(*packed([string[:2] for string in strings], self.program.num_qubits))
        return np.asarray(found * np.array([1 - s[2] for s in strings]))

    def covariance(self, component: np.ndarray) -> np.ndarray:
        """(majoranas, majoranas) <i g_a g_b>; 0 between components."""
        count = len(component)
        pairs = [(a, b) for a in range(count) for b in range(a + 1, count) if component[a] == component[b]]
        covariance = np.zeros((count, count))
        for (a, b), value in zip(pairs, self.expectations([self(a, b) for a, b in pairs]), strict=True):
            covariance[a, b], covariance[b, a] = value, -value
        return covariance


@dataclass
class _Terms:
    """Of each term of the observable its Majoranas, its value and its links; see `FreeFermions`."""

    rows: list[np.ndarray]
    values: list[float]
    links: list[np.ndarray]
    constant: float


def _terms(
    observable: SparsePauliOp, gx: np.ndarray, gz: np.ndarray, edges: list[tuple[int, int]],
    tree: list[tuple[int, int, int]], component: np.ndarray, free: list[np.ndarray], bilinears: _Bilinears,
) -> _Terms | None:  # fmt: skip
    """The observable's terms as products of Majoranas; None where one is no such product of a Gaussian state.

    Args:
        gx, gz: distinct generators; edges: their two Majoranas. tree: from `trees`.
        free: of each component, its unpaired Majoranas.
    """
    x, z, c = pack(observable)
    if len(x) > MAX_TERMS:
        return None
    keys = np.asarray(commutation_matrix(x, z, gx, gz))
    found, count = _Terms([], [], [], 0.0), len(component)
    for term in range(len(x)):
        product = signed(x[term], z[term])
        if not keys[term].any():
            found.constant += float(c[term]) * float(bilinears.expectations([product])[0])
            continue
        inside = cut(tree, edges, keys[term])
        if inside is None:
            return None
        chosen, odd = even(inside, component)
        for k in range(0, len(chosen) - len(chosen) % 2, 2):
            product = times(bilinears(int(chosen[k]), int(chosen[k + 1])), product)
        lonely = [k for k in odd if len(free[k]) == 0]
        if lonely:
            continue  # every product of its kind breaks a pair of the state
        if len(odd) > 1:
            return None
        bases, link = [product], np.zeros(count)
        if odd:  # products that differ from the term in one Majorana, an unpaired one
            ends = free[odd[0]].tolist()
            bases = [product if u == chosen[-1] else _moved(product, bilinears(int(chosen[-1]), u)) for u in ends]
            link[ends] = bilinears.expectations(bases)
        doubles = [
            bilinears(int(some[0]), int(some[1])) for k, some in enumerate(free) if len(some) == 2 and k not in odd
        ]
        if bilinears.expectations(_products(bases, doubles)).any():
            return None  # the unpaired ones are correlated in a way that no covariance says
        value = float(c[term]) * (1.0 if odd else float(bilinears.expectations([product])[0]))
        if value and (not odd or link.any()):
            found.rows.append(chosen)
            found.values.append(value)
            found.links.append(link)
    return found


def _moved(product: Signed, step: Signed) -> Signed:
    """g_u C from g_s C and i g_s g_u: -i (g_s C)(i g_s g_u)."""
    x, z, k = times(product, step)
    return x, z, (k + 3) % 4


def _products(bases: list[Signed], doubles: list[Signed]) -> list[Signed]:
    """Every base times every product of at least one of the doubles, which commute with all."""
    found: list[Signed] = []
    sets: list[Signed] = []
    for double in doubles:
        sets += [double, *(times(some, double) for some in sets)]
    for base in bases:
        found += [times(base, some) for some in sets]
    return found

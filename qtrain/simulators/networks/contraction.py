"""Costs by contraction of tensor networks: exact, many angle vectors at once, gradients by one pass back.

What decides is the width of the light cone as a graph, not its number of qubits: cones of QAOA on sparse graphs are
trees for small p, circuits on a line are ladders (a matrix product of bond chi is a contraction along the line).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

import numpy as np

from qtrain.budget import clock
from qtrain.circuits.interference import unpack_terms
from qtrain.circuits.problem import Problem
from qtrain.circuits.program import PauliProgram
from qtrain.simulators.evaluators import Evaluator
from qtrain.simulators.networks.expectation import Leaf, Network, expectation_network, plain_ops
from qtrain.simulators.networks.order import Order, by_degree, in_turn
from qtrain.simulators.statevector import check_weights

LANES = 64  # angle vectors side by side, where memory allows
MAX_TENSORS, MAX_VISITS = 30_000, 1_000_000  # of all terms: what is planned well within a second
LIMIT = 1e11  # operations of one value
PLANNING, LEAST_PLANNING = 0.4, 0.5  # share of what is left, and seconds at least, behind which no term is planned
MULTIPLICATION, CALL = 4.0, 50.0  # operations of a complex multiplication; of a step's overhead, spread over lanes
NUMBER = 16  # bytes
LANE = 51  # the lanes' label in numpy.einsum


class Angle(NamedTuple):
    """coefficient * weights[parameter] + offset; parameter -1: the offset alone."""

    parameter: int
    coefficient: float
    offset: float

    def at(self, weights: np.ndarray) -> np.ndarray:
        """(lanes,) at weights (lanes, weights)."""
        return cast(np.ndarray, self.coefficient * weights[:, self.parameter] + self.offset)


class Turning(NamedTuple):
    """A tensor that turns with an angle: cos(a / 2) even - i sin(a / 2) odd, conjugated in the adjoint circuit."""

    even: np.ndarray
    odd: np.ndarray
    angle: Angle
    adjoint: bool

    def value(self, angle: np.ndarray) -> np.ndarray:
        """(legs, lanes) at angles (lanes,)."""
        outer = np.multiply.outer
        value = outer(self.even, np.cos(angle / 2)) - 1j * outer(self.odd, np.sin(angle / 2))
        return value.conj() if self.adjoint else value

    def slope(self, angle: np.ndarray) -> np.ndarray:
        """Its derivative by the angle, not conjugated."""
        outer = np.multiply.outer
        return -0.5 * outer(self.even, np.sin(angle / 2)) - 0.5j * outer(self.odd, np.cos(angle / 2))


class Step(NamedTuple):
    """Two nodes whose product, summed over the labels that it has not, is a third; labels count within the step."""

    node: int
    a: int
    b: int
    labels_a: tuple[int, ...]
    labels_b: tuple[int, ...]
    out: tuple[int, ...]


class _Forest:
    """Trees of contractions; what has been computed once, for any term, is a node that others share."""

    def __init__(self, program: PauliProgram) -> None:
        self.program = program
        self.known: dict[object, int] = {}
        self.roots: dict[int, float] = {}
        self.fixed: dict[int, np.ndarray | Step] = {}
        self.turning: dict[int, Turning] = {}
        self.steps: list[Step] = []
        self.multiplications = 0.0

    def leaf(self, leaf: Leaf) -> int:
        angle = None
        even, odd = leaf.even, leaf.odd
        if odd is not None:
            p, op = self.program, leaf.op
            angle = Angle(int(p.parameter[op]), float(p.coefficient[op]), float(p.offset[op]))
            if angle.parameter < 0:
                even, odd = np.cos(angle.offset / 2) * even - 1j * np.sin(angle.offset / 2) * odd, None
        key = (even.shape, even.tobytes(), None if odd is None else (odd.tobytes(), angle), leaf.adjoint)
        if key not in self.known:
            node = self.known[key] = len(self.known)
            if odd is None:
                self.fixed[node] = even.conj() if leaf.adjoint else even
            else:
                self.turning[node] = Turning(even, odd, cast(Angle, angle), leaf.adjoint)
        return self.known[key]

    def join(self, a: int, b: int, labels_a: Sequence[int], labels_b: Sequence[int], out: Sequence[int]) -> int:
        place = {v: k for k, v in enumerate(dict.fromkeys((*labels_a, *labels_b)))}
        step = [tuple(place[v] for v in labels) for labels in (labels_a, labels_b, out)]
        key = (a, b, *step)
        if key not in self.known:
            node = self.known[key] = len(self.known)
            made = Step(node, a, b, *step)
            self.multiplications += 2.0 ** len(place)
            if a in self.fixed and b in self.fixed:
                self.fixed[node] = made
            else:
                self.steps.append(made)
        return self.known[key]

    def tree(self, coefficient: float, leaves: list[Leaf], order: Order) -> None:
        """Add a whole network, which contracts to a number."""
        nodes = [self.leaf(leaf) for leaf in leaves]
        labels: list[tuple[int, ...]] = [leaf.labels for leaf in leaves]
        open_ = [0] * (1 + max((v for own in labels for v in own), default=0))
        for v in (v for own in labels for v in own):
            open_[v] += 1
        for a, b in order.pairs:
            for v in (*labels[a], *labels[b]):
                open_[v] -= 1
            out = tuple(v for v in dict.fromkeys((*labels[a], *labels[b])) if open_[v])
            for v in out:
                open_[v] += 1
            nodes.append(self.join(nodes[a], nodes[b], labels[a], labels[b], out))
            labels.append(out)
        self.roots[nodes[-1]] = self.roots.get(nodes[-1], 0.0) + coefficient

    def constants(self) -> dict[int, np.ndarray]:
        """Values of the nodes without angles that a step or the sum needs."""
        values: dict[int, np.ndarray] = {}
        for node, made in self.fixed.items():
            if isinstance(made, Step):
                made = np.einsum(values[made.a], made.labels_a, values[made.b], made.labels_b, made.out)
            values[node] = made
        needed = {node for step in self.steps for node in (step.a, step.b)} | set(self.roots)
        return {node: value for node, value in values.items() if node in needed}


@dataclass(frozen=True, eq=False)
class Contraction(Evaluator):
    """A cost as a sum of contracted networks.

    Attributes:
        columns: weights of the program. constant: what no angle changes.
        fixed: values of nodes without angles; turning: leaves with an angle; steps: all other nodes, in order.
        roots: nodes that are numbers, and their coefficients.
        memory_bytes: what a batch may take.
    """

    columns: int
    constant: float
    fixed: dict[int, np.ndarray]
    turning: dict[int, Turning]
    steps: tuple[Step, ...]
    roots: dict[int, float]
    memory_bytes: int

    @property
    def num_weights(self) -> int:
        return self.columns

    def costs(self, weights: np.ndarray) -> np.ndarray:
        """Costs (points,) at the rows of ``weights``: nodes are forgotten as soon as they are used."""
        theta, found = check_weights(self.num_weights, weights), []
        lanes = int(np.clip(self.memory_bytes // self._cuts[1], 1, LANES))
        for k in range(0, len(theta), lanes):
            values = self._leaves(theta[k : k + lanes])
            self._forward(values, self.steps, self._last)
            found.append(self._total(values, len(theta[k : k + lanes])))
        return np.concatenate(found)

    def values_and_gradients(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        theta = check_weights(self.num_weights, weights)
        segments, each = self._cuts
        lanes = int(np.clip(self.memory_bytes // each, 1, LANES))
        parts = [self._batch(theta[k : k + lanes], segments) for k in range(0, len(theta), lanes)]
        return np.concatenate([f for f, _ in parts]), np.concatenate([g for _, g in parts])

    @cached_property
    def _cuts(self) -> tuple[list[int], int]:
        return _segments(self.steps, self.memory_bytes)

    @cached_property
    def _last(self) -> dict[int, int]:
        """The step that a node is last needed by."""
        return {node: k for k, step in enumerate(self.steps) for node in (step.a, step.b) if node not in self.roots}

    def _leaves(self, theta: np.ndarray) -> dict[int, np.ndarray]:
        return {node: leaf.value(leaf.angle.at(theta)) for node, leaf in self.turning.items()}

    def _labels(self, node: int, labels: tuple[int, ...]) -> tuple[int, ...]:
        return labels if node in self.fixed else (*labels, LANE)

    def _forward(self, values: dict[int, np.ndarray], steps: Iterable[Step], last: dict[int, int]) -> None:
        """Compute the nodes of some steps; forget what ``last`` says is needed no more."""
        for k, step in enumerate(steps):
            pair = [self.fixed[node] if node in self.fixed else values[node] for node in (step.a, step.b)]
            values[step.node] = np.einsum(
                pair[0], self._labels(step.a, step.labels_a), pair[1], self._labels(step.b, step.labels_b),
                (*step.out, LANE),
            )  # fmt: skip
            for node in {step.a, step.b}:
                if last.get(node) == k:
                    values.pop(node, None)

    def _total(self, values: dict[int, np.ndarray], lanes: int) -> np.ndarray:
        total = np.full(lanes, self.constant)
        for node, coefficient in self.roots.items():
            total += coefficient * (self.fixed[node] if node in self.fixed else values[node]).real
        return total

    def _batch(self, theta: np.ndarray, segments: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """All lanes at once. Where not all nodes fit, each segment of the steps starts from what lived then."""
        lanes, gradient = len(theta), np.zeros(theta.shape)
        values = self._leaves(theta)
        last, saved = self._last, []
        for first, end in zip(segments, segments[1:], strict=False):
            saved.append(dict(values))
            if end < len(self.steps):
                self._forward(values, self.steps[first:end], {n: k - first for n, k in last.items()})
        values = saved.pop() if saved else values
        slopes: dict[int, np.ndarray] = {n: np.full(lanes, c + 0j) for n, c in self.roots.items()}
        total: np.ndarray | None = None
        for first, end in reversed(list(zip(segments, segments[1:], strict=False))):
            self._forward(values, self.steps[first:end], {})
            total = self._total(values, lanes) if total is None else total
            self._backward(values, slopes, self.steps[first:end])
            values = saved.pop() if saved else values
        for node, leaf in self.turning.items():
            if not leaf.adjoint and node in slopes:
                slope = leaf.slope(leaf.angle.at(theta))
                axes = tuple(range(slope.ndim - 1))
                both = 2 * (slopes[node] * slope).sum(axis=axes).real  # the adjoint's share is the conjugate
                gradient[:, leaf.angle.parameter] += leaf.angle.coefficient * both
        return self._total(values, lanes) if total is None else total, gradient

    @cached_property
    def _wanted(self) -> set[int]:
        """Nodes that hold an angle of the circuit itself: its adjoint has the same derivatives, conjugated."""
        found = {node for node, leaf in self.turning.items() if not leaf.adjoint}
        for step in self.steps:
            if step.a in found or step.b in found:
                found.add(step.node)
        return found

    def _backward(self, values: dict[int, np.ndarray], slopes: dict[int, np.ndarray], steps: Sequence[Step]) -> None:
        """From derivatives by the nodes of some steps to those by what they were made of."""
        wanted = self._wanted
        for step in reversed(steps):
            outer = slopes.pop(step.node, None)
            del values[step.node]
            if outer is None or step.node not in wanted:
                continue
            sides = ((step.a, step.labels_a), (step.b, step.labels_b))
            for (mine, labels), (other, factor) in (sides, sides[::-1]):
                if mine in wanted:
                    by = self.fixed[other] if other in self.fixed else values[other]
                    more = np.einsum(outer, (*step.out, LANE), by, self._labels(other, factor), (*labels, LANE))
                    slopes[mine] = slopes[mine] + more if mine in slopes else more


def _segments(steps: Sequence[Step], memory_bytes: int) -> tuple[list[int], int]:
    """Where to cut the steps so that one pass back fits, and the bytes of one lane: all nodes at once, or by parts."""
    size = {step.node: 2.0 ** len(step.out) for step in steps}
    last: dict[int, int] = {}
    for k, step in enumerate(steps):
        last |= {step.a: k, step.b: k}
    live, now = [0.0], 0.0  # in front of each step
    for k, step in enumerate(steps):
        now += size[step.node] - sum(size.get(node, 0.0) for node in {step.a, step.b} if last[node] == k)
        live.append(now)
    stored = np.concatenate([[0.0], np.cumsum(list(size.values()))])
    widest = max(size.values(), default=1.0)
    count, best = 1, ([0, len(steps)], np.inf)
    while count <= max(len(steps), 1):
        cuts = np.unique(np.searchsorted(stored, np.linspace(0, stored[-1], count + 1)))
        cuts[-1] = len(steps)
        parts = np.diff(stored[cuts]).max(initial=0.0)
        need = NUMBER * (sum(live[k] for k in cuts[:-1]) + parts + 4 * widest + 64)
        if need < best[1]:
            best = (cuts.tolist(), need)
        if need <= memory_bytes / LANES:
            break
        count *= 2
    return best[0], int(best[1])


class Plan(NamedTuple):
    """Of a cost: the networks of all its terms, planned; operations of one value; bytes at the least."""

    problem: Problem
    forest: _Forest
    operations: float
    memory_bytes: int

    def build(self) -> Contraction:
        """What evaluates the cost."""
        forest, problem = self.forest, self.problem
        return Contraction(
            len(problem.program.weights), problem.offset, forest.constants(), forest.turning, tuple(forest.steps),
            forest.roots, int(problem.budget.memory_bytes),
        )  # fmt: skip


def plan_contraction(problem: Problem, *, in_line: bool = False, limit: float = LIMIT) -> Plan | str:
    """A cheap order for the network of each term, or a clause that tells why there is none.

    Args:
        problem: inputs bound. in_line: qubit after qubit in their order, as a matrix product is contracted.
        limit: operations in all.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.problem import pose
        >>> cost = plan_contraction(pose(real_amplitudes(100, reps=1, entanglement="linear"), "Z" * 100)).build()
        >>> round(cost.value(np.zeros(200)), 9)
        1.0
    """
    program, operator = problem.program, problem.traceless
    if len(operator) * len(program) > min(MAX_VISITS, problem.budget.max_planning):
        return f"{len(operator)} terms on {len(program)} gates are too many networks to plan"
    ops, forest, tensors = plain_ops(program), _Forest(program), 0
    allowed = limit / MULTIPLICATION
    deadline = clock() + max(problem.share(PLANNING), LEAST_PLANNING)
    x, z, c = unpack_terms(operator)
    for bits_x, bits_z, coefficient in zip(x, z, c, strict=True):
        if coefficient == 0:
            continue
        if clock() > deadline:
            return f"the networks of {len(operator)} terms on {len(program)} gates are not planned in its seconds"
        network = expectation_network(program.num_qubits, ops, bits_x, bits_z, most=MAX_TENSORS - tensors)
        if network is None:
            return f"its networks hold more than {MAX_TENSORS:,} tensors"
        tensors += len(network.leaves)
        order = _order(network, allowed, in_line)
        if order is not None:
            forest.tree(float(coefficient), network.leaves, order)
        if order is None or forest.multiplications > allowed:
            return f"its networks take more than {limit:.0e} operations to contract"
    operations = MULTIPLICATION * forest.multiplications + CALL * len(forest.steps) + 1
    return Plan(problem, forest, operations, _segments(forest.steps, 0)[1])


def _order(network: Network, limit: float, in_line: bool) -> Order | None:
    labels = [leaf.labels for leaf in network.leaves]
    line = sorted({v for own in labels for v in own}, key=lambda v: (network.qubit[v], v))
    swept = in_turn(labels, line, limit=limit)
    if in_line:
        return swept
    found = [order for order in (by_degree(labels, limit=limit), swept) if order is not None]
    return min(found, key=lambda order: order.operations, default=None)

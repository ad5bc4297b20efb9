"""Networks of non-negative tensors: a cheap order to contract them in, and every derivative at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

GREEDY_LEAVES = 2000  # a greedy tree over more is slower than sampling


@dataclass
class Leaf:
    """A tensor whose leg ``old`` carries a chain of one-qubit steps: tensor = base . chain."""

    base: np.ndarray
    labels: list[int]
    # (row, step, marked step)
    chain: list[tuple[int, np.ndarray, np.ndarray | None]] = field(default_factory=list)
    row: int = -1  # row whose marked tensor replaces ``base``
    marked: np.ndarray | None = None
    where: tuple[int, int] = (0, 0)  # (qubit, time) for sweeps


@dataclass(frozen=True, eq=False)
class Network:
    """Non-negative tensors of all paths of one class mixture; ``order`` contracts them in pairs."""

    leaves: list[Leaf]
    order: list[tuple[int, int]]
    rows: int


class Limits(NamedTuple):
    """Of one pass over a network: multiplications, and numbers that are stored."""

    flops: float
    numbers: float


def _cost(labels: list[list[int]], sizes: dict[int, int], order: list[tuple[int, int]]) -> tuple[float, float]:
    """(multiplications, numbers stored) of contracting in this order."""
    sets: list[frozenset[int]] = [frozenset(item) for item in labels]
    flops = 0.0
    stored = 0.0
    for a, b in order:
        union = sets[a] | sets[b]
        result = sets[a] ^ sets[b]
        flops += math.prod(float(sizes[v]) for v in union)
        stored += math.prod(float(sizes[v]) for v in result)
        sets.append(result)
    return flops, stored


def _sweep(leaves: list[Leaf], by_time: bool) -> list[tuple[int, int]]:
    """Contract one leaf after the other, in order of qubit or of time."""
    key = (lambda i: (leaves[i].where[1], leaves[i].where[0])) if by_time else (lambda i: leaves[i].where)
    turn = sorted(range(len(leaves)), key=key)
    order = []
    last = turn[0]
    for step, item in enumerate(turn[1:]):
        order.append((last, item))
        last = len(leaves) + step
    return order


def _sweep_peak(leaves: list[Leaf], order: list[tuple[int, int]]) -> float:
    """log2 of the largest tensor that a sweep meets."""
    open_: dict[int, float] = {}
    size = peak = 0.0
    for item in [order[0][0], *(b for _, b in order)] if order else []:
        for label, dimension in zip(leaves[item].labels, leaves[item].base.shape, strict=True):
            if label in open_:
                size -= open_.pop(label)
            else:
                open_[label] = math.log2(dimension)
                size += open_[label]
        peak = max(peak, size)
    return peak


def plan(leaves: list[Leaf], rows: int, limits: Limits) -> Network | None:
    """The cheapest of two sweeps and a greedy tree; None where that does not fit the limits."""
    labels = [leaf.labels for leaf in leaves]
    sizes = {v: d for leaf in leaves for v, d in zip(leaf.labels, leaf.base.shape, strict=True)}
    candidates = [_sweep(leaves, by_time) for by_time in (False, True)]
    candidates = [order for order in candidates if _sweep_peak(leaves, order) <= math.log2(limits.flops)]
    found = [(*_cost(labels, sizes, order), order) for order in candidates]
    if len(leaves) <= GREEDY_LEAVES and min((f[0] for f in found), default=math.inf) > limits.flops / 100:
        order = _greedy(labels, sizes)
        found.append((*_cost(labels, sizes, order), order))
    if not found:
        return None
    flops, numbers, order = min(found, key=lambda f: f[0])
    return Network(leaves, order, rows) if flops <= limits.flops and numbers <= limits.numbers else None


def _greedy(labels: list[list[int]], sizes: dict[int, int]) -> list[tuple[int, int]]:
    import cotengra

    symbols = {v: cotengra.get_symbol(i) for i, v in enumerate(sizes)}
    path = cotengra.array_contract_path(
        tuple(tuple(symbols[v] for v in item) for item in labels), (), {symbols[v]: d for v, d in sizes.items()},
        optimize="greedy", canonicalize=False,
    )  # fmt: skip
    names = list(range(len(labels)))
    order = []
    for step, pair in enumerate(path):
        i, j = sorted(pair)
        b, a = names.pop(j), names.pop(i)
        order.append((a, b))
        names.append(len(labels) + step)
    return order


class _Product(NamedTuple):
    """Two tensors as matrices, whose product is their contraction, and how their own legs come back.

    Attributes:
        left: (legs of one, shared legs); right: (shared legs, legs of the other); labels: of the product.
        back: for either, the shape of its legs in the order of its matrix, and where each leg was.
    """

    left: np.ndarray
    right: np.ndarray
    labels: list[int]
    back: tuple[tuple[tuple[int, ...], list[int]], tuple[tuple[int, ...], list[int]]]

    @classmethod
    def of(cls, a: np.ndarray, la: list[int], b: np.ndarray, lb: list[int]) -> _Product:
        shared = [v for v in la if v in lb]
        free_a, free_b = [v for v in la if v not in shared], [v for v in lb if v not in shared]
        order_a, order_b = free_a + shared, shared + free_b
        a, b = a.transpose([la.index(v) for v in order_a]), b.transpose([lb.index(v) for v in order_b])
        width = math.prod(b.shape[: len(shared)])
        back = (a.shape, [order_a.index(v) for v in la]), (b.shape, [order_b.index(v) for v in lb])
        return cls(a.reshape(-1, width), b.reshape(width, -1), free_a + free_b, back)

    def value(self) -> np.ndarray:
        (one, _), (other, _) = self.back
        shared = (len(one) + len(other) - len(self.labels)) // 2
        return (self.left @ self.right).reshape(one[: len(one) - shared] + other[shared:])

    def adjoints(self, outer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives by either tensor, where ``outer`` is the derivative by the product."""
        outer = outer.reshape(len(self.left), -1)
        (one, legs), (other, others) = self.back
        return (
            (outer @ self.right.T).reshape(one).transpose(legs),
            (self.left.T @ outer).reshape(other).transpose(others),
        )


def _scaled(value: np.ndarray) -> tuple[np.ndarray, float]:
    """A tensor with its largest entry at 1, and the logarithm of what it was."""
    peak = float(value.max()) if value.size else 0.0
    return (value / peak, math.log(peak)) if peak > 0 else (value, 0.0)


def _support(value: np.ndarray) -> tuple[np.ndarray, float]:
    """1 where a tensor is not 0: sums of such products are whole numbers, and exact."""
    return (value > 0).astype(float), 0.0


def contract(network: Network, *, support: bool = False) -> tuple[float, np.ndarray, float]:
    """Contract, and differentiate by every marked step.

    Args:
        support: say only which sums have a term at all, 0 or positive; nothing underflows.

    Returns:
        (total, marked (rows,), log): the sums over all paths, and over the paths that anticommute
        with each rotation, both to be multiplied by exp(log).
    """
    rescale = _support if support else _scaled
    clip: Callable[[np.ndarray], np.ndarray] = (lambda value: _support(value)[0]) if support else (lambda value: value)
    values: list[np.ndarray] = []
    labels = [list(leaf.labels) for leaf in network.leaves]
    logs: list[float] = []
    products: list[_Product] = []
    nothing = np.zeros(0)

    def push(value: np.ndarray, log: float) -> None:
        value, more = rescale(value)
        values.append(value)
        logs.append(log + more)

    for leaf in network.leaves:
        tensor = leaf.base
        for _, factor, _ in leaf.chain:
            tensor = clip(tensor @ factor)
        push(tensor, 0.0)
    for a, b in network.order:
        products.append(_Product.of(values[a], labels[a], values[b], labels[b]))
        values[a] = values[b] = nothing
        labels.append(products[-1].labels)
        push(products[-1].value(), logs[a] + logs[b])
    marked = np.zeros(network.rows)
    total, log = float(values[-1]), logs[-1]
    if total == 0.0:
        return 0.0, marked, 0.0
    adjoint: dict[int, tuple[np.ndarray, float]] = {len(values) - 1: (np.ones(()), 0.0)}
    for (a, b), node in zip(reversed(network.order), range(len(values) - 1, -1, -1), strict=False):
        here, shift = adjoint.pop(node)
        for mine, other, value in zip((a, b), (b, a), products.pop().adjoints(here), strict=True):
            value, more = rescale(value)
            adjoint[mine] = value, shift + logs[other] + more
    for i, leaf in enumerate(network.leaves):
        if leaf.row < 0 and not any(item[2] is not None for item in leaf.chain):
            continue
        here, shift = adjoint[i]
        scale = math.exp(min(shift - log, 700.0))
        if leaf.row >= 0 and leaf.marked is not None:
            marked[leaf.row] += float((here * leaf.marked).sum()) * scale
        if leaf.chain:
            # gradient by the product of the chain, then by each step inside it
            flat = leaf.base.reshape(-1, 4).T @ here.reshape(-1, 4)
            steps = [item[1] for item in leaf.chain]
            before = [np.eye(4)]
            for s in steps:
                before.append(clip(before[-1] @ s))
            after = np.eye(4)
            for j in range(len(steps) - 1, -1, -1):
                row, step_matrix, mark = leaf.chain[j]
                if mark is not None:
                    marked[row] += float((clip(flat) * (before[j] @ mark @ after)).sum()) * scale
                after = clip(step_matrix @ after)
    return total, marked, log

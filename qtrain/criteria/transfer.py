"""Exact second moments: Pauli paths summed by contracting a network of non-negative tensors.

Every path weight is >= 0, so the contraction loses no digit to cancellation: variances of 1e-12
or 1e-300 come out as exactly as those of order one. One reverse pass gives every parameter.
Practical where a sweep over qubits or over time meets few entangling gates at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from qtrain.criteria.cosets import PathClasses
from qtrain.criteria.tape import Tape

GREEDY_LEAVES = 2000  # a greedy tree over more is slower than sampling

# Letters I, X, Z, Y are 0, 1, 2, 3: bit 0 is x, bit 1 is z.
_LETTERS = np.arange(4)


def _anticommute(letter: int) -> np.ndarray:
    """(4,) 1 where a letter anticommutes with ``letter``."""
    return ((_LETTERS & 1) * (letter >> 1) + (_LETTERS >> 1) * (letter & 1)) % 2


def _permutation(image: np.ndarray) -> np.ndarray:
    matrix = np.zeros((4, 4))
    matrix[image, _LETTERS] = 1
    return matrix


_FIXED = {
    5: _permutation((_LETTERS >> 1) | ((_LETTERS & 1) << 1)),
    6: _permutation(_LETTERS ^ ((_LETTERS & 1) << 1)),
    7: _permutation(_LETTERS ^ (_LETTERS >> 1)),
}
_ROTATION = {}
for _code in range(3):
    _a = _anticommute(_code + 1)
    _ROTATION[_code] = (
        np.diag(1 - _a / 2) + _permutation(_LETTERS ^ (_code + 1)) @ np.diag(_a / 2),
        np.diag(_a).astype(float),
    )


def _halves() -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """CX and CZ cut in two: (bond, new, old) for each side, summed over a bond of 4."""
    result = {}
    for code in (8, 9):
        left = np.zeros((4, 4, 4))
        right = np.zeros((4, 4, 4))
        for bond in range(4):
            mine, other = bond & 1, bond >> 1
            for v in range(4):
                if code == 8:  # bond: x of the control, z of the target
                    if v & 1 == mine:
                        left[bond, v ^ (other << 1), v] = 1
                    if v >> 1 == other:
                        right[bond, v ^ mine, v] = 1
                else:  # bond: x of both
                    if v & 1 == mine:
                        left[bond, v ^ (other << 1), v] = 1
                    if v & 1 == other:
                        right[bond, v ^ (mine << 1), v] = 1
        result[code] = (left, right)
    return result


_SPLIT = _halves()


def _string_part(letter: int) -> np.ndarray:
    """(bond out, new, bond in, old) of one qubit of a many-qubit rotation; bond = parity + 2 branch."""
    part = np.zeros((4, 4, 4, 4))
    anti = _anticommute(letter)
    for bond in range(4):
        for v in range(4):
            branch = bond >> 1
            part[(bond & 1) ^ anti[v] | (branch << 1), v ^ (letter * branch), bond, v] = 1
    return part


_STRING = {letter: _string_part(letter) for letter in (1, 2, 3)}
# Ends of the parity bond: weight of (parity, branch), and the part that anticommutes.
_BRANCH = np.array([1.0, 0.5, 0.0, 0.5])
_BRANCH_ANTI = np.array([0.0, 0.5, 0.0, 0.5])
_TURN = np.array([1.0, 0.0, 0.0, 1.0])


@dataclass
class _Leaf:
    """A tensor whose leg ``old`` carries a chain of one-qubit steps: tensor = base . chain."""

    base: np.ndarray
    labels: list[int]
    chain: list[tuple[int, np.ndarray, np.ndarray | None]] = field(
        default_factory=list
    )  # (row, step, marked step)
    row: int = -1  # row whose marked tensor replaces ``base``
    marked: np.ndarray | None = None
    where: tuple[int, int] = (0, 0)  # (qubit, time) for sweeps

    @property
    def tensor(self) -> np.ndarray:
        value = self.base
        for _, step, _ in self.chain:
            value = value @ step
        return value


@dataclass(frozen=True, eq=False)
class Network:
    """Non-negative tensors of all paths of one class mixture; ``order`` contracts them in pairs."""

    leaves: list[_Leaf]
    order: list[tuple[int, int]]
    flops: float
    size: float
    rows: int


def _boundary(x: np.ndarray, z: np.ndarray, value: np.ndarray) -> list[np.ndarray]:
    """Minimal weighted automaton of the start Paulis: tensors (left state, letter, right state)."""
    letters = (x | (z << 1)).astype(np.uint8)
    count, n = letters.shape
    states: list[tuple[tuple[int, float], ...]] = [tuple((i, float(v)) for i, v in enumerate(value))]
    tensors: list[np.ndarray] = []
    for q in range(n):
        following: dict[tuple[tuple[bytes, float], ...], int] = {}
        following_states: list[tuple[tuple[int, float], ...]] = []
        entries: list[tuple[int, int, int, float]] = []
        for left, members in enumerate(states):
            by_letter: dict[int, list[tuple[int, float]]] = {}
            for i, v in members:
                by_letter.setdefault(int(letters[i, q]), []).append((i, v))
            for letter, inside in by_letter.items():
                norm = max(v for _, v in inside)
                residual: dict[bytes, tuple[int, float]] = {}
                for i, v in inside:
                    suffix = letters[i, q + 1 :].tobytes()
                    residual[suffix] = (i, residual.get(suffix, (i, 0.0))[1] + v)
                key = tuple(sorted((s, round(v / norm, 13)) for s, (_, v) in residual.items()))
                if key not in following:
                    following[key] = len(following_states)
                    following_states.append(tuple((i, v / norm) for i, v in residual.values()))
                entries.append((left, letter, following[key], norm))
        tensor = np.zeros((len(states), 4, len(following_states)))
        for left, letter, right, norm in entries:
            tensor[left, letter, right] += norm
        tensors.append(tensor)
        states = following_states
    if tensors:
        tensors[-1] = tensors[-1] * np.array([sum(v for _, v in s) for s in states])
    return tensors


def build_network(tape: Tape, classes: PathClasses, *, max_leaves: int = 200_000) -> list[_Leaf] | None:
    """Leaves of the network of all paths, trimmed to the cone by reachable letters.

    Args:
        classes: with one common ``target``. Returns None where there are more than ``max_leaves``.
    """
    n = tape.num_qubits
    fresh = iter(range(10**9))
    leaves: list[_Leaf] = []
    boundary = _boundary(classes.x, classes.z, classes.value)
    reach = [{int(v) for v in np.unique(classes.x[:, q] | (classes.z[:, q] << 1))} for q in range(n)]
    bonds = [next(fresh) for _ in range(n + 1)]
    holder: list[_Leaf] = []  # the leaf whose last label is the wire of qubit q
    for q in range(n):
        first = _Leaf(np.moveaxis(boundary[q], 1, 2), [bonds[q], bonds[q + 1], next(fresh)], where=(q, -1))
        if q == 0:
            first.base, first.labels = first.base[0], first.labels[1:]
        if q == n - 1:
            first.base, first.labels = first.base[..., 0, :], first.labels[:-2] + first.labels[-1:]
        leaves.append(first)
        holder.append(first)
    # A leaf's wire leg is its last; its chain multiplies onto that leg from the right, so steps are
    # stored transposed.
    for i in range(len(tape.code)):
        code = int(tape.code[i])
        q = int(tape.q0[i])
        row = int(tape.row[i])
        if code < 0:
            continue
        if code <= 2:
            if reach[q] == {0}:
                continue
            step, marked = _ROTATION[code]
            anti = _anticommute(code + 1)
            if any(anti[v] for v in reach[q]):
                reach[q] |= {v ^ (code + 1) for v in reach[q] if anti[v]}
                holder[q].chain.append((row, step.T.copy(), (step @ marked).T.copy()))
            continue
        if 5 <= code <= 7:
            step = _FIXED[code]
            reach[q] = {int(np.argmax(step[:, v])) for v in reach[q]}
            holder[q].chain.append((-1, step.T.copy(), None))
            continue
        if code == 10:
            t = int(tape.q1[i])
            holder[q], holder[t] = holder[t], holder[q]
            reach[q], reach[t] = reach[t], reach[q]
            continue
        if code in (8, 9):
            t = int(tape.q1[i])
            left, right = _SPLIT[code]
            if code == 8:
                images = {(a, b): (a ^ (b & 2), b ^ (a & 1)) for a in reach[q] for b in reach[t]}
            else:
                images = {
                    (a, b): (a ^ ((b & 1) << 1), b ^ ((a & 1) << 1)) for a in reach[q] for b in reach[t]
                }
            if all(k == v for k, v in images.items()):
                continue
            reach[q], reach[t] = {v[0] for v in images.values()}, {v[1] for v in images.values()}
            bond = next(fresh)
            for wire, half in ((q, left), (t, right)):
                new = _Leaf(
                    half.transpose(0, 2, 1).copy(),
                    [bond, holder[wire].labels[-1], next(fresh)],
                    where=(wire, i),
                )
                leaves.append(new)
                holder[wire] = new
        elif code in (3, 4):
            pieces = range(int(tape.start[i]), int(tape.start[i + 1]))
            support = [int(tape.support[j]) for j in pieces]
            strings = [int(tape.letters[j]) for j in pieces]
            hit = [
                any(_anticommute(letter)[v] for v in reach[s])
                for s, letter in zip(support, strings, strict=True)
            ]
            if not any(hit):
                continue
            bond = next(fresh)
            head = bond
            for s, letter in zip(support, strings, strict=True):
                reach[s] |= {v ^ letter for v in reach[s]}
                out = next(fresh)
                # (bond in, bond out, old, new)
                new = _Leaf(
                    _STRING[letter].transpose(2, 0, 3, 1).copy(),
                    [bond, out, holder[s].labels[-1], next(fresh)],
                    where=(s, i),
                )
                leaves.append(new)
                holder[s] = new
                bond = out
            leaves.append(_Leaf(np.array([1.0, 0.0, 1.0, 0.0]), [head], where=(support[0], i)))
            end = _Leaf(_BRANCH.copy(), [bond], where=(support[-1], i))
            if code == 4:
                end.base = _TURN.copy() if tape.turns[i] % 2 else np.array([1.0, 1.0, 0.0, 0.0])
            else:
                end.row, end.marked = row, _BRANCH_ANTI
            leaves.append(end)
        else:
            return None  # noise
        if len(leaves) > max_leaves:
            return None
    target = classes.target[0]
    for q in range(n):
        wanted = np.array([0.0, 1.0, 0.0, 1.0]) if target[q] else np.array([1.0, 0.0, 1.0, 0.0])
        leaves.append(_Leaf(wanted, [holder[q].labels[-1]], where=(q, len(tape.code))))
    return leaves


def _cost(
    labels: list[list[int]], sizes: dict[int, int], order: list[tuple[int, int]]
) -> tuple[float, float]:
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


def _sweep(leaves: list[_Leaf], by_time: bool) -> list[tuple[int, int]]:
    """Contract one leaf after the other, in order of qubit or of time."""
    key = (lambda i: (leaves[i].where[1], leaves[i].where[0])) if by_time else (lambda i: leaves[i].where)
    turn = sorted(range(len(leaves)), key=key)
    order = []
    last = turn[0]
    for step, item in enumerate(turn[1:]):
        order.append((last, item))
        last = len(leaves) + step
    return order


def _sweep_peak(leaves: list[_Leaf], order: list[tuple[int, int]]) -> float:
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


def plan(leaves: list[_Leaf], rows: int, *, max_flops: float) -> Network | None:
    """The cheapest of two sweeps and a greedy tree; None where none of them fits ``max_flops``."""
    labels = [leaf.labels for leaf in leaves]
    sizes = {v: d for leaf in leaves for v, d in zip(leaf.labels, leaf.base.shape, strict=True)}
    candidates = [_sweep(leaves, by_time) for by_time in (False, True)]
    candidates = [order for order in candidates if _sweep_peak(leaves, order) <= math.log2(max_flops)]
    found = [(*_cost(labels, sizes, order), order) for order in candidates]
    if len(leaves) <= GREEDY_LEAVES and min((f[0] for f in found), default=math.inf) > max_flops / 100:
        order = _greedy(labels, sizes)
        found.append((*_cost(labels, sizes, order), order))
    if not found:
        return None
    flops, size, order = min(found, key=lambda f: f[0])
    return Network(leaves, order, flops, size, rows) if flops <= max_flops else None


def _greedy(labels: list[list[int]], sizes: dict[int, int]) -> list[tuple[int, int]]:
    import cotengra

    symbols = {v: cotengra.get_symbol(i) for i, v in enumerate(sizes)}
    path = cotengra.array_contract_path(
        [tuple(symbols[v] for v in item) for item in labels], (), {symbols[v]: d for v, d in sizes.items()},
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


def _pair(a: np.ndarray, la: list[int], b: np.ndarray, lb: list[int], out: list[int]) -> np.ndarray:
    """Sum over the labels of ``a`` and ``b`` that are not in ``out`` (all of which occur)."""
    shared = [v for v in la if v in lb]
    if any(v in out for v in shared):
        names = {v: i for i, v in enumerate(dict.fromkeys([*la, *lb]))}
        return np.asarray(
            np.einsum(a, [names[v] for v in la], b, [names[v] for v in lb], [names[v] for v in out])
        )
    result = np.tensordot(a, b, ([la.index(v) for v in shared], [lb.index(v) for v in shared]))
    labels = [v for v in la if v not in shared] + [v for v in lb if v not in shared]
    return result.transpose([labels.index(v) for v in out])


def contract(network: Network) -> tuple[float, np.ndarray, float]:
    """Contract, and differentiate by every marked step.

    Returns:
        (total, marked (rows,), log): the sums over all paths, and over the paths that anticommute
        with each rotation, both to be multiplied by exp(log).
    """
    values: list[np.ndarray] = []
    labels = [list(leaf.labels) for leaf in network.leaves]
    logs: list[float] = []

    def push(value: np.ndarray, log: float) -> None:
        peak = float(value.max()) if value.size else 0.0
        values.append(value / peak if peak > 0 else value)
        logs.append(log + (math.log(peak) if peak > 0 else 0.0))

    for leaf in network.leaves:
        push(leaf.tensor, 0.0)
    for a, b in network.order:
        out = [v for v in labels[a] if v not in labels[b]] + [v for v in labels[b] if v not in labels[a]]
        labels.append(out)
        push(_pair(values[a], labels[a], values[b], labels[b], out), logs[a] + logs[b])
    marked = np.zeros(network.rows)
    total, log = float(values[-1]), logs[-1]
    if total == 0.0:
        return 0.0, marked, 0.0
    adjoint: dict[int, tuple[np.ndarray, float]] = {len(values) - 1: (np.ones(()), 0.0)}
    first = len(network.leaves)
    for step in range(len(network.order) - 1, -1, -1):
        here, shift = adjoint.pop(first + step)
        out = labels[first + step]
        a, b = network.order[step]
        for mine, other in ((a, b), (b, a)):
            value = _pair(here, out, values[other], labels[other], labels[mine])
            peak = float(value.max()) if value.size else 0.0
            adjoint[mine] = (
                value / peak if peak > 0 else value,
                shift + logs[other] + (math.log(peak) if peak > 0 else 0.0),
            )
        values[first + step] = np.zeros(0)
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
                before.append(before[-1] @ s)
            after = np.eye(4)
            for j in range(len(steps) - 1, -1, -1):
                row, step_matrix, mark = leaf.chain[j]
                if mark is not None:
                    marked[row] += float((flat * (before[j] @ mark @ after)).sum()) * scale
                after = step_matrix @ after
    return total, marked, log


def exact_moments(
    tape: Tape, classes: PathClasses, *, max_flops: float = 2e9, max_numbers: float = 1e8
) -> tuple[float, np.ndarray] | None:
    """Sum over all paths: (second moment of the cost, (rows,) of each rotation), or None if too large.

    Args:
        tape: without noise; classes: the observable's.
        max_flops: multiplications of one pass; max_numbers: stored numbers of one pass.
    """
    if len(classes.value) == 0:
        return 0.0, np.zeros(tape.num_rows)
    total = 0.0
    marked = np.zeros(tape.num_rows)
    patterns = np.unique(classes.target, axis=0)
    if len(patterns) > 64 or len(classes.value) * tape.num_qubits > 2_000_000 or _hopeless(tape, max_flops):
        return None
    for pattern in patterns:
        inside = (classes.target == pattern).all(axis=1)
        part = PathClasses(
            classes.x[inside], classes.z[inside], classes.target[inside], classes.value[inside], 0.0, 0.0
        )
        leaves = build_network(tape, part)
        if leaves is None:
            return None
        network = plan(leaves, tape.num_rows, max_flops=max_flops / len(patterns))
        if network is None or network.size > max_numbers:
            return None
        value, rows, log = contract(network)
        total += value * math.exp(log)
        marked += rows * math.exp(log)
    return total, marked


def _hopeless(tape: Tape, max_flops: float) -> bool:
    """A long tape whose sweeps over qubits and over time are both too large: not worth building."""
    if len(tape.code) < 10_000:
        return False
    two = (tape.code >= 8) & (tape.code <= 9)
    low, high = np.minimum(tape.q0[two], tape.q1[two]), np.maximum(tape.q0[two], tape.q1[two])
    edges = np.bincount(low, minlength=tape.num_qubits) - np.bincount(high, minlength=tape.num_qubits)
    cut = min(float(np.cumsum(edges).max(initial=0)), tape.num_qubits)
    return 2 * cut + 5 + math.log2(max(int(two.sum()), 1)) > math.log2(max_flops)

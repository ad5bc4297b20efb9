"""Connected pieces of a device's coupling map, by the errors of its gates and qubits."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from qtrain.architecture.topology import Edge, Edges, check_edges, coloured
from qtrain.errors import QTrainError

STEPS, WALKS, KEPT = 40_000, 4, 200  # of an annealing in search of paths; annealings; paths that end one


@dataclass(frozen=True)
class DevicePiece:
    """A connected piece of a device.

    Attributes:
        qubits: (num_qubits,) the device's qubits; qubit ``i`` of the circuit sits on ``qubits[i]``. Where the piece
            is a path, its order is the path's, so that ``"line"`` fits it as well.
        edges: all couplings within the piece, in the circuit's numbers, in parallel rounds.
        error: 1 − ∏(1 − e) over a spanning tree of couplings and the piece's qubits.
    """

    qubits: tuple[int, ...]
    edges: Edges
    error: float


def connected_subgraph(
    coupling_edges: Iterable[Sequence[int]],
    num_qubits: int,
    *,
    edge_errors: Mapping[Edge, float] | None = None,
    qubit_errors: Mapping[int, float] | None = None,
) -> DevicePiece:
    """The connected piece of a coupling map with the lowest error that a search from every qubit finds.

    The piece's cost is the sum of −log(1 − e) over its cheapest spanning tree and its qubits. From each qubit the
    cheapest neighbour is added until the piece is large enough, then qubits are exchanged while that helps.

    Args:
        coupling_edges: pairs of device qubits; a pair and its reverse are one coupling.
        num_qubits: size of the piece.
        edge_errors: error of a two-qubit gate by pair, in [0, 1]; of (a, b) and (b, a) the lower one counts;
            an absent pair counts as perfect.
        qubit_errors: error by qubit (readout, say), in [0, 1].

    Raises:
        QTrainError: a disconnected coupling map, more qubits than the device has, errors that are no probabilities.

    Example:
        >>> connected_subgraph([(0, 1), (1, 2), (2, 3)], 2, edge_errors={(0, 1): 0.02, (1, 2): 0.01, (2, 3): 0.03})
        DevicePiece(qubits=(1, 2), edges=((0, 1),), error=0.01)
    """
    device = nx.Graph()
    device.add_edges_from(sorted({(min(e), max(e)) for e in check_edges(list(coupling_edges))}))
    device.add_nodes_from((qubit_errors or {}) if device.number_of_nodes() == 0 else ())
    if num_qubits < 1:
        raise QTrainError(f"num_qubits should be at least 1. Got {num_qubits}.")
    if num_qubits > len(device):
        raise QTrainError(f"num_qubits should be at most the device's {len(device)}. Got {num_qubits}.")
    if not nx.is_connected(device):
        parts = sorted((sorted(part) for part in nx.connected_components(device)), key=len, reverse=True)
        sizes = ", ".join(str(len(part)) for part in parts)
        raise QTrainError(f"coupling_edges should be one connected map. Got pieces of {sizes} qubits: pass one.")
    for a, b in device.edges:
        known = [e for e in map((edge_errors or {}).get, ((a, b), (b, a))) if e is not None]
        device.edges[a, b]["cost"] = _cost(min(known, default=0.0), f"edge {(a, b)}")
    costs = {q: _cost((qubit_errors or {}).get(q, 0.0), f"qubit {q}") for q in device}

    pieces = {frozenset(_grow(device, costs, start, num_qubits)) for start in device}
    shortlist = sorted(pieces, key=lambda piece: (_piece_cost(device, costs, piece), sorted(piece)))[:8]
    best = min(
        (_improve(device, costs, piece) for piece in shortlist), key=lambda found: (found[0], sorted(found[1]))
    )
    order = _numbering(device.subgraph(best[1]))
    local = {q: i for i, q in enumerate(order)}
    pairs = sorted((min(local[a], local[b]), max(local[a], local[b])) for a, b in device.subgraph(order).edges)
    return DevicePiece(tuple(order), coloured(pairs), -math.expm1(-best[0]))


def path_subgraph(
    coupling_edges: Iterable[Sequence[int]], num_qubits: int, *, edge_errors: Mapping[Edge, float] | None = None,
    qubit_errors: Mapping[int, float] | None = None,
) -> DevicePiece:  # fmt: skip
    """A path of couplings, of low error among those that a search finds: what a chain of qubits wants to sit on.

    A path is bent around the smallest cycles of the device, one after the other, and its ends move, longer paths
    preferred more and more (annealing); of the windows of the longest paths the one with the lowest error is taken.
    Arguments as :func:`connected_subgraph`.

    Raises:
        QTrainError: no such path is found.

    Example:
        >>> path_subgraph([(0, 1), (1, 2), (2, 3), (1, 4)], 4).qubits
        (0, 1, 2, 3)
    """
    device = nx.Graph(sorted({(min(e), max(e)) for e in check_edges(list(coupling_edges))}))
    for a, b in device.edges:
        known = [e for e in map((edge_errors or {}).get, ((a, b), (b, a))) if e is not None]
        device.edges[a, b]["cost"] = _cost(min(known, default=0.0), f"edge {(a, b)}")
    costs = {q: _cost((qubit_errors or {}).get(q, 0.0), f"qubit {q}") for q in device}

    def price(path: Sequence[int]) -> float:
        return sum(costs[q] for q in path) + sum(device.edges[pair]["cost"] for pair in zip(path, path[1:]))

    long = [path for seed in range(WALKS) for path in _long_paths(device, num_qubits, seed)]
    found = [path[k : k + num_qubits] for path in long for k in range(len(path) - num_qubits + 1)]
    if not found:
        longest = max(map(len, long), default=0)
        raise QTrainError(
            f"num_qubits should be at most {longest}, the longest path of working couplings that was found on the "
            f"device. Got {num_qubits}."
        )
    best = min((min(path, path[::-1]) for path in found), key=lambda path: (price(path), path))
    local = {q: i for i, q in enumerate(best)}
    pairs = sorted((min(local[a], local[b]), max(local[a], local[b])) for a, b in device.subgraph(best).edges)
    return DevicePiece(tuple(best), coloured(pairs), -math.expm1(-price(best)))


def _long_paths(device: nx.Graph, size: int, seed: int) -> list[list[int]]:
    """Paths of at least that many qubits that one annealing meets; the longest one where it meets none."""
    rng, nodes = random.Random(seed), sorted(device)
    around = {q: sorted(device[q]) for q in nodes}
    cycles = [_edges_of([*cycle, cycle[0]]) for cycle in nx.minimum_cycle_basis(device)]
    path, found, longest = [rng.choice(nodes)], list[list[int]](), list[int]()
    for step in range(STEPS):
        heat = 2.0 * (1 - step / STEPS) + 0.05
        if cycles and rng.random() < 0.5:
            new = _as_path(_edges_of(path) ^ rng.choice(cycles))
        else:
            new = path if rng.random() < 0.5 else path[::-1]
            free = [q for q in around[new[-1]] if q not in set(new)]
            new = [*new, rng.choice(free)] if free and rng.random() < 0.8 else new[:-1]
        if new and (len(new) >= len(path) or rng.random() < math.exp((len(new) - len(path)) / heat)):
            path = new
            longest = max(longest, path, key=len)
            if len(path) >= size:
                found.append(path)
                if len(found) >= KEPT:
                    break
    return found or [longest]


def _edges_of(path: Sequence[int]) -> frozenset[Edge]:
    return frozenset((min(pair), max(pair)) for pair in zip(path, path[1:]))


def _as_path(pairs: frozenset[Edge]) -> list[int]:
    """The nodes in order where some edges are one path; else none."""
    near: dict[int, list[int]] = {}
    for a, b in pairs:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    ends = [q for q, others in near.items() if len(others) == 1]
    if len(ends) != 2 or max(map(len, near.values())) > 2:
        return []
    path, before = [min(ends)], -1
    while len(path) <= len(pairs):
        onwards = [q for q in near[path[-1]] if q != before]
        if not onwards:
            break
        before = path[-1]
        path.append(onwards[0])
    return path if len(path) == len(near) else []  # a cycle beside it has nodes of its own


def _cost(error: float, where: str) -> float:
    if not 0 <= error <= 1:
        raise QTrainError(f"errors should lie in [0, 1]. Got {error} for {where}.")
    return -math.log1p(-min(error, 1 - 1e-12))


def _piece_cost(device: nx.Graph, costs: Mapping[int, float], piece: frozenset[int]) -> float:
    tree = nx.minimum_spanning_edges(device.subgraph(piece), weight="cost", data=True)
    return sum(data["cost"] for _, _, data in tree) + sum(costs[q] for q in piece)


def _grow(device: nx.Graph, costs: Mapping[int, float], start: int, size: int) -> set[int]:
    """Prim's tree from ``start``, with the qubits' own errors, stopped at ``size`` qubits."""
    piece = {start}
    reach: dict[int, float] = {}
    newest = start
    while len(piece) < size:
        for q in device[newest]:
            if q not in piece:
                reach[q] = min(reach.get(q, math.inf), device.edges[newest, q]["cost"])
        newest = min(reach, key=lambda q: (reach[q] + costs[q], q))
        del reach[newest]
        piece.add(newest)
    return piece


def _improve(device: nx.Graph, costs: Mapping[int, float], piece: frozenset[int]) -> tuple[float, frozenset[int]]:
    """Exchange one qubit at a time while the piece stays connected and gets cheaper."""
    current = _piece_cost(device, costs, piece)
    for _ in range(4 * len(piece)):
        border = {b for a in piece for b in device[a]} - piece
        exchanged = [(piece - {a}) | {b} for a in piece for b in border]
        connected = [new for new in exchanged if nx.is_connected(device.subgraph(new))]
        priced = [(_piece_cost(device, costs, new), sorted(new)) for new in connected]
        if not priced or min(priced)[0] >= current - 1e-15:
            break
        current, piece = min(priced)[0], frozenset(min(priced)[1])
    return current, piece


def _numbering(piece: nx.Graph) -> list[int]:
    """Along a longest path first (found by two breadth-first sweeps), then what is left, nearest first."""
    sweep = list(nx.single_source_shortest_path(piece, min(piece)).values())[-1]
    path = list(nx.single_source_shortest_path(piece, sweep[-1]).values())[-1]
    path = path if path[0] < path[-1] else path[::-1]
    rest = [q for q in nx.bfs_tree(piece, path[0]) if q not in set(path)]
    return path + rest

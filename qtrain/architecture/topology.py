"""The table of topologies: named entangling graphs for every number of qubits.

An edge is an ordered pair ``(a, b)``: ``a`` is the control of a controlled gate. The order of the edges is the
order of the gates in time.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import networkx as nx

from qtrain.errors import QTrainError
from qtrain.extensions import Table

Edge = tuple[int, int]
Edges = tuple[Edge, ...]


def _line(n: int) -> Edges:
    return tuple((q, q + 1) for q in range(n - 1))


def _ring(n: int) -> Edges:
    """Closing bond first, as in Qiskit's "circular"; two qubits have one bond."""
    return ((n - 1, 0), *_line(n)) if n > 2 else _line(n)


def _even(n: int) -> Edges:
    return tuple((q, q + 1) for q in range(0, n - 1, 2))


def _odd(n: int) -> Edges:
    return tuple((q, q + 1) for q in range(1, n - 1, 2))


def _brickwork(n: int) -> Edges:
    return _even(n) + _odd(n)


def _fan(n: int) -> Edges:
    """The line from its middle bond outwards, both sides at once: a staircase at half the depth."""
    m = n // 2
    left, right = ([(q, q - 1) for q in range(m - 1, 0, -1)], [(q, q + 1) for q in range(m, n - 1)])
    both = [edge for pair in itertools.zip_longest(left, right) for edge in pair if edge is not None]
    return ((m - 1, m), *both) if n > 1 else ()


def _brickwork_ring(n: int) -> Edges:
    """Brickwork whose odd half closes the ring."""
    return _brickwork(n) + (((n - 1, 0),) if n > 2 else ())


def _halves(n: int) -> Edges:
    """Qubit q of the first half with qubit q of the second half."""
    return tuple((q, q + (n + 1) // 2) for q in range(n // 2))


def _star(n: int) -> Edges:
    return tuple((0, q) for q in range(1, n))


def _tree(n: int) -> Edges:
    """A tournament from the leaves to qubit 0: (1,0), (3,2), …, then (2,0), (6,4), …; log2(n) rounds."""
    strides = [1 << level for level in range(max(n - 1, 0).bit_length())]
    return tuple((q + s, q) for s in strides for q in range(0, n - s, 2 * s))


def _mera(n: int) -> Edges:
    """The tree, and in front of each of its rounds the bonds between its pairs: (2,1), …, then (1,0), (3,2), …."""
    strides = [1 << level for level in range(max(n - 1, 0).bit_length())]
    return tuple((q + s, q) for s in strides for first in (s, 0) for q in range(first, n - s, 2 * s))


def _complete(n: int) -> Edges:
    return tuple((a, b) for a in range(n) for b in range(a + 1, n))


def _complete_directed(n: int) -> Edges:
    """Every ordered pair, from the last control and the last target down."""
    return tuple((a, b) for a in reversed(range(n)) for b in reversed(range(n)) if a != b)


def _cascade(n: int) -> Edges:
    """The ring, from its closing bond backwards: (n-1,0), (n-2,n-1), …, (0,1)."""
    return tuple((q, (q + 1) % n) for q in reversed(range(n))) if n > 1 else ()


def _cascade_back(n: int) -> Edges:
    """The ring the other way round: (n-1,n-2), (0,n-1), (1,0), …, (n-2,n-3)."""
    return tuple((q % n, (q - 1) % n) for q in range(n - 1, 2 * n - 1)) if n > 1 else ()


def _grid(n: int) -> Edges:
    """Square grid, filled row by row, ceil(sqrt(n)) qubits wide."""
    width = math.isqrt(n - 1) + 1
    right = [(q, q + 1) for q in range(n - 1) if (q + 1) % width]
    return coloured(right + [(q, q + width) for q in range(n - width)])


def _heavy_hex(n: int) -> Edges:
    """The first n qubits, breadth first from a corner, of a hexagonal lattice with a qubit on every edge as well."""
    side = math.isqrt(n) // 2 + 2
    hexagons = nx.hexagonal_lattice_graph(side, side)
    lattice = nx.Graph()
    for a, b in hexagons.edges:
        middle = tuple((x + y) / 2 for x, y in zip(a, b))
        lattice.add_edges_from([(a, middle), (middle, b)])
    start = min(lattice)
    order = [start, *(b for _, b in nx.bfs_edges(lattice, start, sort_neighbors=sorted))][:n]
    index = {node: q for q, node in enumerate(order)}
    piece = lattice.subgraph(order)
    return coloured(sorted((min(index[a], index[b]), max(index[a], index[b])) for a, b in piece.edges))


TOPOLOGIES: Table[Callable[[int], Edges]] = Table("topology")
"""Number of qubits → ordered pairs. Layers may also use ``"edges"``: the pairs that their architecture carries."""


def register_topology(name: str, build: Callable[[int], Edges], *, replace: bool = False) -> None:
    """Add a named graph that layers and specs may use.

    Args:
        build: number of qubits, at least 1 → pairs ``(control, target)`` in time order.

    Raises:
        QTrainError: a name that is taken, or ``"edges"``.

    Example:
        >>> register_topology("ends", lambda n: ((0, n - 1),) if n > 1 else ())
        >>> edges("ends", 5)
        ((0, 4),)
        >>> _ = TOPOLOGIES.remove("ends")
    """
    if name in ("edges", "device"):
        raise QTrainError(f"topology should have a name that is free. Got {name!r}: architectures carry their own.")
    TOPOLOGIES.add(name, build, replace=replace)
    _named.cache_clear()


@lru_cache(maxsize=1024)
def _named(name: str, num_qubits: int) -> Edges:
    return check_edges(TOPOLOGIES[name](num_qubits), num_qubits)


def edges(name: str, num_qubits: int, *, repetition: int = 0) -> Edges:
    """Ordered pairs of a named topology.

    Args:
        name: one of ``TOPOLOGIES``.
        num_qubits: at least 1; one qubit has no pairs.
        repetition: which repetition of the layer this is; only ``"sca"`` (shifted circular alternating) looks at it.

    Returns:
        pairs ``(control, target)`` in time order.

    Raises:
        QTrainError: unknown name, or fewer than one qubit.

    Example:
        >>> edges("brickwork", 5)
        ((0, 1), (2, 3), (1, 2), (3, 4))
    """
    TOPOLOGIES[name]  # an unknown name says which there are
    if num_qubits < 1:
        raise QTrainError(f"num_qubits should be at least 1. Got {num_qubits}.")
    pairs = _named(name, num_qubits)
    if name == "sca" and pairs:
        shift = repetition % len(pairs)
        pairs = pairs[-shift:] + pairs[:-shift] if shift else pairs
        pairs = tuple((b, a) for a, b in pairs) if repetition % 2 else pairs
    return pairs


def graph(name: str, num_qubits: int) -> nx.Graph:
    """A named topology as an undirected networkx graph on ``range(num_qubits)``.

    Example:
        >>> nx.is_tree(graph("tree", 11))
        True
    """
    result = nx.Graph()
    result.add_nodes_from(range(num_qubits))
    result.add_edges_from(edges(name, num_qubits))
    return result


def coloured(pairs: Iterable[Edge]) -> Edges:
    """The same pairs, in rounds that touch each qubit once, so that a circuit over them is shallow.

    Example:
        >>> coloured([(0, 1), (1, 2), (2, 3)])
        ((0, 1), (2, 3), (1, 2))
    """
    used: dict[int, set[int]] = {}
    rounds: dict[int, list[Edge]] = {}
    for a, b in pairs:
        taken = used.setdefault(a, set()) | used.setdefault(b, set())
        colour = next(c for c in range(len(taken) + 1) if c not in taken)
        used[a].add(colour)
        used[b].add(colour)
        rounds.setdefault(colour, []).append((a, b))
    return tuple(pair for colour in sorted(rounds) for pair in rounds[colour])


def check_edges(pairs: object, num_qubits: int | None = None) -> Edges:
    """``pairs`` as a tuple of pairs of qubits, or a QTrainError that says which one is wrong.

    Example:
        >>> check_edges([[0, 1], [1, 2]])
        ((0, 1), (1, 2))
    """
    if not isinstance(pairs, Iterable) or isinstance(pairs, (str, Mapping)):
        raise QTrainError(f"edges should be pairs of qubits. Got {pairs!r}.")
    checked = []
    for pair in pairs:
        if not isinstance(pair, Sequence) or len(pair) != 2 or any(type(q) is not int for q in pair):
            raise QTrainError(f"edges should be pairs of whole numbers. Got {pair!r}.")
        a, b = pair
        if a == b or min(a, b) < 0:
            raise QTrainError(f"edges should join two different qubits, counted from 0. Got {(a, b)}.")
        if num_qubits is not None and max(a, b) >= num_qubits:
            raise QTrainError(f"edges should stay below num_qubits = {num_qubits}. Got {(a, b)}.")
        checked.append((a, b))
    if len(set(checked)) < len(checked):
        twice = next(pair for pair in checked if checked.count(pair) > 1)
        raise QTrainError(f"edges should be listed once each. Got {twice} more than once.")
    return tuple(checked)


for _name, _build in {
    "line": _line, "ring": _ring, "brickwork": _brickwork, "star": _star, "tree": _tree, "grid": _grid,
    "heavy_hex": _heavy_hex, "complete": _complete, "even": _even, "odd": _odd,
    "brickwork_ring": _brickwork_ring, "halves": _halves, "cascade": _cascade,
    "cascade_back": _cascade_back, "complete_directed": _complete_directed, "sca": _ring, "fan": _fan,
    "mera": _mera,
}.items():  # fmt: skip
    register_topology(_name, _build)

"""The table of reference states: fixed gates that a circuit grows from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

import networkx as nx
import numpy as np

from qtrain.architecture.blocks import Gate
from qtrain.extensions import Table
from qtrain.growth.mean_field import determinants, product_state
from qtrain.growth.pools import Setting

Reference = tuple[Gate, ...]

REFERENCES: Table[Callable[[Setting], Sequence[Reference]]] = Table("growth.references")
register_reference = REFERENCES.add

MOST_STATES = 8  # of one row
MOST_MATCHINGS = 3
CLIFFORD_LAYERS = 2
CLIFFORD_EDGES = 2  # so many for each qubit, the strongest
CLIFFORD_WORK = 4e8  # terms times rotations times evaluations, at most
LEAST_ANGLE = 1e-7


def interactions(setting: Setting, *, hops: bool = False) -> nx.Graph:
    """Pairs of qubits that terms of the Hamiltonian join, ``weight`` the sum of their absolute coefficients.

    Of a term that flips two qubits or more, these: strings of Z between them stand for the order of fermions. Without
    a Hamiltonian: the device's couplings, or a line.

    Args:
        hops: only terms that flip two qubits or more, where there are such.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(setting.num_qubits))
    if setting.hamiltonian is None:
        line = [(q, q + 1) for q in range(setting.num_qubits - 1)]
        graph.add_edges_from(line if setting.edges is None else setting.edges, weight=1.0)
        return graph
    terms = []
    for letters, qubits, c in setting.hamiltonian.to_sparse_list():
        flipped = sorted(q for q, letter in zip(qubits, letters) if letter in "XY")
        terms.append((flipped, flipped if len(flipped) > 1 else sorted(qubits), abs(c)))
    only = hops and any(len(flipped) > 1 for flipped, _, _ in terms)
    for flipped, joined, c in terms:
        for a, b in itertools.combinations(joined, 2) if not only or len(flipped) > 1 else ():
            weight = graph.edges[a, b]["weight"] if graph.has_edge(a, b) else 0.0
            graph.add_edge(a, b, weight=weight + c)
    return graph


def _coupled(setting: Setting, *, hops: bool = False) -> nx.Graph:
    """The interactions that are couplings of the device."""
    graph = interactions(setting, hops=hops)
    if setting.edges is not None:
        graph.remove_edges_from([pair for pair in graph.edges if not setting.graph.has_edge(*pair)])
    return graph


def hop_pairs(setting: Setting) -> tuple[tuple[int, int], ...]:
    """Pairs that the Hamiltonian hops between, or joins in another way where it never hops, as far as coupled."""
    return tuple(sorted((min(pair), max(pair)) for pair in _coupled(setting, hops=True).edges))


def _flips(qubits: Iterable[int]) -> Reference:
    return tuple(Gate("x", (q,)) for q in sorted(qubits))


def _zero(setting: Setting) -> Sequence[Reference]:
    return [()]


def _plus(setting: Setting) -> Sequence[Reference]:
    return [tuple(Gate("h", (q,)) for q in range(setting.num_qubits))]


def _neel(setting: Setting) -> Sequence[Reference]:
    """Both colours of each part of the interactions; where these are frustrated, of the strongest and the next."""
    graph = interactions(setting, hops=True)
    found: dict[frozenset[int], None] = {}
    for part in [graph] if nx.is_bipartite(graph) else _shells(graph):
        sides = [_sides(part, nodes) for nodes in nx.connected_components(part) if len(nodes) > 1]
        sides.sort(key=lambda pair: min(pair[0] | pair[1]))
        for choice in itertools.islice(itertools.product((1, 0), repeat=len(sides)), MOST_STATES):
            found.setdefault(frozenset().union(*(pair[k] for pair, k in zip(sides, choice))), None)
    return [_flips(qubits) for qubits in found][:MOST_STATES]


def _shells(graph: nx.Graph) -> list[nx.Graph]:
    """A spanning tree of the strongest interactions, and the edges of each of the two strongest weights alone."""
    shells = [nx.maximum_spanning_tree(graph)]
    weights = sorted({round(w, 9) for _, _, w in graph.edges(data="weight")}, reverse=True)
    for weight in weights[:2]:
        edges = [(a, b) for a, b, w in graph.edges(data="weight") if round(w, 9) == weight]
        shell = nx.Graph(edges)
        shells.append(shell if nx.is_bipartite(shell) else nx.maximum_spanning_tree(shell))
    return shells


def _sides(graph: nx.Graph, nodes: set[int]) -> tuple[set[int], set[int]]:
    """The colour of the lowest qubit, and the other."""
    part = graph.subgraph(nodes)
    colours = nx.bipartite.color(part) if nx.is_bipartite(part) else {}
    first = colours[min(nodes)]
    return {q for q in nodes if colours[q] == first}, {q for q in nodes if colours[q] != first}


def _singlets(setting: Setting) -> Sequence[Reference]:
    """Singlets on pairs: a matching of the strongest interactions, then others of what the first ones left out.

    Qubits that are left are paired in their order where every pair is coupled, so that the total spin is 0.
    """
    graph = _coupled(setting, hops=True)
    found: list[tuple[tuple[int, int], ...]] = []
    for _ in range(MOST_MATCHINGS):
        pairs = {(min(pair), max(pair)) for pair in nx.max_weight_matching(graph, maxcardinality=not found)}
        left = sorted(set(graph) - {q for pair in pairs for q in pair})
        if setting.edges is None:
            pairs |= set(zip(left[::2], left[1::2]))
        matching = tuple(sorted(pairs))
        if not matching or matching in found:
            break
        found.append(matching)
        graph.remove_edges_from(pairs)
    return [tuple(gate for pair in matching for gate in singlet(*pair)) for matching in found]


def singlet(a: int, b: int) -> Reference:
    """(|01> - |10>)/√2 up to a sign."""
    return Gate("x", (a,)), Gate("x", (b,)), Gate("h", (a,)), Gate("cx", (a, b))


def _determinant(setting: Setting) -> Sequence[Reference]:
    """The lowest basis states of the lowest sectors; see :func:`qtrain.growth.mean_field.determinants`."""
    if setting.hamiltonian is None:
        return [()]
    found = determinants(setting.hamiltonian, setting.symmetries)
    return [_flips(q for q, bit in enumerate(state.bits) if bit) for state in found]


def _product(setting: Setting) -> Sequence[Reference]:
    """The lowest product state that is found; a real one for a real Hamiltonian."""
    if setting.hamiltonian is None or setting.symmetries is None:
        return [()]
    found = product_state(setting.hamiltonian, real=setting.symmetries.real)
    gates = []
    for q, (x, y, z) in enumerate(found.vectors.tolist()):
        if math.hypot(x, y) < LEAST_ANGLE:  # a basis state, written as those of other rows are
            gates += [Gate("x", (q,))] * (z < 0)
            continue
        polar, azimuth = (math.atan2(math.hypot(x, y), z), math.atan2(y, x)) if y else (math.atan2(x, z), 0.0)
        gates += [Gate("ry", (q,), (polar,))]
        gates += [Gate("rz", (q,), (azimuth,))] * (abs(azimuth) > LEAST_ANGLE)
    return [tuple(gates)]


def _clifford(setting: Setting) -> Sequence[Reference]:
    """The lowest stabiliser state that quarter turns on the interactions reach from the lowest of the rows above.

    The turns keep the amplitudes of a real Hamiltonian real.
    """
    from qtrain.architecture.build import build
    from qtrain.circuits.observables import as_observable, pack
    from qtrain.circuits.program import lower
    from qtrain.growth.clifford_points import EVALUATIONS, clifford_point

    if setting.hamiltonian is None or setting.symmetries is None:
        return [()]
    operator = as_observable(setting.hamiltonian)
    x, z, c = pack(operator)
    begun = [gates for row in (_zero, _plus, _neel, _singlets, _determinant) for gates in row(setting)]
    energies = [float(lower(build(gates, setting.num_qubits)).expectations(x, z) @ c) for gates in begun]
    first = begun[int(np.argmin(np.round(energies, 9)))]
    gates = _quarter_turns(setting)
    program = lower(build([*first, *gates], setting.num_qubits))
    most = int(np.clip(CLIFFORD_WORK / (len(c) * len(gates)), EVALUATIONS / 10, EVALUATIONS))
    found = clifford_point(program, operator, evaluations=most)
    angles = dict(zip(program.weights, found.angles.tolist()))
    turned = [(gate, angles[f"θ[{gate.angles[0]}]"]) for gate in gates]
    return [(*first, *(Gate(g.name, g.qubits, (angle,)) for g, angle in turned if abs(angle) > LEAST_ANGLE))]


def _quarter_turns(setting: Setting) -> list[Gate]:
    """Rotations of every qubit, then about two letters on the strongest interactions, so often."""
    assert setting.symmetries is not None
    real = setting.symmetries.real
    edges = sorted(_coupled(setting).edges(data="weight"), key=lambda e: (-e[2], e[0], e[1]))
    pairs = sorted((a, b) for a, b, _ in edges[: CLIFFORD_EDGES * setting.num_qubits])
    pair_letters = ("yx", "xy", "yz", "zy") if real else ("xx", "yy", "zz", "xy")
    rows: list[tuple[str, tuple[int, ...]]] = []
    for layer in range(CLIFFORD_LAYERS + 1):
        rows += [(f"r{letter}", (q,)) for letter in ("y" if real else "yz") for q in range(setting.num_qubits)]
        if layer < CLIFFORD_LAYERS:
            rows += [(f"r{letters}", pair) for pair in pairs for letters in pair_letters]
    return [Gate(name, qubits, (k,)) for k, (name, qubits) in enumerate(rows)]


for _name, _build in {
    "zero": _zero, "plus": _plus, "neel": _neel, "singlets": _singlets, "determinant": _determinant,
    "product": _product, "clifford": _clifford,
}.items():  # fmt: skip
    register_reference(_name, _build)

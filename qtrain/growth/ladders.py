"""Pauli rotations written out as CX and one-qubit rotations, so that each CX can be removed by itself.

A rotation about a string of weight w takes 2(w - 1) CX, and not all of them are needed: those in front of the first
rotation act on a state whose bits are known, those of neighbours cancel, and free rotations between the CX, fitted
again, make up for more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import networkx as nx

from qtrain.architecture.blocks import Gate, pauli_letters
from qtrain.growth.edits import GateList, numbered

_SELF_INVERSE = ("cx", "cz", "swap", "h", "x", "y", "z")
_REAL = ("x", "z", "h", "cx", "cz", "swap", "ry")
_UNDO = {"h": "h", "sdg": "s"}


def written_out(gates: GateList, graph: nx.Graph | None = None) -> GateList:
    """The same state by CX and one-qubit gates, with free rotations, at angle 0, on both sides of each CX.

    Args:
        graph: couplings that ladders of CX follow where a rotation's qubits hang together in it; None: all are coupled.

    Returns:
        Free rotations are RY where amplitudes stay real (strings with one Y), RY and RZ otherwise. A CX whose control's
        bit is still known is gone, and so are pairs of equal CX that meet; rotations with an angle of their own that
        meet are one.

    Example:
        >>> grown = GateList((Gate("x", (0,)), Gate("rxy", (0, 1), (0,))), (0.3,))
        >>> [str(gate) for gate in written_out(grown).gates]
        ['x 0', 'ry 1', 'ry 0', 'cx 1 0', 'ry 1', 'ry 0']
    """
    free = ("ry",) if all(map(_is_real, gates.gates)) else ("ry", "rz")
    angles, found = list(gates.angles), list[Gate]()

    def turn(qubits: Sequence[int]) -> None:
        for q in qubits:
            for name in free:
                found.append(Gate(name, (q,), (len(angles),)))
                angles.append(0.0)

    begun: set[int] = set()
    plain = merged(numbered([part for gate in gates.gates for part in _plain(gate, graph)], angles))
    angles = list(plain.angles)
    for gate in _on_known_bits(plain.gates):
        if len(gate.qubits) > 1:
            turn([q for q in gate.qubits if q not in begun])
            begun.update(gate.qubits)
        found.append(gate)
        if len(gate.qubits) > 1:
            turn(gate.qubits)
    return merged(numbered(found, angles))


def opened(gates: GateList, places: Sequence[int], graph: nx.Graph | None = None) -> GateList:
    """The Pauli rotations at these places as CX and a rotation on one qubit; the unitary stays the same.

    Example:
        >>> grown = GateList((Gate("rxyx", (0, 1, 2), (0,)),), (0.3,))
        >>> [str(gate) for gate in opened(grown, [0]).gates]
        ['cx 1 2', 'cx 1 0', 'ry 1', 'cx 1 0', 'cx 1 2']
    """
    parts = [p for k, gate in enumerate(gates.gates) for p in (_plain(gate, graph) if k in places else [gate])]
    return merged(numbered(parts, gates.angles))


def _on_known_bits(gates: Sequence[Gate]) -> list[Gate]:
    """Without the CX whose control is known to be 0; X in the place of those whose control is known to be 1."""
    bits: dict[int, int] = {}  # of qubits that are no longer |0>: 1, or -1 where it is not known
    found = []
    for gate in gates:
        if gate.name == "cx" and bits.get(gate.qubits[0], 0) >= 0:
            if bits.get(gate.qubits[0], 0) == 0:
                continue
            gate = Gate("x", gate.qubits[1:])
        if gate.name == "x":
            bit = bits.get(gate.qubits[0], 0)
            bits[gate.qubits[0]] = 1 - bit if bit >= 0 else -1
        else:
            bits.update(dict.fromkeys(gate.qubits, -1))
        found.append(gate)
    return found


def _is_real(gate: Gate) -> bool:
    letters = pauli_letters(gate.name)
    return gate.name in _REAL if letters is None else letters.count("Y") == 1


def _plain(gate: Gate, graph: nx.Graph | None) -> list[Gate]:
    """A gate as it is; a Pauli rotation as a rotation of one of its qubits, the root, between ladders of CX.

    A CX takes X of its target off a string with X or Y on its control: from the far end to the root. All letters but
    the root's become X before.
    """
    letters = pauli_letters(gate.name)
    if letters is None or not gate.num_parameters:
        return [gate]
    by_qubit = dict(zip(gate.qubits, letters))
    root = next((q for q, letter in by_qubit.items() if letter == "Y"), gate.qubits[0])
    basis = [
        Gate("h" if letter == "Z" else "sdg", (q,))
        for q, letter in by_qubit.items() if letter == "Z" or (letter == "Y" and q != root)
    ]  # fmt: skip
    tree = nx.Graph([(root, q) for q in gate.qubits if q != root])
    if graph is not None and nx.is_connected(graph.subgraph(gate.qubits)):
        tree = graph.subgraph(gate.qubits)
    ladder = [Gate("cx", pair) for pair in nx.bfs_edges(tree, root, sort_neighbors=sorted)][::-1]
    turn = Gate("ry" if by_qubit[root] == "Y" else "rx", (root,), gate.angles)
    back = [Gate(_UNDO[g.name], g.qubits) for g in reversed(basis)]
    return [*basis, *ladder, turn, *reversed(ladder), *back]


def thinned(gates: GateList, places: Sequence[int]) -> GateList:
    """Without the gates at these places; what meets then is merged."""
    return merged(gates.without(places))


def merged(gates: GateList) -> GateList:
    """One rotation for equal ones that follow each other on a qubit; none for fixed gates that undo each other.

    Rotations are merged where each has a parameter of its own.

    Example:
        >>> first, pair, second = Gate("ry", (0,), (0,)), Gate("cx", (1, 2)), Gate("ry", (0,), (1,))
        >>> two = GateList((first, pair, pair, second), (0.1, 0.2))
        >>> merged(two).gates, round(merged(two).angles[0], 6)
        ((Gate(name='ry', qubits=(0,), angles=(0,)),), 0.3)
    """
    while True:
        shorter = _merged_once(gates)
        if len(shorter.gates) == len(gates.gates):
            return shorter
        gates = shorter


def _merged_once(gates: GateList) -> GateList:
    uses = Counter(index for gate in gates.gates for index in gate.parameters)
    angles, found = list(gates.angles), list[Gate | None]()
    last: dict[int, int] = {}
    for gate in gates.gates:
        before = {last.get(q, -1) for q in gate.qubits}
        place = before.pop() if len(before) == 1 else -1
        other = found[place] if place >= 0 else None
        if other is not None and (other.name, other.qubits) == (gate.name, gate.qubits):
            if gate.name in _SELF_INVERSE:
                found[place] = None  # and what stood before it is met in the next round
                continue
            if _is_own(gate, uses) and _is_own(other, uses):
                angles[other.parameters[0]] += angles[gate.parameters[0]]
                continue
        found.append(gate)
        last.update(dict.fromkeys(gate.qubits, len(found) - 1))
    return numbered([gate for gate in found if gate is not None], angles)


def _is_own(gate: Gate, uses: Counter[int]) -> bool:
    """A rotation by one parameter that nothing else uses."""
    return len(gate.angles) == 1 and isinstance(gate.angles[0], int) and uses[gate.angles[0]] == 1

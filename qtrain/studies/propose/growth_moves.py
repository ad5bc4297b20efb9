"""The table of growth moves: edits of a trained circuit, led by what the sweep at its angles says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate, pauli_letters
from qtrain.extensions import Table
from qtrain.growth.edits import GateList, numbered
from qtrain.growth.ladders import merged, opened, thinned, written_out
from qtrain.growth.pools import PoolGate
from qtrain.growth.suggest import Addition, Removal, Suggestions

NEAR = 0.3  # radians: angles that may be tied
LAYERED_QUBITS = 20
JITTER = 0.3  # radians: standard deviation of the angles of gates that no slope asked for


@dataclass(frozen=True)
class Parent:
    """A circuit that a child comes from.

    Attributes:
        number: of its trial; -1, -2, … for the reference states. gates: with trained angles. loss: of its trial.
        cost: two-qubit gates on the device.
        uploads: how often its gates stand behind an encoding of data. columns: where it has angles for several
            trainings and rounds, those of each training's rounds in turn; empty: those of ``gates`` alone.
    """

    number: int
    gates: GateList
    suggestions: Suggestions
    loss: float = math.inf
    cost: float = 0.0
    uploads: int = 1
    columns: tuple[tuple[float, ...], ...] = ()

    def at(self, column: int) -> Parent:
        """With the angles of one column alone."""
        training, turn = divmod(column, self.uploads)
        said = [dataclasses.replace(a, angle=a.angle[training][turn]) for a in self.suggestions.additions]
        return dataclasses.replace(
            self, gates=GateList(self.gates.gates, self.columns[column]),
            suggestions=dataclasses.replace(self.suggestions, additions=tuple(said)),
        )  # fmt: skip


@dataclass(frozen=True)
class Growing:
    """What all moves know: the pool, the couplings, and whether the parent has room for more two-qubit gates."""

    pool: Sequence[PoolGate]
    graph: nx.Graph
    room: Callable[[Parent], bool]


Edit = Callable[[Parent, Growing, np.random.Generator], GateList | None]


@dataclass(frozen=True)
class GrowthMove:
    """One row: ``edit`` gives the child, None where the move does not fit; ``weight``: how often it is tried.

    ``lean``: how often where the loss is low enough, and fewer two-qubit gates are what is wanted.
    ``rounds``: how many more times data are encoded. ``keeps``: whether the child begins in its parent's state.
    ``layered``: it changes a whole layer at once, which is what a circuit of many qubits needs.
    """

    edit: Edit
    weight: float = 1.0
    lean: float = 0.0
    rounds: int = 0
    keeps: bool = False
    layered: bool = False

    def often(self, num_qubits: int) -> float:
        """Its weight at a width: beyond ``LAYERED_QUBITS`` one gate more or less changes next to nothing."""
        return self.weight * (num_qubits / LAYERED_QUBITS if self.layered and num_qubits > LAYERED_QUBITS else 1.0) ** 2

    def child(self, parent: Parent, growing: Growing, rng: np.random.Generator) -> Child | None:
        """The edit of every column by the same random numbers; None where it is not the same for all."""
        if not parent.columns:
            grown = self.edit(parent, growing, rng)
            return None if grown is None or not grown.angles else Child(grown, grown.angles)
        seed = int(rng.integers(2**32))
        found = list[GateList]()
        for column in range(len(parent.columns)):
            grown = self.edit(parent.at(column), growing, np.random.default_rng(seed))
            if grown is None or not grown.angles or (found and grown.gates != found[0].gates):
                return None
            found.append(grown)
        uploads = parent.uploads + self.rounds
        starts = [found[k : k + parent.uploads] for k in range(0, len(found), parent.uploads)]
        angles = []
        for rounds in starts:  # a round more begins at 0, one less is the last
            row = [angle for grown in rounds[:uploads] for angle in grown.angles]
            angles.append(tuple(row + [0.0] * (uploads * len(found[0].angles) - len(row))))
        return Child(found[0], tuple(angles), uploads)


@dataclass(frozen=True)
class Child:
    """Gates, and the angles that training begins with: of each parameter; on data of each start, all its rounds."""

    gates: GateList
    angles: tuple[Any, ...]
    uploads: int = 1

    def architecture(self, num_qubits: int) -> Architecture:
        """As an architecture of one width."""
        return dataclasses.replace(self.gates.architecture(num_qubits), uploads=self.uploads)


GROWTH_MOVES: Table[GrowthMove] = Table("growth move")
register_growth_move = GROWTH_MOVES.add


def _ranked(parent: Parent, growing: Growing, rng: np.random.Generator) -> list[Addition]:
    """Additions by gain, or by gain for each CX; where there is no room for more, those on one qubit alone."""
    found = list(parent.suggestions.additions)
    if rng.random() < 0.5:
        found.sort(key=lambda a: -a.gain / max(1, growing.pool[a.gate].cx))
    return found


def _pick(count: int, rng: np.random.Generator) -> int:
    """A place in a ranking, the first ones most often."""
    return int(min(rng.geometric(0.4) - 1, count - 1))


def _append(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """One addition."""
    found = _ranked(parent, growing, rng)
    if not growing.room(parent):
        found = [a for a in found if growing.pool[a.gate].cx == 0]
    if not found:
        return None
    return _added(parent.gates, found[_pick(len(found), rng)], growing)


def _added(gates: GateList, addition: Addition, growing: Growing) -> GateList:
    return gates.insert(addition.place, growing.pool[addition.gate], addition.angle)


def _batch(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Additions at the end on disjoint qubits, the best first (TETRIS-ADAPT, 2209.10562)."""
    if not growing.room(parent):
        return None
    return together(parent, growing, _ranked(parent, growing, rng))


def together(parent: Parent, growing: Growing, ranked: Sequence[Addition]) -> GateList | None:
    """All additions at the end that share no qubit with one before them in the ranking."""
    taken: set[int] = set()
    gates, end = parent.gates, len(parent.gates.gates)
    for addition in ranked:
        qubits = set(growing.pool[addition.gate].qubits)
        if addition.place == end and not qubits & taken:
            taken |= qubits
            gates = _added(gates, dataclasses.replace(addition, place=len(gates.gates)), growing)
    return gates if taken else None


def _removals(parent: Parent, rng: np.random.Generator, *, costly: bool) -> list[Removal]:
    """Of what would be missed least, by what it costs now or for each CX it takes."""
    found = [r for r in parent.suggestions.removals if r.cx or not costly]
    if rng.random() < 0.5:
        found.sort(key=lambda r: (r.loss / max(0.5, r.cx), r.places))
    return found


def _drop(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """One to three of what would be missed least."""
    found = _removals(parent, rng, costly=rng.random() < 0.7)
    if len(parent.gates.angles) < 2 or not found:
        return None
    count = min(len(found), 1 + int(rng.random() < 0.3) + int(rng.random() < 0.15))
    first = _pick(len(found), rng)
    gone = {place for removal in found[first : first + count] for place in removal.places}
    return merged(parent.gates.without(sorted(gone)))


def _exchange(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """What would be missed least, for the best addition."""
    found, weak = _ranked(parent, growing, rng), _removals(parent, rng, costly=True)
    if not found or not weak:
        return None
    addition, removal = found[_pick(len(found), rng)], weak[_pick(len(weak), rng)]
    grown = _added(parent.gates, addition, growing)
    more = len(grown.gates) - len(parent.gates.gates)
    return grown.without([place + more * (place >= addition.place) for place in removal.places])


def _split(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """One gate of those that share an angle gets its own, or all of them do."""
    gates = parent.gates
    shared = [k for k in range(len(gates.angles)) if len(gates.places_of(k)) > 1]
    if not shared:
        return None
    places = gates.places_of(shared[int(rng.integers(len(shared)))])
    if rng.random() < 0.5:
        return gates.split(places[int(rng.integers(len(places)))])
    for place in places[1:]:
        gates = gates.split(place)
    return gates


def _tie(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Two gates of one kind whose angles are close share one."""
    gates = parent.gates
    kinds: dict[str, list[int]] = {}
    for gate in gates.gates:
        if gate.num_parameters == 1:
            kinds.setdefault(gate.name, []).append(gate.parameters[0])
    columns = np.array(parent.columns or (gates.angles,))
    apart = np.abs(columns[:, :, None] - columns[:, None, :]).mean(axis=0)
    pairs = [
        (apart[a, b], a, b) for found in kinds.values() for a in found for b in found if a < b and apart[a, b] < NEAR
    ]
    if not pairs:
        return None
    _, a, b = sorted(pairs)[_pick(len(pairs), rng)]
    return gates.tie(a, b)


def _two_qubit(parent: Parent) -> list[int]:
    return [k for k, gate in enumerate(parent.gates.gates) if len(gate.qubits) == 2]


def _rewire(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """A two-qubit gate goes to a coupling that shares one of its qubits."""
    places = _two_qubit(parent)
    if not places:
        return None
    place = places[int(rng.integers(len(places)))]
    a, b = parent.gates.gates[place].qubits
    near = [(a, q) for q in growing.graph[a] if q != b] + [(q, b) for q in growing.graph[b] if q != a]
    return parent.gates.rewire(place, near[int(rng.integers(len(near)))]) if near else None


def _turn(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """A Pauli rotation takes another letter on one of its qubits."""
    places = [k for k, g in enumerate(parent.gates.gates) if _letters(g.name) and g.num_parameters]
    if not places:
        return None
    place = places[int(rng.integers(len(places)))]
    gate = parent.gates.gates[place]
    letters = list(_letters(gate.name) or "")
    k = int(rng.integers(len(letters)))
    letters[k] = [c for c in "XYZ" if c != letters[k]][int(rng.integers(2))]
    return parent.gates.replace(place, dataclasses.replace(gate, name="r" + "".join(letters).lower()))


def _letters(name: str) -> str | None:
    return {"rx": "X", "ry": "Y", "rz": "Z"}.get(name) or pauli_letters(name)


def _wander(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """A few gates of the pool anywhere, at small angles: out of a point where no slope is left."""
    gates = parent.gates
    pool = growing.pool if growing.room(parent) else [gate for gate in growing.pool if gate.cx == 0]
    if not pool:
        return None
    for _ in range(int(rng.integers(1, 4))):
        gate = pool[int(rng.integers(len(pool)))]
        gates = gates.insert(int(rng.integers(len(gates.gates) + 1)), gate, float(rng.normal(0, JITTER)))
    return gates


def _renew(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """A stretch of the circuit is cut out, and the best additions come at its end."""
    places = _two_qubit(parent)
    if len(places) < 4:
        return None
    size = int(rng.integers(2, 1 + max(2, len(places) // 3)))
    first = int(rng.integers(len(places) - size + 1))
    gone = range(places[first], places[first + size - 1] + 1)
    grown = together(parent, growing, _ranked(parent, growing, rng))
    cut = (grown or parent.gates).without(list(gone))
    return cut if cut.angles else None


def _open(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Pauli rotations, one or all, become CX and a rotation on one qubit: there is room for more between the CX."""
    places = [k for k, g in enumerate(parent.gates.gates) if pauli_letters(g.name) and g.num_parameters]
    if not places:
        return None
    chosen = places if rng.random() < 0.5 else [places[int(rng.integers(len(places)))]]
    return opened(parent.gates, chosen, growing.graph)


def _dress(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Rotations at angle 0 behind two-qubit gates, which no depth is paid for: behind some of them, or all."""
    places = _two_qubit(parent)
    letters = sorted({g.gates[0].name for g in growing.pool if g.cx == 0 and len(g.gates) == 1}) or [
        "ry",
        "rz",
    ]
    chosen = places if rng.random() < 0.3 else [places[int(rng.integers(len(places)))]] if places else []
    axes = letters if rng.random() < 0.3 else [letters[int(rng.integers(len(letters)))]]
    gates = parent.gates
    for place in reversed(chosen):
        for q in parent.gates.gates[place].qubits:
            for axis in axes:
                follower = next((g for g in gates.gates[place + 1 :] if q in g.qubits), None)
                if follower is None or follower.name != axis:
                    gates = gates.insert(place + 1, PoolGate((Gate(axis, (q,), (0,)),)))
    return gates if len(gates.angles) > len(parent.gates.angles) else None


def _entangle(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """One CZ on a coupling, rotations behind it: nothing a slope could ask for, so it is tried."""
    edges = sorted(tuple(sorted(edge)) for edge in growing.graph.edges)
    if not edges or not growing.room(parent):
        return None
    a, b = edges[int(rng.integers(len(edges)))]
    place = int(rng.integers(len(parent.gates.gates) + 1))
    gates = parent.gates.insert(place, PoolGate((Gate("ry", (a,), (0,)),)), float(rng.normal(0, JITTER)))
    gates = gates.insert(place, PoolGate((Gate("ry", (b,), (0,)),)), float(rng.normal(0, JITTER)))
    return numbered((*gates.gates[:place], Gate("cz", (a, b)), *gates.gates[place:]), gates.angles)


def _write_out(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Pauli rotations as CX and free rotations, each of which can go by itself."""
    if not any(len(gate.qubits) > 1 and gate.num_parameters for gate in parent.gates.gates):
        return None
    return written_out(parent.gates, growing.graph)


def _thin(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """Without one CX, or without two equal ones; the rotations that meet are merged."""
    places = [k for k, gate in enumerate(parent.gates.gates) if gate.name in ("cx", "cz")]
    if not places:
        return None
    gone = [places[int(rng.integers(len(places)))]]
    twins = [k for k in places if k != gone[0] and parent.gates.gates[k] == parent.gates.gates[gone[0]]]
    if twins and rng.random() < 0.5:
        gone.append(twins[int(rng.integers(len(twins)))])
    return thinned(parent.gates, gone)


def _same(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    """As it is, for rounds more or less."""
    return parent.gates if parent.columns else None


def _together(parent: Parent, growing: Growing, rng: np.random.Generator) -> GateList | None:
    return together(parent, growing, parent.suggestions.additions)


BEGIN = GrowthMove(_together)  # of a reference state

for _name, _move in {
    "append": GrowthMove(_append, 4.0), "batch": GrowthMove(_batch, 2.0, layered=True),
    "exchange": GrowthMove(_exchange, 3.0),
    "drop": GrowthMove(_drop, 3.0, 0.3), "write_out": GrowthMove(_write_out, 1.0, 6.0, keeps=True),
    "thin": GrowthMove(_thin, 3.0, 6.0), "split": GrowthMove(_split, keeps=True), "tie": GrowthMove(_tie, 0.5),
    "rewire": GrowthMove(_rewire, 1.0, 1.0), "turn": GrowthMove(_turn), "wander": GrowthMove(_wander),
    "renew": GrowthMove(_renew), "open": GrowthMove(_open, keeps=True), "dress": GrowthMove(_dress, keeps=True),
    "entangle": GrowthMove(_entangle), "encode_more": GrowthMove(_same, 1.0, rounds=1),
    "encode_less": GrowthMove(_same, 0.5, rounds=-1),
}.items():  # fmt: skip
    register_growth_move(_name, _move)

"""Any circuit of layers that are the same along a line or a ring: continued by their pattern.

The circuit is taken apart from the front: whole columns of one gate, then a block of two-qubit gates on every edge of a
known pattern, until nothing is left. What does not come apart so is no such circuit.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qtrain.architecture.topology import TOPOLOGIES, edges
from qtrain.diagnosis.families.clues import Clues
from qtrain.diagnosis.families.family import Family, FamilyRow, register_family
from qtrain.diagnosis.families.library import times

MOST = 20_000  # gates of a circuit that is taken apart
LEAST_QUBITS = 4  # below, patterns coincide
Edges = Sequence[tuple[int, int]]


def _turned(pattern: Callable[[int], Edges], *, reverse: bool, flip: bool) -> Callable[[int], Edges]:
    def pairs(n: int) -> Edges:
        found = list(pattern(n))
        return [(b, a) if flip else (a, b) for a, b in (found[::-1] if reverse else found)]

    return pairs


def _closing_last(n: int) -> Edges:
    return [*((q, q + 1) for q in range(n - 1)), (n - 1, 0)]


_PLAIN: dict[str, Callable[[int], Edges]] = {
    "line": lambda n: edges("line", n),
    "brickwork": lambda n: edges("brickwork", n),
    "ring": _closing_last,
    "ring, closed first": lambda n: edges("ring", n),
    "brickwork ring": lambda n: edges("brickwork_ring", n),
    "complete": lambda n: edges("complete", n),
    "star": lambda n: edges("star", n),
    "even bonds": lambda n: edges("even", n),
    "odd bonds": lambda n: edges("odd", n),
    "odd bonds of a ring": lambda n: [*edges("odd", n), *([(n - 1, 0)] if n % 2 == 0 else [])],
}
_NAMED = ("sca", "line", "ring", "brickwork", "brickwork_ring", "complete", "star", "even", "odd")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, Callable[[int], Edges]], ...]:
    """Every named order of edges, forwards and backwards, with either end as the control."""
    rest: dict[str, Callable[[int], Edges]] = {
        name: partial(edges, name) for name in TOPOLOGIES if name not in _NAMED
    }  # fmt: skip
    found = []
    for reverse, flip in itertools.product((False, True), repeat=2):
        for name, pattern in {**_PLAIN, **rest}.items():
            words = [name.replace("_", " "), *(["backwards"] if reverse else []), *(["flipped"] if flip else [])]
            found.append((" ".join(words), _turned(pattern, reverse=reverse, flip=flip)))
    return tuple(found)


_SITES: dict[str, Callable[[int], Sequence[int]]] = {
    "all": range, "inner": lambda n: range(1, n - 1), "even": lambda n: range(0, n, 2),
    "odd": lambda n: range(1, n, 2), "first": lambda n: (0,), "last": lambda n: (n - 1,),
}  # fmt: skip


@dataclass(frozen=True)
class _Gate:
    """One instruction: what it is without its qubits and parameters, and these."""

    kind: tuple[Any, ...]
    qubits: tuple[int, ...]
    parameters: tuple[int, ...]
    operation: Any = field(compare=False)


@dataclass(frozen=True)
class _Layer:
    """Gates on every place of a pattern, ``sharing`` their parameters in one of three ways.

    Attributes:
        name: for people. places: number of qubits -> tuples of qubits. block: gates on one place, their qubits counted
            within it. groups: of each parameter of the block: the key under which its angle is known to other layers.
        sharing: ``"independent"``, ``"shared"`` or ``"alternating"`` (two angles, by even and odd places).
    """

    name: str
    places: Callable[[int], Sequence[tuple[int, ...]]]
    block: tuple[_Gate, ...]
    sharing: str
    groups: tuple[tuple[int, ...], ...]


def propose(clues: Clues) -> Iterator[Family]:
    """The circuit as layers, if it comes apart into such."""
    n = clues.num_qubits
    if n < LEAST_QUBITS or len(clues.circuit.data) > MOST:
        return
    gates = _gates(clues)
    layers = None if gates is None else _take_apart(gates, n)
    if layers is None:
        return
    name, rounds = _name([layer.name for layer in layers])
    remark = f"its {times(rounds)} may grow with the qubits; read as a fixed depth" if rounds == n else ""
    yield Family(name, lambda width: _build(layers, width), remark)


def _gates(clues: Clues) -> list[_Gate] | None:
    """The circuit's instructions, each with its angles as the lowered program has them; None where one is too wide."""
    program, circuit = clues.program, clues.circuit
    angles: dict[int, list[tuple[Any, ...]]] = {}
    used: dict[int, list[int]] = {}
    for k in range(len(program)):
        gate, parameter = int(program.gate[k]), int(program.parameter[k])
        own = used.setdefault(gate, [])
        if parameter >= 0 and parameter not in own:
            own.append(parameter)
        slot = own.index(parameter) if parameter >= 0 else -1
        angles.setdefault(gate, []).append(
            (slot, round(float(program.coefficient[k]), 9), round(float(program.offset[k]), 9))
        )
    found = []
    place = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    for k, item in enumerate(circuit.data):
        if item.name in ("barrier", "delay", "measure") or item.operation.num_qubits == 0:
            continue
        if len(item.qubits) > 2:
            return None
        operator = getattr(item.operation, "operator", None)  # of an evolution under a Hamiltonian
        kind = (item.name, tuple(angles.get(k, ())), str(operator) if operator is not None else "")
        found.append(_Gate(kind, tuple(place[q] for q in item.qubits), tuple(used.get(k, ())), item.operation))
    return found


class _Front:
    """What has not been taken yet; a gate can be taken when it is the first on each of its qubits."""

    def __init__(self, gates: Sequence[_Gate], n: int) -> None:
        self.queues: list[deque[_Gate]] = [deque() for _ in range(n)]
        for gate in gates:
            for q in gate.qubits:
                self.queues[q].append(gate)

    def first(self, q: int) -> _Gate | None:
        """The first gate on a qubit, if it can be taken."""
        gate = self.queues[q][0] if self.queues[q] else None
        ready = gate is not None and all(self.queues[r][0] is gate for r in gate.qubits)
        return gate if ready else None

    def take(self, gate: _Gate) -> None:
        for q in gate.qubits:
            self.queues[q].popleft()

    def give_back(self, taken: Sequence[_Gate]) -> None:
        for gate in reversed(taken):
            for q in gate.qubits:
                self.queues[q].appendleft(gate)

    @property
    def empty(self) -> bool:
        return not any(self.queues)


def _take_apart(gates: Sequence[_Gate], n: int) -> list[_Layer] | None:
    front = _Front(gates, n)
    known: dict[int, Any] = {}  # parameter -> (layer, which of its angles), or None for that of one place alone
    layers: list[_Layer] = []
    while not front.empty:
        for name, places, taken in _next(front, n):
            first = places(n)[0]
            block = tuple(_Gate(g.kind, tuple(first.index(q) for q in g.qubits), g.parameters, g.operation)
                          for g in taken[0])  # fmt: skip
            seen = dict(known)
            layer = _shared(len(layers), name, places, block, taken, seen)
            if layer is not None:
                break
        else:
            return None
        known = seen
        layers.append(layer)
        for gate in itertools.chain.from_iterable(taken):
            front.take(gate)
    return layers


_Found = tuple[str, Callable[[int], Sequence[tuple[int, ...]]], list[list[_Gate]]]


def _next(front: _Front, n: int) -> Iterator[_Found]:
    """What the next layer may be: its name, its places at any width, its gates on each of them here."""
    yield from _columns(front, n, ("all",))
    yield from _couplers(front, n)
    yield from _columns(front, n, tuple(_SITES)[1:])


def _columns(front: _Front, n: int, sites: Sequence[str]) -> Iterator[_Found]:
    """One gate on every qubit of a set."""
    heads = {q: gate for q in range(n) if (gate := front.first(q)) is not None and len(gate.qubits) == 1}
    for name in sites:
        pattern = _SITES[name]
        kinds = Counter(heads[q].kind for q in pattern(n) if q in heads)
        if len(kinds) == 1 and kinds.total() == len(pattern(n)):
            taken = [[heads[q]] for q in pattern(n)]
            words = taken[0][0].kind[0] + ("" if name == "all" else f" ({name})")
            yield words, partial(_singles, pattern), taken


def _singles(pattern: Callable[[int], Sequence[int]], n: int) -> list[tuple[int, ...]]:
    return [(q,) for q in pattern(n)]


def _couplers(front: _Front, n: int) -> Iterator[_Found]:
    """A block on every edge of a pattern, the patterns with most edges first."""
    rows = [(list(pattern(n)), name, pattern) for name, pattern in _patterns()]
    for pairs, name, pattern in sorted(rows, key=lambda row: -len(row[0])):
        if pairs and front.first(pairs[0][0]) is not None:
            taken = _blocks(front, pairs)
            if taken is not None:
                yield f"{' '.join(gate.kind[0] for gate in taken[0])} ({name})", pattern, taken


def _blocks(front: _Front, pairs: Edges) -> list[list[_Gate]] | None:
    """The gates of one block on each edge in turn, which stay where they are; None where an edge has another block."""
    shape = None
    taken: list[list[_Gate]] = []
    for pair in pairs:
        own: list[_Gate] = []
        while (gate := front.first(pair[0])) is not None and set(gate.qubits) == set(pair):
            if shape is not None and len(own) == len(shape):
                break
            own.append(gate)
            front.take(gate)
        here = [(gate.kind, tuple(pair.index(q) for q in gate.qubits)) for gate in own]
        shape = here if shape is None else shape
        taken.append(own)
        if not own or here != shape:
            break
    front.give_back(list(itertools.chain.from_iterable(taken)))
    return taken if len(taken) == len(pairs) and own and here == shape else None


def _shared(
    number: int, name: str, places: Any, block: tuple[_Gate, ...], taken: list[list[_Gate]], known: dict[int, Any]
) -> _Layer | None:
    """How the layer's places share their angles; None where it is in no way that goes on."""
    slots = list(dict.fromkeys(p for gate in block for p in gate.parameters))
    columns = [list(dict.fromkeys(p for gate in gates for p in gate.parameters)) for gates in taken]
    if not slots:
        return _Layer(name, places, block, "independent", ())
    if any(len(column) != len(slots) for column in columns):
        return None
    fresh = not any(p in known for column in columns for p in column)
    flat = [p for column in columns for p in column]
    if fresh and len(set(flat)) == len(flat) and len(columns) > 1:
        sharing = "independent"
        for p in flat:
            known[p] = None
    elif all(column == columns[0] for column in columns):
        sharing = "shared" if len(columns) > 1 else "independent"
    elif len(columns) > 2 and all(column == columns[k % 2] for k, column in enumerate(columns)):
        sharing = "alternating"
    else:
        return None
    if sharing == "independent" and len(columns) > 1:
        return _Layer(name, places, block, sharing, tuple((number, k) for k in range(len(slots))))
    groups: list[tuple[int, ...]] = []
    for kind in columns[: 2 if sharing == "alternating" else 1]:
        for p in kind:
            if known.setdefault(p, (number, len(groups))) is None:
                return None  # also the angle of one gate alone
            groups.append(known[p])
    extra = {"shared": ", one angle", "alternating": ", two angles"}.get(sharing, "")
    return _Layer(name + extra, places, block, sharing, tuple(groups))


def _build(layers: Sequence[_Layer], n: int) -> QuantumCircuit:
    """The layers on n qubits."""
    circuit = QuantumCircuit(n)
    total = sum(len(layer.places(n)) * max(len(layer.groups), 1) for layer in layers)
    vector = ParameterVector("θ", total)
    numbers: dict[Any, int] = {}
    for layer in layers:
        slots = list(dict.fromkeys(p for gate in layer.block for p in gate.parameters))
        for k, place in enumerate(layer.places(n)):
            values = {}
            for i, slot in enumerate(slots):
                if layer.sharing == "independent":
                    key: Any = (*layer.groups[i], k)
                else:
                    key = layer.groups[i + (k % 2) * len(slots) if layer.sharing == "alternating" else i]
                values[slot] = vector[numbers.setdefault(key, len(numbers))]
            for gate in layer.block:
                circuit.append(_with(gate, values), [place[q] for q in gate.qubits])
    return circuit


def _with(gate: _Gate, values: dict[int, Any]) -> Any:
    """The gate's operation with other parameters, told by where the program has them."""
    if not gate.parameters:
        return gate.operation
    operation = copy.copy(gate.operation.to_mutable() if hasattr(gate.operation, "to_mutable") else gate.operation)
    names = gate.operation.params
    free = list(dict.fromkeys(p for value in names for p in sorted(getattr(value, "parameters", ()), key=str)))
    chosen = dict(zip(free, (values[p] for p in gate.parameters), strict=True))
    operation.params = [
        value.assign(*item) if (item := next(iter(_own(value, chosen)), None)) else value for value in names
    ]
    return operation


def _own(value: Any, chosen: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return [(p, chosen[p]) for p in getattr(value, "parameters", ())]


def _name(words: list[str]) -> tuple[str, int]:
    """The layers in words, the repeated part once: ``h · [rzz (ring) rx] × 3``; and how often it is repeated."""
    best = (0, 0, 1, 0)  # layers saved, start, rounds, length
    for length in range(1, len(words) // 2 + 1):
        for start in range(min(length + 1, len(words) - 2 * length + 1)):
            part, rounds = words[start : start + length], 1
            while words[start + rounds * length : start + (rounds + 1) * length] == part:
                rounds += 1
            saved = (rounds - 1) * length
            if rounds > 1 and saved > best[0]:
                best = (saved, start, rounds, length)
    saved, start, rounds, length = best
    if not saved:
        return " · ".join(words), 1
    text = [*words[:start], f"[{' · '.join(words[start : start + length])}] × {rounds}"]
    return " · ".join([*text, *words[start + rounds * length :]]), rounds


register_family(FamilyRow("layers", propose, summary="any layers that are the same along a line, a ring, ..."))

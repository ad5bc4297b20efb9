"""A circuit as layers: what stands on single qubits, what couples them, in turn; and the repetitions among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from qtrain.circuits.composites import expand, find_inputs, free_parameters, joined_parameters
from qtrain.qiskit_plugins.removal import is_unitary

Pair = tuple[int, int]
Items = Sequence[CircuitInstruction]


@dataclass(frozen=True)
class Block:
    """Gates that couple qubits, with no gate on a single qubit between them.

    Attributes:
        items: in time order. pairs: the qubits of each, in the order of its operands.
    """

    items: tuple[CircuitInstruction, ...]
    pairs: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        """Of its gates, where they are all the same gate on two qubits; else empty."""
        names = {item.name for item in self.items}
        return names.pop() if len(names) == 1 and all(len(pair) == 2 for pair in self.pairs) else ""

    @property
    def fixed(self) -> bool:
        """No gate has a free angle."""
        return not any(free_parameters(item) for item in self.items)

    @property
    def edges(self) -> frozenset[tuple[int, ...]]:
        """The coupled qubits, without their order."""
        return frozenset(tuple(sorted(pair)) for pair in self.pairs)


@dataclass(frozen=True)
class Layers:
    """A circuit without its barriers: singles[0], blocks[0], singles[1], …, singles[-1], then ``ends``.

    Attributes:
        circuit: that it was read from, composites written out. singles: one more than there are blocks.
        ends: measurements and what else is not unitary. first: blocks before it lie before gates that take data.
    """

    circuit: QuantumCircuit
    singles: tuple[tuple[CircuitInstruction, ...], ...]
    blocks: tuple[Block, ...]
    ends: tuple[CircuitInstruction, ...]
    first: int

    def place(self, item: CircuitInstruction) -> tuple[int, ...]:
        """Indices of the qubits of an item."""
        return tuple(self.circuit.find_bit(q).index for q in item.qubits)

    def signature(self, k: int) -> tuple[Any, ...]:
        """Equal for two layers (singles[k] and blocks[k]) that differ in their parameters alone."""
        own = [(item.name, self.place(item), len(free_parameters(item))) for item in self.singles[k]]
        if k == len(self.blocks):
            return (tuple(sorted(own)),)
        couplers = [(i.name, p, bool(free_parameters(i))) for i, p in zip(self.blocks[k].items, self.blocks[k].pairs)]
        return tuple(sorted(own)), tuple(couplers)

    def rebuilt(self, blocks: Sequence[Items], singles: Sequence[Items] | None = None) -> QuantumCircuit:
        """The circuit with other blocks (and singles)."""
        result = self.circuit.copy_empty_like()
        own = self.singles if singles is None else singles
        for k, part in enumerate(own):
            _append(result, part)
            if k < len(blocks):
                _append(result, blocks[k])
        _append(result, self.ends)
        return result


def layers(circuit: QuantumCircuit, inputs: Sequence[Any] | str = ()) -> Layers:
    """Read the layers off the order in which the gates can be run: all free single-qubit gates, then all couplers.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> found = layers(real_amplitudes(3, reps=2, entanglement="linear"))
        >>> [block.pairs for block in found.blocks]
        [((0, 1), (1, 2)), ((0, 1), (1, 2))]
    """
    whole = expand(circuit)
    data = {*find_inputs(whole, inputs), *joined_parameters(whole)}
    waiting: list[list[int]] = [[] for _ in whole.qubits]  # of each qubit: its gates, the next one last
    items = [item for item in whole.data if is_unitary(item) and item.qubits]
    for k in range(len(items) - 1, -1, -1):
        for qubit in items[k].qubits:
            waiting[whole.find_bit(qubit).index].append(k)
    places = [[whole.find_bit(q).index for q in item.qubits] for item in items]
    singles: list[tuple[CircuitInstruction, ...]] = []
    blocks: list[Block] = []
    taken, first = 0, 0
    while taken < len(items) or len(singles) == len(blocks):
        couples = len(singles) > len(blocks)
        chosen = _ready(places, waiting, couples)
        taken += len(chosen)
        fed = [free_parameters(items[k]) & data for k in chosen]
        if any(fed):  # angles of several features stand between couplers that belong to them
            first = len(blocks) + (couples or (bool(blocks) and max(map(len, fed)) > 1))
        part = tuple(items[k] for k in chosen)
        if couples:
            blocks.append(Block(part, tuple(tuple(places[k]) for k in chosen)))
        else:
            singles.append(part)
    ends = tuple(item for item in whole.data if not is_unitary(item) and item.operation.name != "barrier")
    return Layers(whole, tuple(singles), tuple(blocks), ends, first)


def _ready(places: Sequence[Sequence[int]], waiting: Sequence[list[int]], couples: bool) -> list[int]:
    """Take all gates of one kind that can run, until none can; in the order of the circuit."""
    chosen: list[int] = []
    fresh: Iterable[int] = range(len(waiting))
    while True:
        found = set()
        for q in fresh:
            if waiting[q]:
                k = waiting[q][-1]
                if (len(places[k]) > 1) == couples and all(waiting[p] and waiting[p][-1] == k for p in places[k]):
                    found.add(k)
        if not found:
            return sorted(chosen)
        for k in found:
            for p in places[k]:
                waiting[p].pop()
        chosen += found
        fresh = {p for k in found for p in places[k]}


@dataclass(frozen=True)
class Repetition:
    """Layers that come again: ``count`` times ``period`` layers from layer ``begin`` on."""

    begin: int
    period: int
    count: int


def repetition(found: Layers) -> Repetition | None:
    """The stretch of layers behind the data that repeats itself over most of the circuit; None where there is none.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> repetition(layers(real_amplitudes(3, reps=4)))
        Repetition(begin=0, period=1, count=4)
    """
    names = [found.signature(k) for k in range(len(found.blocks))]
    best: Repetition | None = None
    for begin in range(found.first, min(found.first + 2, len(names))):
        for period in range(1, (len(names) - begin) // 2 + 1):
            count = 1
            while names[begin + count * period : begin + (count + 1) * period] == names[begin : begin + period]:
                count += 1
            if count > 1 and (best is None or count * period > best.count * best.period):
                best = Repetition(begin, period, count)
    return best


def _append(circuit: QuantumCircuit, items: Iterable[CircuitInstruction]) -> None:
    for item in items:
        circuit.append(item)

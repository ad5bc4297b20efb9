"""Layers → the list of their gates at one width, free of any circuit library."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from qtrain.architecture.blocks import BLOCKS, ROTATIONS, Gate, block_parameters
from qtrain.architecture.layer import Layer
from qtrain.architecture.topology import Edges, edges


class Writer:
    """Writes the gates of one width, and remembers which qubits are still active.

    Args:
        num_qubits: the width. pairs: the qubits that a layer of the topology ``"edges"`` joins.
    """

    def __init__(self, num_qubits: int, pairs: Edges | None = None) -> None:
        self.pairs = pairs or ()
        self.active = list(range(num_qubits))
        self.parameters = 0

    def write(self, initial: str, layers: Sequence[Layer], repetitions: int, final: Sequence[str]) -> Iterator[Gate]:
        """``initial``, the layers so often, a last column of rotations."""
        yield from self._initial(initial)
        for repetition in range(repetitions):
            for layer in layers:
                yield from self._rotations(layer.rotations, layer)
                yield from self._entangler(layer, repetition)
        yield from self._rotations(final, None)

    def _initial(self, initial: str) -> Iterator[Gate]:
        if initial == "h":
            yield from (Gate("h", (q,)) for q in self.active)
        elif initial == "neel":
            yield from (Gate("x", (q,)) for q in self.active[1::2])
        elif initial == "singlets":
            for a, b in edges("even", len(self.active)):
                yield from (Gate("x", (a,)), Gate("x", (b,)), Gate("h", (a,)), Gate("cx", (a, b)))

    def _rotations(self, rotations: Sequence[str], layer: Layer | None) -> Iterator[Gate]:
        chosen = layer.qubits if layer else "all"
        last = len(self.active) - 1
        places = {"all": range(last + 1), "inner": range(1, last), "even": range(0, last + 1, 2),
                  "odd": range(1, last + 1, 2)}[chosen]  # fmt: skip
        for name in rotations:
            classes: dict[object, int] = {}
            for place in places:
                first = self._first_angle(layer, classes, place, place % 2, ROTATIONS[name])
                yield Gate(name, (self.active[place],), tuple(range(first, first + ROTATIONS[name])))

    def _entangler(self, layer: Layer, repetition: int) -> Iterator[Gate]:
        if layer.entangler is None:
            return
        width, classes = len(self.active), dict[object, int]()
        if layer.topology == "edges":
            place = {q: i for i, q in enumerate(self.active)}
            pairs = [(place[a], place[b]) for a, b in self.pairs if a in place and b in place]
        else:
            pairs = list(edges(layer.topology, width, repetition=repetition))
        if layer.bonds is not None:
            pairs = [pairs[k] for k in layer.bonds if k < len(pairs)]
        pairs = [(b, a) if layer.flip else (a, b) for a, b in (reversed(pairs) if layer.reverse else pairs)]
        for a, b in pairs:
            orbit = (a % 2, (b - a) % width)
            first = self._first_angle(layer, classes, (a, b), orbit, block_parameters(layer.entangler))
            for gate in BLOCKS[layer.entangler]:
                qubits = tuple(self.active[(a, b)[q]] for q in gate.qubits)
                yield dataclasses.replace(gate.renumbered(first.__add__), qubits=qubits)
        if layer.pool:
            gone = {self.active[a] for a, _ in pairs}
            self.active = [q for q in self.active if q not in gone]

    def _first_angle(
        self, layer: Layer | None, classes: dict[object, int], own: object, orbit: object, count: int
    ) -> int:
        """Number of the first angle of a gate: that of its class, or a new one."""
        sharing = layer.sharing if layer else "independent"
        key = own if sharing == "independent" else orbit if sharing == "translation" else None
        if key not in classes:
            classes[key] = self.parameters
            self.parameters += count
        return classes[key]

"""Edits of a list of gates and its angles: every one gives another list whose parameters are numbered in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.growth.pools import PoolGate


@dataclass(frozen=True)
class GateList:
    """Gates in time order, and an angle for each of their parameters.

    Example:
        >>> grown = GateList((Gate("x", (0,)),), ()).insert(1, PoolGate((Gate("rxy", (0, 1), (0,)),)), 0.3)
        >>> grown.angles, str(grown.architecture(2))
        ((0.3,), 'x 0 · rxy 0 1')
    """

    gates: tuple[Gate, ...]
    angles: tuple[float, ...]

    @classmethod
    def of(cls, architecture: Architecture, num_qubits: int, angles: Sequence[float]) -> GateList:
        """Of an architecture's member at this width."""
        return cls(architecture.gates(num_qubits), tuple(float(angle) for angle in angles))

    def architecture(self, num_qubits: int) -> Architecture:
        """As an architecture of one width."""
        return Architecture((), grown=self.gates, num_qubits=num_qubits)

    def insert(self, place: int, gate: PoolGate, angle: float = 0.0) -> GateList:
        """A gate of a pool before gate ``place`` (``len(gates)``: at the end), with a parameter of its own."""
        new = tuple(g.renumbered(lambda _: len(self.angles)) for g in gate.gates)
        return numbered((*self.gates[:place], *new, *self.gates[place:]), (*self.angles, angle))

    def without(self, places: Sequence[int]) -> GateList:
        """Without the gates at these places; parameters that nothing uses any more go as well."""
        gone = set(places)
        return numbered(tuple(g for k, g in enumerate(self.gates) if k not in gone), self.angles)

    def places_of(self, parameter: int) -> tuple[int, ...]:
        """Where a parameter is used."""
        return tuple(k for k, gate in enumerate(self.gates) if parameter in gate.parameters)

    def split(self, place: int) -> GateList:
        """The gate at ``place`` gets parameters of its own, which begin at the value that was shared."""
        own: dict[int, int] = {}
        gate = self.gates[place].renumbered(lambda k: own.setdefault(k, len(self.angles) + len(own)))
        angles = (*self.angles, *(self.angles[k] for k in own))
        return numbered((*self.gates[:place], gate, *self.gates[place + 1 :]), angles)

    def tie(self, kept: int, gone: int) -> GateList:
        """Parameter ``gone`` becomes parameter ``kept``, which begins at the mean of both."""
        mean = (self.angles[kept] + self.angles[gone]) / 2
        angles = tuple(mean if k == kept else angle for k, angle in enumerate(self.angles))
        return numbered(tuple(g.renumbered(lambda k: kept if k == gone else k) for g in self.gates), angles)

    def replace(self, place: int, gate: Gate) -> GateList:
        """Another gate in the place of one; it may use the parameters that are there."""
        return numbered((*self.gates[:place], gate, *self.gates[place + 1 :]), self.angles)

    def rewire(self, place: int, qubits: Sequence[int]) -> GateList:
        """The gate at ``place`` on other qubits."""
        return self.replace(place, dataclasses.replace(self.gates[place], qubits=tuple(qubits)))


def numbered(gates: Sequence[Gate], angles: Sequence[float]) -> GateList:
    """Parameters in the order of their first use; those that are not used are left out."""
    order: dict[int, int] = {}
    kept = tuple(gate.renumbered(lambda k: order.setdefault(k, len(order))) for gate in gates)
    return GateList(kept, tuple(float(angles[k]) for k in order))

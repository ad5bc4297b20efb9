"""The layers that one pool can draw in a space: drawn, counted, and found again."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from qtrain.architecture.blocks import ROTATIONS, block_parameters
from qtrain.architecture.layer import POOLING, Layer
from qtrain.architecture.topology import Edges, coloured, edges
from qtrain.studies.propose.pools import Pool

Pick = Callable[[str, Sequence[Any]], Any]
"""(name, options) → one of the options; nothing is asked where there is one."""

BONDS = ("all", "rounds", "each")
_DIRECTED = frozenset({"cx", "rzx", "crx", "cry", "crz", "conv", "pool", "su4"})  # control and target differ
_CHOICES = ("rotations", "entangler", "topology", "sharing", "order", "qubits", "pooling")


@dataclass(frozen=True)
class LayerSpace:
    """Layers of one pool.

    Args:
        pool: its choices. topologies, qubits, bonds: the space's own. pairs: a device's couplings.

    Example:
        >>> from qtrain.studies.propose.pools import POOLS
        >>> space = LayerSpace(POOLS["su2"], 4, ("line",), ("all",), ("all", "each"))
        >>> len(space.table), sum(map(space.variants, space.table))  # 7 sets of bonds
        (6, 42)
    """

    pool: Pool
    num_qubits: int
    topologies: tuple[str, ...]
    qubits: tuple[str, ...] = ("all",)
    bonds: tuple[str, ...] = ("all",)
    pairs: Edges | None = None

    @cached_property
    def options(self) -> tuple[tuple[Any, ...], ...]:
        """Of every choice in ``_CHOICES``."""
        pool, parts = self.pool, self.qubits if self.pool.parts else ("all",)
        if self.num_qubits < 3:
            parts = tuple(p for p in parts if p != "inner") or ("all",)  # there is no qubit between the ends
        topologies = pool.topologies or self.topologies
        return (pool.rotations, pool.entanglers, topologies, pool.sharing, pool.orders, parts, pool.pooling)

    @cached_property
    def table(self) -> dict[Layer, tuple[Any, ...]]:
        """Every different layer on all of its bonds, and choices that draw it."""
        return _table(self.pool, self.options)

    def places(self, topology: str) -> int:
        """How many edges a layer has there."""
        return len(self._edges(topology))

    def rounds(self, topology: str) -> tuple[tuple[int, ...], ...]:
        """Places of the edges of each round: no qubit twice."""
        return _rounds(self._edges(topology))

    def _edges(self, topology: str) -> Edges:
        return (self.pairs or ()) if topology in ("device", "edges") else edges(topology, self.num_qubits)

    def _modes(self, topology: str) -> tuple[str, ...]:
        """Ways to leave edges out that exist on a topology."""
        if not self.pool.parts or self.places(topology) < 2:
            return ("all",)
        return tuple(mode for mode in self.bonds if mode != "rounds" or len(self.rounds(topology)) > 1)

    def variants(self, layer: Layer) -> int:
        """Different layers that are this one but for the bonds it is on."""
        if layer.entangler is None:
            return 1
        modes = self._modes(layer.topology)
        if "each" in modes:
            return int(2 ** self.places(layer.topology) - 1)
        return 1 + (len(self.rounds(layer.topology)) if "rounds" in modes else 0)

    def draw(self, pick: Pick, name: str, place: int) -> Layer:
        """The layer at a place; the choices are called ``name``.what.place."""
        options = dict(zip(_CHOICES, self.options, strict=True))

        def choose(what: str) -> Any:
            return pick(f"{name}.{what}.{place}", options[what])

        chosen: dict[str, Any] = {what: choices[0] for what, choices in options.items()}
        chosen |= {"topology": "line", "order": "forward", "pooling": False}
        for what in ("entangler", "rotations"):
            chosen[what] = choose(what)
        bonds = None
        if chosen["entangler"] != "none":
            for what in ("topology", "order"):
                chosen[what] = choose(what)
            if chosen["topology"] in POOLING:
                chosen["pooling"] = choose("pooling")
            bonds = self._draw_bonds(pick, name, place, chosen["topology"])
        if build_layer(self.pool, **chosen).has_parameters:
            chosen["sharing"] = choose("sharing")
        if build_layer(self.pool, **chosen).rotations:
            chosen["qubits"] = choose("qubits")
        return dataclasses.replace(build_layer(self.pool, **chosen), bonds=bonds)

    def _draw_bonds(self, pick: Pick, name: str, place: int, topology: str) -> tuple[int, ...] | None:
        mode = pick(f"{name}.bonds.{place}", self._modes(topology) if self._modes(topology) == ("all",) else self.bonds)
        if mode == "rounds":
            rounds = self.rounds(topology)
            return rounds[pick(f"{name}.round_{topology}.{place}", range(len(rounds)))] if len(rounds) > 1 else None
        if mode == "each":
            count = self.places(topology)
            chosen = tuple(k for k in range(count) if pick(f"{name}.bond{k}.{place}", (True, False)))
            return chosen if 0 < len(chosen) < count else None
        return None

    def choices_of(self, layer: Layer, name: str, place: int) -> dict[str, Any] | None:
        """What :meth:`draw` would have to be told; None for a layer that it cannot draw."""
        choice = self.table.get(dataclasses.replace(layer, bonds=None))
        if choice is None:
            return None
        found = {f"{name}.{what}.{place}": value for what, value in zip(_CHOICES, choice, strict=True)}
        if layer.entangler is None:
            return found
        topology, bonds = choice[_CHOICES.index("topology")], layer.bonds
        if bonds is None:
            return found | {f"{name}.bonds.{place}": "all"}
        modes, rounds = self._modes(topology), self.rounds(topology)
        if "rounds" in modes and bonds in rounds:
            extra = {f"{name}.round_{topology}.{place}": rounds.index(bonds)}
            return found | extra | {f"{name}.bonds.{place}": "rounds"}
        if "each" in modes and bonds[-1] < self.places(topology) and len(bonds) < self.places(topology):
            flags = {f"{name}.bond{k}.{place}": k in bonds for k in range(self.places(topology))}
            return found | flags | {f"{name}.bonds.{place}": "each"}
        return None


def build_layer(
    pool: Pool, rotations: tuple[str, ...], entangler: str, topology: str, sharing: str, order: str, qubits: str,
    pooling: bool,
) -> Layer:  # fmt: skip
    """The layer of these choices; one without any free angle gets a rotation, so that every draw has some."""
    linked = entangler != "none"
    free = any(ROTATIONS[r] for r in rotations) or (linked and block_parameters(entangler) > 0)
    return Layer(
        rotations if free else (*rotations, *pool.free_rotations),
        entangler if linked else None,
        "line" if not linked else "edges" if topology == "device" else topology,
        sharing,
        qubits,
        reverse=order.startswith("reverse") and linked,
        flip=order.endswith("flip") and entangler in _DIRECTED,
        pool=pooling and linked and topology in POOLING,
    )


@lru_cache(maxsize=64)
def _table(pool: Pool, options: tuple[tuple[Any, ...], ...]) -> dict[Layer, tuple[Any, ...]]:
    found: dict[Layer, tuple[Any, ...]] = {}
    for choice in itertools.product(*options):
        found.setdefault(build_layer(pool, *choice), choice)
    return found


@lru_cache(maxsize=256)
def _rounds(pairs: Edges) -> tuple[tuple[int, ...], ...]:
    found: list[list[int]] = []
    busy: set[int] = set()
    for pair in coloured(pairs):
        if not found or busy & set(pair):
            found.append([])
            busy = set()
        found[-1].append(pairs.index(pair))
        busy |= set(pair)
    return tuple(tuple(sorted(places)) for places in found)

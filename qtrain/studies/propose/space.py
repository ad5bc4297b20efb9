"""The space a search draws from: named pools of layers over ``Architecture``; every draw is valid.

Explicit lists in the spec make a pool of their own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qtrain.architecture.architecture import INITIAL, Architecture
from qtrain.architecture.blocks import BLOCKS, ROTATIONS
from qtrain.architecture.layer import QUBITS, SHARING, Layer
from qtrain.architecture.topology import TOPOLOGIES, Edges
from qtrain.errors import QTrainError
from qtrain.studies.propose.layer_space import BONDS, LayerSpace
from qtrain.studies.propose.pools import MIXED, ONE_LAYER, POOLS, Pool, Rotations
from qtrain.studies.spec.tables import SpaceSpec

ORDERS = ("forward", "reverse", "flip", "reverse_flip")


@dataclass(frozen=True)
class SearchSpace:
    """Architectures made of drawn layers.

    Args:
        num_qubits: width they are searched at.
        pools: names of :data:`POOLS`; "mixed": layers of an architecture from different ones of them. custom: replaces
            them.
        topologies: names of ``qtrain.architecture.topology.TOPOLOGIES``; ``"device"`` stands for ``edges``.
        layers: how many different layers are repeated; repetitions, initial, final_rotations: as in ``Architecture``.
        edges: a device's couplings among ``range(num_qubits)``. uploads: how often data are encoded.
        qubits: which ones rotate, as in ``Layer``. bonds: "all": a layer has a gate on every edge of its topology;
            "rounds": on those of one round, which are disjoint; "each": every edge is on or off by itself.

    Raises:
        QTrainError: a name that is not known, "device" without edges, or bonds without "all".

    Example:
        >>> space = SearchSpace(4, pools=("z2",), topologies=("line",), layers=(1,), repetitions=(1, 2))
        >>> space.size
        156
    """

    num_qubits: int
    pools: tuple[str, ...] = ("hardware_efficient", "hamiltonian")
    topologies: tuple[str, ...] = ("line", "ring", "brickwork")
    layers: tuple[int, ...] = (1, 2)
    repetitions: tuple[int | str, ...] = (1, 2, 3, 4)
    initial: tuple[str, ...] = ("none", "h")
    final_rotations: Rotations = ((), ("ry",))
    edges: Edges | None = None
    custom: Pool | None = None
    uploads: tuple[int, ...] = (1,)
    qubits: tuple[str, ...] = ("all",)
    bonds: tuple[str, ...] = ("all",)

    def __post_init__(self) -> None:
        if self.custom is None:
            _known("pools", self.pools, (*POOLS, MIXED))
        _known("qubits", self.qubits, QUBITS)
        _known("bonds", self.bonds, BONDS)
        if "all" not in self.bonds:
            raise QTrainError(f"bonds should hold 'all', beside what else may be drawn. Got {list(self.bonds)}.")
        _known("topologies", self.topologies, (*TOPOLOGIES, "device"))
        _known("initial", self.initial, INITIAL)
        if "device" in self.topologies and self.edges is None:
            raise QTrainError("topologies should name 'device' only where a device is given. Got no device.")
        for pool in (pool for island in self._islands.values() for pool in island.values()):
            _known("rotations", tuple(r for group in pool.rotations for r in group), tuple(ROTATIONS))
            _known("entanglers", pool.entanglers, ("none", *BLOCKS))
            _known("sharing", pool.sharing, SHARING)
            _known("orders", pool.orders, ORDERS)
            _known("final_rotations", tuple(r for g in self._final(pool) for r in g), tuple(ROTATIONS))
        for count in self.layers:
            if isinstance(count, bool) or not isinstance(count, int) or count < 1:
                raise QTrainError(f"layers should be whole numbers of at least 1. Got {count!r}.")

    @classmethod
    def from_spec(cls, spec: SpaceSpec, num_qubits: int, edges: Edges | None = None) -> SearchSpace:
        """The space of a spec's table."""
        custom = None
        if any(given is not None for given in (spec.rotations, spec.entanglers, spec.sharing, spec.orders)):
            custom = Pool(
                spec.rotations or ONE_LAYER,
                spec.entanglers or ("cx", "cz"),
                spec.sharing or ("independent",),
                orders=spec.orders or ("forward",),
            )
        return cls(
            num_qubits, spec.pools, spec.topologies, spec.layers, spec.repetitions, spec.initial,
            spec.final_rotations, edges, custom, spec.uploads, spec.qubits, spec.bonds,
        )  # fmt: skip

    def grown(self, architecture: Architecture) -> SearchSpace:
        """This space around a winner: one pool with the choices of its layers and of every pool here.

        Raises:
            QTrainError: layers that no space can draw (none but grown gates, or a device's edges that are not these).

        Example:
            >>> from qtrain.architecture.catalogue import hva_tfim
            >>> space = SearchSpace(4, pools=("hardware_efficient",)).grown(hva_tfim(reps=5))
            >>> space.choices_of(hva_tfim(reps=5))["repetitions"], space.layers
            (5, (1, 2, 3))
        """
        layers = architecture.layers
        pools = tuple(dict.fromkeys(pool for island in self._islands.values() for pool in island.values()))
        words = [("reverse" * x.reverse, "flip" * x.flip) for x in layers]
        orders = {"_".join(filter(None, pair)) or "forward" for pair in words}
        custom = Pool(
            _joined([layer.rotations for layer in layers], *(p.rotations for p in pools)),
            _joined([layer.entangler or "none" for layer in layers], *(p.entanglers for p in pools)),
            _joined([layer.sharing for layer in layers], *(p.sharing for p in pools)),
            initial=_joined([architecture.initial], *(p.initial or self.initial for p in pools)),
            final_rotations=_joined([architecture.final_rotations], *(self._final(p) for p in pools)),
            orders=_joined(["forward"], sorted(orders), *(p.orders for p in pools)),
            pooling=_joined([False], sorted({layer.pool for layer in layers}), *(p.pooling for p in pools)),
        )  # fmt: skip
        named = ["device" if x.topology == "edges" else x.topology for x in layers if x.entangler is not None]
        count = len(layers)
        space = dataclasses.replace(
            self, custom=custom, topologies=_joined(self.topologies, [t for t in named if self.edges or t != "device"]),
            layers=tuple(sorted({*self.layers, *(k for k in (count - 1, count, count + 1) if k > 0)})),
            repetitions=_joined(self.repetitions, [architecture.repetitions]),
            uploads=_joined(self.uploads, [architecture.uploads]),
            qubits=_joined(self.qubits, [layer.qubits for layer in layers]),
            bonds=_joined(self.bonds, ["each" for layer in layers if layer.bonds is not None]),
        )  # fmt: skip
        if space.choices_of(architecture) is None:
            raise QTrainError(
                f"space.grow_from should name a winner of layers that a space can draw on these couplings. Got "
                f"{architecture}: give it as start instead, to be compared with."
            )
        return space

    @property
    def _islands(self) -> dict[str, dict[str, Pool]]:
        """The pools of each of what "pool" may be, by the name that their choices bear: several of a mixed one."""
        if self.custom is not None:
            return {"custom": {"custom": self.custom}}
        plain = [name for name in self.pools if name != MIXED]
        every = {f"{MIXED}.{name}": POOLS[name] for name in plain or POOLS}
        return {name: every if name == MIXED else {name: POOLS[name]} for name in self.pools}

    def _layers(self, pool: Pool) -> LayerSpace:
        return LayerSpace(pool, self.num_qubits, self.topologies, self.qubits, self.bonds, self.edges)

    def _final(self, pool: Pool) -> Rotations:
        return self.final_rotations if pool.final_rotations is None else pool.final_rotations

    def _ends(self, island: dict[str, Pool]) -> tuple[tuple[str, ...], Rotations]:
        """First states and last columns of an island."""
        pools = island.values()
        return _joined(*(p.initial or self.initial for p in pools)), _joined(*map(self._final, pools))

    @property
    def size(self) -> int:
        """Different architectures that can be drawn."""
        counted = {}
        for name, island in self._islands.items():
            layers: dict[Layer, int] = {}
            for pool in island.values():
                space = self._layers(pool)
                for layer in space.table:
                    layers[layer] = max(layers.get(layer, 0), space.variants(layer))
            counted[name] = layers
        ends = {name: set(itertools.product(*self._ends(island))) for name, island in self._islands.items()}
        allowed = [frozenset(n for n in ends if end in ends[n]) for end in set().union(*ends.values())]
        bodies = sum(
            times * _union([counted[n] for n in sorted(names)], count)
            for names, times in Counter(allowed).items()
            for count in set(self.layers)
        )
        return bodies * len(set(self.repetitions)) * len(set(self.uploads))

    def draw(self, trial: Any) -> Architecture:
        """An architecture from an Optuna trial (anything with ``suggest_categorical``)."""

        def pick(name: str, options: Sequence[Any]) -> Any:
            if len(options) == 1:
                return options[0]
            texts = [_text(o) for o in options]
            return options[texts.index(trial.suggest_categorical(name, texts))]

        name = pick("pool", tuple(self._islands))
        island = self._islands[name]
        layers = []
        for i in range(pick("layers", self.layers)):
            prefix = pick(f"{name}.pool.{i}", tuple(island))
            layers.append(self._layers(island[prefix]).draw(pick, prefix, i))
        repetitions = pick("repetitions", self.repetitions)
        initial, final = self._ends(island)
        first, last = pick(f"{name}.initial", initial), pick(f"{name}.final", final)
        used = any(layer.topology == "edges" for layer in layers)
        edges, width = (self.edges, self.num_qubits) if used else (None, None)
        return Architecture(tuple(layers), repetitions, first, last, edges, width, pick("uploads", self.uploads))

    def choices_of(self, architecture: Architecture) -> dict[str, Any] | None:
        """What :meth:`draw` would have to be told to draw ``architecture``; None if it is not in the space.

        Example:
            >>> from qtrain.architecture.catalogue import real_amplitudes
            >>> space = SearchSpace(4, final_rotations=((), ("ry",)))
            >>> space.choices_of(real_amplitudes(entanglement="pairwise", reps=2))["repetitions"]
            2
        """
        if len(architecture.layers) not in self.layers or architecture.repetitions not in self.repetitions:
            return None
        if architecture.edges not in (None, self.edges) or architecture.uploads not in self.uploads:
            return None
        if architecture.grown:
            return None
        for name, island in self._islands.items():
            initial, final = self._ends(island)
            if architecture.initial not in initial or architecture.final_rotations not in final:
                continue
            found: dict[str, Any] = {
                "pool": name, "layers": len(architecture.layers), "repetitions": architecture.repetitions,
                "uploads": architecture.uploads,
                f"{name}.initial": architecture.initial, f"{name}.final": architecture.final_rotations,
            }  # fmt: skip
            for i, layer in enumerate(architecture.layers):
                drawn = ((p, self._layers(island[p]).choices_of(layer, p, i)) for p in island)
                prefix, choices = next(((p, c) for p, c in drawn if c is not None), ("", None))
                if choices is None:
                    break
                found |= {f"{name}.pool.{i}": prefix} | choices
            else:
                return {key: _text(value) for key, value in found.items()}
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what can be drawn."""
        return {**dataclasses.asdict(self), "size": self.size}


def _union(sets: Sequence[Mapping[Layer, int]], count: int) -> int:
    """How many sequences of ``count`` layers are of one of the sets alone, each sequence once.

    A set holds layers with how many variants each has; of a layer with fewer, all are in the set with more.
    """
    sets = [s for k, s in enumerate(sets) if not any(_within(s, other, k, j) for j, other in enumerate(sets))]

    def signed(first: int, common: Mapping[Layer, int]) -> int:
        """Inclusion and exclusion over the subsets that begin at ``first`` or behind."""
        total = 0
        for k in range(first, len(sets)):
            both = {x: min(v, sets[k][x]) for x, v in common.items() if x in sets[k]}
            if both:
                total += sum(both.values()) ** count - signed(k + 1, both)
        return total

    return sum(sum(s.values()) ** count - signed(k + 1, s) for k, s in enumerate(sets))


def _within(a: Mapping[Layer, int], b: Mapping[Layer, int], place: int, other: int) -> bool:
    """Whether set a adds nothing to set b; of equal ones the first stays."""
    inside = place != other and all(b.get(layer, 0) >= count for layer, count in a.items())
    return inside and (a != b or place > other)


def _joined(*groups: Any) -> Any:
    """All of them once, in the order they came."""
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _text(option: Any) -> Any:
    return "+".join(option) or "none" if isinstance(option, tuple) else option


def _known(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    unknown = [item for item in given if item not in known]
    if unknown:
        raise QTrainError(f"{name} should be among {', '.join(known)}. Got {', '.join(map(repr, unknown))}.")

"""The space a search draws from: named pools of layers over ``Architecture``; every draw is valid.

Explicit lists in the spec make a pool of their own.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qtrain.architecture.architecture import INITIAL, Architecture
from qtrain.architecture.blocks import BLOCKS, ROTATIONS, block_parameters
from qtrain.architecture.layer import SHARING, Layer
from qtrain.architecture.topology import TOPOLOGIES, Edges
from qtrain.errors import QTrainError
from qtrain.studies.propose.pools import ONE_LAYER, POOLS, Pool, Rotations
from qtrain.studies.spec.search_spec import SpaceSpec

ORDERS = ("forward", "reverse", "flip", "reverse_flip")
_DIRECTED = frozenset({"cx", "rzx", "crx", "cry", "conv", "pool", "su4"})  # control and target differ


@dataclass(frozen=True)
class SearchSpace:
    """Architectures made of drawn layers.

    Args:
        num_qubits: width they are searched at.
        pools: names of :data:`POOLS`; ``custom``: one more pool.
        topologies: names of ``qtrain.architecture.topology.TOPOLOGIES``; ``"device"`` stands for ``edges``.
        layers: how many different layers are repeated; repetitions, initial, final_rotations: as in ``Architecture``.
        edges: a device's couplings among ``range(num_qubits)``. uploads: how often data are encoded.

    Raises:
        QTrainError: a name that is not known, or "device" without edges.

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

    def __post_init__(self) -> None:
        if self.custom is None:
            _known("pools", self.pools, tuple(POOLS))
        _known("topologies", self.topologies, (*TOPOLOGIES, "device"))
        _known("initial", self.initial, INITIAL)
        if "device" in self.topologies and self.edges is None:
            raise QTrainError("topologies should name 'device' only where a device is given. Got no device.")
        for pool in self._pools.values():
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
            spec.final_rotations, edges, custom, spec.uploads,
        )  # fmt: skip

    def grown(self, architecture: Architecture) -> SearchSpace:
        """This space around a winner: one pool with the choices of its layers and of every pool here.

        Raises:
            QTrainError: layers that no space can draw (pooling, or a device's edges that are not these).

        Example:
            >>> from qtrain.architecture.catalogue import hva_tfim
            >>> space = SearchSpace(4, pools=("hardware_efficient",)).grown(hva_tfim(reps=5))
            >>> space.choices_of(hva_tfim(reps=5))["repetitions"], space.layers
            (5, (1, 2, 3))
        """
        layers, pools = architecture.layers, tuple(self._pools.values())
        words = [("reverse" * x.reverse, "flip" * x.flip) for x in layers]
        orders = {"_".join(filter(None, pair)) or "forward" for pair in words}
        custom = Pool(
            _joined([layer.rotations for layer in layers], *(p.rotations for p in pools)),
            _joined([layer.entangler or "none" for layer in layers], *(p.entanglers for p in pools)),
            _joined([layer.sharing for layer in layers], *(p.sharing for p in pools)),
            initial=_joined([architecture.initial], *(p.initial or self.initial for p in pools)),
            final_rotations=_joined([architecture.final_rotations], *(self._final(p) for p in pools)),
            orders=_joined(["forward"], sorted(orders), *(p.orders for p in pools)),
        )  # fmt: skip
        named = ["device" if x.topology == "edges" else x.topology for x in layers if x.entangler is not None]
        count = len(layers)
        space = dataclasses.replace(
            self, custom=custom, topologies=_joined(self.topologies, [t for t in named if self.edges or t != "device"]),
            layers=tuple(sorted({*self.layers, *(k for k in (count - 1, count, count + 1) if k)})),
            repetitions=_joined(self.repetitions, [architecture.repetitions]),
            uploads=_joined(self.uploads, [architecture.uploads]),
        )  # fmt: skip
        if space.choices_of(architecture) is None:
            raise QTrainError(
                f"space.grow_from should name a winner of layers that a space can draw on these couplings. Got "
                f"{architecture}: give it as start instead, to be compared with."
            )
        return space

    @property
    def _pools(self) -> dict[str, Pool]:
        return (
            {"custom": self.custom} if self.custom is not None else {name: POOLS[name] for name in self.pools}
        )

    def _final(self, pool: Pool) -> Rotations:
        return self.final_rotations if pool.final_rotations is None else pool.final_rotations

    def _layer(
        self, pool: Pool, rotations: tuple[str, ...], entangler: str, topology: str, sharing: str, order: str
    ) -> Layer:
        """The layer of five choices; one without any free angle gets a rotation, so that every draw has some."""
        free = any(ROTATIONS[r] for r in rotations) or (
            entangler != "none" and block_parameters(entangler) > 0
        )
        return Layer(
            rotations if free else (*rotations, *pool.free_rotations),
            None if entangler == "none" else entangler,
            "line" if entangler == "none" else "edges" if topology == "device" else topology, sharing,
            reverse=order.startswith("reverse") and entangler != "none",
            flip=order.endswith("flip") and entangler in _DIRECTED,
        )  # fmt: skip

    def layers_of(self, pool: Pool) -> frozenset[Layer]:
        """Every different layer that can be drawn from a pool."""
        topologies = pool.topologies or self.topologies
        choices = itertools.product(pool.rotations, pool.entanglers, topologies, pool.sharing, pool.orders)
        return frozenset(self._layer(pool, *choice) for choice in choices)

    @property
    def size(self) -> int:
        """Different architectures that can be drawn (each pool's own, added up)."""
        total = 0
        for pool in self._pools.values():
            bodies = sum(len(self.layers_of(pool)) ** count for count in self.layers)
            ends = len(pool.initial or self.initial) * len(self._final(pool))
            total += bodies * ends * len(self.repetitions) * len(self.uploads)
        return total

    def draw(self, trial: Any) -> Architecture:
        """An architecture from an Optuna trial (anything with ``suggest_categorical``)."""

        def pick(name: str, options: Sequence[Any]) -> Any:
            if len(options) == 1:
                return options[0]
            texts = [_text(o) for o in options]
            return options[texts.index(trial.suggest_categorical(name, texts))]

        name = pick("pool", tuple(self._pools))
        pool = self._pools[name]
        layers = []
        for i in range(pick("layers", self.layers)):
            entangler = pick(f"{name}.entangler.{i}", pool.entanglers)
            rotations = pick(f"{name}.rotations.{i}", pool.rotations)
            topology, order = "line", "forward"
            if entangler != "none":
                topology = pick(f"{name}.topology.{i}", pool.topologies or self.topologies)
                order = pick(f"{name}.order.{i}", pool.orders)
            sharing = pool.sharing[0]
            if self._layer(pool, rotations, entangler, topology, sharing, order).has_parameters:
                sharing = pick(f"{name}.sharing.{i}", pool.sharing)
            layers.append(self._layer(pool, rotations, entangler, topology, sharing, order))
        repetitions = pick("repetitions", self.repetitions)
        initial = pick(f"{name}.initial", pool.initial or self.initial)
        final = pick(f"{name}.final", self._final(pool))
        used = any(layer.topology == "edges" for layer in layers)
        edges, width = (self.edges, self.num_qubits) if used else (None, None)
        return Architecture(
            tuple(layers), repetitions, initial, final, edges, width, pick("uploads", self.uploads)
        )

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
        for name, pool in self._pools.items():
            ends = architecture.initial in (pool.initial or self.initial)
            if not ends or architecture.final_rotations not in self._final(pool):
                continue
            found: dict[str, Any] = {
                "pool": name, "layers": len(architecture.layers), "repetitions": architecture.repetitions,
                "uploads": architecture.uploads,
                f"{name}.initial": architecture.initial, f"{name}.final": _text(architecture.final_rotations),
            }  # fmt: skip
            for i, layer in enumerate(architecture.layers):
                drawn = itertools.product(
                    pool.rotations,
                    pool.entanglers,
                    pool.topologies or self.topologies,
                    pool.sharing,
                    pool.orders,
                )
                choice = next((c for c in drawn if self._layer(pool, *c) == layer), None)
                if choice is None:
                    break
                named = zip(("rotations", "entangler", "topology", "sharing", "order"), choice, strict=True)
                found |= {f"{name}.{what}.{i}": _text(value) for what, value in named}
            else:
                return found
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what can be drawn."""
        return {**dataclasses.asdict(self), "size": self.size}


def _joined(*groups: Any) -> Any:
    """All of them once, in the order they came."""
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _text(option: Any) -> Any:
    return "+".join(option) or "none" if isinstance(option, tuple) else option


def _known(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    unknown = [item for item in given if item not in known]
    if unknown:
        raise QTrainError(f"{name} should be among {', '.join(known)}. Got {', '.join(map(repr, unknown))}.")

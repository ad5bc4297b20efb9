"""Layer: a column of rotations and a block on every edge, checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qtrain.architecture.blocks import BLOCKS, ROTATIONS, block_parameters
from qtrain.architecture.topology import TOPOLOGIES
from qtrain.errors import QTrainError

SHARING = ("independent", "shared", "translation")
QUBITS = ("all", "inner", "even", "odd")
POOLING = ("even", "halves", "tree")


@dataclass(frozen=True)
class Layer:
    """A column of one-qubit gates for each name in ``rotations``, then a two-qubit block on every edge.

    Args:
        rotations: names from ``blocks.ROTATIONS``: rx, ry, rz, p, u, or fixed ones such as h.
        entangler: a name from ``blocks.BLOCKS``: cx, cz, rxx, ryy, rzz, rzx, xx_plus_yy, su4, …; or None.
        topology: a name from ``topology.TOPOLOGIES``.
        sharing: ``"independent"``: every gate has its own angle. ``"shared"``: one angle for each rotation name,
            one set for the entangler. ``"translation"``: one for each class under translation by two qubits, so
            even and odd sites, even and odd bonds differ.
        qubits: the qubits that rotate: ``"all"``, ``"inner"`` (all but the first and the last), ``"even"``, ``"odd"``.
        reverse: apply the edges in reverse order. ``flip``: exchange control and target of every edge.
        pool: afterwards the first qubit of every edge is left out of the rest of the circuit, as in a QCNN.
        bonds: which edges have a block, by their places in the topology's order; None: all of them. A width that has
            fewer edges has those that are there.

    A field that cannot matter is reset to its default, so that equal layers compare equal.

    Example:
        >>> Layer(("ry", "rz"), "cx").topology
        'line'
    """

    rotations: tuple[str, ...] = ()
    entangler: str | None = None
    topology: str = "line"
    sharing: str = "independent"
    qubits: str = "all"
    reverse: bool = False
    flip: bool = False
    pool: bool = False
    bonds: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotations", names_from("rotations", self.rotations, ROTATIONS))
        if self.entangler is not None:
            one_of("entangler", self.entangler, (*BLOCKS, None))
        if self.topology != "edges" and self.topology not in TOPOLOGIES:
            one_of("topology", self.topology, (*TOPOLOGIES, "edges"))
        for name, known in (("sharing", SHARING), ("qubits", QUBITS)):
            one_of(name, getattr(self, name), known)
        for name in ("reverse", "flip", "pool"):
            if not isinstance(getattr(self, name), bool):
                raise QTrainError(f"{name} should be true or false. Got {getattr(self, name)!r}.")
        if not self.rotations and self.entangler is None:
            raise QTrainError("a layer should have rotations or an entangler. Got neither.")
        if self.pool and (self.entangler is None or self.topology not in POOLING):
            raise QTrainError(
                f"pool should come with an entangler on one of the topologies {', '.join(POOLING)}. "
                f"Got {self.entangler!r} on {self.topology!r}."
            )
        if self.bonds is not None:
            object.__setattr__(self, "bonds", _places(self.bonds))
        idle: dict[str, Any] = {}
        if self.entangler is None:
            idle |= {"topology": "line", "reverse": False, "flip": False, "bonds": None}
        if not self.rotations:
            idle["qubits"] = "all"
        if not self.has_parameters:
            idle["sharing"] = "independent"
        for name, value in idle.items():
            object.__setattr__(self, name, value)

    @property
    def has_parameters(self) -> bool:
        """Whether any gate of the layer has a free angle."""
        free = any(ROTATIONS[name] for name in self.rotations)
        return free or (self.entangler is not None and block_parameters(self.entangler) > 0)

    def __str__(self) -> str:
        extra = [self.topology] if self.entangler else []
        extra += [word for word in ("reverse", "flip", "pool") if getattr(self, word)]
        extra += [self.qubits] if self.qubits != "all" else []
        extra += ["bonds " + " ".join(map(str, self.bonds))] if self.bonds is not None else []
        extra += [self.sharing] if self.sharing != "independent" else []
        return " ".join([*self.rotations, *([self.entangler] if self.entangler else []), *(f"({e})" for e in extra)])


def _places(bonds: object) -> tuple[int, ...]:
    """Ascending, without repetition."""
    listed = tuple(bonds) if isinstance(bonds, (tuple, list)) else ()
    if not listed or any(type(k) is not int or k < 0 for k in listed) or len(set(listed)) < len(listed):
        raise QTrainError(f"bonds should be different places of edges, counted from 0, or None. Got {bonds!r}.")
    return tuple(sorted(listed))


def names_from(field: str, names: object, known: Mapping[str, int]) -> tuple[str, ...]:
    """The names as a tuple, each of them known."""
    if not isinstance(names, (tuple, list)) or any(not isinstance(name, str) or name not in known for name in names):
        raise QTrainError(f"{field} should be a list of names from {', '.join(known)}. Got {names!r}.")
    return tuple(names)


def one_of(field: str, value: object, known: Sequence[object]) -> None:
    """Refuse what is not in the list."""
    if value not in known:
        raise QTrainError(f"{field} should be one of {', '.join(map(str, known))}. Got {value!r}.")


def whole(field: str, value: object, expected: str) -> None:
    """Refuse what is not a whole number of at least 1."""
    if type(value) is not int or value < 1:
        raise QTrainError(f"{field} should be {expected}. Got {value!r}.")

"""Graphs that models live on: lines, rings, lattices, a device's couplings, or any edges."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Literal

import networkx as nx
from pydantic import BeforeValidator, Field, model_validator

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import Edges
from qtrain.studies.tasks.task import TaskModel


def _lengths(value: Any) -> Any:
    """ "3x4" as [3, 4]."""
    if isinstance(value, str) and all(part.strip().isdigit() for part in value.split("x")):
        return tuple(int(part) for part in value.split("x"))
    return tuple(value) if isinstance(value, list) else value


Lattice = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    Field(min_length=1, max_length=3, description="one to three lengths such as [2, 4], or '2x4'"),
    BeforeValidator(_lengths),
]


class GraphModel(TaskModel):
    """Base of a model on a graph, by one of these keys.

    ``graph``: "line" (default), "ring", "complete", "heavy_hex", or "device" (the couplings of the device's piece).
    ``lattice``: lengths of a square lattice, such as [2, 4] (or "2x4"), sites numbered row by row; ``periodic`` closes
    each direction that is longer than 2. ``edges``: pairs of sites, or a networkx graph.
    """

    graph: Literal["line", "ring", "complete", "heavy_hex", "device"] = "line"
    lattice: Lattice | None = None
    periodic: bool = False
    edges: Edges | None = None

    @model_validator(mode="after")
    def _one_graph(self) -> GraphModel:
        given = [key for key in ("lattice", "edges") if getattr(self, key) is not None]
        given += ["graph"] if self.graph != "line" else []
        if len(given) > 1:
            raise QTrainError(f"task should have at most one of graph, lattice and edges. Got {' and '.join(given)}.")
        if self.periodic and self.lattice is None:
            raise QTrainError("task.periodic should be given with a lattice. Got none: graph = 'ring' closes a line.")
        return self

    @property
    def has_sizes(self) -> bool:
        return self.graph != "device" and self.lattice is None and self.edges is None

    def sites(self, num_qubits: int) -> int:
        """How many sites there are on this number of qubits."""
        return num_qubits

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        sites = self.sites(num_qubits)
        if self.lattice is not None and math.prod(self.lattice) != sites:
            said = "x".join(map(str, self.lattice))
            raise QTrainError(
                f"task.lattice should have {sites} sites for {num_qubits} qubits. Got {said}, "
                f"which has {math.prod(self.lattice)}."
            )
        if self.edges is not None and max(max(e) for e in self.edges) >= sites:
            raise QTrainError(f"task.edges should join sites 0 to {sites - 1}. Got {max(max(e) for e in self.edges)}.")

    def pairs(self, sites: int, device_edges: topology.Edges | None) -> topology.Edges:
        """The edges of the graph."""
        if self.edges is not None:
            return tuple(sorted({(min(e), max(e)) for e in self.edges}))
        if self.lattice is not None:
            return lattice_edges(self.lattice, periodic=self.periodic)
        if self.graph != "device":
            return topology.edges(self.graph, sites)
        if device_edges is None:
            raise QTrainError("task.graph should be another one where the spec has no device with edges. Got 'device'.")
        return device_edges

    def second_pairs(self, sites: int, pairs: topology.Edges) -> topology.Edges:
        """Next-nearest neighbours: diagonals of a lattice of two or three lengths, else sites two steps apart."""
        if self.lattice is not None and sum(length > 1 for length in self.lattice) > 1:
            return lattice_edges(self.lattice, periodic=self.periodic, steps=2)
        graph = nx.Graph(list(pairs))
        near = dict(nx.all_pairs_shortest_path_length(graph, cutoff=2))
        return tuple(sorted((a, b) for a in near for b, steps in near[a].items() if steps == 2 and a < b))


def lattice_edges(lengths: tuple[int, ...], *, periodic: bool = False, steps: int = 1) -> topology.Edges:
    """Pairs of sites of a square lattice that differ by one in ``steps`` of its directions.

    Example:
        >>> lattice_edges((2, 2)), lattice_edges((2, 2), steps=2)
        (((0, 1), (0, 2), (1, 3), (2, 3)), ((0, 3), (1, 2)))
    """
    found = set()
    strides = [math.prod(lengths[i + 1 :]) for i in range(len(lengths))]
    for site in itertools.product(*map(range, lengths)):
        for moved in itertools.combinations(range(len(lengths)), steps):
            for signs in itertools.product((1, -1), repeat=steps):
                other = list(site)
                for axis, sign in zip(moved, signs):
                    other[axis] += sign
                    if periodic and lengths[axis] > 2:
                        other[axis] %= lengths[axis]
                if all(0 <= x < length for x, length in zip(other, lengths)):
                    a, b = (sum(x * s for x, s in zip(place, strides)) for place in (site, other))
                    found.add((min(a, b), max(a, b)))
    return tuple(sorted(found))

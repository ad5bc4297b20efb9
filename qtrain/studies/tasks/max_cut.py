"""The largest cut of a graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import Count, Edges
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

RANDOM = ("uniform", "gaussian", "signs")


def _weights(value: Any) -> Any:
    if isinstance(value, str) and value in RANDOM:
        return value
    values = np.asarray(value, dtype=object).ravel().tolist() if not isinstance(value, str) else [value]
    if not values or any(isinstance(w, bool) or not isinstance(w, (int, float)) or w - w != 0 for w in values):
        raise ValueError(f"should be a list of finite numbers, or one of {', '.join(map(repr, RANDOM))}")
    return tuple(map(float, values))


Weights = Annotated[
    Any,
    BeforeValidator(_weights),
    WithJsonSchema({"anyOf": [{"enum": list(RANDOM)}, {"type": "array", "items": {"type": "number"}}]}),
]


@register_task
class MaxCutTask(TaskModel):
    """Largest cut of a graph: ``edges`` (or a networkx graph), or a random regular graph of ``degree`` and ``seed``.

    ``weights``: one for each edge in the order of ``edges`` (a networkx graph brings its own: "weight" of its edges),
    or random ones by ``seed``: "uniform" in [0, 1], "gaussian", or "signs" (±1).
    """

    kind: Literal["maxcut"]
    edges: Edges | None = None
    weights: Weights | None = None
    degree: Count = 3
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _weighted_graph(cls, data: Any) -> Any:
        """Weights of a networkx graph, in the order in which its edges are read."""
        graph: Any = data.get("edges") if isinstance(data, Mapping) else None
        if not hasattr(graph, "adjacency") or data.get("weights") is not None:
            return data
        index = {node: i for i, node in enumerate(sorted(graph.nodes, key=str))}
        found = {tuple(sorted((index[a], index[b]))): w for a, b, w in graph.edges(data="weight") if a != b}
        if all(w is None for w in found.values()):
            return data
        return {**data, "weights": [1.0 if found[pair] is None else found[pair] for pair in sorted(found)]}

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        if self.edges is not None and max(max(e) for e in self.edges) >= num_qubits:
            raise QTrainError(
                f"task.edges should join nodes 0 to {num_qubits - 1}. Got {max(max(e) for e in self.edges)}."
            )
        if self.edges is None and (num_qubits * self.degree % 2 or self.degree >= num_qubits):
            raise QTrainError(f"task.degree times qubits should be even, and degree below qubits. Got {self.degree}.")
        count = num_qubits * self.degree // 2 if self.edges is None else len(self.edges)
        if isinstance(self.weights, tuple) and len(self.weights) != count:
            raise QTrainError(f"task.weights should be {count}, one for each edge. Got {len(self.weights)}.")

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        pairs = self.edges or random_regular(self.degree, num_qubits, self.seed)
        task = ground_state(self.kind, max_cut(pairs, num_qubits, self._drawn(len(pairs))))
        cut = {} if task.lowest is None else {"max_cut": -task.lowest}
        return dataclasses.replace(task, references=task.references | cut)

    def _drawn(self, count: int) -> Sequence[float] | None:
        rng = np.random.default_rng(self.seed)
        if self.weights == "uniform":
            return rng.uniform(size=count).tolist()
        if self.weights == "gaussian":
            return rng.normal(size=count).tolist()
        return rng.choice([-1.0, 1.0], count).tolist() if self.weights == "signs" else self.weights


def max_cut(edges: Any, n: int, weights: Sequence[float] | None = None) -> SparsePauliOp:
    """−Σ w (1 − Z_a Z_b)/2: its lowest value is minus the largest cut. Without weights each edge counts once.

    Example:
        >>> max_cut([(0, 1), (1, 2), (0, 2)], 3).to_list()[0]
        ('III', (-1.5+0j))
    """
    from qiskit.quantum_info import SparsePauliOp

    pairs = [(min(e), max(e)) for e in edges]
    total = dict.fromkeys(sorted(set(pairs)), 1.0)
    if weights is not None:
        total = dict.fromkeys(total, 0.0)
        for pair, weight in zip(pairs, weights, strict=True):
            total[pair] += weight
    terms = [("", [], -0.5 * sum(total.values()))] + [("ZZ", list(e), 0.5 * w) for e, w in total.items()]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)


def random_regular(degree: int, n: int, seed: int) -> topology.Edges:
    """Edges of a connected random regular graph."""
    import networkx as nx

    for attempt in range(100):
        graph = nx.random_regular_graph(degree, n, seed=seed + 7919 * attempt)
        if nx.is_connected(graph):
            break
    return tuple(sorted((min(e), max(e)) for e in graph.edges))

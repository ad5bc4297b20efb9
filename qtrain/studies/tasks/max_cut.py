"""The largest cut of a graph."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from qtrain.architecture import topology
from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import Count, Edges
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


@register_task
class MaxCutTask(TaskModel):
    """Largest cut of a graph: ``edges`` (or a networkx graph), or a random regular graph of ``degree`` and ``seed``."""

    kind: Literal["maxcut"]
    edges: Edges | None = None
    degree: Count = 3
    seed: Annotated[int, Field(ge=0)] = 0

    def check_width(self, num_qubits: int) -> None:
        super().check_width(num_qubits)
        if self.edges is not None and max(max(e) for e in self.edges) >= num_qubits:
            raise QTrainError(
                f"task.edges should join nodes 0 to {num_qubits - 1}. Got {max(max(e) for e in self.edges)}."
            )
        if self.edges is None and (num_qubits * self.degree % 2 or self.degree >= num_qubits):
            raise QTrainError(f"task.degree times qubits should be even, and degree below qubits. Got {self.degree}.")

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        pairs = self.edges or random_regular(self.degree, num_qubits, self.seed)
        task = ground_state(self.kind, max_cut(pairs, num_qubits))
        cut = {} if task.lowest is None else {"max_cut": -task.lowest}
        return dataclasses.replace(task, references=task.references | cut)


def max_cut(edges: Any, n: int) -> SparsePauliOp:
    """−Σ (1 − Z_a Z_b)/2: its lowest value is minus the largest cut.

    Example:
        >>> max_cut([(0, 1), (1, 2), (0, 2)], 3).to_list()[0]
        ('III', (-1.5+0j))
    """
    from qiskit.quantum_info import SparsePauliOp

    unique = sorted({(min(e), max(e)) for e in edges})
    terms = [("", [], -0.5 * len(unique))] + [("ZZ", list(e), 0.5) for e in unique]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=n)


def random_regular(degree: int, n: int, seed: int) -> topology.Edges:
    """Edges of a connected random regular graph."""
    import networkx as nx

    for attempt in range(100):
        graph = nx.random_regular_graph(degree, n, seed=seed + 7919 * attempt)
        if nx.is_connected(graph):
            break
    return tuple(sorted((min(e), max(e)) for e in graph.edges))

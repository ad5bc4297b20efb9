"""Conformance of topologies."""

from __future__ import annotations

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.layer import Layer
from qtrain.architecture.topology import TOPOLOGIES, edges, graph


def check_topology(name: str, *, largest: int = 12) -> None:
    """Every number of qubits gives valid pairs, the same each time, and circuits can be built of them.

    Args:
        name: of a registered topology; ``largest``: number of qubits that is tried.

    Example:
        >>> check_topology("brickwork")
    """
    assert name in TOPOLOGIES, f"{name!r} is not registered"
    assert edges(name, 1) == (), "one qubit has no pair"
    assert any(edges(name, n) for n in range(2, largest + 1)), "some number of qubits should have a pair"
    for n in range(2, largest + 1):
        pairs = edges(name, n)
        assert pairs == tuple(TOPOLOGIES[name](n)), f"the pairs of {n} qubits should be the same each time"
        assert set(graph(name, n)) == set(range(n))
        family = Architecture((Layer(("ry",), "cz", name),), 2)
        assert Architecture.from_json(family.to_json()) == family, "an architecture with it should be kept"
        gates = family.circuit(n).count_ops().get("cz", 0)
        assert gates == 2 * len(pairs), f"{n} qubits should have a gate on each pair, twice. Got {gates}"

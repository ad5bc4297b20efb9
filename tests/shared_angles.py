"""Random circuits whose parameters drive several rotations each, and what dense grids of angles say of them."""

import math

import networkx as nx
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from qtrain.simulators.statevector import values_and_gradients

COEFFICIENTS = (0.5, 1.0, 2.0, -1.0, 1.5)


def shared_circuit(seed, n=4, weights=2, rotations=7, cliffords=6, coefficients=COEFFICIENTS, fixed=1):
    """Rotations of few parameters, Cliffords, and ``fixed`` rotations by pi/4 or by a quarter turn."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n)
    parameters = [Parameter(f"w{k}") for k in range(weights)]
    kinds = ["r"] * rotations + ["c"] * cliffords + ["f"] * fixed
    rng.shuffle(kinds)
    used = list(rng.permutation(np.arange(rotations) % weights))
    for kind in kinds:
        q, t = (int(v) for v in rng.permutation(n)[:2])
        if kind == "c":
            name = rng.choice(["h", "s", "sdg", "sx", "sxdg", "x", "y", "z", "cx", "cz", "swap"])
            getattr(circuit, name)(*([q] if name not in ("cx", "cz", "swap") else [q, t]))
            continue
        name = rng.choice(["rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx"])
        angle = parameters[used.pop()] * rng.choice(coefficients) if kind == "r" else rng.choice([np.pi / 4, np.pi / 2])
        getattr(circuit, name)(angle, *([q] if len(name) == 2 else [q, t]))
    return circuit


def qaoa(graph, layers, weights=None):
    """MaxCut QAOA and H = 1/2 sum w ZZ; ``weights``: of the edges, in order."""
    n = graph.number_of_nodes()
    shares = np.ones(graph.number_of_edges()) if weights is None else np.asarray(weights, float)
    circuit = QuantumCircuit(n)
    circuit.h(range(n))
    for layer in range(layers):
        gamma, beta = Parameter(f"gamma{layer}"), Parameter(f"beta{layer}")
        for (a, b), w in zip(graph.edges, shares, strict=True):
            circuit.rzz(float(w) * gamma, a, b)
        for q in range(n):
            circuit.rx(2 * beta, q)
    terms = [("ZZ", list(edge), 0.5 * w) for edge, w in zip(graph.edges, shares, strict=True)]
    return circuit, SparsePauliOp.from_sparse_list(terms, n)


def triangle_free(n, seed=0):
    """A random 3-regular graph without triangles."""
    while True:
        graph = nx.random_regular_graph(3, n, seed=seed)
        if not any(nx.triangles(graph).values()):
            return graph
        seed += 1


def dense_moments(program, observable, frequencies):
    """E f, E f^2, E df, E (df)^2 over full periods, by plain averages over a grid.

    Args:
        frequencies: (unit, highest multiple) of each weight; squares have twice the highest.
    """
    axes = [2 * math.pi / float(unit) * np.arange(4 * k + 2) / (4 * k + 2) for unit, k in frequencies]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    f, g = values_and_gradients(program, observable, points)
    return f.mean(), (f**2).mean(), g.mean(axis=0), (g**2).mean(axis=0)

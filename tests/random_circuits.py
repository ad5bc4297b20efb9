"""Random circuits and observables of the kinds that Pauli paths treat."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, random_pauli_list


def random_circuit(seed, n=3, rotations=4, gates=8, first_cliffords=True):
    """Random Cliffords and independent one- and two-qubit rotations."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n)
    kinds = ["r"] * rotations + ["c"] * gates
    rng.shuffle(kinds)
    if first_cliffords:
        kinds = ["c", "c", *kinds]
    count = 0
    for kind in kinds:
        q, t = (int(v) for v in rng.permutation(n)[:2])
        if kind == "r":
            name = rng.choice(["rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx"])
            theta = Parameter(f"t{count:02d}")
            count += 1
            getattr(circuit, name)(theta, *([q] if len(name) == 2 else [q, t]))
        else:
            name = rng.choice(["h", "s", "sdg", "sx", "sxdg", "x", "y", "z", "cx", "cz", "swap"])
            getattr(circuit, name)(*([q] if name not in ("cx", "cz", "swap") else [q, t]))
    return circuit


def random_observable(seed, n=3, terms=4):
    rng = np.random.default_rng(seed)
    labels = [
        p for p in random_pauli_list(n, terms, seed=seed, phase=False).to_labels() if set(p) != {"I"}
    ] or ["Z" * n]
    terms = len(labels)
    return SparsePauliOp(labels, rng.normal(size=terms)).simplify()


def echo(n, layers, seed):
    """A scrambler of drawn gates, a probe, the scrambler undone: parameters ``w000`` on, a layer n, and ``theta``."""
    rng, forward, count = np.random.default_rng(seed), QuantumCircuit(n), 0
    for _ in range(layers):
        for q in range(n):
            getattr(forward, rng.choice(["rx", "ry", "rz"]))(Parameter(f"w{count:03d}"), q)
            count += 1
        for _ in range(2):
            places = rng.permutation(n)
            for a, b in zip(places[::2], places[1::2]):
                getattr(forward, rng.choice(["cx", "cz"]))(int(a), int(b))
    circuit = forward.copy()
    circuit.ry(Parameter("theta"), int(rng.integers(n)))
    return circuit.compose(forward.inverse())

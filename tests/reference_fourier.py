"""Second moments of circuits with few shared angles, by their whole Fourier series on a dense grid: slow, obvious."""

from __future__ import annotations

import itertools

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import XXPlusYYGate
from reference import values

UNIT = 0.25  # every frequency of these circuits is a whole multiple of it
LARGEST_GRID = 3000


def shared_circuit(rng, num_qubits, num_weights, num_gates):
    """Random gates of all kinds by few weights: halves and multiples, offsets, controlled, T gates between."""
    weights = [Parameter(f"t{k}") for k in range(num_weights)]
    circuit = QuantumCircuit(num_qubits)
    for _ in range(num_gates):
        kind = rng.integers(8)
        weight = weights[rng.integers(num_weights)]
        pair = [int(q) for q in rng.choice(num_qubits, min(2, num_qubits), replace=False)]
        if kind == 0 or num_qubits == 1:
            getattr(circuit, rng.choice(["h", "s", "sx", "t", "x"]))(pair[0])
        elif kind == 1:
            getattr(circuit, rng.choice(["cx", "cz", "swap"]))(*pair)
        if kind in (2, 3) or num_qubits == 1:
            offset = float(rng.choice([0.0, 0.0, 0.3]))
            getattr(circuit, rng.choice(["rx", "ry", "rz"]))(weight + offset, pair[0])
        elif kind in (4, 5):
            factor = float(rng.choice([1.0, -1.0, 0.5, 2.0, 1.5]))
            getattr(circuit, rng.choice(["rxx", "ryy", "rzz", "rzx"]))(factor * weight, *pair)
        elif kind == 6:
            getattr(circuit, rng.choice(["crx", "cry", "crz", "cp"]))(weight, *pair)
        elif kind == 7:
            circuit.append(XXPlusYYGate(weight), pair)
    return circuit


def series(program, observable, frequencies):
    """{whole frequencies: coefficient} of f, in units of UNIT; None where the grid would be large.

    frequencies: (weights,) bounds, in units of UNIT.
    """
    sizes = [2 * int(k) + 1 for k in frequencies]
    if np.prod(sizes, dtype=float) > LARGEST_GRID:
        return None
    axes = [2 * np.pi / UNIT * np.arange(size) / size for size in sizes]
    costs = values(program, observable, np.array(list(itertools.product(*axes))))
    found = np.fft.fftn(costs.reshape(sizes)) / len(costs)
    places = itertools.product(*(np.fft.fftfreq(size, 1 / size).round().astype(int) for size in sizes))
    return {place: c for place, c in zip(places, found.ravel()) if abs(c) > 1e-14}


def moments(terms, characteristic, num_weights):
    """E f, E f^2 and E (df/dtheta_k)^2, where characteristic(frequency) = E e^(i frequency theta)."""
    keys = UNIT * np.array(list(terms), float).reshape(len(terms), num_weights)
    amounts = np.array(list(terms.values()))
    mean = float((amounts * characteristic(keys).prod(axis=1)).sum().real)
    both = characteristic(keys[:, None] + keys[None]).prod(axis=2) * amounts[:, None] * amounts[None]
    slopes = [-(both * keys[:, None, k] * keys[None, :, k]).sum().real for k in range(num_weights)]
    return mean, float(both.sum().real), np.array(slopes)

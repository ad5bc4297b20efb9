"""All gradients of a unitary coupled-cluster circuit: amplitudes of its sector against PennyLane's adjoint gradient.

python experiments/benchmarks/sectors.py
"""

from __future__ import annotations

import itertools
import json
import time

import numpy as np
from peers import environment, forget_peak, peak_mb, run

import qtrain

PENNYLANE = """
import json, sys, time, numpy as np, pennylane as qml
n, particles = map(int, sys.argv[1:3])
moves, terms, angles = (json.loads(text) for text in sys.argv[3:6])
device = qml.device("lightning.qubit", wires=n)
observable = qml.Hamiltonian(
    [c for _, _, c in terms],
    [qml.prod(*(getattr(qml, "Pauli" + p)(q) for p, q in zip(letters, qubits))) for letters, qubits, _ in terms],
)
@qml.qnode(device, diff_method="adjoint")
def cost(weights):
    qml.BasisState(np.array([1] * particles + [0] * (n - particles)), wires=range(n))
    for weight, wires in zip(weights, moves):
        (qml.SingleExcitation if len(wires) == 2 else qml.DoubleExcitation)(weight, wires=wires)
    return qml.expval(observable)
weights = qml.numpy.array(angles, requires_grad=True)
gradient = qml.grad(cost)
found = gradient(weights)
seconds = []
for _ in range(3):
    start = time.perf_counter(); found = gradient(weights); seconds.append(time.perf_counter() - start)
print(json.dumps({"value": float(cost(weights)), "gradient": np.asarray(found).tolist(), "seconds": min(seconds)}))
"""


def excitations(n: int, particles: int) -> list[list[int]]:
    """Singles and doubles that keep the spin, even sites up: created sites, then destroyed ones."""
    full, empty = range(particles), range(particles, n)
    singles = [[a, i] for i in full for a in empty if (a - i) % 2 == 0]
    pairs = itertools.product(itertools.combinations(full, 2), itertools.combinations(empty, 2))
    return singles + [[a, b, i, j] for (i, j), (a, b) in pairs if a % 2 + b % 2 == i % 2 + j % 2]


def circuit_of(n: int, particles: int, moves: list[list[int]]):  # type: ignore[no-untyped-def]
    """A rotation of |1..0..> into |0..1..> for each move, as an evolution under its 2 or 8 Pauli strings."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector
    from qiskit.circuit.library import PauliEvolutionGate
    from qiskit.quantum_info import SparsePauliOp

    circuit, angles = QuantumCircuit(n), ParameterVector("t", len(moves))
    circuit.x(range(particles))
    for angle, qubits in zip(angles, moves):
        half = len(qubits) // 2
        operator = SparsePauliOp([""])
        for k in range(len(qubits)):  # qubit k of the gate is the last letter but k
            operator = SparsePauliOp(["X", "Y"], [0.5, -0.5j if k < half else 0.5j]).tensor(operator)
        circuit.append(PauliEvolutionGate((0.5j * (operator - operator.adjoint())).simplify(), angle), qubits)
    return circuit


def main() -> None:
    from qiskit.quantum_info import SparsePauliOp

    binary = environment("pennylane")
    for n in (12, 16, 20):
        particles, rng = n // 2, np.random.default_rng(0)
        moves = excitations(n, particles)
        terms = [
            [letters, [q, q + 2], float(rng.normal())] for q in range(n - 2) for letters in ("ZZ", "XX", "YY")
        ]
        weights = rng.uniform(-0.5, 0.5, len(moves))
        observable = SparsePauliOp.from_sparse_list([tuple(term) for term in terms], n)
        forget_peak()
        start = time.perf_counter()
        found = qtrain.simulability(circuit_of(n, particles, moves), observable).surrogates["symmetry sector"]
        value, gradient = found.value_and_gradient(weights)
        first, seconds = time.perf_counter() - start, []
        for _ in range(3):
            start = time.perf_counter()
            value, gradient = found.value_and_gradient(weights)
            seconds.append(time.perf_counter() - start)
        own = min(seconds)
        line = (
            f"UCCSD, {n} spin orbitals, {len(moves)} angles: qtrain {own * 1e3:.1f} ms (first {first:.1f} s"
        )
        line += f", {peak_mb():.0f} MB)"
        if binary is not None and n < 20:
            peer = run(
                binary, PENNYLANE, n, particles, *(json.dumps(x) for x in (moves, terms, weights.tolist()))
            )
            if peer is not None:
                error = max(
                    abs(peer["value"] - value), float(np.abs(np.array(peer["gradient"]) - gradient).max())
                )
                ratio = f"{peer['seconds'] / own:.0f} times"
                line += f", lightning {peer['seconds'] * 1e3:.1f} ms ({ratio}), apart {error:.1e}"
        print(line, flush=True)


if __name__ == "__main__":
    main()

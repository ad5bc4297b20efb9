"""All gradients of 200 angle vectors of MaxCut QAOA, against PennyLane's adjoint method and Aer's parameter shift.

python experiments/benchmarks/qaoa.py [--qubits 20]

Two answers of qtrain: the statevector, which asks nothing of the circuit, and the quickest of the certified evaluators
that `simulability` finds for this one. Peers are slow: lightning is asked for 8 vectors, Aer for one, and their best
time is scaled to 200. Aer has no gradients: every gate gets an angle of its own and is shifted by +-pi/2, all in one
job of its estimator.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from peers import environment, forget_peak, peak_mb, run

import qtrain

VECTORS, LAYERS = 200, 2

PENNYLANE = """
import json, sys, time, numpy as np, pennylane as qml
n, edges, angles, count = int(sys.argv[1]), *(json.loads(text) for text in sys.argv[2:4]), int(sys.argv[4])
device = qml.device("lightning.qubit", wires=n)
observable = qml.Hamiltonian([0.5] * len(edges), [qml.PauliZ(a) @ qml.PauliZ(b) for a, b in edges])
@qml.qnode(device, diff_method="adjoint")
def cost(angles):
    for q in range(n): qml.Hadamard(q)
    for layer in range(len(angles) // 2):
        for a, b in edges: qml.IsingZZ(angles[2 * layer], wires=[a, b])
        for q in range(n): qml.RX(angles[2 * layer + 1], wires=q)
    return qml.expval(observable)
gradient = qml.grad(cost)
points = [qml.numpy.array(row, requires_grad=True) for row in angles]
found, seconds = [], []
for point in points[: count + 1]:  # the first is not counted
    start = time.perf_counter(); found.append(gradient(point).tolist()); seconds.append(time.perf_counter() - start)
print(json.dumps({"gradients": found, "seconds": min(seconds[1:])}))
"""

AER = """
import json, sys, time, numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer.primitives import EstimatorV2
n, edges, angles, threads = int(sys.argv[1]), *(json.loads(text) for text in sys.argv[2:4]), int(sys.argv[4])
layers, gates = len(angles[0]) // 2, len(edges) + n
circuit, free = QuantumCircuit(n), ParameterVector("a", layers * gates)
angle, owner = iter(free), []
circuit.h(range(n))
for layer in range(layers):
    for a, b in edges: circuit.rzz(next(angle), a, b); owner.append(2 * layer)
    for q in range(n): circuit.rx(next(angle), q); owner.append(2 * layer + 1)
observable = SparsePauliOp.from_sparse_list([("ZZ", edge, 0.5) for edge in edges], n)
estimator = EstimatorV2(options={"backend_options": {"method": "statevector", "max_parallel_threads": threads}})
def gradient(point):
    center = np.array(point)[owner]
    shifts = np.concatenate([np.eye(len(owner)), -np.eye(len(owner))]) * np.pi / 2
    values = estimator.run([(circuit, observable, center + shifts)], precision=0.0).result()[0].data.evs
    return np.bincount(owner, (values[: len(owner)] - values[len(owner) :]) / 2)
estimator.run([(circuit, observable, np.array(angles[0])[owner])], precision=0.0).result()
start = time.perf_counter()
found = gradient(angles[0])
print(json.dumps({"gradients": [found.tolist()], "seconds": time.perf_counter() - start}))
"""


def edges_of(n: int) -> list[list[int]]:
    """A random 3-regular graph: three perfect matchings without a common edge."""
    rng = np.random.default_rng(7)
    while True:
        found = {tuple(sorted(map(int, pair))) for _ in range(3) for pair in rng.permutation(n).reshape(-1, 2)}
        if len(found) == 3 * n // 2:
            return [list(edge) for edge in sorted(found)]


def circuit_of(n: int, edges: list[list[int]]):  # type: ignore[no-untyped-def]
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    circuit, angles = QuantumCircuit(n), ParameterVector("a", 2 * LAYERS)
    circuit.h(range(n))
    for layer in range(LAYERS):
        for a, b in edges:
            circuit.rzz(angles[2 * layer], a, b)
        circuit.rx(angles[2 * layer + 1], range(n))
    return circuit


def main() -> None:
    from qiskit.quantum_info import SparsePauliOp

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qubits", type=int, default=20)
    n = parser.parse_args().qubits
    edges = edges_of(n)
    observable = SparsePauliOp.from_sparse_list([("ZZ", edge, 0.5) for edge in edges], n)
    circuit = circuit_of(n, edges)
    angles = np.random.default_rng(0).uniform(0, np.pi, (VECTORS, 2 * LAYERS))
    program = qtrain.lower(circuit)
    qtrain.values_and_gradients(program, observable, angles[:8], num_threads=1)
    forget_peak()
    start = time.perf_counter()
    _, gradients = qtrain.values_and_gradients(program, observable, angles, num_threads=1)
    own = time.perf_counter() - start
    title = f"qaoa p={LAYERS} n={n}, all gradients of {VECTORS} angle vectors"
    print(f"{title}: qtrain's statevector {own:.1f} s; peak {peak_mb():.0f} MB", flush=True)
    start = time.perf_counter()
    surrogates = qtrain.simulability(circuit, observable).surrogates
    first, name, own_each = time.perf_counter() - start, "", float("inf")
    for method, surrogate in surrogates.items():
        surrogate.value_and_gradient(angles[0])
        begun = time.perf_counter()
        surrogate.value_and_gradient(angles[1])
        if time.perf_counter() - begun < own_each:
            own_each, name = time.perf_counter() - begun, method
    start = time.perf_counter()
    rows = [surrogates[name].value_and_gradient(point)[1] for point in angles]
    short = time.perf_counter() - start
    apart = np.abs(np.array(rows) - gradients).max()
    found_in = f"found in {first:.1f} s; apart {apart:.1e}"
    print(f"{title}: qtrain's quickest certified evaluator ({name}) {short:.2f} s, {found_in}")
    for peer, code, count in (("pennylane", PENNYLANE, 8), ("aer", AER, 1)):
        binary = environment(peer)
        if binary is None:
            continue
        found = run(binary, code, n, json.dumps(edges), json.dumps(angles.tolist()), count, timeout=900)
        if found is None:
            continue
        apart = np.abs(np.array(found["gradients"]) - gradients[: len(found["gradients"])]).max()
        whole = found["seconds"] * VECTORS
        print(
            f"{title}: {peer} {whole:.0f} s ({count} measured): {whole / own:.1f} times the statevector, "
            f"{whole / short:.0f} times the evaluator; apart {apart:.1e}; peak {found['peak_mb']:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()

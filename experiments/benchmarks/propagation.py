"""Expectation values far from the statevector: Pauli propagation against pauli-prop, Clifford samples against stim.

python experiments/benchmarks/propagation.py
"""

from __future__ import annotations

import time

import numpy as np
from peers import environment, forget_peak, peak_mb, run

import qtrain
from qtrain import catalogue

PAULI_PROP = """
import json, sys, time, numpy as np
from qiskit import qpy
from qiskit.quantum_info import SparsePauliOp
from pauli_prop import propagate_through_circuit
circuit = qpy.load(open(sys.argv[1], "rb"))[0]
angles = np.array(json.loads(sys.argv[2]))
operator = SparsePauliOp(sys.argv[3])
def value(row):
    bound = circuit.assign_parameters(row)
    start = time.perf_counter()
    found, _ = propagate_through_circuit(operator, bound, max_terms=5_000, atol=0.0, frame="h")
    keep = ~found.paulis.x.any(axis=1)
    result = float(found.coeffs[keep].real.sum())
    return result, time.perf_counter() - start
value(angles[0])
found = [value(row) for row in angles]
print(json.dumps({"values": [v for v, _ in found], "seconds": float(np.median([t for _, t in found]))}))
"""

STIM = """
import json, sys, time, random, stim
n, reps, count = map(int, sys.argv[1:4])
observable = stim.PauliString("_" * (n - 1) + "Z")
turns = {"Y": [None, "SQRT_Y", "Y", "SQRT_Y_DAG"], "Z": [None, "S", "Z", "S_DAG"]}
entangle = " ".join(f"{q} {q + 1}" for q in range(n - 1))
def sample():
    lines = []
    for layer in range(reps + 1):
        for axis in "YZ":
            for q in range(n):
                gate = turns[axis][random.getrandbits(2)]
                if gate: lines.append(f"{gate} {q}")
        if layer < reps: lines.append(f"CX {entangle}")
    simulator = stim.TableauSimulator()
    simulator.do_circuit(stim.Circuit("\\n".join(lines)))
    return simulator.peek_observable_expectation(observable) ** 2
sample()
start = time.perf_counter()
mean = sum(sample() for _ in range(count)) / count
print(json.dumps({"seconds": (time.perf_counter() - start) / count, "mean": mean}))
"""


def propagation(folder: str) -> None:
    """The same exact expectation values at the same angles."""
    from qiskit import qpy

    binary = environment("pauli-prop")
    for n, reps in ((40, 1), (40, 2), (100, 2)):
        circuit = catalogue.brickwork(reps=reps).circuit(n)
        observable = "I" * (n // 2) + "Z" + "I" * (n - n // 2 - 1)
        angles = np.random.default_rng(0).uniform(-np.pi, np.pi, (8, circuit.num_parameters))
        forget_peak()
        start = time.perf_counter()
        surrogate = qtrain.simulability(circuit, observable).surrogate
        surrogate.value(angles[0])
        compiled = time.perf_counter() - start
        start = time.perf_counter()
        ours = np.array([surrogate.value(row) for row in angles])
        seconds = (time.perf_counter() - start) / len(angles)
        memory = peak_mb()
        path = f"{folder}/circuit.qpy"
        with open(path, "wb") as file:
            qpy.dump(circuit, file)
        found = run(binary, PAULI_PROP, path, angles.tolist(), observable) if binary else None
        if found is None:
            continue
        same = np.max(np.abs(np.array(found["values"]) - ours))
        print(
            f"propagation n={n} brickwork x {reps}: {seconds * 1e3:.3f} ms a value after {compiled:.2f} s once "
            f"({type(surrogate).__name__}), pauli-prop {found['seconds'] * 1e3:.3f} ms: ratio "
            f"{found['seconds'] / seconds:.1f}; largest difference {same:.1e}; peak {memory:.0f} and {found['peak_mb']:.0f} MB"
        )


def clifford_samples() -> None:
    """Second moment of the cost over random Clifford angles: paths give every parameter's as well, stim the cost's."""
    from qiskit.circuit.library import efficient_su2

    n, reps, samples = 100, 10, 20_000_000
    circuit = efficient_su2(n, reps=reps, entanglement="linear")
    observable = "Z" + "I" * (n - 1)
    qtrain.gradient_variance(circuit, observable, method="paths", samples=2048)
    forget_peak()
    start = time.perf_counter()
    stats = qtrain.gradient_variance(circuit, observable, method="paths", samples=samples)
    ours = (time.perf_counter() - start) / samples
    memory = peak_mb()
    binary = environment("stim")
    found = run(binary, STIM, n, reps, 200) if binary else None
    if found:
        print(
            f"Clifford samples n={n} layers={reps}: {ours * 1e6:.3g} us a path (all {circuit.num_parameters} parameters; Var f "
            f"{stats.cost_variance:.2g}), stim {found['seconds'] * 1e6:.3g} us a sample (cost alone): ratio "
            f"{found['seconds'] / ours:.3g}; peak {memory:.0f} and {found['peak_mb']:.0f} MB"
        )


def main() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        propagation(folder)
    clifford_samples()


if __name__ == "__main__":
    main()

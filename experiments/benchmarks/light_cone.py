"""Light cone of every parameter against Qiskit's LightCone pass, n = 100, 50 layers.

python experiments/benchmarks/light_cone.py
"""

from __future__ import annotations

import time

from qiskit.circuit.library import efficient_su2
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import LightCone

import qtrain
from qtrain.program import lower


def main() -> None:
    n, layers = 100, 50
    circuit = efficient_su2(n, reps=layers, entanglement="linear")
    observable = "Z" + "I" * (n - 1)
    qtrain.light_cone(efficient_su2(2, reps=1), "ZI")
    start = time.perf_counter()
    cone = qtrain.light_cone(circuit, observable)
    ours = time.perf_counter() - start
    program = lower(circuit)
    start = time.perf_counter()
    qtrain.light_cone(program, observable)
    alone = time.perf_counter() - start
    start = time.perf_counter()
    reduced = PassManager([LightCone("Z", [n - 1])]).run(circuit)
    theirs = time.perf_counter() - start
    print(
        f"light cone n={n} layers={layers}: {ours * 1e3:.0f} ms from a QuantumCircuit, {alone * 1e3:.1f} ms from a program, {int(cone.effective.sum())} of {circuit.num_parameters} "
        f"parameters kept; Qiskit's pass {theirs:.1f} s, {reduced.num_parameters} kept: ratios {theirs / ours:.0f} and {theirs / alone:.0f} (goal 100)"
    )


if __name__ == "__main__":
    main()

"""Light cone of every parameter against Qiskit's LightCone pass, n = 100, 50 layers.

The pass takes from 0.4 s to minutes with the observable and the order of the entanglers, so both are varied.

python experiments/benchmarks/light_cone.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from peers import forget_peak, peak_mb
from qiskit.circuit.library import efficient_su2
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import LightCone

import qtrain


def best(work: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    seconds, result = float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, result


def main() -> None:
    n, layers = 100, 50
    whole, lowered = [], []
    for entanglement in ("linear", "reverse_linear"):
        circuit = efficient_su2(n, reps=layers, entanglement=entanglement)
        program = qtrain.lower(circuit)
        for name, qubits in (("first Z", [n - 1]), ("middle Z", [n // 2]), ("last Z", [0]), ("Z on all", list(range(n)))):
            observable = "".join("Z" if q in qubits else "I" for q in reversed(range(n)))
            forget_peak()
            ours, cone = best(lambda circuit=circuit, o=observable: qtrain.light_cone(circuit, o))
            alone, _ = best(lambda program=program, o=observable: qtrain.light_cone(program, o))
            memory = peak_mb()
            forget_peak()
            theirs, reduced = best(lambda c=circuit, q=qubits: PassManager([LightCone("Z" * len(q), q)]).run(c), 1)
            whole.append(theirs / ours)
            lowered.append(theirs / alone)
            print(
                f"light cone n={n} layers={layers}, {entanglement}, {name}: {ours * 1e3:.1f} ms from a QuantumCircuit, "
                f"{alone * 1e3:.1f} ms from a program, {int(cone.effective.sum())} of {circuit.num_parameters} parameters kept; "
                f"Qiskit's pass {theirs:.1f} s, {reduced.num_parameters} kept: ratios {whole[-1]:.0f} and {lowered[-1]:.0f} (goal 100); "
                f"peak {memory:.0f} and {peak_mb():.0f} MB",
                flush=True,
            )
    print(
        f"light cone, {len(whole)} cases: from a QuantumCircuit median {statistics.median(whole):.0f}, {min(whole):.0f} to {max(whole):.0f}; "
        f"from a program median {statistics.median(lowered):.0f}, {min(lowered):.0f} to {max(lowered):.0f}"
    )


if __name__ == "__main__":
    main()

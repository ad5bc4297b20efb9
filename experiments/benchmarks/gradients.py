"""Gradient variances: paths against adjoint differentiation, one thread each, in one run.

python experiments/benchmarks/gradients.py [--quick]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from peers import environment, forget_peak, peak_mb, run
from qiskit.circuit.library import efficient_su2

import qtrain

ANSATZ = """
def ansatz(n, reps):
    "efficient_su2(n, reps, linear): (name, qubit, parameter or target) in time order"
    gates, k = [], 0
    for layer in range(reps + 1):
        for name in ("ry", "rz"):
            for q in range(n):
                gates.append((name, q, k)); k += 1
        if layer < reps:
            for q in range(n - 1):
                gates.append(("cx", q, q + 1))
    return gates, k
"""

QULACS = (
    ANSATZ
    + """
import json, sys, time, numpy as np
from qulacs import ParametricQuantumCircuit, Observable
n, reps, count = map(int, sys.argv[1:4])
gates, k = ansatz(n, reps)
circuit = ParametricQuantumCircuit(n)
for name, q, t in gates:
    if name == "ry": circuit.add_parametric_RY_gate(q, 0.0)
    elif name == "rz": circuit.add_parametric_RZ_gate(q, 0.0)
    else: circuit.add_CNOT_gate(q, t)
observable = Observable(n); observable.add_operator(1.0, f"Z {n - 1}")
rng = np.random.default_rng(0)
def gradient():
    for i, v in enumerate(rng.uniform(0, 2 * np.pi, k)): circuit.set_parameter(i, v)
    return circuit.backprop(observable)
gradient()
start = time.perf_counter()
for _ in range(count): gradient()
print(json.dumps({"seconds": (time.perf_counter() - start) / count}))
"""
)

LIGHTNING = (
    ANSATZ
    + """
import json, sys, time, numpy as np, pennylane as qml
n, reps, count = map(int, sys.argv[1:4])
gates, k = ansatz(n, reps)
device = qml.device("lightning.qubit", wires=n)
@qml.qnode(device, diff_method="adjoint")
def cost(p):
    for name, q, t in gates:
        if name == "ry": qml.RY(p[t], wires=q)
        elif name == "rz": qml.RZ(p[t], wires=q)
        else: qml.CNOT(wires=[q, t])
    return qml.expval(qml.PauliZ(n - 1))
gradient = qml.grad(cost)
rng = np.random.default_rng(0)
draw = lambda: qml.numpy.array(rng.uniform(0, 2 * np.pi, k), requires_grad=True)
gradient(draw())
start = time.perf_counter()
for _ in range(count): gradient(draw())
print(json.dumps({"seconds": (time.perf_counter() - start) / count}))
"""
)

MINDQUANTUM = (
    ANSATZ
    + """
import json, sys, time, numpy as np
from mindquantum.core.circuit import Circuit
from mindquantum.core.gates import RX, RY, RZ, X
from mindquantum.core.operators import Hamiltonian, QubitOperator
from mindquantum.simulator import Simulator
n, reps, count = map(int, sys.argv[1:4])
gates, k = ansatz(n, reps)
circuit = Circuit()
for name, q, t in gates:
    if name == "ry": circuit += RY(f"p{t}").on(q)
    elif name == "rz": circuit += RZ(f"p{t}").on(q)
    else: circuit += X.on(t, q)
function = Simulator("mqvector", n).get_expectation_with_grad(Hamiltonian(QubitOperator(f"Z{n - 1}")), circuit)
rng = np.random.default_rng(0)
function(rng.uniform(0, 2 * np.pi, k))
start = time.perf_counter()
for _ in range(count): function(rng.uniform(0, 2 * np.pi, k))
print(json.dumps({"seconds": (time.perf_counter() - start) / count}))
"""
)

PEERS = {"qulacs": QULACS, "pennylane": LIGHTNING, "mindquantum": MINDQUANTUM}


def circuit(n: int, reps: int):  # noqa: ANN201
    return efficient_su2(n, reps=reps, entanglement="linear")


def last_z(n: int) -> str:
    return "Z" + "I" * (n - 1)


def best_adjoint(n: int, reps: int, count: int) -> tuple[str, float, float] | None:
    """(peer, seconds a gradient, MB) of the fastest peer."""
    found = {}
    for peer, code in PEERS.items():
        binary = environment(peer)
        outcome = run(binary, code, n, reps, count) if binary else None
        if outcome:
            found[peer] = outcome["seconds"], outcome["peak_mb"]
    if not found:
        return None
    name = min(found, key=lambda peer: found[peer][0])
    return name, *found[name]


def path_rates() -> None:
    """Paths a second, every parameter counted, one core."""
    for n, goal, samples in ((1000, 1e6, 4_000_000), (100, 1e7, 40_000_000)):
        source = circuit(n, 10)
        for name, observable in (("last Z", last_z(n)), ("Z on all", "Z" * n)):
            qtrain.gradient_variance(source, observable, method="paths", samples=2048)
            forget_peak()
            start = time.perf_counter()
            qtrain.gradient_variance(source, observable, method="paths", samples=samples)
            seconds = time.perf_counter() - start
            print(
                f"paths  n={n:5d} layers=10 {name:9s} {samples / seconds:10.3g} paths/s (goal {goal:g}), whole call; peak {peak_mb():.0f} MB"
            )


def profiles(sizes: tuple[int, ...]) -> None:
    """Full variance profile at 5 % standard error on the median parameter."""
    for n in sizes:
        source = circuit(n, n)
        qtrain.gradient_variance(source, last_z(n), method="paths", samples=2048)  # kernels loaded, as the peers'
        forget_peak()
        start = time.perf_counter()
        stats = qtrain.gradient_variance(source, last_z(n), method="paths", seed=1)
        ours = time.perf_counter() - start
        memory = peak_mb()
        live = stats.variance > 0
        error = float(np.median(stats.standard_error[live] / stats.variance[live]))
        peer = best_adjoint(n, n, 3 if n > 16 else 20 if n > 12 else 100)
        if peer is None:
            continue
        # samples a sampler needs: relative error of a variance is sqrt((kurtosis - 1) / N)
        probe = qtrain.gradient_variance(
            source, last_z(n), method="statevector", samples=128 if n < 20 else 16
        )
        kurtosis = (
            float(np.median((probe.standard_error / probe.variance)[live])) ** 2 * probe.num_samples + 1
        )
        needed = (kurtosis - 1) / error**2
        print(
            f"profile n={n} reps={n}: paths {ours:.2f} s at {error:.1%} on the median parameter; {peer[0]} needs {needed:.0f} gradients "
            f"of {peer[1] * 1e3:.1f} ms = {needed * peer[1]:.0f} s: ratio {needed * peer[1] / ours:.0f} (goal 1000); "
            f"peak {memory:.0f} and {peer[2]:.0f} MB"
        )


def deep_and_small() -> None:
    """100 qubits, 50 layers, where plain paths see nothing."""
    source = circuit(100, 50)
    for name, observable, samples in (
        ("Z on all", "Z" * 100, 16),
        ("last Z", last_z(100), 16),
        ("first Z", "I" * 99 + "Z", 64),
    ):
        forget_peak()
        start = time.perf_counter()
        stats = qtrain.gradient_variance(source, observable, method="particles", samples=samples)
        seconds = time.perf_counter() - start
        bounded = stats.upper < 1e-12
        known = ~bounded & (stats.variance > 0) & (stats.standard_error <= 0.3 * stats.variance)
        rest = ~bounded & ~known
        print(
            f"deep   n=100 layers=50 {name:9s} {seconds:5.1f} s: Var f = {stats.cost_variance:.2g} +- {stats.cost_standard_error:.1g}; "
            f"certified below 1e-12: {bounded.mean():.1%} of the parameters, largest such bound {np.max(stats.upper[bounded]):.2g}; "
            f"a value to 30 %: {known.mean():.1%}, largest {np.max(stats.variance[known], initial=0):.2g}; neither: {rest.mean():.1%}, "
            f"median estimate {np.median(stats.variance[rest]) if rest.any() else 0:.2g}; peak {peak_mb():.0f} MB"
        )


def small_signals() -> None:
    """Exact sums of very small variances."""
    forget_peak()
    start = time.perf_counter()
    stats = qtrain.gradient_variance(circuit(30, 5), "Z" * 30)
    print(
        f"small  n=30 layers=5 Z on all: {stats.method}, median V = {np.median(stats.variance):.3g}, {time.perf_counter() - start:.2f} s; peak {peak_mb():.0f} MB"
    )


def seconds_per_gradient(program, observable: str, count: int, threads: int | None) -> float:  # noqa: ANN001
    """Median of five runs, the kernel loaded."""
    rng = np.random.default_rng(0)
    size = len(program.weights)
    qtrain.values_and_gradients(program, observable, rng.uniform(0, 2 * np.pi, (8, size)), num_threads=threads)
    found = []
    for _ in range(5 if count > 100 else 3):
        start = time.perf_counter()
        angles = rng.uniform(0, 2 * np.pi, (count, size))
        qtrain.values_and_gradients(program, observable, angles, num_threads=threads)
        found.append((time.perf_counter() - start) / count)
    return float(np.median(found))


def adjoint(sizes: tuple[int, ...]) -> None:
    """200 full gradients on the statevector, against the fastest peer."""
    goals = {4: 10, 8: 5, 12: 3, 16: 1.2}
    for n in sizes:
        program = qtrain.lower(circuit(n, n))
        count = 200 if n < 16 else 24
        forget_peak()
        ours, every = (seconds_per_gradient(program, last_z(n), count, threads) for threads in (1, None))
        memory = peak_mb()
        peer = best_adjoint(n, n, 200 if n < 12 else 50 if n < 16 else 5)
        if peer is None:
            continue
        print(
            f"adjoint n={n:2d} reps={n}: {ours * 1e3:.4f} ms a gradient on one thread ({every * 1e3:.4f} on all), "
            f"{peer[0]} {peer[1] * 1e3:.4f}: ratio {peer[1] / ours:.1f} (goal {goals.get(n, 1)}); "
            f"peak {memory:.0f} and {peer[2]:.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    quick = parser.parse_args().quick
    path_rates()
    small_signals()
    adjoint((4, 8) if quick else (4, 8, 12, 16))
    profiles((12,) if quick else (12, 16, 20))
    if not quick:
        deep_and_small()


if __name__ == "__main__":
    main()

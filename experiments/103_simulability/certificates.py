"""Models without a barren plateau: the certificate of each, and its evaluator against an independent one."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector

import qtrain

WIDTH, TRUNCATION = 0.12, "low-weight Pauli propagation"  # of Gaussian angles, and what follows them


def line(n: int, layers: int, ones: str, twos: list[str]) -> QuantumCircuit:
    """Layers of one-qubit and neighbouring two-qubit rotations, each with an angle of its own."""
    circuit, angles = QuantumCircuit(n), iter(ParameterVector("t", layers * (n * len(ones) + (n - 1) * len(twos))))
    for _ in range(layers):
        for q in range(n - 1):
            for name in twos:
                getattr(circuit, name)(next(angles), q, q + 1)
        for axis in ones:
            for q in range(n):
                getattr(circuit, f"r{axis}")(next(angles), q)
    return circuit


def all_alike(n: int, layers: int) -> QuantumCircuit:
    """Permutation-equivariant: ΣX, ΣY and ΣZZ over all pairs, an angle for each (2210.09974)."""
    circuit, angles = QuantumCircuit(n), ParameterVector("t", 3 * layers)
    for k in range(layers):
        for q in range(n):
            circuit.rx(angles[3 * k], q)
            circuit.ry(angles[3 * k + 1], q)
        for a in range(n):
            for b in range(a + 1, n):
                circuit.rzz(angles[3 * k + 2], a, b)
    return circuit


def mean_z(n: int) -> SparsePauliOp:
    return SparsePauliOp.from_sparse_list([("Z", [q], 1 / n) for q in range(n)], num_qubits=n)


def rows(n: int, deep: int) -> dict[str, tuple[QuantumCircuit, SparsePauliOp | str, str]]:
    """Circuit, observable, and the certificate that its structure promises."""
    network = qtrain.ConvolutionalNetwork(8)
    middle = SparsePauliOp.from_sparse_list([("ZZ", [n // 2, n // 2 + 1], 1.0)], num_qubits=n)
    return {
        "shallow and local": (efficient_su2(n, reps=1, entanglement="pairwise"), middle, "light cone"),
        "QCNN": (network.circuit(), network.observables()[0], "tensor network"),
        "small algebra (TFIM)": (line(n, 3, "x", ["rzz"]), middle, "g-sim"),
        "permutation-equivariant": (all_alike(n, 6), mean_z(n), "g-sim"),
        "matchgates": (line(n, 4, "z", ["rxx", "ryy"]), middle, "free fermion"),
        "deep and unstructured": (efficient_su2(deep, reps=deep), f"{'I' * (deep - 2)}ZZ", ""),
    }


def exact(circuit: QuantumCircuit, observable: SparsePauliOp | str, angles: np.ndarray) -> float:
    """By Qiskit's state vector."""
    operator = SparsePauliOp(observable) if isinstance(observable, str) else observable
    return float(Statevector(circuit.assign_parameters(angles)).expectation_value(operator).real)


def table(*, points: int, qubits: int, deep: int) -> dict:
    """Each model's certificate, and the largest difference of its evaluator from the state vector at random angles."""
    found, rng = {}, np.random.default_rng(0)
    for name, (circuit, observable, promised) in rows(qubits, deep).items():
        result = qtrain.simulability(circuit, observable, budget=qtrain.Budget(seconds=10))
        row = {"certified": result.simulable, "verdict": result.verdict, "qubits": circuit.num_qubits, "disagreement": None,
               "certificate": "none", "applying": sorted(c.check for c in result.certificates if c.applies)}  # fmt: skip
        if promised and promised in result.surrogates:
            surrogate = result.surrogates[promised]
            angles = rng.uniform(-np.pi, np.pi, (points, circuit.num_parameters))
            off = [abs(surrogate.value(theta) - exact(circuit, observable, theta)) for theta in angles]
            row |= {"certificate": promised, "disagreement": max(off), "certified_error": surrogate.error}
        found[name] = row
    found["small angles"] = small_angles(deep, points, rng)
    return {"models": found, "certified": sum(row["certified"] for row in found.values()), "of": len(found)}


def small_angles(deep: int, points: int, rng: np.random.Generator) -> dict:
    """A deep circuit that starts near the identity: its certificate averages the error over that start, not over all angles.

    The evaluator of the same truncation is compared on eight qubits, where a state vector can.
    """
    start, budget = f"gaussian:{WIDTH}", qtrain.Budget(seconds=60)
    result = qtrain.simulability(line(deep, deep, "xz", ["rzz"]), f"{'I' * (deep - 2)}ZI", initialization=start, budget=budget)
    applying = sorted(c.check for c in result.certificates if c.applies)
    circuit, observable = line(8, 24, "xz", ["rzz"]), "IIIIIIZI"
    surrogates = qtrain.simulability(circuit, observable, initialization=start, budget=budget).surrogates
    angles = rng.normal(0, WIDTH, (points, circuit.num_parameters))
    off = [abs(surrogates[TRUNCATION].value(theta) - exact(circuit, observable, theta)) for theta in angles]
    return {"certified": result.simulable, "verdict": result.verdict, "qubits": deep, "certificate": f"{TRUNCATION}, near its start",
            "applying": applying, "disagreement": max(off), "certified_error": surrogates[TRUNCATION].error}  # fmt: skip

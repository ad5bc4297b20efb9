"""An energy as a noisy device measures it: two circuits, one in each basis, counts of so many shots."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime import fake_provider


def ising(n: int, field: float) -> SparsePauliOp:
    pairs = [("ZZ", [q, q + 1], -1.0) for q in range(n - 1)]
    return SparsePauliOp.from_sparse_list(pairs + [("X", [q], -field) for q in range(n)], num_qubits=n)


def ansatz(n: int, reps: int) -> QuantumCircuit:
    return real_amplitudes(n, reps=reps, entanglement="linear")


class Device:
    """Aer with the noise of a fake backend.

    Attributes:
        circuits, shots: that ran so far. spread: of the energy, what relative errors are measured by.
    """

    def __init__(self, name: str, circuit: QuantumCircuit, field: float, shots: int) -> None:
        self.n, self.field, self.per_circuit = circuit.num_qubits, field, shots
        backend = getattr(fake_provider, name)()
        self.simulator = AerSimulator.from_backend(backend, method="density_matrix", max_parallel_threads=1)
        manager = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7)
        self.measured = []
        for basis in "ZX":
            whole = circuit.copy()
            if basis == "X":
                whole.h(range(self.n))
            whole.measure_all()
            self.measured.append(manager.run(whole))
        self.two_qubit_depth = self.measured[0].depth(lambda item: len(item.qubits) == 2)
        self.parameters = list(circuit.parameters)
        self.circuits = self.shots = 0

    def energies(self, points: np.ndarray, seed: int, *, shots: int | None = None, counted: bool = True) -> np.ndarray:
        """(points,) measured at each of the rows of angles."""
        shots = self.per_circuit if shots is None else shots
        binds = {p: points[:, k].tolist() for k, p in enumerate(self.parameters)}
        job = self.simulator.run(self.measured, shots=shots, parameter_binds=[binds] * 2, seed_simulator=seed)
        counts = job.result().get_counts()
        if counted:
            self.circuits += 2 * len(points)
            self.shots += 2 * len(points) * shots
        z, x = counts[: len(points)], counts[len(points) :]
        return np.array([self._ising(a) - self.field * self._sum(b) for a, b in zip(z, x, strict=True)])

    def _signs(self, counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
        bits = np.array([[int(b) for b in word] for word in counts])
        return 1 - 2 * bits, np.array(list(counts.values())) / sum(counts.values())

    def _ising(self, counts: dict[str, int]) -> float:
        signs, share = self._signs(counts)
        return float(-share @ (signs[:, 1:] * signs[:, :-1]).sum(axis=1))

    def _sum(self, counts: dict[str, int]) -> float:
        signs, share = self._signs(counts)
        return float(share @ signs.sum(axis=1))

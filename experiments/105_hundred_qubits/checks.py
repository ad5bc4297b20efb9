"""What the trained circuits are held against: lowest energies, another simulator, a device's two-qubit depth."""

from __future__ import annotations

from pathlib import Path

from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import CouplingMap
from systems import System

import qtrain


def reference(system: System, bond: int, place: Path) -> tuple[float | None, str, float]:
    """The lowest energy, where it is from, and how much it may be off: 0, or what half the bond changes."""
    if system.exact is not None:
        return system.exact, "free fermions, exact", 0.0
    if not bond:
        return None, "none", 0.0
    energies = []
    for size in (bond // 2, bond):
        path = place.with_name(f"{place.name}-bond-{size}.npz")
        if not path.exists():
            found = qtrain.ground_state(system.hamiltonian, bond=size, tolerance=1e-8, symmetry=system.symmetry)
            found.save(path)
        energies.append(qtrain.GroundState.load(path).energy)
    return energies[1], f"DMRG, bond {bond}", abs(energies[0] - energies[1])


def recheck(circuit: QuantumCircuit, hamiltonian: SparsePauliOp, bond: int) -> float:
    """The energy by Aer's matrix-product states."""
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(
        method="matrix_product_state", matrix_product_state_max_bond_dimension=bond,
        matrix_product_state_truncation_threshold=1e-12, max_parallel_threads=1,
    )  # fmt: skip
    whole = circuit.copy()
    whole.save_expectation_value(hamiltonian, range(circuit.num_qubits))
    result = simulator.run(whole).result()
    return float(result.data()["expectation_value"])


def device_cost(circuit: QuantumCircuit, edges: tuple[tuple[int, int], ...]) -> dict[str, int]:
    """Two-qubit depth and gates behind Qiskit's transpiler, in CZ gates on these couplings."""
    coupling = CouplingMap([*edges, *((b, a) for a, b in edges)])
    manager = generate_preset_pass_manager(
        optimization_level=1, coupling_map=coupling, basis_gates=["cz", "rz", "sx", "x"], seed_transpiler=7,
        initial_layout=list(range(circuit.num_qubits)),
    )  # fmt: skip
    compiled = manager.run(circuit)
    both = [item for item in compiled.data if len(item.qubits) == 2]
    return {"two_qubit_depth": compiled.depth(lambda item: len(item.qubits) == 2), "two_qubit_gates": len(both)}

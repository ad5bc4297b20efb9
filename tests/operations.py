"""One of every kind of operation that Qiskit lets one append to a circuit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Operation,
    Parameter,
    PowerModifier,
)
from qiskit.circuit import library as lib
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, random_clifford, random_unitary
from qiskit.synthesis import SuzukiTrotter

ANGLE = Parameter("q")


class ByMatrix(Gate):
    """A gate that is known by its matrix alone."""

    def __init__(self, seed: int) -> None:
        super().__init__("by_matrix", 2, [])
        self.seed = seed

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(random_unitary(4, seed=self.seed).data, dtype)


class NotARotation(Gate):
    """A gate of somebody's own under the name of a rotation: at angle 0 it is X."""

    def __init__(self) -> None:
        super().__init__("ry", 1, [0.0])

    def _define(self) -> None:
        self.definition = QuantumCircuit(1)
        self.definition.x(0)


def _block() -> QuantumCircuit:
    block = QuantumCircuit(2, name="block")
    block.h(0)
    block.cx(0, 1)
    block.ry(2 * ANGLE, 1)
    return block


SUM = SparsePauliOp(["XX", "ZZ"], [0.3, 0.7])  # commuting: its product formulas are exact
OPERATIONS: dict[str, Callable[[int], Operation]] = {
    "clifford": lambda seed: random_clifford(2, seed=seed),
    "clifford on three": lambda seed: random_clifford(3, seed=seed),
    "permutation": lambda seed: lib.PermutationGate(np.random.default_rng(seed).permutation(3)),
    "state preparation": lambda seed: lib.StatePreparation(random_unitary(4, seed=seed).data[0]),
    "unitary": lambda seed: lib.UnitaryGate(random_unitary(4, seed=seed)),
    "unitary on three": lambda seed: lib.UnitaryGate(random_unitary(8, seed=seed)),
    "operator": lambda seed: Operator(random_unitary(4, seed=seed)),
    "pauli": lambda seed: Pauli("".join(np.random.default_rng(seed).choice(list("IXYZ"), 3))),
    "pauli gate": lambda seed: lib.PauliGate("XYZ"),
    "inverse of a clifford": lambda seed: AnnotatedOperation(random_clifford(2, seed=seed), InverseModifier()),
    "controlled clifford": lambda seed: AnnotatedOperation(random_clifford(1, seed=seed), ControlModifier(1)),
    "annotated gate": lambda seed: AnnotatedOperation(lib.SGate(), [InverseModifier(), ControlModifier(1)]),
    "annotated power": lambda seed: AnnotatedOperation(lib.SGate(), PowerModifier(0.5)),
    "annotated rotation": lambda seed: AnnotatedOperation(lib.RYGate(ANGLE), ControlModifier(1)),
    "evolution": lambda seed: lib.PauliEvolutionGate(SUM, ANGLE),
    "evolution of second order": lambda seed: lib.PauliEvolutionGate(SUM, 0.3, synthesis=SuzukiTrotter(order=2)),
    "controlled evolution": lambda seed: lib.PauliEvolutionGate(SUM, 0.3).control(1),
    "composite gate": lambda seed: _block().to_gate(),
    "composite instruction": lambda seed: _block().to_instruction(),
    "controlled composite": lambda seed: _block().assign_parameters([0.2]).to_gate().control(1),
    "open control": lambda seed: lib.RYGate(ANGLE).control(1, ctrl_state=0),
    "by its matrix": lambda seed: ByMatrix(seed),
    "name of a rotation": lambda seed: NotARotation(),
    "diagonal": lambda seed: lib.DiagonalGate(np.exp(1j * np.random.default_rng(seed).normal(size=4))),
    "isometry": lambda seed: lib.Isometry(random_unitary(4, seed=seed).data[:, :2], 0, 0),
    "multiplexed rotation": lambda seed: lib.UCRYGate([0.1, 0.2]),
    "multiplexed gate": lambda seed: lib.UCGate([random_unitary(2, seed=seed).data, np.eye(2)]),
    "linear function": lambda seed: lib.LinearFunction([[1, 1], [0, 1]]),
    "fourier": lambda seed: lib.QFTGate(3),
    "many controls": lambda seed: lib.MCXGate(2),
    "many controls, phase": lambda seed: lib.MCPhaseGate(0.3, 2),
    "many targets": lambda seed: lib.MCMTGate(lib.XGate(), 2, 1),
    "toffoli": lambda seed: lib.CCXGate(),
    "swap under control": lambda seed: lib.CSwapGate(),
    "rotation vector": lambda seed: lib.RVGate(0.1, 0.2, 0.3),
    "ion gate": lambda seed: lib.MSGate(2, 0.3),
    "hamiltonian": lambda seed: lib.HamiltonianGate(np.diag([1.0, 2.0, 3.0, 5.0]), 0.3),
    "adder": lambda seed: lib.HalfAdderGate(1),
    "barrier": lambda seed: lib.Barrier(2),
    "global phase": lambda seed: lib.GlobalPhaseGate(0.2),
}


def circuit_with(name: str, seed: int) -> QuantumCircuit:
    """Rotations on every qubit, the operation at a random place, entanglers, one more rotation."""
    operation = OPERATIONS[name](seed)
    rng, n = np.random.default_rng(seed), max(3, operation.num_qubits)
    circuit = QuantumCircuit(n)
    for q in range(n):
        circuit.ry(Parameter(f"a{q}"), q)
    circuit.append(operation, rng.permutation(n)[: operation.num_qubits].tolist())
    for q in rng.permutation(n - 1).tolist():
        circuit.cx(q, q + 1)
    circuit.rx(Parameter("z"), int(rng.integers(n)))
    return circuit

"""Gates that are known by their definition alone, and parameters that stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate, Instruction

ANSATZ = "trainable_ansatz"
"""Name of the gate :class:`qtrain.TrainableAnsatz`."""


def expand(circuit: QuantumCircuit) -> QuantumCircuit:
    """Composite gates with free parameters, in their place written out; everything else stays."""
    while True:
        names = {
            item.operation.name
            for item in circuit.data
            if is_composite(item.operation) and free_parameters(item)
        }
        if not names:
            return circuit
        circuit = circuit.decompose(gates_to_decompose=sorted(names))


def is_composite(operation: Instruction) -> bool:
    """A gate that is only known by its definition, or an ansatz."""
    return operation.name == ANSATZ or (
        type(operation) in (Gate, Instruction) and operation.definition is not None
    )


def free_parameters(item: CircuitInstruction) -> set[Any]:
    """Parameters that the gate's angles depend on."""
    return {p for angle in item.operation.params for p in getattr(angle, "parameters", ())}


def find_inputs(circuit: QuantumCircuit, inputs: Sequence[Any] | str) -> list[Any]:
    """The circuit's parameters that are meant by names, Parameters, or the prefix of a vector."""
    if isinstance(inputs, str):
        return [p for p in circuit.parameters if p.name == inputs or p.name.startswith(f"{inputs}[")]
    wanted = {getattr(p, "name", p) for p in inputs}
    return [p for p in circuit.parameters if p.name in wanted]


def joined_parameters(circuit: QuantumCircuit) -> set[Any]:
    """Parameters that stand in one angle with others, as in a feature map."""
    angles = [
        a for item in circuit.data for a in item.operation.params if len(getattr(a, "parameters", ())) > 1
    ]
    return {p for angle in angles for p in angle.parameters}

"""Architecture → QuantumCircuit; nothing else builds a circuit from an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import get_standard_gate_name_mapping

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError

_GATES = {name: type(gate) for name, gate in get_standard_gate_name_mapping().items()}


def build(
    architecture: Architecture,
    num_qubits: int | None = None,
    *,
    prefix: str = "θ",
    angles: Sequence[Any] | None = None,
) -> QuantumCircuit:
    """The architecture's circuit on ``num_qubits`` qubits.

    Args:
        architecture: the family.
        num_qubits: the width; not needed where the architecture has its own.
        prefix: name of the ParameterVector; its elements are in time order, and so is ``circuit.parameters``.
        angles: numbers, Parameters or expressions to use in their place, one for each.

    Returns:
        a circuit whose metadata holds the architecture's content id and, where layers pool, the output qubits.

    Raises:
        QTrainError: no width, or a width that is not the architecture's own; not one angle for each parameter.

    Example:
        >>> from qtrain.architecture.architecture import Architecture, Layer
        >>> build(Architecture((Layer(("ry",), "cx"),)), 3).num_parameters
        3
    """
    width = architecture.width(num_qubits)
    gates = architecture.gates(width)
    count = 1 + max((angle for gate in gates for angle in gate.angles if isinstance(angle, int)), default=-1)
    if angles is None:
        angles = ParameterVector(prefix, count)
    elif len(angles) != count:
        raise QTrainError(f"angles should hold {count} values, one for each parameter. Got {len(angles)}.")
    metadata: dict[str, object] = {"qtrain.architecture.architecture": architecture.content_id}
    if any(layer.pool for layer in architecture.layers):
        metadata["qtrain.output_qubits"] = list(architecture.output_qubits(width))
    circuit = QuantumCircuit(width, name="ansatz", metadata=metadata)
    for gate in gates:
        values = [angles[a] if isinstance(a, int) else a for a in gate.angles]
        circuit.append(_GATES[gate.name](*values), gate.qubits, copy=False)
    return circuit

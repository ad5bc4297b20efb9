"""Gates → QuantumCircuit; nothing else builds a circuit from an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import get_standard_gate_name_mapping

from qtrain.architecture.blocks import Gate
from qtrain.errors import QTrainError

_GATES = {name: type(gate) for name, gate in get_standard_gate_name_mapping().items()}


def build(
    gates: Sequence[Gate], num_qubits: int, *, prefix: str = "θ", angles: Sequence[Any] | None = None
) -> QuantumCircuit:
    """The gates as a circuit.

    Args:
        gates: in time order; their free angles are numbered from 0.
        num_qubits: the circuit's width.
        prefix: name of the ParameterVector that stands for the free angles.
        angles: numbers, Parameters or expressions to use in their place, one for each.

    Raises:
        QTrainError: not one angle for each parameter.

    Example:
        >>> build([Gate("ry", (0,), (0,)), Gate("cx", (0, 1))], 2).num_parameters
        1
    """
    count = 1 + max((angle for gate in gates for angle in gate.angles if isinstance(angle, int)), default=-1)
    if angles is None:
        angles = ParameterVector(prefix, count)
    elif len(angles) != count:
        raise QTrainError(f"angles should hold {count} values, one for each parameter. Got {len(angles)}.")
    circuit = QuantumCircuit(num_qubits, name="ansatz")
    for gate in gates:
        values = [angles[a] if isinstance(a, int) else a for a in gate.angles]
        circuit.append(_GATES[gate.name](*values), gate.qubits, copy=False)
    return circuit

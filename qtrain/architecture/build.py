"""Gates → QuantumCircuit; nothing else builds a circuit from an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.quantum_info import SparsePauliOp

from qtrain.architecture.blocks import Angle, Gate, count_parameters, pauli_letters
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
    count = count_parameters(gates)
    if angles is None:
        angles = ParameterVector(prefix, count)
    elif len(angles) != count:
        raise QTrainError(f"angles should hold {count} values, one for each parameter. Got {len(angles)}.")
    circuit = QuantumCircuit(num_qubits, name="ansatz")
    for gate in gates:
        values = [_value(angle, angles) for angle in gate.angles]
        circuit.append(_operation(gate.name, values), gate.qubits, copy=False)
    return circuit


def _value(angle: Angle, given: Sequence[Any]) -> Any:
    if isinstance(angle, tuple):
        return angle[1] * given[angle[0]]
    return given[angle] if isinstance(angle, int) else angle


def _operation(name: str, values: Sequence[Any]) -> Any:
    if name in _GATES:
        return _GATES[name](*values)
    letters = pauli_letters(name)
    if letters is None:
        raise QTrainError(f"gates should be Qiskit's, or Pauli rotations such as 'rxyz'. Got {name!r}.")
    return PauliEvolutionGate(SparsePauliOp(letters[::-1]), time=0.5 * values[0], label=name)

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
        circuit.append(_operation(gate, angles), gate.qubits, copy=False)
    return circuit


def _value(angle: Angle, given: Sequence[Any]) -> tuple[Any, float]:
    """(an angle, its factor)."""
    if isinstance(angle, tuple):
        return given[angle[0]], angle[1]
    return (given[angle] if isinstance(angle, int) else angle), 1.0


def _operation(gate: Gate, given: Sequence[Any]) -> Any:
    values = [_value(angle, given) for angle in gate.angles]
    if gate.name in _GATES:
        return _GATES[gate.name](*(value if factor == 1.0 else factor * value for value, factor in values))
    letters = pauli_letters(gate.name)
    if letters is None:
        raise QTrainError(f"gates should be Qiskit's, or Pauli rotations such as 'rxyz'. Got {gate.name!r}.")
    ((value, factor),) = values
    # The factor is the operator's: Qiskit writes a gate's parameter both into the call and into the body where it
    # exports OpenQASM 3, so that one with a factor would take it twice.
    label = gate.name if factor == 1.0 else f"{gate.name} × {factor:g}"
    return PauliEvolutionGate(SparsePauliOp(letters[::-1], 0.5 * factor), time=value, label=label)

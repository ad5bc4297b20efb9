"""Circuits to be measured: read, checked, their parameters bound, without their final measurements."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from qtrain.circuits.files import read_circuit
from qtrain.errors import QTrainError, shortened


def prepared(state: QuantumCircuit | str | Path, parameter_values: Any) -> QuantumCircuit:
    """A circuit without parameters, final measurements and classical bits.

    Raises:
        QTrainError: a file that cannot be read, no qubits, parameters without values or values that are none, a
            measurement, a reset or control flow inside.

    Example:
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.x(0)
        >>> circuit.measure_all()
        >>> dict(prepared(circuit, None).count_ops())
        {'x': 1}
    """
    circuit = read_circuit(state, free_angles=False)
    if circuit.num_qubits == 0:
        raise QTrainError("state should be a circuit with at least 1 qubit. Got 0.")
    bound = _bound(circuit, parameter_values).remove_final_measurements(inplace=False)
    assert bound is not None
    _check(bound, 0)
    return bound


def _bound(circuit: QuantumCircuit, values: Any) -> QuantumCircuit:
    if values is None:
        if circuit.parameters:
            names = ", ".join(parameter.name for parameter in list(circuit.parameters)[:3])
            raise QTrainError(
                f"parameter_values should be given for the {circuit.num_parameters} parameters of the circuit "
                f"({names}{', …' if circuit.num_parameters > 3 else ''}). Got none."
            )
        return circuit
    known = [parameter.name for parameter in circuit.parameters]
    if isinstance(values, Mapping):
        given = {getattr(key, "name", key): value for key, value in values.items()}
        if set(given) != set(known):
            wrong = sorted(map(str, set(given) ^ set(known)))[0]
            raise QTrainError(f"parameter_values should have a value for each parameter alone. Got a slip: {wrong}.")
        values = [given[name] for name in known]
    try:
        numbers = np.asarray(values, float)
    except (TypeError, ValueError, OverflowError):
        raise QTrainError(f"parameter_values should hold {len(known)} numbers. Got {shortened(values)}.") from None
    if numbers.shape != (len(known),) or not np.isfinite(numbers).all():
        raise QTrainError(f"parameter_values should hold {len(known)} finite numbers. Got {shortened(values)}.")
    return circuit.assign_parameters(numbers)


def _check(circuit: QuantumCircuit, depth: int) -> None:
    """No measurement, reset or control flow, whatever is nested in what."""
    for k, item in enumerate(circuit.data):
        operation = item.operation
        if operation.name in ("measure", "reset", "initialize") or isinstance(operation, ControlFlowOp) or item.clbits:
            raise QTrainError(
                f"state should be a circuit of gates, measured at its end alone. Got {operation.name} at gate {k}"
                f"{' inside of another' if depth else ''}."
            )
        if not getattr(operation, "_standard_gate", None) and getattr(operation, "definition", None) and depth < 100:
            _check(operation.definition, depth + 1)


def digest(circuit: QuantumCircuit) -> str:
    """Of a circuit's gates, whatever they are called: 32 hex digits."""
    found = hashlib.sha256(repr((circuit.num_qubits, float(circuit.global_phase))).encode())

    def add(part: QuantumCircuit, places: list[int]) -> None:
        for item in part.data:
            operation = item.operation
            own = [places[part.find_bit(bit).index] for bit in item.qubits]
            if operation.params or not getattr(operation, "definition", None) or operation._standard_gate:
                kind = (operation.base_class.__name__, own, getattr(operation, "ctrl_state", None))
                found.update(repr(kind).encode())
                for value in operation.params:
                    found.update(_bytes(value))
            if not operation._standard_gate and getattr(operation, "definition", None):
                add(operation.definition, own)

    add(circuit, list(range(circuit.num_qubits)))
    return found.hexdigest()[:32]


def _bytes(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return repr(complex(value) if isinstance(value, (int, float, complex, np.number)) else str(value)).encode()

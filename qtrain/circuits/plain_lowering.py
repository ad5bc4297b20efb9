"""Circuits of nothing but elementary Cliffords and single-qubit rotations by plain parameters, lowered in one sweep.

Most ansätze are of this kind. The walk in ``lowering.py`` gives the same columns, gate by gate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Parameter, ParameterVectorElement

from qtrain.kernels import opcodes as op

_ROTATIONS = {"rx": -op.LETTER_X, "ry": -op.LETTER_Y, "rz": -op.LETTER_Z}
_CLIFFORDS = {
    "h": op.H, "s": op.S, "sdg": op.SDG, "x": op.X, "y": op.Y, "z": op.Z, "sx": op.SX, "sxdg": op.SXDG,
    "cx": op.CX, "cz": op.CZ, "swap": op.SWAP,
}  # fmt: skip
_KIND = _ROTATIONS | _CLIFFORDS
_SKIPPED = {"barrier"}


def plain_columns(circuit: QuantumCircuit, weights: Sequence[str]) -> dict[str, np.ndarray] | None:
    """The columns of a program, under their names there; None: another gate or angle is in the circuit.

    Args:
        weights: names of all parameters of the circuit, in its order.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> circuit = real_amplitudes(2, reps=1)
        >>> plain_columns(circuit, [p.name for p in circuit.parameters])["opcode"].tolist()
        [0, 0, 9, 0, 0]
        >>> plain_columns(circuit.assign_parameters([0.1] * 4), []) is None
        True
    """
    items = list(circuit.data)
    names = [item.name for item in items]
    kinds = set(names)
    if not kinds <= _KIND.keys() | _SKIPPED:
        return None
    gate: np.ndarray = np.arange(len(items), dtype=np.int32)
    if kinds & _SKIPPED:
        keep = [k for k, name in enumerate(names) if name not in _SKIPPED]
        items, names, gate = [items[k] for k in keep], [names[k] for k in keep], gate[keep]
    if False in map(CircuitInstruction.is_standard_gate, items):  # somebody's own gate may have any name
        return None
    kind = np.array([_KIND[name] for name in names], dtype=np.int8)
    rotation = kind < 0
    angles = [items[k].params[0] for k in np.flatnonzero(rotation).tolist()]
    if not set(map(type, angles)) <= {Parameter, ParameterVectorElement}:
        return None
    index = {name: k for k, name in enumerate(weights)}  # by name, which Qiskit keeps unique: half the time
    places = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    flat = np.array([places[qubit] for item in items for qubit in item.qubits], dtype=np.int32)
    two = kind >= op.CX
    first = np.cumsum(1 + two) - 1 - two
    qubits: np.ndarray = np.full((len(items), 2), -1, dtype=np.int32)
    qubits[~rotation, 0] = flat[first[~rotation]]
    qubits[two, 1] = flat[first[two] + 1]
    parameter: np.ndarray = np.full(len(items), -1, dtype=np.int32)
    parameter[rotation] = [index[angle.name] for angle in angles]
    start: np.ndarray = np.zeros(len(items) + 1, dtype=np.int64)
    np.cumsum(rotation, out=start[1:])
    return {
        "opcode": np.where(rotation, op.ROTATION, kind).astype(np.int8),
        "qubits": qubits,
        "start": start,
        "support": flat[first[rotation]],
        "letters": -kind[rotation],
        "parameter": parameter,
        "coefficient": rotation.astype(np.float64),
        "offset": np.zeros(len(items)),
        "gate": gate,
    }

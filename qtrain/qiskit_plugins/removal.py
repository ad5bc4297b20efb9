"""A circuit without what provably cannot change a measured observable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp

from qtrain.circuits.composites import definition_of, expand, find_inputs, free_parameters, joined_parameters

TOLERANCE = 1e-12

# At angle zero these are the identity.
_ROTATIONS = frozenset({"rx", "ry", "rz", "p", "u1", "rxx", "ryy", "rzz", "rzx", "crx", "cry", "crz", "cp", "cu1", "r",
                        "u", "u3", "xx_plus_yy", "xx_minus_yy"})  # fmt: skip


@dataclass(frozen=True)
class Removal:
    """What RemoveDeadParameters took out.

    Attributes:
        parameters: names of the parameters that are gone.
        gates, two_qubit_gates, depth: (before, after), barriers and measurements aside.
        idle_qubits: qubits on which nothing is left to do.
    """

    parameters: tuple[str, ...]
    gates: tuple[int, int]
    two_qubit_gates: tuple[int, int]
    depth: tuple[int, int]
    idle_qubits: tuple[int, ...]


def remove_dead(
    circuit: QuantumCircuit | str | Path, observable: Any, *, inputs: Sequence[Any] | str = ()
) -> tuple[QuantumCircuit, Removal]:
    """The circuit without what provably cannot change ⟨observable⟩, and what was saved.

    Exact: the expectation value is the same at every angle that is left.

    Args:
        circuit: of unitary gates, or a QASM or QPY file; final measurements and barriers stay.
        observable: text or SparsePauliOp.
        inputs: the data parameters: names, Parameters or a prefix. Parameters that share an angle are always data.

    Raises:
        QTrainError: the circuit cannot be lowered, or the observable does not fit.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> smaller, removal = remove_dead(efficient_su2(4, reps=2), "ZIII")
        >>> smaller.num_parameters, removal.two_qubit_gates
        (9, (6, 3))
    """
    from qtrain.circuits.observables import as_observable
    from qtrain.circuits.program import lower
    from qtrain.light_cones.dead_parameters import provably_zero
    from qtrain.light_cones.light_cone import light_cone

    if isinstance(circuit, (str, Path)):
        from qtrain.circuits.files import read_circuit

        circuit = read_circuit(circuit)
    whole = expand(circuit)
    operator = as_observable(observable, circuit.num_qubits)
    data = {*find_inputs(whole, inputs), *joined_parameters(whole)}
    program = lower(whole, inputs=[p for p in whole.parameters if p in data])
    dead = {name for name, zero in zip(program.weights, provably_zero(program, operator)) if zero}
    left = whole.assign_parameters({p: 0.0 for p in whole.parameters if p.name in dead})
    left = _only(left, [not _is_idle_rotation(item) for item in left.data])
    while True:  # what is taken from an end may bare more
        trimmed = _trim_end(_trim_start(left), operator)
        seen = set(light_cone(lower(trimmed, inputs=[p for p in trimmed.parameters if p in data]), operator).gates)
        trimmed = _only(trimmed, [k in seen or not is_unitary(item) for k, item in enumerate(trimmed.data)])
        if len(trimmed.data) == len(left.data):
            break
        left = trimmed
    gone = {p.name for p in whole.parameters} - {p.name for p in trimmed.parameters}
    busy = {q for item in trimmed.data if is_unitary(item) for q in item.qubits}
    idle = tuple(i for i, q in enumerate(trimmed.qubits) if q not in busy)
    sizes = [_size(version) for version in (whole, trimmed)]
    gates, pairs, depth = zip(*sizes)
    return trimmed, Removal(tuple(p.name for p in whole.parameters if p.name in gone), gates, pairs, depth, idle)


def is_unitary(item: CircuitInstruction) -> bool:
    """Neither a barrier nor anything that measures, waits or resets."""
    return item.operation.name not in ("barrier", "measure", "delay", "reset") and not item.clbits


def _is_idle_rotation(item: CircuitInstruction) -> bool:
    """A rotation whose only angle is zero, so the identity."""
    named = item.is_standard_gate() and item.name in _ROTATIONS  # somebody's own gate may have any name
    return named and all(angle == 0 for angle in item.params)


def _size(circuit: QuantumCircuit) -> tuple[int, int, int]:
    gates = [item for item in circuit.data if is_unitary(item)]
    depth = circuit.depth(lambda item: item.operation.name not in ("barrier", "measure"))
    return len(gates), sum(len(item.qubits) == 2 for item in gates), depth


def _only(circuit: QuantumCircuit, keep: Sequence[bool]) -> QuantumCircuit:
    result = circuit.copy_empty_like()
    for item, kept in zip(circuit.data, keep):
        if kept:
            result.append(item)
    return result


def _trim_start(circuit: QuantumCircuit) -> QuantumCircuit:
    """Without fixed gates that meet |0…0⟩ and leave it as it is."""
    moved: set[Any] = set()
    keep = []
    for item in circuit.data:
        matrix = None if moved & set(item.qubits) else _matrix(item)
        keep.append(matrix is None or abs(abs(matrix[0, 0]) - 1.0) > TOLERANCE)
        if keep[-1]:
            moved |= set(item.qubits)
    return _only(circuit, keep)


def _trim_end(circuit: QuantumCircuit, operator: SparsePauliOp) -> QuantumCircuit:
    """Without fixed gates that meet the observable and commute with each of its terms."""
    place = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    moved: set[Any] = set()
    keep = []
    for item in reversed(circuit.data):
        if not is_unitary(item):
            keep.append(True)
            continue
        matrix = None if moved & set(item.qubits) else _matrix(item)
        keep.append(matrix is None or not _commutes(matrix, operator, [place[q] for q in item.qubits]))
        if keep[-1]:
            moved |= set(item.qubits)
    return _only(circuit, keep[::-1])


def _commutes(matrix: np.ndarray, operator: SparsePauliOp, qubits: list[int]) -> bool:
    parts = {(tuple(x), tuple(z)) for x, z in zip(operator.paulis.x[:, qubits], operator.paulis.z[:, qubits])}
    paulis = [Pauli((list(z), list(x))).to_matrix() for x, z in parts]
    return all(np.abs(matrix @ pauli - pauli @ matrix).max() <= TOLERANCE for pauli in paulis)


def _matrix(item: CircuitInstruction) -> np.ndarray | None:
    """Of a gate without parameters on at most three qubits."""
    if free_parameters(item) or len(item.qubits) > 3 or not isinstance(item.operation, Gate):
        return None
    # An evolution is the product formula that runs; its own matrix would be the exact exponential.
    gates = definition_of(item.operation) if item.name == "PauliEvolution" else None
    return np.asarray(Operator(gates or item.operation).data)

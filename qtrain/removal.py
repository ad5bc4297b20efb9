"""A circuit without what provably cannot change a measured observable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from qtrain.composites import expand, find_inputs, joined_parameters

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
    circuit: QuantumCircuit, observable: Any, *, inputs: Sequence[Any] | str = ()
) -> tuple[QuantumCircuit, Removal]:
    """The circuit without what provably cannot change ⟨observable⟩, and what was saved.

    Args:
        circuit: any circuit of unitary gates; final measurements and barriers stay.
        observable: text or SparsePauliOp.
        inputs: the data parameters: names, Parameters or a prefix. Parameters that share an angle are always data.

    Raises:
        QTrainError: the circuit cannot be lowered, or the observable does not fit.
    """
    from qtrain.criteria.light_cone import light_cone, provably_zero
    from qtrain.observables import as_observable
    from qtrain.program import lower

    whole = expand(circuit)
    operator = as_observable(observable, circuit.num_qubits)
    data = {*find_inputs(whole, inputs), *joined_parameters(whole)}
    program = lower(whole, inputs=[p for p in whole.parameters if p in data])
    cone = light_cone(program, operator)
    kept = set(cone.gates)
    left = whole.copy_empty_like()
    for index, item in enumerate(whole.data):
        if index in kept or not is_unitary(item):
            left.append(item)
    dead = set(program.weights) - {
        name for name, alive, zero in zip(program.weights, cone.effective, provably_zero(program, operator))
        if alive and not zero
    }  # fmt: skip
    left = left.assign_parameters({p: 0.0 for p in left.parameters if p.name in dead})
    trimmed = left.copy_empty_like()
    for item in left.data:
        if not _is_idle_rotation(item):
            trimmed.append(item)
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
    return item.operation.name in _ROTATIONS and all(angle == 0 for angle in item.operation.params)


def _size(circuit: QuantumCircuit) -> tuple[int, int, int]:
    gates = [item for item in circuit.data if is_unitary(item)]
    depth = circuit.depth(lambda item: item.operation.name not in ("barrier", "measure"))
    return len(gates), sum(len(item.qubits) == 2 for item in gates), depth

"""Any circuit without free parameters as a list of gates that architectures hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtrain.architecture.blocks import ROTATIONS, TWO_QUBIT, Gate
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def fixed_gates(circuit: QuantumCircuit) -> tuple[Gate, ...]:
    """The circuit's gates, decomposed where architectures have no such gate; the same up to a global phase.

    Args:
        circuit: unitary, without free parameters; resets of qubits that are still |0> and barriers are left out.

    Raises:
        QTrainError: free parameters, measurements, other operations that are no gates.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.h(0), circuit.ch(0, 1)
        >>> [str(gate) for gate in fixed_gates(circuit)][:3]
        ['h 0', 's 1', 'h 1']
    """
    from qiskit import transpile
    from qiskit.exceptions import QiskitError
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import RemoveBarriers, RemoveResetInZeroState

    if circuit.num_parameters:
        names = ", ".join(p.name for p in list(circuit.parameters)[:3])
        raise QTrainError(f"circuit should have no free parameters to be a reference state. Got {names}.")
    known = {*ROTATIONS, *TWO_QUBIT}
    try:
        plain = transpile(circuit, basis_gates=sorted(known), optimization_level=0, coupling_map=None)
        plain = PassManager([RemoveBarriers(), RemoveResetInZeroState()]).run(plain)
    except QiskitError as error:
        raise QTrainError(f"circuit should be made of gates. Got one that is not: {error}.") from None
    gates = []
    for item in plain.data:
        name = item.operation.name
        if name not in known:
            raise QTrainError(f"circuit should be made of gates to be a reference state. Got {name}.")
        qubits = tuple(plain.find_bit(q).index for q in item.qubits)
        gates.append(Gate(name, qubits, tuple(float(angle) for angle in item.operation.params)))
    return tuple(gates)

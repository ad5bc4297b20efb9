"""Gates that are known by their definition alone, and parameters that stand in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, CircuitInstruction, Gate, Instruction, Operation

from qtrain.circuits.gate_rules import RULES

MAX_DEPTH = 100  # of gates defined by gates
ANSATZ = "trainable_ansatz"
"""Name of the gate :class:`qtrain.TrainableAnsatz`."""


def expand(circuit: QuantumCircuit) -> QuantumCircuit:
    """Composite gates with free parameters, in their place written out; everything else stays."""

    def chosen(item: CircuitInstruction) -> bool:
        shell = is_composite(item.operation) or isinstance(item.operation, AnnotatedOperation)
        return shell and bool(free_parameters(item))

    return unfold(circuit, chosen)


def unfold(circuit: QuantumCircuit, chosen: Callable[[CircuitInstruction], bool]) -> QuantumCircuit:
    """The chosen instructions written out, and what is chosen of that, as far as there are definitions.

    Example:
        >>> from qiskit.circuit.library import QFTGate
        >>> circuit = QuantumCircuit(3)
        >>> _ = circuit.append(QFTGate(3), range(3))
        >>> max(len(item.qubits) for item in unfold(circuit, lambda item: len(item.qubits) > 2).data)
        2
    """
    for _ in range(MAX_DEPTH):
        inner = [_definition(item.operation) if chosen(item) else None for item in circuit.data]
        if all(part is None for part in inner):
            break
        result = circuit.copy_empty_like()
        for item, part in zip(circuit.data, inner):
            if part is None:
                result.append(item)
            else:
                result.compose(part, item.qubits, item.clbits, copy=False, inplace=True)
        circuit = result
    return circuit


def entangling(circuit: QuantumCircuit) -> tuple[int, int]:
    """Depth and number of the gates on two qubits or more; time evolutions and composite gates count written out.

    Example:
        >>> from qiskit.circuit.library import PauliEvolutionGate
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> circuit = QuantumCircuit(3)
        >>> _ = circuit.append(PauliEvolutionGate(SparsePauliOp(["IZZ", "ZZI", "XII"])), range(3))
        >>> entangling(circuit)
        (2, 2)
    """

    from qiskit.circuit.library import PauliEvolutionGate

    def wide(item: CircuitInstruction) -> bool:
        return len(item.qubits) > 2 and (isinstance(item.operation, PauliEvolutionGate) or is_composite(item.operation))

    def entangles(item: CircuitInstruction) -> bool:
        return len(item.qubits) > 1 and item.operation.name != "barrier"

    written = unfold(circuit, wide)
    return written.depth(entangles), sum(map(entangles, written.data))


def is_composite(operation: Operation) -> bool:
    """A gate that is only known by its definition, or an ansatz."""
    return operation.name == ANSATZ or (type(operation) in (Gate, Instruction) and operation.definition is not None)


def _definition(operation: Operation) -> QuantumCircuit | None:
    """A gate's own code may raise anything: such a gate stays, and whoever must read it says why not."""
    try:
        return definition_of(operation)
    except Exception:
        return None


def free_parameters(item: CircuitInstruction) -> set[Any]:
    """Parameters that the gate's angles depend on."""
    return {p for angle in item.params for p in getattr(angle, "parameters", ())}


def find_inputs(circuit: QuantumCircuit, inputs: Sequence[Any] | str) -> list[Any]:
    """The circuit's parameters that are meant by names, Parameters, or the prefix of a vector."""
    if isinstance(inputs, str):
        return [p for p in circuit.parameters if p.name == inputs or p.name.startswith(f"{inputs}[")]
    wanted = {getattr(p, "name", p) for p in inputs}
    return [p for p in circuit.parameters if p.name in wanted]


def joined_parameters(circuit: QuantumCircuit) -> set[Any]:
    """Parameters that stand in one angle with others, as in a feature map."""
    angles = [a for item in circuit.data for a in item.params if len(getattr(a, "parameters", ())) > 1]
    return {p for angle in angles for p in angle.parameters}


def definition_of(operation: Any) -> QuantumCircuit | None:
    """Any operation that a circuit holds, as a circuit of simpler ones; None where there is no such circuit.

    Its own definition, Qiskit's synthesis where it has one (Clifford, PermutationGate, AnnotatedOperation), or its
    matrix. Whatever the operation's own code raises passes through.
    """
    from qiskit.circuit.library import PermutationGate, UnitaryGate
    from qiskit.exceptions import QiskitError
    from qiskit.quantum_info import Clifford
    from qiskit.transpiler.passes import HighLevelSynthesis

    if isinstance(operation, Clifford):
        return operation.to_circuit()
    if isinstance(operation, UnitaryGate) and operation.num_qubits <= 3:
        try:
            return Clifford.from_matrix(operation.to_matrix()).to_circuit()
        except QiskitError:
            pass
    definition: QuantumCircuit | None = getattr(operation, "definition", None)
    if definition is not None:
        return definition
    if isinstance(operation, (AnnotatedOperation, PermutationGate)):
        circuit = QuantumCircuit(operation.num_qubits)
        circuit.append(operation, range(operation.num_qubits))
        basis = [name for name in RULES if name not in ("delay", "global_phase")]
        return HighLevelSynthesis(basis_gates=basis)(circuit)
    if hasattr(operation, "__array__"):
        return UnitaryGate(operation.to_matrix()).definition
    return None

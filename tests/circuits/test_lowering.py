"""Every gate of Qiskit's library that has a unitary: the program's unitary is the circuit's, up to a phase."""

import numpy as np
import pytest
import qiskit.circuit.library as library
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, SparsePauliOp, random_clifford, random_statevector, random_unitary

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.statevector import states

A, B = Parameter("a"), Parameter("b")
ANGLES = [A, B, 2 * A - B, A * B, A.sin() + 0.3, A - A - 0.7, 0.7, np.pi / 2, -np.pi]
CHOICE = st.integers(0, len(ANGLES) - 1)  # Qiskit cannot hash all of them
STANDARD = (
    "CHGate CCXGate CSXGate CSGate CSdgGate CCZGate RCCXGate CSwapGate CYGate ECRGate iSwapGate DCXGate SXGate TGate"
).split()


def _operation(kind, angle, other, seed):
    """An operation of one of many kinds on at most three qubits."""
    fixed = {
        "unitary 1": lambda: library.UnitaryGate(random_unitary(2, seed=seed)),
        "unitary 2": lambda: library.UnitaryGate(random_unitary(4, seed=seed)),
        "controlled unitary": lambda: library.UnitaryGate(random_unitary(2, seed=seed)).control(1),
        "clifford": lambda: random_clifford(3, seed=seed),
        "permutation": lambda: library.PermutationGate(np.random.default_rng(seed).permutation(3)),
        "pauli": lambda: library.PauliGate("XYZ"),
        "linear": lambda: library.LinearFunction([[1, 1, 0], [0, 1, 1], [0, 0, 1]]),
        "diagonal": lambda: library.DiagonalGate(list(np.exp(1j * np.arange(4) * seed))),
        "isometry": lambda: library.Isometry(random_unitary(4, seed=seed).data[:, :1], 0, 0),
        "preparation": lambda: library.StatePreparation(random_statevector(4, seed=seed).data),
        "dense evolution": lambda: library.HamiltonianGate(
            SparsePauliOp(["XX", "ZI", "YZ"], [1.0, 0.5, 0.2]).to_matrix(), angle
        ),
        "controlled phase of all": lambda: library.GlobalPhaseGate(angle).control(1),
        "u": lambda: library.UGate(angle, other, 0.2),
        "cu": lambda: library.CUGate(angle, other, angle, other),
        "crx": lambda: library.CRXGate(angle),
        "mcphase": lambda: library.MCPhaseGate(angle, 2),
        "xx plus yy": lambda: library.XXPlusYYGate(angle, other),
        "controlled own": lambda: _own(angle, other).control(1),
        "own backwards": lambda: _own(angle, other).inverse(annotated=True),
    }
    return getattr(library, kind)() if kind in STANDARD else fixed[kind]()


KINDS = [*STANDARD, "unitary 1", "unitary 2", "controlled unitary", "clifford", "permutation", "pauli", "linear",
         "diagonal", "isometry", "preparation", "dense evolution", "controlled phase of all", "u", "cu", "crx",
         "mcphase", "xx plus yy", "controlled own", "own backwards"]  # fmt: skip


def _own(angle, other):
    circuit = QuantumCircuit(2, global_phase=other)
    circuit.rx(angle, 0)
    circuit.cx(0, 1)
    circuit.p(other, 1)
    return circuit.to_gate(label="own")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), CHOICE, CHOICE, st.integers(1, 10**6)),
        min_size=1, max_size=4,
    ),
    st.permutations(range(3)),
)  # fmt: skip
def test_the_program_is_the_circuit(parts, order):
    circuit = QuantumCircuit(3)
    for kind, angle, other, seed in parts:
        operation = _operation(kind, ANGLES[angle], ANGLES[other], seed)
        circuit.append(operation, order[: operation.num_qubits])
    program = lower(circuit, functions=True)
    values = np.linspace(0.4, 1.7, len(program.parameters))
    unitary = states(program, np.tile(values, (8, 1)), start=np.eye(8, dtype=complex)).T
    wanted = Operator(circuit.assign_parameters(dict(zip(circuit.parameters, values)))).data
    assert abs(np.trace(wanted.conj().T @ unitary)) / 8 == pytest.approx(1.0, abs=1e-9)


def test_loops_over_known_values_are_written_out():
    circuit = QuantumCircuit(2)
    with circuit.for_loop(range(3)) as i:
        circuit.rx(A * 0.5 + i, 0)
        circuit.cx(0, 1)
    program = lower(circuit)
    assert program.offset[program.rotations].tolist() == [0.0, 1.0, 2.0] and program.weights == ("a",)


def test_the_parameter_of_a_global_phase_drives_nothing():
    circuit = QuantumCircuit(1, global_phase=B)
    circuit.rx(A, 0)
    program = lower(circuit)
    assert program.weights == ("a", "b") and program.parameter[program.rotations].tolist() == [0]


def test_a_qubit_may_be_measured_while_others_go_on():
    circuit = QuantumCircuit(2, 2)
    circuit.rx(A, 0)
    circuit.measure(0, 0)
    circuit.ry(B, 1)
    circuit.measure(1, 1)
    assert len(lower(circuit)) == 2
    circuit.cx(0, 1)
    with pytest.raises(QTrainError, match=r"gate 4 \(cx\), which acts on qubit 0 after its measurement at gate 1"):
        lower(circuit)

"""``init_method="qtrain"`` on all of Qiskit's circuit library and on public QASM files."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from conftest import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import OPERATIONS, circuit_with
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate, Parameter, ParameterVector, library
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector
from qiskit.transpiler import TranspilerError

from qtrain.circuits.files import read_circuit
from qtrain.qiskit_plugins.removal import remove_dead

BASIS = ["rz", "sx", "x", "cx", "cz"]
XY, ISING = SparsePauliOp(["XXI", "YYI"]), SparsePauliOp(["ZZI", "IZZ", "XII"])
T, A = Parameter("t"), Parameter("a")
MIXER = QuantumCircuit(3)
MIXER.rx(A, range(3))


def of(gate):
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


def of_angles(gate):
    """A standard gate with a Parameter for each angle."""
    return of(gate.base_class(*ParameterVector("p", len(gate.params))))


STANDARD = {
    f"gate {name}": (lambda gate=gate: of_angles(gate))
    for name, gate in get_standard_gate_name_mapping().items()
    if gate.params and name not in ("delay", "global_phase")
}
FUNCTIONS = {
    "efficient_su2": lambda: library.efficient_su2(3), "real_amplitudes": lambda: library.real_amplitudes(3),
    "excitation_preserving": lambda: library.excitation_preserving(3),
    "z_feature_map": lambda: library.z_feature_map(3), "zz_feature_map": lambda: library.zz_feature_map(3),
    "pauli_feature_map": lambda: library.pauli_feature_map(3, paulis=["Z", "XX"]),
    "n_local": lambda: library.n_local(3, ["ry", "crx"], "cz"),
    "pauli_two_design": lambda: library.pauli_two_design(3, seed=1),
    "evolved_operator_ansatz": lambda: library.evolved_operator_ansatz([XY, ISING]),
    "hamiltonian_variational_ansatz": lambda: library.hamiltonian_variational_ansatz(ISING),
    "qaoa_ansatz": lambda: library.qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ"])),
    "unitary_overlap": lambda: library.unitary_overlap(library.real_amplitudes(2), library.real_amplitudes(2)),
    "grover_operator": lambda: library.grover_operator(of(library.RZGate(T).control(2)), MIXER),
    "phase_estimation": lambda: library.phase_estimation(1, of(library.RZGate(T)).compose(of(library.RXGate(T)))),
}  # fmt: skip
CLASSES = {
    "EfficientSU2": lambda: library.EfficientSU2(3), "RealAmplitudes": lambda: library.RealAmplitudes(3),
    "ExcitationPreserving": lambda: library.ExcitationPreserving(3), "ZFeatureMap": lambda: library.ZFeatureMap(3),
    "ZZFeatureMap": lambda: library.ZZFeatureMap(3), "PauliFeatureMap": lambda: library.PauliFeatureMap(3),
    "TwoLocal": lambda: library.TwoLocal(3, "rx", "rzz"), "NLocal": lambda: library.NLocal(3, MIXER, library.CXGate()),
    "PauliTwoDesign": lambda: library.PauliTwoDesign(3, seed=1),
    "EvolvedOperatorAnsatz": lambda: library.EvolvedOperatorAnsatz([XY, SparsePauliOp("ZZI")]),
    "QAOAAnsatz": lambda: library.QAOAAnsatz(SparsePauliOp(["ZZI", "IZZ"])),
    "PauliEvolutionGate": lambda: of(library.PauliEvolutionGate(XY, T)),
    "PauliProductRotationGate": lambda: of(library.PauliProductRotationGate(Pauli("XYZ"), T)),
    "MCPhaseGate": lambda: of(library.MCPhaseGate(A, 2)), "MCMTGate": lambda: of(library.MCMTGate(library.RYGate(A), 2, 1)),
    "MSGate": lambda: of(library.MSGate(3, A)), "GRZ": lambda: library.GRZ(3, A), "GMS": lambda: library.GMS(2, [[0, A], [A, 0]]),
    "controlled gate": lambda: of(library.RXGate(A).control(2)),
    "MCU1Gate": lambda: of(library.MCU1Gate(A, 2)), "UnitaryOverlap": lambda: library.UnitaryOverlap(MIXER, MIXER),
}  # fmt: skip
LIBRARY = STANDARD | FUNCTIONS | CLASSES
FILES = sorted((REPOSITORY / "tests" / "data" / "qasm").glob("*.qasm*"))
DYNAMIC = [path for path in FILES if "dynamic" in path.name or "iqpe" in path.name]
PLAIN = [path for path in FILES if path not in DYNAMIC]


def read(path):
    return read_circuit(path, free_angles=False)


def unmeasured(circuit):
    return circuit.remove_final_measurements(inplace=False)


def expectation(circuit, observable, bound):
    values = {p: bound[p.name] for p in circuit.parameters}
    return Statevector(circuit.assign_parameters(values)).expectation_value(observable).real


def draw(circuit):
    numbers = np.random.default_rng(0).uniform(-1, 1, circuit.num_parameters)
    return {p.name: value for p, value in zip(circuit.parameters, numbers)}


def check_same(circuit, level):
    """The stage's result, the default's, and the circuit itself agree."""
    options = {"basis_gates": BASIS, "optimization_level": level, "seed_transpiler": 0}
    ours, default = transpile(circuit, init_method="qtrain", **options), transpile(circuit, **options)
    assert ours == default
    if level > 1:  # swaps become a permutation of the outputs there
        return
    bound = draw(circuit)
    known = {p: bound[p.name] for p in ours.parameters}
    before = unmeasured(circuit).assign_parameters({p: bound[p.name] for p in unmeasured(circuit).parameters})
    after = unmeasured(ours).assign_parameters({p: v for p, v in known.items() if p in unmeasured(ours).parameters})
    assert Operator(after).equiv(Operator(before), atol=1e-8)


def check_measured(circuit):
    """With a declared observable something may go, its expectation may not."""
    n = circuit.num_qubits
    observable, bound = SparsePauliOp.from_sparse_list([("Z", [n - 1], 1.0)], n), draw(circuit)
    expected = expectation(circuit, observable, bound)
    circuit.metadata = {"qtrain.observable": observable}
    done = transpile(circuit, init_method="qtrain", basis_gates=BASIS, optimization_level=1)
    assert expectation(done, observable, bound) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("name", LIBRARY)
def test_library(name, level):
    circuit = LIBRARY[name]()
    assert circuit.num_parameters > 0
    check_same(circuit, level)


@pytest.mark.parametrize("name", LIBRARY)
def test_library_with_an_observable(name):
    check_measured(LIBRARY[name]())


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_kind_of_operation_with_an_observable(name, seed):
    circuit = circuit_with(name, seed)
    if name not in ("by its matrix", "name of a rotation"):  # the default stage refuses one, and mistakes the other
        check_measured(circuit.copy())
    n, bound = circuit.num_qubits, draw(circuit)
    observable = SparsePauliOp.from_sparse_list([("Z", [n - 1], 1.0)], n)
    smaller, removal = remove_dead(circuit, observable)
    assert expectation(smaller, observable, bound) == pytest.approx(expectation(circuit, observable, bound), abs=1e-9)
    assert {p.name for p in circuit.parameters} == {p.name for p in smaller.parameters} | set(removal.parameters)


def test_nothing_of_the_library_is_left_out():
    """Functions that make circuits, blueprints, and gates whose angle is an argument."""
    without = {  # nothing of these can be left free
        "bit_flip_oracle", "fourier_checking", "hidden_linear_function", "iqp", "quantum_volume", "random_bitwise_xor",
        "random_iqp", "phase_oracle", "get_standard_gate_name_mapping", "graph_state",
    }  # fmt: skip
    fixed = ("template_", "clifford_", "rzx_")
    functions = {name for name, item in vars(library).items() if inspect.isfunction(item) and not name.startswith(fixed)}
    assert functions - without <= set(FUNCTIONS)
    refused = {"GR", "GRX", "GRY", "HamiltonianGate"}  # by Qiskit itself, with a free angle
    angles = {"theta", "phi", "lam", "time", "gamma", "thetas", "phis"}
    covered = {type(gate).__name__ for gate in get_standard_gate_name_mapping().values()}
    for name, item in vars(library).items():
        if inspect.isclass(item) and issubclass(item, (library.BlueprintCircuit, QuantumCircuit, Gate)):
            if angles & set(inspect.signature(item.__init__).parameters) and name not in covered | refused:
                assert name in CLASSES, name


def test_what_the_default_refuses_is_refused_in_the_same_words():
    circuit = of(library.HamiltonianGate(np.array([[0, 1], [1, 0]]), T))  # about X: the observable sees it
    circuit.metadata = {"qtrain.observable": "Z"}
    for options in ({}, {"init_method": "qtrain"}):
        with pytest.raises(TranspilerError, match='unable to synthesize "hamiltonian"'):
            transpile(circuit, basis_gates=BASIS, **options)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.name)
def test_public_circuits(path, level):
    check_same(read(path), level)


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.name)
def test_public_circuits_with_an_observable(path):
    check_measured(unmeasured(read_circuit(path, free_angles=True)))


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("path", DYNAMIC, ids=lambda path: path.name)
def test_circuits_that_measure_and_branch_stay(path, level):
    from qiskit_aer import AerSimulator

    circuit, options = read(path), {"basis_gates": BASIS, "optimization_level": level, "seed_transpiler": 0}
    default = transpile(circuit, **options)
    circuit.metadata = {"qtrain.observable": "Z" + "I" * (circuit.num_qubits - 1)}
    ours = transpile(circuit, init_method="qtrain", **options)
    assert ours == default
    run = AerSimulator(seed_simulator=1).run
    assert run(ours, shots=500).result().get_counts() == run(default, shots=500).result().get_counts()


def test_the_files_are_what_they_should_be():
    assert (len(PLAIN), len(DYNAMIC)) == (17, 3)
    assert sum(read(path).num_parameters > 0 for path in PLAIN) == 5
    assert {"if_else", "measure"} <= {name for path in DYNAMIC for name in read(path).count_ops()}
    assert sum(path.stat().st_size for path in FILES) < 60_000

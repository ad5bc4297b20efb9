"""Lowering against Qiskit's own matrices; programs against dense twins."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    library,
)
from qiskit.circuit.library import PauliEvolutionGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, Pauli, SparseObservable, SparsePauliOp, Statevector, random_clifford
from qiskit.quantum_info import random_unitary as haar
from qiskit.synthesis import LieTrotter, MatrixExponential, QDrift, SuzukiTrotter

from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError
from qtrain.kernels import opcodes as op
from qtrain.kernels.paulis import PauliTable

GATES = {name: gate for name, gate in get_standard_gate_name_mapping().items()
         if name not in ("measure", "reset", "delay", "global_phase")}  # fmt: skip
a, b, c = Parameter("a"), Parameter("b"), Parameter("c")
ISING = SparsePauliOp(["ZZI", "IZZ", "XII", "IXI", "IIX"], [1, -0.5, 0.3, 0.2, 0.7])


def with_angles(gate, angles):
    """The same gate with other parameters; ``angles`` are used in turn."""
    if not gate.params:
        return gate
    gate = gate.to_mutable()
    gate.params = list(angles)[: len(gate.params)]
    return gate


def equal(circuit, *, inputs=(), seed=0):
    """Whether program and circuit are one unitary, up to a phase, at random parameters."""
    rng = np.random.default_rng(seed)
    numbers = {p: rng.uniform(-7, 7) for p in circuit.parameters}
    program = lower(circuit, inputs=inputs)
    by_name = {p.name: value for p, value in numbers.items()}
    if program.inputs:
        program = program.bind_inputs([by_name[name] for name in program.inputs])
    bound = circuit.assign_parameters(numbers)
    if bound.num_clbits:
        bound = bound.remove_final_measurements(inplace=False)
    # an evolution gate is, on a device, the product formula it names: not its exact exponential
    bound = bound.decompose(gates_to_decompose=["PauliEvolution", "QAOA"], reps=5)
    dense = reference.unitary(program, [by_name[name] for name in program.weights])
    return reference.same_up_to_phase(dense, Operator(bound).data)


@pytest.mark.parametrize("angles", [(a, b, c, a + b), (0.3, -1.2, 2.5, 4.0), (np.pi, np.pi / 2, -np.pi, 0.0),
                                    (2 * a - 1, 0.5 * a, a / 3, b)], ids=["free", "mixed", "quarter", "affine"])  # fmt: skip
@pytest.mark.parametrize("name", sorted(GATES))
def test_every_standard_gate(name, angles):
    gate = with_angles(GATES[name], angles)
    circuit = QuantumCircuit(gate.num_qubits + 1)
    circuit.append(gate, range(gate.num_qubits, 0, -1))
    circuit.append(gate, range(gate.num_qubits))
    assert equal(circuit)


ANGLE = st.one_of(
    st.sampled_from([a, b, c, 2 * a, a + b - 1, -c / 2, 3 * a - 2 * b + c + 0.5]),
    st.floats(-7, 7),
    st.integers(-9, 9).map(lambda k: k * math.pi / 2),
)


@st.composite
def circuits(draw, max_qubits=4, max_gates=12, angle=ANGLE):
    n = draw(st.integers(1, max_qubits))
    circuit = QuantumCircuit(n)
    names = sorted(name for name, gate in GATES.items() if gate.num_qubits <= n)
    for _ in range(draw(st.integers(0, max_gates))):
        gate = GATES[draw(st.sampled_from(names))]
        qubits = draw(st.permutations(range(n)))[: gate.num_qubits]
        circuit.append(with_angles(gate, [draw(angle) for _ in gate.params]), qubits)
    return circuit


@given(circuits(), st.integers(0, 1000))
def test_random_circuits(circuit, seed):
    assert equal(circuit, seed=seed)


LIBRARY = {
    "efficient_su2": library.efficient_su2(3, reps=2),
    "EfficientSU2": library.EfficientSU2(3, reps=1),
    "real_amplitudes": library.real_amplitudes(3, reps=2, entanglement="sca"),
    "n_local": library.n_local(3, ["rx", "h"], ["crz", "cx"], reps=2),
    "excitation_preserving": library.excitation_preserving(3, mode="fsim", reps=1),
    "pauli_two_design": library.pauli_two_design(3, reps=2, seed=1),
    "qaoa": library.qaoa_ansatz(ISING, reps=2),
    "QAOAAnsatz": library.QAOAAnsatz(ISING, reps=1),
    "evolved_operator": library.evolved_operator_ansatz([SparsePauliOp(["ZZI", "IZZ"]), ISING], reps=2),
    "hamiltonian_variational": library.hamiltonian_variational_ansatz(ISING, reps=2),
    "quantum_volume": library.quantum_volume(3, 2, seed=1),
    "iqp": library.iqp(np.array([[1, 2, 3], [2, 4, 5], [3, 5, 6]])),
    "qft": library.QFTGate(3).definition,
}


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_library_circuits(name):
    assert equal(LIBRARY[name])


@pytest.mark.parametrize("circuit", [
    library.zz_feature_map(3, reps=2),
    library.ZZFeatureMap(3, reps=1),
    library.pauli_feature_map(3, reps=1, paulis=["Z", "YY"], data_map_func=lambda x: np.prod(np.sin(x))),
    library.zz_feature_map(3, reps=1).compose(library.real_amplitudes(3, reps=1)),
], ids=["zz", "ZZ", "pauli", "with weights"])  # fmt: skip
def test_feature_maps_with_products_of_data(circuit):
    assert equal(circuit, inputs="x")


@pytest.mark.parametrize("formula", [
    LieTrotter(reps=2), LieTrotter(preserve_order=False), LieTrotter(wrap=True), LieTrotter(insert_barriers=True),
    SuzukiTrotter(order=2, reps=2), SuzukiTrotter(order=4),
], ids=lambda f: f"{type(f).__name__}-{f.order}-{f.reps}")  # fmt: skip
def test_pauli_evolution_is_its_product_formula(formula):
    circuit = QuantumCircuit(4)
    circuit.append(PauliEvolutionGate(ISING, 2 * a + b, synthesis=formula), [3, 0, 2])
    circuit.append(PauliEvolutionGate([SparsePauliOp("YX"), SparsePauliOp(["XZ", "ZX"])], a, synthesis=formula), [0, 3])
    assert equal(circuit)
    program = lower(circuit)
    assert (program.opcode == op.ROTATION).all()  # no ladder of CX: every Pauli is one rotation


def test_a_drawn_formula_is_drawn_once():
    circuit = QuantumCircuit(3)
    circuit.append(PauliEvolutionGate(ISING, 0.7, synthesis=QDrift(reps=2)), range(3))
    assert equal(circuit)


def other_operations():
    """Operations that are no standard gates, each on its own circuit."""
    sub = QuantumCircuit(2, name="own")
    sub.rx(a, 0)
    sub.cx(0, 1)
    sub.rzz(a + 2 * b, 1, 0)
    own = sub.to_gate()
    return {
        "own gate": (own, [2, 0]), "inverse": (own.inverse(), [1, 0]), "controlled": (own.control(1), [2, 0, 1]),
        "instruction": (sub.to_instruction(), [1, 2]), "repeated": (own.repeat(2), [1, 2]),
        "annotated": (AnnotatedOperation(library.RXGate(a), [ControlModifier(1), InverseModifier()]), [2, 0]),
        "power": (AnnotatedOperation(library.SXGate(), [PowerModifier(3)]), [1]),
        "open control": (library.RXGate(2 * a + 1).control(1, ctrl_state=0), [0, 2]),
        "many controls": (library.RYGate(a).control(2, ctrl_state=1), [0, 1, 2]),
        "mcp": (library.MCPhaseGate(a, 2), [0, 1, 2]), "mcx": (library.MCXGate(2), [2, 1, 0]),
        "ms": (library.MSGate(3, a), [0, 1, 2]), "rv": (library.RVGate(0.1, 0.2, 0.3), [1]),
        "pauli": (library.PauliGate("XYZ"), [2, 0, 1]),
        "unitary 1": (library.UnitaryGate(haar(2, seed=1)), [1]),
        "unitary 2": (library.UnitaryGate(haar(4, seed=2)), [2, 0]),
        "unitary 3": (library.UnitaryGate(haar(8, seed=3)), [2, 0, 1]),
        "clifford": (random_clifford(3, seed=4), [2, 0, 1]),
        "clifford matrix": (library.UnitaryGate(random_clifford(2, seed=5).to_matrix()), [2, 1]),
        "permutation": (library.PermutationGate([2, 0, 1]), [0, 1, 2]),
        "linear function": (library.LinearFunction([[1, 1, 0], [0, 1, 0], [1, 0, 1]]), [0, 1, 2]),
        "diagonal": (library.DiagonalGate([1, -1, 1j, 1, 1, -1j, 1, 1]), [0, 1, 2]),
        "ucry": (library.UCRYGate([0.1, 0.2, 0.3, 0.4]), [0, 1, 2]),
        "matrix exponential": (PauliEvolutionGate(ISING, 0.4, synthesis=MatrixExponential()), [0, 1, 2]),
        "controlled evolution": (PauliEvolutionGate(SparsePauliOp(["ZX", "YI"]), a).control(1), [2, 0, 1]),
        "projectors": (PauliEvolutionGate(SparseObservable.from_list([("0+r", 0.7)]), a), [1, 0, 2]),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(other_operations()))
def test_other_operations(name):
    operation, qubits = other_operations()[name]
    circuit = QuantumCircuit(3)
    circuit.h([0, 1])
    circuit.append(operation, qubits)
    assert equal(circuit)


@pytest.mark.parametrize("name", ["clifford", "clifford matrix", "permutation", "linear function", "pauli"])
def test_cliffords_stay_cliffords(name):
    operation, qubits = other_operations()[name]
    circuit = QuantumCircuit(3)
    circuit.append(operation, qubits)
    assert (lower(circuit).opcode != op.ROTATION).all()


def test_pauli_product_rotation():
    gate = getattr(library, "PauliProductRotationGate", None)  # Qiskit 2.3 and later
    circuit = QuantumCircuit(4)
    if gate is None:
        circuit.append(PauliEvolutionGate(SparsePauliOp("YZX", -0.5), a), [3, 0, 2])
    else:
        circuit.append(gate(Pauli("-YZX"), a), [3, 0, 2])
    program = lower(circuit)
    # the last letter, X, is on qubit 3; Z on 0; Y on 2
    assert (len(program), program.pauli(0), program.coefficient[0]) == (1, "XYIZ", -1.0)
    assert equal(circuit)


@pytest.mark.parametrize("prepare", [
    lambda qc: qc.initialize([1 / 2, 1 / 2, 1j / 2, -1 / 2], [2, 0]),
    lambda qc: qc.prepare_state([0.6, 0, 0, 0.8], [0, 1]),
    lambda qc: qc.initialize("+0r"),
    lambda qc: qc.reset([0, 1, 2]),
], ids=["initialize", "prepare_state", "label", "reset"])  # fmt: skip
def test_states_are_prepared_from_zeros(prepare):
    circuit = QuantumCircuit(3)
    prepare(circuit)
    circuit.ry(a, 0)
    program = lower(circuit)
    plain = QuantumCircuit(3)
    for instruction in circuit.assign_parameters([0.4]).decompose("initialize").data:
        if instruction.name != "reset":
            plain.append(instruction)
    expected = Statevector(plain).data
    assert abs(np.vdot(expected, reference.unitary(program, [0.4])[:, 0])) == pytest.approx(1, abs=1e-9)


def test_final_measurements_barriers_delays_and_boxes():
    circuit = QuantumCircuit(2, 2)
    with circuit.box():
        circuit.rx(a, 0)
        circuit.cx(0, 1)
    circuit.barrier()
    circuit.delay(10, 0)
    circuit.measure([0, 1], [0, 1])
    circuit.barrier()
    program = lower(circuit)
    assert [program.opcode.tolist(), program.gate.tolist()] == [[op.ROTATION, op.CX], [0, 0]]


# --------------------------------------------------------------------------- the arrays


def test_columns_say_what_the_circuit_says():
    circuit = QuantumCircuit(70)
    circuit.h(3)
    circuit.rzx(2 * b - 1, 69, 2)
    circuit.cx(5, 4)
    circuit.rx(0.3, 7)
    circuit.ry(np.pi / 2, 8)
    circuit.append(library.UGate(a, b, 0.0), [0])
    p = lower(circuit)
    assert p.opcode.tolist() == [op.H, 0, op.CX, 0, op.Z, op.H, 0, 0]
    assert p.qubits.tolist() == [[3, -1], [-1, -1], [5, 4], [-1, -1], [8, -1], [8, -1], [-1, -1], [-1, -1]]
    assert p.start.tolist() == [0, 0, 2, 2, 3, 3, 3, 4, 5]
    assert p.support.tolist() == [2, 69, 7, 0, 0]
    assert p.letters.tolist() == [1, 2, 1, 3, 2]
    assert p.parameter.tolist() == [-1, 1, -1, -1, -1, -1, 0, 1]
    assert p.coefficient.tolist() == [0, 2, 0, 0, 0, 0, 1, 1]
    assert p.offset.tolist() == [0, -1, 0, 0.3, 0, 0, 0, 0]
    assert p.gate.tolist() == [0, 1, 2, 3, 4, 4, 5, 5]
    assert p.weights == ("a", "b") and p.inputs == () and dict(p.expressions) == {}
    assert p.rotations.tolist() == [1, 6, 7] and p.fixed_rotations.tolist() == [3]
    assert p.shared.tolist() == [False, True]
    assert [x.dtype.name for x in (p.opcode, p.qubits, p.start, p.support, p.letters, p.parameter, p.coefficient,
                                   p.offset, p.gate)] == \
        ["int8", "int32", "int64", "int32", "int8", "int32", "float64", "float64", "int32"]  # fmt: skip


def test_weights_follow_the_circuits_order():
    theta = ParameterVector("θ", 12)
    circuit = QuantumCircuit(1)
    for k in reversed(range(12)):
        circuit.rx(theta[k], 0)
    p = lower(circuit)
    assert p.weights == tuple(q.name for q in circuit.parameters) == tuple(f"θ[{k}]" for k in range(12))
    assert p.parameter.tolist() == list(reversed(range(12)))


@pytest.mark.parametrize("build, shared", [
    (lambda qc: (qc.rx(a, 0), qc.ry(b, 0)), [False, False]),
    (lambda qc: (qc.rx(a, 0), qc.ry(a, 0), qc.ry(b, 0)), [True, False]),
    (lambda qc: (qc.rx(-a, 0), qc.ry(b + 1, 0)), [False, False]),
    (lambda qc: (qc.rx(2 * a, 0), qc.ry(b / 2, 0)), [True, True]),
    (lambda qc: (qc.crx(a, 0, 1), qc.rxx(b, 0, 1)), [True, False]),
    (lambda qc: (qc.rx(a + b, 0),), [False, False]),
], ids=["own", "twice", "signs", "scaled", "controlled", "sum"])  # fmt: skip
def test_shared(build, shared):
    circuit = QuantumCircuit(2)
    build(circuit)
    assert lower(circuit).shared.tolist() == shared


def test_nothing_to_train_is_allowed():
    program = lower(QuantumCircuit(2))
    assert (len(program), program.num_weights, program.shared.tolist(), program.start.tolist()) == (0, 0, [], [0])
    assert np.allclose(reference.unitary(program, []), np.eye(4))
    assert len(program.generators()) == 0 and program.frame().labels == ["IZ", "ZI"]


@given(circuits(max_qubits=3, max_gates=8), st.data())
def test_angles_and_bound_weights(circuit, data):
    program = lower(circuit)
    w = np.array([data.draw(st.floats(-7, 7)) for _ in program.weights])
    some = data.draw(st.sets(st.sampled_from(range(len(w))))) if len(w) else set()
    rest = program.bind_weights({k: w[k] for k in some})
    kept = [k for k in range(len(w)) if k not in some]
    assert rest.weights == tuple(program.weights[k] for k in kept)
    assert np.allclose(rest.angles(w[kept]), program.angles(w))
    batch = np.vstack([w, w + 1])
    assert np.allclose(program.angles(batch), [program.angles(row) for row in batch])


def test_inputs_can_be_named_in_many_ways():
    x, y, w = ParameterVector("x", 2), Parameter("xi"), Parameter("w")
    circuit = QuantumCircuit(1)
    for p in (x[0] * x[1], y, w):
        circuit.rx(p, 0)
    for inputs in ("x", x, ["x[0]", "x[1]"], [x[0], "x[1]"]):
        assert lower(circuit, inputs=inputs).inputs == ("x[0]", "x[1]")
    assert lower(circuit, inputs=["x", "xi"]).weights == ("w",)
    assert lower(circuit, inputs=["x[", "xi"]).inputs == ("x[0]", "x[1]", "xi")


def test_data_may_scale_a_weight():
    x, y = Parameter("x"), Parameter("y")
    circuit = QuantumCircuit(2)
    circuit.rx(x * a + y**2, 0)
    circuit.rzz(a * x.sin() + b * y + 0.5, 0, 1)
    circuit.ry(a, 1)
    program = lower(circuit, inputs=["x", "y"])
    assert program.weights == ("a", "b") and set(program.expressions) == {0, 2, 3}
    assert program.offset[1] == 0.5 and program.parameter[1] == -1
    points = np.array([[0.3, 1.2], [-2.0, 0.1]])
    ops, coefficient, offset = program.input_angles(points)
    for i, (u, v) in enumerate(points):
        bound = program.bind_inputs([u, v])
        assert np.allclose(bound.coefficient[ops], coefficient[i]) and np.allclose(bound.offset[ops], offset[i])
        dense = reference.unitary(bound, [0.7, -0.4])
        plain = circuit.assign_parameters({x: u, y: v, a: 0.7, b: -0.4})
        assert reference.same_up_to_phase(dense, Operator(plain).data)
    with pytest.raises(QTrainError, match="program should have its 2 inputs bound"):
        program.angles([0.1, 0.2])


def test_parameters_that_drop_out_do_not_count():
    x = Parameter("x")
    circuit = QuantumCircuit(1)
    circuit.rx(a + b - b, 0)
    circuit.ry(a / x, 0)
    circuit.rz((x + 1) * b - x * b, 0)
    circuit.rx(c - c + 0.25, 0)
    program = lower(circuit, inputs="x")
    assert {1} <= set(program.expressions) <= {1, 2}  # the data cancel in op 2; Qiskit may or may not see it
    assert program.parameter.tolist() == [0, 0, 1, -1]
    bound = program.bind_inputs([0.4])
    assert bound.coefficient == pytest.approx([1, 2.5, 1, 0]) and bound.offset == pytest.approx([0, 0, 0, 0.25])


def test_fingerprint_tells_programs_apart():
    circuit = library.real_amplitudes(3, reps=1)
    one, same = lower(circuit), lower(library.real_amplitudes(3, reps=1))
    assert one.fingerprint() == same.fingerprint() and len(one.fingerprint()) == 32
    others = [lower(library.real_amplitudes(3, reps=2)), one.bind_weights({0: 0.1}), one.bind_weights({0: 0.2}),
              lower(circuit, inputs="θ")]  # fmt: skip
    assert len({p.fingerprint() for p in [one, *others]}) == 5


# --------------------------------------------------------------------------- frames


@given(circuits(max_qubits=3, max_gates=10), st.integers(0, 1000))
def test_circuit_is_rotations_after_cliffords(circuit, seed):
    """U = R W: rotations about the generators, after all Cliffords; W Z_q W^dagger and W X_q W^dagger are the frame."""
    program = lower(circuit)
    n, weights = program.num_qubits, np.random.default_rng(seed).uniform(-7, 7, program.num_weights)
    angles, table = program.angles(weights), program.generators(fixed=True)
    clifford, rotated = np.eye(2**n), np.eye(2**n)
    rest = set(range(len(program))) - set(table.index.tolist())
    for i in sorted(rest):
        clifford = reference.op_unitary(program, i, angles[i]) @ clifford
    for i, sign, label in zip(table.index, table.signs, table.labels):
        pauli = sign * reference.pauli_matrix(label)
        rotated = (np.cos(angles[i] / 2) * np.eye(2**n) - 1j * np.sin(angles[i] / 2) * pauli) @ rotated
    assert reference.same_up_to_phase(rotated @ clifford, reference.unitary(program, weights))
    for letter, frame in (("Z", program.frame()), ("X", program.frame_x())):
        for q, sign, label in zip(range(n), frame.signs, frame.labels):
            before = reference.pauli_matrix("I" * (n - 1 - q) + letter + "I" * q)
            assert np.allclose(clifford @ before @ clifford.conj().T, sign * reference.pauli_matrix(label))


def test_generators_leave_out_what_has_no_weight():
    circuit = QuantumCircuit(2)
    circuit.t(0)
    circuit.rx(a, 0)
    circuit.rzz(np.pi / 2, 0, 1)
    circuit.h(1)
    program = lower(circuit)
    assert program.generators().index.tolist() == [1] and program.generators().labels == ["XY"]
    assert program.generators(fixed=True).index.tolist() == [0, 1]
    assert isinstance(program.frame(), PauliTable)


def test_generators_of_wide_circuits():
    """More than one word per row, against conjugation op by op."""
    rng = np.random.default_rng(5)
    circuit = QuantumCircuit(130)
    for k in range(400):
        gate = GATES[rng.choice(["h", "s", "sxdg", "cx", "cz", "swap", "rzx"])]
        gate = with_angles(gate, [Parameter(f"w{k}")])
        circuit.append(gate, rng.choice([0, 62, 63, 64, 65, 127, 128, 129], gate.num_qubits, replace=False).tolist())
    program = lower(circuit)
    table = program.generators()
    assert len(table) > 20
    for row, i in enumerate(table.index):
        sign, label = 1, program.pauli(i)
        for j in range(i + 1, len(program)):
            if program.opcode[j] != op.ROTATION:
                s, label = reference.conjugate(label, int(program.opcode[j]), program.qubits[j], inverse=False)
                sign *= s
        assert (sign, label) == (table.signs[row], table.labels[row])


# --------------------------------------------------------------------------- refusals


def circuit_of(*steps, clbits=1):
    circuit = QuantumCircuit(2, clbits)
    for step in steps:
        step(circuit)
    return circuit


def branch(qc):
    with qc.if_test((qc.clbits[0], 1)):
        qc.x(0)


def opaque(qc):
    qc.append(Gate("mystery", 1, []), [0])


def unbound(qc):
    """A gate whose definition uses a Parameter that the circuit does not own."""
    gate, inner = Gate("leaky", 1, []), QuantumCircuit(1)
    inner.rx(Parameter("stray"), 0)
    gate.definition = inner
    qc.append(gate, [0])


def bomb(qc):
    """Forty definitions, each twice the one before: 2**40 gates in two kilobytes."""
    gates = "".join(f"gate g{k + 1} a {{ g{k} a; g{k} a; }}\n" for k in range(40))
    text = 'OPENQASM 2.0; include "qelib1.inc"; gate g0 a { t a; }\n' + gates + "qreg q[1]; g40 q[0];"
    qc.append(qasm2.loads(text).data[0].operation, [0])


@pytest.mark.parametrize("circuit, message", [
    (circuit_of(lambda qc: qc.measure(0, 0), lambda qc: qc.h(0)), r"gate 1 \(h\).*after its measurement at gate 0"),
    (circuit_of(lambda qc: qc.h(0), lambda qc: qc.reset(0)), r"gate 1 \(reset\).*reset in mid-circuit"),
    (circuit_of(lambda qc: qc.h(0), lambda qc: qc.initialize([0.6, 0.8], 0)), r"gate 1 \(initialize\)"),
    (circuit_of(branch), r"gate 0 \(if_else\).*classical control flow"),
    (circuit_of(opaque), r"gate 0 \(mystery\).*no definition"),
    (circuit_of(unbound), r"Parameter it uses\. Got stray at gate 0 \(leaky\)"),
    (circuit_of(lambda qc: qc.rx(a * b, 0)), r"affine in each trainable parameter\. Got a\*b at gate 0 \(rx\)"),
    (circuit_of(lambda qc: qc.h(0), lambda qc: qc.rz(a.sin(), 0)), r"Got sin\(a\) at gate 1 \(rz\)"),
    (circuit_of(lambda qc: qc.rx(float("nan"), 0)), r"finite real angles\. Got nan at gate 0 \(rx\)"),
    (circuit_of(lambda qc: qc.cp(float("inf"), 0, 1)), r"finite real angles\. Got inf at gate 0 \(cp\)"),
    (QuantumCircuit(0), "at least 1 qubit"),
    ("bell.txt", "a .qasm or .qpy file"),
    (42, "QuantumCircuit or a file. Got int"),
], ids=lambda v: v[:20] if isinstance(v, str) else "")  # fmt: skip
def test_refusals_name_the_gate(circuit, message):
    with pytest.raises(QTrainError, match=message) as caught:
        lower(circuit)
    assert "\n" not in str(caught.value)


def test_a_small_definition_cannot_fill_the_memory(monkeypatch):
    monkeypatch.setattr("qtrain.circuits.lowering.MAX_GATES", 10_000)
    with pytest.raises(QTrainError, match="unfolds to more than 10000 gates"):
        lower(circuit_of(bomb))


@pytest.mark.parametrize("call, message", [
    (lambda p: p.angles([0.1]), r"weights should have 2 entries in its last axis\. Got shape \(1,\)"),
    (lambda p: p.angles([0.1, math.nan]), "weights should hold finite numbers"),
    (lambda p: p.angles("xy"), "weights should hold 2 real numbers"),
    (lambda p: p.bind_weights({5: 0.1}), "values should have keys from 0 to 1. Got 5"),
    (lambda p: p.bind_weights({0: math.inf}), "finite real angles. Got inf for weight 0"),
    (lambda p: p.bind_inputs([1.0]), r"x should have 0 entries in its last axis\. Got shape \(1,\)"),
    (lambda p: lower(p, inputs="a"), "inputs should be given with a circuit"),
    (lambda p: lower(circuit_of(lambda qc: qc.rx(a, 0)), inputs="zz"), r"of the circuit \(a\)\. Got zz"),
    (lambda p: lower(circuit_of(lambda qc: qc.rx(a, 0)), inputs=[3]), "names or Parameters. Got 3"),
    (lambda p: lower(circuit_of(lambda qc: qc.rx(a, 0)), inputs=3), "names or Parameters. Got 3"),
])  # fmt: skip
def test_wrong_numbers(call, message):
    program = lower(circuit_of(lambda qc: qc.rx(a, 0), lambda qc: qc.ry(b, 1)))
    with pytest.raises(QTrainError, match=message):
        call(program)


def test_division_by_zero_in_the_data_is_refused():
    x = Parameter("x")
    circuit = circuit_of(lambda qc: qc.rx(1 / x, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(QTrainError, match="finite real angles"):
            lower(circuit, inputs="x").bind_inputs([0.0])


def test_a_program_is_its_own_lowering():
    program = lower(library.real_amplitudes(2, reps=1))
    assert lower(program) is program and isinstance(program, PauliProgram)
    assert repr(program) == "PauliProgram(num_qubits=2, ops=5, rotations=4, weights=4, inputs=0)"

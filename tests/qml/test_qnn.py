"""QNNs: what they measure, and that the fast gradient is the gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import OPERATIONS, circuit_with
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2, real_amplitudes, zz_feature_map
from qiskit.primitives import StatevectorEstimator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.algorithms import VQC, VQR, NeuralNetworkClassifier, NeuralNetworkRegressor
from qiskit_machine_learning.gradients import ParamShiftEstimatorGradient
from qiskit_machine_learning.kernels import FidelityQuantumKernel
from qiskit_machine_learning.neural_networks import EstimatorQNN
from qiskit_machine_learning.optimizers import ADAM, COBYLA, L_BFGS_B

from qtrain import TrainableAnsatz
from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.qml.adjoint_gradient import AdjointEstimatorGradient, SimulatorEstimator
from qtrain.qml.qnn import build_qnn, data_encoding, encode, local_observables
from qtrain.registry.registry import RegistryEntry

ENTRY = RegistryEntry("small", catalogue.real_amplitudes(reps=2), 2)


def numeric(function, point, step=1e-6):
    """Central differences."""
    return np.array([(function(point + step * row) - function(point - step * row)) / (2 * step)
                     for row in np.eye(len(point))])  # fmt: skip


def exact_value(circuit, observable, values):
    return Statevector(circuit.assign_parameters(values)).expectation_value(observable).real


@st.composite
def circuits(draw):
    """Parameters alone, repeated, scaled, multiplied with each other and squared."""
    n = draw(st.integers(1, 3))
    circuit, p = QuantumCircuit(n), ParameterVector("p", draw(st.integers(1, 3)))
    for _ in range(draw(st.integers(1, 8))):
        a, b = draw(st.sampled_from(list(p))), draw(st.sampled_from(list(p)))
        kind = draw(st.sampled_from(["plain", "scaled", "sum", "product", "sine"]))
        angle = {"plain": a, "scaled": -1.5 * a + 0.3, "sum": a + 2 * b, "product": a * b, "sine": a.sin() + b}[kind]
        gates = ["rx", "ry", "rz", "p"] + (["rzz", "crx", "cp", "rxx"] if n > 1 else [])
        gate = draw(st.sampled_from(gates))
        qubits = draw(st.permutations(range(n)))[: 1 if gate in ("rx", "ry", "rz", "p") else 2]
        getattr(circuit, gate)(angle, *qubits)
        if draw(st.booleans()):
            circuit.h(draw(st.integers(0, n - 1)))
    observable = SparsePauliOp(draw(st.lists(st.text("IXYZ", min_size=n, max_size=n), min_size=1, max_size=3)))
    seed = draw(st.integers(0, 2**31))
    return circuit, observable, np.random.default_rng(seed).uniform(-2, 2, circuit.num_parameters)


@given(circuits())
def test_adjoint_gradient_is_the_derivative(case):
    circuit, observable, point = case
    found = AdjointEstimatorGradient().run([circuit], [observable], [point]).result().gradients[0]
    expected = numeric(lambda x: exact_value(circuit, observable, x), point)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_adjoint_gradient_goes_through_every_kind_of_operation(name, seed):
    circuit = circuit_with(name, seed)
    observable = SparsePauliOp("Z" * circuit.num_qubits)
    point = np.random.default_rng(seed).uniform(-2, 2, circuit.num_parameters)
    found = AdjointEstimatorGradient().run([circuit], [observable], [point]).result().gradients[0]
    expected = numeric(lambda x: exact_value(circuit, observable, x), point)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(circuits(), st.data())
def test_a_part_of_the_gradient_is_that_part(case, data):
    circuit, observable, point = case
    whole = AdjointEstimatorGradient().run([circuit], [observable], [point]).result().gradients[0]
    wanted = data.draw(st.lists(st.sampled_from(list(circuit.parameters)), unique=True, min_size=1))
    part = AdjointEstimatorGradient().run([circuit], [observable], [point], [wanted]).result().gradients[0]
    order = list(circuit.parameters)
    np.testing.assert_allclose(part, [whole[order.index(p)] for p in wanted], atol=1e-12)


@given(circuits())
def test_simulator_estimator_is_exact(case):
    circuit, observable, point = case
    points = np.stack([point, -point, 0 * point])
    pub = (circuit, [[observable], [SparsePauliOp("Z" * circuit.num_qubits)]], points)
    ours = SimulatorEstimator().run([pub], precision=0.1).result()[0]
    theirs = StatevectorEstimator().run([pub]).result()[0]
    assert ours.data.evs.shape == (2, 3)
    np.testing.assert_allclose(ours.data.evs, theirs.data.evs, atol=1e-12)


def test_simulator_estimator_takes_circuits_without_parameters():
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    assert SimulatorEstimator().run([(bell, ["ZZ", "XX", "ZI"])]).result()[0].data.evs == pytest.approx([1, 1, 0])


def test_the_cache_sees_a_changed_circuit():
    """Two evolution gates look alike but for the operator they hold."""
    time_, gradient = Parameter("t"), AdjointEstimatorGradient()
    found = []
    for label in ("X", "Z"):
        circuit = QuantumCircuit(1)
        circuit.append(PauliEvolutionGate(SparsePauliOp(label), time_), [0])
        found.append(gradient.run([circuit], [SparsePauliOp("Z")], [[0.3]]).result().gradients[0][0])
    assert found == pytest.approx([-2 * np.sin(0.6), 0.0])


def test_qnn_agrees_with_the_parameter_shift():
    """Same circuit, both input and weight gradients, a feature map with products of features."""
    rng = np.random.default_rng(0)
    ours = build_qnn(efficient_su2(3, reps=1), feature_map="zz", observables=["ZII + 0.5*IXX", "IIZ"],
                     input_gradients=True)  # fmt: skip
    theirs = EstimatorQNN(
        circuit=ours.circuit, estimator=StatevectorEstimator(), observables=ours.observables, default_precision=0.0,
        input_params=ours.input_params, weight_params=ours.weight_params, input_gradients=True,
    )  # fmt: skip
    data, weights = rng.uniform(-1, 1, (4, 3)), rng.uniform(-3, 3, ours.num_weights)
    np.testing.assert_allclose(ours.forward(data, weights), theirs.forward(data, weights), atol=1e-12)
    for mine, other in zip(ours.backward(data, weights), theirs.backward(data, weights)):
        np.testing.assert_allclose(mine, other, atol=1e-10)


def test_adjoint_gradient_runs_far_fewer_circuits():
    """The parameter shift evaluates two circuits for each gate and sample; the adjoint gradient none."""
    qnn = build_qnn(efficient_su2(4, reps=1))
    calls = []

    class Counting(StatevectorEstimator):
        def run(self, pubs, **options):
            pubs = list(pubs)
            calls.append(len(pubs))
            return super().run(pubs, **options)

    data, weights = np.zeros((2, 4)), np.zeros(qnn.num_weights)
    qnn.gradient = AdjointEstimatorGradient(Counting())
    qnn.backward(data, weights)
    assert calls == []
    qnn.gradient = ParamShiftEstimatorGradient(Counting())
    qnn.backward(data, weights)
    assert sum(calls) == 2 * 2 * (qnn.num_weights + qnn.num_inputs)


def test_observables_are_local_by_default():
    qnn = build_qnn(efficient_su2(5, reps=1))
    assert all(pauli.to_label().count("Z") == 1 for pauli in qnn.observables[0].paulis)
    assert qnn.output_shape == (1,)


@pytest.mark.parametrize("kind, outputs, expected", [
    ("mean", None, [["IIZ", "IZI", "ZII"]]), ("mean", [2], [["ZII"]]), ("each", [0, 2], [["IIZ"], ["ZII"]]),
    (2, None, [["IIZ"], ["IZI"]]), ("XZI", None, [["XZI"]]), (["ZII", SparsePauliOp("IIX")], None, [["ZII"], ["IIX"]]),
])  # fmt: skip
def test_local_observables(kind, outputs, expected):
    assert [sorted(op.paulis.to_labels()) for op in local_observables(kind, 3, outputs)] == expected


def test_a_pooled_network_is_measured_where_it_ends():
    qnn = build_qnn(catalogue.qcnn().circuit(4))
    assert qnn.observables[0].paulis.to_labels() == ["ZIII"]


def test_the_registered_observable_is_measured():
    entry = RegistryEntry("tfim", catalogue.hva_tfim(reps=1), 3, "ZZI + IZZ")
    assert sorted(entry.qnn(feature_map=None).observables[0].paulis.to_labels()) == ["IZZ", "ZZI"]
    assert len(entry.qnn(4).observables[0].paulis) == 4  # another width: the local mean


def test_reuploading_repeats_the_data_not_the_weights():
    circuit, inputs, weights = encode(real_amplitudes(3, reps=1), num_features=5, reuploads=4)
    assert (len(inputs), len(weights)) == (5, 24)
    assert circuit.count_ops()["ry"] == 4 * (3 + 6) and circuit.count_ops()["rz"] == 4 * 2
    uses = [item for item in circuit.data if inputs[0] in getattr(item.operation.params[:1], "__iter__", list)()]
    assert len(uses) == 4


def test_angle_encoding_is_injective_enough():
    """Every feature turns something, in every position."""
    circuit = data_encoding("angle", 7, 3)
    assert circuit.num_parameters == 7 and [p.name for p in circuit.parameters] == [f"x[{k}]" for k in range(7)]


@pytest.mark.parametrize("options, message", [
    ({"kind": "torch"}, 'kind should be "estimator" or "sampler"'), ({"reuploads": 0}, "reuploads should be"),
    ({"feature_map": "wave"}, "feature_map should be"), ({"observables": "ZZZ"}, "observable should"),
    ({"feature_map": "zz", "num_features": 3}, "num_features should be num_qubits = 2"),
    ({"feature_map": zz_feature_map(3)}, "feature_map should have at most 2 qubits. Got 3"),
    ({"feature_map": zz_feature_map(2), "num_features": 4}, "num_features should be 2, the map's own. Got 4"),
    ({"observables": 3}, "observables should be 1 to 2"), ({"observables": []}, "at least one observable"),
    ({"kind": "sampler", "output_shape": 5}, "output_shape should be 2 to 4"),
])  # fmt: skip
def test_wrong_options_are_refused(options, message):
    with pytest.raises(QTrainError, match=message):
        build_qnn(real_amplitudes(2), **options)


def test_data_has_a_feature():
    with pytest.raises(QTrainError, match="num_features should be a whole number of at least 1. Got 0"):
        data_encoding("angle", 0, 2)


@pytest.mark.parametrize("ansatz, message", [(3, "ansatz should be a QuantumCircuit"), (QuantumCircuit(2), "Got none")])
def test_an_ansatz_has_parameters(ansatz, message):
    with pytest.raises(QTrainError, match=message):
        build_qnn(ansatz)


def points(seed=1, samples=24):
    """Two classes, apart along the first feature."""
    rng = np.random.default_rng(seed)
    labels = np.arange(samples) % 2
    return rng.normal(0, 0.3, (samples, 2)) + np.where(labels[:, None] == 1, [1.2, 0.2], [-1.2, 0.2]) * 0.8, labels


@pytest.mark.parametrize("optimizer", [L_BFGS_B(maxiter=30), ADAM(maxiter=60, lr=0.1)])
def test_a_neural_network_classifier_trains(optimizer):
    data, labels = points()
    start = np.full(ENTRY.qnn().num_weights, 0.1)
    model = NeuralNetworkClassifier(ENTRY.qnn(), optimizer=optimizer, initial_point=start)
    assert model.fit(data, 2 * labels - 1).score(data, 2 * labels - 1) > 0.9


def test_a_regressor_trains():
    data = np.linspace(-1.4, 1.4, 20)[:, None]
    target = 0.9 * np.sin(data[:, 0])
    qnn = build_qnn(real_amplitudes(1, reps=1), num_features=1)
    model = NeuralNetworkRegressor(qnn, optimizer=L_BFGS_B(maxiter=50), initial_point=np.full(2, 0.5))
    assert model.fit(data, target).score(data, target) > 0.95


def test_vqc_and_vqr_take_the_registered_circuit():
    data, labels = points(samples=12)
    ansatz = ENTRY.circuit()
    start = np.full(ansatz.num_parameters, 0.3)
    data_map, operator = data_encoding("angle", 2, 2), SparsePauliOp(["IZ", "ZI"], [0.5, 0.5])
    vqc = VQC(feature_map=data_map, ansatz=ansatz, optimizer=COBYLA(maxiter=25), initial_point=start)
    assert vqc.fit(data, labels).score(data, labels) > 0.7
    vqr = VQR(feature_map=data_map, ansatz=ansatz, observable=operator, estimator=SimulatorEstimator(),
              optimizer=L_BFGS_B(maxiter=10), initial_point=start)  # fmt: skip
    vqr.neural_network.gradient = AdjointEstimatorGradient()
    assert vqr.fit(data, 2.0 * labels - 1).score(data, 2.0 * labels - 1) > 0.7


def test_a_qnn_of_the_gate_is_the_qnn_of_the_circuit():
    circuit = QuantumCircuit(2)
    circuit.append(TrainableAnsatz(2, ENTRY), range(2))
    weights, data = np.linspace(0, 2, 6), np.array([[0.3, -0.4]])
    by_gate, by_circuit = build_qnn(circuit), build_qnn(ENTRY.circuit())
    np.testing.assert_allclose(by_gate.forward(data, weights), by_circuit.forward(data, weights), atol=1e-12)
    np.testing.assert_allclose(by_gate.backward(data, weights)[1], by_circuit.backward(data, weights)[1], atol=1e-12)


def test_a_fidelity_kernel_of_an_encoded_ansatz():
    circuit, _, weights = encode(ENTRY.circuit())
    kernel = FidelityQuantumKernel(feature_map=circuit.assign_parameters(dict(zip(weights, np.arange(6) / 3))))
    matrix = kernel.evaluate(np.array([[0.1, 0.2], [1.0, -1.0]]))
    assert matrix[0, 0] == pytest.approx(1) and matrix[0, 1] == pytest.approx(matrix[1, 0]) and 0 < matrix[0, 1] < 1


def test_sampler_qnn_reads_the_first_output_bits():
    qnn = build_qnn(real_amplitudes(2, reps=1), kind="sampler", output_shape=4)
    probabilities = qnn.forward(np.array([[np.pi, 0.0]]), np.zeros(4))
    np.testing.assert_allclose(probabilities, [[0, 0, 0, 1]], atol=1e-9)  # RY(pi) on qubit 0, then CX 0 → 1
    assert build_qnn(catalogue.qcnn().circuit(4), kind="sampler").output_shape == (2,)


@settings(max_examples=20)
@given(st.integers(2, 4), st.integers(0, 15))
def test_bits_are_read_from_the_output_qubits(classes, outcome):
    qnn = build_qnn(real_amplitudes(4, reps=1), kind="sampler", output_shape=classes)
    bits = (classes - 1).bit_length()
    assert qnn.interpret(outcome) == (outcome % 2**bits) % classes


@pytest.mark.filterwarnings("ignore:Aer not found")
@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_a_backend_runs_the_transpiled_circuit(kind):
    backend = GenericBackendV2(4, coupling_map=[[0, 1], [1, 0], [1, 2], [2, 1], [2, 3], [3, 2]], seed=1)
    exact = build_qnn(real_amplitudes(2, reps=1), kind=kind)
    on_device = build_qnn(real_amplitudes(2, reps=1), kind=kind, backend=backend, precision=0.02)
    assert set(on_device.circuit.count_ops()) <= {*backend.operation_names, "barrier", "measure"}
    data, weights = np.array([[0.4, -0.9]]), np.array([0.3, 1.0, -0.7, 0.2])
    np.testing.assert_allclose(on_device.forward(data, weights), exact.forward(data, weights), atol=0.2)


def test_the_observable_follows_the_layout():
    """A device whose only good pair is far from qubits 0 and 1."""
    backend = GenericBackendV2(5, coupling_map=[[3, 4], [4, 3], [2, 3], [1, 2], [0, 1]], seed=3)
    qnn = build_qnn(efficient_su2(2, reps=1), backend=backend, observables=["ZI", "IZ"])
    plain = build_qnn(efficient_su2(2, reps=1), observables=["ZI", "IZ"])
    data, weights = np.array([[0.4, -0.9]]), np.linspace(0, 2, 8)
    qnn = EstimatorQNN(circuit=qnn.circuit, estimator=SimulatorEstimator(), observables=qnn.observables,
                       input_params=qnn.input_params, weight_params=qnn.weight_params)  # fmt: skip
    np.testing.assert_allclose(qnn.forward(data, weights), plain.forward(data, weights), atol=1e-10)

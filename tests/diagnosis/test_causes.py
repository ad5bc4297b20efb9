"""Verdicts: each row of the table on a circuit made for it."""

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, excitation_preserving, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.budget import Budget
from qtrain.circuits.pauli_tape import build_tape
from qtrain.circuits.program import lower
from qtrain.diagnosis import causes, parts
from qtrain.diagnosis.causes import path_weights
from qtrain.diagnosis.conditions import Condition, quantities
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.errors import QTrainError
from qtrain.gradients.methods import METHODS
from qtrain.gradients.statistics import LIMIT
from qtrain.gradients.variance import gradient_variance
from qtrain.light_cones.light_cone import light_cone


def by_name(report):
    return {v.parameter: v for v in report.verdicts}


def test_the_dead_by_their_cause():
    circuit = QuantumCircuit(3)
    circuit.rz(Parameter("a_unfelt"), 0)
    circuit.ry(Parameter("b_healthy"), 0)
    circuit.ry(Parameter("c_outside"), 2)
    circuit.cz(0, 1)
    circuit.rz(Parameter("d_commutes"), 0)
    report = diagnose(circuit, "IIZ")
    found = by_name(report)
    assert found["a_unfelt"].cause == causes.UNFELT
    assert found["b_healthy"].cause == causes.HEALTHY
    assert found["c_outside"].cause == causes.OUTSIDE
    assert found["d_commutes"].cause == causes.COMMUTES
    assert found["d_commutes"].beta == 0.0
    assert report.fraction("dead") == pytest.approx(3 / 4)
    assert report.summary == "1 of 4 parameters trains at 10000 shots; 3 are dead and can be removed."


def test_beta_and_phi_multiply_to_the_variance():
    report = diagnose(efficient_su2(4, reps=2), "ZIII")
    for verdict in report.verdicts:
        if not verdict.cause.startswith("dead"):
            assert verdict.beta * verdict.phi == pytest.approx(verdict.variance, rel=1e-9)
            assert 1 <= verdict.path_weight <= 4


def test_a_global_observable_concentrates():
    circuit = QuantumCircuit(20)
    for q in range(20):
        circuit.rx(Parameter(f"t{q:02d}"), q)
    report = diagnose(circuit, "Z" * 20)
    assert {v.cause for v in report.verdicts} == {causes.CONCENTRATED}
    assert report.gradients.variance == pytest.approx(np.full(20, 2.0**-20))


def test_scrambling_is_not_information_loss():
    """A local rotation, then a deep scrambler: no single-qubit Pauli sees it, the cost still varies."""
    n, count = 16, 0
    circuit = QuantumCircuit(n + 1)
    circuit.ry(Parameter("early"), 0)
    for _ in range(20):
        for q in range(n):
            circuit.ry(Parameter(f"x{count:04d}"), q)
            circuit.rz(Parameter(f"y{count:04d}"), q)
            count += 1
        for q in range(n):
            circuit.cx(q, (q + 1) % n)
    circuit.ry(Parameter("late"), n)
    observable = SparsePauliOp.from_sparse_list([("Z", [n], 1.0), ("Z", [0], 1.0)], n + 1)
    found = by_name(diagnose(circuit, observable, shots=2_000))
    assert found["late"].cause == causes.HEALTHY
    assert found["early"].cause == causes.SCRAMBLED


def test_shared_parameters_get_verdicts_too():
    theta = Parameter("a")
    circuit = QuantumCircuit(2)
    circuit.ry(theta, 0)
    circuit.ry(theta, 1)
    circuit.rz(Parameter("b"), 1)
    found = by_name(diagnose(circuit, "ZZ"))
    assert found["a"].cause == causes.HEALTHY
    assert math.isnan(found["a"].beta)
    assert found["b"].cause == causes.COMMUTES


def test_symmetric_circuits_are_dead_for_the_right_reason():
    """Excitations are conserved: |0...0> stays as it is, and the number of excitations never moves at all."""
    circuit = excitation_preserving(4, reps=1, entanglement="linear")
    vacuum = diagnose(circuit, "IIIZ")
    assert {v.cause for v in vacuum.verdicts} <= {causes.OUTSIDE, causes.COMMUTES, causes.UNFELT}
    assert vacuum.fraction("dead") == 1.0
    assert causes.UNFELT in {v.cause for v in vacuum.verdicts}
    excited = QuantumCircuit(4)
    excited.x(0)
    assert diagnose(excited.compose(circuit), "IIIZ").fraction("healthy") > 0
    plus = QuantumCircuit(4)
    plus.h(range(4))
    number = diagnose(plus.compose(circuit), "IIIZ + IIZI + IZII + ZIII")
    assert {v.cause for v in number.verdicts} == {causes.COMMUTES}


def test_what_no_method_reaches_is_called_unknown(monkeypatch):
    """The rest of the report stands, with what bounds the gradients at all."""
    monkeypatch.setattr(parts, "answer", lambda problem, or_bound: METHODS["bound"].run(problem))
    circuit = QuantumCircuit(30)
    circuit.x(15)
    circuit.compose(excitation_preserving(30, reps=1), inplace=True)
    report = diagnose(circuit, 2 * SparsePauliOp("I" * 15 + "Z" + "I" * 14))
    found = {v.cause for v in report.verdicts}
    assert causes.UNKNOWN in found
    assert found <= {causes.UNKNOWN, causes.OUTSIDE, causes.COMMUTES, causes.UNFELT}
    assert "are unknown" in report.summary
    assert report.light_cone.width == 30
    assert report.simulability.simulable
    assert any("no method reached" in note for note in report.notes)
    unknown = [v for v in report.verdicts if v.cause == causes.UNKNOWN]
    assert all(math.isnan(v.variance) and v.lower == 0.0 for v in unknown)
    # a rotation about XX and one about YY: |df| <= (1 + 1) * 2
    assert {v.upper for v in unknown if len(v.qubits) == 2} == {16.0}
    assert TrainabilityReport.from_json(report.to_json()).to_json() == report.to_json()
    assert Condition.parse("unknown > 0.5").holds(quantities(report))


def test_path_weights_count_letters():
    circuit = QuantumCircuit(4)
    for q in range(4):
        circuit.ry(Parameter(f"t{q}"), q)
    x, z = np.zeros((1, 4), np.uint8), np.ones((1, 4), np.uint8)
    assert path_weights(build_tape(lower(circuit)), x, z, size=4, seed=1) == pytest.approx(np.full(4, 4.0))


def test_report_round_trips():
    report = diagnose(real_amplitudes(3, reps=2), "IZZ", budget=Budget(seconds=5))
    again = TrainabilityReport.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert list(map(str, again.verdicts)) == list(map(str, report.verdicts))


@pytest.mark.parametrize(
    ("circuit", "observable", "options", "sentence"),
    [
        (QuantumCircuit(2), "ZZ", {}, "at least one parameter"),
        (real_amplitudes(2, reps=1), "ZZZ", {}, "observable"),
        (real_amplitudes(2, reps=1), "ZZ", {"shots": 0}, "shots should be"),
        (real_amplitudes(2, reps=1), "ZZ", {"initialization": "hot"}, "initialization should be"),
    ],
)
def test_wrong_input(circuit, observable, options, sentence):
    with pytest.raises(QTrainError, match=sentence):
        diagnose(circuit, observable, **options)


def test_a_whole_qnn_is_diagnosed_by_its_loss():
    """Feature map, re-uploading, two observables, a data set and targets; numbers against finite differences."""
    from qiskit.primitives import StatevectorEstimator
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    x, w = [Parameter("x0"), Parameter("x1")], [Parameter(f"w{k}") for k in range(6)]
    circuit = QuantumCircuit(2)
    for layer in range(2):
        for q in range(2):
            circuit.ry(x[q], q)
            circuit.rx(w[2 * layer + q], q)
        circuit.cx(0, 1)
    circuit.rz(w[4], 1)
    circuit.ry(w[5], 0)
    observables = [SparsePauliOp("IZ"), SparsePauliOp("ZI")]
    qnn = EstimatorQNN(
        circuit=circuit, observables=observables, input_params=x, weight_params=w,
        estimator=StatevectorEstimator(), default_precision=0.0,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    data, targets = rng.uniform(-1, 1, (5, 2)), rng.choice([-1.0, 1.0], (5, 2))
    report = diagnose(qnn, data=data, targets=targets, budget=Budget(seconds=10, relative_error=0.03))
    assert report.gradients.method == "loss"
    assert by_name(report)["w4"].cause == causes.COMMUTES
    slopes = []
    for _ in range(400):
        angles = rng.uniform(0, 2 * np.pi, 6)
        loss = []
        for sign in (1, -1):
            moved = angles.copy()
            moved[0] += sign * 1e-4
            loss.append(np.mean(np.sum((qnn.forward(data, moved) - targets) ** 2, axis=1)))
        slopes.append((loss[0] - loss[1]) / 2e-4)
    squares = np.square(slopes)
    error = math.hypot(squares.std() / 20, report.gradients.standard_error[0])
    assert report.gradients.second_moment[0] == pytest.approx(squares.mean(), abs=5 * error)


def test_a_qnn_needs_its_data():
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    x, w = Parameter("x"), Parameter("w")
    circuit = QuantumCircuit(1)
    circuit.ry(x, 0)
    circuit.rx(w, 0)
    qnn = EstimatorQNN(circuit=circuit, observables=SparsePauliOp("Z"), input_params=[x], weight_params=[w])
    for options, sentence in (
        ({}, "data should"),
        ({"data": [[0.1]]}, "targets should"),
        ({"data": [[0.1]], "targets": [[1.0], [0.0]]}, "targets should have shape"),
        ({"data": [[0.1]], "targets": [1.0], "loss": "hinge"}, "loss should be one of"),
    ):
        with pytest.raises(QTrainError, match=sentence):
            diagnose(qnn, **options)


@pytest.mark.parametrize("start", ["gaussian:0.05", "small:0.2"])
def test_a_cost_that_samples_do_not_resolve_is_bounded_and_not_called_flat(start):
    """Near zero the cost's variance is the small difference of two large numbers, and samples may give 0 for it."""
    bounded = 0
    for seed in range(8):
        circuit, observable = random_circuit(seed, 4, 8, 8), random_observable(seed, 4)
        truth = gradient_variance(circuit, observable, initialization=start)
        rough = gradient_variance(circuit, observable, initialization=start, method="paths", samples=2000, seed=seed)
        if not np.isinf(truth.cost_support) or truth.cost_variance < 1e-12 or not rough.cost_second_moment:
            continue
        bounded += rough.cost_figure.startswith("at most")
        assert rough.cost_upper >= truth.cost_variance * (1 - 1e-9)
        assert rough.cost_figure != "0"
        cone, none = light_cone(circuit, observable), np.zeros(len(rough.parameters), bool)
        assert not causes.Evidence(rough, cone, none, none, threshold=truth.cost_variance / 2).flat
        assert causes.Evidence(truth, cone, none, none, threshold=truth.cost_variance * 2).flat
    assert bounded


def test_a_few_large_samples_make_nothing_healthy():
    """A sampled value within two standard errors of zero is above no threshold, unless its bound below is."""
    loose_ones = 0
    for seed in range(12):
        circuit, observable = random_circuit(seed, 5, 12, 12), random_observable(seed, 5)
        rough = gradient_variance(circuit, observable, method="paths", samples=30, seed=seed)
        none, cone = np.zeros(len(rough.parameters), bool), light_cone(circuit, observable)
        loose = LIMIT * np.nan_to_num(rough.standard_error) >= rough.second_moment
        threshold = max(float(np.nanmax(rough.second_moment)) / 8, 1e-12)
        evidence = causes.Evidence(rough, cone, none, none, threshold=threshold)
        assert not (evidence.above & loose & (rough.lower < threshold)).any()
        assert (evidence.above | ~(~loose & (rough.second_moment >= threshold))).all()
        found = np.array(causes.causes(evidence))
        hidden = loose & (rough.second_moment >= threshold) & (rough.lower < threshold) & cone.effective
        assert (found[hidden] == causes.UNKNOWN).all()
        loose_ones += int(hidden.sum())
    assert loose_ones

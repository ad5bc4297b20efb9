"""A diagnosis poses one problem: each part is computed once, for all points of the data, and says where it is not."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2

from qtrain.budget import Budget
from qtrain.circuits import observables, pauli_tape
from qtrain.circuits.program import lower
from qtrain.diagnosis import causes, parts
from qtrain.diagnosis.diagnose import diagnose
from qtrain.errors import QTrainError
from qtrain.light_cones import light_cone
from qtrain.simulators.statevector import values_and_gradients


def counted(monkeypatch, module, name):
    """Calls of a function, wherever it was imported to."""
    calls, original = [], getattr(module, name)

    def count(*args, **options):
        calls.append(args)
        return original(*args, **options)

    for other in list(sys.modules.values()):
        if getattr(other, "__name__", "").startswith("qtrain") and getattr(other, name, None) is original:
            monkeypatch.setattr(other, name, count)
    return calls


def test_each_part_is_computed_once(monkeypatch):
    """The second tape is that of the cone's own circuit, on which the certificates walk."""
    circuit = efficient_su2(4, reps=2)
    monkeypatch.setattr(parts, "family_trend", lambda *_, **__: None)  # other sizes are other circuits
    diagnose(circuit, "ZIII")
    tapes = counted(monkeypatch, pauli_tape, "build_tape")
    cones = counted(monkeypatch, light_cone, "_reach")
    walks = counted(monkeypatch, light_cone, "meets")
    read = counted(monkeypatch, observables, "as_observable")
    diagnose(circuit, "ZIII")
    assert len(tapes) == 2 and len({id(args[0]) for args in tapes}) == 2  # the circuit, and its cone
    assert len(cones) == 1
    assert len(walks) == 2  # from the measurement, and from the input
    assert sum(isinstance(args[0], str) for args in read) == 1


def reuploading(seed, points):
    """Data, weights and Cliffords in any order; some data turn single points into Cliffords."""
    rng = np.random.default_rng(seed)
    x, w = ParameterVector("x", 2), ParameterVector("w", 6)
    circuit = QuantumCircuit(3)
    for k in range(6):
        q, r = (int(v) for v in rng.permutation(3)[:2])
        if rng.random() < 0.6:
            getattr(circuit, ("rx", "ry", "rz")[int(rng.integers(3))])(x[int(rng.integers(2))], q)
        getattr(circuit, ("rx", "ry", "rz")[int(rng.integers(3))])(w[k], r)
        if rng.random() < 0.7:
            getattr(circuit, ("cx", "cz")[int(rng.integers(2))])(q, r)
    for q, value in enumerate(x):
        circuit.rx(value, q)
    data = rng.uniform(-2, 2, (points, 2))
    data[0] = rng.choice([0.0, np.pi / 2, np.pi], 2)  # the first point is special
    return circuit, x, data


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_dead_holds_at_every_point_of_the_data(seed):
    circuit, x, data = reuploading(seed, 5)
    label = "".join(np.random.default_rng(seed).choice(list("IXYZ"), 3)).replace("III", "IIZ")
    report = diagnose(circuit, label, inputs=x, data=data, budget=Budget(seconds=2, relative_error=0.5))
    program = lower(circuit, inputs=x)
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, (20, program.num_weights))
    size = np.zeros(program.num_weights)
    for point in data:
        _, slopes = values_and_gradients(program, label, angles, np.tile(point, (20, 1)))
        size = np.maximum(size, np.abs(slopes).max(axis=0))
    dead = np.array([v.cause.startswith("dead") for v in report.verdicts])
    assert size[dead].max(initial=0.0) < 1e-10
    assert size[~report.light_cone.effective].max(initial=0.0) < 1e-10


def test_what_looks_at_one_point_says_so():
    circuit, x, data = reuploading(3, 150)
    options = {"inputs": x, "budget": Budget(seconds=2, relative_error=0.5)}
    notes = diagnose(circuit, "ZZZ", data=data, **options).notes
    for criterion in ("simulability", "expressivity"):
        assert f"{criterion}: looked at the first of 150 data points." in notes
    alone = diagnose(circuit, "ZZZ", data=data[:1], **options).notes
    assert not any("looked at" in note for note in alone)


def test_the_algebra_is_that_of_every_point():
    """Inputs in front of all weights are no generators; between weights they are refused, at special points too."""
    x, w, circuit = Parameter("x"), ParameterVector("w", 2), QuantumCircuit(2)
    circuit.ry(x, 0)
    circuit.rxx(w[0], 0, 1)
    circuit.rz(w[1], 0)
    report = diagnose(circuit, "IZ", inputs=[x], data=[[0.0], [0.4]])
    assert report.dla.dimension == 3
    circuit.ry(x, 0)
    circuit.rz(Parameter("y"), 0)
    report = diagnose(circuit, "IX", inputs=[x], data=[[0.0], [0.4]], budget=Budget(seconds=2, relative_error=0.5))
    assert report.dla is None and any(note.startswith("dla: circuit should") for note in report.notes)


def test_outputs_that_cancel_in_their_sum_do_not_cancel_in_the_loss():
    from qiskit.primitives import StatevectorEstimator
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_machine_learning.neural_networks import EstimatorQNN

    x, w, circuit = Parameter("x"), Parameter("w"), QuantumCircuit(1)
    circuit.ry(x, 0)
    circuit.ry(w, 0)
    qnn = EstimatorQNN(
        circuit=circuit, observables=[SparsePauliOp("Z"), SparsePauliOp("Z", -1.0)], input_params=[x],
        weight_params=[w], estimator=StatevectorEstimator(), default_precision=0.0,
    )  # fmt: skip
    report = diagnose(qnn, data=[[0.3], [0.9]], targets=[[1.0, -1.0], [-1.0, 1.0]], budget=Budget(seconds=2))
    assert report.light_cone.effective.all()
    assert report.verdicts[0].cause == causes.HEALTHY


def test_one_error_for_each_wrong_input():
    with pytest.raises(QTrainError, match="observable should be a SparsePauliOp or text. Got None"):
        diagnose(efficient_su2(2, reps=1))
    with pytest.raises(QTrainError, match="columns, one for each input"):
        diagnose(efficient_su2(2, reps=1), "ZZ", inputs="θ[0]", data=[[0.0, 1.0]])


@pytest.mark.parametrize("text", ["Z0 Z1", "all Z", "parity"])
def test_observables_by_their_qubits_with_noise_as_without(text):
    """Readout errors shrink the observable that is measured; the report names the one that was asked for."""
    circuit = efficient_su2(3, reps=1)
    plain = diagnose(circuit, text)
    noisy = diagnose(circuit, text, noise={"readout": 0.02})
    assert noisy.observable == plain.observable
    assert noisy.threshold == plain.threshold
    assert noisy.gradients.cost_variance < plain.gradients.cost_variance


@pytest.mark.parametrize("dead, text", [(1, "1 is dead"), (2, "2 are dead")])
def test_one_parameter_is_and_two_are(dead, text):
    circuit = QuantumCircuit(dead + 1)
    for q, angle in enumerate(ParameterVector("t", dead + 1)):
        circuit.rx(angle, q)
    assert f"; {text} and can be removed." in diagnose(circuit, "Z0").summary

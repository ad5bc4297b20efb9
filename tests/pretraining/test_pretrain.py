"""Angles to begin with: what they promise holds on simulators of devices, and bad input is one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector
from typer.testing import CliRunner

import qtrain
from qtrain.architecture.hva import hva
from qtrain.cli.app import app
from qtrain.studies.tasks.spin_models import free_fermion_ends, spin_model


def _tfim(n):
    return spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-1.0)


@pytest.fixture(scope="module")
def found():
    return qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), start="surrogate", steps=60,
                           budget=qtrain.Budget(seconds=2))  # fmt: skip


def test_the_loss_is_that_of_the_circuit(found):
    bound = found.assign(real_amplitudes(4, reps=1))
    exact = Statevector(bound).expectation_value(_tfim(4)).real
    assert found.loss == pytest.approx(exact, abs=1e-9)
    assert found.error == 0.0
    assert found.loss < qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), start="clifford").loss - 1e-3


def test_the_second_moment_is_that_of_gaussian_angles_around_the_point(found):
    circuit, operator = real_amplitudes(4, reps=1), _tfim(4)
    angles = found.angles + np.random.default_rng(7).normal(0, found.width, (4000, len(found.angles)))
    squares = qtrain.values_and_gradients(qtrain.lower(circuit), operator, angles)[1] ** 2
    error = 5 * np.hypot(found.standard_error, squares.std(axis=0) / np.sqrt(len(squares)))
    assert (np.abs(squares.mean(axis=0) - found.second_moment) <= error + 1e-12).all()


def test_round_trip(found):
    again = qtrain.Pretrained.from_json(found.to_json())
    np.testing.assert_array_equal(again.angles, found.angles)
    assert (again.loss, again.evaluator, again.way) == (found.loss, found.evaluator, "surrogate")


def test_it_runs_on_aer_on_a_noisy_fake_backend_and_in_a_local_session(found):
    from qiskit_aer.primitives import EstimatorV2
    from qiskit_ibm_runtime import EstimatorV2 as RuntimeEstimator
    from qiskit_ibm_runtime import Session
    from qiskit_ibm_runtime.fake_provider import FakeManilaV2

    bound = found.assign(real_amplitudes(4, reps=1))
    ideal = EstimatorV2().run([(bound, _tfim(4))]).result()[0].data.evs
    assert float(ideal) == pytest.approx(found.loss, abs=1e-6)
    backend = FakeManilaV2()
    placed = transpile(bound, backend, seed_transpiler=1, optimization_level=1)
    there = _tfim(4).apply_layout(placed.layout)
    with Session(backend=backend) as session:
        noisy = RuntimeEstimator(mode=session).run([(placed, there)]).result()[0].data.evs
    assert found.loss - 0.5 < float(noisy) < 0.6 * found.loss  # damped, but far below any random start


def test_a_registered_winner_assigned_by_hand():
    entry = qtrain.RegistryEntry("four", hva(_tfim(4), reps=1, sharing="independent", initial="h"), 4)
    begun = qtrain.pretrain(entry.circuit(4), _tfim(4), start=np.full(7, 0.2), steps=0,
                            budget=qtrain.Budget(seconds=1))  # fmt: skip
    bound = entry.circuit(4).assign_parameters(begun.angles)
    assert begun.loss == pytest.approx(Statevector(bound).expectation_value(_tfim(4)).real, abs=1e-8)


def test_sixty_qubits():
    n = 60
    circuit = hva(_tfim(n), reps=2, sharing="independent", initial="h").circuit(n)
    begun = qtrain.pretrain(circuit, _tfim(n), start=np.full(circuit.num_parameters, 0.3), steps=40,
                            budget=qtrain.Budget(seconds=2))  # fmt: skip
    lowest = free_fermion_ends(-1.0, [-1.0] * n)[0]
    assert lowest < begun.loss < 0.95 * lowest
    assert begun.error == 0.0
    assert begun.second_moment.shape == (circuit.num_parameters,)
    assert np.isfinite(begun.shots_per_step)


@pytest.mark.parametrize(("changes", "message"), [
    ({"start": "caffe"}, "start should be 'clifford', 'surrogate' or angles. Got 'caffe'."),
    ({"start": [0.0]}, "start should be 8 finite angles"),
    ({"start": [np.nan] * 8}, "start should be 8 finite angles"),
    ({"width": 0.0}, "width should be a number of radians above 0"),
    ({"width": True}, "width should be a number of radians above 0"),
    ({"steps": -1}, "steps should be a whole number of at least 0"),
    ({"seed": -1}, "seed should be a whole number of at least 0"),
])  # fmt: skip
def test_bad_input_is_one_sentence(changes, message):
    with pytest.raises(qtrain.QTrainError, match=message.replace(".", r"\.").replace("(", r"\(")):
        qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), **changes)


def test_no_parameter_and_a_circuit_of_another_size(found):
    with pytest.raises(qtrain.QTrainError, match="at least one parameter"):
        qtrain.pretrain(QuantumCircuit(2), SparsePauliOp("ZZ"))
    with pytest.raises(qtrain.QTrainError, match="circuit should have 8 parameters"):
        found.assign(real_amplitudes(2, reps=1))


def test_the_verb_writes_json_and_qpy(tmp_path):
    from qiskit import qasm3, qpy

    file, text = tmp_path / "a.qasm", "-ZZ - 0.5*XI - 0.5*IX"
    file.write_text(qasm3.dumps(real_amplitudes(2, reps=1)))
    for name in ("start.json", "start.qpy", "start.json"):  # the last one renews
        done = CliRunner().invoke(app, ["pretrain", str(file), "-H", text, "-o", str(tmp_path / name), "--seconds", "2"])
        assert done.exit_code == 0, done.output
    saved = qtrain.Pretrained.from_json((tmp_path / "start.json").read_text())
    with (tmp_path / "start.qpy").open("rb") as opened:
        bound = qpy.load(opened)[0]
    operator = SparsePauliOp(["ZZ", "XI", "IX"], [-1, -0.5, -0.5])
    assert saved.loss == pytest.approx(Statevector(bound).expectation_value(operator).real, abs=1e-6)


def test_no_width_measures_nothing_around():
    found = qtrain.pretrain(real_amplitudes(4, reps=1), _tfim(4), start="clifford", width=None)
    assert np.isnan(found.second_moment).all() and np.isnan(found.shots_per_step)
    assert "gradient" not in repr(found)
    again = qtrain.Pretrained.from_json(found.to_json())
    assert np.isnan(again.width) and again.loss == found.loss

"""What users write as noise: numbers, mappings, devices, models of Aer; readout errors as another observable."""

import json

import numpy as np
import pytest
import reference_noise
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
)
from qiskit_ibm_runtime import fake_provider

from qtrain.circuits.noise.devices import place
from qtrain.circuits.noise.placement import read_out, with_noise
from qtrain.circuits.program import lower
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.errors import QTrainError
from qtrain.simulators.density import NoisyCost


@pytest.mark.parametrize("name", ["FakeTorino", "FakeSherbrooke"])
def test_costs_on_a_device_are_those_of_aer(name):
    """A circuit transpiled by its name, against Aer's density matrices under NoiseModel.from_backend."""
    backend, circuit = getattr(fake_provider, name)(), efficient_su2(4, reps=1)
    operator = SparsePauliOp(["ZIIZ", "IXYI"], [1.0, 0.5])
    noisy = with_noise(circuit, operator, {"device": name, "readout": 0.0})
    cost = NoisyCost(lower(noisy.circuit), noisy.observable, noisy.channels)
    placed = place(circuit, operator, backend.target)
    model = NoiseModel.from_backend(backend)
    weights = np.random.default_rng(0).normal(size=circuit.num_parameters)
    value = reference_noise.value(
        placed.circuit, placed.observable, weights,
        lambda gate, qubits: [
            (error, qubits) for error in [
                model._local_quantum_errors.get(gate, {}).get(tuple(placed.places[q] for q in qubits))
            ] if error is not None
        ],
    )  # fmt: skip
    assert cost.value(weights) == pytest.approx(value, abs=1e-6)  # Aer rounds its channels to 1e-8 each
    ideal = with_noise(circuit, operator, {"device": name, "readout": 0.0, "relaxation": False, "twirl": True})
    assert not any(channel.shifts for channel in ideal.channels) and "twirled" in ideal.notes[-1]


def test_an_aer_simulator_agrees():
    """Kraus operators that Aer runs itself: gates by name and by qubits, defaults and local ones."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.05, 2).compose(
        amplitude_damping_error(0.1).expand(amplitude_damping_error(0.2))), "cx")  # fmt: skip
    model.add_quantum_error(amplitude_damping_error(0.3), "ry", [1])
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), "ry")
    circuit, operator = real_amplitudes(3, reps=1), "ZIX + ZZI"
    noisy = with_noise(circuit, operator, model)
    cost = NoisyCost(lower(noisy.circuit), noisy.observable, noisy.channels)
    weights = np.random.default_rng(1).normal(size=6)
    bound = circuit.assign_parameters(weights)
    bound.save_density_matrix()
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    rho = simulator.run(bound).result().data()["density_matrix"]
    value = rho.expectation_value(SparsePauliOp(["ZIX", "ZZI"])).real
    assert cost.value(weights) == pytest.approx(value, abs=1e-9)
    assert noisy.text.startswith("Aer noise model: ")


def test_models_of_aer_that_are_of_another_kind_are_refused_by_the_gate():
    angle = 0.1
    turn = np.array([[np.cos(angle), -1j * np.sin(angle)], [-1j * np.sin(angle), np.cos(angle)]])
    model = NoiseModel()
    model.add_all_qubit_quantum_error(coherent_unitary_error(turn), "ry")
    with pytest.raises(QTrainError, match=r"Got another one for ry on qubits \(0,\): twirl the model first"):
        with_noise(real_amplitudes(2, reps=1), "ZZ", model)


def flipped(operator, rates, n):
    """The observable by assignment matrices: what a letter reads is (1 - p - q) P + (q - p) I."""
    total = np.zeros((2**n, 2**n), complex)
    for label, c in operator.to_list():
        matrix = np.ones((1, 1), complex)
        for q, letter in zip(range(n - 1, -1, -1), label, strict=True):
            p, r = rates.get(q, (0.0, 0.0)) if letter != "I" else (0.0, 0.0)
            one = SparsePauliOp(letter).to_matrix()
            up, down = (np.eye(2) + one) / 2, (np.eye(2) - one) / 2  # outcomes 0 and 1
            read = (1 - p) * up + r * down - (p * up + (1 - r) * down) if letter != "I" else np.eye(2)
            matrix = np.kron(matrix, read)
        total += c * matrix
    return total


def test_readout_is_another_observable():
    operator = SparsePauliOp(["XZY", "IIZ", "ZZI"], [1.0, -0.4, 0.3])
    rates = {0: (0.1, 0.02), 1: (0.05, 0.05), 2: (0.0, 0.2)}
    np.testing.assert_allclose(read_out(operator, rates).to_matrix(), flipped(operator, rates, 3), atol=1e-12)
    model = NoiseModel()
    for q, (p, r) in rates.items():
        model.add_readout_error(ReadoutError([[1 - p, p], [r, 1 - r]]), [q])
    by_model = with_noise(real_amplitudes(3, reps=1), operator, model).observable
    by_rates = with_noise(real_amplitudes(3, reps=1), operator, {"readout": rates}).observable
    for found in (by_model, by_rates):
        np.testing.assert_allclose(found.to_matrix(), flipped(operator, rates, 3), atol=1e-12)
    with pytest.raises(QTrainError, match="equal rates at readout"):
        read_out(SparsePauliOp("Z" * 30), dict.fromkeys(range(30), (0.1, 0.0)))


def test_rates_by_kind_and_by_name():
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.h(1)
    circuit.cx(0, 1)
    found = with_noise(circuit, "ZZ", {"one_qubit": 0.1, "h": {"dephasing": 0.2}, "two_qubit": 0.3}).channels
    assert [(c.gate, c.qubits) for c in found] == [(0, (0,)), (1, (1,)), (2, (0, 1))]
    assert found[0].factors == pytest.approx([0.9] * 3) and found[1].factors == pytest.approx([0.6, 1.0, 0.6])
    times = {"t1": [20.0, 40.0], "t2": 15.0, "duration": {"two_qubit": 2.0, "h": 1.0}}
    found = with_noise(circuit, "ZZ", {"thermal": times}).channels
    assert [(c.gate, c.qubits) for c in found] == [(1, (1,)), (2, (0,)), (2, (1,))]
    assert found[1].shifts[0] == pytest.approx(1 - np.exp(-2 / 20))


@pytest.mark.parametrize("noise, message", [
    (1.5, "rates between 0 and 1. Got 1.5"),
    ({"amplitude_damping": -0.1}, "rates between 0 and 1. Got -0.1 for amplitude_damping"),
    ({"cy": 0.1}, "gates of the circuit"),
    ({"one_qubit": {"decay": 0.1}}, "one_qubit one of the channels"),
    ({"pauli": (0.5, 0.4, 0.3)}, "add up to at most 1"),
    ({"pauli": {"XX": 0.1}}, "put them under \"two_qubit\""),
    ({"pauli": 0.1}, "\"pauli\" as"),
    ({"thermal": {"t1": 1.0}}, "t1, t2 and duration"),
    ({"thermal": {"t1": 1.0, "t2": 3.0, "duration": 1.0}}, "t2 of at most 2"),
    ({"thermal": {"t1": 0.0, "t2": 3.0, "duration": 1.0}}, "a positive t1"),
    ({"device": "FakeTorino", "one_qubit": 0.1}, "no keys beside"),
    ({"readout": 2.0}, "rates between 0 and 1"),
    ("FakeNowhere", "a device such as FakeTorino"),
    ([0.1], "Got list"),
])  # fmt: skip
def test_wrong_noise_is_said(noise, message):
    with pytest.raises(QTrainError, match=message):
        with_noise(real_amplitudes(2, reps=1), "ZZ", noise)


def test_the_report_says_which_noise():
    noise = {"depolarizing": 0.01, "readout": 0.02}
    report = diagnose(real_amplitudes(3, reps=1), "ZII", noise=noise)
    assert report.noise == "depolarizing 0.01: 8 channels, readout error 2 %" and report.observable == "1*ZII"
    assert any("of the circuit without it" in note for note in report.notes)
    assert TrainabilityReport.from_json(report.to_json()).noise == report.noise
    plain = diagnose(real_amplitudes(3, reps=1), "ZII")
    assert plain.noise == "" and plain.threshold == pytest.approx(report.threshold)  # flips cost signal, not shots
    scale = 0.96**2 * 0.99 ** (2 * 3)
    assert report.gradients.variance.max() < plain.gradients.variance.max() * scale * 1.05
    old = json.loads(report.to_json())
    del old["noise"], old["digest"]  # of a release that did not know them
    assert TrainabilityReport.from_json(json.dumps(old)).noise == ""

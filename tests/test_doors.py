"""A winner through files and primitives: OpenQASM 2 and 3, QPY, Aer, a noisy device."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.quantum_info import Operator
from qiskit_aer.primitives import EstimatorV2, SamplerV2
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qtrain import TrainableAnsatz, load, register
from qtrain.architecture import catalogue
from qtrain.circuits.files import read_circuit
from qtrain.registry.registry import RegistryEntry

WINNERS = {"line": catalogue.hva_tfim(reps=2), "rotations": catalogue.efficient_su2(reps=2), "deep": catalogue.qcnn()}


@pytest.fixture(params=WINNERS)
def winner(request):
    register(RegistryEntry(request.param, WINNERS[request.param], 4))
    return load(request.param)


@pytest.fixture(params=["circuit", "gate"])
def circuit(request, winner):
    """The winner, written out and as one gate."""
    if request.param == "circuit":
        return winner.circuit()
    whole = QuantumCircuit(4)
    whole.append(TrainableAnsatz(4, winner.name), range(4))
    return whole


def angles(circuit):
    return np.random.default_rng(3).uniform(-3, 3, circuit.num_parameters)


def distance(one, other):
    """Of two bound circuits' unitaries; their global phases included."""
    return np.abs(Operator(one).data - Operator(other).data).max()


def test_qpy(circuit, tmp_path):
    with open(tmp_path / "a.qpy", "wb") as file:
        qpy.dump(circuit, file)
    back, values = read_circuit(tmp_path / "a.qpy"), angles(circuit)
    assert list(back.parameters) == list(circuit.parameters)
    assert distance(back.assign_parameters(values), circuit.assign_parameters(values)) < 1e-10


def test_openqasm_3(circuit, tmp_path):
    (tmp_path / "a.qasm").write_text(qasm3.dumps(circuit))
    back, values = read_circuit(tmp_path / "a.qasm"), angles(circuit)
    assert [p.name for p in back.parameters] == [p.name for p in circuit.parameters]
    assert distance(back.assign_parameters(values), circuit.assign_parameters(values)) < 1e-10


def test_openqasm_2(circuit, tmp_path):
    """It has no parameters: angles go in bound, and come back free in time order."""
    values = angles(circuit)
    bound = circuit.assign_parameters(values)
    (tmp_path / "a.qasm").write_text(qasm2.dumps(bound))
    kept = read_circuit(tmp_path / "a.qasm", free_angles=False)
    assert kept.num_parameters == 0 and Operator(kept).equiv(Operator(bound), atol=1e-10)
    free = read_circuit(tmp_path / "a.qasm", free_angles=True)
    assert free.num_parameters >= circuit.num_parameters


@pytest.mark.parametrize("where", ["aer", "noisy device"])
@pytest.mark.parametrize("kind", ["estimator", "sampler"])
def test_primitives(winner, kind, where):
    """Shot noise moves a value by 1/√shots at most; the device's errors by a few per cent of a gate, added up."""
    output = winner.circuit().metadata.get("qtrain.output_qubits", range(4))
    exact = winner.qnn(kind=kind, observables="each") if kind == "estimator" else winner.qnn(kind=kind)
    if where == "aer":
        primitive = EstimatorV2() if kind == "estimator" else SamplerV2(default_shots=20_000, seed=1)
        options, allowed = {"primitive": primitive, "precision": 0.0}, 0.03
    else:
        options, allowed = {"backend": FakeManilaV2(), "precision": 0.01}, 0.35  # 0.22 to 0.27 in 40 runs
    if kind == "estimator":
        options["observables"] = "each"
    qnn = winner.qnn(kind=kind, **options)
    data, weights = np.array([[0.4, -0.9, 0.2, 1.1]]), np.linspace(-1, 1, exact.num_weights)
    ideal, found = exact.forward(data, weights), qnn.forward(data, weights)
    assert ideal.shape == found.shape == (1, len(output) if kind == "estimator" else 2)
    assert np.abs(found - ideal).max() < (1e-9 if where == "aer" and kind == "estimator" else allowed)

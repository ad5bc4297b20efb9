"""Channels and readout of devices against Qiskit Aer's device model, gate by gate; circuits that are placed on them."""

import numpy as np
import pytest
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import PTM, SparsePauliOp, Statevector, SuperOp
from qiskit_aer.noise import NoiseModel
from qiskit_ibm_runtime import fake_provider

from qtrain.circuits.noise.channels import from_transfer_matrix
from qtrain.circuits.noise.devices import Device, device_target, place
from qtrain.errors import QTrainError

DEVICES = ["FakeTorino", "FakeSherbrooke", "FakeBrisbane", "FakeManilaV2"]


def diagonal(channels, gate_qubits):
    """(factors, shifts) of channels in time order: the product of the factors; shifts are in the last."""
    factors, shifts = np.ones((4,) * len(gate_qubits)), np.zeros(len(gate_qubits))
    for channel in channels:
        table = np.array([1.0, *channel.factors]).reshape((4,) * len(channel.qubits))  # last qubit first
        axes = [len(gate_qubits) - 1 - gate_qubits.index(q) for q in reversed(channel.qubits)]
        factors = factors * table.reshape([4 if axis in axes else 1 for axis in range(len(gate_qubits))])
        for q, shift in zip(channel.qubits, channel.shifts, strict=False):
            shifts[gate_qubits.index(q)] += shift
    return factors.ravel()[1:], shifts


@pytest.mark.parametrize("name", DEVICES)
def test_every_gate_has_the_channel_of_aer(name):
    backend = getattr(fake_provider, name)()
    model, device = NoiseModel.from_backend(backend), Device(backend.target, name=name)
    rng = np.random.default_rng(0)
    for gate in ("sx", "x", "rz", "cx", "ecr", "cz"):
        if gate not in backend.target.operation_names:
            continue
        places = sorted(backend.target[gate])
        for qubits in (places[k] for k in rng.choice(len(places), min(25, len(places)), replace=False)):
            found = device.behind(7, gate, qubits)
            error = model._local_quantum_errors.get(gate, {}).get(qubits)
            if error is None:
                assert all(channel.trivial for channel in found)
                continue
            wanted = from_transfer_matrix(7, qubits, PTM(SuperOp(error)).data)
            factors, shifts = diagonal(found, list(qubits))
            np.testing.assert_allclose(factors, wanted.factors, atol=3e-8)  # Aer rounds off below 1e-8
            np.testing.assert_allclose(shifts, wanted.shifts or np.zeros(len(qubits)), atol=3e-8)
    for qubits, error in model._local_readout_errors.items():
        np.testing.assert_allclose(device.readout(qubits[0]), [error.probabilities[0][1], error.probabilities[1][0]])


def test_gate_errors_alone_are_average_infidelities():
    target = device_target("fake_torino", argument="noise")
    device = Device(target, name="FakeTorino", relaxation=False)
    (one,) = device.behind(0, "sx", (3,))
    assert one.factors == pytest.approx([1 - 2 * target["sx"][(3,)].error] * 3) and not one.shifts
    (two,) = device.behind(0, "cz", next(iter(target["cz"])))
    assert two.factors == pytest.approx([1 - 4 / 3 * next(iter(target["cz"].values())).error] * 15)


@pytest.mark.parametrize("build", [efficient_su2, real_amplitudes])
def test_a_placed_circuit_is_the_same_on_few_qubits(build):
    circuit, target = build(4, reps=2), device_target("FakeTorino", argument="noise")
    operator = SparsePauliOp(["ZIIX", "IYZI"], [1.0, -0.5])
    placed = place(circuit, operator, target)
    assert placed.circuit.num_qubits == len(placed.places) < 10
    assert [p.name for p in placed.circuit.parameters] == [p.name for p in circuit.parameters]
    weights = np.random.default_rng(0).normal(size=circuit.num_parameters)
    values = [
        Statevector(c.assign_parameters(dict(zip(c.parameters, weights, strict=True)))).expectation_value(o)
        for c, o in ((circuit, operator), (placed.circuit, placed.observable))
    ]
    assert values[0] == pytest.approx(values[1], abs=1e-10)
    for item in placed.circuit.data:
        qubits = tuple(placed.places[placed.circuit.find_bit(bit).index] for bit in item.qubits)
        assert qubits in target[item.operation.name]


def test_a_parameter_whose_angles_cancel_stays():
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter

    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rz(a, 0)
    circuit.rz(-a, 0)
    circuit.rx(b, 0)
    placed = place(circuit, SparsePauliOp("Z"), device_target("FakeTorino", argument="noise"))
    assert [p.name for p in placed.circuit.parameters] == ["a", "b"]


def test_a_device_that_is_too_small():
    with pytest.raises(QTrainError, match="a device with 6 qubits, as the circuit has. Got one with 5"):
        place(real_amplitudes(6, reps=1), SparsePauliOp("Z" * 6), device_target("FakeManilaV2", argument="noise"))

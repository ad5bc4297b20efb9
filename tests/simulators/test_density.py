"""Costs and gradients under noise against density matrices."""

import numpy as np
import pytest
import reference_noise as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.noise.placement import with_noise
from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.simulators.density import NoisyCost


def tied(circuit, seed):
    """The same circuit with angles that are shared, scaled and shifted."""
    rng = np.random.default_rng(seed)
    shared = [Parameter(f"s{k}") for k in range(2)]
    angles = [rng.choice([1, -2, 0.5]) * shared[rng.integers(2)] + rng.normal() for _ in circuit.parameters]
    return circuit.assign_parameters(dict(zip(circuit.parameters, angles, strict=True)))


def cost_of(circuit, observable, noise):
    noisy = with_noise(circuit, observable, noise)
    return NoisyCost(lower(noisy.circuit), noisy.observable, noisy.channels)


@pytest.mark.parametrize("name", reference.NOISES)
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.integers(2, 4))
def test_values_and_gradients_are_those_of_density_matrices(name, seed, share, n):
    noise, behind = reference.NOISES[name]
    circuit, observable = random_circuit(seed, n=n, rotations=5), random_observable(seed, n=n, terms=3)
    circuit = tied(circuit, seed) if share else circuit
    if not circuit.num_parameters or name == "two-qubit pauli" and not circuit.num_nonlocal_gates():
        return
    cost = cost_of(circuit, observable, noise)
    points = np.random.default_rng(seed).normal(size=(2, circuit.num_parameters), scale=2)
    values, gradients = cost.values_and_gradients(points)
    for point, value, gradient in zip(points, values, gradients, strict=True):
        assert value == pytest.approx(reference.value(circuit, observable, point, behind), abs=1e-9)
        assert gradient == pytest.approx(reference.slopes(circuit, observable, point, behind), abs=1e-8)
    assert cost.value(points[0]) == pytest.approx(values[0], abs=1e-12)


def test_inputs_and_rows_in_chunks():
    x, circuit = Parameter("x"), QuantumCircuit(2)
    circuit.ry(x**2, 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("w") * x, 1)
    noisy = with_noise(circuit, "ZZ", {"amplitude_damping": 0.2})
    program = lower(noisy.circuit, inputs=[x])
    rng = np.random.default_rng(0)
    weights, data = rng.normal(size=(40, 1)), rng.normal(size=(40, 1))
    whole = NoisyCost(program, noisy.observable, noisy.channels)
    pieces = NoisyCost(program, noisy.observable, noisy.channels, memory_bytes=6 * whole.row_bytes)
    values, gradients = whole.values_and_gradients(weights, data)
    np.testing.assert_allclose(pieces.values_and_gradients(weights, data)[1], gradients, atol=1e-14)
    behind = reference.every(reference.aer.amplitude_damping_error(0.2))
    order = {p.name: k for k, p in enumerate(circuit.parameters)}
    for k in range(3):
        point = np.zeros(2)
        point[order["w"]], point[order["x"]] = weights[k, 0], data[k, 0]
        assert values[k] == pytest.approx(reference.value(circuit, SparsePauliOp("ZZ"), point, behind), abs=1e-10)
        slope = reference.slopes(circuit, SparsePauliOp("ZZ"), point, behind)[order["w"]]
        assert gradients[k, 0] == pytest.approx(slope, abs=1e-9)


def test_what_does_not_fit_is_said():
    wide = QuantumCircuit(11)
    wide.rx(Parameter("a"), 0)
    with pytest.raises(QTrainError, match="at most 10 qubits for exact noise. Got 11"):
        cost_of(wide, "I" * 10 + "Z", 0.1)
    small = cost_of(random_circuit(0), "ZZZ", 0.1)
    tight = NoisyCost(small.program, small.observable, small.channels, memory_bytes=100)
    with pytest.raises(QTrainError, match="raise memory_bytes"):
        tight.value(np.zeros(4))

"""Shadows from real samplers: Aer, IBM Runtime in local mode on a noisy device, Qiskit's own."""

from __future__ import annotations

import numpy as np
import pytest
import reference_shadows as reference
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import real_amplitudes
from qiskit.primitives import StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import DensityMatrix, Operator, Pauli, Statevector
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error
from qiskit_aer.primitives import SamplerV2 as AerSampler
from qiskit_ibm_runtime import SamplerV2 as RuntimeSampler
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qtrain.errors import QTrainError
from qtrain.shadows import devices
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows

LABELS = ["ZZI", "IXX", "XIY", "YYZ", "IIZ", "XII"]
ANGLES = np.linspace(0.4, 2.1, 6)
CIRCUIT = real_amplitudes(3, reps=1)
EXACT = np.array([
    Statevector(CIRCUIT.assign_parameters(ANGLES)).expectation_value(Pauli(label)).real for label in LABELS
])  # fmt: skip
WAYS = {
    "Aer by name": lambda: {"backend": "aer"},
    "Aer's sampler": lambda: {"sampler": AerSampler()},
    "Qiskit's sampler": lambda: {"sampler": StatevectorSampler(seed=np.random.default_rng(1))},
    "another backend": lambda: {"backend": GenericBackendV2(4, seed=1, noise_info=False)},
    "Runtime on Aer": lambda: {"sampler": RuntimeSampler(mode=AerSimulator())},
}


@pytest.mark.parametrize("way", WAYS)
def test_samplers_without_noise(way):
    shadows = collect_shadows(CIRCUIT, parameter_values=ANGLES, shots=4800, shots_per_basis=48, **WAYS[way]())
    values, counts = shadows.expectations(LABELS)
    assert (np.abs(values - EXACT) < 5 / np.sqrt(counts)).all() and shadows.repeats == 48 and len(shadows) == 4800


def test_runtime_on_a_noisy_device():
    """Its session in local mode: circuits of a real device's layout, gates and calibrated errors."""
    options = {"parameter_values": ANGLES, "shots": 4000, "shots_per_basis": 50}
    named = collect_shadows(CIRCUIT, backend="FakeManilaV2", **options)
    given = collect_shadows(CIRCUIT, sampler=RuntimeSampler(mode=FakeManilaV2()), seed=1, **options)
    values, counts = (named + given).expectations(LABELS)
    error = np.abs(values - EXACT)
    assert error.max() < 0.2 + 5 / np.sqrt(counts.min())
    strong = np.abs(EXACT) > 0.5
    assert np.abs(values[strong]).sum() < np.abs(EXACT[strong]).sum(), "noise damps"
    assert named.source == "fake_manila"


def test_noise_is_that_of_the_model():
    """One qubit, depolarised behind each X by 20 %, bases included: -0.8 of Z survives, whatever is transpiled."""
    noise = NoiseModel(basis_gates=["x", "rz", "sx"])
    noise.add_all_qubit_quantum_error(depolarizing_error(0.2, 1), "x")
    flip = QuantumCircuit(1)
    flip.x(0)
    backend = AerSimulator(noise_model=noise)
    shadows = collect_shadows(flip, shots=9600, shots_per_basis=160, backend=backend, optimization_level=0)
    found = shadows.estimate("Z")
    assert found.lower < -0.8 < found.upper and abs(found.value + 0.8) < 5 * found.standard_error


def test_bases_are_turned_into_z():
    """The angles of a letter turn its eigenstates into those of Z."""
    for letter, name in ((1, "X"), (2, "Z"), (3, "Y")):
        circuit = QuantumCircuit(1)
        circuit.rz(devices.TURNS[letter, 0], 0)
        circuit.ry(devices.TURNS[letter, 1], 0)
        turn = Operator(circuit).data
        assert np.allclose(turn.conj().T @ Pauli("Z").to_matrix() @ turn, Pauli(name).to_matrix())


def test_qubits_keep_their_places_behind_a_layout():
    """Wide enough that the transpiler permutes: each qubit's own angle is found on its own column."""
    circuit = QuantumCircuit(4)
    for q, angle in enumerate((0.2, 1.0, 1.8, 2.6)):
        circuit.ry(angle, q)
    circuit.cx(0, 3)
    circuit.cx(0, 3)
    shadows = collect_shadows(circuit, shots=3200, shots_per_basis=32, backend=GenericBackendV2(5, coupling_map=[[4, 1], [1, 3], [3, 0], [0, 2]], seed=3))
    values, counts = shadows.expectations(["IIIZ", "IIZI", "IZII", "ZIII"])
    assert (np.abs(values - np.cos([0.2, 1.0, 1.8, 2.6])) < 0.1 + 5 / np.sqrt(counts)).all()


def test_jobs_of_one_seed_draw_other_numbers():
    """A simulator's seed is made anew for each job: else shots would be repeated, not independent."""
    plus = QuantumCircuit(1)
    plus.h(0)
    options = {"shots": 200, "shots_per_basis": 1, "job_size": 50, "backend": "aer", "seed": 3}
    shadows = collect_shadows(plus, **options)
    z = shadows.bases[:, 0] != 1
    parts = [shadows.outcomes[k : k + 50][z[k : k + 50]][:20] for k in range(0, 200, 50)]
    assert not any((one == other).all() for one, other in zip(parts, parts[1:]))
    again = collect_shadows(plus, **options)
    assert (again.outcomes == shadows.outcomes).all()


def test_a_job_that_fails_keeps_the_jobs_before_it():
    class Failing:
        """Aer's sampler, down after two jobs."""

        def __init__(self):
            self.inner, self.jobs = AerSampler(), 0

        def run(self, pubs, **options):
            self.jobs += 1
            if self.jobs > 2:
                raise RuntimeError("the device is\naway")
            return self.inner.run(pubs, **options)

    options = {"shots": 160, "shots_per_basis": 2, "job_size": 20, "output": "data.npz"}
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    with pytest.raises(QTrainError, match="Got RuntimeError from Failing: the device is away"):
        collect_shadows(bell, sampler=Failing(), **options)
    assert len(Shadows.load("data.npz")) == 80
    again = Failing()
    shadows = collect_shadows(bell, sampler=again, **options)
    assert len(shadows) == 160 and again.jobs == 2 and shadows.estimate("ZZ").value == 1
    with pytest.raises(QTrainError, match="this state"):  # without the noise of what was measured before
        collect_shadows(bell, backend="aer", **options)


@pytest.mark.parametrize(("options", "said"), [
    ({"backend": "FakeManilaV2"}, "at least the 6 qubits of the circuit. Got fake_manila with 5"), ({"backend": "Fakey"}, "backend should be"),
    ({"backend": 3}, "backend should be"), ({"sampler": 3}, "SamplerV2"), ({"backend": "aer", "sampler": AerSampler()}, "not both"),
    ({"sampler": AerSampler(seed=3)}, "no fixed seed"), ({"sampler": StatevectorSampler(seed=3)}, "no fixed seed"),
    ({"sampler": RuntimeSampler(mode=AerSimulator(), options={"simulator": {"seed_simulator": 3}})}, "no fixed seed"),
    ({"sampler": AerSampler(options={"run_options": {"seed_simulator": 3}})}, "no fixed seed"),
    ({"backend": "aer", "optimization_level": 7}, "optimization_level"),
])  # fmt: skip
def test_what_is_no_device(options, said):
    with pytest.raises(QTrainError, match=said):
        collect_shadows(real_amplitudes(6, reps=1).assign_parameters(np.zeros(12)), shots=16, **options)


def test_transpiled_noise_agrees_with_a_density_matrix():
    """Shadows of a noisy Aer backend against Aer's own density matrix of the circuit without bases."""
    backend = AerSimulator(noise_model=NoiseModel.from_backend(FakeManilaV2(), readout_error=False), basis_gates=["cx", "rz", "sx", "x"])
    bound = transpile(CIRCUIT.assign_parameters(ANGLES), backend, optimization_level=0)
    bound.save_density_matrix()
    state = DensityMatrix(backend.run(bound, method="density_matrix").result().data()["density_matrix"])
    truths = np.array([state.expectation_value(Pauli(label)).real for label in LABELS])
    options = {"parameter_values": ANGLES, "shots": 9600, "shots_per_basis": 80, "optimization_level": 0}
    shadows = collect_shadows(CIRCUIT, backend=backend, **options)
    values, counts = shadows.expectations(LABELS)
    assert (np.abs(values - truths) < 0.01 + 4.5 / np.sqrt(counts)).all()
    assert reference.matched(shadows, [("ZZI", 1.0)]) == pytest.approx(values[0])

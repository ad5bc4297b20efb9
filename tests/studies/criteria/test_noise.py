"""What noise leaves, against averages of noisy expectation values over random angles."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from random_circuits import random_circuit, random_observable
from reference_noise import value

from qtrain.budget import Budget
from qtrain.circuits.observables import as_observable
from qtrain.circuits.program import lower
from qtrain.studies.criteria.noise import channels, noise_survival


def survival(circuit, text, infidelity, damped=None, seed=0):
    observable = as_observable(text, circuit.num_qubits)
    return noise_survival(lower(circuit), observable, damped, infidelity, seed=seed, budget=Budget(seconds=600)).value


@pytest.mark.parametrize("make", [lambda: real_amplitudes(3, reps=1), lambda: efficient_su2(2, reps=2)])
def test_survival_is_the_ratio_of_the_spreads(make):
    """Slow twin: density matrices at random angles, with the channels that Qiskit puts behind each CX."""
    circuit, p = make().decompose(), 0.2
    operator = as_observable("Z" + "I" * (circuit.num_qubits - 1), circuit.num_qubits)
    gates = circuit.count_ops()["cx"]
    from qiskit_aer.noise import depolarizing_error

    error = depolarizing_error(p, 2)
    rng, found = np.random.default_rng(5), []
    for _ in range(600):
        weights = rng.uniform(0, 2 * np.pi, circuit.num_parameters)
        kinds = ((), ("cx",))
        found.append([value(circuit, operator, weights, lambda n, q, k=k: [(error, q)] if n in k else []) for k in kinds])
    before, after = np.std(np.array(found), axis=0)
    infidelity = -gates * np.log1p(-p * 3 / 4)
    spread = 3 * (after / before) * np.sqrt(2 / 600)
    assert survival(circuit, operator, infidelity) == pytest.approx(after / before, abs=spread)


@pytest.mark.parametrize("seed", range(10))
def test_survival_falls_from_one(seed):
    circuit, observable = random_circuit(seed, n=3, rotations=5), random_observable(seed, n=3)
    levels = [survival(circuit, observable, e) for e in (0.0, 0.01, 0.1, 1.0)]
    assert all(0 <= v <= 1 for v in levels)
    assert levels == sorted(levels, reverse=True)
    assert levels[0] in (0.0, 1.0)  # 0: the cost does not vary at all


def test_readout_alone_and_noise_outside_the_cone():
    circuit = real_amplitudes(4, reps=1, entanglement="pairwise")
    z = as_observable("IIIZ", 4)
    assert survival(circuit, z, 0.0, damped=0.9 * z) == pytest.approx(0.9)
    far = QuantumCircuit(4)
    far.ry(Parameter("a"), 0)
    for _ in range(5):
        far.cx(2, 3)
    assert survival(far, z, 2.0) == 1.0


def test_errors_go_to_gates_by_their_entanglers():
    circuit = QuantumCircuit(3)
    circuit.cx(0, 1)
    circuit.rzz(Parameter("a"), 1, 2)
    circuit.swap(0, 1)
    found = channels(lower(circuit), 0.6)
    kept = [1 - 3 / 4 * (1 - channel.factors[0]) for channel in found]  # fidelities
    assert [channel.qubits for channel in found] == [(0, 1), (1, 2), (0, 1)]
    assert -np.log(kept) == pytest.approx([0.1, 0.2, 0.3])

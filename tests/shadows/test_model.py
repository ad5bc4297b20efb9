"""Costs on shadows against state vectors, their slopes against differences; trained on states of two classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector, random_statevector
from random_circuits import random_circuit

from qtrain.errors import QTrainError
from qtrain.shadows.collect import collect_shadows
from qtrain.shadows.data import Shadows
from qtrain.shadows.model import LOSSES, shadow_model

OBSERVABLE = SparsePauliOp(["ZII", "IXX", "III"], [1, 0.5, 0.25])


def every_basis(vector):
    """Shadows whose means are the exact expectations: not drawn, but each outcome as often as it is likely (×10⁴)."""
    n, state = int(np.log2(len(vector))), Statevector(vector)
    bases, outcomes = [], []
    for letters in np.ndindex(*[3] * n):
        turned = QuantumCircuit(n)
        for q, letter in enumerate(letters):
            if letter == 2:
                turned.sdg(q)
            if letter != 1:
                turned.h(q)
        chances = state.evolve(turned).probabilities()
        counts = np.floor(chances * 20_000 + 0.5).astype(int)
        read = np.repeat(np.arange(2**n), counts)
        outcomes.append(read[:, None] >> np.arange(n) & 1)
        bases.append(np.tile(np.array(letters) + 1, (len(read), 1)))
    return Shadows(np.vstack(bases), np.vstack(outcomes))


@pytest.fixture(scope="module")
def states():
    return [random_statevector(8, seed=seed) for seed in range(3)]


@pytest.fixture(scope="module")
def shadows(states):
    return [every_basis(state.data) for state in states]


def exact(state, circuit, weights, observable):
    return state.evolve(circuit.assign_parameters(weights)).expectation_value(observable).real


SHARED = QuantumCircuit(3)
_a, _b = Parameter("a"), Parameter("b")
for _q in range(3):
    SHARED.rx(_a, _q)
SHARED.cx(0, 1)
SHARED.t(1)
SHARED.rzz(2 * _b + 0.3, 1, 2)
SHARED.ry(-_a, 2)
SHARED.cz(0, 2)


@pytest.mark.parametrize("circuit", [efficient_su2(3, reps=1), SHARED, QuantumCircuit(3)], ids=["plain", "shared, fixed", "empty"])
def test_values_are_those_of_state_vectors(circuit, states, shadows):
    model = shadow_model(circuit, OBSERVABLE, shadows, max_weight=3)
    weights = np.random.default_rng(1).uniform(-3, 3, circuit.num_parameters)
    expected = [exact(state, circuit, weights, OBSERVABLE) for state in states]
    assert model.values(weights) == pytest.approx(expected, abs=2e-3)
    x, z, c = model.coefficients(weights)
    from qiskit.quantum_info import Operator, PauliList

    image = sum(value * pauli.to_matrix() for value, pauli in zip(c, PauliList.from_symplectic(z, x)))
    unitary = Operator(circuit.assign_parameters(weights)).data
    traceless = OBSERVABLE.to_matrix() - 0.25 * np.eye(8)
    assert image + np.zeros((8, 8)) == pytest.approx(unitary.conj().T @ traceless @ unitary, abs=1e-9)


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from(sorted(LOSSES)), st.integers(1, 3))
def test_slopes_are_those_of_differences(seed, loss, weight):
    rng = np.random.default_rng(seed)
    made = [collect_shadows(random_statevector(8, seed=int(k)).data, shots=60, seed=int(k)) for k in rng.integers(0, 2**31, 3)]
    circuit = SHARED if rng.random() < 0.5 else efficient_su2(3, reps=1)
    model = shadow_model(circuit, OBSERVABLE, made, max_weight=weight)
    point, targets = rng.uniform(-3, 3, circuit.num_parameters), rng.choice([-1, 1], 3)
    slopes = model.loss(point, targets, loss=loss)[1]
    steps = 1e-5 * np.eye(len(point))
    differences = [(model.loss(point + step, targets, loss=loss)[0] - model.loss(point - step, targets, loss=loss)[0]) / 2e-5 for step in steps]
    assert slopes == pytest.approx(differences, abs=1e-6)


def test_training_on_shadows_trains_the_quantum_model():
    """Product states with Z of qubit 2 up or down, hidden behind a fixed entangler: learnt from shadows, tested on states."""
    rng = np.random.default_rng(7)

    def states(count):
        made, labels = [], rng.choice([-1, 1], count)
        for label in labels:
            circuit = QuantumCircuit(3)
            for q, angle in enumerate(rng.uniform(-0.6, 0.6, 3)):
                circuit.ry(angle + (np.pi if q == 2 and label < 0 else 0), q)
            circuit.cz(0, 1)
            circuit.cz(1, 2)
            circuit.h(2)
            made.append(Statevector(circuit))
        return made, labels

    train, labels = states(12)
    circuit = real_amplitudes(3, reps=1)
    model = shadow_model(circuit, "Z0", [collect_shadows(state, shots=1500, seed=k) for k, state in enumerate(train)], max_weight=3)
    weights, loss = model.fit(labels, starts=3)
    assert loss == pytest.approx(model.loss(weights, labels)[0]) and loss < 0.3
    tests, wanted = states(20)
    found = [exact(state, circuit, weights, SparsePauliOp("IIZ")) for state in tests]
    assert (np.sign(found) == wanted).mean() >= 0.9
    new = model.on([collect_shadows(state, shots=1500, seed=k) for k, state in enumerate(tests)])
    assert new.values(weights) == pytest.approx(found, abs=0.25) and "20 states" in repr(new)


def test_weight_is_cut(shadows):
    circuit = efficient_su2(3, reps=2)
    light, all_ = (shadow_model(circuit, OBSERVABLE, shadows, max_weight=k) for k in (1, 3))
    assert light.num_strings <= 9 < all_.num_strings <= 63
    assert (np.add(*light.coefficients(np.ones(18))[:2], dtype=int).sum(axis=1) <= 2).all()


def test_strings_without_a_shot_are_told(shadows):
    only_z = Shadows(np.full((50, 3), 2), np.zeros((50, 3), int))
    model = shadow_model(efficient_su2(3, reps=1), "ZII", [shadows[0], only_z])
    assert 0 < model.unmeasured < 1 and np.isfinite(model.values(np.ones(12))).all()


def bad(model, circuit, shadows):
    return {
        "weights should be 12 finite": lambda: model.values(np.zeros(3)), "weights": lambda: model.values("ab"),
        "targets should be 3 finite": lambda: model.loss(np.zeros(12), [1, 2]), "targets": lambda: model.loss(np.zeros(12), "x"),
        "loss should be 'squared'": lambda: model.loss(np.zeros(12), [1, 1, 1], loss="magic"),
        "starts": lambda: model.fit([1, 1, 1], starts=0), "steps": lambda: model.fit([1, 1, 1], steps=-1),
        "shadows should be a list": lambda: shadow_model(circuit, "ZII", []), "shadows should be of 3": lambda: model.on(
            [collect_shadows([1, 0], shots=10)]),
        "max_weight": lambda: shadow_model(circuit, "ZII", shadows, max_weight=0), "observable": lambda: shadow_model(circuit, "Z", shadows),
        "circuit": lambda: shadow_model(3, "ZII", shadows),
    }  # fmt: skip


def test_what_is_refused(shadows):
    circuit = efficient_su2(3, reps=1)
    for said, call in bad(shadow_model(circuit, "ZII", shadows), circuit, shadows).items():
        with pytest.raises(QTrainError, match=said):
            call()


def test_random_circuits_of_the_suite(states, shadows):
    """Cliffords and rotations of one and two qubits, in any order."""
    rng = np.random.default_rng(3)
    for seed in range(8):
        circuit = random_circuit(seed, 3)
        weights = rng.uniform(-3, 3, circuit.num_parameters)
        model = shadow_model(circuit, OBSERVABLE, shadows, max_weight=3)
        assert model.values(weights) == pytest.approx([exact(s, circuit, weights, OBSERVABLE) for s in states], abs=2e-3)

"""Slopes and gains in a loss on data, against the circuit with each gate in it, simulated sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector
from strategies_gates import N, gate_lists

from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.growth.edits import GateList
from qtrain.growth.on_data import Batch, Point, suggest_on_data, sweep_on_data
from qtrain.growth.pools import PoolGate, rotation

POOL = (rotation("Y", (1,)), rotation("ZX", (2, 0)), PoolGate((Gate("xx_plus_yy", (1, 2), (0, 0.0)),)))
READOUTS = (SparsePauliOp("IIIZ"), SparsePauliOp.from_list([("IXZI", 0.7), ("IIYY", -0.4)]))
TRAINING = np.array([0, 0, 0, 1, 1])


def loss(outputs, targets):
    """No square: third derivatives do not vanish either."""
    return np.exp(outputs * targets).sum(axis=1), targets * np.exp(outputs * targets)


def angle_encoding():
    x, circuit = ParameterVector("x", N), QuantumCircuit(N)
    for q in range(N):
        circuit.ry(x[q], q)
    return circuit


def batch_of(rng, *, states, rounds):
    """Five samples of two trainings; encoded in every round, or as states once."""
    targets = rng.normal(size=(len(TRAINING), len(READOUTS)))
    if states:
        start = rng.normal(size=(len(TRAINING), 2**N, 2)) @ [1, 1j]
        start /= np.linalg.norm(start, axis=1, keepdims=True)
        return Batch(READOUTS, loss, targets, TRAINING, start=start)
    inputs = rng.uniform(0, np.pi, (len(TRAINING), N))
    return Batch(READOUTS, loss, targets, TRAINING, inputs=inputs, encoding=angle_encoding(), rounds=rounds)


def losses(batch, rounds):
    """(trainings,) mean losses; rounds: for each training the gates of each round, with angles."""
    found = [[] for _ in rounds]
    for k, training in enumerate(batch.training):
        state = Statevector.from_label("0" * N) if batch.start is None else Statevector(batch.start[k])
        for gates in rounds[training]:
            if batch.encoding is not None:
                state = state.evolve(batch.encoding.assign_parameters(batch.inputs[k]))
            state = state.evolve(build(gates.gates, N, angles=list(gates.angles)))
        outputs = np.array([[state.expectation_value(o).real for o in batch.observables]])
        found[training].append(loss(outputs, batch.targets[k : k + 1])[0][0])
    return np.array([np.mean(values) for values in found])


def with_gate(gates, weights, rounds, place, gate, angles):
    """For each training its rounds, the gate in each of them at angles (trainings, rounds)."""
    rows = weights.reshape(len(weights), rounds, -1)
    return [
        [GateList(gates.gates, tuple(rows[t, r])).insert(place, gate, angles[t][r]) for r in range(rounds)]
        for t in range(len(weights))
    ]


@settings(max_examples=5, deadline=None)
@given(gate_lists(), st.booleans(), st.integers(1, 2), st.integers(0, 999), st.data())
def test_slopes_and_gains_are_those_of_the_circuits_with_the_gate_in_them(gates, states, rounds, seed, data):
    rounds = 1 if states else rounds
    rng = np.random.default_rng(seed)
    batch = batch_of(rng, states=states, rounds=rounds)
    weights = rng.uniform(-3, 3, (2, rounds * len(gates.angles)))
    place = data.draw(st.integers(0, len(gates.gates)))
    found, angles = sweep_on_data(Point(gates, N, weights, batch), POOL, places=[place])
    for row, where in enumerate((place, len(gates.gates))):
        for k, gate in enumerate(POOL):

            def along(chosen, gate=gate, where=where):
                return losses(batch, with_gate(gates, weights, rounds, where, gate, chosen))

            now = along(np.zeros((2, rounds)))
            assert found.value == pytest.approx(now.mean(), abs=1e-9)
            step, slopes = 1e-4, []
            for turn in range(rounds):
                move = np.zeros((2, rounds))
                move[:, turn] = step
                slopes.append((along(move) - along(-move)) / (2 * step))
            assert found.slope[row, k] == pytest.approx(np.sqrt(np.mean(np.square(slopes))), abs=1e-5)
            assert found.gain[row, k] == pytest.approx((now - along(angles[row, k])).mean(), abs=1e-9)
            steepest = np.abs(slopes).argmax(axis=0)
            best = np.full(2, np.inf)
            for angle in np.linspace(-np.pi, np.pi, 8, endpoint=False):
                move = np.zeros((2, rounds))
                move[np.arange(2), steepest] = angle
                best = np.minimum(best, along(move))
            if np.ptp(np.abs(slopes), axis=0).min(initial=1.0 if rounds > 1 else 0.0) > 1e-3 or rounds == 1:
                assert found.gain[row, k] >= (now - best).mean() - 1e-6  # the grid holds these angles


@settings(max_examples=6, deadline=None)
@given(gate_lists(), st.integers(1, 2), st.integers(0, 999))
def test_suggestions_are_what_they_say(gates, rounds, seed):
    rng = np.random.default_rng(seed)
    batch = batch_of(rng, states=False, rounds=rounds)
    weights = rng.uniform(-3, 3, (2, rounds * len(gates.angles)))
    found = suggest_on_data(Point(gates, N, weights, batch), POOL, seed=seed, places=2)
    for addition in found.additions[:4]:
        grown = with_gate(gates, weights, rounds, addition.place, POOL[addition.gate], addition.angle)
        assert losses(batch, grown).mean() == pytest.approx(found.value - addition.gain, abs=1e-6)
    rows = weights.reshape(2, rounds, -1)
    for removal in found.removals[:4]:
        cut = [
            [GateList(gates.gates, tuple(rows[t, r])).without(removal.places) for r in range(rounds)]
            for t in range(2)
        ]
        assert losses(batch, cut).mean() == pytest.approx(found.value + removal.loss, abs=1e-8)

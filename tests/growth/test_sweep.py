"""Slopes and gains of a pool against the circuit with each gate in it, simulated by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp
from scipy.optimize import minimize_scalar
from strategies_gates import N, gate_lists

from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.circuits.program import lower
from qtrain.growth.edits import GateList
from qtrain.growth.pools import OPERATOR_POOLS, PoolGate, Setting, build_pool, rotation
from qtrain.growth.suggest import suggest
from qtrain.growth.sweep import sweep
from qtrain.simulators.statevector import states, values

LABELS = st.text(alphabet="IXYZ", min_size=N, max_size=N)
POOL = (
    rotation("Y", (1,)), rotation("ZX", (3, 0)), rotation("XYZ", (0, 2, 1)), PoolGate((Gate("xx_plus_yy", (1, 2), (0, 0.0)),)),
    PoolGate((Gate("rxy", (0, 3), ((0, 0.5),)), Gate("ryx", (0, 3), ((0, -0.5),)))),
)  # fmt: skip


def cost(gates: GateList, hamiltonian: SparsePauliOp) -> float:
    program = lower(build(gates.gates, N))
    return float(values(program, hamiltonian, np.array(gates.angles).reshape(1, -1))[0])


@settings(max_examples=8, deadline=None)
@given(gate_lists(), st.dictionaries(LABELS, st.floats(-2, 2), min_size=1, max_size=5), st.data())
def test_slopes_and_gains_are_those_of_the_circuit_with_the_gate_in_it(gates, terms, data):
    hamiltonian = SparsePauliOp.from_list(list(terms.items()))
    place = data.draw(st.integers(0, len(gates.gates)))
    found = sweep(lower(build(gates.gates, N)), hamiltonian, np.array(gates.angles), POOL, places=[place])
    now = cost(gates, hamiltonian)
    assert found.value == pytest.approx(now, abs=1e-10)
    for row, where in enumerate((place, len(gates.gates))):
        for k, gate in enumerate(POOL):

            def along(angle, gate=gate, where=where):
                return cost(gates.insert(where, gate, angle), hamiltonian)

            step = 1e-4
            assert found.slope[row, k] == pytest.approx((along(step) - along(-step)) / (2 * step), abs=1e-5)
            assert along(found.angle[row, k]) == pytest.approx(now - found.gain[row, k], abs=1e-9)
            grid = np.linspace(-np.pi, np.pi, 9)
            best = min(along(angle) for angle in grid)
            assert found.gain[row, k] >= now - best - (
                1e-9 if gate.is_rotation else 0.05 * np.abs(hamiltonian.coeffs).sum()
            )


@settings(max_examples=10, deadline=None)
@given(gate_lists(), st.dictionaries(LABELS, st.floats(-2, 2), min_size=1, max_size=5), st.integers(0, 99))
def test_suggestions_are_what_they_say(gates, terms, seed):
    hamiltonian = SparsePauliOp.from_list(list(terms.items()))
    found = suggest(gates, N, hamiltonian, POOL, seed=seed)
    now = cost(gates, hamiltonian)
    for addition in found.additions:
        grown = gates.insert(addition.place, POOL[addition.gate], addition.angle)
        assert cost(grown, hamiltonian) == pytest.approx(now - addition.gain, abs=1e-7)
    for removal in found.removals:
        assert cost(gates.without(removal.places), hamiltonian) == pytest.approx(now + removal.loss, abs=1e-9)
    assert type(found).from_dict(found.to_dict()).removals[:1] == found.removals[:1] or found.removals
    gains = [addition.gain for addition in found.additions]
    assert gains == sorted(gains, reverse=True) and all(gain > 0 for gain in gains)


@pytest.mark.parametrize("name", list(OPERATOR_POOLS))
def test_every_gate_of_a_pool_is_the_identity_at_0_and_the_rotation_about_its_terms(name):
    hamiltonian = SparsePauliOp(["XXII", "IYYI", "IIZZ", "ZIII"])
    pool = build_pool([name], Setting(N, ((0, 1), (1, 2), (2, 3)), hamiltonian))
    assert pool
    for gate in pool[:: max(1, len(pool) // 12)]:
        labels = [
            "".join(dict(zip(qubits, letters)).get(q, "I") for q in reversed(range(N)))
            for letters, qubits, _ in gate.terms
        ]
        paulis = SparsePauliOp(labels, [c for _, _, c in gate.terms])
        assert all(a.commutes(b) for a in paulis.paulis for b in paulis.paulis)
        rng = np.random.default_rng(0)
        state = rng.normal(size=2**N) + 1j * rng.normal(size=2**N)
        state /= np.linalg.norm(state)
        matrix = paulis.to_matrix()
        energies, vectors = np.linalg.eigh(matrix)
        expected = vectors @ (np.exp(-0.5j * 0.7 * energies) * (vectors.conj().T @ state))
        turned = states(lower(build(gate.gates, N)), np.array([[0.7]]), start=state[None, :])[0]
        assert abs(np.vdot(turned, expected)) == pytest.approx(1, abs=1e-10)


def test_the_gain_of_a_rotation_is_the_lowest_point_of_its_sinusoid():
    hamiltonian = SparsePauliOp(["XXII", "IYYI", "IIZZ", "ZIII"], [1.0, -0.3, 0.8, 0.5])
    gates = GateList((Gate("ry", (0,), (0,)), Gate("rxx", (0, 1), (1,)), Gate("ry", (2,), (2,))), (0.4, 1.1, -0.8))
    found = sweep(lower(build(gates.gates, N)), hamiltonian, np.array(gates.angles), POOL[:3])
    for k, gate in enumerate(POOL[:3]):
        lowest = min(
            minimize_scalar(lambda t, g=gate: cost(gates.insert(3, g, t), hamiltonian), bounds=b, method="bounded").fun
            for b in ((-np.pi, 0), (0, np.pi))
        )
        assert found.gain[-1, k] == pytest.approx(cost(gates, hamiltonian) - lowest, abs=1e-7)

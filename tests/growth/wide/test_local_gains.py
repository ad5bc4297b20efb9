"""Gains from states of a few qubits against the whole statevector; growth beyond it."""

from __future__ import annotations

import numpy as np
import pytest

import qtrain
from qtrain.architecture.blocks import Gate
from qtrain.architecture.hva import hva
from qtrain.circuits.program import lower
from qtrain.growth import islands  # noqa: F401 (its rows)
from qtrain.growth.edits import GateList
from qtrain.growth.pools import Setting, build_pool
from qtrain.growth.sweep import sweep
from qtrain.growth.wide.local_gains import local_gains
from qtrain.growth.wide.suggest import suggest_wide, wide_sweep
from qtrain.simulators.truncated.matrix_products import MatrixProduct
from qtrain.studies.tasks.spin_models import free_fermion_ends, spin_model


def _tfim(n):
    return spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-1.0)


@pytest.mark.parametrize("pools", [["hardware"], ["hops"], ["pauli3"]])
def test_slopes_and_gains_are_those_of_the_statevector(pools):
    n = 6
    operator = spin_model(n, [(q, q + 1) for q in range(n - 1)], x=1.0, y=0.8, z=-0.5, field_x=0.3)
    program = lower(hva(operator, reps=1, sharing="independent").circuit(n))
    weights = np.random.default_rng(1).normal(0, 0.6, len(program.weights))
    pool = build_pool(pools, Setting(n, None, operator))[:120]
    slow = sweep(program, operator, weights, pool, exact=10**6)
    value, reduced = MatrixProduct(program, operator, 64, cutoff=0.0).local_states(weights)
    fast = local_gains(value, operator, pool, reduced)
    assert fast.value == pytest.approx(slow.value, abs=1e-10)
    np.testing.assert_allclose(fast.slope, slow.slope, rtol=0, atol=1e-10)
    simple = np.array([gate.is_rotation for gate in pool])
    np.testing.assert_allclose(fast.gain[0, simple], slow.gain[0, simple], rtol=0, atol=1e-8)
    assert (fast.gain > slow.gain - 1e-8).all()  # of several strings the slow one looks at points and a parabola
    np.testing.assert_allclose(fast.gain, slow.gain, rtol=0, atol=2e-2)


def test_a_gate_far_away_from_all_terms_gains_nothing():
    operator = spin_model(30, [(0, 1)], z=-1.0)
    found = wide_sweep(lower(hva(operator, reps=1).circuit(30)), operator, np.full(2, 0.3),
                       build_pool(["hardware"], Setting(30, ((20, 21),), operator)))  # fmt: skip
    far = [abs(s) for s, g in zip(found.slope[0], build_pool(["hardware"], Setting(30, ((20, 21),), operator)))
           if min(g.qubits) > 1]  # fmt: skip
    assert max(far) == 0.0


def test_suggestions_of_many_qubits_fill_a_layer():
    n = 40
    operator = _tfim(n)
    setting = Setting(n, [(q, q + 1) for q in range(n - 1)], operator)
    reference = hva(operator, reps=1, sharing="independent", initial="h")
    gates = GateList.of(reference, n, np.full(reference.num_parameters(n), 0.1))
    pool = build_pool(["auto"], setting)
    found = suggest_wide(gates, n, operator, pool)
    assert len({q for a in found.additions for q in pool[a.gate].qubits}) == n
    assert all(a.place == len(gates.gates) for a in found.additions)
    assert found.removals and all(np.isfinite(r.loss) for r in found.removals)


def test_growth_reaches_a_percent_at_forty_qubits():
    n = 40
    operator, lowest = _tfim(n), free_fermion_ends(-1.0, [-1.0] * n)[0]
    edges = [(q, q + 1) for q in range(n - 1)]
    pool = build_pool(["auto"], Setting(n, edges, operator))
    plus = tuple(Gate("h", (q,)) for q in range(n))
    grown = qtrain.grow(operator, pool=pool, reference=plus, rule="tetris", edges=edges, target=0.99 * lowest,
                        budget=1500)  # fmt: skip
    assert grown.stopped == "target"
    assert lowest <= grown.energy <= 0.99 * lowest

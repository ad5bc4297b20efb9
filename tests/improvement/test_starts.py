"""Starts: angles counted from the best Clifford point; layers that undo each other."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

import qtrain
from qtrain.improvement.starts import at_clifford_point, counted_from, mirrored_layers, near_zero
from qtrain.improvement.table import Model


def test_at_zero_is_the_clifford_point():
    circuit, observable = efficient_su2(3, reps=1), SparsePauliOp(["XXI", "IZZ"])
    best = qtrain.clifford_point(qtrain.lower(circuit), observable, evaluations=4000)
    (found,) = at_clifford_point(Model(circuit, observable))
    state = Statevector(found.model.circuit.assign_parameters(np.zeros(circuit.num_parameters)))
    assert state.expectation_value(observable).real == pytest.approx(best.energy)
    assert str(found.model.start) == "gaussian:0.1"
    assert counted_from(circuit, np.zeros(circuit.num_parameters)) is circuit


def test_mirrored_layers_can_undo_each_other():
    circuit = efficient_su2(3, reps=4)
    (found,) = mirrored_layers(Model(circuit, SparsePauliOp("XXI")))
    mirrored = found.model.circuit
    half = mirrored.num_parameters // 2
    own = [p for p in mirrored.parameters if not p.name.startswith("m")]
    other = [p for p in mirrored.parameters if p.name.startswith("m")]
    assert len(own) == len(other) == half
    angles = dict(zip(own, np.random.default_rng(0).uniform(-3, 3, half)))
    undone = mirrored.assign_parameters(angles | {m: angles[p] for p, m in zip(own, other)})
    assert Operator(undone).equiv(Operator(np.eye(8)))
    stats = qtrain.gradient_variance(mirrored, "XXI", initialization="identity-block")
    assert np.nanmax(stats.second_moment) > 0


def test_where_the_start_is_an_eigenstate_nothing_is_mirrored():
    assert not list(mirrored_layers(Model(efficient_su2(3, reps=4), SparsePauliOp("ZZI"))))


def test_more_rotations_on_a_qubit_start_nearer_to_zero():
    widths = [next(near_zero(Model(efficient_su2(3, reps=r), SparsePauliOp("ZZZ")))).model.start.width for r in (1, 4, 9)]
    assert widths == sorted(widths, reverse=True) and len(set(widths)) == 3

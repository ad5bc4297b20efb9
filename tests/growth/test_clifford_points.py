"""The search over quarter turns against statevectors at every one of them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import XXPlusYYGate, efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from random_circuits import random_circuit, random_observable

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.growth.clifford_points import clifford_point
from qtrain.simulators.statevector import values
from qtrain.studies.tasks.spin_models import spin_model

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 3))
def test_lowest_of_all_points(seed, n):
    circuit, observable = (
        random_circuit(seed, n=max(n, 2), rotations=4),
        random_observable(seed, n=max(n, 2), terms=5),
    )
    program = lower(circuit)
    grid = np.array(list(itertools.product(range(4), repeat=4))) * math.pi / 2
    found = clifford_point(program, observable, seed=seed % 7, evaluations=4000)
    assert found.exact
    assert found.energy == pytest.approx(values(program, observable, grid).min(), abs=1e-9)
    assert found.energy == pytest.approx(values(program, observable, found.angles[None])[0], abs=1e-9)


@given(SEEDS)
def test_shared_angles_factors_and_offsets(seed):
    """The energy is that of the angles, and no other choice of one angle on its grid is lower."""
    rng = np.random.default_rng(seed)
    angles = [Parameter(name) for name in "abc"]
    circuit = QuantumCircuit(3)
    for _ in range(8):
        theta, q = angles[rng.integers(3)], [int(v) for v in rng.permutation(3)]
        kind = rng.integers(6)
        if kind == 0:
            circuit.rx(theta * float(rng.choice([1, -1, 2, 0.5])), q[0])
        elif kind == 1:
            circuit.append(XXPlusYYGate(theta, 0.0), q[:2])
        elif kind == 2:
            circuit.ry(theta + float(rng.choice([0, math.pi / 2, math.pi])), q[0])
        elif kind == 3:
            circuit.rzz(-theta, *q[:2])
        else:
            getattr(circuit, rng.choice(["h", "s", "sx", "x"]))(q[0])
            circuit.cx(*q[1:])
    if not circuit.num_parameters:
        return
    program, observable = lower(circuit), random_observable(seed, n=3, terms=6)
    found = clifford_point(program, observable, evaluations=4000)
    assert found.exact
    assert found.energy == pytest.approx(values(program, observable, found.angles[None])[0], abs=1e-9)
    again = clifford_point(program, observable, evaluations=4000)
    assert (again.energy, again.angles.tolist(), again.evaluations) == (
        found.energy, found.angles.tolist(), found.evaluations,
    )  # fmt: skip


def test_no_change_of_one_angle_helps():
    program = lower(efficient_su2(6, reps=2))
    operator = spin_model(6, [(q, q + 1) for q in range(5)], x=1, y=1, z=0.5, field_z=0.3)
    found = clifford_point(program, operator, seed=3)
    near = found.angles + np.concatenate([np.eye(len(found.angles)) * k * math.pi / 2 for k in (1, 2, 3)])
    assert values(program, operator, near).min() >= found.energy - 1e-9


@pytest.mark.parametrize("limit", [1, 2, 50, 1000])
def test_evaluations_are_a_limit_and_more_never_hurt(limit):
    program = lower(real_amplitudes(5, reps=2))
    operator = spin_model(5, [(q, q + 1) for q in range(4)], z=-1, field_x=-1)
    found, more = (clifford_point(program, operator, evaluations=k) for k in (limit, 4 * limit))
    assert found.evaluations <= limit
    assert more.energy <= found.energy + 1e-9
    assert found.energy == pytest.approx(values(program, operator, found.angles[None])[0], abs=1e-9)


def test_no_turn_is_made_for_nothing():
    program = lower(efficient_su2(4, reps=2))
    operator = spin_model(4, [(0, 1), (1, 2), (2, 3)], x=1, y=1, z=1)
    found = clifford_point(program, operator)
    turned = np.flatnonzero(found.angles)
    assert len(turned)
    for k in turned:
        fewer = found.angles.copy()
        fewer[k] = 0
        assert values(program, operator, fewer[None])[0] > found.energy + 1e-6


def test_offsets_that_no_quarter_turn_meets_are_undone():
    circuit, a = QuantumCircuit(1), Parameter("a")
    circuit.rx(2 * a + 0.3, 0)
    found = clifford_point(lower(circuit), SparsePauliOp("Z"))
    assert (found.energy, found.exact) == (-1.0, True)
    assert values(lower(circuit), SparsePauliOp("Z"), found.angles[None])[0] == pytest.approx(-1)


def test_rotations_that_are_no_cliffords_are_said():
    circuit, a = QuantumCircuit(2), Parameter("a")
    circuit.h(0)
    circuit.t(0)
    circuit.rx(a, 1)
    assert not clifford_point(lower(circuit), SparsePauliOp(["ZI", "IX"])).exact
    other = QuantumCircuit(1)
    other.rx(a, 0)
    other.rz(math.sqrt(2) * a, 0)
    found = clifford_point(lower(other), SparsePauliOp("Z"))  # 0 is its only Clifford point
    assert (found.energy, found.angles.tolist(), found.exact) == (1.0, [0.0], True)


def test_hundred_qubits():
    """The product state of the field, and one sweep is enough for it."""
    operator = spin_model(100, [(q, q + 1) for q in range(99)], z=-0.1, field_x=-1)
    found = clifford_point(lower(real_amplitudes(100, reps=1)), operator, evaluations=4000)
    assert found.energy == pytest.approx(-100)


def test_refusals():
    circuit, a = QuantumCircuit(1), Parameter("a")
    circuit.rx(a, 0)
    with pytest.raises(QTrainError, match="evaluations should be at least 1. Got 0."):
        clifford_point(lower(circuit), SparsePauliOp("Z"), evaluations=0)
    with pytest.raises(QTrainError, match="at least one parameter"):
        clifford_point(lower(QuantumCircuit(1)), SparsePauliOp("Z"))
    with pytest.raises(QTrainError, match="circuit should be a QuantumCircuit or a file. Got int."):
        clifford_point(3, SparsePauliOp("Z"))
    assert clifford_point(circuit, SparsePauliOp("Z")).energy == clifford_point(lower(circuit), SparsePauliOp("Z")).energy
    circuit.rz(a * a, 0)
    with pytest.raises(QTrainError, match="affine"):
        clifford_point(lower(circuit), SparsePauliOp("Z"))

"""Edits keep what they say they keep: opening, merging and dressing leave the unitary as it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Operator, Pauli
from strategies_gates import N, gate_lists

from qtrain.architecture.blocks import Gate, pauli_letters
from qtrain.architecture.build import build
from qtrain.circuits.program import lower
from qtrain.growth.edits import GateList
from qtrain.growth.ladders import merged, opened
from qtrain.growth.pools import rotation
from qtrain.simulators.statevector import states


def unitary(gates: GateList) -> Operator:
    """Gate by gate: a Pauli rotation is cos(θ/2) - i sin(θ/2) P."""
    whole = np.eye(2**N, dtype=complex)
    for gate in gates.gates:
        letters = {"rx": "X", "ry": "Y", "rz": "Z"}.get(gate.name) or pauli_letters(gate.name)
        if letters is None:
            whole = Operator(build([gate], N)).data @ whole
            continue
        label = ["I"] * N
        for q, letter in zip(gate.qubits, letters, strict=True):
            label[N - 1 - q] = letter
        (angle,) = gate.angles
        theta = angle[1] * gates.angles[angle[0]] if isinstance(angle, tuple) else gates.angles[angle]
        whole = np.cos(theta / 2) * whole - 1j * np.sin(theta / 2) * (
            Pauli("".join(label)).to_matrix() @ whole
        )
    return Operator(whole)


@settings(max_examples=60, deadline=None)
@given(gate_lists(), st.data())
def test_opening_and_merging_keep_the_unitary(gates, data):
    places = data.draw(st.sets(st.integers(0, len(gates.gates) - 1)))
    assert unitary(opened(gates, sorted(places))).equiv(unitary(gates), rtol=0, atol=1e-9)
    shorter = merged(gates)
    assert unitary(shorter).equiv(unitary(gates), rtol=0, atol=1e-9) and len(shorter.gates) <= len(
        gates.gates
    )
    assert merged(shorter) == shorter


@settings(max_examples=60, deadline=None)
@given(gate_lists(), st.data())
def test_a_gate_at_angle_0_and_a_split_angle_change_nothing(gates, data):
    place = data.draw(st.integers(0, len(gates.gates)))
    grown = gates.insert(place, rotation("XY", (2, 0)))
    assert (
        unitary(grown).equiv(unitary(gates), rtol=0, atol=1e-9) and len(grown.angles) == len(gates.angles) + 1
    )
    assert unitary(gates.split(min(place, len(gates.gates) - 1))).equiv(unitary(gates), rtol=0, atol=1e-9)
    assert grown.without([place]) == gates


@settings(max_examples=60, deadline=None)
@given(gate_lists())
def test_edited_lists_are_architectures(gates):
    if gates.angles:
        family = gates.architecture(N)
        assert family.num_parameters() == len(gates.angles)
        assert type(family).from_json(family.to_json()) == family
        assert family.content_id == type(family).from_json(family.to_json()).content_id
        state = states(lower(family.circuit()), np.array([gates.angles]))[0]
        assert abs(np.vdot(state, unitary(gates).data[:, 0])) > 1 - 1e-12  # up to a phase


def test_tied_angles_share_their_mean():
    gates = GateList(
        (Gate("rx", (0,), (0,)), Gate("rx", (1,), (1,)), Gate("rz", (1,), (2,))), (0.2, 0.4, 1.0)
    )
    tied = gates.tie(0, 1)
    assert [g.parameters for g in tied.gates] == [(0,), (0,), (1,)] and np.allclose(tied.angles, [0.3, 1.0])

"""Writing out, merging and settling known bits change no state; what they leave is CX and one-qubit gates."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Statevector

from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.growth.edits import GateList, numbered
from qtrain.growth.ladders import merged, thinned, written_out


def state(gates: GateList, num_qubits: int) -> np.ndarray:
    return Statevector(build(gates.gates, num_qubits).assign_parameters(list(gates.angles))).data


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Up to a global phase."""
    return abs(np.vdot(a, b)) == pytest.approx(1.0, abs=1e-9)


@st.composite
def gate_lists(draw, real: bool = False):
    """Fixed gates, rotations of one qubit and of strings; some share an angle, some have factors."""
    n = draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gates = []
    for k in range(draw(st.integers(1, 10))):
        kind = rng.integers(4)
        qubits = tuple(int(q) for q in rng.permutation(n))
        if kind == 0:
            gates.append(Gate(str(rng.choice(["x", "z"] if real else ["x", "h", "s", "z"])), qubits[:1]))
        elif kind == 1:
            gates.append(Gate(str(rng.choice(["cx", "cz"])), qubits[:2]))
        else:
            weight = int(rng.integers(1, n + 1))
            letters = "".join(rng.choice(list("xyz"), weight))
            if real and letters.count("y") != 1:
                letters = "y" + "x" * (weight - 1)
            index = k if rng.random() < 0.7 else 0
            gates.append(
                Gate("r" + letters, qubits[:weight], ((index, -0.5) if rng.random() < 0.2 else index,))
            )
    return n, numbered(gates, rng.uniform(-3, 3, 10).tolist())


@settings(max_examples=80, deadline=None)
@given(gate_lists())
def test_same_state_by_cx_and_one_qubit_gates(case):
    n, gates = case
    found = written_out(gates)
    assert same(state(gates, n), state(found, n))
    assert all(len(gate.qubits) == 1 or gate.name in ("cx", "cz") for gate in found.gates)


@settings(max_examples=30, deadline=None)
@given(gate_lists(real=True))
def test_real_amplitudes_stay_real_at_any_angles(case):
    n, gates = case
    found = written_out(gates)
    assert {gate.name for gate in found.gates if gate.num_parameters} <= {"ry"}
    drawn = GateList(found.gates, tuple(np.random.default_rng(0).uniform(-3, 3, len(found.angles))))
    amplitudes = state(drawn, n)
    largest = amplitudes[np.abs(amplitudes).argmax()]
    assert np.abs((amplitudes / largest).imag).max() < 1e-9


@settings(max_examples=60, deadline=None)
@given(gate_lists())
def test_merging_keeps_the_state_and_never_lengthens(case):
    n, gates = case
    doubled = GateList(
        gates.gates + tuple(g for g in reversed(gates.gates) if g.name in ("cx", "x", "h")), gates.angles
    )
    found = merged(doubled)
    assert same(state(doubled, n), state(found, n))
    assert len(found.gates) <= len(doubled.gates) and merged(found) == found


def test_excitation_of_a_determinant_takes_half_the_cx():
    determinant = [Gate("x", (q,)) for q in (0, 1)]
    gates = GateList((*determinant, Gate("rxxxy", (0, 1, 2, 3), (0,))), (0.4,))
    found = written_out(gates)
    assert [gate.name for gate in found.gates].count("cx") == 3
    assert same(state(gates, 4), state(found, 4))


def test_ladders_follow_the_couplings():
    line = nx.path_graph(5)
    found = written_out(GateList((Gate("h", (0,)), Gate("ryxzx", (2, 1, 3, 4), (0,))), (0.4,)), line)
    assert all(line.has_edge(*gate.qubits) for gate in found.gates if gate.name == "cx")
    apart = GateList((Gate("ryx", (0, 4), (0,)),), (0.4,))  # do not hang together: the transpiler's to route
    assert same(state(apart, 5), state(written_out(apart, line), 5))


def test_thinning_merges_the_rotations_that_meet():
    gates = GateList(
        (Gate("ry", (0,), (0,)), Gate("ry", (1,), (1,)), Gate("cx", (0, 1)), Gate("ry", (0,), (2,)), Gate("ry", (1,), (3,))),
        (0.1, 0.2, 0.3, 0.4),
    )  # fmt: skip
    found = thinned(gates, [2])
    assert [str(gate) for gate in found.gates] == ["ry 0", "ry 1"]
    assert found.angles == pytest.approx((0.4, 0.6))

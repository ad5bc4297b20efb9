"""The sweep over plain circuits gives what the walk gives, and leaves everything else to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes

from qtrain.circuits import program
from qtrain.circuits.columns import plain_columns
from qtrain.circuits.program import lower

COLUMNS = ("opcode", "qubits", "start", "support", "letters", "parameter", "coefficient", "offset", "gate")
ONE, TWO = ("h", "s", "sdg", "x", "y", "z", "sx", "sxdg"), ("cx", "cz", "swap")


def walked(circuit):
    """The same circuit through the walk over single gates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "plain_columns", lambda circuit, weights: None)
        return lower(circuit)


def assert_same(circuit):
    swept, expected = lower(circuit), walked(circuit)
    assert swept.weights == expected.weights
    for name in COLUMNS:
        a, b = getattr(swept, name), getattr(expected, name)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), name
        np.testing.assert_array_equal(a, b, err_msg=name)
        assert a.flags.c_contiguous
    assert swept.fingerprint() == expected.fingerprint()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_circuits(data):
    n = data.draw(st.integers(2, 5))
    circuit = QuantumCircuit(n)
    theta = ParameterVector("t", 12)  # t[10] sorts behind t[9]; some stay unused, some are shared
    extra = Parameter("a")
    for _ in range(data.draw(st.integers(0, 25))):
        name = data.draw(st.sampled_from([*ONE, *TWO, "rx", "ry", "rz", "barrier"]))
        a, b = data.draw(st.permutations(range(n)))[:2]
        if name in TWO:
            getattr(circuit, name)(a, b)
        elif name in ONE or name == "barrier":
            getattr(circuit, name)(a)
        else:
            getattr(circuit, name)(data.draw(st.sampled_from([*theta, extra])), a)
    assert plain_columns(circuit, [p.name for p in circuit.parameters]) is not None
    assert_same(circuit)


def test_library_circuits():
    for circuit in (efficient_su2(5, reps=2), real_amplitudes(3, reps=4, insert_barriers=True), QuantumCircuit(2)):
        assert plain_columns(circuit, [p.name for p in circuit.parameters]) is not None
        assert_same(circuit)


class Impostor(Gate):
    """A Hadamard that calls itself rx."""

    def __init__(self, angle):
        super().__init__("rx", 1, [angle])

    def _define(self):
        self.definition = QuantumCircuit(1)
        self.definition.h(0)


@pytest.mark.parametrize("kind", ["fixed angle", "expression", "other gate", "own gate", "measurement"])
def test_everything_else_is_walked(kind):
    circuit, t = QuantumCircuit(2, 2), Parameter("t")
    circuit.ry(t, 0)
    if kind == "fixed angle":
        circuit.rx(0.3, 1)
    elif kind == "expression":
        circuit.rx(2 * t, 1)
    elif kind == "other gate":
        circuit.rzz(t, 0, 1)
    elif kind == "own gate":
        circuit.append(Impostor(t), [1])
    else:
        circuit.measure(0, 0)
    assert plain_columns(circuit, ["t"]) is None
    assert_same(circuit)


"""Constants, arrays of inputs, loops over constants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.circuits.openqasm import qasm3, unrolling

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


def angles(text):
    return [(item.name, [text.find_bit(q).index for q in item.qubits], str(item.params[0])) for item in text.data]


def test_arrays_constants_and_loops():
    circuit = qasm3.parse(
        HEAD + "const int n = 3; input array[float[64], n] w; qubit[n] q;"
        "for int i in [0:n-1] { rx(2*w[i]) q[i]; } for int i in [n-1:-1:1] { crz(w[-1]) q[i], q[i-1]; }"
        "const float[64] half = pi/2; for int j in {0, 2} { for int i in [0:1] { rz(half/2) q[j]; } }"
    )
    assert [p.name for p in circuit.parameters] == ["w[0]", "w[1]", "w[2]"]
    assert [entry[:2] for entry in angles(circuit)] == [
        ("rx", [0]), ("rx", [1]), ("rx", [2]), ("crz", [2, 1]), ("crz", [1, 0]), *[("rz", [0])] * 2, *[("rz", [2])] * 2,
    ]  # fmt: skip
    assert abs(float(circuit.data[-1].params[0]) - 0.7853981633974483) < 1e-15
    assert circuit.data[3].params[0] == circuit.parameters[2]


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(-3, 3).filter(bool))
def test_ranges_hold_both_ends(start, end, step):
    circuit = qasm3.parse(HEAD + f"qubit[1] q; for int i in [{start}:{step}:{end}] {{ rx(i) q[0]; }}")
    wanted = range(start, end + (1 if step > 0 else -1), step)
    assert [float(item.params[0]) for item in circuit.data] == list(wanted)


def test_arguments_of_gates_hide_constants():
    circuit = qasm3.parse(HEAD + "const float[64] x0 = 2; gate g(x0) a { rx(x0) a; } qubit[1] q; g(0.5) q[0]; rx(x0) q[0];")
    assert float(circuit.decompose().data[0].params[0]) == 0.5 and float(circuit.data[1].params[0]) == 2.0


@pytest.mark.parametrize("place", ["2", "-3", "k"])
def test_places_outside_an_array(place):
    with pytest.raises(ValueError, match="array w should be used at constant places from 0 to 1"):
        qasm3.parse(HEAD + f"input array[float[64], 2] w; qubit[1] q; rx(w[{place}]) q[0];")


def test_a_short_program_cannot_be_endless(monkeypatch):
    monkeypatch.setattr(unrolling, "MAX_STATEMENTS", 5000)
    with pytest.raises(ValueError, match="unroll to more than"):
        qasm3.parse(HEAD + "qubit[1] q; for int i in [0:9999] { for int j in [0:9999] { x q[0]; } }")

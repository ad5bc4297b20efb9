"""Smaller programs give the same costs."""

import numpy as np
from conserving_circuits import any_observable
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.program import lower
from qtrain.simulators.sectors.pulled_back import pull_back
from qtrain.simulators.sectors.tapering import dimension_log2, taper
from qtrain.simulators.statevector import values_and_gradients


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(2, 6), st.integers(0, 6))
def test_random_strings_between_cliffords(seed, n, count):
    """Few rotations leave many symmetries; angles with offsets and coefficients, fixed ones too."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n)
    angles = [Parameter("a"), Parameter("b")]
    circuit.rzz(angles[0] + angles[1], 0, 1)
    for _ in range(count):
        for _ in range(3):
            a, b = (int(v) for v in rng.permutation(n)[:2])
            [circuit.cx, circuit.cz, circuit.swap, lambda p, q: circuit.h(p), lambda p, q: circuit.sx(q)][
                rng.integers(5)
            ](a, b)
        angle = [0.5 * angles[0] + 0.3, -2 * angles[1] + np.pi / 2, angles[0] + np.pi, 0.7, np.pi / 2][
            rng.integers(5)
        ]
        getattr(circuit, str(rng.choice(["rxx", "rzz", "ryy", "rzx"])))(angle, a, b)
    program, observable = lower(circuit), any_observable(seed, n)
    pulled = pull_back(program, observable)
    smaller, seen = taper(pulled, program.weights)
    assert smaller.num_qubits == max(dimension_log2(pulled), 1)
    weights = rng.uniform(-7, 7, (3, 2))
    value, gradient = values_and_gradients(smaller, seen, weights)
    expected, slopes = values_and_gradients(program, observable, weights)
    assert np.allclose(value, expected, atol=1e-10)
    assert np.allclose(gradient, slopes, atol=1e-10)


def test_terms_that_anticommute_with_a_symmetry_are_dropped():
    circuit = QuantumCircuit(3)
    circuit.rxx(Parameter("a"), 0, 1)
    program = lower(circuit)
    smaller, seen = taper(pull_back(program, SparsePauliOp(["IIX", "IIZ"])), program.weights)
    assert smaller.num_qubits == 1
    assert len(seen) == 1

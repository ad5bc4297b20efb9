"""One sample on all lanes against eight samples on a lane each, and against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import reference_simulator as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp, random_statevector

import qtrain.simulators.statevector as statevector
from qtrain.circuits.program import lower


@pytest.fixture(autouse=True)
def narrow_too(monkeypatch):
    """Lanes are for wide circuits; here they take narrow ones as well, which dense twins follow."""
    monkeypatch.setattr(statevector, "SINGLES", {4: 4})


def together(ready, weights, *args, **options):
    """The sample among eight others."""
    rows = np.repeat(weights, 9, axis=0)
    more = {k: np.repeat(v, 9, axis=0) if k == "start" and v is not None else v for k, v in options.items()}
    return [part[:1] for part in ready.run(rows, *(np.repeat(a, 9, axis=0) for a in args), **more)]


@st.composite
def cases(draw):
    """Every kind of gate that a plan knows, wide rotations among them; dense observables; data; input states."""
    n = draw(st.integers(4, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p, x = ParameterVector("p", 4), ParameterVector("x", 2)
    circuit = QuantumCircuit(n)
    for _ in range(draw(st.integers(1, 40))):
        q = [int(k) for k in rng.permutation(n)]
        angle = [p[0], p[1] / 2, -p[2], 2 * p[3] + 0.3, x[0], x[1] * p[0], 0.7][rng.integers(7)]
        kind = rng.integers(14)
        if kind < 3:
            [circuit.rx, circuit.ry, circuit.rz][kind](angle, q[0])
        elif kind < 7:
            [circuit.rzz, circuit.rxx, circuit.ryy, circuit.rzx][kind - 3](angle, q[0], q[1])
        elif kind < 10:
            [circuit.cx, circuit.cz, circuit.swap][kind - 7](q[0], q[1])
        elif kind < 12:
            [circuit.h, circuit.s, circuit.sdg, circuit.sx, circuit.x, circuit.y, circuit.z][rng.integers(7)](q[0])
        else:
            label = "".join(rng.choice(list("IXYZ"), n))
            if label != "I" * n:
                circuit.append(PauliEvolutionGate(SparsePauliOp(label), time=angle), range(n))
    for k in range(4):
        circuit.ry(p[k], k)
    for k in range(2):
        circuit.rx(x[k], k)
    labels = {"".join(rng.choice(list("IXYZ"), n)) for _ in range(draw(st.integers(1, 12)))}
    observable = SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))
    weights, data = rng.uniform(-7, 7, (1, 4)), rng.uniform(-3, 3, (1, 2))
    start = random_statevector(2**n, seed=rng).data[None] if draw(st.booleans()) else None
    return lower(circuit, inputs=list(x)), observable, weights, data, start


@settings(max_examples=60, deadline=None)
@given(cases())
def test_lanes_of_amplitudes_equal_lanes_of_samples(case):
    program, observable, weights, data, start = case
    ready = statevector.Simulation(program, [observable, "Z" + "I" * (program.num_qubits - 1)])
    one, many = ready.run(weights, data, start=start), together(ready, weights, data, start=start)
    np.testing.assert_allclose(one[0], many[0], atol=1e-12)
    ready = statevector.Simulation(program, [observable])
    one = ready.run(weights, data, start=start, gradient=True)
    many = together(ready, weights, data, start=start, gradient=True)
    np.testing.assert_allclose(one[0], many[0], atol=1e-12)
    np.testing.assert_allclose(one[1], many[1], atol=1e-11)


@settings(max_examples=15, deadline=None)
@given(cases())
def test_values_equal_dense_matrices(case):
    program, observable, weights, data, start = case
    bound, matrix = program.bind_inputs(data[0]), observable.to_matrix()
    if start is None:
        found = statevector.values(bound, observable, weights)
        assert found[0] == pytest.approx(reference.value(bound, matrix, weights[0]), abs=1e-11)


def test_several_blocks():
    """2**14 amplitudes: more than one block, and rotations wider than one."""
    from qiskit.circuit.library import efficient_su2

    circuit = efficient_su2(14, reps=2, entanglement="circular")
    circuit.append(PauliEvolutionGate(SparsePauliOp("X" * 13 + "Y"), time=circuit.parameters[3]), range(14))
    program = lower(circuit)
    terms = [("ZZ", [k, k + 1], 1.0) for k in range(13)] + [("X", [k], 0.5) for k in range(14)]
    ready = statevector.Simulation(program, [SparsePauliOp.from_sparse_list(terms, 14)])
    weights = np.random.default_rng(1).normal(size=(1, len(program.weights)))
    one, many = ready.run(weights, gradient=True), together(ready, weights, gradient=True)
    np.testing.assert_allclose(one[0], many[0], atol=1e-12)
    np.testing.assert_allclose(one[1], many[1], atol=1e-12)

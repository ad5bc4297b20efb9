"""g-sim on orbit sums against the statevector, and canonical strings against all images."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from shared_angles import shared_circuit

from qtrain.circuits.program import lower
from qtrain.errors import QTrainError
from qtrain.kernels.paulis import commutation_matrix
from qtrain.kernels.permutation_orbits import CLASSES, MIRROR, NOTHING, RING, RING_AND_MIRROR
from qtrain.lie.qubit_symmetries import Symmetry
from qtrain.simulators.gsim import Module, gsim_values_and_gradients, module
from qtrain.simulators.statevector import values_and_gradients
from qtrain.simulators.symmetric_gsim import OrbitModule, _layers


def symmetric(n: int, reps: int, *, plus: bool) -> QuantumCircuit:
    """Permutation-equivariant: sums of X, of Y, of ZZ over all pairs."""
    p, circuit = ParameterVector("p", 3 * reps), QuantumCircuit(n)
    if plus:
        circuit.h(range(n))
    for r in range(reps):
        for i in range(n):
            circuit.rx(p[3 * r] + 0.3, i)
        circuit.ry(p[3 * r + 1], range(n))
        for i, j in itertools.combinations(range(n), 2):
            circuit.rzz(0.5 * p[3 * r + 2], i, j)
    return circuit


def ring(n: int, reps: int, *, chiral: bool = False) -> QuantumCircuit:
    """Translation-invariant; the fields of a layer are written qubit by qubit."""
    p, circuit = ParameterVector("p", 3 * reps), QuantumCircuit(n)
    for r in range(reps):
        for i in range(n):
            if chiral:
                circuit.rz(0.4, i)
            circuit.rx(p[3 * r + 1], i)
            circuit.rz(p[3 * r + 2], i)
        for i in range(n):
            circuit.rzz(p[3 * r], i, (i + 1) % n)
        if chiral:
            for i in range(n):
                circuit.cz(i, (i + 1) % n)
    return circuit


def every(n: int, letter: str = "Z") -> str:
    return " + ".join(f"{letter}{i}" for i in range(n))


@pytest.mark.parametrize(
    ("circuit", "observable", "limit"),
    [
        (symmetric(4, 3, plus=True), every(4), 40),
        (symmetric(4, 2, plus=False), every(4, "X") + " + 2*IIII", 40),
        (symmetric(4, 2, plus=True), "Z0", 90),
        (symmetric(5, 2, plus=False), "Z0 X1", 400),
        (symmetric(5, 2, plus=False), "Z0 Z1 + 0.5*Y4", 700),
        (ring(5, 2), every(5), 150),
        (ring(6, 2), every(6, "Y") + " - 0.5*ZZZZZZ", 450),
        (ring(5, 2, chiral=True), every(5), 150),
    ],
)
def test_orbits_equal_statevector(circuit, observable, limit):
    program = lower(circuit)
    closed = module(program, observable, max_dimension=limit)
    assert isinstance(closed, OrbitModule)
    weights = np.random.default_rng(0).normal(size=(3, len(program.weights)))
    got = gsim_values_and_gradients(closed, weights)
    want = values_and_gradients(program, observable, weights)
    np.testing.assert_allclose(got[0], want[0], atol=1e-10)
    np.testing.assert_allclose(got[1], want[1], atol=1e-10)


def test_orbits_equal_strings():
    program = lower(symmetric(4, 2, plus=True))
    strings, sums = module(program, every(4)), module(program, every(4), max_dimension=40)
    assert isinstance(strings, Module)
    assert sums.dimension == math.comb(7, 3) - 1  # every orbit but the identity
    weights = np.random.default_rng(1).normal(size=(2, 6))
    for a, b in zip(gsim_values_and_gradients(strings, weights), gsim_values_and_gradients(sums, weights)):
        np.testing.assert_allclose(a, b, atol=1e-11)


def test_twenty_qubits_where_the_answer_is_known():
    """The two sums of ZZ undo each other; what is left is one rotation about X: f = n cos(a + d)."""
    n = 20
    p, circuit = ParameterVector("p", 4), QuantumCircuit(n)
    circuit.rx(p[0], range(n))
    for k in (1, 2):
        for i, j in itertools.combinations(range(n), 2):
            circuit.rzz(p[k], i, j)
    circuit.rx(p[3], range(n))
    closed = module(lower(circuit), every(n), max_dimension=2000)
    assert isinstance(closed, OrbitModule)
    f, g = gsim_values_and_gradients(closed, np.array([[0.7, -1.1, 1.1, -0.4]]))
    assert f[0] == pytest.approx(n * np.cos(0.3), abs=1e-9)
    np.testing.assert_allclose(g[0, [0, 3]], -n * np.sin(0.3), atol=1e-8)
    with pytest.raises(QTrainError, match="One sample takes"):
        gsim_values_and_gradients(closed, np.zeros((1, 4)), memory_bytes=10_000)


def test_an_input_state_without_the_symmetry_is_refused():
    circuit = QuantumCircuit(4)
    circuit.x(0)
    circuit.compose(symmetric(4, 2, plus=False), inplace=True)
    assert module(lower(circuit), every(4), max_dimension=40) is None


def test_too_many_orbits_are_refused():
    assert module(lower(symmetric(4, 2, plus=True)), every(4), max_dimension=20) is None


def images(row: list[int], kind: int, classes: list[int]) -> set[tuple[int, ...]]:
    n = len(row)
    if kind == CLASSES:
        keep = [
            p for p in itertools.permutations(range(n)) if all(classes[p[q]] == classes[q] for q in range(n))
        ]
        return {tuple(row[q] for q in p) for p in keep}
    if kind in (MIRROR, NOTHING):
        return {tuple(row), tuple(row[::-1])} if kind == MIRROR else {tuple(row)}
    found = {tuple(row[s:] + row[:s]) for s in range(n)}
    return found | {t[::-1] for t in found} if kind == RING_AND_MIRROR else found


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6),
    st.sampled_from([CLASSES, RING, RING_AND_MIRROR, MIRROR, NOTHING]),
)
def test_canonical_strings_and_orbit_sizes(letters, kind):
    row = [letter for letter, _ in letters]
    classes = [c for _, c in letters]
    array, group = np.array(row, np.int8), Symmetry(kind, np.array(classes), (), "")
    least = group.smallest(array)
    want = images(row, kind, classes)
    if kind == CLASSES:  # smallest within each class is smallest overall
        assert tuple(least) in want
        assert tuple(least) == min(want)
    else:
        assert tuple(least) == min(want)
    assert group.orbit_size(array) == len(want)


@pytest.mark.parametrize("scale", [1e-14, 1e14])
def test_weights_of_any_size(scale):
    """The size of an observable's weights changes the size of the cost, and nothing else."""
    n, program = 6, lower(symmetric(6, 2, plus=True))
    theta = np.random.default_rng(3).normal(size=(1, program.num_weights))
    observable = SparsePauliOp.from_sparse_list([("ZZ", pair, 1.0) for pair in itertools.combinations(range(n), 2)], n)
    values, gradients = values_and_gradients(program, observable, theta)
    found = module(program, observable * scale, 400)
    assert isinstance(found, OrbitModule)
    value, gradient = gsim_values_and_gradients(found, theta)
    assert value / scale == pytest.approx(values, rel=1e-10)
    assert gradient / scale == pytest.approx(gradients, rel=1e-9, abs=1e-12)


@given(st.integers(0, 10**6))
def test_layers_are_those_of_a_plain_scan(seed):
    program = lower(shared_circuit(seed, rotations=12))
    table = program.generators(fixed=True)
    x, z, which = table.distinct()
    anticommute = commutation_matrix(x, z)
    layers = []
    for k, op in enumerate(table.index):
        weight = int(program.parameter[op])
        for other, members in reversed(layers):
            blocked = anticommute[which[k], which[members]].any()
            if other == weight and not blocked:
                members.append(k)
            if other == weight or blocked:
                if blocked:
                    layers.append((weight, [k]))
                break
        else:
            layers.append((weight, [k]))
    assert _layers(program, table) == layers

"""Tasks: Hamiltonians against dense matrices, graphs against brute force, data in the form a circuit takes."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp, Statevector

from qtrain.errors import QTrainError
from qtrain.studies.spec.search_spec import read_spec
from qtrain.studies.tasks.datasets import load_data
from qtrain.studies.tasks.max_cut import max_cut, random_regular
from qtrain.studies.tasks.spin_models import spin_model
from qtrain.studies.tasks.state_data import prepare_states
from qtrain.studies.tasks.task import extremes

X, Y, Z, I2 = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]), np.eye(2)


def kron(n, letters):
    """Dense operator with ``letters[q]`` on qubit q; the obvious way."""
    matrix = np.eye(1)
    for q in reversed(range(n)):
        matrix = np.kron(matrix, letters.get(q, I2))
    return matrix


def built(spec):
    return spec.task.build(spec.qubits)


def spec_of(task, qubits=4, **more):
    return read_spec({"name": "t", "qubits": qubits, "task": task} | more)


@pytest.mark.parametrize("graph, pairs", [("line", [(0, 1), (1, 2)]), ("ring", [(2, 0), (0, 1), (1, 2)])])
def test_named_models_are_the_dense_hamiltonians(graph, pairs):
    n = 3
    tfim = built(spec_of({"kind": "tfim", "coupling": 0.7, "field": 0.3, "graph": graph}, n)).observables[0]
    dense = -0.7 * sum(kron(n, {a: Z, b: Z}) for a, b in pairs) - 0.3 * sum(kron(n, {q: X}) for q in range(n))
    np.testing.assert_allclose(tfim.to_matrix(), dense, atol=1e-12)
    task = {"kind": "xxz", "coupling": 1.5, "anisotropy": 0.4, "field": 0.2, "graph": graph}
    xxz = built(spec_of(task, n)).observables[0]
    dense = 1.5 * sum(kron(n, {a: P, b: P}) * c for a, b in pairs for P, c in ((X, 1), (Y, 1), (Z, 0.4)))
    np.testing.assert_allclose(xxz.to_matrix(), dense + 0.2 * sum(kron(n, {q: Z}) for q in range(n)), atol=1e-12)
    task = {"kind": "heisenberg", "jx": 1, "jy": 2.0, "jz": 3.0, "graph": graph}
    dense = sum(kron(n, {a: P, b: P}) * c for a, b in pairs for P, c in ((X, 1), (Y, 2), (Z, 3)))
    np.testing.assert_allclose(built(spec_of(task, n)).observables[0].to_matrix(), dense, atol=1e-12)


@pytest.mark.parametrize("n", [3, 8])  # dense and iterative diagonalisation
def test_critical_chain_has_the_free_fermion_energy(n):
    lowest, highest = extremes(spin_model(n, [(q, q + 1) for q in range(n - 1)], z=-1.0, field_x=-1.0))
    exact = 1 - 1 / np.sin(np.pi / (2 * (2 * n + 1)))  # open critical chain
    assert lowest == pytest.approx(exact, abs=1e-9)
    assert highest == pytest.approx(-exact, abs=1e-9)


@given(st.integers(3, 6), st.integers(0, 10_000))
def test_max_cut_is_the_brute_force_cut(n, seed):
    graph = nx.gnp_random_graph(n, 0.6, seed=seed)
    if not graph.edges:
        return
    cut = max(sum(c[a] != c[b] for a, b in graph.edges) for c in itertools.product([0, 1], repeat=n))
    assert extremes(max_cut(graph.edges, n))[0] == pytest.approx(-cut)


def test_max_cut_from_a_graph_and_from_a_degree():
    by_graph = built(spec_of({"kind": "maxcut", "edges": nx.cycle_graph(4)}))
    by_edges = built(spec_of({"kind": "maxcut", "edges": [[0, 1], [1, 2], [2, 3], [3, 0]]}))
    assert by_graph.observables == by_edges.observables
    assert by_graph.references["max_cut"] == pytest.approx(4)
    pairs = random_regular(3, 8, 5)
    assert nx.is_connected(nx.Graph(pairs)) and set(dict(nx.Graph(pairs).degree).values()) == {3}
    assert pairs == random_regular(3, 8, 5) != random_regular(3, 8, 6)


@pytest.mark.parametrize("terms", ["ZZ - 0.5*IX", {"ZZ": 1.0, "IX": -0.5}, SparsePauliOp(["ZZ", "IX"], [1, -0.5])])
def test_terms_in_every_form(terms):
    task = built(spec_of({"kind": "hamiltonian", "terms": terms}, 2))
    expected = kron(2, {0: Z, 1: Z}) - 0.5 * kron(2, {0: X})
    np.testing.assert_allclose(task.observables[0].to_matrix(), expected, atol=1e-12)
    assert task.lowest == pytest.approx(np.linalg.eigvalsh(expected)[0])


def test_terms_from_a_file(tmp_path):
    (tmp_path / "h2.txt").write_text("# hydrogen\n-0.81 II\n0.17 IZ\nZI -0.22\n\n0.12 * ZZ\n0.17*XX  # exchange\n")
    (tmp_path / "s.toml").write_text('name = "h2"\nqubits = 2\n[task]\nkind = "hamiltonian"\nfile = "h2.txt"\nconstant = 0.5')
    task = built(read_spec(tmp_path / "s.toml"))
    dense = -0.31 * np.eye(4) + 0.17 * kron(2, {0: Z}) - 0.22 * kron(2, {1: Z})
    dense = dense + 0.12 * kron(2, {0: Z, 1: Z}) + 0.17 * kron(2, {0: X, 1: X})
    np.testing.assert_allclose(task.observables[0].to_matrix(), dense, atol=1e-12)


@pytest.mark.parametrize(
    "task, message",
    [
        ({"kind": "hamiltonian", "terms": "ZZZ"}, "2 letters in each term"),
        ({"kind": "hamiltonian", "terms": "ZZ + nonsense"}, "observable"),
        ({"kind": "hamiltonian", "terms": SparsePauliOp(["ZZ"], [1j])}, "real coefficients"),
        ({"kind": "hamiltonian", "file": "absent.txt"}, "absent.txt"),
        ({"kind": "hamiltonian"}, "exactly one of terms and file"),
        ({"kind": "tfim", "coupling": 0, "field": 0}, "all couplings and fields 0"),
        ({"kind": "tfim", "graph": "device"}, "has no device"),
        ({"kind": "maxcut", "edges": [[0, 5]]}, "nodes 0 to 1"),
        ({"kind": "classification", "data": "csv"}, "task.file and task.label"),
        ({"kind": "classification", "data": "iris", "classes": ["rose", "lily"]}, "setosa, versicolor, virginica"),
        ({"kind": "classification", "data": "iris"}, "at least the number of classes, 3"),
    ],
)
def test_bad_tasks_are_one_sentence(task, message):
    with pytest.raises(QTrainError, match=message) as caught:
        built(spec_of(task, 2))
    assert "\n" not in str(caught.value)


def test_scaled_observable_is_traceless_with_unit_weights():
    task = built(spec_of({"kind": "maxcut", "edges": [[0, 1], [1, 2]]}, 3))
    scaled = task.scaled_observable
    assert not np.isclose(scaled.to_matrix(), 0).all()
    assert np.trace(scaled.to_matrix()) == pytest.approx(0)
    assert np.linalg.norm(scaled.coeffs) == pytest.approx(1)


def test_bundled_data_become_angles():
    task = spec_of({"kind": "classification", "data": "breast_cancer"}, 6).task
    data = load_data(task, 6)
    assert data.classes == ("benign", "malignant") and data.train.shape[1] == 6
    assert len(data.train) + len(data.test) == 569 and len(data.test) == 143
    for part in (data.train, data.test):
        assert part.min() >= 0 and part.max() <= np.pi
    again = load_data(task, 6)
    np.testing.assert_array_equal(data.train, again.train)
    task = built(spec_of({"kind": "classification", "data": "iris"}, 4))
    assert task.train_targets.shape[1] == 3 and set(np.unique(task.train_targets)) == {-1.0, 1.0}
    assert (task.train_targets.sum(axis=1) == -1).all()  # one class each
    assert task.references["one_body_accuracy"] > 0.8 and 0 < task.references["majority_accuracy"] < 0.5


def test_csv_data(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,kind,b"] + [f"{x:.3f},{'up' if x > 0 else 'down'},{y:.3f}" for x, y in rng.normal(size=(40, 2))]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    task = {"kind": "classification", "data": "csv", "file": str(tmp_path / "d.csv"), "label": "kind"}
    data = load_data(spec_of(task, 3).task, 3)
    assert data.classes == ("down", "up") and data.train.shape[1] == 3
    np.testing.assert_array_equal(data.train[:, 0], data.train[:, 2])  # two features on three qubits: cyclic
    (tmp_path / "d.csv").write_text("\n".join([*lines[:9], "x,up,1"]))
    with pytest.raises(QTrainError, match="line 10"):
        load_data(spec_of(task, 3).task, 3)


@given(st.integers(1, 4), st.booleans(), st.integers(0, 2**31))
def test_prepared_states_are_the_states(n, real, seed):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(2, 2**n)) + (0 if real else 1j * rng.normal(size=(2, 2**n)))
    states[1, rng.permutation(2**n)[: 2 ** (n - 1)]] = 0  # with empty branches
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    circuit, angles = prepare_states(states)
    for state, row in zip(states, angles):
        made = Statevector(circuit.assign_parameters(dict(zip(circuit.parameters, row)))).data
        assert abs(np.vdot(made, state)) == pytest.approx(1, abs=1e-9)


def test_phases_of_matter_are_quantum_data():
    task = {"kind": "classification", "data": "phase_of_matter", "model": "cluster", "samples": 16}
    task = built(spec_of(task, 4))
    assert task.train.shape[1] == len(task.inputs) and task.train_targets.shape[1] == 4
    assert task.encoding.num_qubits == 4

"""Tasks: Hamiltonians against dense matrices, graphs against brute force, data in the form a circuit takes."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from dense_models import built, spec_of
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp, Statevector

from qtrain.errors import QTrainError
from qtrain.studies.tasks.datasets import load_data
from qtrain.studies.tasks.max_cut import max_cut, random_regular
from qtrain.studies.tasks.state_data import prepare_states
from qtrain.studies.tasks.task import extremes


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
        ({"kind": "maxcut", "edges": [[0, 1]], "weights": [1, 2]}, "1, one for each edge. Got 2"),
        ({"kind": "maxcut", "edges": [[0, 1]], "weights": [float("nan")]}, "list of finite numbers"),
        ({"kind": "maxcut", "edges": [[0, 1]], "weights": "heavy"}, "one of 'uniform'"),
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


@given(st.integers(3, 6), st.integers(0, 10_000))
def test_weighted_max_cut_is_the_brute_force_cut(n, seed):
    graph, rng = nx.gnp_random_graph(n, 0.6, seed=seed), np.random.default_rng(seed)
    if not graph.edges:
        return
    graph = nx.relabel_nodes(graph, dict(enumerate(rng.permutation(n).tolist())))
    nx.set_edge_attributes(graph, {e: float(rng.normal()) for e in graph.edges}, "weight")
    cut = max(sum(w * (c[a] != c[b]) for a, b, w in graph.edges(data="weight")) for c in itertools.product([0, 1], repeat=n))
    task = built(spec_of({"kind": "maxcut", "edges": graph}, n))
    assert task.references["max_cut"] == pytest.approx(cut)
    pairs = list(graph.edges)
    listed = {"edges": [list(e) for e in pairs], "weights": [graph.edges[e]["weight"] for e in pairs]}
    assert built(spec_of({"kind": "maxcut", **listed}, n)).lowest == pytest.approx(-cut)


def test_random_weights_are_drawn_from_the_seed():
    for kind in ("uniform", "gaussian", "signs"):
        first, again, other = (built(spec_of({"kind": "maxcut", "weights": kind, "seed": s}, 8)) for s in (1, 1, 2))
        assert first.observables == again.observables != other.observables
    assert built(spec_of({"kind": "maxcut", "weights": np.arange(1.0, 7.0), "edges": nx.complete_graph(4)})).lowest == -14


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

"""One call from a problem to a circuit."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap

import qtrain
from qtrain.errors import QTrainError
from qtrain.studies.design import _device_of, _task_of
from qtrain.studies.spec.search_spec import read_spec

HAMILTONIAN = SparsePauliOp(["ZZI", "IZZ", "XII", "IXI", "IIX"], [-1.0, -1.0, -0.5, -0.5, -0.5])


def test_a_circuit_for_a_hamiltonian(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QTRAIN_HOME", str(tmp_path / "home"))
    found = qtrain.design(HAMILTONIAN, trials=6, device="line", max_two_qubit_depth=9, tracking_uri="off")
    energy = Statevector(found.bound).expectation_value(HAMILTONIAN).real
    assert energy == pytest.approx(found.full[found.winner.number]["energy"], abs=1e-7)
    assert energy >= found.references["exact_energy"] - 1e-9
    assert found.winner.metrics["two_qubit_depth"] <= 9 and found.circuit.num_parameters == len(found.angles)
    assert qtrain.load(found.name).architecture == found.architecture
    again = qtrain.design(HAMILTONIAN, trials=6, device="line", max_two_qubit_depth=9, tracking_uri="off")
    assert [t.architecture_id for t in again.trials] == [t.architecture_id for t in found.trials]


def test_problems_of_every_kind(tmp_path):
    (tmp_path / "h.txt").write_text("1.0 ZZ\n-0.5 XI")
    for problem in (tmp_path / "h.txt", str(tmp_path / "h.txt"), "ZZ - 0.5*XI", "1.0 [Z0 Z1] + -0.5 [X1]"):
        task, width = _task_of(problem, None)
        built = read_spec({"name": "t", "qubits": width, "task": task}).task.build(width)
        assert built.observables[0].equiv(SparsePauliOp(["ZZ", "XI"], [1.0, -0.5]))
    graph = nx.relabel_nodes(nx.cycle_graph(5), dict(enumerate("abcde")))
    assert _task_of(graph, None)[1] == 5
    x = np.zeros((20, 12))
    assert [_task_of((x[:, :k], np.arange(20) % c), None)[1] for k, c in ((12, 2), (3, 2), (1, 2), (2, 4))] == [8, 3, 2, 4]
    assert _task_of((x, np.arange(20) / 7), 5)[1] == 5


def test_devices_of_every_kind():
    from qiskit.providers.fake_provider import GenericBackendV2

    edges = [[0, 1], [1, 2]]
    assert _device_of(CouplingMap([[0, 1], [1, 0], [1, 2]])) == {"edges": edges} == _device_of(edges)
    assert _device_of("line") == {"topology": "line"} and _device_of("FakeTorino") == {"name": "FakeTorino"}
    found = _device_of(GenericBackendV2(3, coupling_map=[[0, 1], [1, 2]], basis_gates=["cz", "rz", "sx", "x"]))
    assert found == {"edges": edges, "basis_gates": ["cz", "rz", "sx", "x"]}


@pytest.mark.parametrize("problem, options, message", [
    (3, {}, "problem should be a SparsePauliOp"), (nx.empty_graph(3), {}, "graph with edges"),
    ((np.zeros(4), np.zeros(4)), {}, r"shape \(samples, features\)"), (HAMILTONIAN, {"qubits": 4}, "should be 3, the Hamiltonian's. Got 4"),
    (HAMILTONIAN, {"device": 5}, "device should be a Qiskit backend"), (HAMILTONIAN, {"seconds": -1}, "seconds should be a positive"),
    ("nonsense", {}, "observable should be a sum"), (SparsePauliOp("ZZ", 1j), {}, "Hermitian"),
    ((np.ones((20, 2)), np.ones(20)), {}, "task.y should hold different values"), (HAMILTONIAN, {"trials": 0}, "trials"),
])  # fmt: skip
def test_bad_problems_are_one_sentence(problem, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QTrainError, match=message) as caught:
        qtrain.design(problem, tracking_uri="off", **options)
    assert "\n" not in str(caught.value)

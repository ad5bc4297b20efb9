"""The four models: their Hamiltonians against Qiskit's, and their labels against order parameters of ground states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.datasets.phase_of_matter import _annni, _haldane, _heisenberg

import qtrain
from qtrain.ground_states.phases import PHASE_MODELS, phase_model


@settings(max_examples=10, deadline=None)
@given(a=st.floats(0.1, 2), b=st.floats(0.1, 2), n=st.integers(3, 6))
def test_hamiltonians_are_those_of_qiskit_machine_learning(a, b, n):
    for ours, theirs in (
        (phase_model("xxx").hamiltonian(n, {"ratio": b}), _heisenberg.build_hamiltonian(n, 1.0, b)),
        (phase_model("haldane").hamiltonian(n, {"h1": a, "h2": b}), _haldane.build_hamiltonian(n, a, b)),
        (phase_model("annni").hamiltonian(n, {"kappa": a, "h": b}), _annni.build_hamiltonian(n, a, b)),
    ):
        assert np.abs((ours - theirs).simplify().coeffs).max() < 1e-12


@pytest.mark.parametrize("name", list(PHASE_MODELS))
@pytest.mark.parametrize("seed", [0, 1])
def test_points_are_drawn_evenly_and_away_from_boundaries(name, seed):
    model = phase_model(name)
    points, labels = model.draw(13, seed=seed)
    counts = np.bincount(labels, minlength=len(model.phases))
    assert len(points) == 13 and counts.max() - counts.min() <= 1
    for point, label in zip(points, labels):
        assert model.phase(point) == label
        assert all(ends[0] <= point[key] <= ends[1] for key, ends in model.ranges.items())
    assert model.draw(13, seed=seed)[0] == points


@pytest.mark.parametrize("point, label", [
    ({"j1": 0.0, "j2": 0.5}, 3), ({"j1": 0.0, "j2": 2.0}, 0), ({"j1": 0.0, "j2": -2.0}, 0), ({"j1": 2.0, "j2": 0.0}, 1),
    ({"j1": -2.0, "j2": 0.0}, 2), ({"j1": 2.0, "j2": 1.2}, 0), ({"j1": 2.5, "j2": 1.2}, 1), ({"j1": 1.0, "j2": 0.0}, None),
])  # fmt: skip
def test_cluster_phases(point, label):
    assert phase_model("cluster").phase(point) == label


def test_haldane_phases_by_their_order():
    """A string order that is long-range in the symmetry-protected phase alone, and staggered X in the antiferromagnet."""
    model, n = phase_model("haldane"), 24
    string = SparsePauliOp.from_sparse_list([("Z" + "X" * 6 + "Z", [6, *range(7, 19, 2), 18], 1.0)], num_qubits=n)
    apart = SparsePauliOp.from_sparse_list([("XX", [7, 16], 1.0), ("X", [7], 0.0)], num_qubits=n)
    for h1, h2, label in ((0.2, 0.0, 0), (0.5, 0.2, 0), (0.5, -0.9, 0), (1.4, 0.0, 1), (0.5, 0.7, 1), (0.3, -1.4, 2)):
        point = {"h1": h1, "h2": h2}
        assert model.phase(point) == label
        state = qtrain.ground_state(model.hamiltonian(n, point), bond=12, tolerance=1e-6, sweeps=6)
        assert (state.expectation(string) > 0.25) == (label == 0), (point, state.expectation(string))
        assert (state.expectation(apart) < -0.25) == (label == 2), (point, state.expectation(apart))


def test_what_is_wrong_is_said():
    with pytest.raises(qtrain.QTrainError, match="did you mean 'cluster'"):
        phase_model("clustr")
    with pytest.raises(qtrain.QTrainError, match="point should have ratio"):
        phase_model("xxx").hamiltonian(4, {"j": 1.0})

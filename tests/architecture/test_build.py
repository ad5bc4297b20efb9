"""The circuits of architectures against Qiskit's own, and against a QCNN written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit.library import (
    QAOAAnsatz,
    XXPlusYYGate,
    efficient_su2,
    excitation_preserving,
    hamiltonian_variational_ansatz,
    n_local,
    real_amplitudes,
)
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from reference_architecture import tutorial_qcnn
from strategies_architecture import architectures

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import INITIAL, Architecture, Layer
from qtrain.architecture.blocks import BLOCKS, ROTATIONS
from qtrain.architecture.topology import TOPOLOGIES, graph

ENTANGLEMENTS = ["full", "linear", "reverse_linear", "pairwise", "circular", "sca"]


def bound(circuit, seed=0, factors=None):
    angles = np.random.default_rng(seed).uniform(-4, 4, circuit.num_parameters)
    return circuit.assign_parameters(angles if factors is None else angles * factors)


def assert_same(ours, theirs):
    """The same gates on the same qubits with the same parameters in the same order: one order of circuits."""
    assert ours.num_parameters == theirs.num_parameters
    assert bound(ours) == bound(theirs)


@pytest.mark.parametrize("entanglement", ENTANGLEMENTS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("reps, skip", [(1, False), (3, True), (4, False)])
def test_real_amplitudes_is_qiskits(entanglement, n, reps, skip):
    options = {"entanglement": entanglement, "reps": reps, "skip_final_rotation_layer": skip}
    assert_same(catalogue.real_amplitudes(**options).circuit(n), real_amplitudes(n, **options))


@pytest.mark.parametrize("entanglement", [*ENTANGLEMENTS, [(0, 2), (2, 1), (3, 0)]])
@pytest.mark.parametrize("rotations", [("ry", "rz"), ("rx",), ("rz", "sx", "rz")])
def test_efficient_su2_is_qiskits(entanglement, rotations):
    theirs = efficient_su2(4, su2_gates=list(rotations), entanglement=entanglement, reps=2)
    assert_same(
        catalogue.efficient_su2(rotations=rotations, entanglement=entanglement, reps=2).circuit(4), theirs
    )


def test_defaults_are_qiskits():
    assert_same(catalogue.efficient_su2().circuit(5), efficient_su2(5))
    assert_same(catalogue.real_amplitudes().circuit(5), real_amplitudes(5))


@pytest.mark.parametrize("mode", ["iswap", "fsim"])
@pytest.mark.parametrize("entanglement", ["full", "linear", "sca"])
def test_excitation_preserving_is_qiskits(mode, entanglement):
    theirs = excitation_preserving(4, mode=mode, entanglement=entanglement, reps=2)
    ours = catalogue.excitation_preserving(mode=mode, entanglement=entanglement, reps=2).circuit(4)
    doubled = np.ones(ours.num_parameters)  # Qiskit's angle t is our 2t in the XX+YY blocks
    index = {parameter: k for k, parameter in enumerate(ours.parameters)}
    for item in ours.data:
        if isinstance(item.operation, XXPlusYYGate):
            doubled[index[item.operation.params[0]]] = 2.0
    assert Operator(bound(ours, factors=doubled)) == Operator(bound(theirs))


@pytest.mark.parametrize(
    "block, gate", [("cz", "cz"), ("rxx", "rxx"), ("rzx", "rzx"), ("crx", "crx"), ("cp", "cp")]
)
def test_brickwork_of_columns_is_n_local(block, gate):
    ours = Architecture((Layer(("ry", "rz"), block, "brickwork"),), 3)
    theirs = n_local(5, ["ry", "rz"], gate, "pairwise", reps=3, skip_final_rotation_layer=True)
    assert_same(ours.circuit(5), theirs)


def ising(n, topology, coupling=1.0):
    bonds = [("ZZ", [a, b], coupling) for a, b in graph(topology, n).edges]
    return SparsePauliOp.from_sparse_list(bonds, n), SparsePauliOp.from_sparse_list(
        [("X", [q], 1.0) for q in range(n)], n
    )


@pytest.mark.parametrize("topology", ["line", "ring", "grid"])
def test_hva_of_tfim_is_qiskits(topology):
    """Qiskit evolves exp(-i t H): its t is half our angle."""
    zz, x = ising(4, topology)
    theirs = hamiltonian_variational_ansatz([zz, x], reps=3)
    ours = catalogue.hva_tfim(topology=topology, reps=3).circuit(4)
    times = np.random.default_rng(1).uniform(-2, 2, 6)
    start = Statevector.from_label("+" * 4)
    expected = start.evolve(theirs.assign_parameters(times))
    assert Statevector(ours.assign_parameters(2 * times)).equiv(expected)


@pytest.mark.parametrize("topology", ["ring", "complete", "star"])
def test_qaoa_is_qiskits(topology):
    """Qiskit's parameters are all mixer angles, then all cost angles; t is half our angle."""
    cost, _ = ising(4, topology)
    theirs = QAOAAnsatz(cost, reps=2).decompose(reps=4)
    ours = catalogue.qaoa(topology=topology, reps=2).circuit(4)
    cost_times, mixer_times = np.random.default_rng(2).uniform(-2, 2, (2, 2))
    values = {p: (mixer_times if p.name[0] == "β" else cost_times)[p.index] for p in theirs.parameters}
    mixed = np.ravel(np.column_stack([cost_times, mixer_times]))
    assert Statevector(ours.assign_parameters(2 * mixed)).equiv(Statevector(theirs.assign_parameters(values)))


def test_multi_angle_qaoa_has_an_angle_for_every_gate():
    assert catalogue.qaoa(topology="complete", reps=2, multi_angle=True).num_parameters(5) == 2 * (10 + 5)


@pytest.mark.parametrize("n", [2, 4, 8])
def test_qcnn_is_the_tutorials(n):
    assert_same(catalogue.qcnn().circuit(n), tutorial_qcnn(n))


def test_qcnn_names_its_output():
    assert catalogue.qcnn().circuit(8).metadata["qtrain.output_qubits"] == [7]
    assert "qtrain.output_qubits" not in catalogue.efficient_su2().circuit(4).metadata


def test_conv_and_pool_are_two_qubit_gates_of_a_tree():
    circuit = catalogue.tree(block="conv").circuit(8)
    assert sum(circuit.count_ops().values()) == 7 * len(BLOCKS["conv"])


@pytest.mark.parametrize("initial, label", [("none", "00000"), ("h", "+++++"), ("neel", "01010")])
def test_initial_states(initial, label):
    circuit = Architecture((Layer(("rz",)),), initial=initial).circuit(5).assign_parameters(np.zeros(5))
    assert Statevector(circuit).equiv(Statevector.from_label(label))


def test_singlets_are_singlets():
    """Total spin zero on every pair: XX = YY = ZZ = -1."""
    circuit = Architecture((Layer(("rz",)),), initial="singlets").circuit(4).assign_parameters(np.zeros(4))
    state = Statevector(circuit)
    for label in ("IIXX", "IIYY", "IIZZ", "XXII", "YYII", "ZZII"):
        assert state.expectation_value(SparsePauliOp(label)) == pytest.approx(-1)


def exponential(labels, angle):
    """exp(-i angle/2 P) for commuting P, from its eigenvalues."""
    matrix = SparsePauliOp(labels).to_matrix()
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.exp(-0.5j * angle * values)) @ vectors.conj().T


@pytest.mark.parametrize("block, labels", [
    ("rxx", ["XX"]), ("ryy", ["YY"]), ("rzz", ["ZZ"]), ("rzx", ["XZ"]), ("heisenberg", ["XX", "YY", "ZZ"]),
])  # fmt: skip
def test_blocks_are_their_exponentials(block, labels):
    circuit = Architecture((Layer((), block),)).circuit(2)
    assert circuit.num_parameters == 1
    np.testing.assert_allclose(
        Operator(circuit.assign_parameters([0.7])).data, exponential(labels, 0.7), atol=1e-12
    )


def test_xx_plus_yy_and_xxz_blocks():
    hop = Operator(Architecture((Layer((), "xx_plus_yy"),)).circuit(2).assign_parameters([0.7])).data
    np.testing.assert_allclose(hop, exponential(["XX", "YY"], 0.35), atol=1e-12)
    chain = Operator(Architecture((Layer((), "xxz"),)).circuit(2).assign_parameters([0.7, 0.3])).data
    np.testing.assert_allclose(chain, exponential(["XX", "YY"], 0.7) @ exponential(["ZZ"], 0.3), atol=1e-12)


def test_su4_reaches_every_direction():
    """15 independent directions of the tangent space of SU(4) at a generic point."""
    circuit = Architecture((Layer((), "su4"),)).circuit(2)
    point, step = np.random.default_rng(3).uniform(-3, 3, 15), 1e-6

    def special(angles):
        matrix = Operator(circuit.assign_parameters(angles)).data
        return matrix / np.linalg.det(matrix) ** 0.25

    here = special(point)
    tangents = [here.conj().T @ (special(point + step * row) - here) / step for row in np.eye(15)]
    stacked = np.array([np.concatenate([t.real.ravel(), t.imag.ravel()]) for t in tangents])
    assert np.linalg.matrix_rank(stacked, tol=1e-3) == 15


@settings(max_examples=60)
@given(architectures(max_layers=2), st.integers(1, 5))
def test_every_architecture_builds(family, n):
    n = family.num_qubits or n
    circuit = family.circuit(n)
    assert circuit.num_qubits == n and circuit.num_parameters == family.num_parameters(n)
    assert [p.index for p in circuit.parameters] == list(range(circuit.num_parameters))
    pairs = {tuple(sorted(circuit.find_bit(q).index for q in item.qubits)) for item in circuit.data}
    assert {pair for pair in pairs if len(pair) == 2} == set(family.resolved_edges(n))
    assert circuit.metadata["qtrain.architecture"] == family.content_id


@pytest.mark.parametrize("name", [*ROTATIONS, *BLOCKS])
def test_every_gate_has_its_parameters(name):
    layer = Layer((name,), "rzz") if name in ROTATIONS else Layer(("rx",), name)
    circuit = Architecture((layer,)).circuit(2)
    assert math.isclose(abs(np.linalg.det(Operator(bound(circuit)).data)), 1.0)
    assert circuit.num_parameters == len(
        {a for g in Architecture((layer,)).gates(2) for a in g.angles if type(a) is int}
    )


@pytest.mark.parametrize("name", [t for t in TOPOLOGIES if t != "sca"])
def test_entanglers_sit_on_the_topology(name):
    family = Architecture((Layer(("ry",), "cz", name),), 2)
    assert set(family.resolved_edges(9)) == {tuple(sorted(e)) for e in graph(name, 9).edges}


@pytest.mark.parametrize("initial", INITIAL)
def test_one_qubit_is_enough(initial):
    assert catalogue.sim_template(13).circuit(1).num_qubits == 1
    assert Architecture((Layer(("ry",), "cx", "ring"),), "log", initial).circuit(1).num_parameters == 1


def test_the_prefix_names_the_parameters():
    assert catalogue.real_amplitudes(reps=1).circuit(2, prefix="w").parameters[0].name == "w[0]"

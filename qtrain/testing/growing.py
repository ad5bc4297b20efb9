"""Conformance of what circuits grow by: pools of gates, reference states, moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.blocks import Gate
from qtrain.architecture.build import build
from qtrain.architecture.topology import edges, graph
from qtrain.growth.edits import GateList
from qtrain.growth.pools import OPERATOR_POOLS, PoolGate, Setting, rotation
from qtrain.growth.references import REFERENCES
from qtrain.growth.suggest import suggest
from qtrain.studies.propose.growth_moves import GROWTH_MOVES, Growing, GrowthMove, Parent

_ROUNDING = 1e-9


def _settings(num_qubits: int) -> Iterator[Setting]:
    """A model without and with a conserved charge, on all pairs and on a line."""
    from qiskit.quantum_info import SparsePauliOp

    line = edges("line", num_qubits)
    field = [("X", [q], -1.0) for q in range(num_qubits)]
    ising = [("ZZ", [*pair], -1.0) for pair in line] + field
    heisenberg = [(letters, [*pair], 1.0) for pair in line for letters in ("XX", "YY", "ZZ")]
    for couplings in (None, line):
        for terms in (ising, heisenberg):
            yield Setting(num_qubits, couplings, SparsePauliOp.from_sparse_list(terms, num_qubits))


def _exponential(gate: PoolGate, angle: float, num_qubits: int) -> np.ndarray:
    """exp(-i angle G/2) from the eigenvectors of G."""
    from qiskit.quantum_info import SparsePauliOp

    terms = [(letters, list(qubits), c) for letters, qubits, c in gate.terms]
    values, vectors = np.linalg.eigh(SparsePauliOp.from_sparse_list(terms, num_qubits).to_matrix())
    return np.asarray((vectors * np.exp(-0.5j * angle * values)) @ vectors.conj().T)


def _unitary(gates: GateList, num_qubits: int) -> np.ndarray:
    from qiskit.quantum_info import Operator

    return np.asarray(Operator(build(gates.gates, num_qubits).assign_parameters(list(gates.angles))).data)


def check_operator_pool(name: str, *, qubits: int = 4) -> None:
    """Each gate is exp(-i θ G/2) of terms that commute, has a free angle, and is there once, in the same order.

    Example:
        >>> check_operator_pool("hops")
    """
    rng = np.random.default_rng(0)
    for setting in _settings(qubits):
        found = tuple(OPERATOR_POOLS[name](setting))
        assert found == tuple(OPERATOR_POOLS[name](setting)), "it should be the same each time: trials hold numbers"
        assert all(isinstance(gate, PoolGate) for gate in found), "it should give PoolGate objects"
        assert len(set(found)) == len(found), "each gate should be there once"
        for k in rng.permutation(len(found))[:30].tolist():
            gate, angle = found[k], float(rng.uniform(0.1, 3))
            grown = GateList((), ()).insert(0, gate, angle)
            assert grown.architecture(qubits).num_parameters() == 1, f"{gate} should have one angle, numbered 0"
            wanted, got = _exponential(gate, angle, qubits), _unitary(grown, qubits)
            assert np.allclose(wanted, got, atol=_ROUNDING), f"{gate} should be exp(-i θ G/2) of its terms"


def check_reference(name: str, *, qubits: int = 4) -> None:
    """Fixed gates that a circuit can grow behind, each list of them once, the same each time.

    Example:
        >>> check_reference("neel")
    """
    for setting in _settings(qubits):
        found = [tuple(gates) for gates in REFERENCES[name](setting)]
        assert found, "it should give a state"
        assert found == [tuple(gates) for gates in REFERENCES[name](setting)], "it should be the same each time"
        assert len(set(found)) == len(found), "each state should be there once"
        for gates in found:
            assert not any(gate.parameters for gate in gates), "its gates should be fixed"
            grown = GateList(gates, ()).insert(len(gates), rotation("Y", (0,)))
            _check_architecture(grown, qubits)


def check_growth_move(name: str, *, qubits: int = 4, rounds: int = 40) -> None:
    """Its children are architectures with angles, a function of the parent and the seed; the parent stays as it is.

    A move that says that it ``keeps`` the state begins where its parent is.

    Example:
        >>> check_growth_move("append")
    """
    move, children = GROWTH_MOVES[name], 0
    assert move.weight >= 0 and move.lean >= 0, "its weights should not be negative"
    for seed in range(rounds):
        parent, growing = _parent(qubits, seed)
        gates = parent.gates.gates, parent.gates.angles
        child, again = (move.edit(parent, growing, np.random.default_rng(seed)) for _ in range(2))
        assert (parent.gates.gates, parent.gates.angles) == gates, "the parent should stay as it is"
        assert child == again, "the same parent and seed should give the same child"
        children += _check_rounds(move, parent, growing, seed)
        if child is None:
            continue
        children += 1
        _check_architecture(child, qubits)
        if move.keeps:
            before, after = _unitary(parent.gates, qubits)[:, 0], _unitary(child, qubits)[:, 0]
            assert abs(abs(np.vdot(before, after)) - 1) < _ROUNDING, "the child should begin in its parent's state"
    assert children, f"some of {rounds} parents should have a child"


def _check_rounds(move: GrowthMove, parent: Parent, growing: Growing, seed: int) -> int:
    """On data: the same edit for the angles of every training and round; whether there is a child."""
    rng, uploads, trainings = np.random.default_rng([seed, 2]), 2, 3
    size = uploads * trainings
    rows = tuple(tuple(rng.uniform(-3, 3, len(parent.gates.angles)).tolist()) for _ in range(size))
    said = [replace(a, angle=((a.angle,) * uploads,) * trainings) for a in parent.suggestions.additions]
    suggestions = replace(parent.suggestions, additions=tuple(said))
    encoded = replace(parent, suggestions=suggestions, uploads=uploads, columns=rows)
    child = move.child(encoded, growing, np.random.default_rng(seed))
    if child is None:
        return 0
    assert child.uploads == uploads + move.rounds, "it should encode data as often more as it says"
    shape = (trainings, child.uploads * len(child.gates.angles))
    assert np.shape(child.angles) == shape, "each training should have the angles of all rounds"
    _check_architecture(child.gates, growing.graph.number_of_nodes())
    return 1


@lru_cache(maxsize=64)
def _parent(qubits: int, seed: int) -> tuple[Parent, Growing]:
    """A circuit at random angles, some of them shared, and what could be done with it."""
    rng = np.random.default_rng([seed, 1])
    setting = list(_settings(qubits))[seed % 4]
    pool = (*OPERATOR_POOLS["hardware"](setting), *OPERATOR_POOLS["hops"](setting))
    gates = GateList(tuple(Gate(str(rng.choice(["x", "h"])), (q,)) for q in range(qubits) if rng.random() < 0.5), ())
    for _ in range(int(rng.integers(2, 9))):
        gate, angle = pool[int(rng.integers(len(pool)))], float(rng.uniform(-3, 3))
        gates = gates.insert(int(rng.integers(len(gates.gates) + 1)), gate, angle)
    for _ in range(int(rng.integers(3))):
        a, b = (int(q) for q in rng.permutation(qubits)[:2])
        fixed = (Gate(str(rng.choice(["cz", "cx"])), (a, b)),)
        gates = GateList((*gates.gates, *fixed), gates.angles)
    if len(gates.angles) > 2 and rng.random() < 0.5:
        gates = gates.tie(0, 1)
    assert setting.hamiltonian is not None
    found = suggest(gates, qubits, setting.hamiltonian, pool, seed=seed)
    return Parent(seed, gates, found, found.value), Growing(pool, graph("line", qubits), lambda _: seed % 3 > 0)


def _check_architecture(grown: GateList, qubits: int) -> None:
    """It is one, is kept, and has the angles that its list says."""
    assert grown.angles, "it should have a free angle"
    family = grown.architecture(qubits)
    assert Architecture.from_json(family.to_json()) == family, "it should be kept"
    assert family.num_parameters() == len(grown.angles), "it should have an angle for each parameter"
    assert np.isfinite(grown.angles).all(), "its angles should be finite"
    assert build(grown.gates, qubits).num_parameters == len(grown.angles)

"""The space: every draw is a valid architecture, and as many are there as it says."""

from __future__ import annotations

import itertools

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.topology import edges
from qtrain.errors import QTrainError
from qtrain.studies.propose.layer_space import LayerSpace
from qtrain.studies.propose.space import POOLS, SearchSpace
from qtrain.studies.spec.tables import SpaceSpec


class Chooser:
    """Stands in for an Optuna trial: takes the options that a list of numbers points to."""

    def __init__(self, numbers):
        self.numbers, self.asked = iter(numbers), []

    def suggest_categorical(self, name, options):
        self.asked.append((name, len(options)))
        return options[next(self.numbers, 0) % len(options)]


def every_draw(space):
    """All architectures, by walking the tree of choices."""
    prefixes = [()]
    while prefixes:
        prefix = prefixes.pop()
        chooser = Chooser(prefix)
        architecture = space.draw(chooser)
        if len(chooser.asked) == len(prefix):
            yield architecture
        else:
            prefixes += [(*prefix, i) for i in range(chooser.asked[len(prefix)][1])]


@pytest.mark.parametrize("options", [
    {"pools": ("z2",), "layers": (1,), "repetitions": (1, "log")},
    {"pools": ("hardware_efficient",), "topologies": ("line", "device"), "layers": (1,), "repetitions": (2,),
     "edges": ((0, 1), (1, 2))},
    {"pools": ("su2", "u1"), "topologies": ("line",), "layers": (1, 2), "repetitions": (1,)},
    {"pools": ("qcnn",), "layers": (1,), "repetitions": (1,), "final_rotations": ((), ("ry",))},
    # the same layers in several pools
    {"pools": ("hamiltonian", "z2", "free_fermion"), "topologies": ("line",), "layers": (1,), "repetitions": (1,),
     "final_rotations": ((),)},
    {"pools": ("su2", "mixed", "free_fermion"), "topologies": ("line",), "layers": (1,), "repetitions": (1,)},
    {"pools": ("controlled",), "topologies": ("line",), "layers": (1,), "repetitions": (1,)},
    {"pools": ("pooling",), "layers": (1,), "repetitions": (1, "log"), "initial": ("none",)},
    {"pools": ("z2",), "topologies": ("line",), "layers": (1,), "repetitions": (1,), "qubits": ("all", "even", "inner")},
    {"pools": ("su2", "permutation", "mixed"), "topologies": ("brickwork", "even"), "layers": (1, 2),
     "repetitions": (1,), "bonds": ("all", "rounds"), "qubits": ("all", "odd")},
    {"pools": ("z2", "hamiltonian"), "topologies": ("device", "line"), "edges": ((1, 0), (1, 2)), "layers": (1,),
     "repetitions": (1,), "bonds": ("all", "each")},
    {"pools": ("su2",), "topologies": ("ring",), "layers": (1, 2), "repetitions": (1,),
     "bonds": ("all", "rounds", "each")},
])  # fmt: skip
def test_size_is_the_number_of_different_draws(options):
    space = SearchSpace(3, **options)
    drawn = list(every_draw(space))
    assert len(set(drawn)) == len({a.content_id for a in drawn}) == space.size
    for architecture in set(drawn):
        assert architecture.circuit(3).num_parameters > 0
        assert Architecture.from_json(architecture.to_json()) == architecture


@given(st.lists(st.integers(0, 10_000), min_size=20, max_size=20), st.integers(2, 6))
def test_every_draw_from_all_pools_is_valid(numbers, n):
    edges = tuple((q, q + 1) for q in range(n - 1))
    space = SearchSpace(n, pools=("mixed", *POOLS), topologies=("line", "ring", "device", "star", "complete"),
                        layers=(1, 2, 3), edges=edges, final_rotations=((), ("ry", "rz")),
                        qubits=("all", "even", "odd", "inner"), bonds=("all", "rounds", "each"))  # fmt: skip
    architecture = space.draw(Chooser(numbers))
    circuit = architecture.circuit(n)
    assert circuit.num_qubits == n
    assert circuit.num_parameters > 0
    assert Architecture.from_json(architecture.to_json()) == architecture


def test_draws_from_optuna():
    study = optuna.create_study()
    space = SearchSpace(4)
    ids = {space.draw(study.ask()).content_id for _ in range(40)}
    assert len(ids) > 30


def test_lists_of_the_spec_replace_the_pools():
    spec = SpaceSpec(rotations=((), ("rz",)), entanglers=("none", "cx"), topologies=("line",), layers=(1,),
                     repetitions=(1,), initial=("none",), final_rotations=((),))  # fmt: skip
    space = SearchSpace.from_spec(spec, 3)
    drawn = list(every_draw(space))
    assert all(a.circuit(3).num_parameters for a in drawn)
    assert len({a.content_id for a in drawn}) == space.size
    names = {gate for a in drawn for gate in a.circuit(3).count_ops()}
    assert names <= {"rz", "cx", "ry"}


@pytest.mark.parametrize("pool, conserved", [("z2", "X"), ("u1", "Z"), ("su2", "XYZ")])
def test_symmetric_pools_commute_with_their_symmetry(pool, conserved):
    import numpy as np
    from qiskit.quantum_info import Operator, SparsePauliOp

    n = 4
    rng = np.random.default_rng(1)
    space = SearchSpace(n, pools=(pool,), layers=(1,), repetitions=(1,), topologies=("line", "ring"))
    for architecture in itertools.islice(every_draw(space), 40):
        bare = Architecture(architecture.layers, 1, "none", architecture.final_rotations)
        circuit = bare.circuit(n)
        unitary = Operator(circuit.assign_parameters(rng.uniform(0, 6, circuit.num_parameters))).data
        for letter in conserved:
            if pool == "z2":
                charge = SparsePauliOp(letter * n).to_matrix()
            else:
                charge = SparsePauliOp.from_sparse_list([(letter, [q], 1) for q in range(n)], n).to_matrix()
            np.testing.assert_allclose(unitary @ charge, charge @ unitary, atol=1e-9)


@pytest.mark.parametrize("pools", [("mixed",), ("z2", "u1", "mixed")])
def test_layers_of_one_architecture_come_from_several_pools(pools):
    space = SearchSpace(4, pools=pools, layers=(3,))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial({"pool": "mixed"})
    space.draw(trial := study.ask())
    names = {trial.params[f"mixed.pool.{i}"] for i in range(3)}
    assert names <= {f"mixed.{name}" for name in (POOLS if len(pools) == 1 else pools)}
    drawn = {trial.params[f"mixed.pool.{i}"] for _ in range(20) if not space.draw(trial := study.ask()).edges
             for i in range(3) if f"mixed.pool.{i}" in trial.params}  # fmt: skip
    assert len(drawn) == (len(POOLS) if len(pools) == 1 else 2)


def test_rounds_of_a_topology_are_disjoint_and_all_of_it():
    space = LayerSpace(POOLS["su2"], 7, ("grid",))
    for topology in ("line", "ring", "grid", "complete", "heavy_hex", "star", "mera"):
        pairs = edges(topology, 7)
        rounds = space.rounds(topology)
        assert sorted(k for chosen in rounds for k in chosen) == list(range(len(pairs)))
        for chosen in rounds:
            qubits = [q for k in chosen for q in pairs[k]]
            assert len(set(qubits)) == len(qubits)
    assert [len(space.rounds(t)) for t in ("line", "complete", "star")] == [2, 7, 6]


@pytest.mark.parametrize("options, message", [
    ({"pools": ("magic",)}, "pools should be among hardware_efficient, .*, mixed. Got 'magic'."),
    ({"topologies": ("donut",)}, "topologies should be among .* Got 'donut'."),
    ({"topologies": ("device",)}, "should name 'device' only where a device is given"),
    ({"initial": ("cold",)}, "initial should be among"),
    ({"qubits": ("some",)}, "qubits should be among all, inner, even, odd. Got 'some'."),
    ({"bonds": ("all", "none")}, "bonds should be among all, rounds, each. Got 'none'."),
    ({"bonds": ("each",)}, "bonds should hold 'all', beside what else may be drawn. Got \\['each'\\]."),
    ({"layers": (0,)}, "layers should be whole numbers of at least 1"),
    ({"final_rotations": (("rq",),)}, "final_rotations should be among"),
])  # fmt: skip
def test_bad_spaces_are_one_sentence(options, message):
    with pytest.raises(QTrainError, match=message):
        SearchSpace(4, **options)

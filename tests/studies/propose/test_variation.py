"""Children of a trial: members of the space, close to their parent, and better on average than fresh draws."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture import catalogue
from qtrain.architecture.architecture import Architecture
from qtrain.architecture.layer import Layer
from qtrain.errors import QTrainError
from qtrain.studies.propose.proposals import Parents, propose, replay
from qtrain.studies.propose.space import POOLS, SearchSpace
from qtrain.studies.propose.starts import build_starts
from qtrain.studies.propose.variation import MOVES, vary
from qtrain.studies.run import record
from qtrain.studies.spec.search_spec import read_spec

EDGES = ((0, 1), (1, 2), (2, 3))
SPACE = SearchSpace(
    4, pools=tuple(POOLS), topologies=("line", "even", "odd", "device"), layers=(1, 2, 3), edges=EDGES,
    final_rotations=((), ("ry",), ("ry", "rz")), uploads=(1, 2, 3),
)  # fmt: skip
WIDE = dataclasses.replace(
    SPACE, pools=("mixed", *POOLS), qubits=("all", "even", "odd", "inner"), bonds=("all", "rounds", "each")
)


def drawn_trials(seed, count=4, space=SPACE):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    if space is WIDE:
        study.enqueue_trial({"pool": "mixed"})
    architectures = [space.draw(study.ask()) for _ in range(count)]
    return architectures, study.get_trials(deepcopy=False)


@given(st.integers(0, 2**32 - 1), st.sampled_from([SPACE, WIDE]))
def test_children_are_members_of_the_space(seed, space):
    _, (parent, *others) = drawn_trials(seed, space=space)
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna warns of a fixed choice that the space does not have
        for _ in range(3):
            child = replay(space.draw, vary(parent, others, rng))
            assert space.choices_of(space.draw(optuna.trial.FixedTrial(child.params))) is not None


@given(st.integers(0, 2**32 - 1), st.sampled_from([SPACE, WIDE]))
def test_choices_of_draw_the_same_architecture(seed, space):
    architectures, _ = drawn_trials(seed, space=space)
    for architecture in architectures:
        choices = space.choices_of(architecture)
        again = space.draw(optuna.trial.FixedTrial(replay(space.draw, choices).params))
        assert again == architecture


@pytest.mark.parametrize("name, changes", [
    ("other bonds", lambda a, b: a.bonds != b.bonds), ("other qubits", lambda a, b: a.qubits != b.qubits),
    ("other pool", lambda a, b: a != b),
])  # fmt: skip
def test_moves_change_what_they_are_for_in_one_layer(name, changes):
    hits = 0
    for seed in range(60):
        (before, *_), (parent, *others) = drawn_trials(seed, space=WIDE)
        if not MOVES[name].fits(parent, others):
            continue
        child = MOVES[name].change(dict(parent.params), parent, others, np.random.default_rng(seed))
        after = WIDE.draw(optuna.trial.FixedTrial(replay(WIDE.draw, child).params))
        assert len(after.layers) == len(before.layers)
        different = [k for k, (a, b) in enumerate(zip(before.layers, after.layers, strict=True)) if a != b]
        assert len(different) <= 1 and after.initial == before.initial
        hits += any(changes(before.layers[k], after.layers[k]) for k in different)
    assert hits > 15
    _, (plain, *others) = drawn_trials(0)
    assert not MOVES[name].fits(plain, others)  # a space without these choices keeps its children


def test_children_resemble_their_parent():
    _, (parent, *others) = drawn_trials(3)
    rng = np.random.default_rng(0)
    kept = [sum(vary(parent, others, rng).get(k) == v for k, v in parent.params.items()) for _ in range(200)]
    assert np.mean(kept) > 0.6 * len(parent.params)
    assert min(kept) < len(parent.params)


def test_architectures_outside_have_no_choices():
    assert SPACE.choices_of(catalogue.qcnn()) is None  # repeated log n times
    assert SPACE.choices_of(catalogue.real_amplitudes(reps=1).flat(4)) is None
    assert SPACE.choices_of(catalogue.real_amplitudes(entanglement="full", reps=2)) is None
    assert SPACE.choices_of(catalogue.hva_tfim(reps=9)) is None
    other = catalogue.real_amplitudes(entanglement=[(0, 3), (1, 2)], reps=2)
    assert SPACE.choices_of(other) is None
    mine = catalogue.real_amplitudes(entanglement=EDGES, reps=2)
    assert SPACE.choices_of(mine)["custom.topology.0" if SPACE.custom else "hardware_efficient.topology.0"] == "device"


def test_growing_from_a_winner_opens_the_space_around_it():
    small = SearchSpace(6, pools=("hardware_efficient",), layers=(1,), repetitions=(1, 2))
    winner = catalogue.hva_xxz(reps=5)
    assert small.choices_of(winner) is None
    grown = small.grown(winner)
    assert grown.choices_of(winner) is not None and grown.layers == (1, 2) and 5 in grown.repetitions
    odd = Architecture(
        (Layer((), "crx", "line", bonds=(0, 3)), Layer(("ry",), "conv", "halves", qubits="odd", flip=True, pool=True)),
        "log", "neel",
    )  # fmt: skip
    for winner in (catalogue.qcnn(), odd):  # pooling, bonds, part of the qubits
        assert small.grown(winner).choices_of(winner) is not None
    with pytest.raises(QTrainError, match="grow_from should name a winner of layers that a space can draw"):
        small.grown(winner.flat(6))


def test_shelf_is_a_start_and_parents_the_evolution():
    spec = read_spec({"name": "s", "qubits": 4, "task": {"kind": "tfim"}, "start": ["shelf"]})
    starts = build_starts(spec, SPACE)
    assert sum(s["choices"] is not None for s in starts) >= 15


def finished(number, architecture, params_of, loss):
    ended = {"state": "complete", "objectives": {"task_loss": loss}, "constraints": {}, "metrics": {}, "timings": {}}
    return optuna.trial.create_trial(
        values=[loss], params=params_of.params, distributions=params_of.distributions,
        user_attrs={record.BEGUN: {"architecture_id": architecture.content_id}, record.ENDED: ended},
    )  # fmt: skip


def run(sampler, seed, trials=96, batch=8):
    """Best number of RY columns less two-qubit blocks of a kind, found by asking alone."""
    def loss(architecture):
        layers = architecture.layers
        return -sum(("ry" in x.rotations) + (x.entangler == "cz") + (x.topology == "odd") for x in layers) / 9

    known = []
    for b in range(trials // batch):
        asked = propose(SPACE.draw, known, directions=["minimize"], sampler=sampler, seed=seed, batch=b, size=batch,
                        objectives=["task_loss"])  # fmt: skip
        for architecture, frozen in asked:
            known.append(finished(len(known), architecture, frozen, loss(architecture)))
            known[-1].number = len(known) - 1
    return min(t.values[0] for t in known), known


def test_evolution_finds_what_random_draws_do_not():
    evolved = [run("evolution", seed)[0] for seed in range(4)]
    drawn = [run("random", seed)[0] for seed in range(4)]
    assert np.mean(evolved) < np.mean(drawn)


def test_no_architecture_is_proposed_twice_where_others_are_left():
    _, known = run("evolution", 0, trials=64)
    ids = [t.user_attrs[record.BEGUN]["architecture_id"] for t in known]
    assert len(set(ids)) == len(ids)


def test_parents_are_feasible_and_ranked():
    _, known = run("random", 1, trials=16)
    family = Parents(known, ["task_loss"])
    losses = [t.values[0] for t in family.ranked]
    assert family.grown and losses == sorted(losses)
    assert {t.number for t in family.front} <= {t.number for t in family.ranked}
    assert not Parents(known[:3], ["task_loss"]).grown

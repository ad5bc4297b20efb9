"""Children of a trial: members of the space, close to their parent, and better on average than fresh draws."""

from __future__ import annotations

import warnings

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.architecture import catalogue
from qtrain.errors import QTrainError
from qtrain.studies.propose.proposals import Parents, propose, replay
from qtrain.studies.propose.space import POOLS, SearchSpace
from qtrain.studies.propose.starts import build_starts
from qtrain.studies.propose.variation import vary
from qtrain.studies.run import record
from qtrain.studies.spec.search_spec import read_spec

EDGES = ((0, 1), (1, 2), (2, 3))
SPACE = SearchSpace(
    4, pools=tuple(POOLS), topologies=("line", "even", "odd", "device"), layers=(1, 2, 3), edges=EDGES,
    final_rotations=((), ("ry",), ("ry", "rz")), uploads=(1, 2, 3),
)  # fmt: skip


def drawn_trials(seed, count=4):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    architectures = [SPACE.draw(study.ask()) for _ in range(count)]
    return architectures, study.get_trials(deepcopy=False)


@given(st.integers(0, 2**32 - 1))
def test_children_are_members_of_the_space(seed):
    _, (parent, *others) = drawn_trials(seed)
    rng = np.random.default_rng(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna warns of a fixed choice that the space does not have
        for _ in range(3):
            child = replay(SPACE.draw, vary(parent, others, rng))
            assert SPACE.choices_of(SPACE.draw(optuna.trial.FixedTrial(child.params))) is not None


@given(st.integers(0, 2**32 - 1))
def test_choices_of_draw_the_same_architecture(seed):
    architectures, _ = drawn_trials(seed)
    for architecture in architectures:
        choices = SPACE.choices_of(architecture)
        again = SPACE.draw(optuna.trial.FixedTrial(replay(SPACE.draw, choices).params))
        assert again == architecture


def test_children_resemble_their_parent():
    _, (parent, *others) = drawn_trials(3)
    rng = np.random.default_rng(0)
    kept = [sum(vary(parent, others, rng).get(k) == v for k, v in parent.params.items()) for _ in range(200)]
    assert np.mean(kept) > 0.6 * len(parent.params)
    assert min(kept) < len(parent.params)


def test_architectures_outside_have_no_choices():
    assert SPACE.choices_of(catalogue.qcnn()) is None  # pooling
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
    with pytest.raises(QTrainError, match="grow_from should name a winner of layers that a space can draw"):
        small.grown(catalogue.qcnn())


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

"""Conformance of samplers, moves, pools, starts and topologies."""

from __future__ import annotations

from typing import Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.architecture.layer import Layer
from qtrain.architecture.topology import TOPOLOGIES, edges, graph
from qtrain.studies.propose.proposals import propose, replay
from qtrain.studies.propose.space import SearchSpace
from qtrain.studies.propose.starts import STARTS, build_starts
from qtrain.studies.propose.variation import MOVES
from qtrain.studies.run import record
from qtrain.studies.spec.search_spec import read_spec

OBJECTIVES = ("task_loss", "trainability")
_SPACE = SearchSpace(4, layers=(1, 2, 3))


def _finished(count: int) -> list[Any]:
    """Finished trials of a search whose values follow from the number of parameters."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=5))
    for number in range(count):
        trial = study.ask()
        drawn = _SPACE.draw(trial)
        size = drawn.num_parameters(4)
        ended = {"state": "complete", "objectives": {"task_loss": 1 / size, "trainability": -size}}
        trial.set_user_attr(record.BEGUN, {"architecture_id": drawn.content_id, "seed": number})
        trial.set_user_attr(record.ENDED, ended)
        study.tell(trial, [1 / size, float(-size)])
    return study.get_trials()


def check_sampler(name: str) -> None:
    """Proposals are members of the space, and a function of the finished trials, the seed and the batch alone.

    Example:
        >>> check_sampler("random")
    """
    seen = []
    for finished in ([], _finished(24)):
        options: dict[str, Any] = {
            "directions": ("minimize", "maximize"), "sampler": name, "batch": 3, "size": 6, "objectives": OBJECTIVES,
        }  # fmt: skip
        twice = [propose(_SPACE.draw, finished, seed=7, **options) for _ in range(2)]
        ids = [[drawn.content_id for drawn, _ in proposals] for proposals in twice]
        assert ids[0] == ids[1], "the same trials, seed and batch should give the same proposals"
        for drawn, frozen in twice[0]:
            assert _SPACE.choices_of(drawn) is not None, f"{drawn} should be in the space"
            again = replay(_SPACE.draw, frozen.params)
            assert again.params == frozen.params, "a proposal should be drawn again from its choices"
        seen += ids[0]
    assert len(set(seen)) > 1, "it should not propose one architecture for ever"


def check_move(name: str, *, rounds: int = 50) -> None:
    """Whatever a move leaves of a parent's choices, the rest can be drawn; the parent is not changed.

    Example:
        >>> check_move("swap")
    """
    move, finished = MOVES[name], _finished(12)
    assert move.weight >= 1, "its weight should be at least 1"
    for seed in range(rounds):
        parent, others = finished[seed % len(finished)], finished[:3]
        if not move.fits(parent, others):
            continue
        before = dict(parent.params)
        child = move.change(dict(parent.params), parent, others, np.random.default_rng(seed))
        assert parent.params == before, "the parent should stay as it is"
        same = move.change(dict(parent.params), parent, others, np.random.default_rng(seed))
        assert child == same, "the same seed should give the same child"
        assert replay(_SPACE.draw, child) is not None


def check_pool(name: str, *, draws: int = 30) -> None:
    """Every draw is a valid architecture with a free angle that the space finds again.

    Example:
        >>> check_pool("z2")
    """
    import optuna

    space = SearchSpace(4, pools=(name,))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(draws):
        drawn = space.draw(study.ask())
        assert drawn.num_parameters(4) > 0, f"{drawn} should have a free angle"
        assert space.choices_of(drawn) is not None, f"{drawn} should be found in the space"
    assert space.size >= 1


def check_start(name: str) -> None:
    """A named set of starts holds architectures that a search can begin with.

    Example:
        >>> check_start("shelf")
    """
    spec = read_spec({"name": "check", "qubits": 4, "task": {"kind": "tfim"}, "start": [name]})
    found = tuple(template.architecture for template in STARTS[name](spec))
    assert found and all(isinstance(a, Architecture) for a in found), "it should give architectures"
    assert len({a.content_id for a in found}) == len(found), "each architecture should be there once"
    assert len(build_starts(spec, _SPACE)) == len(found)


def check_topology(name: str, *, largest: int = 12) -> None:
    """Every number of qubits gives valid pairs, the same each time, and circuits can be built of them.

    Args:
        name: of a registered topology; ``largest``: number of qubits that is tried.

    Example:
        >>> check_topology("brickwork")
    """
    assert edges(name, 1) == (), "one qubit has no pair"
    assert any(edges(name, n) for n in range(2, largest + 1)), "some number of qubits should have a pair"
    for n in range(2, largest + 1):
        pairs = edges(name, n)
        assert pairs == tuple(TOPOLOGIES[name](n)), f"the pairs of {n} qubits should be the same each time"
        assert set(graph(name, n)) == set(range(n))
        family = Architecture((Layer(("ry",), "cz", name),), 2)
        assert Architecture.from_json(family.to_json()) == family, "an architecture with it should be kept"
        gates = family.circuit(n).count_ops().get("cz", 0)
        assert gates == 2 * len(pairs), f"{n} qubits should have a gate on each pair, twice. Got {gates}"

"""Children of a scored trial: its choices with one change, as Optuna parameters that are fixed; the rest is drawn anew.

Evolution on top of Optuna's define-by-run space: whatever a change leaves open (the choices of a layer that was added,
say) the sampler draws, so that every child is a member of the space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from qtrain.extensions import Table

Params = dict[str, Any]
Change = Callable[[Params, Any, Sequence[Any], np.random.Generator], Params]
_FLAG = re.compile(r"bond\d+$")
_LAYER = re.compile(r"^(?P<head>.+\.)(?P<what>[a-z_]+[0-9]*)\.(?P<place>\d+)$")


@dataclass(frozen=True)
class Move:
    """One row of the table of moves.

    Attributes:
        change: (choices, parent, other trials, rng) → choices; what it leaves out is drawn anew.
        weight: how often it is taken, against the others' weights.
        fits: (parent, other trials) → whether it can be taken at all.
    """

    change: Change
    weight: int = 1
    fits: Callable[[Any, Sequence[Any]], bool] = lambda parent, others: True


MOVES: Table[Move] = Table("move")
register_move = MOVES.add


def vary(parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """Fixed choices of one child.

    Args:
        parent: a frozen Optuna trial of ``SearchSpace.draw``; others: more of them, for a layer to be taken over from.

    Returns:
        Choices by name. Those that are missing are to be drawn.

    Example:
        >>> import optuna
        >>> from qtrain.studies.propose.space import SearchSpace
        >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        >>> _ = SearchSpace(4, layers=(1, 2, 3)).draw(trial := study.ask())
        >>> child = vary(study.trials[0], [], np.random.default_rng(1))
        >>> set(child) <= set(trial.params) | {f"{k[:-1]}{i}" for k in trial.params for i in range(3)}
        True
    """
    params = dict(parent.params)
    changes = [m.change for m in MOVES.values() if m.fits(parent, others) for _ in range(m.weight)]
    for _ in range(1 + int(rng.random() < 0.3)):
        change = changes[int(rng.integers(len(changes)))]
        params = change(params, parent, others, rng)
    return params


def _redraw(params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """One or two choices are forgotten; never the pool, which would forget all of them."""
    names = sorted(name for name in params if name not in ("pool", "layers") and not _FLAG.match(_what(name)))
    if not names:
        return params
    gone = set(rng.choice(names, min(len(names), 1 + int(rng.random() < 0.4)), replace=False).tolist())
    return {name: value for name, value in params.items() if name not in gone}


def _step(name: str, params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """One more or one fewer of what is counted."""
    options = list(parent.distributions[name].choices) if name in params else []
    if len(options) < 2:
        return _redraw(params, parent, others, rng)
    place = options.index(params[name]) + (1 if rng.random() < 0.5 else -1)
    return {**params, name: options[int(np.clip(place, 0, len(options) - 1))]}


def _insert(params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """A new layer anywhere, its choices open."""
    count = params["layers"]
    if count + 1 not in parent.distributions["layers"].choices:
        return _swap(params, parent, others, rng)
    place = int(rng.integers(count + 1))
    order = [k if k < place else k + 1 for k in range(count)]
    return {**_moved(params, order), "layers": count + 1}


def _drop(params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """One layer less."""
    count = params["layers"]
    if count - 1 not in parent.distributions["layers"].choices:
        return _swap(params, parent, others, rng)
    place = int(rng.integers(count))
    order = [None if k == place else k - (k > place) for k in range(count)]
    return {**_moved(params, order), "layers": count - 1}


def _swap(params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """Two layers change places."""
    count = params["layers"]
    if count < 2:
        return _redraw(params, parent, others, rng)
    a, b = rng.choice(count, 2, replace=False).tolist()
    return _moved(params, [{a: b, b: a}.get(k, k) for k in range(count)])


def _take_over(params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """A layer of another trial of the same pool takes the place of one of this."""
    same = [t.params for t in others if t.params.get("pool") == params.get("pool")]
    if not same:
        return _redraw(params, parent, others, rng)
    donor = same[int(rng.integers(len(same)))]
    source = int(rng.integers(_layers(donor)))
    target = int(rng.integers(_layers(params)))
    kept = {name: value for name, value in params.items() if _place(name) != target}
    return kept | {_at(name, target): value for name, value in donor.items() if _place(name) == source}


def _forget(params: Params, place: int | None, what: str) -> Params:
    """Without the choices of a layer whose names match."""
    return {k: v for k, v in params.items() if _place(k) != place or not re.match(what, _what(k))}


def _other(what: str, params: Params, parent: Any, others: Sequence[Any], rng: np.random.Generator) -> Params:
    """Another option of one layer's choice; what follows from the old one is forgotten."""
    names = sorted(name for name in params if _what(name) == what and name in parent.distributions)
    if not names:  # forgotten by an earlier change
        return _redraw(params, parent, others, rng)
    name = names[int(rng.integers(len(names)))]
    if what == "bonds" and (switched := _switched(params, _place(name), rng)):
        return switched
    options = [option for option in parent.distributions[name].choices if option != params[name]]
    follows = {"bonds": r"bond\d|round_", "pool": ""}
    kept = _forget(params, _place(name), follows[what]) if what in follows else params
    return {**kept, name: options[int(rng.integers(len(options)))]}


def _switched(params: Params, place: int | None, rng: np.random.Generator) -> Params | None:
    """One or two edges of a layer switched on or off, or a round drawn anew; None where neither is, or rarely."""
    flags = sorted(k for k in params if _place(k) == place and _FLAG.match(_what(k)))
    if rng.random() < 0.2:
        return None
    if flags:
        switched = rng.choice(flags, min(len(flags), 1 + int(rng.random() < 0.3)), replace=False).tolist()
        return {**params, **{k: not params[k] for k in switched}}
    drawn = _forget(params, place, "round_")
    return drawn if len(drawn) < len(params) else None


def _has(what: str) -> Callable[[Any, Sequence[Any]], bool]:
    return lambda parent, others: any(_what(name) == what for name in parent.params)


def _layers(params: Mapping[str, Any]) -> int:
    return 1 + max((p for p in map(_place, params) if p is not None), default=0)


def _place(name: str) -> int | None:
    found = _LAYER.match(name)
    return None if found is None else int(found["place"])


def _what(name: str) -> str:
    """What a layer's choice is of, empty for others."""
    found = _LAYER.match(name)
    return "" if found is None else found["what"]


def _at(name: str, place: int) -> str:
    return re.sub(r"\d+$", str(place), name)


def _moved(params: Params, order: Sequence[int | None]) -> Params:
    """Layer k's choices go to place ``order[k]``; None: they are dropped."""
    moved: Params = {}
    for name, value in params.items():
        place = _place(name)
        if place is None or place >= len(order):
            moved[name] = value
        elif order[place] is not None:
            moved[_at(name, int(order[place] or 0))] = value
    return moved


register_move("redraw", Move(_redraw, weight=2))
register_move("repeat", Move(partial(_step, "repetitions")))
for _name, _change in (("insert", _insert), ("drop", _drop), ("swap", _swap)):
    register_move(_name, Move(_change, fits=lambda parent, others: "layers" in parent.distributions))
register_move("take over", Move(_take_over, fits=lambda parent, others: bool(others)))
register_move(
    "encode", Move(partial(_step, "uploads"), fits=lambda parent, others: "uploads" in parent.params)
)
for _kind, _weight in (("qubits", 1), ("pool", 1), ("bonds", 2)):
    register_move(f"other {_kind}", Move(partial(_other, _kind), weight=_weight, fits=_has(_kind)))

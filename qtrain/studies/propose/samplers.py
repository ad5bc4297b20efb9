"""The table of samplers: what proposes the choices of a search's trials."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtrain.errors import QTrainError
from qtrain.extensions import Table


@dataclass(frozen=True)
class Sampler:
    """One row of the table.

    Attributes:
        build: seed → an Optuna sampler; a function of the seed alone, so that a search can be repeated.
        children: most proposals are children of the best trials so far (:mod:`.variation`), the others come from it.
        history: how many finished trials it is shown, the best and the latest; None: all of them.
    """

    build: Callable[[int], Any]
    children: bool = False
    history: int | None = None


SAMPLERS: Table[Sampler] = Table("sampler")


def register_sampler(
    name: str, build: Callable[[int], Any], *, children: bool = False, history: int | None = None, replace: bool = False
) -> None:  # fmt: skip
    """Add a sampler that specs may name; see :class:`Sampler`.

    Example:
        >>> import optuna
        >>> register_sampler("brute", lambda seed: optuna.samplers.BruteForceSampler(seed=seed))
        >>> SAMPLERS.remove("brute").children
        False
    """
    SAMPLERS.add(name, Sampler(build, children, history), replace=replace)


def make_sampler(name: str, *, seed: int) -> Any:
    """The Optuna sampler called ``name`` in a spec.

    Raises:
        QTrainError: an unknown name; "gp" where torch is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental options, chosen on purpose
        return SAMPLERS[name].build(seed)


GIVEN = "optuna:"


def adopt_sampler(sampler: Any) -> str:
    """The name in the table of a sampler of the user's: a name, an Optuna sampler, its class, or seed → sampler.

    A class or function gives each batch a sampler with a seed of its own: the search can be repeated and continued as
    with the built-in ones. An object goes on as it is from batch to batch: what it proposes depends on what it was
    asked before, and repeats itself only as far as it does.

    Raises:
        QTrainError: none of these.
    """
    import optuna

    base = optuna.samplers.BaseSampler
    if isinstance(sampler, str):
        _ = SAMPLERS[sampler]  # refuses what is not there
        return sampler
    if isinstance(sampler, base):
        name, build = type(sampler).__name__, lambda seed: sampler
    elif callable(sampler):
        name = getattr(sampler, "__name__", type(sampler).__name__)
        made = isinstance(sampler, type)

        def build(seed: int) -> Any:
            found = sampler(seed=seed) if made else sampler(seed)
            if not isinstance(found, base):
                raise QTrainError(f"sampler should make an Optuna sampler of a seed. Got {found!r} from {name}.")
            return found

        try:
            build(0)
        except TypeError as error:
            raise QTrainError(f"sampler should make an Optuna sampler of a seed. Got TypeError: {error}.") from None
    else:
        raise QTrainError(f"sampler should be an Optuna sampler, or a function seed -> sampler. Got {sampler!r}.")
    SAMPLERS.add(GIVEN + name, Sampler(build), replace=True)
    return GIVEN + name


def _of_optuna(name: str, **options: Any) -> Callable[[int], Any]:
    """A sampler by its class in ``optuna.samplers``."""

    def build(seed: int) -> Any:
        import optuna

        return getattr(optuna.samplers, name)(seed=seed, **options)

    return build


def _gp(seed: int) -> Any:
    try:
        import torch  # noqa: F401
    except ImportError:
        raise QTrainError("sampler 'gp' needs torch. Install it: pip install 'qtrain[torch]'.") from None
    return _of_optuna("GPSampler")(seed)


_tpe = _of_optuna("TPESampler", multivariate=True, group=True, n_startup_trials=16)
# TPE's time grows with the trials, with groups of choices several times over: a few newcomers do without them
_newcomers = _of_optuna("TPESampler", multivariate=True, n_startup_trials=16)
register_sampler("evolution", _newcomers, children=True, history=48)
register_sampler("tpe", _tpe, history=128)
register_sampler("nsga2", _of_optuna("NSGAIISampler", population_size=24))
register_sampler("nsga3", _of_optuna("NSGAIIISampler", population_size=24))
register_sampler("random", _of_optuna("RandomSampler"), history=0)
register_sampler("gp", _gp)

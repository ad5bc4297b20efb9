"""The table of objectives: what a search may optimise, and limit.

An objective reads its value from what the stages (see :mod:`qtrain.studies.stages`) found of a candidate. Each one is
also a constraint: ``constraints.max_<name>`` and ``constraints.min_<name>`` prune a candidate behind its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.studies.spec.kept import is_key, keep_function, kept

FIRST = "light_cone"  # stage
DIRECTIONS = ("minimize", "maximize")


@dataclass(frozen=True)
class Objective:
    """One row of the table.

    Attributes:
        name: in specs, results and constraints; letters, digits and "_".
        direction: "minimize" or "maximize".
        stage: after which it is known, a name of :data:`qtrain.studies.stages.STAGES`.
        of: :class:`~qtrain.studies.criteria.candidate.Candidate` → value, None where the stage did not give it.
            Costly work belongs into a stage.
        limited: the figure that its constraints compare, where that is not the value itself.
    """

    name: str
    direction: str
    stage: str
    of: Callable[[Any], float | None]
    limited: str | None = None


def figure(name: str, direction: str, stage: str) -> Objective:
    """An objective that is a figure of its stage, of the same name.

    Example:
        >>> figure("depth", "minimize", "hardware").stage
        'hardware'
    """
    return Objective(name, direction, stage, lambda c: c.metrics.get(name))


OBJECTIVES: Table[Objective] = Table("objective")


def register_objective(row: Objective, *, replace: bool = False) -> Objective:
    """Add an objective that specs may name.

    Raises:
        QTrainError: a name that is taken or cannot be part of a key, an unknown direction.

    Example:
        >>> row = register_objective(Objective("sized", "minimize", "light_cone", lambda c: float(c.ansatz.size())))
        >>> OBJECTIVES.remove("sized") is row
        True
    """
    if not row.name.isidentifier():
        raise QTrainError(f"objective should have a name of letters, digits and '_'. Got {row.name!r}.")
    if row.direction not in DIRECTIONS:
        raise QTrainError(f"direction should be one of {', '.join(map(repr, DIRECTIONS))}. Got {row.direction!r}.")
    return OBJECTIVES.add(row.name, row, replace=replace)


_OWN: set[str] = set()  # names that specs gave functions of their own


def own_objectives(value: Any) -> tuple[tuple[str, str, str, str], ...]:
    """Objectives that a spec brings as functions, registered: (name, direction, stage, key of the function).

    Args:
        value: name → function of a candidate (minimised, known after the first stage: it looks at ``c.circuit``,
            ``c.ansatz``, ``c.program``), or an :class:`Objective`, which says direction and stage; or what this
            returned.

    Raises:
        QTrainError: a name that is taken, what is no function or does not pickle.
    """
    if isinstance(value, Mapping):
        rows = [
            (name, *((o.direction, o.stage, o.of) if isinstance(o, Objective) else ("minimize", FIRST, o)))
            for name, o in value.items()
        ]
    else:
        rows = [tuple(row) for row in value]
    found = []
    for name, direction, stage, function in rows:
        if not callable(function) and not is_key(function):
            raise QTrainError(f"objectives.own.{name} should be a function of a candidate. Got {function!r}.")
        key = keep_function(function) if callable(function) else str(function)
        of = kept(key, f"objectives.own.{name}")
        if name in OBJECTIVES and name not in _OWN:
            raise QTrainError(f"objectives.own should have names that are free. Got {name!r}.")
        register_objective(Objective(name, direction, stage, _where_wanted(name, of)), replace=name in _OWN)
        _OWN.add(name)
        found.append((str(name), direction, stage, key))
    return tuple(found)


def _where_wanted(name: str, of: Callable[[Any], float]) -> Callable[[Any], float | None]:
    return lambda c: of(c) if c.spec.wants(name) else None


def signs(names: Sequence[str]) -> tuple[float, ...]:
    """+1 for each objective that is minimised, -1 for each that is maximised.

    Example:
        >>> signs(["task_loss", "trainability"])
        (1.0, -1.0)
    """
    return tuple(1.0 if OBJECTIVES[name].direction == "minimize" else -1.0 for name in names)


for _row in (
    Objective("task_loss", "minimize", "training", lambda c: c.found["training"].loss),
    Objective(
        "trainability", "maximize", "gradients",
        lambda c: min(c.metrics["low_log10_variance"], c.spec.objectives.enough_trainability), "low_log10_variance",
    ),
    Objective("expressivity", "maximize", "expressivity", lambda c: c.found["expressivity"]),
    Objective("hardware_cost", "minimize", "hardware", lambda c: c.metrics["log_infidelity"], "log_infidelity"),
    figure("two_qubit_depth", "minimize", "hardware"),
    Objective("parameters", "minimize", "light_cone", lambda c: float(c.ansatz.num_parameters)),
    # log₁₀ of dimensions; bounds from above are flagged
    figure("algebra", "minimize", "algebra"),
    figure("module", "minimize", "algebra"),
    figure("algebra_growth", "minimize", "algebra_growth"),  # a degree; 50 + …: not decided; 100 + …: exponential
    figure("cone_width", "minimize", "cones"),
    figure("cone_depth", "minimize", "cones"),
    figure("dead_fraction", "minimize", "light_cone"),
    figure("simulation_cost", "minimize", "simulability"),  # log₁₀ of operations
    figure("shortcut_cost", "maximize", "simulability"),  # the same figure, where none should be cheap
    figure("decay_per_qubit", "minimize", "scaling"),
    figure("shots_per_step", "minimize", "gradients"),
    figure("noise_survival", "maximize", "noise"),
):  # fmt: skip
    register_objective(_row)

"""The spec of a search: TOML, or the same as a dict, validated into frozen dataclasses.

Example:
    >>> spec = read_spec({"name": "ising", "qubits": 4, "task": {"kind": "tfim", "field": 1.0}})
    >>> spec.task.kind, spec.trials, spec.training.steps
    ('tfim', 100, 100)
    >>> read_spec({"name": "ising", "qubits": 4, "task": {"kind": "tfim"}, "trails": 5, "space": {"reps": 2}})
    Traceback (most recent call last):
    ...
    qtrain.errors.QTrainError: spec should hold known keys only. Got 'trails' (did you mean 'trials'?), 'space.reps'.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError
from qtrain.studies.spec.plain_data import (
    anything,
    choice,
    edges,
    either,
    flag,
    integer,
    key,
    numbers_by_name,
    optional,
    read_table,
    real,
    several,
    slug,
    text,
)
from qtrain.studies.spec.task_specs import TASKS, TaskSpec, read_task
from qtrain.studies.spec.task_specs import ClassificationSpec as ClassificationSpec

OBJECTIVES = ("task_loss", "trainability", "expressivity", "hardware_cost", "two_qubit_depth", "parameters")
MAXIMISED = frozenset({"trainability", "expressivity"})


@dataclass(frozen=True)
class DeviceSpec:
    """Where the circuit has to run. One of ``name`` (a fake backend of qiskit_ibm_runtime), ``edges``, ``topology``.

    ``qubits`` fixes the piece of a named device; otherwise the connected piece with the lowest error is taken.
    Error rates are for devices that bring no calibration of their own.
    """

    name: str | None = key(optional(text), None)
    edges: tuple[tuple[int, int], ...] | None = key(optional(edges), None)
    topology: str | None = key(optional(text), None)
    qubits: tuple[int, ...] | None = key(optional(several(integer(0))), None)
    basis_gates: tuple[str, ...] = key(several(text), ("cz", "rz", "sx", "x"))
    one_qubit_error: float = key(real(0.0, 1.0), 2.5e-4)
    two_qubit_error: float = key(real(0.0, 1.0), 5e-3)
    readout_error: float = key(real(0.0, 1.0), 0.02)
    optimization_level: int = key(integer(0, 3), 1)


@dataclass(frozen=True)
class SpaceSpec:
    """What an architecture may be made of: named pools, or explicit lists that replace the pools' own.

    ``uploads``: how often a classifier's data are encoded, in turns with the ansatz. ``grow_from``: a registered
    winner that the space is opened around, and the search begins with.
    """

    pools: tuple[str, ...] = key(several(text), ("hardware_efficient", "hamiltonian"))
    rotations: tuple[tuple[str, ...], ...] | None = key(optional(several(several(text, empty=True))), None)
    entanglers: tuple[str, ...] | None = key(optional(several(text)), None)
    topologies: tuple[str, ...] = key(several(text), ("line", "ring", "brickwork"))
    sharing: tuple[str, ...] | None = key(optional(several(text)), None)
    orders: tuple[str, ...] | None = key(optional(several(text)), None)
    layers: tuple[int, ...] = key(several(integer(1, 4)), (1, 2))
    repetitions: tuple[int | str, ...] = key(
        several(either(choice("log", "linear"), integer(1, 64))), (1, 2, 3, 4)
    )
    initial: tuple[str, ...] = key(several(text), ("none", "h"))
    final_rotations: tuple[tuple[str, ...], ...] = key(several(several(text, empty=True)), ((), ("ry",)))
    uploads: tuple[int, ...] = key(several(integer(1, 16)), (1,))
    grow_from: str | None = key(optional(text), None)


@dataclass(frozen=True)
class ObjectiveSpec:
    """What is optimised, in this order, and how the criteria are computed.

    ``enough_trainability``: above it (log₁₀ of the low quantile) more counts as no better, for gradients that any
    shot budget resolves are not worth a worse circuit.
    """

    use: tuple[str, ...] = key(
        several(choice(*OBJECTIVES)), ("task_loss", "trainability", "expressivity", "hardware_cost")
    )
    quantile: float = key(real(0.0, 1.0), 0.1)
    enough_trainability: float = key(real(), -2.0)
    relative_error: float = key(real(1e-4, 1.0), 0.1)
    algebra: bool = key(flag, True)
    simulability: bool = key(flag, False)
    sizes: tuple[int, ...] = key(several(integer(2), empty=True), ())


@dataclass(frozen=True)
class ConstraintSpec:
    """Hard limits. A trial that breaks one is pruned before it trains, with the limit as its reason."""

    max_dead_fraction: float = key(real(0.0, 1.0), 0.25)
    min_trainability: float = key(real(), -6.0)
    min_expressivity: float | None = key(optional(real(0.0, 1.0)), None)
    max_two_qubit_depth: int | None = key(optional(integer(0)), None)
    max_two_qubit_gates: int | None = key(optional(integer(0)), None)
    max_hardware_cost: float | None = key(optional(real(0.0)), None)
    max_parameters: int | None = key(optional(integer(1)), None)
    max_shots_per_step: float | None = key(optional(real(1.0)), None)
    native_gates: tuple[str, ...] | None = key(optional(several(text)), None)
    simulable: bool | None = key(optional(flag), None)
    max_task_loss: float | None = key(optional(real()), None)
    max_decay_per_qubit: float | None = key(optional(real()), None)


@dataclass(frozen=True)
class TrainingSpec:
    """The short training behind the task loss; the same for every candidate and every baseline.

    ``initialization``: of the angles: normal with σ = 0.1 ("small"), uniform on the full period, or zero. (Trainability
    is always that of uniform angles: whether a gradient is found wherever one starts.) ``aggregate``: the task loss
    is that of the mean start, or of the best. ``folds``: of a data set: start s holds out part s mod folds, so that
    the mean start is a cross-validation. ``full_steps`` above 0: after the search the Pareto front is trained
    again, from ``full_starts`` other starts, and the winner is chosen by that loss.
    """

    optimizer: str = key(choice("adam"), "adam")
    steps: int = key(integer(1), 100)
    starts: int = key(integer(1), 3)
    learning_rate: float = key(real(0.0, above=True), 0.1)
    initialization: str = key(choice("uniform", "small", "zero"), "small")
    batch_size: int = key(integer(1), 32)
    folds: int = key(integer(1, 100), 4)
    aggregate: str = key(choice("mean", "best"), "mean")
    full_steps: int = key(integer(0), 0)
    full_starts: int = key(integer(1), 10)


@dataclass(frozen=True)
class LimitSpec:
    """What one trial may spend in its supervised process."""

    seconds: float = key(real(0.0, above=True), 120.0)
    memory_mb: int = key(integer(64), 4096)


@dataclass(frozen=True)
class WinnerSpec:
    """How the winner is taken from the Pareto front of the feasible trials.

    ``"lexicographic"``: best in ``order[0]``; among trials within ``tolerance`` (as a part of the best value) of the
    best, best in ``order[1]``, and so on; the lowest trial number settles what is left.
    ``"knee"``: closest to the ideal point after scaling every objective to [0, 1] over the front.
    ``"weighted"``: lowest weighted sum of the objectives scaled likewise.
    """

    rule: str = key(choice("lexicographic", "knee", "weighted"), "lexicographic")
    order: tuple[str, ...] = key(several(choice(*OBJECTIVES), empty=True), ())
    tolerance: float = key(real(0.0, 1.0), 0.05)
    weights: tuple[tuple[str, float], ...] = key(numbers_by_name(*OBJECTIVES), ())
    name: str | None = key(optional(slug), None)


def _table(kind: type[Any]) -> Any:
    return dataclasses.field(default_factory=kind, metadata={"table": kind}, kw_only=True)


@dataclass(frozen=True)
class SearchSpec:
    """A whole search. See the tables above for their keys; README shows one as TOML."""

    name: str = key(slug)
    qubits: int = key(integer(1, 1000))
    task: TaskSpec = key(anything)
    trials: int = key(integer(1), 100)
    seed: int = key(integer(0, 2**63 - 1), 0)
    batch: int = key(integer(1, 1024), 8)
    sampler: str = key(choice("evolution", "tpe", "nsga2", "nsga3", "random", "gp"), "evolution")
    start: tuple[Any, ...] = key(anything, ())
    device: DeviceSpec | None = None
    space: SpaceSpec = _table(SpaceSpec)
    objectives: ObjectiveSpec = _table(ObjectiveSpec)
    constraints: ConstraintSpec = _table(ConstraintSpec)
    training: TrainingSpec = _table(TrainingSpec)
    limits: LimitSpec = _table(LimitSpec)
    winner: WinnerSpec = _table(WinnerSpec)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :func:`read_spec` reads back to an equal spec."""
        return _plain(self)

    def identity(self) -> dict[str, Any]:
        """What decides a trial's result and which trials are proposed: all but its length and limits."""
        data = self.to_dict()
        for name in ("trials", "limits", "winner"):
            data.pop(name, None)
        return data

    def content_id(self) -> str:
        """sha256 of :meth:`identity`, first 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {name: _plain(v) for name, v in pairs.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _load(source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, (str, Path)):
        raise QTrainError(f"spec should be a TOML file, a dict or a SearchSpec. Got {type(source).__name__}.")
    path = Path(source)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise QTrainError(
            f"spec should be a TOML file that exists. Got {str(path)!r}, which does not."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise QTrainError(f"spec should be a readable TOML file. Got {str(path)!r}: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise QTrainError(f"spec should be valid TOML. Got {str(path)!r}: {error}.") from None


def read_spec(source: Any) -> SearchSpec:
    """A validated spec from a TOML file, a dict, or a SearchSpec (returned as it is).

    Args:
        source: path of a TOML file, or a mapping with the same keys. Paths inside are relative to the TOML file.

    Raises:
        QTrainError: with every unknown key, or the first bad value.
    """
    if isinstance(source, SearchSpec):
        return source
    data = dict(_load(source))
    folder = Path(source).resolve().parent if isinstance(source, (str, Path)) else Path.cwd()
    unknown: list[str] = []
    tables: dict[str, Any] = {}
    for field in dataclasses.fields(SearchSpec):
        kind = field.metadata.get("table", DeviceSpec if field.name == "device" else None)
        if kind is not None and data.get(field.name) is not None:
            tables[field.name] = read_table(kind, data[field.name], field.name, unknown)
    if "task" in data:
        data["task"] = read_task(data["task"], unknown, folder)
    if "start" in data:
        data["start"] = _starts(data["start"], folder)
    known = {f.name for f in dataclasses.fields(SearchSpec)}
    unknown = [name for name in data if name not in known] + unknown
    if unknown:
        raise QTrainError(
            f"spec should hold known keys only. Got {', '.join(_with_hint(k) for k in unknown)}."
        )
    spec = _top(data, tables)
    _consistent(spec)
    return spec


def _top(data: dict[str, Any], tables: dict[str, Any]) -> SearchSpec:
    values: dict[str, Any] = dict(tables)
    for field in dataclasses.fields(SearchSpec):
        if field.name in tables or field.metadata.get("table") or field.name == "device":
            continue
        if field.name in data:
            values[field.name] = field.metadata["check"](field.name, data[field.name])
        elif field.default is dataclasses.MISSING:
            raise QTrainError(f"{field.name} should be given. Got nothing: add it to the spec.")
    return SearchSpec(**values)


def _starts(value: Any, folder: Path) -> tuple[Any, ...]:
    """The user's own circuits or registered names the search begins with: paths are made absolute."""
    items = value if isinstance(value, (list, tuple)) else [value]
    starts: list[Any] = []
    for item in items:
        if isinstance(item, str) and item.lower().endswith((".qasm", ".qpy", ".json")):
            starts.append(str((folder / item).resolve()))
        elif isinstance(item, (str, Mapping)):
            starts.append(item)
        else:
            raise QTrainError(
                f"start should list files (.qasm, .qpy, .json), registered names or architectures. Got {item!r}."
            )
    return tuple(starts)


def _known_keys() -> list[str]:
    names = [f.name for f in dataclasses.fields(SearchSpec)]
    for field in dataclasses.fields(SearchSpec):
        kind = field.metadata.get("table", DeviceSpec if field.name == "device" else None)
        names += [f"{field.name}.{f.name}" for f in dataclasses.fields(kind)] if kind else []
    names += [f"task.{f.name}" for kind in TASKS.values() for f in dataclasses.fields(kind)]
    return names


def _with_hint(name: str) -> str:
    table, _, leaf = name.rpartition(".")
    leaves = {known.rpartition(".")[2]: known for known in _known_keys() if known.rpartition(".")[0] == table}
    close = [leaves[c] for c in difflib.get_close_matches(leaf, leaves, n=1, cutoff=0.7)]
    return f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name)


def _consistent(spec: SearchSpec) -> None:
    """What no single key can say."""
    if spec.device is not None:
        given = [k for k in ("name", "edges", "topology") if getattr(spec.device, k) is not None]
        if len(given) != 1:
            raise QTrainError(
                f"device should have exactly one of name, edges, topology. Got {given or 'none of them'}."
            )
        if spec.device.qubits is not None and len(spec.device.qubits) != spec.qubits:
            raise QTrainError(
                f"device.qubits should name {spec.qubits} qubits. Got {len(spec.device.qubits)}."
            )
    extra = [name for name in spec.winner.order if name not in spec.objectives.use]
    if extra:
        raise QTrainError(f"winner.order should hold objectives of objectives.use. Got {', '.join(extra)}.")
    if spec.winner.rule == "weighted" and not spec.winner.weights:
        raise QTrainError("winner.weights should be given for the rule 'weighted'. Got none.")
    spec.task.check_width(spec.qubits)
    if max(spec.space.uploads) > 1 and not getattr(spec.task, "has_features", False):
        raise QTrainError(
            "space.uploads should be [1] for a task without features: there is nothing to encode again. "
            f"Got {list(spec.space.uploads)}."
        )

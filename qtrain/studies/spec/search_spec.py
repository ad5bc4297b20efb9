"""The spec of a search: TOML, or the same as a dict, validated into frozen models.

``schema.json`` beside this file describes the built-in keys for editors; ``python -m
qtrain.studies.spec.search_spec`` writes it again.

Example:
    >>> spec = read_spec({"name": "ising", "qubits": 4, "task": {"kind": "tfim", "field": 1.0}})
    >>> spec.task.kind, spec.trials, spec.training.steps
    ('tfim', 100, 100)
    >>> read_spec({"name": "ising", "qubits": 4, "task": {"kind": "tfim"}, "trails": 5, "space": {"reps": 2}})
    Traceback (most recent call last):
    ...
    qtrain.errors.QTrainError: spec should hold known keys only. Got 'space.reps', 'trails' (did you mean 'trials'?).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import core_schema

from qtrain.errors import QTrainError
from qtrain.extensions import load_modules
from qtrain.files.reading import parse_toml, read_text
from qtrain.studies.objectives import signs
from qtrain.studies.propose.samplers import GIVEN, SAMPLERS
from qtrain.studies.spec.fields import (
    AnyList,
    Count,
    In,
    Listed,
    Slug,
    SpecModel,
    Text,
)
from qtrain.studies.spec.sentences import sentences
from qtrain.studies.spec.tables import (
    ConstraintSpec,
    DeviceSpec,
    GrowthSpec,
    LimitSpec,
    ObjectiveSpec,
    SpaceSpec,
    TrainingSpec,
    WinnerSpec,
)
from qtrain.studies.tasks import (  # noqa: F401 (their rows)
    classification,
    hamiltonian,
    lattice_models,
    max_cut,
    molecule,
    own,
    spin_models,
)
from qtrain.studies.tasks.task import TASKS, TaskModel

SCHEMA = Path(__file__).with_name("schema.json")


class _Sampler(In):
    """A name of the table, or the name of an Optuna sampler that a search was given as an object."""

    def check(self, name: str) -> str:
        return name if name.startswith(GIVEN) else super().check(name)


class _ByKind:
    """The task table as the model of its kind: a key of another kind is an unknown key."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        choices = {kind: handler.generate_schema(model) for kind, model in TASKS.items()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")


def _start(value: Any, info: ValidationInfo) -> Any:
    """A circuit's or architecture's file with its whole path, a name, or an architecture as a table."""
    if isinstance(value, str) and value.lower().endswith((".qasm", ".qpy", ".json")):
        return os.path.abspath((info.context or {}).get("folder", Path.cwd()) / value)
    if not isinstance(value, (str, Mapping)):
        raise QTrainError(
            f"start should list files (.qasm, .qpy, .json), registered names or architectures. Got {value!r}."
        )
    return value


class SearchSpec(SpecModel):
    """A whole search. See the tables above for their keys; the documentation shows one as TOML.

    ``gradients``: of a whole circuit, over all trainings and sweeps of pools: the search ends behind the batch that has
    used them up, or behind ``trials``, whichever comes first.
    ``extensions``: modules that add rows this spec names (objectives, tasks, samplers, topologies, …).
    """

    name: Slug
    qubits: Annotated[int, Field(ge=1, le=1000)]
    task: Annotated[TaskModel, _ByKind()]
    trials: Count = 100
    gradients: Count | None = None
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    batch: Annotated[int, Field(ge=1, le=1024)] = 8
    sampler: Annotated[str, _Sampler(SAMPLERS)] = "evolution"
    start: AnyList[Annotated[Any, AfterValidator(_start)]] = ()
    device: DeviceSpec | None = None
    space: SpaceSpec = SpaceSpec()
    growth: GrowthSpec = GrowthSpec()
    objectives: ObjectiveSpec = ObjectiveSpec()
    constraints: ConstraintSpec = ConstraintSpec()
    training: TrainingSpec = TrainingSpec()
    limits: LimitSpec = LimitSpec()
    winner: WinnerSpec = WinnerSpec()
    extensions: Listed[Text] = ()

    def to_dict(self) -> dict[str, Any]:
        unset = {name for name in ("extensions", "gradients") if not getattr(self, name)}
        return {name: value for name, value in super().to_dict().items() if name not in unset}

    def identity(self) -> dict[str, Any]:
        """What decides a trial's result and which trials are proposed: all but its length and limits."""
        without = ("trials", "gradients", "limits", "winner", "extensions")
        return {name: value for name, value in self.to_dict().items() if name not in without}

    def content_id(self) -> str:
        """sha256 of :meth:`identity`, first 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:16]

    def wants(self, name: str) -> bool:
        """Whether an objective or another figure is used, recorded or limited."""
        limits = (self.constraints.limit(side, name) for side in ("max", "min"))
        named = name in self.objectives.use or name in self.objectives.record
        return named or any(limit is not None for limit in limits)

    @property
    def trains(self) -> bool:
        """Whether candidates are trained."""
        return self.wants("task_loss")

    @property
    def directions(self) -> tuple[str, ...]:
        """ "minimize" or "maximize", for each objective in use."""
        return tuple("minimize" if sign > 0 else "maximize" for sign in signs(self.objectives.use))

    @model_validator(mode="after")
    def _consistent(self) -> SearchSpec:
        """What no single key can say."""
        wrong: list[str] = []
        if self.device is not None:
            given = [k for k in ("name", "edges", "topology") if getattr(self.device, k) is not None]
            if len(given) != 1:
                found = " and ".join(given) or "none of them"
                wrong.append(f"device should have exactly one of name, edges, topology. Got {found}.")
        chosen = None if self.device is None else self.device.qubits
        if chosen is not None and len(chosen) != self.qubits:
            wrong.append(f"device.qubits should name {self.qubits} qubits. Got {len(chosen)}.")
        extra = [name for name in self.winner.order if name not in self.objectives.use]
        if extra:
            wrong.append(f"winner.order should hold objectives of objectives.use. Got {', '.join(extra)}.")
        if self.winner.rule == "weighted" and not self.winner.weights:
            wrong.append("winner.weights should be given for the rule 'weighted'. Got none.")
        if self.growth.share > 0 and not self.trains:
            wrong.append(
                "growth.share should be 0 where no objective or limit is 'task_loss': circuits grow from trained ones. "
                f"Got {self.growth.share}."
            )
        if self.training.halving > 1 and self.training.aggregate != "best":
            wrong.append(
                "training.aggregate should be 'best' where training.halving is above 1: the mean would be over starts "
                f"that were given up. Got {self.training.aggregate!r}."
            )
        if self.training.halving > 1 and self.task.has_data:
            wrong.append(
                "training.halving should be 1 for a task with data: starts hold out different parts of them. "
                f"Got {self.training.halving}."
            )
        try:
            self.task.check_width(self.qubits)
        except QTrainError as error:
            wrong.append(str(error))
        if self.training.clifford_width is not None and self.task.has_data:
            wrong.append(
                "training.initialization should be 'clifford' for a task without data alone: it asks for one cost. "
                f"Got {self.training.initialization!r}."
            )
        if max(self.space.uploads) > 1 and not self.task.has_features:
            wrong.append(
                "space.uploads should be [1] for a task without features: there is nothing to encode again. "
                f"Got {list(self.space.uploads)}."
            )
        if wrong:
            raise QTrainError(" ".join(wrong))
        return self


def _load(source: Any) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, (str, Path)):
        raise QTrainError(f"spec should be a TOML file, a dict or a SearchSpec. Got {type(source).__name__}.")
    path = Path(source)
    if not (path.exists() or path.is_symlink()):
        raise QTrainError(f"spec should be a TOML file that exists. Got {str(path)!r}, which does not.")
    text = read_text(path, "spec", kind="a readable TOML file")
    try:
        return parse_toml(text)
    except ValueError as error:
        raise QTrainError(f"spec should be valid TOML. Got {str(path)!r}: {error}.") from None


def read_spec(source: Any) -> SearchSpec:
    """A validated spec from a TOML file, a dict, or a SearchSpec (returned as it is).

    Args:
        source: path of a TOML file, or a mapping with the same keys. Paths inside are relative to the TOML file.

    Raises:
        QTrainError: with everything that is wrong, unknown keys first.
    """
    if isinstance(source, SearchSpec):
        return source
    data = dict(_load(source))
    folder = Path(source).resolve().parent if isinstance(source, (str, Path)) else Path.cwd()
    named = data.get("extensions", ())
    load_modules(name for name in ([named] if isinstance(named, str) else named) if isinstance(name, str))
    _know_all_tasks()
    try:
        return SearchSpec.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        raise QTrainError(sentences(error, SearchSpec)) from None


_known_tasks: list[type[TaskModel]] = TASKS.values()


def _know_all_tasks() -> None:
    """Kinds that were added since the model was built are read as well."""
    if TASKS.values() != _known_tasks:
        _known_tasks[:] = TASKS.values()
        SearchSpec.model_rebuild(force=True)


def schema() -> str:
    """The JSON schema of a spec with the rows that are there now, as text."""
    _know_all_tasks()
    return json.dumps(SearchSpec.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema(), encoding="utf-8")

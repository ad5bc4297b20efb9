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
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError, core_schema

from qtrain.circuits.initialization import parse_initialization
from qtrain.errors import QTrainError
from qtrain.extensions import load_modules
from qtrain.growth import islands  # noqa: F401 (its rows)
from qtrain.growth.pools import OPERATOR_POOLS
from qtrain.growth.references import REFERENCES
from qtrain.studies.objectives import OBJECTIVES, own_objectives, signs
from qtrain.studies.propose.samplers import GIVEN, SAMPLERS
from qtrain.studies.spec.fields import (
    AnyList,
    Count,
    Edges,
    Fraction,
    In,
    Listed,
    Positive,
    Repetition,
    Several,
    Slug,
    SpecModel,
    Text,
    weights_by_name,
)
from qtrain.studies.spec.sentences import sentences
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
ObjectiveName = Annotated[str, In(OBJECTIVES)]
OwnObjectives = Annotated[tuple[tuple[str, str, str, str], ...], BeforeValidator(own_objectives)]


class _Sampler(In):
    """A name of the table, or the name of an Optuna sampler that a search was given as an object."""

    def check(self, name: str) -> str:
        return name if name.startswith(GIVEN) else super().check(name)




class _ByKind:
    """The task table as the model of its kind: a key of another kind is an unknown key."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        choices = {kind: handler.generate_schema(model) for kind, model in TASKS.items()}
        return core_schema.tagged_union_schema(choices, discriminator="kind")


class DeviceSpec(SpecModel):
    """Where the circuit has to run. One of ``name`` (a fake backend of qiskit_ibm_runtime), ``edges``, ``topology``.

    ``qubits`` fixes the piece of a named device; otherwise the connected piece with the lowest error is taken.
    Error rates are for devices that bring no calibration of their own: of gates they make the hardware cost, of readout
    they damp the observable, which ``shots_per_step`` counts.
    """

    name: Text | None = None
    edges: Edges | None = None
    topology: Text | None = None
    qubits: Several[Annotated[int, Field(ge=0)]] | None = None
    basis_gates: Several[Text] = ("cz", "rz", "sx", "x")
    one_qubit_error: Fraction = 2.5e-4
    two_qubit_error: Fraction = 5e-3
    readout_error: Fraction = 0.02
    optimization_level: Annotated[int, Field(ge=0, le=3)] = 1


class SpaceSpec(SpecModel):
    """What an architecture may be made of: named pools, or explicit lists that replace the pools' own.

    ``pools``: "auto" stands for those that the symmetries of the task's Hamiltonian suggest; "mixed" beside others lets
    each layer come from another one. ``qubits``: which ones a layer rotates
    ("all", "inner", "even", "odd"). ``bonds``: the edges of its topology that a layer is on: "all", beside it "rounds"
    (those of one round, disjoint) and "each" (every edge on or off).
    ``uploads``: how often a classifier's data are encoded, in turns with the ansatz. ``grow_from``: a registered
    winner that the space is opened around, and the search begins with.
    """

    pools: Several[Text] = ("hardware_efficient", "hamiltonian")
    rotations: Several[Listed[Text]] | None = None
    entanglers: Several[Text] | None = None
    topologies: Several[Text] = ("line", "ring", "brickwork")
    sharing: Several[Text] | None = None
    orders: Several[Text] | None = None
    layers: Several[Annotated[int, Field(ge=1, le=4)]] = (1, 2)
    repetitions: Several[Repetition] = (1, 2, 3, 4)
    initial: Several[Text] = ("none", "h")
    final_rotations: Several[Listed[Text]] = ((), ("ry",))
    uploads: Several[Annotated[int, Field(ge=1, le=16)]] = (1,)
    qubits: Several[Text] = ("all",)
    bonds: Several[Text] = ("all",)
    grow_from: Text | None = None


class GrowthSpec(SpecModel):
    """Circuits that grow gate by gate, beside the families of layers.

    ``share``: of the proposals, behind the starts. ``pools``: of gates they grow by; ``references``: states they begin
    with; "auto" in either stands for what the symmetries of the Hamiltonian suggest. ``places``: besides the end,
    before so many gates of each trained circuit the pool is tried. ``target``: a task loss that is low enough: circuits
    that reach it are better the fewer two-qubit gates they take.
    """

    share: Fraction = 0.0
    pools: Several[Annotated[str, In(OPERATOR_POOLS)]] = ("hardware",)
    references: Several[Annotated[str, In(REFERENCES)]] = ("zero", "plus")
    places: Annotated[int, Field(ge=0, le=64)] = 3
    target: float | None = None


class ObjectiveSpec(SpecModel):
    """What is optimised, in this order, and how the criteria are computed.

    ``enough_trainability``: above it (log₁₀ of the low quantile) more counts as no better, for gradients that any
    shot budget resolves are not worth a worse circuit. ``record``: objectives that are computed and recorded, and
    decide nothing; what is neither used, recorded nor limited is not computed.
    ``algebra``: record it where that is quick. ``sizes``: numbers of qubits that ``decay_per_qubit`` and
    ``algebra_growth`` look at. ``own``: from Python, objectives as functions by name (see
    :func:`~qtrain.studies.objectives.own_objectives`), which the other keys may then name.
    """

    own: OwnObjectives | None = None
    use: Several[ObjectiveName] = ("task_loss", "trainability", "expressivity", "hardware_cost")
    quantile: Fraction = 0.1
    enough_trainability: float = -2.0
    relative_error: Annotated[float, Field(ge=1e-4, le=1)] = 0.1
    algebra: bool = True
    simulability: bool = False
    record: Listed[ObjectiveName] = ()
    sizes: Listed[Annotated[int, Field(ge=2)]] = ()


class ConstraintSpec(SpecModel, extra="allow"):
    """Hard limits. A trial that breaks one is pruned before it trains, with the limit as its reason.

    Besides these keys, every objective has its ``max_<name>`` and ``min_<name>``.
    """

    max_dead_fraction: Fraction = 0.25
    min_trainability: float = -6.0
    min_expressivity: Fraction | None = None
    max_two_qubit_depth: Annotated[int, Field(ge=0)] | None = None
    max_two_qubit_gates: Annotated[int, Field(ge=0)] | None = None
    max_hardware_cost: Annotated[float, Field(ge=0)] | None = None
    max_parameters: Count | None = None
    max_shots_per_step: Annotated[float, Field(ge=1)] | None = None
    native_gates: Several[Text] | None = None
    simulable: bool | None = None
    max_task_loss: float | None = None
    max_decay_per_qubit: float | None = None
    __pydantic_extra__: dict[str, float] = Field(init=False)

    @model_validator(mode="after")
    def _limits_of_objectives(self) -> ConstraintSpec:
        unknown = [k for k in self.model_extra or {} if k[:4] not in ("max_", "min_") or k[4:] not in OBJECTIVES]
        if unknown:
            raise PydanticCustomError("unknown_keys", "unknown keys", {"keys": unknown})
        return self

    def limit(self, side: str, name: str) -> float | None:
        """The limit ``max_name`` or ``min_name``, None where none is set."""
        value = getattr(self, f"{side}_{name}", None)
        return None if value is None else float(value)


def _training_start(value: str) -> str:
    """As ``initialization`` everywhere; "small" alone is the older name of "gaussian:0.1"."""
    if value == "small":
        return "gaussian:0.1"
    if value == "zero":
        return value
    if value.partition(":")[0] == "clifford":
        parse_initialization("gaussian:" + (value.partition(":")[2] or "0.1"))  # refuses what is no width
        return value
    kind = parse_initialization(value).kind
    if kind == "identity-block":
        raise QTrainError(
            "training.initialization should be 'uniform', 'gaussian:WIDTH', 'small:WIDTH', 'zero' or 'clifford'. "
            f"Got {value!r}, which needs a circuit of two halves."
        )
    return value


class TrainingSpec(SpecModel):
    """The short training behind the task loss; the same for every candidate and every baseline.

    ``initialization``: of the angles, in the words of ``qtrain.diagnose``: "gaussian:0.1" (standard deviation in
    radians), "small:0.1" (uniform within ± that), "uniform" (a full period), "zero", or "clifford:0.1": near the best
    Clifford angles that a short search finds, with that standard deviation around them (2202.12924). (Trainability is
    always that of uniform angles: whether a gradient is found wherever one starts.) ``aggregate``: the task loss is
    that of the mean start, or of the best. ``folds``: of a data set: start s holds out part s mod folds, so that the
    mean start is a cross-validation. ``full_steps`` above 0: after the search the Pareto front is trained again, from
    ``full_starts`` other starts, and the winner is chosen by that loss.

    ``optimizer``: "adam", or "lbfgs" (SciPy's L-BFGS-B), which needs fewer gradients where the cost is smooth and takes
    all data at once. ``steps``: gradients of each start, at most. ``tolerance`` above 0 ends a start early: where its
    lowest cost c falls by less than tolerance·max(1, |c|), in one step of L-BFGS, in twenty of Adam.
    ``halving`` h above 1: the steps are shared among rounds, behind each of which the best one in h of the starts go
    on; the task loss is then that of the best start, for the others were not trained to the end.
    """

    optimizer: Literal["adam", "lbfgs"] = "adam"
    steps: Count = 100
    starts: Count = 3
    learning_rate: Positive = 0.1
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.0
    halving: Annotated[int, Field(ge=1, le=100)] = 1
    initialization: Annotated[str, AfterValidator(_training_start)] = "gaussian:0.1"
    batch_size: Count = 32
    folds: Annotated[int, Field(ge=1, le=100)] = 4
    aggregate: Literal["mean", "best"] = "mean"
    full_steps: Annotated[int, Field(ge=0)] = 0
    full_starts: Count = 10

    @property
    def clifford_width(self) -> float | None:
        """Standard deviation around Clifford angles; None where training begins elsewhere."""
        kind, _, width = self.initialization.partition(":")
        return float(width or 0.1) if kind == "clifford" else None


class LimitSpec(SpecModel):
    """What one trial may spend in its supervised process."""

    seconds: Positive = 120.0
    memory_mb: Annotated[int, Field(ge=64)] = 4096


class WinnerSpec(SpecModel):
    """How the winner is taken from the Pareto front of the feasible trials.

    ``"lexicographic"``: best in ``order[0]``; among trials within ``tolerance`` (as a part of the best value) of the
    best, best in ``order[1]``, and so on; the lowest trial number settles what is left.
    ``"knee"``: closest to the ideal point after scaling every objective to [0, 1] over the front.
    ``"weighted"``: lowest weighted sum of the objectives scaled likewise.
    """

    rule: Literal["lexicographic", "knee", "weighted"] = "lexicographic"
    order: Listed[ObjectiveName] = ()
    tolerance: Fraction = 0.05
    weights: Annotated[tuple[tuple[str, float], ...], BeforeValidator(weights_by_name(OBJECTIVES))] = ()
    name: Slug | None = None


def _start(value: Any, info: ValidationInfo) -> Any:
    """A circuit's or architecture's file with its whole path, a name, or an architecture as a table."""
    if isinstance(value, str) and value.lower().endswith((".qasm", ".qpy", ".json")):
        return str(((info.context or {}).get("folder", Path.cwd()) / value).resolve())
    if not isinstance(value, (str, Mapping)):
        raise QTrainError(
            f"start should list files (.qasm, .qpy, .json), registered names or architectures. Got {value!r}."
        )
    return value


class SearchSpec(SpecModel):
    """A whole search. See the tables above for their keys; README shows one as TOML.

    ``extensions``: modules that add rows this spec names (objectives, tasks, samplers, topologies, …).
    """

    name: Slug
    qubits: Annotated[int, Field(ge=1, le=1000)]
    task: Annotated[TaskModel, _ByKind()]
    trials: Count = 100
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
        data = super().to_dict()
        return data if self.extensions else {k: v for k, v in data.items() if k != "extensions"}

    def identity(self) -> dict[str, Any]:
        """What decides a trial's result and which trials are proposed: all but its length and limits."""
        without = ("trials", "limits", "winner", "extensions")
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
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise QTrainError(f"spec should be a TOML file that exists. Got {str(path)!r}, which does not.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise QTrainError(f"spec should be a readable TOML file. Got {str(path)!r}: {error}.") from None
    except tomllib.TOMLDecodeError as error:
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

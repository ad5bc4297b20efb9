"""The tables of a search's spec, one model for each."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from qtrain.circuits.initialization import parse_initialization
from qtrain.errors import QTrainError
from qtrain.growth import islands  # noqa: F401 (its rows)
from qtrain.growth.pools import OPERATOR_POOLS
from qtrain.growth.references import REFERENCES
from qtrain.studies.objectives import OBJECTIVES, own_objectives
from qtrain.studies.spec.fields import (
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

ObjectiveName = Annotated[str, In(OBJECTIVES)]
OwnObjectives = Annotated[tuple[tuple[str, str, str, str], ...], BeforeValidator(own_objectives)]


class DeviceSpec(SpecModel):
    """Where the circuit has to run. One of ``name`` (a fake backend of qiskit_ibm_runtime), ``edges``, ``topology``.

    ``qubits`` fixes the piece of a named device; otherwise the connected piece with the lowest error is taken, or with
    ``shape = "path"`` a path, whose qubits are numbered along it: what a chain of many qubits sits on.
    Error rates are for devices that bring no calibration of their own: of gates they make the hardware cost, of readout
    they damp the observable, which ``shots_per_step`` counts.
    """

    name: Text | None = None
    edges: Edges | None = None
    topology: Text | None = None
    qubits: Several[Annotated[int, Field(ge=0)]] | None = None
    shape: Literal["piece", "path"] = "piece"
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
    that reach it are better the fewer two-qubit gates they take. ``inherit``: the training of a grown circuit begins at
    its parent's angles, start by start; if not, where every other circuit's does, so that on data, where a longer
    training is not always a better one, all are compared by equal trainings.
    """

    share: Fraction = 0.0
    pools: Several[Annotated[str, In(OPERATOR_POOLS)]] = ("hardware",)
    references: Several[Annotated[str, In(REFERENCES)]] = ("zero", "plus")
    places: Annotated[int, Field(ge=0, le=64)] = 3
    target: float | None = None
    inherit: bool = True


class ObjectiveSpec(SpecModel):
    """What is optimised, in this order, and how the criteria are computed.

    ``enough_trainability``: above it (log₁₀ of the low quantile) more counts as no better, for gradients that any
    shot budget resolves are not worth a worse circuit. ``record``: objectives that are computed and recorded, and
    decide nothing; what is neither used, recorded nor limited is not computed.
    ``relative_error``: of the median live variance where it is sampled; 0.2 is 0.09 in log₁₀, less than what tells
    two circuits apart. ``algebra``: record it where that is quick. ``sizes``: numbers of qubits that
    ``decay_per_qubit`` and ``algebra_growth`` look at. ``own``: from Python, objectives as functions by name (see
    :func:`~qtrain.studies.objectives.own_objectives`), which the other keys may then name.
    """

    own: OwnObjectives | None = None
    use: Several[ObjectiveName] = ("task_loss", "trainability", "expressivity", "hardware_cost")
    quantile: Fraction = 0.1
    enough_trainability: float = -2.0
    relative_error: Annotated[float, Field(ge=1e-4, le=1)] = 0.2
    algebra: bool = True
    simulability: bool = False
    record: Listed[ObjectiveName] = ()
    sizes: Listed[Annotated[int, Field(ge=2)]] = ()


_TOP, _LEAST = {"dead_fraction": 1.0}, {"trainability": -16.0}  # beyond: a limit that nothing can break


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
        """The limit ``max_name`` or ``min_name``, None where none is set, or one that nothing can break."""
        value = getattr(self, f"{side}_{name}", None)
        if value is None or (side == "max" and value >= _TOP.get(name, math.inf)):
            return None
        return None if side == "min" and value <= _LEAST.get(name, -math.inf) else float(value)


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
    ``full_starts`` other starts, and the winner is chosen by that loss; so are the ``full_trials`` trials of the lowest
    task loss, for the front of a noisy loss leaves out many that are as good.

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
    full_trials: Annotated[int, Field(ge=0, le=1000)] = 0

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

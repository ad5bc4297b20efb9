"""Frozen results of the criteria, and their round trip through JSON.

Arrays over parameters follow ``circuit.parameters``. A quantity that does not apply is
``None`` or NaN (written to JSON as null), never a made-up number.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from dataclasses import dataclass, field

import numpy as np

from qtrain.errors import QTrainError

FORMAT = 1


@dataclass(frozen=True)
class Budget:
    """What a criterion may spend; a budget that is hit gives a bound, never an exception.

    Args:
        seconds: wall-clock seconds for one ``diagnose`` (a criterion takes its share).
        memory_bytes: largest working set a kernel may allocate.
        max_dimension: largest Lie algebra or module that closures follow.
        relative_error: asked-for relative standard error of the median live variance.
        max_samples: largest number of Pauli paths or parameter vectors.
        resolution: variances below this share of S need no value of their own, only a bound.
    """

    seconds: float = 30.0
    memory_bytes: int = 2 * 1024**3
    max_dimension: int = 4096
    relative_error: float = 0.05
    max_samples: int = 100_000_000
    resolution: float = 1e-5

    def __post_init__(self) -> None:
        for name in (
            "seconds",
            "memory_bytes",
            "max_dimension",
            "relative_error",
            "max_samples",
            "resolution",
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise QTrainError(f"{name} should be a number. Got {value!r}.")
            if not value > 0:
                raise QTrainError(f"{name} should be positive. Got {value!r}.")


def encode(value: typing.Any) -> typing.Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: encode(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if f.metadata.get("json", True)
        }
    if isinstance(value, np.ndarray):
        whole = value.dtype.kind in "biu" or (value.dtype.kind == "f" and bool(np.isfinite(value).all()))
        return value.tolist() if whole else encode(value.tolist())
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return encode(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, dict):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    return value


def _decode(kind: typing.Any, value: typing.Any, dtype: str | None = None) -> typing.Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [a for a in typing.get_args(kind) if a is not type(None)]
        if value is None and len(options) < len(typing.get_args(kind)):
            return None
        return _decode(options[0], value, dtype)
    if kind is np.ndarray:
        return np.array(
            [np.nan if v is None else float(v) if isinstance(v, str) else v for v in value],
            dtype=dtype or float,
        )
    if kind is float:
        return math.nan if value is None else float(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(
            **{
                f.name: _decode(hints[f.name], value[f.name], f.metadata.get("dtype"))
                for f in dataclasses.fields(kind)
                if f.metadata.get("json", True) and f.name in value
            }
        )
    if origin is tuple:
        item = typing.get_args(kind)[0]
        return tuple(_decode(item, v) for v in value)
    return value


class JsonResult:
    """``to_json`` / ``from_json`` for the frozen results below."""

    def to_dict(self) -> dict[str, typing.Any]:
        return typing.cast(dict[str, typing.Any], encode(self))

    def to_record(self) -> dict[str, typing.Any]:
        """What ``to_json`` writes, as a dict."""
        return {"format": FORMAT, "kind": type(self).__name__, **self.to_dict()}

    def to_json(self) -> str:
        return json.dumps(self.to_record(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> typing.Self:
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__}. Got text that is not JSON: {error}."
            ) from None
        if not isinstance(data, dict) or data.pop("kind", None) != cls.__name__:
            raise QTrainError(f"text should be the JSON of a {cls.__name__}. Got another kind of data.")
        if data.pop("format", FORMAT) > FORMAT:
            raise QTrainError(f"text should be of format {FORMAT} or older. Got a newer one: upgrade qtrain.")
        try:
            return typing.cast(typing.Self, _decode(cls, data))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__}. Got a damaged one: {error}."
            ) from None


def _bools() -> typing.Any:
    return field(metadata={"dtype": "bool"})


@dataclass(frozen=True, eq=False)
class LightCone(JsonResult):
    """Which parameters the observable can see at all (THEORY of light cones, Clifford-aware).

    Attributes:
        structural: (num_parameters,) bool, reachable on the circuit's graph.
        effective: (num_parameters,) bool, not proven dead by commutation.
        width: qubits in the cone; depth: layers of gates in it.
        qubits: the cone's qubits; gates: indices into ``circuit.data`` that are kept.
        effective_width, effective_gates: the same of the gates that do not commute with all the
            observable becomes behind them: no other gate changes the expectation value.
    """

    structural: np.ndarray = _bools()
    effective: np.ndarray = _bools()
    width: int = 0
    depth: int = 0
    qubits: tuple[int, ...] = ()
    gates: tuple[int, ...] = ()
    effective_width: int = 0
    effective_gates: tuple[int, ...] = ()


@dataclass(frozen=True)
class DLAResult(JsonResult):
    """Dynamical Lie algebra of the circuit's generators.

    Attributes:
        dimension: of the algebra; a lower bound where ``complete`` is False.
        complete: whether the closure finished within its budget.
        algebra: e.g. ``"so(12)"`` or ``"2 su(4) + u(1)"``; None where it is not known.
        module_dimension: |C(O)|, dimension of the observable's module; None without observable.
        method: how it was found, in words.
        module_complete: False where ``module_dimension`` is a lower bound.
        deep_cost_second_moment: E f^2 of the infinitely deep circuit, where theory gives it.
        deep_variance: (num_parameters,) deep-limit V_k, NaN where theory gives none.
        preconditions: what the deep-limit numbers assume, and what was checked of it.
    """

    dimension: int
    complete: bool
    algebra: str | None
    module_dimension: int | None
    method: str
    module_complete: bool = True
    deep_cost_second_moment: float = math.nan
    deep_variance: np.ndarray | None = None
    preconditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate(JsonResult):
    """One way to simulate the cost classically: a row of the certificate table.

    Attributes:
        check: e.g. ``"g-sim"``, ``"light cone"``, ``"low-weight Pauli propagation"``.
        applies: whether its preconditions hold and its cost fits the budget.
        cost: elementary operations for one evaluation of the cost (log10 may be huge: float).
        error: root of the angle-averaged mean squared error; 0 where exact.
        kind: ``"classical"`` or ``"needs quantum data"``.
        detail: one sentence with the figures.
    """

    check: str
    applies: bool
    cost: float
    error: float
    kind: str
    detail: str


@dataclass(frozen=True)
class Simulability(JsonResult):
    """Whether the cost is certified classically simulable, and the cheapest certificate.

    ``surrogate`` (not in JSON) evaluates cost and gradient classically, where one is available.
    """

    simulable: bool
    verdict: str
    certificates: tuple[Certificate, ...]
    surrogate: typing.Any = field(default=None, compare=False, repr=False, metadata={"json": False})


@dataclass(frozen=True)
class Expressivity(JsonResult):
    """Quantities that keep trivial circuits out; NaN or None where not computed.

    Attributes:
        expressibility: KL divergence from Haar fidelities (small is expressive).
        qfim_rank: generic rank of the quantum Fisher information, or a lower bound of it.
        qfim_rank_exact: False where it is the Clifford-point lower bound.
        qfim_max: min(num_parameters, 2 * 2**n - 2).
        entangling_capability: mean Meyer-Wallach measure.
        effective_dimension: normalised effective dimension of Abbas et al. (2011.00027).
    """

    qfim_rank: int
    qfim_rank_exact: bool
    qfim_max: float
    expressibility: float = math.nan
    entangling_capability: float = math.nan
    effective_dimension: float = math.nan


@dataclass(frozen=True)
class Verdict(JsonResult):
    """Why one parameter trains or does not.

    Attributes:
        parameter: its name; ``index``: its place in ``circuit.parameters``.
        cause: ``"healthy"``, ``"dead: ..."``, ``"observable concentration"``,
            ``"information lost"``, ``"scrambled"`` or ``"below the bound"``.
        beta: P(the backward-evolved observable anticommutes with the generator).
        phi: E[w | it does]; ``variance``: V_k, with its 95 % interval ``lower``, ``upper``.
        advice: one line; ``gate``: index in ``circuit.data``; ``qubits``: it acts on.
        path_weight: mean weight of the path Pauli at the gate.
    """

    parameter: str
    index: int
    cause: str
    beta: float
    phi: float
    variance: float
    lower: float
    upper: float
    advice: str
    gate: int
    qubits: tuple[int, ...]
    path_weight: float = math.nan

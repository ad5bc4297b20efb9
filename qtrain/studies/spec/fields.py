"""The kinds of value that a spec holds, as pydantic types: strict (true is no 1, 3.0 is no 3), frozen, hashable."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from qtrain.extensions import Table

T = TypeVar("T")


class SpecModel(BaseModel):
    """A table of a spec: unknown keys, and values of another type, are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the keys that are not set; reading it gives an equal table."""
        return {name: _plain(value) for name, value in self if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, SpecModel):
        return value.to_dict()
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


class In:
    """A name that is in a table when the spec is read."""

    def __init__(self, table: Table[Any]) -> None:
        self.table = table

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.table)}

    def check(self, name: str) -> str:
        """The name, if a row has it."""
        if name not in self.table:
            raise PydanticCustomError("unknown_name", "unknown name")
        return name


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _distinct(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(item in value[:i] for i, item in enumerate(value)):
        raise ValueError("should not repeat a value")
    return value


def _pair(value: Any) -> tuple[int, int]:
    whole = isinstance(value, (list, tuple)) and len(value) == 2
    if not whole or not all(isinstance(q, int) and not isinstance(q, bool) and q >= 0 for q in value):
        raise ValueError("should be a pair of different whole numbers, at least 0")
    if value[0] == value[1]:
        raise ValueError("should join two different qubits")
    return (value[0], value[1])


def _graph_edges(value: Any) -> Any:
    """Pairs as tuples; of a networkx graph, its nodes numbered in the order of their names."""
    if hasattr(value, "edges") and hasattr(value, "nodes"):
        index = {node: i for i, node in enumerate(sorted(value.nodes, key=str))}
        return tuple(sorted(tuple(sorted((index[a], index[b]))) for a, b in value.edges if a != b))
    return tuple(value) if isinstance(value, list) else value


def _in_folder(value: str, info: ValidationInfo) -> str:
    """A path that is relative to the spec's file, made absolute."""
    folder = (info.context or {}).get("folder", Path.cwd())
    return str(Path(os.path.abspath(folder / value)))


def _label(value: Any) -> Any:
    if not isinstance(value, (str, int, float)):
        raise ValueError("should be a text or a number")
    return value


def _repetition(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 64
    if not whole and value not in ("log", "linear"):
        raise ValueError("should be 'log', 'linear' or a whole number, from 1 to 64")
    return value


def weights_by_name(table: Table[Any]) -> Callable[[Any], Any]:
    """A table of numbers whose keys a table has, as sorted pairs, so that it hashes."""

    def check(value: Any) -> Any:
        try:
            pairs = dict(value)
        except (TypeError, ValueError):
            pairs = None
        if pairs is None or not all(isinstance(k, str) and k in table for k in pairs):
            raise ValueError(f"should be a table of numbers with keys among {', '.join(table)}")
        return tuple(sorted(pairs.items()))

    return check


def pauli_terms(value: Any) -> Any:
    """Text as it is; a table {label: coefficient} or a SparsePauliOp as text."""
    if hasattr(value, "paulis") and hasattr(value, "coeffs"):
        if value.coeffs.dtype != object:  # equal labels are added up, as the table has each of them once
            value = value.simplify(atol=0.0, rtol=0.0)
        if any(abs(complex(c).imag) > 1e-12 for c in value.coeffs):
            raise ValueError("should be Hermitian: real coefficients")
        value = {p.to_label(): complex(c).real for p, c in zip(value.paulis, value.coeffs)}
    if isinstance(value, Mapping):
        for label, c in value.items():
            if isinstance(c, bool) or not isinstance(c, (int, float)) or c - c != 0:
                raise ValueError(f"should have a finite number for each label, not {c!r} for {label!r}")
        if not value:
            raise ValueError("should have at least one Pauli term")
        return " + ".join(f"{float(c)!r}*{label}" for label, c in value.items())
    if not isinstance(value, str):
        raise ValueError("should be Pauli terms as text, table or SparsePauliOp")
    return value


SLUG = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(pattern=r"\S", description="a text that is not empty")]
Slug = Annotated[
    str,
    Field(pattern=SLUG, description="letters, digits, '_', '-' or '.', at most 64, starting with a letter or digit"),
]
FilePath = Annotated[Text, AfterValidator(_in_folder)]
AnyList = Annotated[tuple[T, ...], BeforeValidator(_listed)]
"""A list, kept as a tuple; a single value stands for a list of one."""
Listed = Annotated[tuple[T, ...], BeforeValidator(_listed), AfterValidator(_distinct)]
"""The same, each value once."""
Several = Annotated[tuple[T, ...], Field(min_length=1), BeforeValidator(_listed), AfterValidator(_distinct)]
"""The same, not empty."""
Label = Annotated[Any, AfterValidator(_label), WithJsonSchema({"type": ["string", "number"]})]
Repetition = Annotated[
    Any,
    AfterValidator(_repetition),
    WithJsonSchema({"anyOf": [{"enum": ["log", "linear"]}, {"type": "integer", "minimum": 1, "maximum": 64}]}),
]
Pair = Annotated[
    tuple[int, int],
    BeforeValidator(_pair),
    WithJsonSchema({"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}),
]
Edges = Annotated[
    tuple[Pair, ...],
    Field(min_length=1, description="a list of pairs such as [[0, 1], [1, 2]]"),
    BeforeValidator(_graph_edges),
]
PauliTerms = Annotated[Text, BeforeValidator(pauli_terms)]

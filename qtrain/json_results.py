"""Frozen results and their round trip through JSON.

Arrays over parameters follow ``circuit.parameters``. A quantity that does not apply is
``None`` or NaN (written to JSON as null), never a made-up number.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing

import numpy as np

from qtrain.errors import QTrainError
from qtrain.files.reading import parse_json

FORMAT = 2  # 1 held the sums of gradients by name; it is still read


def encode(value: typing.Any) -> typing.Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if hasattr(value, "to_fields"):
            return value.to_fields()
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


def decode(kind: typing.Any, value: typing.Any, dtype: str | None = None) -> typing.Any:
    """The inverse of `encode`, for a type; a class with ``from_fields`` reads its own."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [a for a in typing.get_args(kind) if a is not type(None)]
        if value is None and len(options) < len(typing.get_args(kind)):
            return None
        return decode(options[0], value, dtype)
    if kind is np.ndarray:
        if value and isinstance(value[0], list):
            return np.array([decode(kind, row, dtype) for row in value])
        return np.array(
            [np.nan if v is None else float(v) if isinstance(v, str) else v for v in value],
            dtype=dtype or float,
        )
    if kind is float:
        return math.nan if value is None else float(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        if hasattr(kind, "from_fields"):
            return kind.from_fields(value)
        hints = typing.get_type_hints(kind)
        return kind(
            **{
                f.name: decode(hints[f.name], value[f.name], f.metadata.get("dtype"))
                for f in dataclasses.fields(kind)
                if f.metadata.get("json", True) and f.name in value
            }
        )
    if origin is tuple:
        item = typing.get_args(kind)[0]
        return tuple(decode(item, v) for v in value)
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
            data = parse_json(text)
        except (ValueError, TypeError, AttributeError) as error:
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__}. Got text that is not JSON: {error}."
            ) from None
        if not isinstance(data, dict) or data.pop("kind", None) != cls.__name__:
            raise QTrainError(f"text should be the JSON of a {cls.__name__}. Got another kind of data.")
        if data.pop("format", FORMAT) > FORMAT:
            raise QTrainError(f"text should be of format {FORMAT} or older. Got a newer one: upgrade qtrain.")
        try:
            return typing.cast(typing.Self, decode(cls, data))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__}. Got a damaged one: {error}."
            ) from None

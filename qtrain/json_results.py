"""Frozen results: shown in a line, in a notebook as a table, and their round trip through JSON.

Arrays over parameters follow ``circuit.parameters``. A quantity that does not apply is
``None`` or NaN (written to JSON as null), never a made-up number.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import math
import types
import typing
from abc import ABC, abstractmethod
from decimal import Decimal

import numpy as np

from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import parse_json

FORMAT = 2  # 1 held the sums of gradients by name; it is still read
HEADER = ("format", "kind", "digest")  # of every file; a field of such a name is written with a _ behind it


def number(value: float | None, digits: int = 3) -> str:
    """A figure people can read: ``0``, ``0.0123``, ``4.1e-07``, or a dash for what was not computed.

    Example:
        >>> number(0.0123456), number(4.1e-7), number(0.0), number(float("nan")), number(1761.0)
        ('0.0123', '4.1e-07', '0', '–', '1761')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if float(value).is_integer() and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.{digits}g}"


def whole(value: int) -> str:
    """``4,096``; from a trillion on ``1.6e+60``, also where no float reaches."""
    return f"{value:,}" if value < 10**12 else f"{Decimal(value):.1e}"


def count(number: int, noun: str) -> str:
    """``1 qubit``, ``2,400 qubits``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


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


def view(module: str, name: str, doc: str) -> typing.Callable[..., typing.Any]:
    """A method of a result that a function of ``qtrain.views`` answers.

    Views stand above all results: here they are named, and they are imported once somebody looks.
    """

    def method(self: typing.Any, **options: typing.Any) -> typing.Any:
        return getattr(importlib.import_module(f"qtrain.views.{module}"), name)(self, **options)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = doc
    return method


PLOT = "Draw it: matplotlib's Axes. ``ax``: those to draw into, in the place of a new figure."
PAGE = "All of it as one self-contained HTML page, as text."


class Shown(ABC):
    """A result that says in one line what a reader wants, by its ``_brief``; notebooks show a small table."""

    @abstractmethod
    def _brief(self) -> str:
        """The key figures, behind the name of its class."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._brief()}>"

    _repr_html_ = view("notebook", "card", "The key figures as a small HTML table, for notebooks.")


def digest(content: typing.Any) -> str:
    """16 hexadecimal digits that follow from plain data, however it is laid out as JSON: altered figures show.

    Example:
        >>> digest({"a": 1, "b": [0.5]}) == digest({"b": [0.5], "a": 1.0}) != digest({"a": 1, "b": [0.25]})
        True
    """
    text = json.dumps(_canonical(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _canonical(value: typing.Any) -> typing.Any:
    """Whole numbers and floats that are equal alike: other programs write 1.0 as 1."""
    if isinstance(value, dict):
        return {str(name): _canonical(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


class JsonResult:
    """``to_json`` / ``from_json`` for the frozen results below."""

    def to_dict(self) -> dict[str, typing.Any]:
        return typing.cast(dict[str, typing.Any], encode(self))

    def to_record(self) -> dict[str, typing.Any]:
        """What ``to_json`` writes, as a dict."""
        content = self.to_dict()
        header = {"format": FORMAT, "kind": type(self).__name__, "digest": self._digest(content)}
        return {**header, **{f"{name}_" if name in HEADER else name: value for name, value in content.items()}}

    @classmethod
    def _digest(cls, content: typing.Mapping[str, typing.Any]) -> str:
        """Of what is read back: some write more, for readers of the file."""
        names = {f.name for f in dataclasses.fields(cls) if f.metadata.get("json", True)}  # type: ignore[arg-type]
        return digest({name: content[name] for name in content.keys() & names})

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
        written = data.pop("format", FORMAT)
        if isinstance(written, bool) or not isinstance(written, int):
            raise QTrainError(f"text should state its format as a whole number. Got {shortened(written)}.")
        if written > FORMAT:
            raise QTrainError(f"text should be of format {FORMAT} or older. Got a newer one: upgrade qtrain.")
        stated = data.pop("digest", None)  # older files have none
        data |= {name: data.pop(f"{name}_") for name in HEADER if f"{name}_" in data}
        if stated is not None and stated != cls._digest(data):
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__} as it was written. Got one that was altered since: its "
                f"figures do not belong to its digest {shortened(stated)}."
            )
        try:
            return typing.cast(typing.Self, decode(cls, data))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise QTrainError(
                f"text should be the JSON of a {cls.__name__}. Got a damaged one: {error}."
            ) from None

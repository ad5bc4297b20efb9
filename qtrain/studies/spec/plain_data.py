"""Plain data (TOML or a dict) → frozen dataclasses, with every unknown key named.

A dataclass declares its keys once, each with :func:`key`: default, and a check that returns the cleaned
value or raises. Reading never stops at the first unknown key: all of them, from all tables, are in one sentence.
"""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any

from qtrain.errors import QTrainError

Check = Callable[[str, Any], Any]
SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.IGNORECASE)


def key(check: Check, default: Any = dataclasses.MISSING) -> Any:
    """A field of a spec table: ``check(name, value)`` cleans the value that was given."""
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata={"check": check}, kw_only=True)
    return dataclasses.field(default=default, metadata={"check": check}, kw_only=True)


def integer(minimum: int, maximum: int | None = None) -> Check:
    def check(name: str, value: Any) -> int:
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= minimum
        if not fits or (maximum is not None and value > maximum):
            wanted = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise QTrainError(f"{name} should be a whole number, {wanted}. Got {value!r}.")
        return int(value)

    return check


def real(minimum: float = -math.inf, maximum: float = math.inf, *, above: bool = False) -> Check:
    """A finite number in [minimum, maximum]; ``above``: strictly above the minimum."""

    def check(name: str, value: Any) -> float:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or value < minimum or value > maximum or (above and value == minimum):
            low = "" if minimum == -math.inf else f" {'above' if above else 'at least'} {minimum:g}"
            high = "" if maximum == math.inf else f" at most {maximum:g}"
            wanted = " and".join(part for part in (low, high) if part)
            raise QTrainError(
                f"{name} should be a finite number{',' if wanted else ''}{wanted}. Got {value!r}."
            )
        return float(value)

    return check


def choice(*options: Any) -> Check:
    def check(name: str, value: Any) -> Any:
        for option in options:
            if type(value) is type(option) and value == option:
                return value
        raise QTrainError(f"{name} should be one of {', '.join(map(repr, options))}. Got {value!r}.")

    return check


def text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise QTrainError(f"{name} should be a text that is not empty. Got {value!r}.")
    return value


def slug(name: str, value: Any) -> str:
    if not isinstance(value, str) or not SLUG.fullmatch(value):
        raise QTrainError(
            f"{name} should be letters, digits, '_', '-' or '.', at most 64, "
            f"starting with a letter or digit. Got {value!r}."
        )
    return value


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise QTrainError(f"{name} should be true or false. Got {value!r}.")
    return value


def anything(name: str, value: Any) -> Any:
    return value


def optional(inner: Check) -> Check:
    def check(name: str, value: Any) -> Any:
        return None if value is None else inner(name, value)

    return check


def either(*checks: Check) -> Check:
    """The first check that accepts; if none does, what the last one says."""

    def check(name: str, value: Any) -> Any:
        for inner in checks[:-1]:
            try:
                return inner(name, value)
            except QTrainError:
                continue
        return checks[-1](name, value)

    return check


def several(inner: Check, *, empty: bool = False, unique: bool = True) -> Check:
    """A list (kept as a tuple); a single value stands for a list of one."""

    def check(name: str, value: Any) -> tuple[Any, ...]:
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        if not items and not empty:
            raise QTrainError(f"{name} should be a list with at least one value. Got an empty list.")
        cleaned = tuple(inner(f"{name}[{i}]", item) for i, item in enumerate(items))
        if unique and len(set(cleaned)) < len(cleaned):
            raise QTrainError(f"{name} should not repeat a value. Got {value!r}.")
        return cleaned

    return check


def edges(name: str, value: Any) -> tuple[tuple[int, int], ...]:
    """A list of pairs of qubits (or nodes)."""
    if not isinstance(value, (list, tuple)) or not value:
        raise QTrainError(f"{name} should be a list of pairs such as [[0, 1], [1, 2]]. Got {value!r}.")
    pairs = []
    for i, pair in enumerate(value):
        whole = isinstance(pair, (list, tuple)) and len(pair) == 2
        if not whole or not all(isinstance(q, int) and not isinstance(q, bool) and q >= 0 for q in pair):
            raise QTrainError(
                f"{name}[{i}] should be a pair of different whole numbers, at least 0. Got {pair!r}."
            )
        if pair[0] == pair[1]:
            raise QTrainError(f"{name}[{i}] should join two different qubits. Got {pair!r}.")
        pairs.append((int(pair[0]), int(pair[1])))
    return tuple(pairs)


def numbers_by_name(*names: str) -> Check:
    """A table of numbers, kept as sorted pairs so that it hashes."""

    def check(name: str, value: Any) -> tuple[tuple[str, float], ...]:
        try:
            pairs = dict(value) if isinstance(value, (tuple, list, Mapping)) else None
        except (TypeError, ValueError):
            pairs = None
        if pairs is None or not set(pairs) <= set(names):
            raise QTrainError(
                f"{name} should be a table of numbers with keys among {', '.join(names)}. Got {value!r}."
            )
        return tuple(sorted((k, real()(f"{name}.{k}", v)) for k, v in pairs.items()))

    return check


class Unknown(Exception):
    """Keys that no table declares; gathered over all tables before anything is raised."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = keys


T = typing.TypeVar("T")


def read_table(kind: type[T], data: Any, where: str, unknown: list[str]) -> T:
    """``data`` (a mapping) as the dataclass ``kind``; unknown keys are appended to ``unknown``."""
    if not isinstance(data, Mapping):
        raise QTrainError(f"{where or 'spec'} should be a table of keys and values. Got {data!r}.")
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, kind))}
    prefix = f"{where}." if where else ""
    unknown.extend(f"{prefix}{name}" for name in data if name not in fields)
    values = {}
    for name, declared in fields.items():
        if name in data:
            values[name] = declared.metadata["check"](f"{prefix}{name}", data[name])
        elif declared.default is dataclasses.MISSING and declared.default_factory is dataclasses.MISSING:
            raise QTrainError(
                f"{prefix}{name} should be given. Got nothing: add `{name} = ...` to {where or 'the spec'}."
            )
    return kind(**values)

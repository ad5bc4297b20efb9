"""Data from files: JSON, TOML and text, with one clause about whatever is wrong with them."""

from __future__ import annotations

import errno
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from qtrain.errors import QTrainError

DEEPEST = 100  # levels of lists and tables in a file that we read; ours have fewer than 20
MOST_BYTES = 512 * 1024**2
# TOML's parser takes time and memory by the square of the dots in a key.
_DOTS = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){101}""")
LONGEST = 1000  # bits of a whole number in one: it can still be told as a float


def parse_json(text: str | bytes) -> Any:
    """The data of a JSON text.

    Raises:
        ValueError: one clause, for whatever is wrong with it: no JSON, nested too deep, numbers too long.

    Example:
        >>> parse_json("[1, 2.5]")
        [1, 2.5]
        >>> parse_json("[" * 100_000)
        Traceback (most recent call last):
        ValueError: lists or tables nested more than 100 deep
    """
    try:
        return _bounded(json.loads(_without_mark(text)))
    except RecursionError:
        raise ValueError(f"lists or tables nested more than {DEEPEST} deep") from None


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text, with the errors of :func:`parse_json`."""
    if _DOTS.search(text):
        raise ValueError(f"a name with more than {DEEPEST} dots")
    try:
        found: dict[str, Any] = _bounded(tomllib.loads(_without_mark(text)))
        return found
    except RecursionError:
        raise ValueError(f"lists or tables nested more than {DEEPEST} deep") from None


def _without_mark(text: Any) -> Any:
    """Without the byte order mark that some editors put in front."""
    return text.removeprefix("\ufeff" if isinstance(text, str) else b"\xef\xbb\xbf")


def _bounded(data: Any) -> Any:
    """The same data, if whoever walks through it or adds it up is safe."""
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"lists or tables nested more than {DEEPEST} deep")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
            elif isinstance(item, int) and item.bit_length() > LONGEST:
                raise ValueError(f"a whole number of more than {LONGEST} bits")
        level = inner
    return data


def read_text(path: Path, argument: str, *, kind: str = "a readable file") -> str:
    """A text file, without a byte order mark, or one sentence about why not; ``kind``: what it should be."""
    try:
        piped = path.is_fifo() and str(path).startswith("/dev/")  # what a shell puts in the place of a file
        if path.exists() and not path.is_file() and not piped:  # others would block, or never end
            raise OSError(errno.EINVAL, "it is a folder" if path.is_dir() else "it is no plain file")
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise OSError(errno.EFBIG, f"it has more than {MOST_BYTES // 1024**2} MB")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise QTrainError(f"{argument} should be {kind}. Got {path}, which is not UTF-8.") from None
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise QTrainError(f"{argument} should be {kind}. Got {path}: {why}.") from None


def read_json(path: Path, argument: str, *, kind: str = "a JSON file that can be read") -> Any:
    """The data of a JSON file, or one sentence about why not; ``kind``: what it should be."""
    text = read_text(path, argument, kind=kind)
    try:
        return parse_json(text)
    except ValueError as error:
        raise QTrainError(f"{argument} should be {kind}. Got {path}: {error}.") from None

"""Arrays and functions in a spec: the spec holds their key, which follows from what they are; this process holds them.

So a spec stays plain data: it hashes, compares, and goes on record. The same array or function gives the same key, and
a search that is started again with it goes on. Worker processes get what is built of a spec, not its keys.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qtrain.errors import QTrainError

_KEPT: dict[str, Any] = {}
_PREFIX = "array:"


def keep_array(value: Any) -> str:
    """The key of an array, from its content."""
    array = np.ascontiguousarray(value)
    if array.dtype.kind in "OUS":
        array = np.asarray([str(v) for v in array.ravel().tolist()]).reshape(array.shape)
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode() + array.tobytes()).hexdigest()[:16]
    key = f"{_PREFIX}{digest} ({'x'.join(map(str, array.shape))} {array.dtype.name})"
    _KEPT[key] = array
    return key


def keep_function(value: Callable[..., Any]) -> str:
    """The key of a function: its name, and a digest of what it does and of the plain values it reads.

    Raises:
        QTrainError: what cannot be sent to other processes.
    """
    import cloudpickle

    named: Any = value if isinstance(value, types.FunctionType) else type(value)
    name, digest = f"{named.__module__}:{named.__qualname__}", hashlib.sha256()
    try:
        cloudpickle.dumps(value)
        for part in _parts(value, []) if isinstance(value, types.FunctionType) else [value]:
            plain = isinstance(part, (bool, int, float, complex, str, bytes, type(None)))
            digest.update(repr(part).encode() if plain else cloudpickle.dumps(part))
    except Exception as error:  # whatever the object does when it is pickled
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise QTrainError(
            f"{name} should be a function that can be sent to other processes. Got one that does not pickle: {reason}."
        ) from None
    key = f"{name}#{digest.hexdigest()[:16]}"
    _KEPT[key] = value
    return key


def _parts(function: types.FunctionType, seen: list[Any]) -> Iterator[Any]:
    """Code, defaults, closure, and what it reads of its own module: plain values and functions."""
    seen.append(function)
    yield from _code(function.__code__)
    read = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
    read += [cell.cell_contents for cell in function.__closure__ or ()]
    here = (function.__globals__.get(name) for name in sorted(function.__code__.co_names))
    read += [value for value in here if isinstance(value, (*_PLAIN, types.FunctionType))]
    for value in read:
        if not isinstance(value, types.FunctionType):
            yield value
        elif value.__module__ == function.__module__ and not any(value is other for other in seen):
            yield from _parts(value, seen)


_PLAIN = (bool, int, float, complex, str, tuple, np.ndarray)


def _code(code: types.CodeType) -> Iterator[Any]:
    yield code.co_code
    yield from code.co_names
    for value in code.co_consts:
        yield from _code(value) if isinstance(value, types.CodeType) else (value,)


def kept(key: str, argument: str, folder: Path | None = None) -> Any:
    """What a key stands for: in this process, in a file that :func:`store_array` wrote, or in an importable module.

    Raises:
        QTrainError: nowhere: it has to be given again.
    """
    if key in _KEPT:
        return _KEPT[key]
    if key.startswith(_PREFIX):
        path = _file(key, folder or Path("mlruns"))
        if path.exists():
            _KEPT[key] = np.load(path, allow_pickle=False)
            return _KEPT[key]
        raise QTrainError(f"{argument} should be given as the array again. Got its key alone: {key}.")
    module, _, rest = key.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in rest.partition("#")[0].split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        found = None
    if not callable(found) or keep_function(found) != key:
        raise QTrainError(f"{argument} should be given as the function again. Got its key alone: {key}.")
    return found


def remember(found: Mapping[str, Any]) -> None:
    """Hold what another process held, by its keys."""
    _KEPT.update(found)


def is_key(value: Any) -> bool:
    """Whether it is a key of :func:`keep_array` or :func:`keep_function`."""
    return isinstance(value, str) and (value.startswith(_PREFIX) or ("#" in value and ":" in value))


def _file(key: str, folder: Path) -> Path:
    return folder / "data" / f"{key.removeprefix(_PREFIX).partition(' ')[0]}.npy"


def store_array(key: str, folder: Path | None = None) -> None:
    """Write an array where later processes find it: ``mlruns/data/<digest>.npy``; once.

    Raises:
        QTrainError: the folder cannot be written.
    """
    path = _file(key, folder or Path("mlruns"))
    if path.exists() or key not in _KEPT:
        return
    buffer = io.BytesIO()
    np.save(buffer, _KEPT[key], allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(path)
    except OSError as error:
        raise QTrainError(f"mlruns/data should be a folder that can be written. Got: {error}.") from None

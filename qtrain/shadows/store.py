"""Shadows in a file: NumPy's .npz, packed to three bits for each qubit and shot, with a digest, written whole."""

from __future__ import annotations

import errno
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from qtrain.errors import QTrainError
from qtrain.files.reading import parse_json
from qtrain.files.writing import replaced

FORMAT = 1
MOST_BYTES = 8 * 1024**3
_ARRAYS = ("x", "z", "outcomes")


def write(path: Path, bases: np.ndarray, outcomes: np.ndarray, about: dict[str, Any]) -> None:
    """Write arrays (shots, n) and what is known of them; what was there before is replaced whole, or stays.

    Raises:
        QTrainError: the file cannot be written.
    """
    shots, num_qubits = bases.shape
    arrays = {
        "x": np.packbits(bases & 1), "z": np.packbits(bases >> 1), "outcomes": np.packbits(outcomes)
    }  # fmt: skip
    head = {"format": FORMAT, "kind": "qtrain shadows", "shots": shots, "num_qubits": num_qubits, **about}
    text = json.dumps(head | {"digest": _digest(head, arrays)}, sort_keys=True)
    with replaced(path, "path") as beside, open(beside, "wb") as file:
        np.savez(file, head=np.array(text), **arrays)  # type: ignore[arg-type]


def read(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Bases and outcomes (shots, n), and what is known of them.

    Raises:
        QTrainError: one sentence about why the file is none of shadows, is damaged, or was altered.
    """
    try:
        return _read(path)
    except QTrainError:
        raise
    except OSError as error:
        why = error.strerror or error
        if error.errno is None:  # NumPy's, about files that are none of its own
            why = "it is no .npz file"
        raise QTrainError(f"path should be a readable file of shadows (.npz). Got {path}: {why}.") from None
    except MemoryError:
        raise QTrainError(f"path should be a file that fits into memory. Got {path}, which does not.") from None
    except Exception as error:  # what NumPy, zlib and zipfile raise for damaged files is theirs to choose
        said = " ".join(str(error).split())[:100]
        raise QTrainError(
            f"path should be a sound file of shadows (.npz). Got {path}, which is damaged or of another kind "
            f"({type(error).__name__}{said and ': '}{said})."
        ) from None


def check_shadows(path: Path, argument: str) -> None:
    """Refuse to renew what is no file of shadows.

    Raises:
        QTrainError: another file, such as an .npz file of arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            ours = '"kind": "qtrain shadows"' in str(file["head"])
    except Exception:  # whatever it is, it is not ours
        ours = False
    if not ours:
        raise QTrainError(
            f"{argument} should be a new file, or one of shadows to renew. Got {path}, which is something else: "
            "choose another name, or remove it."
        )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    if path.exists() and not path.is_file():  # others would block, or never end
        raise OSError(errno.EINVAL, "it is a folder" if path.is_dir() else "it is no plain file")
    with zipfile.ZipFile(path) as members:
        if sum(member.file_size for member in members.infolist()) > MOST_BYTES:
            raise QTrainError(f"path should be a file of shadows of at most {MOST_BYTES // 1024**3} GB. Got {path}.")
    with np.load(path, allow_pickle=False) as file:
        head = parse_json(str(file["head"]))
        arrays = {name: np.asarray(file[name]) for name in _ARRAYS}
    if not isinstance(head, dict) or head.get("kind") != "qtrain shadows":
        raise QTrainError(f"path should be a file of shadows. Got {path}, which says that it is something else.")
    if head.get("format") != FORMAT:
        raise QTrainError(
            f"path should be a file of shadows of format {FORMAT}. Got {path} of format {head.get('format')!r}: "
            "renew qtrain."
        )
    shots, n = head["shots"], head["num_qubits"]
    length = -(-int(shots) * int(n) // 8)
    sound = all(array.dtype == np.uint8 and array.shape == (length,) for array in arrays.values())
    if not sound or head.pop("digest", None) != _digest(head, arrays):
        raise QTrainError(f"path should be a file of shadows as it was written. Got {path}, which was altered.")
    x, z, outcomes = (np.unpackbits(arrays[name], count=shots * n).reshape(shots, n) for name in _ARRAYS)
    about = {key: value for key, value in head.items() if key not in ("format", "kind", "shots", "num_qubits")}
    return x + 2 * z, outcomes, about


def _digest(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> str:
    found = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for name in _ARRAYS:
        found.update(arrays[name].tobytes())
    return found.hexdigest()[:32]

"""Files that the command line writes: what cannot be written is said first, and nothing is written over by mistake."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from qtrain.errors import QTrainError

# What a file of a kind begins with; an existing one that does not is not ours to renew.
_BEGINS = {
    ".html": (b"<!doctype html", b"<html"),
    ".png": (b"\x89PNG",),
    ".svg": (b"<?xml", b"<svg", b"<!doctype svg"),
    ".pdf": (b"%PDF",),
    ".qasm": (b"openqasm", b"//"),
    ".qpy": (b"qiskit",),
    ".npz": (b"pk",),
    ".json": (b'{\n "format": "qtrain molecule', b'{\n "format": 2,\n "kind": "pretrained"'),
}


def check_output(path: Path, argument: str, *, kind: str, inputs: Iterable[Path | None] = ()) -> None:
    """Before anything is computed: a file that could not be written, or that is not to be written over.

    Args:
        path: what will be written. kind: its ending, ``".html"`` or that of a figure.
        inputs: what the command reads; the same file under any name (hard or symbolic link) is not written over.

    Raises:
        QTrainError: one of the inputs, a file of another kind, or no folder to write in.

    Example:
        >>> check_output(Path("circuit.qasm"), "output", kind=".html", inputs=[Path("./circuit.qasm")])
        Traceback (most recent call last):
        qtrain.errors.QTrainError: output should be another file than the input. Got circuit.qasm: choose another name.
    """
    for given in inputs:
        if given is not None and (path.absolute() == given.absolute() or _same(path, given)):
            raise QTrainError(f"{argument} should be another file than the input. Got {path}: choose another name.")
    if not path.absolute().parent.is_dir():
        raise QTrainError(f"{argument} should be in a folder that exists. Got {path}.")
    if path.is_dir():
        raise QTrainError(f"{argument} should be a file. Got {path}, which is a folder.")
    try:
        path.resolve()
    except (OSError, RuntimeError):  # RuntimeError below Python 3.13
        raise QTrainError(f"{argument} should be a file that can be written. Got {path}: links in a circle.") from None
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise QTrainError(f"{argument} should be a file that can be written. Got {path}: permission denied.")
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            head = file.read(64).lstrip().lower()
    except OSError as error:
        raise QTrainError(f"{argument} should be a file that can be written. Got {path}: {error.strerror}.") from None
    if head and not head.startswith(tuple(begin.lower() for begin in _BEGINS[kind])):
        raise QTrainError(
            f"{argument} should be a new file, or a {kind[1:]} file to renew. "
            f"Got {path}, which is something else: choose another name, or remove it."
        )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False

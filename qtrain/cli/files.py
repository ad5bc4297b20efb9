"""Files that the command line reads and writes: one sentence where that fails, and nothing written over by mistake."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qtrain.errors import QTrainError

# What a file of a kind begins with; an existing one that does not is not ours to renew.
_BEGINS = {
    ".html": (b"<!doctype html", b"<html"),
    ".png": (b"\x89PNG",),
    ".svg": (b"<?xml", b"<svg", b"<!doctype svg"),
    ".pdf": (b"%PDF",),
    ".json": (b'{\n "format": "qtrain molecule',),
}


def read_text(path: Path, argument: str) -> str:
    """A text file, or one sentence about why not."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise QTrainError(f"{argument} should be a text file. Got {path}, which is not UTF-8.") from None
    except OSError as error:
        raise QTrainError(f"{argument} should be a readable file. Got {path}: {error.strerror}.") from None


def write_text(path: Path, text: str, argument: str) -> None:
    """Write a file, or one sentence about why not."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QTrainError(f"{argument} should be a file that can be written. Got {path}: {error.strerror}.") from None


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

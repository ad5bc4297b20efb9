"""Files written whole or not at all.

A writer that fails half-way (no space left, an interrupt) leaves what was there before, and no empty file: the new
content is written beside the target and takes its name when it is complete.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from qtrain.errors import QTrainError, shortened


def write_text(path: Path, text: str, argument: str) -> None:
    """Write a file, or one sentence about why not; then the old one is still there."""
    with replaced(path, argument) as beside:
        beside.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def replaced(path: Path, argument: str) -> Iterator[Path]:
    """A name beside ``path`` for the block to write; the file takes the place of ``path`` when the block ends well.

    A link stays, and its target is renewed. What is no plain file (/dev/null, a pipe) is written directly. The name
    keeps the ending of ``path``, by which libraries choose a format.

    Raises:
        QTrainError: with the file's name, for whatever the system says of it.

    Example:
        >>> with replaced(Path("figure.txt"), "output") as beside:
        ...     _ = beside.write_text("whole")
        >>> Path("figure.txt").read_text()
        'whole'
    """
    beside: Path | None = None
    try:
        target = path.resolve()  # Python below 3.13 raises RuntimeError for links in a circle
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            yield target
            return
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        beside = target.with_name(f".{secrets.token_hex(6)}{target.suffix}")
        yield beside
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        with open(beside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
        beside = None
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise QTrainError(f"{argument} should be a file that can be written. Got {path}: {why}.") from None
    finally:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()


def as_npz(path: str | os.PathLike[str], argument: str = "path") -> Path:
    """The name of an .npz file that the system takes; whether it is there is not asked.

    Raises:
        QTrainError: no name, another ending, a name that is too long or holds a zero byte.

    Example:
        >>> as_npz("kept.npz").name
        'kept.npz'
    """
    wanted = f"{argument} should be the name of an .npz file"
    try:
        place = Path(path)
        if "\0" in str(place):
            raise ValueError("it holds a zero byte")
        place.exists()
    except (TypeError, OSError, ValueError) as error:  # no name, too long
        why = getattr(error, "strerror", None) or error
        raise QTrainError(f"{wanted}. Got {shortened(path)}: {why}.") from None
    if place.suffix.lower() != ".npz":
        raise QTrainError(f"{wanted}. Got {shortened(str(place))}.")
    return place

"""What the command line writes to the terminal, and how: any text, on any terminal, into any pipe."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# Names from files may hold escape sequences, by which a terminal does what the file says, and marks that turn the
# direction of what follows. Nothing that we print ourselves has them.
_HIDDEN = [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
_ERASED = dict.fromkeys(code for code in _HIDDEN if chr(code) not in "\n\t")
_SPELT = {code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" for code in _HIDDEN} | {9: " ", 10: " ", 13: " "}

_DRAWN = {0x2500: "-", 0x2502: "|", 0x2550: "=", 0x2551: "|", 0x2588: "#", 0x2591: ":"}  # lines; corners are +
_ASCII = str.maketrans("–—−…≤≥≈·•×→←↑↓★√∞‹›“”‘’±░║═", "---.<>~.*x><^v*V8<>\"\"''+:|=")
LONGEST = 1200  # characters of a sentence about an error: a value in it may be longer than any terminal


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """For encodings that lack a character: one that looks like it, a Greek letter's name, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_like, error.object[error.start : error.end])), error.end


def _like(character: str) -> str:
    code = ord(character)
    if 0x2500 <= code < 0x25A0:
        return _DRAWN.get(code, "+")
    if (ascii_ := character.translate(_ASCII)).isascii():
        return ascii_
    name = unicodedata.name(character, "")
    if name.startswith(("GREEK SMALL LETTER", "GREEK CAPITAL LETTER")):
        return name.split()[3].lower()
    simple = "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
    return simple or "?"


codecs.register_error("qtrain-plainly", _plainly)


def terminal(*, stderr: bool = False) -> Console:
    """Rich's console of stdout or stderr, to which no name can give orders."""
    from rich.console import Console
    from rich.segment import Segment

    class Guarded(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                if segment.control or segment.text.isprintable():
                    yield segment
                else:
                    yield Segment(segment.text.translate(_ERASED), segment.style)

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 (main ends quietly)

    return Guarded(stderr=stderr, highlight=False)


def spelt(text: str) -> str:
    """One line that any terminal shows as it is: what is hidden is spelt out, what is too long is cut.

    Example:
        >>> spelt("red \\x1b[31m\\nname")
        'red \\\\x1b[31m name'
    """
    line = text.translate(_SPELT)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 300]} … {line[-297:]}"


def say(text: str, *, err: bool = False) -> None:
    """Lines of text, to stdout or stderr."""
    typer.echo("\n".join(map(spelt, text.split("\n"))), err=err)


def print_views(*parts: RenderableType) -> None:
    """Tables and figures of text, to stdout."""
    console = terminal()
    for part in parts:
        console.print(part)


def print_json(data: Any) -> None:
    """JSON, to stdout."""
    import json

    unicode = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")
    text = json.dumps(data, indent=1, ensure_ascii=not unicode)
    typer.echo(text.translate({code: f"\\u{code:04x}" for code in _HIDDEN if code not in (9, 10, 13)}))


def announce() -> None:
    """Warnings and log messages of the library as single lines on stderr; letters that an encoding lacks, alike."""
    import logging
    import warnings

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="qtrain-plainly")

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if not issubclass(category, (DeprecationWarning, PendingDeprecationWarning)):
            say(f"qtrain: {message}".replace("\n", " "), err=True)

    class Stderr(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"qtrain: {record.getMessage()}".replace("\n", " "), err=True)

    warnings.showwarning = show
    logger = logging.getLogger("qtrain")
    if not logger.handlers:
        logger.addHandler(Stderr())


def let_go() -> None:
    """Nobody reads stdout any more, or nothing can be written to it: what is still in its buffer is dropped."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, sys.stdout.fileno())
        os.close(silent)

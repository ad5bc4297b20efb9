"""What the command line writes to the terminal, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def terminal(*, stderr: bool = False) -> Console:
    """Rich's console of stdout or stderr."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def print_views(*parts: RenderableType) -> None:
    """Tables and figures of text, to stdout."""
    console = terminal()
    for part in parts:
        console.print(part)


def print_json(data: Any) -> None:
    """JSON, to stdout."""
    import json

    typer.echo(json.dumps(data, indent=1, ensure_ascii=False))


def announce() -> None:
    """Warnings and log messages of the library as single lines on stderr."""
    import logging
    import warnings

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if not issubclass(category, (DeprecationWarning, PendingDeprecationWarning)):
            typer.echo(f"qtrain: {message}", err=True)

    class Stderr(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            typer.echo(f"qtrain: {record.getMessage()}", err=True)

    warnings.showwarning = show
    logger = logging.getLogger("qtrain")
    if not logger.handlers:
        logger.addHandler(Stderr())

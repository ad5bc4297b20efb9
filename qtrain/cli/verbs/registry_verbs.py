"""``qtrain list | show | register | package | model``: what was registered, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qtrain.cli.options import Json, Registered, Storage, Tracking
from qtrain.cli.terminal import print_json, print_views, say, terminal


def list_(json: Json = False) -> None:
    """List the registered architectures, your own and those of installed packages."""
    from qtrain.cli.verbs import study_verbs

    rows = study_verbs.entries()
    if json:
        print_json(rows)
    elif not rows:
        say("No architecture is registered yet. A search registers its winner: qtrain search SPEC")
    else:
        from qtrain.views import tables

        shown = [row | {"observable": tables.shortened(row["observable"])} for row in rows]
        print_views(tables.grid(list(rows[0]), [list(row.values()) for row in shown]))


def show(name: Registered, json: Json = False) -> None:
    """Show a registered architecture: its layers, its figures, its circuit."""
    from qtrain.cli.verbs import study_verbs
    from qtrain.registry.registry import load

    entry = load(name)
    if json:
        print_json(entry.to_dict())
    else:
        from qtrain.views import study_tables

        drawing = study_verbs.drawing(entry, width=terminal().width)
        print_views(study_tables.entry_view(entry, study_verbs.entry_report(entry), drawing=drawing))


def register(
    study: Annotated[str, typer.Argument(help="Name of a study, or its spec file, whose rule then counts.")],
    storage: Storage = None,
    name: Annotated[str | None, typer.Option(help="Registry name; the study's if not given.")] = None,
) -> None:
    """Register the winner of a study that has run."""
    from qtrain.cli.verbs import study_verbs

    say(study_verbs.register(study, storage=storage, name=name))


def package(
    name: Registered,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder that the package is written into.")],
) -> None:
    """Write a registered architecture as a package that pip installs."""
    from qtrain.registry.packaging import package

    folder = package(name, output)
    say(f"Wrote {folder}: pip install {folder}")


def model(name: Registered, tracking_uri: Tracking = None) -> None:
    """Log a registered winner as an MLflow model: a new version, and the champion if it is the best."""
    from qtrain.cli.verbs import study_verbs

    say(study_verbs.model(name, tracking_uri))

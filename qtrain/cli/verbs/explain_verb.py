"""``qtrain explain``: what a cause means, how it is measured, what helps."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    cause: Annotated[
        str | None, typer.Argument(help="A cause of a diagnosis, such as concentrated, or a word of its figures.")
    ] = None,
) -> None:
    """Explain a cause of a diagnosis: what it means, how it is measured, what helps. Without one, list them."""
    from qtrain.cli.terminal import print_views
    from qtrain.views import explanations

    print_views(explanations.explain_all() if cause is None else explanations.explain(cause))

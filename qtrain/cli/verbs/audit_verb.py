"""``qtrain audit``: does a data set, or a model on it, need anything quantum?"""

from __future__ import annotations

from typing import Annotated

import typer

from qtrain.cli.options import Json, Seed
from qtrain.cli.terminal import print_json, print_views

EXAMPLE = "Example: qtrain audit measurements.csv --label phase --model qcnn"


def audit(
    data: Annotated[
        str,
        typer.Argument(
            help=".csv with a line of names, .npz with X (features, or complex states) and y; or iris, wine, "
            "breast_cancer, digits."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(help="Quantum model: a registered winner, or a name such as qcnn.  [default: efficient_su2]"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column of a .csv that holds the classes.  [default: the last]")
    ] = None,
    samples: Annotated[int, typer.Option(help="So many are drawn of a larger set.")] = 1000,
    repeats: Annotated[int, typer.Option(help="Rounds of five folds, as far as the time goes.")] = 3,
    seed: Seed = 0,
    seconds: Annotated[float | None, typer.Option(help="Time budget.  [default: 30]")] = None,
    json: Json = False,
) -> None:
    """Ask whether a data set needs anything quantum: do simple models, and models without entanglement, keep up?"""
    from qtrain.budget import Budget
    from qtrain.triviality.audit import audit as ask

    budget = None if seconds is None else Budget(seconds=seconds)
    found = ask(data, model=model, label=label, samples=samples, repeats=repeats, seed=seed, budget=budget)
    if json:
        print_json(found.to_record())
    else:
        from qtrain.views.audit_tables import audit_view

        print_views(audit_view(found))

"""Options and arguments that verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]
Storage = Annotated[
    str | None,
    typer.Option(help="Journal file, database or grpc:// URL of the study.  [default: mlruns/<study>.journal]"),
]
Tracking = Annotated[str | None, typer.Option(help="MLflow store or server.  [default: sqlite:///mlruns/mlflow.db]")]
Jobs = Annotated[int, typer.Option(help="Trials that run at the same time.")]
Backend = Annotated[
    str | None,
    typer.Option(help="Where trials run: supervised (processes of this host), loky or dask.  [default: supervised]"),
]
Scheduler = Annotated[str | None, typer.Option(help="Dask scheduler that trials run on, such as tcp://host:8786.")]
Registered = Annotated[str, typer.Argument(help="A registered name; see qtrain list.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.")]
Shots = Annotated[int, typer.Option(help="Shots per expectation value that you can afford.")]
MEASURED = 'What is measured: "ZII + 0.5*IXX", "Z0 Z1 - X2", "sum ZZ + 0.5*sum X", "parity", or @FILE with such a text.'
Noise = Annotated[
    str | None, typer.Option(help="Error rate of each gate, such as 0.001; a device, such as FakeTorino; JSON.")
]
Start = Annotated[str, typer.Option(help="Distribution of the angles, such as uniform.")]
Inputs = Annotated[
    str | None, typer.Option(help="Parameters that carry data, such as x: averaged over --data, or random points.")
]
Data = Annotated[Path | None, typer.Option(help="Data as text: a point on each line, a number for each input.")]
Seconds = Annotated[float | None, typer.Option(help="Time budget; what it cuts short becomes a bound.  [default: 5]")]
Thorough = Annotated[bool, typer.Option("--thorough", help="A time budget of 30 seconds.")]
Spec = Annotated[Path, typer.Argument(help="TOML file: task, device, search space, objectives, trials, seed.")]

LISTED = {
    "diagnose": "Say whether a circuit can be trained, and why not.",
    "improve": "Try what would make it trainable, and write the better circuit.",
    "pretrain": "Find angles to begin with on a device, without one.",
    "explain": "Explain a cause of a diagnosis, and what helps.",
    "scaling": "Say how gradients shrink with the number of qubits.",
    "report": "Write the report of a circuit or a study as one HTML page.",
    "audit": "Ask whether a data set needs anything quantum.",
    "search": "Search an architecture, and register the winner.",
    "compare": "Compare a search with what one would do without it.",
    "worker": "Join a search of other processes or hosts.",
    "molecule": "Write a molecule's Hamiltonian on qubits.",
    "register": "Register the winner of a study that has run.",
    "list": "List the registered architectures.",
    "show": "Show a registered architecture: its layers and its figures.",
    "package": "Write a registered architecture as a package that pip installs.",
    "model": "Log a registered winner as an MLflow model.",
}
"""What ``qtrain --help`` says of each verb, in this order: whole on a line of 80 columns."""

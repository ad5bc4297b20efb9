"""``qtrain shadows``: acquire classical shadows of circuits on a device, add them, read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from qtrain.cli.files import check_output
from qtrain.cli.options import Json, Seed
from qtrain.cli.terminal import print_json, print_views, say
from qtrain.errors import QTrainError

shadows = typer.Typer(
    name="shadows",
    help="Acquire classical shadows of circuits on a device, once; read them classically, as often as you like.",
    epilog="Example: qtrain shadows collect bell.qpy --backend FakeTorino --shots 4000 -o bell.npz",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Output = Annotated[Path, typer.Option("--output", "-o", help="File of shadows that is written: .npz.")]
Files = Annotated[list[Path], typer.Argument(help="Files of shadows: .npz.")]


@shadows.command(
    short_help="Measure circuits in random bases.",
    epilog="Example: qtrain shadows collect encoded.qpy --data points.csv --backend aer -o data.npz",
)
def collect(
    files: Annotated[list[Path], typer.Argument(help="Circuits that prepare the states: .qpy or .qasm.")],
    output: Output,
    backend: Annotated[
        str | None,
        typer.Option(help="aer, or a device such as FakeTorino, with its noise.  [default: simulated without noise]"),
    ] = None,
    shots: Annotated[int, typer.Option(help="Shots of each state.")] = 20_000,
    shots_per_basis: Annotated[
        int | None, typer.Option(help="Shots that share a choice of bases.  [default: up to 16 on a backend, else 1]")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Parameters as text, a line for each state: with one circuit.")
    ] = None,
    seed: Seed = 0,
    optimization_level: Annotated[int, typer.Option(help="Of the transpiler, 0 to 3.")] = 1,
) -> None:
    """Measure circuits in random bases. Started again, it goes on; several states get a file each (data-0.npz, …)."""
    from qtrain.cli.verbs.circuit_verbs import read_data
    from qtrain.shadows.collect import collect_shadows

    if data is not None and len(files) > 1:
        raise QTrainError(f"data should be given with one circuit, for its parameters. Got {len(files)} circuits.")
    points: Sequence[Any] = [None] * len(files) if data is None else list(read_data(data))
    circuits = list(files) if data is None else list(files) * len(points)
    places = [output] if len(points) == 1 else [numbered(output, k, len(points)) for k in range(len(points))]
    for place in places:
        check_output(place, "output", kind=".npz", inputs=[*files, data])
    for place, circuit, point in zip(places, circuits, points, strict=True):
        made = collect_shadows(
            circuit, parameter_values=point, backend=backend, shots=shots, shots_per_basis=shots_per_basis, seed=seed,
            optimization_level=optimization_level, output=place,
        )  # fmt: skip
        say(f"Wrote {place}: {made.num_qubits} qubits, {len(made):,} shots, {made.source}.")


@shadows.command(
    short_help="Expectation values, with intervals.",
    epilog='Example: qtrain shadows estimate data.npz -O "ZZI + 0.5*IXX" -O "sum ZZ"',
)
def estimate(
    files: Files,
    observable: Annotated[
        list[str], typer.Option("--observable", "-O", help='"ZII + 0.5*IXX", "sum ZZ", …; may be given again.')
    ],
    method: Annotated[str, typer.Option(help="matched, mean or median_of_means.")] = "matched",
    confidence: Annotated[float, typer.Option(help="Of the intervals of a file, together.")] = 0.95,
    json: Json = False,
) -> None:
    """Expectation values from shadows, with intervals that hold for every state."""
    import dataclasses

    from qtrain.cli.verbs.circuit_verbs import read_observable
    from qtrain.json_results import count
    from qtrain.shadows.data import Shadows

    texts = [read_observable(text) for text in observable]
    found = [(path, Shadows.load(path).estimate_all(texts, method=method, confidence=confidence)) for path in files]
    rows = [(str(path), text, one) for path, several in found for text, one in zip(texts, several, strict=True)]
    if json:
        print_json([{"file": path, "observable": text} | dataclasses.asdict(one) for path, text, one in rows])
        return
    from qtrain.views.tables import grid

    columns = ["file", "observable", "value", "standard error", f"{100 * confidence:g} % interval", "shots"]
    lines = [
        [path, text, one.value, one.standard_error, f"[{one.lower:.4g}, {one.upper:.4g}]", f"{one.shots:,}"]
        for path, text, one in rows
    ]
    print_views(grid(columns, lines))
    missing = sum(one.unmeasured for _, _, one in rows)
    if missing:
        say(f"Measured by no shot: {count(missing, 'term')}; the intervals allow for that.", err=True)


@shadows.command(
    short_help="Add shadows of one state.", epilog="Example: qtrain shadows add monday.npz tuesday.npz -o both.npz"
)
def add(files: Files, output: Output) -> None:
    """Add shadows of one state that were acquired with different seeds."""
    from qtrain.shadows.data import Shadows, merge
    from qtrain.shadows.store import check_shadows

    check_output(output, "output", kind=".npz", inputs=files)
    made = merge([Shadows.load(path) for path in files])
    if output.exists():
        check_shadows(output, "output")
    made.save(output)
    say(f"Wrote {output}: {made.num_qubits} qubits, {len(made):,} shots.")


def numbered(path: Path, k: int, count: int) -> Path:
    """``data-03.npz``: as many digits as the last has.

    Example:
        >>> numbered(Path("data.npz"), 3, 20).name
        'data-03.npz'
    """
    return path.with_name(f"{path.stem}-{k:0{len(str(count - 1))}d}{path.suffix}")

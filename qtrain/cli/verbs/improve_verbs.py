"""``qtrain improve``: what would make a circuit trainable, tried; and the circuit of a row, written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qtrain.cli.files import check_output
from qtrain.cli.options import MEASURED, Data, Inputs, Json, Noise, Seed, Shots, Start
from qtrain.cli.terminal import print_json, print_views, say
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qtrain.improvement.results import Improvements

EXAMPLE = "Example: qtrain improve ansatz.qasm -O parity --keep depth --apply 1 -o better.qasm"


def improve(
    file: Annotated[Path, typer.Argument(help="A circuit: .qasm (OpenQASM 2 or 3) or .qpy.")],
    observable: Annotated[str, typer.Option("--observable", "-O", help=MEASURED)],
    keep: Annotated[
        str | None,
        typer.Option(help="What stays: observable, start, entanglement, depth, parameters, circuit, function."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Only what keeps the function: dead parameters go.")] = False,
    apply: Annotated[int | None, typer.Option(help="Write the circuit of this row.  [default: 1, with -o]")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to: .qasm (OpenQASM 3) or .qpy.")] = None,
    shots: Shots = 10_000,
    seed: Seed = 0,
    noise: Noise = None,
    initialization: Start = "uniform",
    inputs: Inputs = None,
    data: Data = None,
    seconds: Annotated[float | None, typer.Option(help="Time budget for all edits.  [default: 20]")] = None,
    all_rows: Annotated[bool, typer.Option("--all", help="Every row; else the best 12.")] = False,
    json: Json = False,
) -> None:
    """Try what would make a circuit trainable: observable, start, entanglement, layers; measure each."""
    from qtrain.budget import Budget
    from qtrain.cli.first_run import compiling_beside
    from qtrain.cli.verbs import circuit_verbs
    from qtrain.improvement.improve import improve as try_edits
    from qtrain.improvement.table import check_words

    kept = check_words(() if keep is None else keep.split(","), "keep") + (("function", "start") if fix else ())
    if apply is not None and output is None:
        raise QTrainError("output should be given with apply, such as -o better.qasm. Got none.")
    if apply is not None and apply < 0:
        raise QTrainError(f"apply should be a row of the table, from 1, or 0 for the circuit as it is. Got {apply}.")
    if output is not None:
        if output.suffix.lower() not in (".qasm", ".qpy"):
            raise QTrainError(f"output should end in .qasm or .qpy. Got {output}.")
        check_output(output, "output", kind=output.suffix.lower(), inputs=[file, data])
    if data is not None and inputs is None:
        raise QTrainError("inputs should name the parameters that data fills, such as --inputs x. Got none.")
    (circuit,) = circuit_verbs.read_circuits([file], free_angles=None).values()
    asked = circuit_verbs.read_observable(observable)
    with compiling_beside(circuit.num_qubits):
        found = try_edits(
            circuit, asked, keep=kept, initialization=initialization, noise=circuit_verbs.read_noise(noise),
            shots=shots, seed=seed, budget=None if seconds is None else Budget(seconds=seconds),
            inputs=() if inputs is None else inputs, data=None if data is None else circuit_verbs.read_data(data),
        )  # fmt: skip
    if json:
        print_json(found.to_record())
    else:
        from qtrain.views.improvement_tables import improvements_view
        from qtrain.views.tables import headline

        print_views(improvements_view(found, title=headline(file.name, asked), most=None if all_rows else 12))
    if output is not None:
        say(write_row(found, 1 if apply is None else apply, output), err=json)


def write_row(found: Improvements, k: int, output: Path) -> str:
    """Write the circuit of a row; what to measure, and where to start from, as a command.

    Raises:
        QTrainError: no such row, or a circuit that OpenQASM 3 cannot say.
    """
    from qtrain.improvement.files import write_circuit
    from qtrain.improvement.observables import full_text

    k = k if found.tried or k != 1 else 0  # nothing was found: the circuit as it is
    if not 0 <= k <= len(found.tried):
        raise QTrainError(f"apply should be a row of the table, 0 to {len(found.tried)}. Got {k}.")
    circuit, observable, initialization = found.apply(k)
    write_circuit(circuit, output)
    start = "" if initialization == "uniform" else f" --initialization {initialization}"
    what = found.row(k).what
    return f'Wrote {output}: {what}.\nSee it: qtrain diagnose {output} -O "{full_text(observable)}"{start}'

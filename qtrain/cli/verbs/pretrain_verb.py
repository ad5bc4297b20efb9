"""``qtrain pretrain``: angles that a circuit begins with on a device, found without one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qtrain.cli.files import check_output
from qtrain.cli.options import Json, Seed
from qtrain.cli.terminal import say
from qtrain.errors import QTrainError

EXAMPLE = 'Example: qtrain pretrain ansatz.qasm -H "ZZI + IZZ + 0.5*IXI" -o start.json'


def pretrain(
    circuit: Annotated[str, typer.Argument(help="A circuit (.qasm or .qpy), or a registered name; see qtrain list.")],
    hamiltonian: Annotated[
        str, typer.Option("--hamiltonian", "-H", help="Text such as 'ZZI + 0.5*IXX', or a file of Pauli terms.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to: .json (the angles and all figures) or .qpy.")
    ] = None,
    start: Annotated[str, typer.Option(help="clifford, surrogate, or winner: the angles of a registered one.")] = (
        "surrogate"
    ),
    width: Annotated[float, typer.Option(help="Of the Gaussian around the angles, in radians.")] = 0.1,
    steps: Annotated[int, typer.Option(help="Gradients of the descent, at most.")] = 200,
    keep: Annotated[
        Path | None, typer.Option(help="File of the best angles so far: the same command goes on from it.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Time budget for the variance around the angles.")] = 30.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Find angles to begin with on a device, without one; say whether the circuit still trains from there."""
    from qtrain.budget import Budget
    from qtrain.circuits.files import read_circuit
    from qtrain.files.writing import replaced, write_text
    from qtrain.pretraining.pretrain import pretrain as find
    from qtrain.registry.registry import load
    from qtrain.studies.tasks.hamiltonian import read_hamiltonian, read_terms

    if output is not None:
        if output.suffix.lower() not in (".json", ".qpy"):
            raise QTrainError(f"output should end in .json or .qpy. Got {output}.")
        given = [Path(text) for text in (circuit, hamiltonian) if Path(text).suffix]
        check_output(output, "output", kind=output.suffix.lower(), inputs=given)
    begin: object = start
    if circuit.lower().endswith((".qasm", ".qpy")):
        whole = read_circuit(circuit)
        if start == "winner":
            raise QTrainError("start should be 'clifford' or 'surrogate' for a file. Got 'winner': it has no angles.")
    else:
        entry = load(circuit)
        whole = entry.circuit()
        if start == "winner":
            if entry.angles is None:
                raise QTrainError(f"start should be 'clifford' or 'surrogate': {circuit} has no trained angles.")
            begin = list(entry.angles)
    n = whole.num_qubits
    file = Path(hamiltonian.removeprefix("@"))
    try:
        there = file.is_file()
    except OSError:  # a text that is too long for a name
        there = False
    operator = read_hamiltonian(file, n)[0] if there else read_terms(hamiltonian, n)
    found = find(
        whole, operator, start=begin, width=width, steps=steps, keep=keep, budget=Budget(seconds=seconds),  # type: ignore[arg-type]
        seed=seed,
    )  # fmt: skip
    if output is not None and output.suffix.lower() == ".json":
        write_text(output, found.to_json() + "\n", "output")
    elif output is not None:
        from qiskit import qpy

        with replaced(output, "output") as beside, beside.open("wb") as opened:
            qpy.dump(found.assign(whole), opened)
    say(found.to_json() if json else f"{found!r}"[1:-1] + ("" if output is None else f"\nwritten to {output}"))

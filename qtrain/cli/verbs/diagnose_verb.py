"""``qtrain diagnose``: whether a circuit can be trained, as tables, JSON, a figure or an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qtrain.cli.options import MEASURED, Data, Inputs, Json, Noise, Seconds, Seed, Shots, Start, Thorough
from qtrain.cli.terminal import print_json, print_views, say, terminal

EXAMPLE = 'Example: qtrain diagnose ansatz.qasm --observable "ZII + 0.5*IXX" --fail-if "dead > 0.1"'
FAIL_IF = 1  # exit code where a condition holds


def diagnose(
    file: Annotated[Path, typer.Argument(help="A circuit: .qasm (OpenQASM 2 or 3) or .qpy.")],
    observable: Annotated[str, typer.Option("--observable", "-O", help=MEASURED)],
    json: Json = False,
    shots: Shots = 10_000,
    seed: Seed = 0,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(help='Exit with code 1 if this holds, such as "dead > 0.1"; may be given again.'),
    ] = None,
    against: Annotated[Path | None, typer.Option(help="A second circuit: what differs between the two.")] = None,
    at: Annotated[
        Path | None, typer.Option(help="Angles as JSON, a list or {name: angle}: gradient and shots at this point.")
    ] = None,
    free_angles: Annotated[
        bool | None,
        typer.Option(
            "--free-angles/--keep-angles",
            help="Make every non-Clifford angle of the file a parameter.  [default: if it has none]",
        ),
    ] = None,
    noise: Noise = None,
    initialization: Start = "uniform",
    inputs: Inputs = None,
    data: Data = None,
    seconds: Seconds = None,
    thorough: Thorough = False,
    improve: Annotated[
        bool, typer.Option("--improve", help="Also try edits of the circuit, and show the three best: 20 seconds more.")
    ] = False,
    all_parameters: Annotated[bool, typer.Option("--all", help="One row for every parameter.")] = False,
    figure: Annotated[Path | None, typer.Option(help="Also draw the variance profile, to .png, .svg or .pdf.")] = None,
) -> None:
    """Say whether a circuit can be trained, and why not, parameter by parameter."""
    from qtrain.cli.verbs import circuit_verbs
    from qtrain.diagnosis import at_point
    from qtrain.diagnosis.conditions import Condition, quantities

    conditions = [Condition.parse(text) for text in fail_if or ()]
    circuit_verbs.check_figure(figure, file, against, at)
    circuits = circuit_verbs.read_circuits([file] if against is None else [file, against], free_angles=free_angles)
    observable = circuit_verbs.read_observable(observable)
    angles = None if at is None else circuit_verbs.read_angles(at, next(iter(circuits.values())))
    reports = circuit_verbs.diagnose_circuits(
        circuits, observable, shots=shots, seed=seed, noise=noise, initialization=initialization, seconds=seconds,
        thorough=thorough, inputs=inputs, data=data,
    )
    report = next(iter(reports.values()))
    local = None if angles is None else at_point.local(next(iter(circuits.values())), observable, angles, shots=shots)
    tried = None
    if improve:
        tried = circuit_verbs.try_edits(
            next(iter(circuits.values())), observable, shots=shots, seed=seed, noise=noise,
            initialization=initialization, inputs=inputs, data=data,
        )  # fmt: skip
        from qtrain.improvement.advice import advised

        report = advised(report, tried)
        reports = {**reports, next(iter(reports)): report}
    if json:
        print_json(circuit_verbs.reports_json(reports, local, tried))
    else:
        from qtrain.views import tables

        if against is None:
            title = tables.headline(file.name, observable)
            picture = circuit_verbs.picture(report, terminal())
            print_views(tables.report_view(report, title=title, picture=picture, all_parameters=all_parameters), "")
        else:
            print_views(tables.comparison(reports), "")
        if tried is not None:
            from qtrain.views import improvement_tables

            print_views(improvement_tables.best_edits(tried), "")
        if local is not None:
            print_views(tables.local_view(local, all_parameters=all_parameters), "")
    if figure is not None:
        from qtrain.files.writing import replaced
        from qtrain.views.figures.frame import figure_of
        from qtrain.views.figures.profile import plot_profile
        from qtrain.views.tables import headline

        axes = plot_profile(report)
        axes.set_title(headline(file.name, observable, widest=40), fontsize=8)
        with replaced(figure, "figure") as beside:
            figure_of(axes).savefig(beside)
    held = [condition for condition in conditions if condition.holds(quantities(report))]
    for condition in held:
        value = quantities(report)[condition.quantity]
        say(f"qtrain: {file}: {condition} holds ({condition.quantity} = {value:.4g}).", err=True)
    if held:
        raise typer.Exit(FAIL_IF)

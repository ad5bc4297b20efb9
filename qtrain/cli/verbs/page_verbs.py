"""``qtrain report``: the HTML page of a circuit file, of a registered winner, or of a report that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtrain.cli.options import Data, Inputs, Noise, Seconds, Seed, Shots, Start, Storage, Thorough
from qtrain.cli.terminal import say
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.improvement.results import Improvements

SOURCE = "A circuit file, a registered name, a report's JSON file; or a study: its spec, its journal, its name."


def report(
    source: Annotated[str, typer.Argument(help=SOURCE)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML page to write.")],
    observable: Annotated[str | None, typer.Option("--observable", "-O", help="Needed for a circuit file.")] = None,
    against: Annotated[
        str | None, typer.Option(help="A second circuit file, name or JSON: the page compares the two.")
    ] = None,
    improve: Annotated[
        bool, typer.Option("--improve", help="Also try edits of the circuit, and show what each of them does.")
    ] = False,
    shots: Shots = 10_000,
    seed: Seed = 0,
    noise: Noise = None,
    initialization: Start = "uniform",
    inputs: Inputs = None,
    data: Data = None,
    seconds: Seconds = None,
    thorough: Thorough = False,
    storage: Storage = None,
) -> None:
    """Write the report as one HTML page: the circuit with its verdicts, why gradients vanish, what was tried.

    Of a study: its front, its history, a report for each circuit on the front, what mattered, what was stopped.
    """
    say(report_page(
        source, output, observable=observable, against=against, improve=improve, storage=storage, shots=shots,
        seed=seed, noise=noise, initialization=initialization, inputs=inputs, data=data, seconds=seconds,
        thorough=thorough,
    ))  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """One source: its name, what is measured (as text, and as it is given on), and a circuit or a saved report."""

    name: str
    stated: str
    measured: Any = None
    circuit: QuantumCircuit | None = None
    saved: TrainabilityReport | None = None


def report_page(
    source: str, output: Path, *, observable: str | None, against: str | None = None, improve: bool = False,
    storage: str | None = None, **options: Any,
) -> str:  # fmt: skip
    """Write the page; a sentence about it.

    Args:
        source, against: a circuit file, a registered name, or a report's JSON file; source may be a study.
        output: ends in .html. observable: needed for circuit files. options: of ``diagnose_circuits``.

    Raises:
        QTrainError: what cannot be read or written, before anything is computed; edits of a saved report.
    """
    from qtrain.cli.files import check_output
    from qtrain.cli.stored_studies import names_study, study_report
    from qtrain.cli.verbs.circuit_verbs import read_observable
    from qtrain.files.writing import write_text
    from qtrain.views.page import circuit_page
    from qtrain.views.tables import headline

    check_output(output, "output", kind=".html", inputs=[Path(s) for s in (source, against) if s is not None])
    if output.suffix.lower() not in (".html", ".htm"):
        raise QTrainError(f"output should end in .html. Got {output}.")
    if names_study(source, storage):
        if observable is not None or against is not None or improve:
            raise QTrainError("observable, against and improve should be of circuits. Got a study: leave them out.")
        return study_report(source, output, storage=storage)
    text = None if observable is None else read_observable(observable)
    asked = [_question(each, text) for each in (source, against) if each is not None]
    if improve and asked[0].circuit is None:
        raise QTrainError(f"improve should start from a circuit. Got {source}, a saved report: name its circuit file.")
    reports = [_answer(each, options) for each in asked]
    edits = _tried(asked[0], options) if improve else None
    if edits is not None:
        from qtrain.improvement.advice import advised

        reports[0] = advised(reports[0], edits)
    title = headline(asked[0].name, asked[0].stated)
    if against is None:
        page = circuit_page(reports[0], improvements=edits, title=title)
    else:
        names = (asked[0].name, asked[1].name)
        if names[0] == names[1]:
            names = (source, str(against))
        page = circuit_page(
            reports[0], against=reports[1], improvements=edits, names=names, title=f"{names[0]} against {names[1]}"
        )
    write_text(output, page, "output")
    return f"Wrote {output}."


def _question(source: str, observable: str | None) -> _Asked:
    from qtrain.cli.verbs.circuit_verbs import read_circuits
    from qtrain.files.reading import read_text

    path = Path(source)
    if path.suffix.lower() == ".json":
        from qtrain.diagnosis.report import TrainabilityReport

        text = read_text(path, "source")
        try:
            saved = TrainabilityReport.from_json(text)
        except QTrainError as error:
            raise QTrainError(f"source should be a saved report. Got {path}: {error}") from None
        return _Asked(path.name, saved.observable, saved=saved)
    if path.suffix or len(path.parts) > 1:
        if observable is None:
            raise QTrainError(
                'observable should be given for a circuit file, such as --observable "ZII". Got none.'
            )
        (circuit,) = read_circuits([path], free_angles=None).values()
        return _Asked(path.name, observable, observable, circuit)
    from qtrain.circuits.observables import unit_observable
    from qtrain.registry.registry import load

    entry = load(source)
    if observable is not None:
        return _Asked(entry.name, observable, observable, entry.circuit())
    if entry.observable is None:
        raise QTrainError(f"observable should be given: the entry {source!r} states none. Got none.")
    # scaled as in the search that found it: the figures are those that `qtrain show` prints
    return _Asked(entry.name, entry.observable, unit_observable(entry.observable), entry.circuit())


def _answer(asked: _Asked, options: dict[str, Any]) -> TrainabilityReport:
    from qtrain.cli.verbs.circuit_verbs import diagnose_circuits

    if asked.saved is not None:
        return asked.saved
    assert asked.circuit is not None
    return diagnose_circuits({asked.name: asked.circuit}, asked.measured, **options)[asked.name]


def _tried(asked: _Asked, options: dict[str, Any]) -> Improvements:
    from qtrain.budget import Budget
    from qtrain.cli.verbs.circuit_verbs import read_data, read_noise
    from qtrain.improvement.improve import improve

    given = {name: options[name] for name in ("shots", "seed", "initialization")}
    if options["inputs"] is not None:
        given["inputs"] = options["inputs"]
        given["data"] = None if options["data"] is None else read_data(options["data"])
    if options["seconds"] is not None:
        given["budget"] = Budget(seconds=options["seconds"])
    return improve(asked.circuit, asked.measured, noise=read_noise(options["noise"]), **given)

"""What the verbs about circuits do, from texts and paths to results; ``cli.py`` declares them and prints."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtrain.cli.files import check_output
from qtrain.errors import QTrainError, shortened
from qtrain.files.reading import parse_json, read_text

if TYPE_CHECKING:
    import numpy as np
    from qiskit import QuantumCircuit
    from rich.console import Console
    from rich.text import Text

    from qtrain.diagnosis.at_point import LocalDiagnosis
    from qtrain.diagnosis.report import TrainabilityReport
    from qtrain.improvement.results import Improvements


log = logging.getLogger("qtrain")
MOST_POINTS = 10_000  # of a data file: an average over more of them differs by less than a hundredth of their spread


def read_noise(text: str | None) -> Any:
    """``None``, an error rate per gate, a mapping as JSON, or the name of a device."""
    if text is None:
        return None
    if text.lstrip().startswith("{"):
        try:
            return parse_json(text)
        except ValueError as error:
            raise QTrainError(f"noise should be JSON where it starts with a brace. Got {text!r}: {error}.") from None
    try:
        return float(text)
    except ValueError:
        from qtrain.circuits.noise.devices import device_target

        expected = "an error rate such as 0.001, a JSON mapping of rates, or a device such as FakeTorino"
        device_target(text, argument="noise", expected=expected)
        return text


def read_observable(text: str) -> str:
    """The text itself, or what stands in the file that ``@path`` names: long ones do not fit a command line.

    Raises:
        QTrainError: a file that cannot be read, or an empty name.
    """
    return " ".join(read_text(Path(text[1:]), "observable").split()) if text.startswith("@") else text


def read_data(path: Path) -> np.ndarray:
    """(points, inputs) of a text file: numbers between commas or blanks, a point on each line.

    Raises:
        QTrainError: a file that cannot be read, or that holds something else.
    """
    import numpy as np

    lines = [line for line in read_text(path, "data").splitlines() if line.strip()]
    if not lines:
        raise QTrainError(f"data should hold a point on each line. Got {path}, which is empty.")
    chosen: Sequence[int] = range(len(lines))
    if len(lines) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(0).choice(len(lines), MOST_POINTS, replace=False)).tolist()
        log.warning("%s has %d lines: %d of them, drawn once, stand for all.", path, len(lines), MOST_POINTS)
    rows: list[list[float]] = []
    for k in chosen:
        try:
            rows.append([float(word) for word in lines[k].replace(",", " ").replace(";", " ").split()])
        except ValueError:
            head = ", a header" if k == 0 else ""
            raise QTrainError(
                f"data should hold numbers alone, a point on each line. Got {shortened(lines[k])} in line {k + 1} of "
                f"{path}{head}: remove it."
            ) from None
        if len(rows[-1]) != len(rows[0]) or not all(map(math.isfinite, rows[-1])):
            raise QTrainError(
                f"data should hold a point on each line: as many finite numbers on each. "
                f"Got {shortened(lines[k])} in line {k + 1} of {path}."
            )
    return np.array(rows)


def read_angles(path: Path, circuit: QuantumCircuit) -> list[float]:
    """Angles in the order of ``circuit.parameters``, from a JSON list or a JSON object of names.

    Raises:
        QTrainError: not JSON, a wrong number of angles, missing or unknown names, values that are no numbers.
    """
    text = read_text(path, "at")
    try:
        data = parse_json(text)
    except ValueError as error:
        raise QTrainError(
            f"at should be JSON: a list of angles, or an object of names. Got {path}: {error}."
        ) from None
    names = [parameter.name for parameter in circuit.parameters]
    if isinstance(data, dict):
        missing, unknown = [n for n in names if n not in data], [n for n in data if n not in names]
        if missing or unknown:
            raise QTrainError(
                f"at should give an angle to each of {len(names)} parameters. Got {path}, where "
                f"{len(missing)} are missing {missing[:3]} and {len(unknown)} unknown {unknown[:3]}."
            )
        data = [data[name] for name in names]
    if not isinstance(data, list) or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in data):
        raise QTrainError(f"at should hold numbers (radians). Got {path} with something else.")
    if len(data) != len(names):
        raise QTrainError(f"at should hold {len(names)} angles, one per parameter. Got {len(data)} in {path}.")
    return [float(value) for value in data]


def read_circuits(files: Sequence[Path], *, free_angles: bool | None) -> dict[str, QuantumCircuit]:
    """Circuits by file name (by path where two files have one name), in the order of ``files``."""
    from qtrain.circuits.files import read_circuit

    short = len({file.name for file in files}) == len(files)
    return {
        file.name if short else f"{file} ({i + 1})": read_circuit(file, free_angles=free_angles)
        for i, file in enumerate(files)
    }


def diagnose_circuits(
    circuits: Mapping[str, QuantumCircuit], observable: Any, *, noise: str | None = None, seconds: float | None = None,
    inputs: str | None = None, data: Path | None = None, **options: Any,
) -> dict[str, TrainabilityReport]:  # fmt: skip
    """A report for each circuit, under the same name; ``options``: of :func:`qtrain.diagnose`."""
    from qtrain.budget import Budget
    from qtrain.cli.first_run import compiling_beside
    from qtrain.diagnosis.diagnose import diagnose
    from qtrain.registry import families  # noqa: F401 - registered winners are families too

    if data is not None and inputs is None:
        raise QTrainError("inputs should name the parameters that data fills, such as --inputs x. Got none.")
    if inputs is not None:
        options |= {"inputs": inputs, "data": None if data is None else read_data(data)}
    options |= {"noise": read_noise(noise), "budget": None if seconds is None else Budget(seconds=seconds)}
    with compiling_beside(max(circuit.num_qubits for circuit in circuits.values())):
        return {name: diagnose(circuit, observable, **options) for name, circuit in circuits.items()}


def try_edits(
    circuit: QuantumCircuit, observable: str, *, noise: str | None = None, inputs: str | None = None,
    data: Path | None = None, **options: Any,
) -> Improvements:  # fmt: skip
    """What edits of a circuit do; ``options``: of :func:`qtrain.improve`."""
    from qtrain.improvement.improve import improve

    if inputs is not None:
        options |= {"inputs": inputs, "data": None if data is None else read_data(data)}
    return improve(circuit, observable, noise=read_noise(noise), **options)


def picture(report: TrainabilityReport, console: Console) -> Text | None:
    """The circuit with its verdicts, where a terminal has room for it; None where nobody would see the colours."""
    from qtrain.views.tables import STYLES
    from qtrain.views.terminal_circuit import circuit_text

    if not console.is_terminal or report.drawing is None or not report.verdicts:
        return None
    return circuit_text(report.drawing, report.verdicts, STYLES, width=console.width)


def reports_json(
    reports: Mapping[str, TrainabilityReport], local: LocalDiagnosis | None, tried: Improvements | None = None
) -> dict[str, Any]:
    """One report as it is; more than one by file name; the diagnosis at given angles under "local", edits beside."""
    plain = {name: report.to_record() for name, report in reports.items()}
    data = next(iter(plain.values())) if len(plain) == 1 else {"reports": plain}
    data |= {} if local is None else {"local": local.to_dict()}
    return data | ({} if tried is None else {"improvements": tried.to_dict()})


def check_figure(path: Path | None, *inputs: Path | None, argument: str = "figure") -> None:
    """Before anything is computed: a figure that could not be written."""
    endings = (".png", ".svg", ".pdf")
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise QTrainError(f"{argument} should end in {', '.join(endings)}. Got {path}.")
    check_output(path, argument, kind=path.suffix.lower(), inputs=inputs)


def write_molecule(geometry: str, output: Path, active: str | None, **options: Any) -> str:
    """Make a molecule and write its file; a sentence that says what it is.

    Raises:
        QTrainError: ``active`` is not two numbers, or the molecule is refused.
    """
    from qtrain.chemistry.molecule import molecule

    pair = None
    if active is not None:
        numbers = active.split(",")
        if len(numbers) != 2 or not all(part.strip().isdigit() for part in numbers):
            raise QTrainError(f"active should be electrons and orbitals, such as 2,5. Got {active!r}.")
        pair = (int(numbers[0]), int(numbers[1]))
    check_output(output, "output", kind=".json")
    made = molecule(geometry, active=pair, **options)
    made.save(output)
    return (
        f"Wrote {output}: {made.num_qubits} qubits, Hartree-Fock {made.hartree_fock_energy:.8f}, "
        f"exact {made.fci_energy:.8f} Hartree."
    )

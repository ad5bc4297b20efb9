"""Ground state of a given Hamiltonian: Pauli terms in the spec, or a file of them in one of three forms."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from qtrain.errors import QTrainError
from qtrain.files.reading import parse_json
from qtrain.studies.spec.fields import FilePath, PauliTerms, pauli_terms
from qtrain.studies.tasks.fermions import openfermion_operator
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp


@register_task
class HamiltonianTask(TaskModel):
    """Ground state of a given Hamiltonian.

    ``terms``: text such as "ZII - 0.5*IXX", a table {label: coefficient}, a SparsePauliOp, or OpenFermion's text.
    ``file``: a file of them, see :func:`read_hamiltonian`. ``constant`` is added.
    """

    kind: Literal["hamiltonian"]
    terms: PauliTerms | None = None
    file: FilePath | None = None
    constant: float = 0.0

    @model_validator(mode="after")
    def _one_source(self) -> HamiltonianTask:
        if (self.terms is None) == (self.file is None):
            raise QTrainError("task should have exactly one of terms and file. Got both or neither.")
        return self

    def build(self, num_qubits: int, *, device_edges: Any = None) -> Task:
        references: dict[str, float] = {}
        if self.file is None:
            operator = read_terms(str(self.terms), num_qubits)
        else:
            operator, references = read_hamiltonian(self.file, num_qubits)
            references = {k: v + self.constant * k.endswith("energy") for k, v in references.items()}
        task = ground_state(self.kind, _shifted(operator, self.constant))
        lowest = references.get("exact_energy") if task.lowest is None else task.lowest
        return dataclasses.replace(task, lowest=lowest, references=references | task.references)


def read_hamiltonian(file: str | Path, num_qubits: int | None = None) -> tuple[SparsePauliOp, dict[str, float]]:
    """A Hamiltonian from a file, and the reference figures that come with it.

    Args:
        file: a text file with a Pauli term on each line ("-0.81 IIZ", "#" begins a comment; the last letter is qubit
            0); OpenFermion's text of a QubitOperator or FermionOperator (Jordan-Wigner); or JSON: ``{"terms": {label:
            coefficient} or [[label, coefficient], …] or text, "constant": number, "references": {name: number}}``,
            whose other keys (where it comes from) are not read. References that end in "energy" are in the units of the
            Hamiltonian; beyond the sizes that are diagonalised here, "exact_energy" is taken as its lowest one.
        num_qubits: that it should act on; None: its own.

    Raises:
        QTrainError: a file that cannot be read, or holds something else.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "h2.json"
        >>> _ = path.write_text('{"terms": [["ZZ", 0.5], ["XI", -1]], "references": {"mean_field_energy": -0.5}}')
        >>> read_hamiltonian(path)[1], read_hamiltonian(path)[0].num_qubits
        ({'mean_field_energy': -0.5}, 2)
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QTrainError(f"task.file should be a text file of Pauli terms. Got {str(file)!r}: {error}.") from None
    constant, references = 0.0, dict[str, float]()
    if text.lstrip().startswith("{"):
        text, constant, references = _read_json(text, str(file))
    elif "[" not in text:
        lines = [line for line in text.splitlines() if line.partition("#")[0].strip()]
        text = " + ".join(_term(line) for line in lines)
    if not text.strip():
        raise QTrainError(f"task.file should hold a Pauli term on each line. Got {str(file)!r}, which has none.")
    return _shifted(read_terms(text, num_qubits), constant), references


def _shifted(operator: SparsePauliOp, constant: float) -> SparsePauliOp:
    from qiskit.quantum_info import SparsePauliOp

    return (operator + SparsePauliOp("I" * operator.num_qubits, constant)).simplify() if constant else operator


def read_terms(text: str, num_qubits: int | None = None) -> SparsePauliOp:
    """A Hamiltonian from text: Pauli terms, or OpenFermion's.

    Example:
        >>> read_terms("ZZ + -0.5*IX").to_list() == read_terms("(1+0j) [Z0 Z1] + (-0.5+0j) [X0]").to_list()
        True
    """
    from qtrain.circuits.observables import as_observable

    if "[" in text:
        return as_observable(openfermion_operator(text, num_qubits), num_qubits)
    return as_observable(text.replace("+ -", "- ").replace("+-", "- "), num_qubits)


def _read_json(text: str, file: str) -> tuple[str, float, dict[str, float]]:
    try:
        data = parse_json(text)
        terms = data["terms"]
        if isinstance(terms, list):
            labels = [label for label, _ in terms]
            if len(set(labels)) < len(labels):
                raise ValueError("a label is there twice")
            terms = dict(terms)
        text = pauli_terms(terms)
    except KeyError:
        raise QTrainError(f"task.file should hold \"terms\" if it is JSON. Got {file!r}, which has none.") from None
    except (ValueError, TypeError) as error:
        raise QTrainError(f"task.file should be JSON with a table of Pauli terms. Got {file!r}: {error}.") from None
    constant, given = data.get("constant", 0.0), data.get("references", {})
    if not isinstance(given, dict):
        raise QTrainError(f"task.file should hold a table \"references\", if any. Got {given!r} in {file!r}.")
    for name, value in {"constant": constant, **given}.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise QTrainError(f"task.file should hold a finite number for {name!r}. Got {value!r} in {file!r}.")
    return text, float(constant), given


def _term(line: str) -> str:
    """ "-0.81 IIZ", "IIZ -0.81", "-0.81 * IIZ" → "-0.81*IIZ"."""
    parts = line.partition("#")[0].replace("*", " ").replace(",", " ").split()
    numbers, rest = [], []
    for part in parts:
        try:
            numbers.append(float(part))
        except ValueError:
            rest.append(part)
    if len(numbers) > 1 or not rest:
        raise QTrainError(f"task.file should hold lines such as '-0.81 IIZ'. Got {line.strip()!r}.")
    return f"{numbers[0] if numbers else 1.0!r}*{' '.join(rest)}"

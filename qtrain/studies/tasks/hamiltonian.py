"""Ground state of given Pauli terms."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from qtrain.errors import QTrainError
from qtrain.studies.spec.fields import FilePath, PauliTerms
from qtrain.studies.tasks.task import Task, TaskModel, ground_state, register_task


@register_task
class HamiltonianTask(TaskModel):
    """Ground state of given Pauli terms, in the spec (``terms``) or in a text file of them (``file``), one per line."""

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
        from qiskit.quantum_info import SparsePauliOp

        from qtrain.circuits.observables import as_observable

        text = str(self.terms) if self.file is None else _read_terms(self.file)
        operator = as_observable(text.replace("+ -", "- ").replace("+-", "- "), num_qubits)
        constant = SparsePauliOp("I" * num_qubits, [self.constant])
        return ground_state(self.kind, operator + constant if self.constant else operator)


def _read_terms(file: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QTrainError(f"task.file should be a text file of Pauli terms. Got {file!r}: {error}.") from None
    text = " + ".join(_term(line) for line in lines if line.strip() and not line.strip().startswith("#"))
    if not text:
        raise QTrainError(f"task.file should hold a Pauli term on each line. Got {file!r}, which has none.")
    return text


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

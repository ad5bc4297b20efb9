"""The table of edits: what may be changed about a model, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.circuits.initialization import Initialization
from qtrain.errors import QTrainError
from qtrain.extensions import Table

CHANGES = ("observable", "start", "entanglement", "depth", "parameters", "circuit", "function")
"""What ``keep`` takes. ``"circuit"``: any gate; ``"function"``: the expectation value as function of the parameters."""


@dataclass(frozen=True, eq=False)
class Model:
    """What is edited.

    Attributes:
        circuit, observable: of the same width. start: distribution of the angles.
        inputs: names of the parameters that carry data, which no edit touches. seed: of edits that draw.
    """

    circuit: QuantumCircuit
    observable: SparsePauliOp
    start: Initialization = Initialization("uniform")
    inputs: tuple[str, ...] = ()
    seed: int = 0

    @property
    def num_qubits(self) -> int:
        return int(self.circuit.num_qubits)

    def but(self, **changes: Any) -> Model:
        """The same with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Candidate:
    """An edit of one model.

    Attributes:
        name: equal for what is the same edit of another model, such as ``"linear"``. sentence: what is done, as one
            clause without a full stop. model: with it done.
        keeps_function: the expectation value stays the same function; all of an edit's candidates do where it says so.
    """

    name: str
    sentence: str
    model: Model
    keeps_function: bool = False


@dataclass(frozen=True)
class Edit:
    """One row of the table.

    Attributes:
        name: letters, digits, "_" and spaces. changes: what it changes, words of `CHANGES`; that depth or parameters
            came out differently is seen by itself.
        propose: model -> candidates; none where it does not apply. A QTrainError becomes a row that says so.
        keeps_function: every candidate leaves the expectation value as it is.
        costly: proposing takes a while, so that the others are measured first.
    """

    name: str
    changes: tuple[str, ...]
    propose: Callable[[Model], Iterable[Candidate]]
    keeps_function: bool = False
    costly: bool = False


EDITS: Table[Edit] = Table("edit")


def register_edit(row: Edit, *, replace: bool = False) -> Edit:
    """Add an edit to what every `qtrain.improve` tries from now on. Pairs are done in the table's order.

    Raises:
        QTrainError: a name that is taken, or changes that ``keep`` has no word for.

    Example:
        >>> def shorter(model):
        ...     half = model.circuit.copy_empty_like()
        ...     for item in model.circuit.data[: len(model.circuit.data) // 2]:
        ...         half.append(item)
        ...     yield Candidate("half", "the first half of the gates alone", model.but(circuit=half))
        >>> register_edit(Edit("half", ("circuit",), shorter)) is EDITS.remove("half")
        True
    """
    check_words(row.changes, "changes")
    return EDITS.add(row.name, row, replace=replace)


def check_words(words: Sequence[str] | str, argument: str) -> tuple[str, ...]:
    """Words of `CHANGES`, from a sequence or from text with commas.

    Example:
        >>> check_words("observable, depth", "keep")
        ('observable', 'depth')
    """
    if isinstance(words, str):
        words = words.split(",") if words else []
    if not isinstance(words, (list, tuple, set, frozenset)) or not all(isinstance(word, str) for word in words):
        raise QTrainError(f"{argument} should be words among {', '.join(CHANGES)}. Got {words!r}.")
    words = [word.strip() for word in words]
    for word in words:
        if word not in CHANGES:
            raise QTrainError(f"{argument} should be among {', '.join(CHANGES)}. Got {word!r}.")
    return tuple(dict.fromkeys(words))

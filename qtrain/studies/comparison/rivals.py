"""The table of rivals: what a search is compared with, and what each of them is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from qtrain.architecture.architecture import Architecture
from qtrain.circuits.program import PauliProgram, lower
from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.studies.comparison.fronts import Front
from qtrain.studies.setup import Setup
from qtrain.studies.spec.search_spec import SearchSpec

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


@dataclass
class Contest:
    """One run of one rival: the task and the device, what may be spent, what was.

    Attributes:
        seed: of all its random choices. evaluations: gradients of a whole circuit that it may spend in all; a batch of
            data counts as one.
        spent: so far. Every training goes through :meth:`spend`.
        enough: relative energy error below which nobody asks: trainings may end there.
    """

    setup: Setup
    seed: int
    evaluations: int
    spent: int = 0
    enough: float = 0.0

    @property
    def left(self) -> int:
        """Evaluations that may still be spent."""
        return self.evaluations - self.spent

    def spend(self, evaluations: int) -> None:
        """Note evaluations.

        Raises:
            QTrainError: more than are left.
        """
        if evaluations > self.left:
            raise QTrainError(f"a rival should spend at most the {self.left} evaluations left. Got {evaluations}.")
        self.spent += evaluations

    def whole(self, candidate: Architecture | QuantumCircuit) -> QuantumCircuit:
        """Its circuit with the data's encoding, where there are data that the task does not prepare."""
        uploads = candidate.uploads if isinstance(candidate, Architecture) else 1
        circuit = self.circuit(candidate)
        return circuit if self.setup.task.prepares else self.setup.task.compose(circuit, uploads)

    def circuit(self, candidate: Architecture | QuantumCircuit) -> QuantumCircuit:
        """At the search's number of qubits."""
        return candidate.circuit(self.setup.spec.qubits) if isinstance(candidate, Architecture) else candidate

    def program(self, candidate: Architecture | QuantumCircuit) -> PauliProgram:
        """What is trained."""
        return lower(self.whole(candidate), inputs=() if self.setup.task.prepares else self.setup.task.inputs)

    def cost(self, candidate: Architecture | QuantumCircuit) -> dict[str, float]:
        """On the device: two_qubit_depth, two_qubit_gates, …, and parameters; behind a first encoding."""
        uploads = candidate.uploads if isinstance(candidate, Architecture) else 1
        ansatz = self.setup.task.ansatz_of(self.circuit(candidate), uploads)
        return self.setup.device.cost(ansatz) | {"parameters": float(ansatz.num_parameters)}

    def fits(self, candidate: Architecture | QuantumCircuit) -> bool:
        """Whether it keeps the spec's limits on what a circuit takes on the device."""
        return within(self.setup.spec, self.cost(candidate))


DEVICE_LIMITS = ("two_qubit_depth", "two_qubit_gates", "parameters")


def within(spec: SearchSpec, cost: Mapping[str, float]) -> bool:
    """Whether figures of a circuit on the device keep the spec's limits on them; other limits bind the search alone."""
    limits = {name: spec.constraints.limit("max", name) for name in DEVICE_LIMITS}
    return all(limit is None or cost[name] <= limit for name, limit in limits.items())


@dataclass(frozen=True)
class Delivered:
    """What a method hands over: a circuit and its angles.

    Attributes:
        label: which of its candidates this is, in a few words.
        front: (two-qubit gates on the device, loss) of circuits on the way, None where it has none.
        seconds: of the processor, where the method knows better than its caller.
    """

    candidate: Architecture | QuantumCircuit
    angles: np.ndarray
    label: str
    front: Front | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Rival:
    """One row of the table.

    Attributes:
        run: spends the contest's evaluations, and delivers.
        suits: whether it can be asked about a spec.
    """

    name: str
    run: Callable[[Contest], Delivered]
    suits: Callable[[SearchSpec], bool] = lambda spec: True


RIVALS: Table[Rival] = Table("rivals")


def register_rival(row: Rival, *, replace: bool = False) -> Rival:
    """Add a rival that comparisons may name.

    Example:
        >>> row = register_rival(Rival("mine", lambda contest: NotImplemented))
        >>> RIVALS.remove("mine") is row
        True
    """
    return RIVALS.add(row.name, row, replace=replace)

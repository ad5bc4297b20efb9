"""TrainableAnsatz: a registered architecture as one gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qiskit.circuit import Gate, ParameterVector

from qtrain.architecture.architecture import Architecture
from qtrain.circuits.composites import ANSATZ
from qtrain.errors import QTrainError
from qtrain.registry.registry import RegistryEntry, load


class TrainableAnsatz(Gate):
    """A registered architecture as one gate, named ``trainable_ansatz``, labelled with the architecture's name.

    The gate keeps the architecture it was made with: an entry that is registered anew does not change it. Stored
    as QPY it comes back as a plain gate of the same name, label, parameters and definition, so a reader needs
    neither the registry nor qtrain.

    Args:
        num_qubits: width; None: the entry's own.
        name: a registered name, or an entry, or an architecture (whose content id then serves as the name).
        parameters: an angle for each parameter: numbers, Parameters or expressions; None: a ParameterVector.
        prefix: name of that ParameterVector. Two ansätze in one circuit need two prefixes.

    Raises:
        QTrainError: unknown name, another width than a device-bound architecture has, or the wrong number of angles.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qtrain.architecture.catalogue import real_amplitudes
        >>> circuit = QuantumCircuit(3)
        >>> _ = circuit.append(TrainableAnsatz(3, real_amplitudes(reps=1)), range(3))
        >>> circuit.num_parameters, circuit.decompose().count_ops()["cx"]
        (6, 2)
    """

    def __init__(
        self,
        num_qubits: int | None,
        name: str | RegistryEntry | Architecture,
        *,
        parameters: Sequence[Any] | None = None,
        prefix: str = "θ",
    ) -> None:
        architecture, own, label = resolve(name)
        width = architecture.width(own if num_qubits is None else num_qubits)
        count = architecture.num_parameters(width)
        if parameters is None:
            parameters = list(ParameterVector(prefix, count))
        elif len(parameters) != count:
            raise QTrainError(f"parameters should hold {count} angles, one for each. Got {len(parameters)}.")
        self.architecture = architecture
        super().__init__(ANSATZ, width, list(parameters), label=label)

    def _define(self) -> None:
        self.definition = self.architecture.circuit(self.num_qubits, angles=self.params)


def resolve(name: str | RegistryEntry | Architecture) -> tuple[Architecture, int | None, str]:
    """Architecture, width if it has one, and name, of whatever stands for an architecture.

    Example:
        >>> from qtrain.architecture.catalogue import real_amplitudes
        >>> resolve(real_amplitudes())[1] is None
        True
    """
    if isinstance(name, Architecture):
        return name, name.num_qubits, name.content_id
    if not isinstance(name, (str, RegistryEntry)):
        raise QTrainError(f"name should be a registered name, a RegistryEntry or an Architecture. Got {name!r}.")
    entry = name if isinstance(name, RegistryEntry) else load(name)
    return entry.architecture, entry.num_qubits, entry.name

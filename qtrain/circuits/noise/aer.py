"""Channels of a ``NoiseModel`` of Qiskit Aer: errors by gate and qubits, as Pauli transfer matrices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qiskit.quantum_info import PTM, SuperOp

from qtrain.circuits.noise.channels import Channel, from_transfer_matrix
from qtrain.errors import QTrainError


def is_aer_model(noise: Any) -> bool:
    """Whether it is a noise model of Aer, without importing Aer."""
    return type(noise).__name__ == "NoiseModel" and type(noise).__module__.startswith("qiskit_aer")


class AerModel:
    """Channels of a noise model; as in Aer, gates it does not name have no noise.

    Args:
        noise: ``qiskit_aer.noise.NoiseModel``.
    """

    name = "Aer noise model"

    def __init__(self, noise: Any) -> None:
        # Aer's own dictionaries: to_dict() writes every error out as circuits, which loses that they are known ones
        self.default, self.local = noise._default_quantum_errors, noise._local_quantum_errors
        self.reading, self.everywhere = noise._local_readout_errors, noise._default_readout_error
        self.known: dict[tuple[str, tuple[int, ...]], Channel | None] = {}

    def behind(self, gate: int, name: str, qubits: tuple[int, ...]) -> list[Channel]:
        """The channel behind one gate.

        Raises:
            QTrainError: an error that turns Paulis into one another, such as a coherent one.
        """
        key = name, qubits
        if key not in self.known:
            self.known[key] = self._read(name, qubits)
        found = self.known[key]
        return [] if found is None else [replace(found, gate=gate)]

    def _read(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        error = self.local.get(name, {}).get(qubits, self.default.get(name))
        if error is None or error.ideal():
            return None
        wanted = (
            "noise should consist of channels that damp every Pauli and pull Z towards a constant "
            "(depolarising, Pauli, dephasing, amplitude damping, relaxation)."
        )
        if error.num_qubits != len(qubits):
            raise QTrainError(f"{wanted} Got one on {error.num_qubits} qubits for {name} on qubits {qubits}.")
        channel = from_transfer_matrix(0, qubits, PTM(SuperOp(error)).data)
        if channel is None:
            raise QTrainError(f"{wanted} Got another one for {name} on qubits {qubits}: twirl the model first.")
        return None if channel.trivial else channel

    def readout(self, qubit: int) -> tuple[float, float]:
        """P(1 is read, 0 is there), P(0 is read, 1 is there).

        Raises:
            QTrainError: a readout error of several qubits at once.
        """
        wide = [qubits for qubits in self.reading if len(qubits) > 1 and qubit in qubits]
        if wide:
            raise QTrainError(f"noise should have readout errors of one qubit each. Got one on qubits {wide[0]}.")
        error = self.reading.get((qubit,), self.everywhere)
        if error is None:
            return 0.0, 0.0
        table = error.probabilities
        return float(table[0][1]), float(table[1][0])

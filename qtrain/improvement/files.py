"""Circuits of the table, written to files."""

from __future__ import annotations

from pathlib import Path

from qiskit import QuantumCircuit, qasm3, qpy

from qtrain.errors import QTrainError
from qtrain.files.writing import replaced


def write_circuit(circuit: QuantumCircuit, path: Path) -> None:
    """Write a circuit as OpenQASM 3 (.qasm) or QPY (.qpy).

    Raises:
        QTrainError: another ending, a file that cannot be written, or a circuit that OpenQASM 3 has no words for.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> from qtrain.circuits.files import read_circuit
        >>> write_circuit(real_amplitudes(2), Path("better.qasm"))
        >>> read_circuit("better.qasm").num_parameters
        8
    """
    if path.suffix.lower() not in (".qasm", ".qpy"):
        raise QTrainError(f"output should end in .qasm or .qpy. Got {path}.")
    try:
        with replaced(path, "output") as beside:
            if path.suffix.lower() == ".qpy":
                with beside.open("wb") as file:
                    qpy.dump(circuit, file)
            else:
                beside.write_text(qasm3.dumps(circuit), encoding="utf-8")
    except qasm3.QASM3ExporterError as error:
        raise QTrainError(f"output should end in .qpy: OpenQASM 3 has no words for it. Got {path}: {error}.") from None

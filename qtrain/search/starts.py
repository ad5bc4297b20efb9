"""Candidates as plain data: architectures, and circuits of the user's own that a search begins with."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtrain.architecture import Architecture
from qtrain.errors import QTrainError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.search.spec import SearchSpec


def plain_of(candidate: Architecture | QuantumCircuit) -> tuple[dict[str, Any], str]:
    """(plain data, content id): an architecture's own, or a circuit's QPY."""
    if isinstance(candidate, Architecture):
        return candidate.to_dict(), candidate.content_id
    from qiskit import qpy

    from qtrain.program import lower

    buffer = io.BytesIO()
    qpy.dump(candidate, buffer)
    text = base64.b64encode(buffer.getvalue()).decode()
    content_id = hashlib.sha256(lower(candidate).fingerprint().encode()).hexdigest()[:16]
    return {"circuit": text, "name": candidate.name}, content_id


def circuit_of(plain: Mapping[str, Any], num_qubits: int) -> tuple[Architecture | None, QuantumCircuit]:
    """The inverse: (architecture or None, circuit)."""
    if "circuit" not in plain:
        architecture = Architecture.from_dict(plain)
        return architecture, architecture.circuit(num_qubits)
    from qiskit import qpy

    return None, qpy.load(io.BytesIO(base64.b64decode(plain["circuit"])))[0]


def build_starts(spec: SearchSpec) -> tuple[dict[str, Any], ...]:
    """The spec's ``start`` list as candidates: ``{"architecture": plain data, "architecture_id": …}``.

    Raises:
        QTrainError: a file that cannot be read, an unknown name, another number of qubits, no free parameter.
    """
    found = []
    for i, item in enumerate(spec.start):
        candidate = _read(item)
        circuit = candidate.circuit(spec.qubits) if isinstance(candidate, Architecture) else candidate
        if circuit.num_qubits != spec.qubits:
            raise QTrainError(f"start[{i}] should have {spec.qubits} qubits. Got {circuit.num_qubits}.")
        if circuit.num_parameters == 0:
            raise QTrainError(f"start[{i}] should have a free parameter. Got none.")
        plain, content_id = plain_of(candidate)
        found.append({"architecture": plain, "architecture_id": content_id})
    return tuple(found)


def _read(item: Any) -> Architecture | QuantumCircuit:
    if isinstance(item, Mapping):
        return Architecture.from_dict(item)
    if item.lower().endswith(".json"):
        from pathlib import Path

        try:
            return Architecture.from_json(Path(item).read_text(encoding="utf-8"))
        except OSError as error:
            raise QTrainError(
                f"start should be a file that can be read. Got {item!r}: {error.strerror}."
            ) from None
    if item.lower().endswith((".qasm", ".qpy")):
        from qtrain.reading import read_circuit

        return read_circuit(item)
    from qtrain.registry import load

    return load(item).architecture

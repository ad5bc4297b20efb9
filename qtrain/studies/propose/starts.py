"""What a search begins with: sets of architectures by name, and the user's own circuits, as plain data."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.extensions import Table

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.studies.propose.space import SearchSpace
    from qtrain.studies.spec.search_spec import SearchSpec


def plain_of(candidate: Architecture | QuantumCircuit) -> tuple[dict[str, Any], str]:
    """(plain data, content id): an architecture's own, or a circuit's QPY."""
    if isinstance(candidate, Architecture):
        return candidate.to_dict(), candidate.content_id
    from qiskit import qpy

    from qtrain.circuits.program import lower

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


def shelf(
    num_qubits: int,
    *,
    hamiltonian: bool,
    repetitions: Sequence[int] = (1, 2, 3),
    uploads: Sequence[int] = (1,),
) -> tuple[Architecture, ...]:
    """What one would try without a search: the usual ansätze at these repetitions, the shallowest first.

    Args:
        hamiltonian: also those that are made of a Hamiltonian's terms.
        uploads: how often data are encoded; more than once with up to two repetitions.

    Example:
        >>> print(shelf(4, hamiltonian=True)[4])
        h · [rzz (line) (shared)] · [rx (shared)] × 1
    """
    from qtrain.architecture import catalogue

    found: list[Architecture] = []
    for reps in sorted(repetitions):
        found += [
            family(entanglement=entanglement, reps=reps)
            for entanglement in ("pairwise", "reverse_linear")
            for family in (catalogue.efficient_su2, catalogue.real_amplitudes)
        ]
        if hamiltonian:
            found += [
                family(reps=reps, sharing=sharing)
                for family in (catalogue.hva_tfim, catalogue.hva_xxz)
                for sharing in ("shared", "independent")
            ]
        else:
            found.append(catalogue.qcnn(sharing="independent" if reps == 1 else "shared"))
        found.append(catalogue.brickwork(reps=reps))
    found += [
        dataclasses.replace(family, uploads=count)
        for count in sorted(set(uploads) - {1})
        for family in found
        if family.repetitions in (1, 2)
    ]
    distinct = {a.content_id: a for a in found if num_qubits >= 2}
    return tuple(distinct.values())


STARTS: Table[Callable[[SearchSpec], Sequence[Architecture]]] = Table("start")
register_start = STARTS.add


def _shelf(spec: SearchSpec) -> tuple[Architecture, ...]:
    whole = [r for r in spec.space.repetitions if isinstance(r, int)]
    return shelf(
        spec.qubits, hamiltonian=not spec.task.has_data, repetitions=whole, uploads=spec.space.uploads
    )


register_start("shelf", _shelf)


def build_starts(spec: SearchSpec, space: SearchSpace) -> tuple[dict[str, Any], ...]:
    """The spec's ``start`` list as candidates: ``{"architecture": plain data, "architecture_id": …, "choices": …}``.

    A name of :data:`STARTS` stands for its set; ``choices`` are those of the space that draw it, None where none do.

    Raises:
        QTrainError: a file that cannot be read, an unknown name, another number of qubits, no free parameter.
    """
    items: list[tuple[int, Any]] = []
    for i, item in enumerate(spec.start):
        known = isinstance(item, str) and item in STARTS
        items += [(i, architecture) for architecture in STARTS[item](spec)] if known else [(i, item)]
    if spec.space.grow_from is not None:
        items.insert(0, (0, spec.space.grow_from))
    found = []
    for i, item in items:
        candidate = item if isinstance(item, Architecture) else _read(item)
        circuit = candidate.circuit(spec.qubits) if isinstance(candidate, Architecture) else candidate
        if circuit.num_qubits != spec.qubits:
            raise QTrainError(f"start[{i}] should have {spec.qubits} qubits. Got {circuit.num_qubits}.")
        if circuit.num_parameters == 0:
            raise QTrainError(f"start[{i}] should have a free parameter. Got none.")
        plain, content_id = plain_of(candidate)
        choices = space.choices_of(candidate) if isinstance(candidate, Architecture) else None
        found.append({"architecture": plain, "architecture_id": content_id, "choices": choices})
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
        from qtrain.circuits.files import read_circuit

        return read_circuit(item)
    from qtrain.registry.registry import load

    return load(item).architecture

"""What a search begins with: sets of architectures by name, and the user's own circuits, as plain data."""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.extensions import Table
from qtrain.growth.islands import island_starts
from qtrain.growth.pools import Setting
from qtrain.studies.propose.shelf import Template, breaks, shelf
from qtrain.studies.tasks.devices import Device, build_device

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qtrain.architecture.topology import Edges
    from qtrain.studies.propose.space import SearchSpace
    from qtrain.studies.spec.search_spec import SearchSpec
    from qtrain.studies.tasks.task import Task


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


PACE = 3
"""Of trials that are not the user's own starts, two in three begin with the leaders of the named sets, the best member
of each family; behind them one in three with the next of the others."""


@dataclasses.dataclass(frozen=True)
class Start:
    """One row of the table: a named set of architectures.

    Attributes:
        build: spec → architectures, the promising first; or :class:`~.shelf.Template`, where they are members of
            families: the first of a family that keeps the limits leads it.
        of_task: ``build`` takes the task as well, as ``build(spec, task)``.
    """

    build: Callable[..., Sequence[Architecture | Template]]
    of_task: bool = False

    def __call__(self, spec: SearchSpec, task: Task | None = None) -> tuple[Template, ...]:
        """The set for a spec; ``task``: its task, built if it is not given. What has no family has the family ""."""
        if not self.of_task:
            found = self.build(spec)
        else:
            found = self.build(spec, task or spec.task.build(spec.qubits, device_edges=_edges(spec)))
        return tuple(item if isinstance(item, Template) else Template("", item) for item in found)


STARTS: Table[Start] = Table("start")


def register_start(
    name: str, build: Callable[..., Sequence[Architecture | Template]], *, of_task: bool = False, replace: bool = False
) -> None:
    """Add a set of architectures that specs may begin with; see :class:`Start`.

    Example:
        >>> from qtrain.architecture.layer import Layer
        >>> register_start("pair", lambda spec: [Architecture((Layer(("ry",), "cz"),))])
        >>> len(STARTS.remove("pair").build(None))
        1
    """
    STARTS.add(name, Start(build, of_task), replace=replace)


def shelf_of(spec: SearchSpec, task: Task) -> tuple[Template, ...]:
    """The shelf of a spec's task, at its repetitions and uploads; what plainly breaks a limit is left out."""
    hamiltonian = None if task.is_classifier else task.observables[0]
    whole = shelf(
        spec.qubits, hamiltonian=hamiltonian, edges=_edges(spec), repetitions=spec.space.repetitions,
        uploads=spec.space.uploads,
    )  # fmt: skip
    return tuple(t for t in whole if breaks(t.architecture, spec.qubits, spec.constraints) is None)


def _edges(spec: SearchSpec) -> Edges | None:
    return None if spec.device is None else build_device(spec.device, spec.qubits).edges


def _islands(spec: SearchSpec, task: Task) -> list[Template]:
    """What the Hamiltonian's symmetries suggest, each a family; what plainly breaks a limit is left out."""
    found = island_starts(
        Setting(spec.qubits, _edges(spec), None if task.is_classifier else task.observables[0])
    )
    kept = (a for a in found if breaks(a, spec.qubits, spec.constraints) is None)
    return [Template(f"island {number}", architecture) for number, architecture in enumerate(kept)]


def _shelf(spec: SearchSpec, task: Task) -> list[Template]:
    """The shelf, the shallowest first; under a limit on two-qubit gates of each family the largest.

    What a device allows is better used up: of circuits that keep the limit the one with most angles tends to win.
    """
    found = shelf_of(spec, task)
    limits = (spec.constraints.limit("max", name) for name in ("two_qubit_depth", "two_qubit_gates"))
    if all(limit is None for limit in limits):
        return list(found)
    families: dict[str, list[Template]] = {}
    for template in sorted(found, key=lambda t: -t.architecture.num_parameters(spec.qubits)):
        families.setdefault(template.family, []).append(template)
    turns = itertools.zip_longest(*(families[name] for name in dict.fromkeys(t.family for t in found)))
    return [template for turn in turns for template in turn if template is not None]


register_start("auto", _islands, of_task=True)
register_start("shelf", _shelf, of_task=True)


def _numbers(starts: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    """The number of the trial that each start is."""
    own = sum(not start.get("paced") for start in starts)
    leading = sum(start.get("paced") == "fast" for start in starts)
    yield from range(own)
    for place in range(leading):
        yield own + place // (PACE - 1) * PACE + place % (PACE - 1)
    slow = own + -(-leading // (PACE - 1)) * PACE
    for place in range(len(starts) - own - leading):
        yield slow + place * PACE


def start_at(starts: Sequence[Mapping[str, Any]], number: int) -> Mapping[str, Any] | None:
    """The start that trial ``number`` is: first the user's own; then leaders, then others of sets, at :data:`PACE`.

    So a search explores however few its trials are, and which trial is what does not depend on their number.

    Example:
        >>> starts = [{"id": 0}, {"id": 1, "paced": "fast"}, {"id": 2, "paced": "fast"}, {"id": 3, "paced": "slow"}]
        >>> [(start_at(starts, number) or {}).get("id") for number in range(6)]
        [0, 1, 2, None, 3, None]
    """
    return next((starts[k] for k, at in enumerate(_numbers(starts)) if at == number), None)


def start_due(starts: Sequence[Mapping[str, Any]], begun: Sequence[str | None]) -> Mapping[str, Any] | None:
    """The start that is due behind trials of these architectures' ids, in whatever order they were begun."""
    left = [start for start in starts if start["architecture_id"] not in begun]
    due = sum(at <= len(begun) for at in _numbers(starts))
    return left[0] if left and len(starts) - len(left) < due else None


def build_starts(
    spec: SearchSpec, space: SearchSpace, task: Task | None = None, device: Device | None = None
) -> tuple[dict[str, Any], ...]:
    """The spec's ``start`` list as candidates: ``{"architecture": plain data, "architecture_id": …, "choices": …}``.

    A name of :data:`STARTS` stands for its set, behind the others, ``"paced"``: first what leads its family ("fast"),
    then the others ("slow"; :func:`start_at`). ``choices`` are those of the space that draw it, None where none do. Of
    sets, with a device, only as many as the trials have room for, and only those that keep the limits on it: what is
    known to be pruned takes no trial's place.

    Raises:
        QTrainError: a file that cannot be read, an unknown name, another number of qubits, no free parameter.
    """
    own: list[tuple[int, Any]] = []
    sets: list[tuple[int, Template]] = []
    for i, item in enumerate(spec.start):
        if isinstance(item, str) and item in STARTS:
            sets += [(i, template) for template in STARTS[item](spec, task)]
        else:
            own.append((i, item))
    if spec.space.grow_from is not None:
        own.insert(0, (0, spec.space.grow_from))
    found = [_candidate(spec, space, i, _read(item)) for i, item in own]
    distinct: dict[str, tuple[int, Template]] = {}
    for i, template in sets:
        distinct.setdefault(template.architecture.content_id, (i, template))

    @functools.cache
    def keeps(content_id: str) -> bool:
        return device is None or _keeps(spec, device, distinct[content_id][1].architecture, task)

    room = None if device is None else spec.trials
    for pace, names in (("fast", _leading(distinct, keeps)), ("slow", (n for n in distinct if keeps(n)))):
        taken = {start["architecture_id"] for start in found}
        for name in names:
            if name in taken:
                continue
            i, template = distinct[name]
            start = _candidate(spec, space, i, template.architecture) | {"paced": pace}
            if room is not None and list(_numbers([*found, start]))[-1] >= room:
                break
            found.append(start)
    return tuple(found)


def _leading(sets: Mapping[str, tuple[int, Template]], keeps: Callable[[str], bool]) -> Iterator[str]:
    """By content id: the first member of each family that keeps the limits; of what has no family nothing leads."""
    families: dict[str, list[str]] = {}
    for name, (_, template) in sets.items():
        if template.family:
            families.setdefault(template.family, []).append(name)
    for members in families.values():
        leader = next(filter(keeps, members), None)
        if leader is not None:
            yield leader


def _keeps(spec: SearchSpec, device: Device, architecture: Architecture, task: Task | None) -> bool:
    """Whether an architecture keeps the limits on what it takes on the device."""
    named = ((name, spec.constraints.limit("max", name)) for name in ("two_qubit_depth", "two_qubit_gates"))
    limits = {name: limit for name, limit in named if limit is not None}
    if not limits or architecture.num_qubits not in (None, spec.qubits):
        return True
    circuit = architecture.circuit(spec.qubits)
    cost = device.cost(circuit if task is None else task.ansatz_of(circuit, architecture.uploads))
    return all(cost[name] <= limit for name, limit in limits.items())


def _candidate(
    spec: SearchSpec, space: SearchSpace, place: int, candidate: Architecture | QuantumCircuit
) -> dict[str, Any]:
    if isinstance(candidate, Architecture):
        width = candidate.num_qubits or spec.qubits
        free = candidate.num_parameters(width)
        choices = space.choices_of(candidate)
    else:
        width, free, choices = candidate.num_qubits, candidate.num_parameters, None
    if width != spec.qubits:
        raise QTrainError(f"start[{place}] should have {spec.qubits} qubits. Got {width}.")
    if free == 0:
        raise QTrainError(f"start[{place}] should have a free parameter. Got none.")
    plain, content_id = plain_of(candidate)
    return {"architecture": plain, "architecture_id": content_id, "choices": choices}


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

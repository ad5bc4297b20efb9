"""Which rivals take part in a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtrain.architecture.architecture import Architecture
from qtrain.errors import QTrainError
from qtrain.studies.comparison import draws, growers, shelf  # noqa: F401 (their rows)
from qtrain.studies.comparison.rivals import RIVALS, Rival
from qtrain.studies.comparison.templates import deliver_template
from qtrain.studies.spec.search_spec import SearchSpec


def chosen_rivals(spec: SearchSpec, given: Any) -> tuple[Rival, ...]:
    """The rivals of a comparison: None: all that suit; names; or a mapping of names to circuits and functions.

    Raises:
        QTrainError: an unknown name, one that does not suit the task, a value that is no circuit.
    """
    if given is None:
        return tuple(row for row in RIVALS.values() if row.suits(spec))
    if isinstance(given, Mapping):
        return tuple(_of_user(str(name), value) for name, value in given.items())
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(n, str) for n in given):
        raise QTrainError(f"rivals should be names, or a mapping of names to circuits. Got {given!r}.")
    unsuited = [name for name in given if not RIVALS[name].suits(spec)]
    if unsuited:
        raise QTrainError(f"rivals should suit the task {spec.task.kind!r}. Got {', '.join(unsuited)}.")
    return tuple(RIVALS[name] for name in dict.fromkeys(given))


def _of_user(name: str, value: Any) -> Rival:
    from qiskit import QuantumCircuit

    if isinstance(value, (Architecture, QuantumCircuit)):
        return Rival(name, lambda contest: deliver_template(contest, value, label=name))
    if callable(value):
        return Rival(name, value)
    raise QTrainError(
        f"rivals should map names to circuits, architectures or functions of a Contest. Got {name!r}: "
        f"{type(value).__name__}."
    )

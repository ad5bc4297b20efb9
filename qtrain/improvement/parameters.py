"""Edits of the parameters: tied by translation, the dead ones removed; and circuits that a registry holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from qiskit.circuit import CircuitInstruction, Parameter

from qtrain.errors import QTrainError
from qtrain.improvement.layers import layers
from qtrain.improvement.table import Candidate, Model
from qtrain.json_results import count
from qtrain.qiskit_plugins.removal import remove_dead
from qtrain.registry.registry import load, names

MOST_WINNERS = 4


def tied(model: Model) -> Iterator[Candidate]:
    """One angle for all gates of one kind in a layer, as a circuit that treats all places alike has it."""
    found = layers(model.circuit, model.inputs)
    uses = Counter(p for item in found.circuit.data for angle in item.params for p in getattr(angle, "parameters", ()))
    groups: dict[tuple[Any, ...], list[Parameter]] = {}
    for k, part in enumerate(found.singles):
        depth: Counter[int] = Counter()
        for item in part:
            (q,) = found.place(item)
            _sort(groups, item, (k, "single", depth[q]))
            depth[q] += 1
        if k < len(found.blocks):
            for item in found.blocks[k].items:
                _sort(groups, item, (k, "block"))
    replaced: dict[Parameter, Parameter] = {}
    for members in groups.values():
        own = [p for p in members if uses[p] == 1 and p.name not in model.inputs]
        replaced |= dict.fromkeys(own[1:], own[0]) if own else {}
    if not replaced:
        return
    before = found.circuit.num_parameters - len(model.inputs)
    left = count(before - len(replaced), "parameter")
    text = f"tie the angles of each layer by translation: {left} instead of {before}"
    yield Candidate("tied", text, model.but(circuit=found.circuit.assign_parameters(replaced)))


def _sort(groups: dict[tuple[Any, ...], list[Parameter]], item: CircuitInstruction, where: tuple[Any, ...]) -> None:
    for place, angle in enumerate(item.params):
        if isinstance(angle, Parameter):
            groups.setdefault((*where, item.name, place), []).append(angle)


def without_dead(model: Model) -> Iterator[Candidate]:
    """Without what provably cannot change the expectation value."""
    circuit, removal = remove_dead(model.circuit, model.observable, inputs=model.inputs)
    gone, pairs = len(removal.parameters), removal.two_qubit_gates[0] - removal.two_qubit_gates[1]
    if not gone and not pairs:
        return
    fewer = f" and {count(pairs, 'two-qubit gate')}" if pairs else ""
    text = f"remove {count(gone, 'dead parameter')}{fewer}"
    if circuit.num_parameters:
        yield Candidate("dead", text, model.but(circuit=circuit))


def registered(model: Model) -> Iterator[Candidate]:
    """Winners of the registry that were found at this width."""
    shown = MOST_WINNERS if model.inputs else 0
    for name in names():
        try:
            entry = load(name)
            circuit = entry.circuit() if entry.num_qubits == model.num_qubits else None
        except QTrainError:
            continue
        if circuit is None or shown == MOST_WINNERS:
            continue
        shown += 1
        yield Candidate(name, f"the registered winner {name} instead of the circuit", model.but(circuit=circuit))

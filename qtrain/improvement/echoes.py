"""Edits of echoes: a block, a probe, and the block undone with the same angles (arXiv 2603.18479).

What the probe does grows while the block is undone, until it is spread over the whole register: then no angle of the
block is felt any more, although the expectation value still answers to the probe.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction
from qiskit.circuit.exceptions import CircuitError

from qtrain.circuits.composites import expand, free_parameters
from qtrain.circuits.observables import as_observable
from qtrain.improvement.observables import observable_text
from qtrain.improvement.table import Candidate, Model
from qtrain.qiskit_plugins.removal import is_unitary

BEYOND = (4, 2, 1)  # layers that stay beyond the log2 n in which a probe can reach every qubit
LEAST = 4  # entanglers in each half, below which nothing is spread


def thinned(model: Model) -> Iterator[Candidate]:
    """Without the entanglers far from the probe: log2 n layers of them let it reach all qubits, few more stay."""
    whole = expand(model.circuit)
    data = list(whole.data)
    places = [k for k, item in enumerate(data) if is_unitary(item) and item.operation.name != "barrier"]
    items = [data[k] for k in places]
    pairs = mirrored_pairs(items)
    layer = _layers_from_the_middle(whole, items, pairs)
    if len(layer) < LEAST or not any(free_parameters(items[first]) for first, _ in pairs):
        return
    reach, most = math.ceil(math.log2(max(model.num_qubits, 2))), max(layer.values())
    for more in BEYOND:
        kept = reach + more
        dropped = {k for pair in pairs if layer.get(pair[0], 0) > kept for k in pair}
        if not dropped:
            continue
        circuit = whole.copy_empty_like()
        gone = {places[k] for k in dropped}
        for k, item in enumerate(data):
            if k not in gone:
                circuit.append(item)
        text = (
            f"drop {len(dropped)} of the {2 * len(layer)} entanglers of the echo: in both halves the {kept} of {most} "
            "layers of them that are nearest to its middle stay"
        )
        yield Candidate(f"reach + {more}", text, model.but(circuit=circuit))


def thinned_and_measured(model: Model) -> Iterator[Candidate]:
    """The same, and Z measured everywhere: a probe that has not spread is seen only on the qubits that it reached."""
    everywhere = as_observable("sum Z", model.num_qubits)
    if as_observable(model.observable - everywhere, model.num_qubits).coeffs.any():
        for made in thinned(model):
            text = f"{made.sentence}; measure the sum of Z on each qubit instead of {observable_text(model.observable)}"
            yield Candidate(made.name, text, made.model.but(observable=everywhere))


def mirrored_pairs(items: Sequence[CircuitInstruction]) -> list[tuple[int, int]]:
    """Places of gates that later ones undo, the outermost first: read from both ends until one does not.

    Example:
        >>> from qiskit.circuit import Parameter
        >>> circuit, angle = QuantumCircuit(2), Parameter("a")
        >>> for gate in (lambda: circuit.ry(angle, 0), lambda: circuit.cx(0, 1)):
        ...     _ = gate()
        >>> mirrored_pairs(circuit.compose(circuit.inverse()).data)
        [(0, 3), (1, 2)]
    """
    found: list[tuple[int, int]] = []
    first, last = 0, len(items) - 1
    while first < last and _undoes(items[first], items[last]):
        found.append((first, last))
        first, last = first + 1, last - 1
    return found


def _undoes(gate: CircuitInstruction, other: CircuitInstruction) -> bool:
    if gate.qubits != other.qubits:
        return False
    try:
        return bool(gate.operation.inverse() == other.operation)
    except (CircuitError, AttributeError):  # no definition to undo; an operation that is no Instruction
        return False


def _layers_from_the_middle(
    circuit: QuantumCircuit, items: Sequence[CircuitInstruction], pairs: Sequence[tuple[int, int]]
) -> dict[int, int]:
    """Of each fixed gate on several qubits in the first half: how many of them, itself among them, lie on a way to the
    probe."""
    depth = dict.fromkeys(circuit.qubits, 0)
    layer = {}
    for first, _ in reversed(pairs):
        qubits = items[first].qubits
        if len(qubits) > 1 and not free_parameters(items[first]):
            layer[first] = 1 + max(depth[q] for q in qubits)
            depth.update(dict.fromkeys(qubits, layer[first]))
    return layer

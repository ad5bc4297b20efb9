"""``trend``: how the gradients of a recognised circuit go on with the number of qubits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qiskit import QuantumCircuit

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.diagnosis.families.observables import observable_at
from qtrain.diagnosis.families.recognize import recognize
from qtrain.diagnosis.scaling import Scaling, scaling
from qtrain.errors import QTrainError

SECONDS = 5.0  # without a budget
FINE = 1e-9  # share of S below which a variance needs no value: a law is told by the small ones
OPERATIONS = 1e7  # for one size: a law needs many sizes more than it needs digits


def trend(
    circuit: QuantumCircuit,
    observable: Any,
    *,
    initialization: str | tuple[str, float] | Initialization = "uniform",
    shots: int = 10_000,
    budget: Budget | None = None,
    seed: int = 0,
) -> Scaling | None:
    """The law of the gradient variance of the family that a circuit belongs to; None where it belongs to none.

    Args:
        observable: SparsePauliOp or text; continued as :func:`observable_at` does.
        budget: its seconds are for all sizes together; sizes that do not fit are left out.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> trend(real_amplitudes(6, reps=1), "ZZZZZZ").law
        'exponential'
    """
    family = recognize(circuit)
    measured = None if family is None else observable_at(observable, circuit.num_qubits)
    if family is None or measured is None:
        return None
    limits = budget or Budget(seconds=SECONDS)
    limits = replace(
        limits, resolution=min(limits.resolution, FINE), max_operations=min(limits.max_operations, OPERATIONS)
    )  # fmt: skip
    try:
        return scaling(family, measured, shots=shots, initialization=initialization, budget=limits, seed=seed)
    except QTrainError:  # too few sizes have gradients that the budget resolves
        return None

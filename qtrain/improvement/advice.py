"""Advice that was tried: a report whose verdicts name what a change did, not what it might do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtrain.diagnosis.facts import kind
from qtrain.improvement.ranking import LAWS
from qtrain.improvement.results import Improvements, Tried
from qtrain.json_results import count

if TYPE_CHECKING:
    from qtrain.diagnosis.report import TrainabilityReport


def helps(before: Tried, row: Tried) -> bool:
    """More parameters train than before, or as many and the trend with n is better.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> model = {"circuit": QuantumCircuit(1), "observable": SparsePauliOp("Z"), "initialization": "uniform"}
        >>> one, other = (Tried((), (), (), True, **model, parameters=8, trains=trains) for trains in (3, 4))
        >>> helps(one, other), helps(other, one), helps(one, one)
        (True, False, False)
    """
    if row.failed or row.trains < before.trains:
        return False
    known = bool(row.law and before.law)
    return row.trains > before.trains or (known and LAWS.index(row.law) < LAWS.index(before.law))


def advised(report: TrainabilityReport, found: Improvements) -> TrainabilityReport:
    """The report with the measured effect of the best change as advice for what does not train.

    Verdicts of dead and of healthy parameters stay as they are: to take out what is dead is proven to change nothing.

    Args:
        report: of the model that ``found`` began with.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> import qtrain
        >>> circuit = real_amplitudes(18, reps=2)
        >>> found = qtrain.improve(circuit, "parity", keep="circuit, start")
        >>> report = advised(qtrain.diagnose(circuit, "parity"), found)
        >>> report.verdicts[-1].advice
        'measure the sum of Z on each qubit instead of the parity: 54 of 54 parameters train'
    """
    best = next((row for row in found.tried if helps(found.before, row)), None)
    tried = f"{count(len(found.tried), 'change')} tried: none lets more parameters train"
    if best is not None:
        tried = f"{best.what}: {best.trains} of {count(best.parameters, 'parameter')} train"
    verdicts = [v if kind(v.cause) in ("healthy", "dead") else replace(v, advice=tried) for v in report.verdicts]
    return replace(report, verdicts=tuple(verdicts))

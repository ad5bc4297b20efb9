"""``diagnose``: every criterion on one circuit, put into one report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from importlib.metadata import version
from os import PathLike
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import QUICK, Budget
from qtrain.circuits.composites import entangling
from qtrain.circuits.drawing.gates import drawing
from qtrain.circuits.files import read_circuit
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import pose
from qtrain.diagnosis.causes import summarize
from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.parts import Diagnosis, Outputs, threshold
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.errors import QTrainError, check_whole, shortened
from qtrain.gradients.qnn_loss import LOSSES
from qtrain.json_results import encode

OVERTIME = 0.25  # of the budget, after which criteria that a report can do without are left out
_IDEAL = (
    "noise: the Lie algebra, the classical simulations, expressivity and what other qubits would see are of the "
    "circuit without it."
)


def diagnose(
    circuit: QuantumCircuit | str | PathLike[str] | Any,
    observable: SparsePauliOp | str | None = None,
    *,
    initialization: str | tuple[str, float] | Initialization = "uniform",
    noise: Any = None,
    shots: int = 10_000,
    budget: Budget | None = None,
    seed: int = 0,
    inputs: Sequence[Any] | str = (),
    data: np.ndarray | None = None,
    targets: np.ndarray | None = None,
    loss: str = "squared_error",
    thorough: bool = False,
) -> TrainabilityReport:
    """Tell which parameters of a circuit train, which do not, why, and what to change.

    Args:
        circuit: a QuantumCircuit, a path to .qasm (2 or 3) or .qpy, or an EstimatorQNN: then the
            gradients are those of its loss over ``data`` and ``targets``, all its observables at once.
        observable: SparsePauliOp, or text such as ``"ZII + 0.5*IXX"``; qubit 0 is the last letter.
        initialization, noise, inputs, data: see `gradient_variance`.
        shots: per expectation value; decides which gradients can be told from zero.
        budget: seconds, memory, dimension, precision; a budget that is hit gives a bound, and the call returns within
            1.5 times its seconds and 5 more. None: the default one with 5 seconds.
        thorough: without a budget, all 30 seconds of the default one, for narrower intervals and larger algebras.
        seed: of all randomness.
        targets: (points, outputs) of a QNN; loss: ``"squared_error"`` or ``"cross_entropy"`` (labels -1, 1).

    Returns:
        A report whose ``to_json`` / ``from_json`` round-trip.

    Raises:
        QTrainError: a circuit that cannot be read or lowered, one without parameters, or wrong options.

    Example:
        >>> from qiskit.circuit.library import efficient_su2
        >>> print(diagnose(efficient_su2(4, reps=2), "ZIII").summary)
        9 of 24 parameters train at 10000 shots; 15 are dead and can be removed.
    """
    if budget is None:
        budget = Budget() if thorough else Budget(seconds=QUICK)
    problem, text = question(
        circuit, observable, initialization=initialization, noise=noise, shots=shots, budget=budget, seed=seed,
        inputs=inputs, data=data, targets=targets, loss=loss,
    )  # fmt: skip
    results: dict[str, Any] = {"extra": {}}
    seconds: dict[str, float] = {}
    for name, row in CRITERIA.items():
        began = time.perf_counter()
        found = None
        try:
            if row.needed or problem.left > -OVERTIME * problem.budget.seconds:
                found = row.run(problem)
            else:
                problem.notes.append(f"{name}: not looked at, as the budget had ended.")
        except QTrainError as error:
            if row.needed:
                raise
            problem.notes.append(f"{name}: {error}")
        seconds[name] = round(time.perf_counter() - began, 4)
        if row.field is not None:
            results[row.field] = found
        elif found is not None:
            results["extra"][name] = encode(found)
    source = problem.circuit
    return TrainabilityReport(
        num_qubits=problem.program.num_qubits, num_parameters=len(problem.program.parameters),
        num_gates=len(source.data),
        two_qubit_depth=entangling(source)[0],
        observable=text, initialization=problem.drawn, shots=problem.shots, threshold=threshold(problem),
        summary=summarize(results["verdicts"], problem.shots), notes=tuple(dict.fromkeys(problem.notes)),
        versions=dict(_versions()), seconds=seconds, noise=problem.noise.text if problem.noise else "",
        drawing=drawing(source, problem.program.parameters), **results,
    )  # fmt: skip


def question(
    circuit: Any, observable: Any, *, initialization: Any = "uniform", noise: Any = None, shots: int = 10_000,
    budget: Budget | None = None, seed: int = 0, inputs: Any = (), data: Any = None, targets: Any = None,
    loss: str = "squared_error",
) -> tuple[Diagnosis, str]:  # fmt: skip
    """The question of a diagnosis, and the text of its observable; arguments as those of `diagnose`."""
    check_whole("shots", shots)
    outputs = None
    if loss not in LOSSES:
        raise QTrainError(f"loss should be one of {', '.join(LOSSES)}. Got {shortened(loss)}.")
    if hasattr(circuit, "observables") and hasattr(circuit, "input_params"):
        if observable is not None or noise is not None:
            raise QTrainError(
                "observable and noise should be None for a QNN: it brings its observables. Got another."
            )
        outputs = Outputs(circuit.observables, targets, loss)
        # no two outputs cancel: what every term's expectation value is blind to, any loss is
        observable = SparsePauliOp.sum([SparsePauliOp(o.paulis, np.abs(o.coeffs)) for o in outputs.observables])
        text = _text(as_observable(SparsePauliOp.sum(outputs.observables)))
        circuit, inputs = circuit.circuit, circuit.input_params
        if inputs and data is None:
            raise QTrainError(f"data should fill the {len(inputs)} inputs of the QNN. Got None.")
    elif observable is None:
        raise QTrainError("observable should be a SparsePauliOp or text. Got None.")
    elif targets is not None:
        raise QTrainError("targets should be left out where circuit is no QNN: no loss compares them. Got targets.")
    source = read_circuit(circuit)
    problem = pose(
        source, observable, initialization=initialization, noise=noise, inputs=inputs, data=data, budget=budget,
        seed=seed,
    )  # fmt: skip
    if not (noise is None and len(problem.traceless.coeffs.nonzero()[0]) or noise is not None):
        raise QTrainError(
            f"observable should depend on the state. Got the constant {problem.offset:g}, the same at every angle: no "
            "parameter can change it."
        )
    asked = {item.name: getattr(problem, item.name) for item in fields(problem) if item.name != "parts"}
    notes = list(problem.remarks)
    posed = Diagnosis(**asked, circuit=source, shots=int(shots), outputs=outputs, notes=notes)
    if problem.noise is None:
        return posed, _text(problem.observable) if outputs is None else text
    notes += [*problem.noise.notes, _IDEAL]
    return replace(posed, circuit=problem.noise.circuit), _text(as_observable(observable, source.num_qubits))


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in ("qtrain", "qiskit"))


def _text(operator: SparsePauliOp, limit: int = 8) -> str:
    terms = [f"{complex(c).real:g}*{label}" for label, c in operator[: min(limit, len(operator))].to_list()]
    return " + ".join(terms) + (f" + ... ({len(operator)} terms)" if len(operator) > limit else "")

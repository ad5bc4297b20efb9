"""``diagnose``: every criterion on one circuit, put into one report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from os import PathLike
from typing import Any, TypeVar

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.files import read_circuit
from qtrain.circuits.initialization import Initialization, parse_initialization
from qtrain.circuits.interference import path_classes
from qtrain.circuits.observables import as_observable
from qtrain.circuits.problem import Problem, path_tape, pose
from qtrain.circuits.program import lower
from qtrain.diagnosis.causes import explain, path_weights, summarize
from qtrain.diagnosis.expressivity import expressivity
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.diagnosis.simulability import simulability
from qtrain.errors import QTrainError
from qtrain.gradients.methods import answer
from qtrain.gradients.qnn_loss import MAX_POINTS, check_targets, loss_variance
from qtrain.gradients.statistics import GradientStats
from qtrain.lie.dla import dla
from qtrain.light_cones.dead_parameters import provably_zero
from qtrain.light_cones.light_cone import light_cone
from qtrain.light_cones.vanishing_gradients import vanishing_weights

T = TypeVar("T")


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
) -> TrainabilityReport:
    """Tell which parameters of a circuit train, which do not, why, and what to change.

    Args:
        circuit: a QuantumCircuit, a path to .qasm (2 or 3) or .qpy, or an EstimatorQNN: then the
            gradients are those of its loss over ``data`` and ``targets``, all its observables at once.
        observable: SparsePauliOp, or text such as ``"ZII + 0.5*IXX"``; qubit 0 is the last letter.
        initialization, noise, inputs, data: see `gradient_variance`.
        shots: per expectation value; decides which gradients can be told from zero.
        budget: seconds, memory, dimension, precision; a budget that is hit gives a bound.
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
    budget = budget or Budget()
    if isinstance(shots, bool) or not isinstance(shots, (int, np.integer)) or shots < 1:
        raise QTrainError(f"shots should be a whole number of at least 1. Got {shots!r}.")
    start = parse_initialization(initialization)
    network: Any = circuit if hasattr(circuit, "observables") and hasattr(circuit, "input_params") else None
    if network is not None:
        if observable is not None or noise is not None:
            raise QTrainError(
                "observable and noise should be None for a QNN: it brings its observables. Got another."
            )
        circuit, inputs = network.circuit, network.input_params
        observable = sum(network.observables[1:], start=network.observables[0]).simplify()
    elif observable is None:
        raise QTrainError("observable should be a SparsePauliOp or text. Got None.")
    source = read_circuit(circuit)
    program = lower(source, inputs=inputs)
    if not program.weights:
        raise QTrainError("circuit should have at least one parameter. Got a circuit without parameters.")
    operator = as_observable(observable, program.num_qubits)
    seconds: dict[str, float] = {}
    notes: list[str] = []

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return work()
        finally:
            seconds[name] = round(time.perf_counter() - began, 4)

    def tried(name: str, work: Callable[[], T]) -> T | None:
        try:
            return timed(name, work)
        except QTrainError as error:
            notes.append(f"{name}: {error}")
            return None

    slopes = 0.0

    def loss_gradients() -> GradientStats:
        nonlocal slopes
        problem = pose(program, operator, initialization=start, data=data, budget=budget, seed=seed)
        if problem.data is None:
            raise QTrainError("circuit should have input parameters where it is a QNN. Got none.")
        wanted = check_targets(problem.data, targets, len(network.observables), loss)
        stats, slopes = loss_variance(problem, network.observables, wanted, loss=loss)
        return stats

    def cost_gradients() -> GradientStats:
        problem = pose(
            source if noise is not None else program, operator, initialization=start, noise=noise, seed=seed,
            budget=replace(budget, seconds=0.5 * budget.seconds), inputs=inputs if noise is not None else (), data=data,
        )  # fmt: skip
        found = answer(problem, or_bound=True)
        if found.method == "none":
            notes.append(f"gradients: {found.reason}")
        return found

    gradients = timed("gradients", cost_gradients if network is None else loss_gradients)
    representative = (
        program if data is None or not program.inputs else program.bind_inputs(np.atleast_2d(data)[0])
    )
    cone = timed("light cone", lambda: light_cone(representative, operator))
    unfelt = gradients.proven_zero & cone.effective
    if start.kind == "uniform" and data is None:
        unfelt = unfelt | (provably_zero(representative, operator) & cone.effective)
    blind = np.zeros_like(unfelt)  # no input state would make the observable feel them
    if unfelt.any() and gradients.method == "statevector" and not representative.inputs:
        blind = unfelt & vanishing_weights(representative, operator, any_input=True, seed=seed)
    _, tape, bloch = path_tape(Problem(representative, operator))
    plain = tape is not None and bloch is None
    scale, on_path = _scale(operator), np.full(len(program.weights), np.nan)
    if plain and tape is not None:
        classes = path_classes(tape, operator)
        scale = classes.scale or scale
        on_path = timed("path weights", lambda: path_weights(representative, classes.x, classes.z, seed=seed))
    if network is not None:
        # shot noise of the outputs, through the slope of the loss, averaged over the points
        scale *= slopes / min(len(np.atleast_2d(np.asarray(data))), MAX_POINTS)
    verdicts = timed(
        "causes",
        lambda: explain(
            representative, gradients, replace(cone, effective=cone.effective & ~blind), unfelt, scale=scale,
            shots=int(shots), weights_on_path=on_path, budget=budget, seed=seed,
            tape=tape if plain and network is None else None,
        ),
    )  # fmt: skip
    algebra = tried(
        "dla", lambda: dla(representative, observable=operator, max_dimension=budget.max_dimension)
    )
    certificate = tried(
        "simulability",
        lambda: simulability(
            representative, operator, budget=budget, seed=seed, algebra=algebra.algebra if algebra else None
        ),
    )
    express = tried("expressivity", lambda: expressivity(representative, budget=budget, seed=seed))
    return TrainabilityReport(
        num_qubits=program.num_qubits, num_parameters=len(program.weights), num_gates=len(source.data),
        two_qubit_depth=source.depth(lambda item: len(item.qubits) > 1 and item.operation.name != "barrier"),
        observable=_text(operator), initialization=str(start), shots=int(shots), threshold=scale / int(shots),
        light_cone=cone, gradients=gradients, dla=algebra, simulability=certificate, expressivity=express,
        verdicts=verdicts, summary=summarize(verdicts, int(shots)), notes=tuple(notes),
        versions={name: version(name) for name in ("qtrain", "qiskit")}, seconds=seconds,
    )  # fmt: skip


def _scale(operator: SparsePauliOp) -> float:
    """Sum of squared coefficients without the identity: the second moment of independent terms."""
    traceless = operator.paulis.x.any(axis=1) | operator.paulis.z.any(axis=1)
    return float(np.sum(np.abs(operator.coeffs[traceless]) ** 2)) or 1.0


def _text(operator: SparsePauliOp, limit: int = 8) -> str:
    terms = [f"{complex(c).real:g}*{label}" for label, c in operator[: min(limit, len(operator))].to_list()]
    return " + ".join(terms) + (f" + ... ({len(operator)} terms)" if len(operator) > limit else "")

"""Conformance of criteria and of certificates."""

from __future__ import annotations

import json
import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, real_amplitudes

from qtrain.budget import Budget
from qtrain.circuits.program import lower
from qtrain.diagnosis.certificates.table import CERTIFICATES
from qtrain.diagnosis.conditions import Condition, quantities
from qtrain.diagnosis.criteria import CRITERIA
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.diagnosis.simulability import simulability
from qtrain.json_results import encode
from qtrain.simulators.statevector import values_and_gradients
from qtrain.views.tables import facts

POINTS = 200  # random angles at which a surrogate is compared


def _cases() -> list[tuple[QuantumCircuit, str]]:
    """Independent and shared angles, a fixed T gate, parameters that are dead, a cost without a live parameter."""
    shared, idle = Parameter("a"), QuantumCircuit(2)
    mixed = QuantumCircuit(3)
    for q in range(3):
        mixed.ry(shared, q)
    mixed.t(1)
    mixed.cx(0, 1)
    mixed.rzz(Parameter("b"), 1, 2)
    mixed.rx(shared, 2)
    idle.rz(Parameter("c"), 0)
    library = [(efficient_su2(3, reps=1), "ZII + 0.5*IXX"), (real_amplitudes(4, reps=1), "IIZZ")]
    return [*library, (mixed, "ZZI"), (idle, "IZ")]


def check_criterion(name: str) -> None:
    """Its result survives JSON; its facts are lines of text and its quantities numbers, of fresh and of stored reports.

    Example:
        >>> check_criterion("light cone")
    """
    row = CRITERIA[name]
    assert row.name == name, f"the row's name should be {name!r}"
    for circuit, observable in _cases():
        report = diagnose(circuit, observable, budget=Budget(seconds=5))
        assert name in report.seconds, "a diagnosis should time it"
        stored = TrainabilityReport.from_json(report.to_json())
        assert encode(row.result(stored)) == encode(row.result(report)), "its result should survive JSON"
        if row.result(report) is None:
            assert not row.needed, "a criterion that is needed should have a result"
            told = row.silent or any(note.startswith(f"{name}:") for note in report.notes)
            assert told, "a note should say why it has no result"
            continue
        lines = list(row.facts(report))
        assert all(isinstance(text, str) for line in lines for text in line), "its facts should be texts"
        assert all(len(line) == 2 and line in facts(report) for line in lines), "its facts should be (name, text)"
        assert list(row.facts(stored)) == lines, "its facts should be read from stored reports alike"
        found, again = quantities(report), quantities(stored)
        for quantity in row.quantities:
            value = found[quantity]
            assert value == again[quantity] or (math.isnan(value) and math.isnan(again[quantity]))
            holds = Condition.parse(f"{quantity} >= {-math.inf}").holds(found)
            assert holds != math.isnan(value), "a quantity that is known should be comparable"
        json.dumps(encode(row.result(report)), allow_nan=False)


def check_certificate(name: str) -> None:
    """It holds what it says: figures are numbers, and what evaluates the cost errs as it is certified to.

    Example:
        >>> check_certificate("light cone")
    """
    assert CERTIFICATES[name].name == name, f"the row's name should be {name!r}"
    for circuit, observable in _cases():
        program = lower(circuit)
        points = np.random.default_rng(0).uniform(0, 2 * np.pi, (POINTS, program.num_weights))
        exact, slopes = values_and_gradients(program, observable, points)
        result = simulability(program, observable)
        assert [row.check for row in result.certificates].count(name) <= 1
        for row in result.certificates:
            if row.check != name:
                continue
            assert row.cost > 0 and row.kind in ("classical", "needs quantum data") and row.detail
            assert not row.applies or row.error >= 0, "the error of what applies should be known"
            if row.error == 0:
                assert row.error_upper == 0, "an exact method should have an interval without width"
            surrogate = result.surrogates.get(name)
            if surrogate is None:
                continue
            assert row.applies and surrogate.method == name
            found = np.array([surrogate.value(point) for point in points])
            if row.error == 0:
                assert np.allclose(found, exact, atol=1e-9), "an exact surrogate should give the cost"
                value, gradient = surrogate.value_and_gradient(points[0])
                assert np.isclose(value, exact[0], atol=1e-9) and np.allclose(gradient, slopes[0], atol=1e-8)
            else:
                squares = (found - exact) ** 2
                spread = float(squares.std()) / math.sqrt(POINTS)
                assert squares.mean() <= row.error_upper**2 + 4 * spread, "it should err as it is certified to"
        if result.surrogate is not None:
            assert result.verdict.startswith(f"{result.surrogate.method}:")

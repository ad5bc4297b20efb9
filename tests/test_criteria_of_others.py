"""A criterion and a certificate from outside the package: conformance, and where their results turn up."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from qiskit import qasm3
from qiskit.circuit.library import efficient_su2
from rich.console import Console
from typer.testing import CliRunner

import qtrain
from qtrain import testing
from qtrain.circuits.problem import part
from qtrain.cli.app import app
from qtrain.diagnosis.certificates.table import (
    CERTIFICATES,
    Assessment,
    SimulationMethod,
    register_certificate,
)
from qtrain.diagnosis.conditions import Condition, quantities
from qtrain.diagnosis.criteria import CRITERIA, Criterion, register_criterion
from qtrain.errors import QTrainError
from qtrain.views.tables import facts, report_view


@part
def rotations(problem):
    return len(problem.program.rotations)


def count(problem):
    if rotations(problem) > 30:
        raise QTrainError("circuit should have at most 30 rotations. Got more.")
    return {"rotations": rotations(problem), "per_qubit": np.float64(rotations(problem) / problem.program.num_qubits)}


TOY = Criterion(
    "toy count", count, lambda report: [("rotations", f"{report.extra['toy count']['rotations']} in all")],
    {"rotations_per_qubit": lambda report: report.extra["toy count"]["per_qubit"]},
)  # fmt: skip


class Free:
    """A cost without live parameters is a constant."""

    def __init__(self, cost):
        self.size, self.constant = len(cost.program.weights), cost.observable.coeffs.real.sum()

    def value(self, weights):
        return self.constant

    def value_and_gradient(self, weights):
        return self.constant, np.zeros(self.size)


def constant(cost):
    if len(cost.program.opcode) or cost.observable.paulis.x.any():
        return None
    return Assessment("no gate matters", 0.5, evaluator=lambda: Free(cost))


@pytest.fixture
def toys():
    rows = register_criterion(TOY), register_certificate(SimulationMethod("toy constant", constant))
    yield rows
    CRITERIA.remove("toy count")
    CERTIFICATES.remove("toy constant")


def test_toys_conform(toys):
    testing.check_criterion("toy count")
    testing.check_certificate("toy constant")


@pytest.mark.parametrize("name", list(CRITERIA))
def test_criteria_conform(name):
    testing.check_criterion(name)


@pytest.mark.parametrize("name", list(CERTIFICATES))
def test_certificates_conform(name):
    testing.check_certificate(name)


def test_a_certificate_that_lies_does_not_conform(toys):
    class Lie(Free):
        def value(self, weights):
            return self.constant + 0.01

    register_certificate(
        SimulationMethod("toy constant", lambda cost: Assessment("a guess", 1.0, evaluator=lambda: Lie(cost))), replace=True
    )  # fmt: skip
    with pytest.raises(AssertionError, match="exact surrogate should give the cost"):
        testing.check_certificate("toy constant")


def test_the_result_is_in_the_report_and_in_its_table(toys):
    report = qtrain.diagnose(efficient_su2(3, reps=1), "ZII")
    assert report.extra == {"toy count": {"rotations": 12, "per_qubit": 4.0}}
    assert "toy count" in report.seconds
    again = qtrain.TrainabilityReport.from_json(report.to_json())
    assert again.extra == report.extra and again.to_json() == report.to_json()
    assert ("rotations", "12 in all") in facts(report)
    screen = io.StringIO()
    Console(file=screen, width=100).print(report_view(again, title="a circuit"))
    assert "12 in all" in screen.getvalue()
    assert Condition.parse("rotations_per_qubit > 3.5").holds(quantities(again))


def test_a_refusal_is_a_note(toys):
    report = qtrain.diagnose(efficient_su2(4), "ZIII")
    assert report.extra == {}
    assert "toy count: circuit should have at most 30 rotations. Got more." in report.notes
    assert not Condition.parse("rotations_per_qubit > 0").holds(quantities(report))


def test_the_certificate_decides_the_verdict(toys):
    found = qtrain.simulability(efficient_su2(2, reps=1), "II")
    assert found.verdict.startswith("toy constant: no gate matters")
    assert found.surrogate.method == "toy constant"
    assert found.surrogate.value(np.zeros(8)) == 1.0


@pytest.mark.parametrize("condition, code", [("rotations_per_qubit > 3.5", 1), ("rotations_per_qubit > 4.5", 0)])
def test_conditions_of_the_command_line_know_it(toys, tmp_path, condition, code):
    file = tmp_path / "circuit.qasm"
    file.write_text(qasm3.dumps(efficient_su2(3, reps=1).decompose()))
    done = CliRunner().invoke(app, ["diagnose", str(file), "--observable", "ZII", "--fail-if", condition, "--json"])
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout)["extra"]["toy count"]["rotations"] == 12


def test_names_that_are_taken(toys):
    with pytest.raises(QTrainError, match="criterion should have a name that is free. Got 'dla'"):
        register_criterion(Criterion("dla", count))
    with pytest.raises(QTrainError, match="quantities should have names that are free. Got 'dead', of 'causes'"):
        register_criterion(Criterion("mine", count, quantities={"dead": lambda report: 0.0}))
    with pytest.raises(QTrainError, match="small letters"):
        register_criterion(Criterion("mine", count, quantities={"N 1": lambda report: 0.0}))
    assert "mine" not in CRITERIA


def test_reports_of_earlier_releases_have_nothing_extra():
    report = qtrain.diagnose(efficient_su2(2, reps=1), "ZI")
    data = json.loads(report.to_json())
    del data["extra"], data["digest"]
    for row in data["simulability"]["certificates"]:
        del row["error_lower"], row["error_upper"]
    old = qtrain.TrainabilityReport.from_json(json.dumps(data))
    assert old.extra == {} and np.isnan(old.simulability.certificates[0].error_upper)
    assert facts(old) == facts(report)

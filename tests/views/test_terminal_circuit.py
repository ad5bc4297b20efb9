"""The circuit in the terminal: every gate where it stands, in its verdict's colour, or no picture at all."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2

from qtrain.budget import Budget
from qtrain.diagnosis.diagnose import diagnose
from qtrain.views.tables import STYLES
from qtrain.views.terminal_circuit import circuit_text


@pytest.fixture(scope="module")
def report():
    return diagnose(efficient_su2(4, reps=2), "ZIII", budget=Budget(seconds=5))


def test_every_gate_stands_on_its_line(report):
    lines = circuit_text(report.drawing, report.verdicts, STYLES, width=80).plain.splitlines()
    assert [line.count("RY") for line in lines[:4]] == [3] * 4
    assert [line.count("●") + line.count("⊕") for line in lines[:4]] == [2, 4, 4, 2]
    assert len({len(line) for line in lines[:4]}) == 1 and len(lines) == 5


def test_colours_are_those_of_the_verdicts(report):
    text = circuit_text(report.drawing, report.verdicts, STYLES, width=80)
    shown = [str(span.style) for span in text.spans if text.plain[span.start : span.end] in ("RY", "RZ")]
    dead = sum(verdict.cause.startswith("dead") for verdict in report.verdicts)
    assert shown.count(STYLES["dead"]) == dead and shown.count(STYLES["healthy"]) == 24 - dead


def test_it_fits_or_is_not_drawn(report):
    needed = max(map(len, circuit_text(report.drawing, report.verdicts, STYLES, width=200).plain.splitlines()[:4]))
    assert circuit_text(report.drawing, report.verdicts, STYLES, width=needed) is not None
    assert circuit_text(report.drawing, report.verdicts, STYLES, width=needed - 1) is None


def test_gates_across_others_and_long_names():
    angle, circuit = ParameterVector("a", 3), QuantumCircuit(3)
    circuit.rzz(angle[0], 0, 2)
    circuit.crx(angle[1], 2, 1)
    circuit.rx(angle[2], 0)
    found = diagnose(circuit, "IIZ", budget=Budget(seconds=5))
    lines = circuit_text(found.drawing, found.verdicts, {}, width=40).plain.splitlines()
    assert [line[2:].rstrip("─") for line in lines[:3]] == ["─RZZ─RX", "─┼───RX", "─RZZ─●"]

"""Every gate with a parameter has its mark, at its qubits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from figures import drawn, labels, points, report_of, verdict
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qtrain import QTrainError, plot_verdicts
from qtrain.circuits.drawing.gates import drawing


def shared():
    """One parameter on two gates, another on two qubits."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    circuit.rx(a, 0)
    circuit.cx(0, 1)
    circuit.rx(a, 2)
    circuit.rzz(b, 1, 2)
    found = [verdict(0, "healthy", 0.1, 0.1, 0.1, gate=0, qubits=(0,)), verdict(1, "scrambled", 0, 0, 1e-9, gate=3, qubits=(1, 2))]
    return report_of(found, drawing=drawing(circuit))


def test_shared_parameters_are_marked_at_every_gate():
    axes = drawn(plot_verdicts, shared())
    assert sorted(points(axes, "healthy").tolist()) == [[0, 0], [0, 2]]
    assert sorted(points(axes, "scrambled").tolist()) == [[2, 1], [2, 2]]
    assert labels(axes) == ["healthy (1)", "scrambled (1)"]
    assert axes.get_xlabel() == "layer of gates"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # qubit 0 is on top


def test_old_reports_show_where_a_parameter_acts_first():
    axes = drawn(plot_verdicts, replace(shared(), drawing=None))
    assert points(axes, "healthy").tolist() == [[0, 0]]
    assert axes.get_xlabel() == "layer of gates with parameters"


def test_a_hundred_qubits_fit_a_page():
    circuit = QuantumCircuit(100)
    angles = [Parameter(f"p{k:03}") for k in range(800)]
    for k, angle in enumerate(angles):
        circuit.ry(angle, k % 100)
        if k % 100 < 99:
            circuit.cx(k % 100, k % 100 + 1)
    found = [verdict(k, "healthy", 0.1, 0.1, 0.1, qubits=(k % 100,)) for k in range(800)]
    axes = drawn(plot_verdicts, report_of(found, drawing=drawing(circuit)))
    assert len(points(axes, "healthy")) == 800
    assert axes.figure.get_figwidth() == 3.4 and axes.figure.get_figheight() <= 7
    assert axes.get_xlim()[1] < 10  # the entanglers' staircase is left out


def test_wrong_input_is_one_sentence():
    with pytest.raises(QTrainError, match=r"one parameter or more. Got none."):
        plot_verdicts(report_of([]))
    with pytest.raises(QTrainError, match=r"Got int."):
        plot_verdicts(3)

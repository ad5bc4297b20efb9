"""The trend of circuits whose law is known, in reports too; nothing is said of others."""

from __future__ import annotations

import pytest
from qiskit.circuit.library import efficient_su2, real_amplitudes

from qtrain.architecture import catalogue
from qtrain.budget import Budget
from qtrain.diagnosis.diagnose import diagnose
from qtrain.diagnosis.families import trend
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.diagnosis.scaling import scaling

ENOUGH = Budget(seconds=20)


@pytest.mark.parametrize(("circuit", "observable", "law"), [
    # a light cone of bounded width: the same gates are seen at every n
    (efficient_su2(8, entanglement="reverse_linear", reps=2), "Zlast", "constant"),
    (efficient_su2(8, entanglement="linear", reps=2), "Z0", "constant"),
    # Z on every qubit after independent RY: a product of n factors
    (catalogue.sim_template(1, reps=1).circuit(6), "Z^n", "exponential"),
    # linear CX run away from Z on the last qubit: its light cone is the register
    (efficient_su2(8, entanglement="linear", reps=2), "Zlast", "exponential"),
    (efficient_su2(6, entanglement="full", reps=3), "Z^n", "exponential"),
])  # fmt: skip
def test_known_laws(circuit, observable, law):
    found = trend(circuit, observable, budget=ENOUGH)
    assert found.law == law
    assert found.barren_plateau == (law == "exponential")
    assert found.family


def test_product_of_cosines():
    """RX on every qubit under Z^n: V = 2^-n, a rate of ln 2."""
    found = trend(catalogue.sim_template(1, reps=1).circuit(5), "ZZZZZ", budget=ENOUGH)
    assert found.variance == pytest.approx([2.0**-n for n in found.sizes])
    assert found.rate == pytest.approx(0.6931, abs=1e-3)


def test_it_is_what_scaling_says_of_the_family():
    found = trend(real_amplitudes(6, reps=1), "ZZZZZZ", budget=ENOUGH)
    asked = scaling(lambda n: real_amplitudes(n, reps=1), "Z^n", found.sizes)
    assert asked.law == found.law and asked.rate == pytest.approx(found.rate)


def test_reports_hold_it():
    report = diagnose(real_amplitudes(5, reps=1), "ZZZZZ", budget=ENOUGH)
    assert report.trend.law == "exponential" and report.trend.family.startswith("real_amplitudes")
    again = TrainabilityReport.from_json(report.to_json())
    assert again.trend.to_json() == report.trend.to_json()


def test_nothing_is_said_of_others():
    circuit = real_amplitudes(5, reps=1)
    circuit.cx(0, 3)
    report = diagnose(circuit, "ZZZZZ", budget=ENOUGH)
    assert report.trend is None
    assert not any("trend" in note for note in report.notes)
    assert trend(real_amplitudes(6, reps=1), "ZIZZII") is None
    assert diagnose(real_amplitudes(4, reps=1), "ZZZZ", noise=0.01, budget=ENOUGH).trend is None

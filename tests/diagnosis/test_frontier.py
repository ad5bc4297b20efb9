"""The line about training and the classical shortcut: its words follow from the report, whatever that holds."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from figures import report_of
from figures import verdict as verdict_of
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit.library import real_amplitudes

import qtrain
from qtrain.diagnosis.certificates.table import CERTIFICATES
from qtrain.diagnosis.frontier import cheapest
from qtrain.diagnosis.results import CAUSES, Certificate, Simulability
from qtrain.views.page.glossary import TERMS
from qtrain.views.tables import facts


def verdict(index, cause):
    return verdict_of(index, cause, 0.1, 0.1, 0.1)


def found_by(*rows, untried=()):
    """Certificates of (method, applies, operations, error, kind), and what follows from them."""
    certificates = tuple(Certificate(*row, "as made") for row in rows)
    return Simulability(cheapest(certificates) is not None, "as made", certificates, untried=untried)


@given(st.lists(st.sampled_from(list(CAUSES.values())), max_size=8))
def test_the_word_follows_from_the_parameters_that_are_not_dead(causes):
    report = report_of([verdict(k, cause) for k, cause in enumerate(causes)], shots=500)
    alive = [cause for cause in causes if not cause.startswith("dead")]
    healthy = alive.count("healthy")
    word = report.frontier.trains
    assert (word == "yes") == (0 < healthy == len(alive))
    assert (word == "in part") == (0 < healthy < len(alive))
    assert (word == "not known") == (healthy == 0 and "unknown" in alive)
    assert report.frontier.text.startswith(f"{word}, ") and report.frontier.text.endswith("shortcut: not looked at")
    assert dict(facts(report))["trains"] == report.frontier.text


costs = st.tuples(st.sampled_from(["a", "b"]), st.booleans(), st.floats(1, 1e12), st.sampled_from([0.0, 0.03]),
                  st.sampled_from(["classical", "needs quantum data"]))  # fmt: skip


@given(st.lists(costs, max_size=5))
def test_the_shortcut_is_the_cheapest_that_applies_and_needs_no_device(rows):
    report = report_of([verdict(0, "healthy")], simulability=found_by(*rows))
    line, able = report.frontier, [row[2] for row in rows if row[1] and row[4] == "classical"]
    assert (line.shortcut is None) == (not able) == math.isnan(line.log10_operations)
    if able:
        assert line.log10_operations == pytest.approx(math.log10(min(able)), abs=1e-12)
    else:
        assert "no certificate below 10^12 operations with these methods" in line.text
        assert ("measured once" in line.text) == any(row[1] for row in rows)
    assert "hard" not in line.text and "\n" not in line.text


def test_methods_that_the_seconds_did_not_reach_are_said():
    report = report_of([verdict(0, "healthy")], simulability=found_by(("a", False, 1e15, 0.0, "classical"), untried=("b",)))
    assert report.frontier.looked_at == ("a",) and report.frontier.untried == ("b",)
    assert "(1 of them not tried, as the budget had ended; qtrain explain shortcut)" in report.frontier.text


def test_where_it_is_written_and_compared():
    report = qtrain.diagnose(real_amplitudes(2, reps=1), "IZ")
    line = report.frontier
    assert line.trains == "yes" and line.how == "yes, all 3 live parameters at 10,000 shots"
    assert line.shortcut == min((row for row in report.simulability.certificates if row.applies), key=lambda row: row.cost).check
    data = json.loads(report.to_json())
    assert data["frontier"]["text"] == line.text
    assert qtrain.TrainabilityReport.from_json(json.dumps(data)).frontier == line
    del data["frontier"]  # as earlier releases wrote it
    assert qtrain.TrainabilityReport.from_json(json.dumps(data)).frontier == line
    assert f"{line.shortcut}: " in report._repr_html_() and "classical shortcut" in report.to_html()


def test_trend_and_start_are_part_of_how():
    trend = qtrain.Scaling((4, 6), *[()] * 4, "polynomial", 1.25, 1.0, 1.5, {}, False, 100, math.inf, "")
    report = report_of([verdict(0, "healthy")], initialization="gaussian:0.1", trend=trend)
    assert report.frontier.how == "yes, its live parameter at 10,000 shots from gaussian:0.1, V polynomial, n^-1.2"
    plain = dataclasses.replace(report, trend=dataclasses.replace(trend, law="undecided"))
    assert plain.frontier.how == "yes, its live parameter at 10,000 shots from gaussian:0.1"


def test_the_list_of_methods_is_at_hand():
    assert [name for name in CERTIFICATES if name not in TERMS["shortcut"].meaning] == []

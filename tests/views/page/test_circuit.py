"""The page of a report: every part that the report has, and sentences for those that it has not."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from made_reports import HOSTILE, Elements, base, made, verdicts
from qiskit.circuit.library import efficient_su2

from qtrain.circuits.drawing.gates import drawing
from qtrain.diagnosis.report import TrainabilityReport
from qtrain.views.page import circuit_page

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
MOST = 3 * 2**20


def ids(page):
    return Elements(page).of("id")


def test_the_parts_of_a_report_are_there():
    page = circuit_page(base(), written=WHEN)
    assert {"summary", "circuit", "verdicts", "profile", "algebra", "simulation", "expressivity", "about", "glossary"} <= set(ids(page))
    assert base().summary in page and "2026-01-02 03:04 UTC" in page
    assert all(f"{name} {version}" in page for name, version in base().versions.items())
    assert len(ids(page)) == len(set(ids(page)))
    assert page == circuit_page(base(), written=WHEN), "the same report gives the same page"


def test_landmarks_and_labels():
    found = Elements(circuit_page(base()))
    assert {"header", "nav", "main", "footer", "h1"} <= set(found.tags) and found.tags.count("h1") == 1
    there = set(found.of("id"))
    for name in ("aria-labelledby", "aria-describedby"):
        assert set(found.of(name)) <= there
    assert {href[1:] for href in found.of("href") if href.startswith("#")} <= there
    for tag, attributes in found.attributes:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")
        if attributes.get("role") in ("img", "region", "application", "search", "toolbar"):
            assert attributes.get("aria-label")
        if tag == "input":
            assert attributes["id"] in found.of("for")


def test_a_report_without_its_circuit_makes_a_page():
    plain = json.loads(base().to_json())
    del plain["drawing"], plain["digest"]  # neither was in files of earlier releases
    old = TrainabilityReport.from_json(json.dumps(plain))
    page = circuit_page(old)
    assert "does not hold the circuit" in page and 'class="picture"' not in page
    assert {"summary", "verdicts", "profile"} <= set(ids(page))


@pytest.mark.parametrize("field", ["dla", "simulability", "expressivity"])
def test_a_criterion_that_was_not_evaluated_has_no_section(field):
    assert len(ids(circuit_page(replace(base(), **{field: None})))) < len(ids(circuit_page(base())))


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_texts_stay_texts(word):
    rows = verdicts(2, names=[word, "b"])
    report = made(rows, observable=word, summary=word, notes=(word,), versions={word: word}, noise=word, initialization=word)
    page = circuit_page(report, title=f"t {word}", against=report, names=(word, "b"))
    for found in (Elements(circuit_page(report)), Elements(page)):
        assert "img" not in found.tags and found.tags.count("script") <= 4
        assert not any(name.startswith("on") for _, attributes in found.attributes for name in attributes)


def test_two_reports_stand_side_by_side():
    other = made(verdicts(12))
    page = circuit_page(base(), against=other, names=("one.qasm", "two.qasm"))
    found = Elements(page)
    assert found.of("data-report") == ["0", "1"] and page.count('class="picture"') == 2
    assert base().summary.split(";")[0] in re.sub("<[^>]+>", "", page)
    assert {"one.qasm", "two.qasm"} <= {text.strip() for text in found.texts["h3"]}
    assert len(found.of("id")) == len(set(found.of("id")))


@pytest.mark.parametrize(("qubits", "parameters"), [(1, 0), (20, 840), (1000, 4000)])
def test_pages_stay_small(qubits, parameters):
    circuit = efficient_su2(qubits, reps=1) if qubits == 1000 else None
    rows = verdicts(parameters)
    report = made(rows, num_qubits=qubits, drawn=circuit is None)
    if circuit is not None:
        names = [p.name for p in circuit.parameters]
        report = made(verdicts(parameters, names=names), num_qubits=qubits, drawn=False, drawing=drawing(circuit, names))
    page = circuit_page(report)
    assert len(page.encode()) < MOST
    assert page.count("<tr") < 200, "rows of groups are made when they are opened"


def test_the_largest_page_is_within_its_size():
    from qtrain.views.page.parameters import MOST_ROWS

    page = circuit_page(made(verdicts(MOST_ROWS + 100), num_qubits=500))
    assert len(page.encode()) < MOST

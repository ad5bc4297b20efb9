"""What was tried, on the page: every row, those that failed with their reason, the circuits before and after."""

import json
import re

import pytest
from made_reports import HOSTILE, Elements, base
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp

from qtrain.improvement.results import Improvements, Tried
from qtrain.views.page import circuit_page


def tried(what="", **more):
    given = {
        "edits": (what,) if what else (), "names": (), "changes": (), "keeps_function": False,
        "circuit": real_amplitudes(3, reps=1), "observable": SparsePauliOp(["ZZZ"]), "initialization": "uniform",
        "parameters": 6, "trains": 4, "share": 4 / 6, "median_variance": 0.01, "two_qubit_depth": 2,
    }  # fmt: skip
    return Tried(**given | more)


def rows(page):
    """Cells by row of the table of edits."""
    body = page[page.index('<table class="sortable" id="tried">') :]
    body = body[body.index("<tbody>") : body.index("</tbody>")]
    return [Elements(line).texts.get("td", []) for line in body.split("</tr>")[:-1]]


def test_every_edit_is_a_row_in_its_order():
    found = Improvements(tried(), (tried("linear", trains=6, share=1.0, keeps_function=True), tried("no", failed="too wide")))
    page = circuit_page(base(), improvements=found)
    lines = rows(page)
    assert [line[0] for line in lines] == ["0", "1", "2"]
    assert lines[1][1:4] == ["linear", "kept", "6 of 6 (100 %)"] and "too wide" in lines[2][1]
    # of the first and those that were measured
    assert Elements(page).of("data-report") == ["0", "t0", "t1"] and page.count('class="picture"') == 3


def test_noise_has_a_column_where_it_was_asked_for():
    without = circuit_page(base(), improvements=Improvements(tried(), (tried("a"),)))
    with_it = circuit_page(base(), improvements=Improvements(tried(), (tried("a", noise_survival=0.5),)))
    assert "left by noise" not in without and "left by noise" in with_it and "0.5" in rows(with_it)[1]


def test_hostile_edits_stay_text():
    page = circuit_page(base(), improvements=Improvements(tried(), tuple(tried(word, simulation=word) for word in HOSTILE)))
    found = Elements(page)
    assert "img" not in found.tags and found.tags.count("script") == 2 + 1 + 4
    assert len(rows(page)) == len(HOSTILE) + 1


def test_nothing_that_helps_is_a_table_of_one_row():
    assert len(rows(circuit_page(base(), improvements=Improvements(tried(), ())))) == 1


def test_circuits_before_and_after_have_their_verdicts():
    names = [p.name for p in tried().circuit.parameters]
    kinds = dict(zip(names, ["healthy", "dead", "lost", "healthy", "concentrated"]))
    page = circuit_page(base(), improvements=Improvements(tried(verdicts=kinds), (tried("a"),)))
    data = json.loads(re.search(r'id="data-t0"[^>]*>(.*?)</script>', page)[1])
    shown = [data["causes"][cause][1] for cause in data["cause"]]
    assert dict(zip(data["names"], shown)) == kinds | {names[5]: ""}
    bare = json.loads(re.search(r'id="data-t1"[^>]*>(.*?)</script>', page)[1])
    assert {bare["causes"][cause][1] for cause in bare["cause"]} == {""}


@pytest.mark.parametrize("trains, said", [(5, True), (4, False), (3, False)])
def test_the_best_is_named_on_top_where_it_is_better(trains, said):
    page = circuit_page(base(), improvements=Improvements(tried(), (tried("an edit", trains=trains),)))
    assert ("an edit" in page[: page.index("<main")]) is said

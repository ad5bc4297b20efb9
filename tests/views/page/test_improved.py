"""What was tried, on the page: every row, those that failed with their reason, the circuits before and after."""

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
    assert lines[1][1:4] == ["linear", "keeps the function", "6 of 6"] and "too wide" in lines[2][1]
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

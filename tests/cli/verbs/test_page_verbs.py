"""``qtrain report`` from files, saved reports and two of them; what it refuses, it refuses before it computes."""

import json
from pathlib import Path

import pytest
from made_reports import Elements, base
from qiskit import qasm3
from qiskit.circuit.library import efficient_su2

from qtrain.cli.app import main
from qtrain.cli.verbs.page_verbs import report_page
from qtrain.errors import QTrainError

OPTIONS = {"shots": 1000, "seed": 1, "noise": None, "initialization": "uniform", "inputs": None, "data": None,
           "seconds": None, "thorough": False}  # fmt: skip


@pytest.fixture
def ansatz():
    path = Path("ansatz.qasm")
    path.write_text(qasm3.dumps(efficient_su2(3, reps=1)))
    return str(path)


def page_of(*arguments):
    with pytest.raises(SystemExit) as stop:
        main(["report", *arguments, "-o", "page.html"])
    assert not stop.value.code
    return Elements(Path("page.html").read_text(encoding="utf-8"))


def test_a_file_and_the_report_that_was_saved_of_it_make_the_same_page(ansatz, capsys):
    page_of(ansatz, "-O", "ZII", "--seed", "3")
    first = Path("page.html").read_text()
    with pytest.raises(SystemExit):
        capsys.readouterr()
        main(["diagnose", ansatz, "-O", "ZII", "--seed", "3", "--json"])
    Path("saved.json").write_text(capsys.readouterr().out)
    found = page_of("saved.json")
    data = json.loads(next(t for t in found.texts["script"] if t.startswith('{"n"')))
    assert data == json.loads(next(t for t in Elements(first).texts["script"] if t.startswith('{"n"')))


def test_against_compares_two(ansatz):
    Path("saved.json").write_text(base().to_json())
    found = page_of(ansatz, "-O", "ZII", "--against", "saved.json")
    assert found.of("data-report") == ["0", "1"] and found.texts["h1"] == ["ansatz.qasm against saved.json"]
    same = page_of("saved.json", "--against", "saved.json")
    assert same.of("data-report") == ["0", "1"]


def test_improve_adds_what_was_tried(ansatz):
    found = page_of(ansatz, "-O", "ZII", "--improve", "--seconds", "3")
    assert {"improve", "tried"} <= set(found.of("id"))


@pytest.mark.parametrize(("source", "more", "sentence"), [
    ("saved.json", {"improve": True}, "improve should start from a circuit"),
    ("broken.json", {}, "text should be the JSON"),
    ("missing.json", {}, "source should be"),
    ("ansatz.qasm", {}, "observable should be given"),
    ("saved.json", {"against": "ansatz.qasm"}, "observable should be given"),
    ("saved.json", {"against": "nobody"}, "nobody"),
])  # fmt: skip
def test_wrong_sources_are_refused_in_a_sentence(ansatz, source, more, sentence):
    Path("saved.json").write_text(base().to_json())
    Path("broken.json").write_text("{")
    with pytest.raises(QTrainError, match=sentence):
        report_page(source, Path("page.html"), observable=None, **more, **OPTIONS)
    assert not Path("page.html").exists()


def test_the_other_source_is_not_written_over():
    Path("saved.json").write_text(base().to_json())
    Path("page.html").write_text("<html>")
    with pytest.raises(QTrainError, match="another file than the input"):
        report_page("saved.json", Path("page.html"), observable=None, against="page.html", **OPTIONS)

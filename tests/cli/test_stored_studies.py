"""``qtrain report`` of studies: finished, cut short, in a database; what is read is left as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import own_folder
from fake_study import fake_study

from qtrain.cli.app import main
from qtrain.cli.stored_studies import stored_study
from qtrain.errors import QTrainError

TRIALS = {"trials": 8, "batch": 4}


def run(*arguments):
    """The exit code of ``qtrain report``."""
    with pytest.raises(SystemExit) as ended:
        main(["report", *arguments, "-o", "page.html"])
    return ended.value.code


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder in which a study has run, with its journal in the default place."""
    with own_folder(tmp_path_factory, "kept") as folder:
        result = fake_study(storage=Path("mlruns/fake.journal"), changes=TRIALS)
    return folder, result


@pytest.fixture
def here(kept, isolated):
    """A copy of it to work in, and what the search itself returned."""
    shutil.copytree(kept[0] / "mlruns", "mlruns")
    return kept[1]


@pytest.mark.parametrize("source", [["fake"], ["mlruns/fake.journal"], ["fake", "--storage", "mlruns/fake.journal"]])
def test_a_study_is_found_by_its_name_or_its_journal(here, source, capsys):
    before = Path("mlruns/fake.journal").read_bytes()
    assert run(*source) == 0
    text = Path("page.html").read_text()
    assert "<h1>Study fake</h1>" in text and f"trial {here.winner.number}" in text
    assert capsys.readouterr().out == "Wrote page.html: 8 trials of fake.\n"
    assert Path("mlruns/fake.journal").read_bytes() == before


def test_what_is_read_is_what_the_search_returned(here):
    found = stored_study("fake")
    assert [t.objectives for t in found.trials] == [t.objectives for t in here.trials]
    assert found.front == here.front and found.winner.number == here.winner.number


def test_a_study_that_runs_or_was_killed_has_a_page(here):
    journal = Path("mlruns/fake.journal")
    whole = journal.read_bytes()
    cut = whole[: int(len(whole) * 0.7)]  # in the middle of a record
    journal.write_bytes(cut)
    import filelock

    with filelock.FileLock("mlruns/fake.journal.held"):  # a search goes on in it
        assert run("fake") == 0
    assert "<h1>Study fake</h1>" in Path("page.html").read_text()
    assert journal.read_bytes() == cut


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.journal"], "study should have run in this folder, with its journal nothing.journal."),
        (["other", "--storage", "mlruns/fake.journal"], "study should be one of those in mlruns/fake.journal: fake. Got 'other'."),
        (["fake", "-O", "ZZZZ"], "observable, against and improve should be of circuits. Got a study"),
        (["mlruns/fake.journal", "--storage", "x.journal"], "storage should be left out where the study is given by its journal"),
        (["fake.toml"], "fake.toml"),
    ],
)
def test_wrong_input_is_one_sentence(here, arguments, sentence, capsys):
    code, said = run(*arguments), capsys.readouterr().err
    assert code == 2 and sentence in said and said.count("\n") == 1
    assert not Path("page.html").exists()


def test_a_journal_of_several_studies_needs_a_name(here):
    fake_study(storage=Path("mlruns/fake.journal"), changes={**TRIALS, "name": "second", "trials": 4})
    with pytest.raises(QTrainError, match="named where a storage holds several: fake, second"):
        stored_study("mlruns/fake.journal")
    assert len(stored_study("second", "mlruns/fake.journal").trials) == 4

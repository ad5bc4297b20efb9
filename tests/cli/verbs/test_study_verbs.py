"""A search that is stopped says what is kept, and the command that goes on."""

from __future__ import annotations

import dataclasses

import pytest
from fake_study import fake_study

from qtrain.cli.app import main
from qtrain.cli.verbs import study_verbs


@pytest.mark.parametrize("words", [
    ["search", "my spec.toml", "--jobs", "2"], ["worker", "s.toml", "--storage", "postgresql://user:secret@host/q"]])  # fmt: skip
@pytest.mark.parametrize("at_once", [False, True])
def test_interrupted_search_says_how_to_go_on(monkeypatch, capsys, words, at_once):
    stopped = dataclasses.replace(fake_study(changes={"trials": 3}), interrupted=True)

    def search(*_, **__):
        if at_once:
            raise KeyboardInterrupt
        return stopped

    monkeypatch.setattr(study_verbs, "search", search)
    with pytest.raises(SystemExit) as end:
        main(words)
    (line,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 130
    kept = "stopped at once; every trial that had ended is kept." if at_once else (
        "interrupted; 3 of 3 trials have ended, and are kept in mlruns/fake.journal.")  # fmt: skip
    again = "search 'my spec.toml' --jobs 2" if words[0] == "search" else "worker s.toml --storage 'postgresql://user:***@host/q'"
    assert line == f"qtrain: {kept} Go on with: qtrain {again}"

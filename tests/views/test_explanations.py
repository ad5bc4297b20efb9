"""Each cause that a report can hold is explained, by its short word and as the report spells it."""

from __future__ import annotations

import pytest
from rich.console import Console

from qtrain.diagnosis.causes import CAUSES
from qtrain.diagnosis.facts import kind
from qtrain.errors import QTrainError
from qtrain.views.explanations import EXPLANATIONS, explain, explain_all, find


@pytest.mark.parametrize("cause", CAUSES)
def test_causes(cause):
    assert find(cause) == find(cause.upper()) == kind(cause) == find(kind(cause))
    console = Console(width=60)
    with console.capture() as seen:
        console.print(explain(cause))
    row = EXPLANATIONS[kind(cause)]
    assert all(text.split()[0] in seen.get() for text in (row.means, row.measured, row.helps, row.source))


def test_all_are_listed():
    console = Console(width=80)
    with console.capture() as seen:
        console.print(explain_all())
    assert all(name in seen.get() for name in EXPLANATIONS)


@pytest.mark.parametrize("word", ["nonsense", "", "healthier"])
def test_others(word):
    with pytest.raises(QTrainError, match="cause should be one of"):
        explain(word)


@pytest.mark.parametrize("word", ["V", "β", "light cone", "barren plateau"])
def test_words_of_the_figures(word):
    console = Console(width=80)
    with console.capture() as seen:
        console.print(explain(word))
    assert len(seen.get().split()) > 10

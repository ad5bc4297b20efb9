"""Tables at any width lose no word."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from qtrain.views.fitting import FittingTable

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4), st.integers(20, 100))
def test_every_word_is_there(rows, width):
    table = FittingTable("cause", "median V", "advice", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console(width=width, highlight=False)
    with console.capture() as seen:
        console.print(table)
    text = seen.get()
    assert all(len(line) <= width for line in text.splitlines())
    letters = sorted(re.sub(r"\s", "", text))
    assert all(letters.count(c) >= "".join("".join(row) for row in rows).count(c) for c in "abcdefgh")

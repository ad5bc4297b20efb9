"""Kinds of verdicts can be told apart by colour, and without it."""

from made_reports import Elements
from page_colours import contrast

from qtrain.diagnosis.facts import CAUSES
from qtrain.views.page.marks import MARKS, hatchings, shares


def test_every_kind_has_marks_of_its_own():
    assert set(MARKS) == set(CAUSES)
    for field in ("colour", "letter", "hatch", "shape"):
        assert len({getattr(mark, field) for mark in MARKS.values()}) == len(MARKS), field


def test_letters_can_be_read_on_their_colour():
    assert min(contrast(mark.ink, mark.colour) for mark in MARKS.values()) >= 4.5


def test_every_hatching_is_on_the_page():
    found = Elements(hatchings())
    assert set(found.of("id")) == {f"hatch-{kind}" for kind, mark in MARKS.items() if mark.hatch}


def test_the_bar_counts_every_kind():
    found = Elements(shares({"dead": 3, "healthy": 1, "lost": 0}))
    assert found.of("aria-label") == ["1 healthy, 3 dead"]
    assert shares({}) == ""

"""The frame of pages: nothing that comes in becomes HTML, tables sort by value, colours can be read."""

import base64
import hashlib
import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import HOSTILE, Elements
from page_colours import contrast

from qtrain.errors import QTrainError
from qtrain.views.page.glossary import TERMS
from qtrain.views.page.shell import Section, asset, data_table, embedded, facts_list, frame, linked, text

ANYTHING = st.one_of(st.sampled_from(HOSTILE), st.text())


def page_with(word: str) -> str:
    table = data_table([word, "figure"], [[word, 1.0]], caption=word, id="t", filtered=True)
    body = table + facts_list([(word, word)])
    return frame(f"title {word}", [Section("one", word, body)], lead=f"{word}.", head=embedded("d", {word: word}), footer=word)


@given(ANYTHING)
def test_no_text_becomes_html(word):
    found, plain = Elements(page_with(word)), Elements(page_with("plain"))
    assert [tag for tag in found.tags if tag != "a"] == [tag for tag in plain.tags if tag != "a"]
    assert not any(name.startswith("on") for _, attributes in found.attributes for name in attributes)
    assert set(found.of("id")) >= {"one", "t", "d"}


@given(ANYTHING)
def test_data_for_scripts_comes_out_as_it_went_in(word):
    found = Elements(page_with(word))
    (data,) = (part for part in found.texts["script"] if part.startswith("{"))
    given = word.encode("utf-8", "replace").decode()
    assert json.loads(data) == {given: given}


@given(ANYTHING)
def test_what_is_shown_holds_no_control_characters(word):
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text(word))


@given(st.lists(st.one_of(st.floats(), st.none()), min_size=1))
def test_cells_carry_their_value(values):
    found = Elements(data_table(["v"], [[v] for v in values], caption="c"))
    for value, said in zip(values, found.of("data-v"), strict=True):
        if value is None or math.isnan(value):
            assert said == ""
        else:
            assert float(said) == value


def test_scripts_of_the_page_and_no_others_may_run():
    page = frame("t", [Section("s", "S", "<p></p>")], scripts=["let a = 1;"])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy and "unsafe-inline" not in policy.split("script-src")[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert [f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts] == (
        policy.split("script-src ")[1].split()
    )


def test_a_page_names_no_place_in_the_network():
    page = page_with("a")
    found = Elements(page)
    assert not found.of("src") and all(href.startswith(("#", "data:")) for href in found.of("href"))
    assert "@import" not in page and "url(http" not in page
    assert 'name="viewport"' in page


def test_words_are_explained_once_each_where_they_are_used():
    page = frame("t", [Section("s", "S", linked("the module, its light cone and the module of QFIM rank; modules"))])
    found = Elements(page)
    links = [href for href in found.of("href") if href.startswith("#term-")]
    assert {"#term-module", "#term-light-cone", "#term-qfim-rank"} <= set(links)
    assert {link[1:] for link in links} <= set(found.of("id"))
    assert len(found.of("id")) == len(set(found.of("id")))


def test_rows_of_the_glossary_lead_somewhere():
    for row in TERMS.values():
        assert all(key in TERMS for key in row.see) and row.meaning.endswith(".") and row.word


def test_an_empty_title_is_refused():
    with pytest.raises(QTrainError, match="title should name"):
        frame(" ", [])


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "soft", "link"])
@pytest.mark.parametrize("ground", ["back", "raised"])
def test_text_can_be_read(scheme, ink, ground):
    colours = dict(re.findall(r"--([a-z]+): light-dark\(([^)]*)\)", asset("shell.css")))
    one, other = (colours[name].split(",")[scheme].strip() for name in (ink, ground))
    assert contrast(one, other) >= 4.5

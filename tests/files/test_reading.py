"""JSON and TOML of any kind end in data or in a ValueError."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.files.reading import DEEPEST, parse_json, parse_toml, read_text

PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.text(), inner)), max_leaves=20)  # fmt: skip


@given(PLAIN, st.booleans())
def test_what_json_writes_is_read(data, mark):
    assert parse_json(("\ufeff" if mark else "") + json.dumps(data)) == data


@given(PLAIN, st.integers(0, 200), st.sampled_from(["", "[", "}", '"', "9" * 5000, "[" * 2000, "\x00", "1e999e"]))
def test_damaged_json_is_a_value_error_or_data(data, place, extra):
    text = json.dumps(data)
    try:
        parse_json(text[:place] + extra + text[place:])
    except ValueError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_nesting_is_bounded(opening, closing):
    fine = (DEEPEST - 1) * opening + "1" + (DEEPEST - 1) * closing
    assert parse_json(fine) is not None
    for deeper in (DEEPEST, 900, 100_000):
        with pytest.raises(ValueError, match="nested more than 100 deep"):
            parse_json(deeper * opening + "1" + deeper * closing)


@pytest.mark.parametrize("read", [parse_json, lambda text: parse_toml(f"a = {text}")])
@pytest.mark.parametrize("digits", [400, 5000])
def test_long_numbers_are_refused(read, digits):
    with pytest.raises(ValueError, match="bits|digits"):
        read("1" * digits)


def test_what_is_no_file(tmp_path):
    for name, word in {"": "folder", "nowhere": "No such", "x\x00": "null"}.items():
        with pytest.raises(QTrainError, match=word):
            read_text(tmp_path / name, "at")
    with pytest.raises(QTrainError, match="no plain file"):
        read_text(type(tmp_path)("/dev/zero"), "at")

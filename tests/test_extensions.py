"""Tables of rows, and the modules that add to them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qtrain.errors import QTrainError
from qtrain.extensions import Table, load_modules


@pytest.fixture
def table():
    table = Table("method")
    for name in ("exact", "paths", "sampling"):
        table.add(name, object())
    return table


def test_rows_keep_their_order_and_their_place_before_another(table):
    row = table.add("network", object(), before="paths")
    assert list(table) == ["exact", "network", "paths", "sampling"]
    assert table["network"] is row and "network" in table and len(table) == 4
    assert [name for name, _ in table.items()] == list(table)
    assert table.values()[1] is row
    table.add("network", row, before="exact")  # the same row may move
    assert list(table)[0] == "network"
    assert table.remove("network") is row and list(table) == ["exact", "paths", "sampling"]


def test_unknown_name_lists_what_there_is(table):
    with pytest.raises(QTrainError, match="method should be one of 'exact', 'paths', 'sampling'. Got 'pats'"):
        table["pats"]
    with pytest.raises(QTrainError, match="did you mean 'paths'"):
        table.add("x", object(), before="pats")
    with pytest.raises(QTrainError, match="Got 3"):
        table[3]
    assert 3 not in table and [] not in table


def test_a_taken_name_is_refused_unless_replaced(table):
    with pytest.raises(QTrainError, match="name that is free. Got 'paths'"):
        table.add("paths", object())
    row = table.add("paths", object(), replace=True)
    assert table["paths"] is row and list(table) == ["exact", "paths", "sampling"]
    table.add("paths", row)  # a module that is imported twice
    with pytest.raises(QTrainError, match="should have a name"):
        table.add("", object())


def test_modules_that_are_not_there_are_named():
    with pytest.raises(QTrainError, match="'no_such_module_at_all'"):
        load_modules(["no_such_module_at_all"])


def test_an_installed_package_adds_its_rows(tmp_path):
    """In a process of its own: entry points are read once in each."""
    (tmp_path / "their_rows.py").write_text("from shared import table\ntable.add('theirs', 1)\n")
    (tmp_path / "shared.py").write_text("from qtrain.extensions import Table\ntable = Table('row')\n")
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qtrain.extensions]\ntheirs = their_rows\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from shared import table; print(list(table), table['theirs'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["['theirs']", "1"]
